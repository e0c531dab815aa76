/*
 * Campaigns as Waiqin and the native API write them: whole, by source_code. One that WangJuBao made
 * is updated in the record; its object keeps the members and is told which of them no longer hold.
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
	bool kept = c->status == 0 && c->maker == MAKER_NATIVE;
	if (!kept && (c->status < 1 || c->status > 3))
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
	if (given->status || c->phase == PHASE_NONE)
		c->status = given->status ? given->status : DEFAULT_STATUS;
	c->begin = keep_hour(c->begin, given->begin);
	c->end = keep_hour(c->end, end);
}

struct saving {
	struct campaign campaign, before;
	bool found;
	struct uses uses;
	struct notices notices;
};

static enum fault find(struct tx *tx, const struct env *env, const struct campaign_save_cmd *c,
		       struct saving *s)
{
	s->campaign = (struct campaign){.live = true, .source_code = c->source_code};
	TRY(store_find(tx, UNIQUE_CAMPAIGN_BY_SOURCE, &s->campaign, &s->found));
	if (!s->found && is_reserved(c->source_code))
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("source_code"), c->source_code);
	if (!s->found) {
		s->campaign = campaign_new(tx, env, c->maker ? c->maker : MAKER_WAIQIN);
		s->campaign.source_code = c->source_code;
	}
	s->before = s->campaign;
	return OK;
}

static enum fault decide(struct tx *tx, const struct env *env, const struct campaign_save_cmd *c,
			 struct saving *s)
{
	struct text before, after;
	set(&s->campaign, c);
	TRY(find_departments(tx, env, &c->departments, &s->campaign.departments));
	TRY(plan_set(tx, env, &c->plan, &s->campaign));
	TRY(campaign_templates(env, &s->before, &before));
	TRY(campaign_templates(env, &s->campaign, &after));
	TRY(uses_change(tx, env, before, after, &s->uses));
	if (s->campaign.object.size)
		s->campaign.changed |= campaign_members_changed(&s->before, &s->campaign);
	return campaign_turn(tx, env, s->found ? &s->before : NULL, &s->campaign, &s->notices);
}

static enum fault save(struct tx *tx, const struct env *env, const struct campaign_save_cmd *c,
		       struct saving *s)
{
	TRY(decide(tx, env, c, s));
	if (s->found && campaign_same(&s->campaign, &s->before))
		return OK;
	campaign_put_changed(tx, env, &s->campaign);
	uses_put(tx, &s->uses);
	notices_put(&s->notices);
	return OK;
}

static void want(struct tx *tx, const struct campaign_save_cmd *c)
{
	department_want(tx, &c->departments);
	rewards_want(tx, &c->plan);
	notices_want(tx);
}

enum fault campaign_save(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct campaign_save_cmd *c = cmd;
	struct campaign_save_ret *r = ret;
	struct saving s = {0};
	TRY(check(tx, c));
	want(tx, c);
	TRY(find(tx, env, c, &s));
	*r = (struct campaign_save_ret){.made = !s.found, .activity_id = s.campaign.activity_id};
	return save(tx, env, c, &s);
}

enum fault campaign_plan(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct campaign_plan_cmd *c = cmd;
	struct campaign_plan_ret *r = ret;
	struct saving s = {0};
	TRY(check(tx, &c->save));
	want(tx, &c->save);
	TRY(find(tx, env, &c->save, &s));
	if (!s.found)
		return refuse(tx, FAULT_CAMPAIGN_UNKNOWN, TEXT("source_code"), TEXT_NONE);
	if (s.campaign.modified.ms != c->modified.ms)
		return FAULT_PRECONDITION_FAILED;
	*r = (struct campaign_plan_ret){.activity_id = s.campaign.activity_id};
	return save(tx, env, &c->save, &s);
}

/* --- suspended, resumed, ended --- */

static const uint64_t statuses[] = {
    [CAMPAIGN_SUSPEND] = 2, [CAMPAIGN_RESUME] = 1, [CAMPAIGN_END] = 3};

enum fault campaign_status(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct campaign_status_cmd *c = cmd;
	struct campaign_status_ret *r = ret;
	struct campaign known, before;
	struct notices notices;
	must(c->verb >= CAMPAIGN_SUSPEND && c->verb <= CAMPAIGN_END);
	notices_want(tx);
	TRY(campaign_find_source(tx, TEXT("source_code"), c->source_code, &known));
	*r = (struct campaign_status_ret){statuses[c->verb]};
	if (known.status == statuses[c->verb])
		return OK;
	if (known.status == statuses[CAMPAIGN_END])
		return refuse(tx, FAULT_CAMPAIGN_ENDED, TEXT("source_code"), TEXT_NONE);
	before = known;
	known.status = statuses[c->verb];
	if (known.object.size)
		known.changed |= OBJECT_STATUS;
	TRY(campaign_turn(tx, env, &before, &known, &notices));
	campaign_put_changed(tx, env, &known);
	notices_put(&notices);
	return OK;
}
