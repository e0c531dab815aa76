/*
 * `couponry export`: the CSV files of import, oldest first, in slices of EXPORT_SLICE rows, each
 * from the newest state, so that a long export holds up nobody. Campaigns (with their ids) are
 * export only.
 */
#include "cli/import.h"

#include <errno.h>

#include "cli/commands.h"

enum { EXPORT_SLICE = 1000 };

/* --- one row --- */

static void cell_write(FILE *out, const struct column *column, const void *row, bool first)
{
	const void *member = (const char *)row + column->member;
	char memory[64];
	struct buffer b;

	buffer_init_fixed(&b, memory, sizeof(memory));
	switch (column->form) {
	case FORM_TEXT:
	case FORM_LONG:
		csv_write_cell(out, *(const struct text *)member, first);
		return;
	case FORM_NUMBER:
		buffer_uint64(&b, *(const uint64_t *)member);
		break;
	case FORM_SECOND:
		if (!instant_is_none(*(const struct instant *)member))
			buffer_moment_second(&b, *(const struct instant *)member);
		break;
	case FORM_YUAN:
		if (*((const bool *)row + column->bound))
			buffer_money_yuan(&b, *(const struct money *)member);
		break;
	case FORM_STATUS:
		buffer_text(&b, text_of(coupon_state_name(*(const enum coupon_state *)member)));
		break;
	}
	csv_write_cell(out, buffer_get(&b), first);
}

static void row_write(FILE *out, const struct csv_kind *kind, const void *row)
{
	for (unsigned i = 0; i < kind->column_count; i++)
		cell_write(out, &kind->columns[i], row, i == 0);
	fputc('\n', out);
}

/* --- slices: each writes the rows from `from` on and says how many there were --- */

struct export
{
	struct cli *cli;
	const struct csv_kind *kind; /* NULL: campaigns */
	FILE *out;
	uint64_t merchant, from, count;
	unsigned n;
};

static enum fault slice_departments(struct export *e)
{
	struct department_list_cmd cmd = {.from = e->from, .n = EXPORT_SLICE};
	struct department_list_ret ret = {0};
	struct detail detail;

	TRY(cli_apply(e->cli, e->merchant, COMMAND_department_list, &cmd, &ret, &detail));
	for (unsigned i = 0; i < ret.n; i++)
		row_write(e->out, e->kind,
			  &(struct department_save_cmd){.department = ret.rows[i]});
	e->n = ret.n;
	e->count = ret.count;
	return OK;
}

static enum fault slice_customers(struct export *e)
{
	struct customer_list_cmd cmd = {.from = e->from, .n = EXPORT_SLICE};
	struct customer_list_ret ret = {0};
	struct detail detail;

	TRY(cli_apply(e->cli, e->merchant, COMMAND_customer_list, &cmd, &ret, &detail));
	for (unsigned i = 0; i < ret.n; i++)
		row_write(e->out, e->kind, &(struct customer_save_cmd){.customer = ret.rows[i]});
	e->n = ret.n;
	e->count = ret.count;
	return OK;
}

static enum fault slice_templates(struct export *e)
{
	struct template_list_cmd cmd = {.skip = e->from, .n = EXPORT_SLICE, .oldest_first = true};
	struct template_list_ret ret = {0};
	struct detail detail;

	TRY(cli_apply(e->cli, e->merchant, COMMAND_template_list, &cmd, &ret, &detail));
	for (unsigned i = 0; i < ret.n; i++)
		row_write(e->out, e->kind, &(struct template_save_cmd){.template = ret.rows[i]});
	e->n = ret.n;
	e->count = ret.count;
	return OK;
}

static struct coupon_import_cmd coupon_row(const struct coupon_view *view)
{
	struct coupon_import_cmd row = {
	    .code = view->code,
	    .template_id = view->template->template_id,
	    .channel = view->coupon->channel,
	    .state = (enum coupon_state)view->coupon->state,
	    .issued = view->coupon->issued,
	    .begin = view->coupon->begin,
	    .end = view->coupon->end,
	    .attribute = view->coupon->attribute,
	};
	if (view->customer) {
		row.customer_id = view->customer->customer_id;
		row.phone = view->customer->phone;
		row.card_no = view->customer->card_no;
		row.nick = view->customer->nick;
	}
	return row;
}

static enum fault slice_coupons(struct export *e)
{
	struct coupon_query_cmd cmd = {.skip = e->from, .n = EXPORT_SLICE, .oldest_first = true};
	struct coupon_query_ret ret = {0};
	struct detail detail;

