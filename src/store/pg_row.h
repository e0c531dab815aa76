/*
 * One row: from key and value in bytes to values of columns, and back. For pg_load.c, pg_next.c and
 * pg_save.c.
 */
#pragma once

#include "store/pg_link.h"

/* What a whole row has in its columns; texts are slices of key and value. `since`: for each of the
 * record's lists when it came in, as far as this batch knows; NULL where the table has none. False:
 * the bytes are no such row, or an instant is beyond what PostgreSQL holds. */
struct row_since {
	bool known[RECORD_LISTS_MAX];
	struct instant at[RECORD_LISTS_MAX];
};
/* Other rows of the same store. */
struct row_others {
	bool (*get)(void *context, const struct key *k, struct text *ret_value);
	void *context;
};
/* From the entries of a RECORD row that are among the others. */
CHECKED bool row_since(unsigned table, const struct pg_change *row, const struct row_others *others,
		       struct row_since *ret);
/* In the order of LEDGER_COLUMNS. */
CHECKED bool row_entry_values(const struct pg_entry *entry, struct batch_id id, uint64_t place,
			      struct pg_value *ret);
CHECKED bool row_values(unsigned path, const struct pg_change *row, const struct row_since *since,
			struct pg_value ret[SQL_COLUMNS_MAX]);

/* Gives the row of a result to the sink, as `path` has it; the RECORD row, too, where that is
 * another. Columns from 1 on are all columns of the path's table. False: it is damaged. */
CHECKED bool row_emit(struct pg *p, unsigned path, uint64_t merchant, const PGresult *r, int row,
		      struct pg_sink *sink);
