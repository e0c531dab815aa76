/* A row's cells -> the struct of its kind, by the columns. */
#include "bulk/bulk.h"

struct target {
	char *into;
	struct detail *detail;
};

static enum fault refuse_cell(const struct target *t, const struct column *c, enum fault fault,
			      struct text value)
{
	*t->detail = (struct detail){text_of(c->name), value};
	return fault;
}

static bool read_number(struct text cell, uint64_t *ret)
{
	return text_to_uint64(cell, ret) && *ret > 0 && *ret <= INT64_MAX;
}

static bool read_flag(struct text cell, bool *ret)
{
	*ret = text_equal(cell, TEXT("true"));
	return *ret || text_equal(cell, TEXT("false"));
}

static bool read_value(const struct target *t, const struct column *c, struct text cell)
{
	void *member = t->into + c->member;
	bool good = true;
	switch (c->form) {
	case FORM_TEXT:
	case FORM_LONG:
		*(struct text *)member = cell;
		break;
	case FORM_NUMBER:
	case FORM_COUNT:
		good = read_number(cell, member);
		break;
	case FORM_SECOND:
		good = moment_parse_second(cell, member);
		break;
	case FORM_YUAN:
		good = money_parse_yuan(cell, member);
		*((bool *)t->into + c->bound) = good;
		break;
	case FORM_STATUS:
		good = coupon_state_read(cell, member);
		break;
	case FORM_FLAG:
		good = read_flag(cell, member);
		break;
	case FORM_EVENT:
		good = false; /* no kind that has events can be imported */
		break;
	}
	return good;
}

static bool is_too_long(const struct column *c, struct text cell)
{
	if (c->form == FORM_TEXT)
		return text_length(cell) > c->bound;
	return c->form == FORM_LONG && cell.size > c->bound;
}

static enum fault decode_cell(const struct target *t, const struct column *c, struct text cell)
{
	cell = text_trim(cell);
	if (c->use == COLUMN_SHOWN)
		return OK;
	if (!cell.size)
		return c->use == COLUMN_REQUIRED
			   ? refuse_cell(t, c, FAULT_PARAMETER_MISSING, TEXT_NONE)
			   : OK;
	if (!text_is_clean(cell))
		return refuse_cell(t, c, FAULT_PARAMETER_INVALID, TEXT_NONE);
	if (is_too_long(c, cell))
		return refuse_cell(t, c, FAULT_PARAMETER_TOO_LONG, TEXT_NONE);
	return read_value(t, c, cell) ? OK : refuse_cell(t, c, FAULT_PARAMETER_INVALID, cell);
}

static enum fault fill_campaign(const struct target *t, const struct bulk_reader *r)
{
	struct audience_add_cmd *cmd = (struct audience_add_cmd *)(void *)t->into;
	if (!cmd->source_code.size)
		cmd->source_code = r->campaign;
	if (cmd->source_code.size)
		return OK;
	*t->detail = (struct detail){TEXT("source_code"), TEXT_NONE};
	return FAULT_PARAMETER_MISSING;
}

enum fault bulk_decode(const struct bulk_reader *r, const struct bulk_row *row, struct arena *arena,
		       void *into, struct detail *ret_detail)
{
	const struct target target = {into, ret_detail};
	if (row->fault != OK) {
		*ret_detail = row->detail;
		return row->fault;
	}
	if (row->n != r->cell_count) {
		ret_detail->field =
		    arena_format(arena, "%u cells instead of %u", row->n, r->cell_count);
		return FAULT_PARAMETER_INVALID;
	}
	for (unsigned i = 0; i < row->n; i++)
		TRY(decode_cell(&target, &r->kind->columns[r->column_of[i]], row->cells[i]));
	if (r->kind->command == COMMAND_campaign_save)
		((struct campaign_save_cmd *)into)->maker = MAKER_CSV;
	if (r->kind->command == COMMAND_audience_add)
		return fill_campaign(&target, r);
	return OK;
}
