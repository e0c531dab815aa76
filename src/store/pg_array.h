/*
 * Values on their way to and from PostgreSQL, in its binary form: one value of a column, and a
 * growing array of one column's values, which is how a statement takes many rows (unnest).
 */
#pragma once

#include "base/buffer.h"

/* COLUMN(name, type in SQL, object id of the type) */
#define COLUMN_KINDS(COLUMN)                 \
	COLUMN(BIGINT, "bigint", 20)         \
	COLUMN(SMALLINT, "smallint", 21)     \
	COLUMN(BOOLEAN, "boolean", 16)       \
	COLUMN(INSTANT, "timestamptz", 1184) \
	COLUMN(TEXT, "text", 25)             \
	COLUMN(BYTEA, "bytea", 17)

enum column_kind {
#define COLUMN(name, type, oid) COLUMN_##name,
	COLUMN_KINDS(COLUMN)
#undef COLUMN
};
const char *column_type(enum column_kind kind);

/* Numbers, truth (0, 1) and instants (milliseconds since 1970) in `number`; TEXT and BYTEA in
 * `text`. */
struct pg_value {
	int64_t number;
	struct text text;
	bool null;
};

struct pg_array {
	struct buffer bytes;
	uint32_t count;
	bool has_null;
};
void array_init(struct pg_array *a, size_t bytes_max);
void array_release(struct pg_array *a);
void array_clear(struct pg_array *a);
void array_add(struct pg_array *a, enum column_kind kind, const struct pg_value *v);
/* The whole array, ready to be sent; good until the next array_clear. */
struct text array_end(struct pg_array *a, enum column_kind kind);

/* The first value alone; false: it is NULL. */
CHECKED bool array_first(const struct pg_array *a, struct text *ret);

/* One value with its size before it: what stands in an array, and in a row of COPY. */
void value_write(struct buffer *out, enum column_kind kind, const struct pg_value *v);

/* Whether PostgreSQL can hold this instant: 4713 BC to 294276, and the two ends of int64, which
 * are its infinities. */
CHECKED bool instant_fits(int64_t ms);
/* One value as PostgreSQL sends it; false: not the size that the kind has. TEXT and BYTEA are
 * slices of `bytes`. */
CHECKED bool value_read(enum column_kind kind, struct text bytes, struct pg_value *ret);
/* 8 bytes, for a parameter that is one bigint. */
void bigint_write(int64_t number, char out[8]);