	TRY(cli_apply(e->cli, e->merchant, COMMAND_coupon_query, &cmd, &ret, &detail));
	for (unsigned i = 0; i < ret.n; i++) {
		struct coupon_import_cmd row = coupon_row(&ret.rows[i]);
		row_write(e->out, e->kind, &row);
	}
	e->n = ret.n;
	e->count = ret.count;
	return OK;
}

static const char campaign_header[] =
    "activity_id,source_code,code,name,type_code,status,begin_at,end_at,"
    "register_url,information,created_at,modified_at\n";

static void campaign_write(FILE *out, const struct campaign *row)
{
	char memory[192];
	struct buffer b;
	const struct text texts[] = {row->source_code, row->code, row->name, row->type_code};

	fprintf(out, "%llu", (unsigned long long)row->activity_id);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		csv_write_cell(out, texts[i], false);
	fprintf(out, ",%llu", (unsigned long long)row->status);
	const struct instant instants[] = {row->begin, row->end, row->created, row->modified};
	for (size_t i = 0; i < COUNT_OF(instants); i++) {
		buffer_init_fixed(&b, memory, sizeof(memory));
		if (!instant_is_none(instants[i]))
			buffer_moment_second(&b, instants[i]);
		if (i == 2) {
			csv_write_cell(out, row->register_url, false);
			csv_write_cell(out, row->information, false);
		}
		csv_write_cell(out, buffer_get(&b), false);
	}
	fputc('\n', out);
}

static enum fault slice_campaigns(struct export *e)
{
	struct campaign_list_cmd cmd = {
	    .skip = e->from, .n = EXPORT_SLICE, .all = true, .oldest_first = true};
	struct campaign_list_ret ret = {0};
	struct detail detail;

	TRY(cli_apply(e->cli, e->merchant, COMMAND_campaign_list, &cmd, &ret, &detail));
	for (unsigned i = 0; i < ret.n; i++)
		campaign_write(e->out, &ret.rows[i]);
	e->n = ret.n;
	e->count = ret.count;
	return OK;
}

static const struct {
	const char *name;
	enum fault (*slice)(struct export *e);
} exports[] = {
    {"departments", slice_departments}, {"customers", slice_customers},
    {"templates", slice_templates},	{"coupons", slice_coupons},
    {"campaigns", slice_campaigns},
};

/* --- the whole --- */

static enum fault export_slices(struct export *e, enum fault (*slice)(struct export *e))
{
	struct cli *c = e->cli;

	do {
		enum fault fault = slice(e);
		reader_end(c->reader);
		arena_reset(&c->arena);
		if (fault != OK)
			return fault;
		e->from += e->n;
		if (c->gone && c->gone(c->gone_context))
			return FAULT_SHUTTING_DOWN;
		if (e->out != c->out)
			cli_progress(c, "export", e->n ? e->from : 1, e->n ? e->count : 1);
	} while (e->n && e->from < e->count);
	return OK;
}

static void header_write(const struct export *e)
{
	if (!e->kind) {
		fputs(campaign_header, e->out);
		return;
	}
	for (unsigned i = 0; i < e->kind->column_count; i++)
		fprintf(e->out, "%s%s", i ? "," : "", e->kind->columns[i].name);
	fputc('\n', e->out);
}

int cli_export(struct cli *c)
{
	struct export e = {.cli = c, .out = c->out};
	struct merchant merchant;
	size_t i = 0;

	if (c->word_count < 1 || c->word_count > 2)
		return cli_usage(c, "export wants a kind and perhaps a file");
	while (i < COUNT_OF(exports) && strcmp(exports[i].name, c->words[0]) != 0)
		i++;
	if (i == COUNT_OF(exports))
		return cli_usage(
		    c,
		    "there is no kind \"%s\": departments, customers, templates, coupons, "
		    "campaigns",
		    c->words[0]);
	enum fault fault = cli_merchant(c, &merchant);
	if (fault != OK)
		return cli_failed(c, fault, NULL);
	e.kind = csv_kind_find(c->words[0]);
	e.merchant = merchant.number;
	if (c->word_count == 2 && !(e.out = fopen(c->words[1], "we")))
		return cli_failed(c, FAULT_FILE_UNWRITABLE, c->words[1]);
	header_write(&e);
	fault = export_slices(&e, exports[i].slice);
	bool written = !ferror(e.out);
	if (e.out != c->out)
		written = fclose(e.out) == 0 && written;
	if (fault == OK && !written)
		fault = FAULT_FILE_UNWRITABLE;
	return fault == OK ? 0 : cli_failed(c, fault, c->word_count == 2 ? c->words[1] : NULL);
}
