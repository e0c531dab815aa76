/*
 * What stands in PostgreSQL, as data: tables with typed columns, and the paths on which rows of
 * bytes (keys.h) are found in them. Made once from the descriptors of record.h; the tables that are
 * no records (states of lists, holes, keys, the ledger) are rows of pg_schema.tbl.h.
 *
 * A record's table has a column for each field and, for each of its lists that is not clustered,
 * two: <list>_ordinal and <list>_since (when it came in). A unique value is an index on its
 * column, an entry of a list an index on owners and ordinal: neither has rows of its own.
 *
 *   RECORD  its table                 by the key fields
 *   UNIQUE  the record's table        by the value
 *   ENTRY   the record's table        by owners and ordinal
 *   LIST    list_state                by list and owner (the bytes of the key)
 *   HOLES   hole                      by list, owner, level and place
 *   KEY     customer_key              by slot
 *   META    meta                      by name
 *
 * Every table has merchant_id before its own columns; merchant 0 is the store itself.
 */
#pragma once

#include "store/keys.h"
#include "store/pg_array.h"

enum sql_table_id {
	/* enum table first */
	SQL_LIST_STATE = TABLE_COUNT,
	SQL_HOLE,
	SQL_CUSTOMER_KEY,
	SQL_META,
	SQL_LEDGER,
	SQL_TABLE_COUNT,
};

enum column_source {
	FROM_FIELD,   /* at: index of the record's field */
	FROM_ORDINAL, /* at: place of the list among the record's */
	FROM_SINCE,
	FROM_ELSEWHERE,
};
struct column {
	const char *name;
	const char *comment; /* never NULL */
	enum column_kind kind;
	enum column_source source;
	uint8_t at;
	bool nullable; /* NULL for zero, empty or none */
};

enum { SQL_COLUMNS_MAX = 80, PATH_KEYS_MAX = 4, PATH_CONDITIONS_MAX = 2 };
struct sql_table {
	const char *name;
	const char *comment;
	struct column columns[SQL_COLUMNS_MAX]; /* the key's first; merchant_id is not among them */
	unsigned column_count, key_count;
	bool global; /* one for all merchants: a reference table on Citus */
};
const struct sql_table *sql_table_get(unsigned table);
/* Tables of records have a shape. */
const struct record_shape *sql_table_shape(unsigned table);
/* Columns and indexes of all tables: grows with every appended field, list and unique value. */
unsigned schema_size(void);

/* On which columns rows of a kind are found; all of `conditions` hold for rows that exist. */
struct path {
	uint8_t table, key_count, condition_count;
	uint8_t keys[PATH_KEYS_MAX], conditions[PATH_CONDITIONS_MAX];
};
enum path_id {
	PATH_RECORD = 0, /* + table */
	PATH_UNIQUE = TABLE_COUNT,
	PATH_ENTRY = PATH_UNIQUE + UNIQUE_COUNT,
	PATH_LIST = PATH_ENTRY + LIST_COUNT,
	PATH_HOLES,
	PATH_KEY,
	PATH_META,
	PATH_COUNT,
};
const struct path *path_get(unsigned path);
/* The path of a row, from its key's first bytes; PATH_COUNT: none (HEAD, KEY_LAST). must() be a
 * key. */
unsigned path_of_key(struct text key);
static inline enum row_kind key_kind(struct text key)
{
	return (enum row_kind)(uint8_t)key.data[0];
}
static inline unsigned key_id(struct text key)
{
	return (uint8_t)key.data[1];
}

/* The key's parts as values of the path's columns; *ret_count says how many there are in a key
 * that is only the beginning of one. False: no row can have this key (a folded text: what stands in
 * an index is never so long), or it is none. Texts are slices of `key`. */
CHECKED bool path_values(unsigned path, struct text key, struct pg_value ret[PATH_KEYS_MAX],
			 unsigned *ret_count);
