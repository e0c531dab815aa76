/* Campaigns and their audiences. */
#include "dialect/native/encode.h"

/* --- campaigns --- */

static void show_campaign(struct out *o, const struct campaign *c)
{
	NATIVE_CAMPAIGN(SHOW)
}

static void show_rewards(struct out *o, const char *name, const struct reward *rewards, unsigned n)
{
	write_begin_list(&o->w, name, "reward");
	for (unsigned i = 0; i < n; i++) {
		const struct reward *r = &rewards[i];
		write_begin(&o->w, "reward");
		NATIVE_REWARD_SHOWN(SHOW)
		write_end(&o->w);
	}
	write_end(&o->w);
}

void show_campaign_plan(struct out *o, const struct campaign *c,
			const struct campaign_rewards *rewards)
{
	NATIVE_SCHEDULE_SHOWN(SHOW)
	NATIVE_REWARDS_SHOWN(SHOW)
}

static void show_departments(struct out *o, const struct department *departments, unsigned n)
{
	write_begin_list(&o->w, "departments", "id");
	for (unsigned i = 0; i < n; i++)
		write_text(&o->w, "id", departments[i].department_id);
	write_end(&o->w);
}

enum fault native_encode_campaign(struct call *call, const void *from)
{
	const struct campaign_query_ret *ret = from;
	struct out out, *o = &out;
	if (!ret->n)
		return call_refuse(call, FAULT_CAMPAIGN_UNKNOWN, TEXT("source_code"), TEXT_NONE);
	out_begin(o, call);
	const struct campaign *c = &ret->rows[0];
	const struct department *departments = ret->departments[0];
	const struct campaign_rewards *rewards = &ret->rewards[0];
	unsigned n = ret->department_count[0];
	NATIVE_CAMPAIGN_SHOWN(SHOW)
	out_end(o);
	return OK;
}

enum fault native_encode_campaign_page(struct call *call, const void *from)
{
	const struct campaign_list_ret *ret = from;
	struct out o;
	PAGE_BEGIN(o, call);
	for (unsigned i = 0; i < ret->n; i++) {
		write_begin(&o.w, "row");
		show_campaign(&o, &ret->rows[i]);
		write_end(&o.w);
	}
	return page_end(&o, page_next(call, ret->n, ret->count));
}

static enum fault show_saved(struct call *call, uint64_t activity_id)
{
	const struct native_state *s = call->state;
	struct text source_code = s->source_code;
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_CAMPAIGN_SAVED(SHOW)
	out_end(o);
	return OK;
}

enum fault native_encode_campaign_saved(struct call *call, const void *from)
{
	return show_saved(call, ((const struct campaign_save_ret *)from)->activity_id);
}

enum fault native_encode_campaign_changed(struct call *call, const void *from)
{
	return show_saved(call, ((const struct campaign_plan_ret *)from)->activity_id);
}

enum fault native_encode_campaign_turned(struct call *call, const void *from)
{
	const struct native_state *s = call->state;
	struct text source_code = s->source_code;
	uint64_t status = ((const struct campaign_status_ret *)from)->status;
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_CAMPAIGN_TURNED(SHOW)
	out_end(o);
	return OK;
}

enum fault native_encode_approved(struct call *call, const void *from)
{
	const struct native_state *s = call->state;
	struct text source_code = s->source_code;
	uint64_t changed = ((const struct audience_approve_ret *)from)->changed;
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_APPROVED(SHOW)
	out_end(o);
	return OK;
}

static void show_refusals(struct out *o, const struct campaign_progress_ret *p)
{
	write_begin_list(&o->w, "refusals", "refusal");
	for (unsigned i = 1; i < REFUSALS_END; i++) {
		enum fault fault = refusal_fault((enum refusal)i);
		uint64_t count = p->refused_for[i];
		if (!count)
			continue;
		write_begin(&o->w, "refusal");
		NATIVE_REFUSAL(SHOW)
		write_end(&o->w);
	}
	write_end(&o->w);
}

enum fault native_encode_progress(struct call *call, const void *from)
{
	const struct campaign_progress_ret *p = from;
	const struct campaign *c = &p->campaign;
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_PROGRESS(SHOW)
	out_end(o);
	return OK;
}

enum fault native_encode_audience_done(struct call *call, const void *from)
{
	const struct native_state *s = call->state;
	struct text source_code = s->source_code;
	struct out out, *o = &out;
	(void)from;
	out_begin(o, call);
	NATIVE_AUDIENCE_DONE(SHOW)
	out_end(o);
	return OK;
}

enum fault native_encode_audience_page(struct call *call, const void *from)
{
	const struct audience_page_ret *ret = from;
	struct out out, *o = &out;
	PAGE_BEGIN(out, call);
	for (unsigned i = 0; i < ret->n; i++) {
		const struct audience_person *m = &ret->rows[i];
		write_begin(&o->w, "row");
		NATIVE_MEMBER(SHOW)
		write_end(&o->w);
	}
	return page_end(o, page_next(call, ret->n, ret->count));
}
