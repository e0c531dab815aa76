/* The four kinds of CSV file: columns and the command that takes a row. Shared by import and
 * export. */
#pragma once

#include "cli/cli.h"

enum column_form { FORM_TEXT, FORM_LONG, FORM_NUMBER, FORM_SECOND, FORM_YUAN, FORM_STATUS };
struct column {
	const char *name;
	size_t member;
	enum column_form form;
	size_t
	    bound; /* characters, bytes, or (YUAN) the offset of the bool that says it is given */
	bool required;
};
struct csv_kind {
	const char *name;
	enum command command;
	size_t cmd_size, ret_size;
	const struct column *columns;
	unsigned column_count;
};
const struct csv_kind *csv_kind_find(const char *name);
const char *coupon_state_name(enum coupon_state state);
CHECKED bool coupon_state_read(struct text name, enum coupon_state *ret_state); /* storable ones */
