/*
 * Memory by lifetime: an arena gives memory that lives until the arena is reset, at once.
 * It has a cap and a sticky full mark: past the cap arena_take returns NULL for ever (until
 * reset), so writers may go on and ask once at the end. Blocks come from malloc; the first
 * block may be lent by the caller (no malloc at all for small calls).
 */
#pragma once

#include "base/base.h"

struct arena_block;
struct arena {
	char *at, *end;		    /* free part of the current block */
	struct arena_block *blocks; /* malloced blocks, newest first */
	char *lent;		    /* the first block, when the caller lent it */
	size_t lent_size;
	size_t taken, taken_max; /* bytes from malloc, and their cap */
	bool full;
};

void arena_init(struct arena *a, size_t taken_max);
/* Uses `memory` first; it must outlive the arena. */
void arena_init_lent(struct arena *a, void *memory, size_t size, size_t taken_max);
void arena_reset(struct arena *a);   /* frees all blocks but the lent one */
void arena_release(struct arena *a); /* the same; the arena must not be used again */

/* For work in slices: what was taken after the mark goes back at once. A full arena stays full. */
struct arena_mark {
	struct arena_block *blocks;
	char *at, *end;
	size_t taken;
};
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark mark);

enum { ARENA_ALIGN = 16 };
void *arena_take_slowly(struct arena *a, size_t size); /* all cases */
/* Aligned to 16 bytes, not zeroed. NULL when full. */
static inline void *arena_take(struct arena *a, size_t size)
{
	/* What is left is a multiple of the unit: what fits, fits rounded up. Not so for nothing.
	 */
	if (size - 1 >= (size_t)(a->end - a->at))
		return arena_take_slowly(a, size);
	void *memory = a->at;
	a->at += (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	return memory;
}
void *arena_take_zeroed(struct arena *a, size_t size);
#define ARENA_NEW(a, type)	((type *)arena_take_zeroed((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_take_zeroed((a), sizeof(type) * (n)))
/* Copies; TEXT_NONE when full. arena_format never cuts. */
struct text arena_text(struct arena *a, struct text t);
struct text arena_format(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
