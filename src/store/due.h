/* reader_due where all rows are at hand. */
#pragma once

#include "store/engine.h"

/* The transaction works for merchant 0. */
CHECKED enum fault due_by_lists(struct tx *tx, struct due_walk *w, uint64_t ret[DUE_WALK_PAGE],
				unsigned *ret_n);
