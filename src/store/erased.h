/*
 * The list of erasures, a file beside the master key (DIR.key: DIR.erased; FILE: FILE.erased) and
 * in no backup, so that a backup that is older than an erasure cannot bring the person back.
 *
 *   merchant, customer, slot, 16 hex digits; a line for each
 *
 * The digits say which key it was: a store made from a backup gives the slots behind it to others.
 * A line that a crash cut off is followed by a whole one: the key was not wiped yet.
 */
#pragma once

#include "base/crypto.h"
#include "base/fault.h"

struct erasure {
	uint64_t merchant, customer, slot;
	uint8_t check[8];
};
struct erasures {
	struct erasure *rows;
	size_t n, capacity;
};

/* The list that belongs to a master key. malloced. */
char *erased_path(const char *key_path);
void erased_check(const uint8_t key[SEAL_KEY_SIZE], uint64_t store_id, uint8_t ret[8]);
void erased_add(struct erasures *e, const struct erasure *erasure);
/* Adds what the file has; no file: nothing. FILE_UNREADABLE. */
CHECKED enum fault erased_read(const char *path, struct erasures *ret);
/* At the file's end, synced; makes the file. */
CHECKED enum fault erased_append(const char *path, const struct erasures *e);
void erased_release(struct erasures *e);
