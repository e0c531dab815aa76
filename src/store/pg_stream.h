/*
 * Whole rows into empty tables, by COPY in its binary form. Rows may come in any order of tables:
 * those of a table are gathered and go out in pieces of some megabytes, each a COPY of its own, all
 * in the transaction that is open on the connection, which is not in the pipeline.
 */
#pragma once

#include "store/pg_link.h"

struct streams {
	struct pg *p;
	struct buffer pieces[SQL_TABLE_COUNT];
};
void streams_init(struct streams *s, struct pg *p);
void streams_release(struct streams *s);
/* Values in the order of the table's columns. BUSY, DATA_DAMAGED with p->why. */
CHECKED enum fault streams_add(struct streams *s, unsigned table, uint64_t merchant,
			       const struct pg_value *values);
/* What is left of all tables. */
CHECKED enum fault streams_end(struct streams *s);
