/*
 * Customer keys that are rows of the store's own, beside the ledger: a merchant's slots are
 * numbered from 1, and what a command takes is given back with its other writes when the command
 * runs again.
 *
 *   KEY       slot    32 bytes, the key; all zeroes: wiped
 *   KEY_LAST  -       varint, the highest slot given; absent: none
 */
#pragma once

#include "store/keyring.h"
#include "store/rows.h"

enum { ROW_KEY = 128, ROW_KEY_LAST = 129 };

struct keyring_rows {
	struct keyring ring; /* first */
	struct rows *rows;
	/* A new key for a slot. */
	void (*make)(void *context, uint64_t slot, uint8_t ret_key[SLOT_SIZE]);
	void *context;
};

/* Takes the master keys over from another ring, which must live as long; `make` is set by the
 * caller. */
void keyring_rows_like(struct keyring_rows *k, const struct keyring *ring);
/* Its verb `customer`, for who hangs another before it; and the key of a slot's row. */
bool keyring_rows_customer(const struct keyring *ring, uint64_t merchant, uint64_t slot,
			   uint8_t ret_key[SEAL_KEY_SIZE]);
struct key;
void keyring_rows_key(struct key *k, uint64_t merchant, uint64_t slot);
