/*
 * Campaigns as Waiqin writes them: whole, by source_code. One that WangJuBao made is updated in
 * the record; its object keeps the members and is told which of them no longer hold.
 */
#include "domain/campaign.h"
#include "domain/check.h"
#include "domain/department.h"
#include "domain/fold.h"
#include "domain/same.h"

/* wjb-<digits> are the server's names for campaigns that WangJuBao makes. */
static bool is_reserved(struct text source_code)
{
	static const struct text prefix = {"wjb-", 4};
	if (!text_starts_with(source_code, prefix) || source_code.size == prefix.size)
		return false;
	for (size_t i = prefix.size; i < source_code.size; i++)
		if (source_code.data[i] < '0' || source_code.data[i] > '9')
			return false;
	return true;
}

static enum fault check(struct tx *tx, const struct campaign_save_cmd *c)
{
	TRY(check_given(tx, TEXT("source_code"), c->source_code));
	if (c->status < 1 || c->status > 3)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("status"), TEXT_NONE);
	return check_span(tx, TEXT("end"), c->begin, c->end);
}

/* Unknown goes before ambiguous, whatever comes first in the list. */
static enum fault find_departments(struct tx *tx, const struct env *env,
				   const struct references *references, struct text *ret)
{
	struct text field = TEXT("departments"), ambiguous = TEXT_NONE;
	uint64_t numbers[DEPARTMENTS_MAX];
	unsigned n = 0;
	if (references->kind == REFERENCE_NONE)
		return OK;
	if (references->n > DEPARTMENTS_MAX)
		return refuse(tx, FAULT_TOO_MANY, field, TEXT_NONE);
	for (unsigned i = 0; i < references->n; i++) {
		struct department d;
		uint64_t count;
		TRY(department_refer(tx, references->kind, references->items[i], &d, &count));
		if (count == 0)
			return refuse(tx, FAULT_DEPARTMENT_UNKNOWN, field, references->items[i]);
		if (count > 1 && !ambiguous.size)
			ambiguous = references->items[i];
		n = numbers_add(numbers, n, d.number);
	}
	if (ambiguous.size)
		return refuse(tx, FAULT_DEPARTMENT_AMBIGUOUS, field, ambiguous);
	*ret = numbers_write(env, numbers, n);
	return OK;
}

/* Waiqin knows days. A day that is the same leaves the hour that WangJuBao gave. */
static struct instant keep_hour(struct instant known, struct instant day)
{
	bool same = !instant_is_none(known) && !instant_is_none(day) &&
		    moment_day_end(known).ms == moment_day_end(day).ms;
	return same ? known : day;
}

static void set(struct campaign *c, const struct campaign_save_cmd *given)
{
	struct instant end = instant_is_none(given->end) ? given->end : moment_day_end(given->end);
	c->code = given->code;
	c->name = given->name;
	c->type_code = given->type_code;
	c->register_url = given->register_url;
	c->information = given->information;
	c->status = given->status;
	c->begin = keep_hour(c->begin, given->begin);
	c->end = keep_hour(c->end, end);
}

/* Members of the object that Waiqin now says otherwise. */
static uint64_t members_changed(const struct campaign *a, const struct campaign *b)
{
	uint64_t changed = 0;
	if (!text_equal(a->name, b->name))
		changed |= OBJECT_NAME;
	if (!text_equal(a->type_code, b->type_code))
		changed |= OBJECT_TYPE;
	if (!text_equal(a->information, b->information))
		changed |= OBJECT_MEMO;
	if (a->status != b->status)
		changed |= OBJECT_STATUS;
	if (a->begin.ms != b->begin.ms)
		changed |= OBJECT_START;
	if (a->end.ms != b->end.ms)
		changed |= OBJECT_END;
	return changed;
}

enum fault campaign_save(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct campaign_save_cmd *c = cmd;
	struct campaign_save_ret *r = ret;
	struct campaign saved = {.live = true, .source_code = c->source_code}, before;
	bool found;
	TRY(check(tx, c));
	department_want(tx, &c->departments);
	TRY(store_find(tx, UNIQUE_CAMPAIGN_BY_SOURCE, &saved, &found));
	if (!found && is_reserved(c->source_code))
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("source_code"), c->source_code);
	if (!found) {
		saved = campaign_new(tx, env, c->maker ? c->maker : MAKER_WAIQIN);
		saved.source_code = c->source_code;
	}
	before = saved;
	set(&saved, c);
	TRY(find_departments(tx, env, &c->departments, &saved.departments));
	if (saved.object.size)
		saved.changed |= members_changed(&before, &saved);
	*r = (struct campaign_save_ret){.made = !found, .activity_id = saved.activity_id};
	if (!found || !campaign_same(&saved, &before))
		campaign_put_changed(tx, env, &saved);
	return OK;
}
