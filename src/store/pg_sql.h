/*
 * The statements on the tables of pg_schema.h, as text. $1 is the merchant, then come the columns
 * that the statement is about: one array for each (unnest) where it takes any number of rows, else
 * one value.
 *
 *   WRITTEN        a row of pg_sql.tbl.h or pg_due.tbl.h
 *   LOAD path      arrays: which of the keys asked for, and all columns of their rows
 *   UPSERT table   arrays: whole rows; INSERT: the same where none is there yet. Or some columns
 *                  only (sql_columns): what the others have stays, or is what a column has if
 *                  nobody says anything; and one value for those that are alike in all rows
 *   .._MANY        the same three where each row has its own merchant: $1 is an array, too
 *   DELETE table   one row by its key
 *   RELEASE table  one row by its key gives up its unique values, so that another may take them
 *   FIRST, NEXT    rows of a path in the order of their keys, with so many leading key columns
 *                  given, after the rest of the key columns; last parameter: at most so many
 *
 * Plans must not hang on statistics: they are kept for a while, and a merchant's import turns an
 * empty table into a large one before anybody counts it. So a statement looks up its rows in one
 * way only, with values for all columns of one index, which a join of arrays with a table is not
 * (the planner may begin with the table). Hence LOAD's inner query, and one DELETE for each row.
 * Primary keys are the only indexes without conditions; between one of the others and the primary
 * key the planner chooses by size: pg_ddl.c and link_say_begin see to it that it chooses well.
 */
#pragma once

#include "store/pg_schema.h"
#include "store/pg_due.tbl.h"
#include "store/pg_sql.tbl.h"

enum sql_statement_id {
#define STATEMENT(name, text) STATEMENT_##name,
	SQL_STATEMENTS(STATEMENT) STATEMENT_MANY,
	STATEMENT_MANY_BEFORE = STATEMENT_MANY - 1,
	SQL_MANY_STATEMENTS(STATEMENT) STATEMENT_WIDE,
	STATEMENT_WIDE_BEFORE = STATEMENT_WIDE - 1,
	SQL_WIDE_STATEMENTS(STATEMENT)
#undef STATEMENT
#define DUE(chore, name, seldom, clock, text) STATEMENT_##name,
	    DUE_STATEMENTS(DUE)
#undef DUE
		STATEMENT_COUNT
};

enum sql_action {
	SQL_WRITTEN, /* a row of pg_sql.tbl.h or pg_due.tbl.h */
	SQL_LOAD,
	SQL_DELETE,
	SQL_RELEASE,
	SQL_UPSERT,
	SQL_INSERT,
	SQL_LOAD_MANY,
	SQL_UPSERT_MANY,
	SQL_INSERT_MANY,
	SQL_FIRST,
	SQL_NEXT = SQL_FIRST + PATH_KEYS_MAX + 1,
	SQL_ACTION_COUNT = SQL_NEXT + PATH_KEYS_MAX + 1,
};
/* Sets of a table's columns, for UPSERT and INSERT: those with an array, those with one value. Both
 * empty: all, with arrays. The key's are always there, and where a record came into a list (_since)
 * goes with its place (_ordinal). */
struct sql_columns {
	uint64_t each, one;
};
/* The last ones of a very wide table stand together. */
static inline uint64_t column_bit(unsigned column)
{
	return UINT64_C(1) << (column < 63 ? column : 63);
}
/* `id`: the row of WRITTEN, the path of LOAD, FIRST and NEXT, else the table. SQL_FIRST + n,
 * SQL_NEXT + n: n columns are given. */
struct sql_statement {
	enum sql_action action;
	unsigned id;
};
enum { SQL_IDS_MAX = 128 };
_Static_assert((int)PATH_COUNT <= (int)SQL_IDS_MAX && (int)SQL_TABLE_COUNT <= (int)SQL_IDS_MAX,
	       "ids of statements");
void sql_write(struct sql_statement s, struct buffer *out);
/* The same of an UPSERT or INSERT of these columns only. */
void sql_write_columns(struct sql_statement s, struct sql_columns columns, struct buffer *out);

/* "name" */
void sql_name(struct buffer *out, const char *name);
/* What a path's index holds for: "a" <> 0 AND "b" IS NOT NULL. */
void sql_conditions(struct buffer *out, const char *alias, const struct path *p);
