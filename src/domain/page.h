/*
 * A page of the records that came into a list in a window of time.
 */
#pragma once

#include "store/store.h"

struct window {
	enum list list;		 /* without an owner */
	struct instant from, to; /* inclusive to the second; INSTANT_NONE: open */
	uint64_t skip;
	unsigned n;
	bool oldest_first;
};
/* ret_rows as for store_page; ret_count: all there are in the window. */
CHECKED enum fault window_page(struct tx *tx, const struct window *w, void *ret_rows,
			       unsigned *ret_n, uint64_t *ret_count);
/* Whole seconds: the first and the last millisecond of an instant's second; none stays none. */
struct instant second_first(struct instant i);
struct instant second_last(struct instant i);
