/* A row as bytes: by the columns of its kind. */
#include "base/json.h"
#include "bulk/bulk.h"

static struct text event_name(enum event_kind kind)
{
	static const struct text names[EVENT_COUNT] = {
	    [EVENT_ISSUED] = TEXT("issued"),	       [EVENT_HELD] = TEXT("held"),
	    [EVENT_CONFIRMED] = TEXT("confirmed"),     [EVENT_RELEASED] = TEXT("released"),
	    [EVENT_ASSIGNED] = TEXT("assigned"),       [EVENT_FROZEN] = TEXT("frozen"),
	    [EVENT_UNFROZEN] = TEXT("unfrozen"),       [EVENT_REDEEMED] = TEXT("redeemed"),
	    [EVENT_REVERSED] = TEXT("reversed"),       [EVENT_RECALLED] = TEXT("recalled"),
	    [EVENT_EXTENDED] = TEXT("extended"),       [EVENT_REISSUED] = TEXT("reissued"),
	    [EVENT_TRANSFERRED] = TEXT("transferred"),
	};
	return kind < EVENT_COUNT ? names[kind] : TEXT_NONE;
}

/* Of members that are no texts. */
static void write_value(struct buffer *b, const struct column *column, const void *row)
{
	const void *member = (const char *)row + column->member;
	switch (column->form) {
	case FORM_TEXT:
	case FORM_LONG:
	case FORM_OBJECT:
	case FORM_LIST:
		must(false);
	case FORM_NUMBER:
	case FORM_COUNT:
		if (*(const uint64_t *)member)
			buffer_uint64(b, *(const uint64_t *)member);
		break;
	case FORM_SECOND:
		if (!instant_is_none(*(const struct instant *)member))
			buffer_moment_second(b, *(const struct instant *)member);
		break;
	case FORM_YUAN:
		if (*((const bool *)row + column->bound))
			buffer_money_yuan(b, *(const struct money *)member);
		break;
	case FORM_STATUS:
		buffer_text(b, coupon_state_name(*(const enum coupon_state *)member));
		break;
	case FORM_FLAG:
		buffer_text(b, *(const bool *)member ? TEXT("true") : TEXT("false"));
		break;
	case FORM_EVENT:
		buffer_text(b, event_name(*(const enum event_kind *)member));
		break;
	}
}

static bool is_json(const struct column *column)
{
	return column->form == FORM_OBJECT || column->form == FORM_LIST;
}

static bool is_text(const struct column *column)
{
	return column->form == FORM_TEXT || column->form == FORM_LONG || is_json(column);
}

static const struct text *text_at(const struct column *column, const void *row)
{
	return (const struct text *)(const void *)((const char *)row + column->member);
}

/* --- CSV --- */

static void write_csv(struct buffer *out, const struct bulk_kind *kind, const void *row)
{
	for (unsigned i = 0; i < kind->column_count; i++) {
		const struct column *column = &kind->columns[i];
		if (is_text(column)) {
			csv_write_cell(out, *text_at(column, row), i == 0);
			continue;
		}
		if (i)
			buffer_byte(out, ',');
		write_value(out, column, row);
	}
	buffer_byte(out, '\n');
}

/* --- NDJSON --- */

static bool is_bare(const struct column *column)
{
	return column->form == FORM_COUNT || column->form == FORM_FLAG;
}

/* With the comma before it; nothing where the column has no value. */
static void write_member(struct buffer *out, const struct column *column, const void *row)
{
	size_t before = out->size;
	if (is_text(column)) {
		struct text value = *text_at(column, row);
		if (!value.size)
			return;
		buffer_text(out, column->member_name);
		if (is_json(column))
			buffer_text(out, value);
		else
			buffer_json_text(out, value);
		return;
	}
	buffer_text(out, column->member_name);
	if (!is_bare(column))
		buffer_byte(out, '"');
	size_t value = out->size;
	write_value(out, column, row);
	if (out->size == value)
		out->size = before;
	else if (!is_bare(column))
		buffer_byte(out, '"');
}

/* The bracket stands where the first member's comma would. */
void bulk_write_object(struct buffer *out, const struct bulk_kind *kind, const void *row)
{
	size_t begin = out->size;
	for (unsigned i = 0; i < kind->column_count; i++)
		write_member(out, &kind->columns[i], row);
	if (out->size == begin)
		buffer_byte(out, '{');
	else
		out->data[begin] = '{';
	buffer_byte(out, '}');
}

/* --- both --- */

void bulk_write_header(struct buffer *out, const struct bulk_kind *kind, enum bulk_format format)
{
	if (format != BULK_CSV)
		return;
	for (unsigned i = 0; i < kind->column_count; i++)
		csv_write_cell(out, text_of(kind->columns[i].name), i == 0);
	buffer_byte(out, '\n');
}

void bulk_write_row(struct buffer *out, const struct bulk_kind *kind, enum bulk_format format,
		    const void *row)
{
	if (format == BULK_CSV) {
		write_csv(out, kind, row);
		return;
	}
	buffer_text(out, format == BULK_FOLLOWED ? TEXT("{\"entry\":0,\"row\":") : TEXT_NONE);
	bulk_write_object(out, kind, row);
	buffer_text(out, format == BULK_FOLLOWED ? TEXT("}\n") : TEXT("\n"));
}
