/*
 * The statements on the tables of pg_schema.h, as text. $1 is the merchant, then come one array for
 * each column named in the statement (unnest), so that one statement takes any number of rows.
 *
 *   WRITTEN        a row of pg_sql.tbl.h
 *   LOAD path      which of the keys asked for ($2..) and all columns of their rows
 *   DELETE table   rows by key
 *   RELEASE table  unsets the unique values of rows whose values change, so that UPSERT may give
 *                  them to others in any order
 *   UPSERT table   whole rows; INSERT: the same where none is there yet
 *   FIRST, NEXT    rows of a path in the order of their keys, with so many leading key columns
 *                  given, after the rest of the key columns; last parameter: at most so many
 */
#pragma once

#include "store/pg_schema.h"
#include "store/pg_sql.tbl.h"

enum sql_statement_id {
#define STATEMENT(name, text) STATEMENT_##name,
	SQL_STATEMENTS(STATEMENT) STATEMENT_WIDE,
	STATEMENT_WIDE_BEFORE = STATEMENT_WIDE - 1,
	SQL_WIDE_STATEMENTS(STATEMENT)
#undef STATEMENT
	    STATEMENT_COUNT
};

enum sql_action {
	SQL_WRITTEN, /* a row of pg_sql.tbl.h */
	SQL_LOAD,
	SQL_DELETE,
	SQL_RELEASE,
	SQL_UPSERT,
	SQL_INSERT,
	SQL_FIRST,
	SQL_NEXT = SQL_FIRST + PATH_KEYS_MAX + 1,
	SQL_ACTION_COUNT = SQL_NEXT + PATH_KEYS_MAX + 1,
};
/* `id`: the row of WRITTEN, the path of LOAD, FIRST and NEXT, else the table. SQL_FIRST + n,
 * SQL_NEXT + n: n columns are given. */
struct sql_statement {
	enum sql_action action;
	unsigned id;
};
enum { SQL_IDS_MAX = 64 };
_Static_assert((int)PATH_COUNT <= (int)SQL_IDS_MAX && (int)SQL_TABLE_COUNT <= (int)SQL_IDS_MAX,
	       "ids of statements");
void sql_write(struct sql_statement s, struct buffer *out);

/* RELEASE takes the key columns and those that unique values stand on; whether it takes this one.
 */
bool sql_released(unsigned table, unsigned column);

/* "name" */
void sql_name(struct buffer *out, const char *name);
/* What a path's index holds for: "a" <> 0 AND "b" IS NOT NULL. */
void sql_conditions(struct buffer *out, const char *alias, const struct path *p);
