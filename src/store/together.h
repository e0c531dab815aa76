/*
 * Where a row stands in the view. What belongs to one customer stands side by side, so that a
 * wallet with its holder and its count is one stretch of the file:
 *
 *   kind · table or list · merchant · customer, rest     the key, as keys.h has it
 *   ROW_TOGETHER · 0 · merchant · customer · which · rest     its place
 *
 * Only rows in memory and in LMDB know places; everything above works with keys. A key of another
 * table is its own place, and so is a place.
 */
#pragma once

#include "store/keys.h"

enum { ROW_TOGETHER = ROW_KIND_COUNT };

/* A slice of `key` or of *memory. */
struct text key_together(struct text key, struct key *memory);
/* The key that has this place: a slice of `place` or of *memory. */
struct text key_apart(struct text place, struct key *memory);
/* The place of the row with which the customer's stretch begins, for a place within it. What is
 * nobody's (customer 0) has none. */
bool place_of_holder(struct text place, struct key *ret);
/* List states, holes and heads: their values are decoded as they are read. */
bool row_is_counter(struct text place);
/* Those that many commands share. */
static inline bool row_is_written_often(struct text place)
{
	uint8_t kind = (uint8_t)place.data[0];
	return kind == ROW_HEAD || kind == ROW_LIST || kind == ROW_HOLES;
}
