/* A row's cells -> the struct of its kind, by the columns. */
#include "base/json.h"
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
		if (c->bound)
			*((bool *)t->into + c->bound) = true;
		break;
	case FORM_OBJECT:
	case FORM_LIST:
		*(struct text *)member = cell;
		break;
	case FORM_EVENT:
		good = false; /* no kind that has events can be imported */
		break;
	}
	return good;
}

static bool is_json(const struct column *c)
{
	return c->form == FORM_OBJECT || c->form == FORM_LIST;
}

static bool is_too_long(const struct column *c, struct text cell)
{
	if (c->form == FORM_TEXT)
		return text_length(cell) > c->bound;
	return (c->form == FORM_LONG || is_json(c)) && cell.size > c->bound;
}

static bool fits_form(const struct column *c, struct text cell)
{
	struct json value;
	if (!is_json(c))
		return true;
	return json_parse(cell, &value) &&
	       value.kind == (c->form == FORM_OBJECT ? JSON_OBJECT : JSON_LIST);
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
	if (!fits_form(c, cell))
		return refuse_cell(t, c, FAULT_PARAMETER_INVALID,
				   c->form == FORM_OBJECT ? TEXT("is no JSON object")
							  : TEXT("is no JSON list"));
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

/* --- columns of JSON --- */

static struct bulk_saying saying(const struct target *t, const struct bulk_reader *r,
				 struct arena *arena, struct text json)
{
	must(r->words || !json.size);
	return (struct bulk_saying){.json = json,
				    .private_targets = r->private_targets,
				    .arena = arena,
				    .detail = t->detail};
}

static enum fault fill_terms(const struct target *t, const struct bulk_reader *r,
			     struct arena *arena)
{
	struct bulk_template *row = (struct bulk_template *)(void *)t->into;
	struct bulk_saying terms = saying(t, r, arena, row->terms);
	terms.prefix = "terms";
	return row->terms.size ? r->words->read_terms(&terms, &row->save) : OK;
}

static enum fault fill_plan(const struct target *t, const struct bulk_reader *r,
			    struct arena *arena)
{
	struct bulk_campaign *row = (struct bulk_campaign *)(void *)t->into;
	struct bulk_saying plan = saying(t, r, arena, row->plan);
	struct bulk_saying departments = saying(t, r, arena, row->departments);
	plan.prefix = "plan";
	row->save.maker = MAKER_CSV;
	if (row->plan.size)
		TRY(r->words->read_plan(&plan, &row->save));
	return row->departments.size ? r->words->read_departments(&departments, &row->save) : OK;
}

static bool has_column(const struct bulk_kind *kind, struct text name)
{
	for (unsigned i = 0; i < kind->column_count; i++)
		if (text_equal(name, text_of(kind->columns[i].name)))
			return true;
	return false;
}

struct text bulk_field(const struct bulk_reader *r, struct text field, struct arena *arena)
{
	struct text at = arena_format(arena, "%.*s_at", TEXT_ARG(field));
	if (!field.size || has_column(r->kind, field))
		return field;
	if (has_column(r->kind, at))
		return at;
	for (unsigned i = 0; i < r->kind->column_count; i++)
		if (r->kind->columns[i].form == FORM_OBJECT)
			return arena_format(arena, "%s.%.*s", r->kind->columns[i].name,
					    TEXT_ARG(r->words->word_of(field)));
	return field;
}

/* --- a row --- */

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
	if (r->kind->command == COMMAND_template_save)
		return fill_terms(&target, r, arena);
	if (r->kind->command == COMMAND_campaign_save)
		return fill_plan(&target, r, arena);
	if (r->kind->command == COMMAND_audience_add)
		return fill_campaign(&target, r);
	return OK;
}
