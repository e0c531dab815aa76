/* Rows of one file: see bulk.h. */
#include "base/json.h"
#include "bulk/bulk.h"

#include <stdlib.h>

enum { HEADER_BYTES = 64 * 1024, LINE_BYTES = 4 * CSV_ROW_BYTES_MAX };

/* --- the header of a CSV file --- */

static int column_find(const struct bulk_kind *kind, struct text name)
{
	for (unsigned i = 0; i < kind->column_count; i++)
		if (text_equal(name, text_of(kind->columns[i].name)))
			return (int)i;
	return -1;
}

static enum fault refuse_header(struct bulk_reader *r, struct text *ret_why, const char *format,
				struct text name)
{
	*ret_why = arena_format(&r->header_arena, format, r->kind->name, (int)name.size, name.data);
	return FAULT_USAGE;
}

static enum fault check_required(struct bulk_reader *r, struct text *ret_why)
{
	for (unsigned j = 0; j < r->kind->column_count; j++) {
		bool there = r->kind->columns[j].use != COLUMN_REQUIRED;
		for (unsigned i = 0; i < r->cell_count; i++)
			there |= r->column_of[i] == (int)j;
		if (!there)
			return refuse_header(r, ret_why, "%s: the column \"%.*s\" is missing",
					     text_of(r->kind->columns[j].name));
	}
	return OK;
}

static enum fault read_header(struct bulk_reader *r, struct text *ret_why)
{
	uint64_t line;
	if (csv_next(r->csv, r->header, &r->cell_count, &line) != CSV_ROW) {
		*ret_why = TEXT("there is no header row");
		return FAULT_FILE_UNREADABLE;
	}
	for (unsigned i = 0; i < r->cell_count; i++) {
		r->header[i] = arena_text(&r->header_arena, text_trim(r->header[i]));
		r->column_of[i] = column_find(r->kind, r->header[i]);
		if (r->column_of[i] < 0)
			return refuse_header(r, ret_why, "%s have no column \"%.*s\"",
					     r->header[i]);
		for (unsigned j = 0; j < i; j++)
			if (r->column_of[j] == r->column_of[i])
				return refuse_header(r, ret_why,
						     "%s: the column \"%.*s\" stands twice",
						     r->header[i]);
	}
	return check_required(r, ret_why);
}

enum fault bulk_open(struct bulk_reader *r, const struct bulk_kind *kind, enum bulk_format format,
		     int fd, struct text *ret_why)
{
	*r = (struct bulk_reader){.kind = kind, .format = format, .csv = csv_open(fd)};
	arena_init(&r->header_arena, HEADER_BYTES + CSV_ROW_BYTES_MAX);
	arena_init(&r->arena, LINE_BYTES);
	if (format == BULK_CSV)
		return read_header(r, ret_why);
	r->cell_count = kind->column_count;
	for (unsigned i = 0; i < r->cell_count; i++)
		r->column_of[i] = (int)i;
	return OK;
}

void bulk_close(struct bulk_reader *r)
{
	csv_close(r->csv);
	arena_release(&r->header_arena);
	arena_release(&r->arena);
}

bool bulk_seek(struct bulk_reader *r, uint64_t at, uint64_t line)
{
	return at == 0 || csv_seek(r->csv, at, line);
}

uint64_t bulk_at(const struct bulk_reader *r)
{
	return csv_at(r->csv);
}

uint64_t bulk_line(const struct bulk_reader *r)
{
	return csv_line(r->csv);
}

/* --- NDJSON --- */

static enum fault refuse_member(struct bulk_row *row, enum fault fault, struct text name)
{
	row->detail.field = name;
	return fault;
}

/* A text is said to be none where its form is looked at. */
static bool takes(const struct column *column, enum json_kind kind)
{
	return kind == JSON_OBJECT ? column->form == FORM_OBJECT : column->form == FORM_LIST;
}

static enum fault take_member(struct bulk_reader *r, struct bulk_row *row, struct text raw_name,
			      struct json value)
{
	struct text name = json_name(&r->arena, raw_name);
	int column = column_find(r->kind, name);
	if (column < 0 || row->cells[column].size)
		return refuse_member(row, FAULT_PARAMETER_INVALID, name);
	switch (value.kind) {
	case JSON_NULL:
		return OK;
	case JSON_TEXT:
		row->cells[column] = json_text(&r->arena, value);
		return r->arena.full ? FAULT_PARAMETER_TOO_LONG : OK;
	case JSON_NUMBER:
	case JSON_TRUE:
	case JSON_FALSE:
		row->cells[column] = value.raw;
		return OK;
	case JSON_LIST:
	case JSON_OBJECT:
		if (takes(&r->kind->columns[column], value.kind)) {
			row->cells[column] = value.raw;
			return OK;
		}
		return refuse_member(row, FAULT_PARAMETER_INVALID, name);
	}
	must(false);
}

static enum fault take_line(struct bulk_reader *r, struct bulk_row *row)
{
	struct json object, value;
	struct text name;
	arena_reset(&r->arena);
	if (!json_parse(row->raw, &object) || object.kind != JSON_OBJECT)
		return refuse_member(row, FAULT_PARAMETER_INVALID, TEXT("no JSON object"));
	for (struct json_walk w = json_walk(object); json_next(&w, &name, &value);)
		TRY(take_member(r, row, name, value));
	return OK;
}

/* --- both --- */

static enum bulk_result next_cells(struct bulk_reader *r, struct bulk_row *ret)
{
	enum csv_result result = csv_next(r->csv, ret->cells, &ret->n, &ret->line);
	if (result == CSV_END || result == CSV_UNREADABLE)
		return result == CSV_END ? BULK_END : BULK_UNREADABLE;
	if (result == CSV_BAD) {
		ret->fault = FAULT_PARAMETER_INVALID;
		ret->detail.field = TEXT("quotes do not close, or too many or too long cells");
	}
	return BULK_ROW;
}

static enum bulk_result next_line(struct bulk_reader *r, struct bulk_row *ret)
{
	enum csv_result result = csv_next_line(r->csv, &ret->raw, &ret->line);
	if (result == CSV_END || result == CSV_UNREADABLE)
		return result == CSV_END ? BULK_END : BULK_UNREADABLE;
	memset(ret->cells, 0, r->cell_count * sizeof(ret->cells[0]));
	ret->n = r->cell_count;
	ret->fault = result == CSV_BAD ? FAULT_PARAMETER_TOO_LONG : take_line(r, ret);
	return BULK_ROW;
}

enum bulk_result bulk_next(struct bulk_reader *r, struct bulk_row *ret)
{
	ret->fault = OK;
	ret->detail = (struct detail){0};
	ret->raw = TEXT_NONE;
	return r->format == BULK_CSV ? next_cells(r, ret) : next_line(r, ret);
}
