/*
 * fields.tbl.h as data: what the documents are printed from, and nothing else.
 */
#pragma once

#include "dialect/native/native.h"

/* Of requests the kinds of struct field, of answers the functions of encode.h. */
enum native_kind {
	KIND_TEXT,
	KIND_TEXT_BYTES,
	KIND_INT,
	KIND_COUNT,
	KIND_FEN,
	KIND_PERCENT,
	KIND_BOOL,
	KIND_WORD,
	KIND_DAY,
	KIND_MOMENT,
	KIND_MOMENT_END,
	KIND_VALUE,
	KIND_PART,
	KIND_NUMBER,
	KIND_DIGITS,
	KIND_ID,
};
struct native_row {
	const char *name, *alias;
	enum native_kind kind;
	const char *of; /* words of a WORD, schema of a VALUE or PART */
	uint64_t max;
	bool required;
	const char *text;
};
enum schema_use { SCHEMA_REQUEST, SCHEMA_QUERY, SCHEMA_ANSWER };
struct native_schema {
	const char *name;
	enum schema_use use;
	const struct native_row *rows;
	unsigned count;
};
extern const struct native_schema native_schemas[];
extern const unsigned native_schema_count;
/* NULL: none of that name. */
const struct native_schema *schema_find(const char *name);

/* Pages of rows, lists of values, and what is written by hand. */
struct native_list_schema {
	const char *name, *of;
	unsigned most; /* 0: no bound */
};
extern const struct native_list_schema native_pages[], native_lists[];
extern const unsigned native_page_count, native_list_count;
struct native_other_schema {
	const char *name, *json;
};
extern const struct native_other_schema native_others[];
extern const unsigned native_other_count;

struct native_words {
	const char *name;
	const struct words *words;
};
const struct words *words_named(const char *name);

/* The example of each method, in no order. */
struct native_example {
	const char *method, *target, *request, *answer; /* request NULL: no body */
};
/* NULL: none, which is a bug. */
const struct native_example *example_find(const char *method);

/* What a kind is called where people read; *ret_unit "characters", "bytes" or "". */
const char *kind_text(const struct native_row *row, const char **ret_unit);
/* "read, redeem" */
void scopes_write(struct buffer *b, uint64_t scopes);
bool method_writes(unsigned i);
