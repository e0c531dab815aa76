/* reader_due on a connection with a read begun: one statement of pg_due.tbl.h at a call. */
#pragma once

#include "store/engine.h"
#include "store/pg.h"

CHECKED enum fault pg_due(struct pg *p, struct due_walk *w, uint64_t ret[DUE_WALK_PAGE],
			  unsigned *ret_n);
