/*
 * The overlay: rows that the ledger has and LMDB has not yet, in generations of mapped memory.
 * One thread writes a generation (the lane), any number read it without locks. A row heads a chain
 * of versions, newest first, each stamped with its batch's number; a reader that may see batches up
 * to S takes the first version with batch <= S. Nothing is freed but a whole generation.
 *
 *   active   the lane writes it                  -> frozen, by the lane between two batches
 *   frozen   nobody writes it; the feeder reads  -> gone, once LMDB has it and no reader can see it
 *
 * A replay writes and nobody reads: its rows are added without looking for them first, and found
 * only after generation_index. Until then, and in the order of generation_sort for ever, a key may
 * stand there several times, the newest last.
 */
#pragma once

#include "base/base.h"

#include <stdatomic.h>

struct version {
	struct version *older;
	uint64_t batch, command; /* command: which one of the batch wrote it */
	uint32_t size, capacity; /* size VERSION_DELETED: a tombstone */
	char data[];
};
enum { VERSION_DELETED = UINT32_MAX };

struct row {
	uint32_t next;	 /* in the bucket; a place in the memory as the one below, 0: none */
	uint32_t before; /* the row that came before this one */
	_Atomic(struct version *) newest;
	uint32_t hash;
	uint16_t key_size;
	char key[];
};

struct generation {
	char *memory;
	size_t reserved;
	_Atomic size_t used;
	/* Place of the first row; above it a bit for each row of the bucket, by its hash: most keys
	 * that are not here are told without touching a row. */
	_Atomic uint64_t *buckets;
	size_t bucket_count;
	_Atomic uint64_t row_count;
	_Atomic int64_t born_us; /* when its first row came; 0: it is empty */
	uint64_t seed;
	uint32_t last_row; /* the writer's own, until it is frozen */
	bool unindexed;	   /* also the writer's: some rows were only added */
};

/* What one writes: batch and command say whose version it is. */
struct stamp {
	uint64_t batch, command;
};

/* `bytes`: what it should take; it reserves address space for more. NULL when there is no room. */
struct generation *generation_open(size_t bytes);
void generation_close(struct generation *g);
/* value NULL: a tombstone. A version of the same batch is replaced; its bytes stay good while the
 * same command runs. False: the reserved space is used up. */
CHECKED bool generation_set(struct generation *g, struct stamp stamp, struct text key,
			    const struct text *value);
/* Adds a row that generation_find need not see. */
CHECKED bool generation_add(struct generation *g, struct stamp stamp, struct text key,
			    const struct text *value);
/* From now on all rows are found. Nobody reads it yet. */
void generation_index(struct generation *g);
/* Empty, its memory kept. Nobody reads it any more. */
void generation_clear(struct generation *g);
/* NULL: not here, or only in batches after `batch`. */
const struct version *generation_find(const struct generation *g, uint64_t batch, struct text key);
/* Memory it takes, tables and old versions included. */
size_t generation_bytes(const struct generation *g);

/* All rows, sorted by key (equal ones as they came), in mapped memory; generation_unsort gives it
 * back. NULL: no memory. */
struct sorted {
	uint64_t word; /* of the key, big-endian: the sort's own */
	const struct row *row;
};
struct sorted *generation_sort(const struct generation *g, size_t *ret_count);
void generation_unsort(struct sorted *rows, size_t count);

/* Places are counted in steps of 8 bytes. */
static inline struct row *row_at(const struct generation *g, uint32_t place)
{
	return place ? (struct row *)(void *)(g->memory + (size_t)place * 8) : NULL;
}
static inline struct text row_key(const struct row *r)
{
	return (struct text){r->key, r->key_size};
}
