/*
 * The ordinals that left a list before its oldest did: rows that exist only once there are such.
 *
 *   level 1    one bit for each of 1,024 ordinals, set: gone          (HOLES list owner, 1, block)
 *   level 2..  one number for each of 64 rows of the level below: how many are gone under it
 *
 * So a row of level L spans 1,024 * 64^(L-1) ordinals, the tree has as many levels as `next` needs
 * (2 up to 65,536 ordinals, 3 up to 4 M), and the n-th record is found by reading one row of each.
 * Rows of 1,024 counts would save a level or two, but rows go into the ledger whole, and a removal
 * would write 2 KiB there instead of some 100 bytes for each level.
 *
 * Two rules keep lists without holes free of rows:
 * - What is below the first live ordinal is not recorded; what was recorded there is not read and
 *   is dropped when the first live ordinal moves past its row.
 * - A missing row of counts means: all that is gone here is under its first child. So a tree may
 *   grow a level without anything being written.
 */
#pragma once

#include "store/keys.h"
#include "store/rows.h"

enum {
	HOLES_BLOCK_BITS = 10,
	HOLES_BLOCK = 1 << HOLES_BLOCK_BITS,
	HOLES_FAN_BITS = 6,
	HOLES_FAN = 1 << HOLES_FAN_BITS,
	HOLES_WORDS = HOLES_BLOCK / 64,
	HOLES_LEVELS_MAX = 6, /* ordinals below 2^40 */
	HOLES_VALUE_MAX = HOLES_FAN * 9 + 9,
};
#define ORDINAL_MAX \
	((UINT64_C(1) << (HOLES_BLOCK_BITS + (HOLES_LEVELS_MAX - 1) * HOLES_FAN_BITS)) - 1)

/* A list's ordinals: 1 <= first <= next, count of [first, next) are live. */
struct ordinals {
	uint64_t next, count, first;
};

/* Where the rows are, and who is told of each row that is written (NULL when only reading). */
struct holes {
	struct rows *rows;
	const struct key *list; /* key of the list's state row */
	void (*changed)(void *context, const struct key *row);
	void *context;
};

/* The live ordinals of one block, to go on from one that was found. */
struct holes_block {
	uint64_t base;
	uint64_t live[HOLES_WORDS];
};

/* The ordinal with `rank` live ones above it; rank < count. false: rows are damaged. */
CHECKED bool holes_select(const struct holes *h, const struct ordinals *o, uint64_t rank,
			  uint64_t *ret_ordinal, struct holes_block *ret_block);
/* Whether the rows that lead there are at hand; names the first that is not. */
CHECKED bool holes_want(const struct holes *h, const struct ordinals *o, uint64_t rank);
/* ordinal > first becomes a hole; *o is as it was before. */
void holes_add(const struct holes *h, const struct ordinals *o, uint64_t ordinal);
/* The first live ordinal moved: drops rows that lie before it. */
void holes_drop(const struct holes *h, uint64_t old_first, uint64_t new_first);

void holes_key(struct key *k, const struct key *list, unsigned level, uint64_t index);
/* Whether bytes from outside are a row of that level. */
CHECKED bool holes_check(unsigned level, struct text value);
