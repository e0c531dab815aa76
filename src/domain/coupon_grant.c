/*
 * Issuing by the native API: coupons of a template to customers, or to nobody yet; at once, or held
 * until somebody confirms, or promised until the template's provider has answered. One coupon that
 * cannot be issued refuses the call; of several, each has its verdict.
 */
#include "domain/check.h"
#include "domain/code.h"
#include "domain/coupon.h"
#include "domain/errand.h"
#include "domain/fold.h"
#include "domain/holders.h"
#include "domain/issued.h"
#include "domain/issuing.h"
#include "domain/life_check.h"
#include "domain/template.h"
#include "domain/timeline.h"

enum { HOLD_S = 15 * 60, SECOND_MS = 1000, MINUTE_MS = 60 * 1000 };

struct grant {
	const struct coupon_grant_cmd *cmd;
	unsigned n; /* coupons */
	struct template template;
	struct issuing issuing;
	struct holders holders;
	struct text tag;
	struct notices notices;
	struct tally swept; /* hold */
	bool sweep_begins;
	/* per coupon */
	enum verdict *verdicts;
	struct coupon *coupons;
	struct errands errands;
};

static unsigned holder_of(const struct grant *g, unsigned coupon)
{
	unsigned each = g->cmd->count ? g->cmd->count : 1;
	return g->cmd->n ? g->holders.person_of[coupon / each] : NOBODY;
}

/* --- the repeat --- */

/* What any dialect may ask for stands under one tag; the rest under the request's own digest. */
static struct text tag_of(struct tx *tx, const struct env *env, const struct coupon_grant_cmd *c)
{
	struct text *nicks = ARENA_ARRAY(env->arena, struct text, c->n + 1);
	bool common =
	    nicks && c->n && !c->codes && !c->hold && c->count <= 1 && !said_something(&c->said);
	for (unsigned i = 0; common && i < c->n; i++) {
		struct customer h = c->holders[i];
		nicks[i] = h.nick;
		common = h.nick.size && !h.customer_id.size && !h.phone.size && !h.card_no.size &&
			 !h.code.size && !h.source_code.size && !h.name.size;
	}
	if (common)
		return issued_tag(tx, env, c->template_id, nicks, c->n);
	struct text parts[] = {TEXT("coupon grant"), c->request.digest};
	return store_tag(tx, parts, COUNT_OF(parts));
}

static void show(const struct grant *g, const struct issued_row *row, const struct customer *holder,
		 bool promised, struct granted *ret)
{
	*ret = (struct granted){.fault = verdict_fault(row->verdict),
				.id = row->id,
				.promised = promised && row->id,
				.state = g->cmd->hold || promised ? COUPON_FROZEN : COUPON_UNUSED,
				.begin = row->begin,
				.end = row->end};
	if (holder)
		ret->customer_id = holder->customer_id;
}

/* One that SPI issued says no dates: those it has now. */
static enum fault repeat_row(struct tx *tx, const struct env *env, const struct grant *g,
			     const struct issued_row *row, const struct coupon *coupon,
			     struct granted *ret)
{
	struct customer holder = {.number = row->full ? row->customer : coupon->customer};
	struct issued_row shown = *row;
	struct code_key key = code_key(tx);
	bool found = false;
	if (holder.number)
		TRY(store_get(tx, TABLE_CUSTOMER, &holder, &found));
	if (!row->full) {
		shown.begin = coupon->begin;
		shown.end = coupon->end;
	}
	show(g, &shown, found ? &holder : NULL, coupon->errand, ret);
	ret->customer_id = arena_text(env->arena, ret->customer_id);
	if (row->id)
		ret->code = arena_text(env->arena, code_first(&key, env->arena, coupon));
	return OK;
}

static enum fault answer_again(struct tx *tx, const struct env *env, const struct grant *g,
			       struct text answer, struct coupon_grant_ret *r)
{
	struct issued_row *rows;
	struct coupon *coupons;
	unsigned n;
	if (!text_starts_with(answer, g->tag))
		return refuse(tx, FAULT_REQUEST_REUSED, TEXT("request_no"), TEXT_NONE);
	TRY(issued_read(env, answer, g->tag, &rows, &n));
	if (n != g->n)
		return FAULT_DATA_DAMAGED;
	TRY(issued_coupons(tx, env, rows, n, &coupons));
	for (unsigned i = 0; i < n; i++) {
		uint64_t holder = rows[i].full ? rows[i].customer : coupons[i].customer;
		if (holder)
			store_want(tx, TABLE_CUSTOMER, &(struct customer){.number = holder});
	}
	for (unsigned i = 0; i < n; i++) {
		TRY(repeat_row(tx, env, g, &rows[i], &coupons[i], &r->results[i]));
		r->issued += rows[i].id != 0;
	}
	return OK;
}

static struct text answer_of(const struct env *env, const struct grant *g)
{
	struct issued_row *rows = ARENA_ARRAY(env->arena, struct issued_row, g->n);
	must(rows); /* some kilobytes */
	for (unsigned i = 0; i < g->n; i++) {
		const struct coupon *c = &g->coupons[i];
		rows[i] = (struct issued_row){.verdict = g->verdicts[i],
					      .id = c->id,
					      .full = c->id != 0,
					      .customer = c->customer,
					      .begin = c->begin,
					      .end = c->end};
	}
	return issued_write(env, g->tag, rows, g->n);
}

/* --- decisions --- */

static enum fault check(struct tx *tx, const struct coupon_grant_cmd *c, unsigned *ret_n)
{
	uint64_t each = c->count ? c->count : 1, n = each * (c->n ? c->n : 1);
	if (c->n > GRANT_MAX || each > GRANT_MAX || n > GRANT_MAX)
		return refuse(tx, FAULT_TOO_MANY, c->n > 1 ? TEXT("customers") : TEXT("count"),
			      TEXT_NONE);
	if (c->hold_s > HOLD_S_MAX)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("hold_s"), TEXT_NONE);
	TRY(check_said(tx, &c->said));
	*ret_n = (unsigned)n;
	return check_number(tx, &c->request);
}

/* Given codes are nobody's yet, differ, and could not be made by the server for another coupon. */
static enum fault check_codes(struct tx *tx, const struct env *env, const struct grant *g)
{
	struct code_key key = code_key(tx);
	if (!g->cmd->codes)
		return OK;
	unsigned *first = text_fold(env->arena, g->cmd->codes, g->n);
	ROOM(first);
	for (unsigned i = 0; i < g->n; i++) {
		struct text code = g->cmd->codes[i];
		struct coupon other;
		bool taken;
		TRY(check_given(tx, TEXT("code"), code));
		TRY(coupon_find_by_code(tx, &key, code, &other, &taken));
		if (taken || first[i] != i || code_is_reserved(env, &key, code))
			return refuse(tx, FAULT_VALUE_TAKEN, TEXT("code"), code);
	}
	return OK;
}

/* What a hold that ends needs; until the first one nobody sweeps. */
static enum fault load_hold(struct tx *tx, const struct env *env, struct grant *g)
{
	if (!g->cmd->hold && !g->template.provider)
		return OK;
	g->issuing.holds = true;
	TRY(issuing_count_day(tx, &g->issuing));
	if (!g->cmd->hold)
		return OK;
	TRY(tally_get(tx, TALLY_SWEPT, 0, &g->swept));
	g->sweep_begins = g->swept.count == 0;
	if (g->sweep_begins)
		g->swept.count = (uint64_t)(env->now.ms / MINUTE_MS);
	return OK;
}

/* Due in a minute that is still to be swept, also by a clock that was set back. */
static void hold(const struct env *env, uint64_t hold_s, uint64_t swept, struct coupon *c)
{
	c->state = COUPON_FROZEN;
	c->held = true;
	c->until.ms = env->now.ms + (int64_t)(hold_s ? hold_s : HOLD_S) * SECOND_MS;
	c->due = (uint64_t)(c->until.ms / MINUTE_MS) + 1;
	if (c->due <= swept)
		c->due = swept + 1;
}

static enum fault begin_timeline(const struct env *env, const struct grant *g,
				 struct coupon *coupon)
{
	const struct coupon_grant_cmd *c = g->cmd;
	if (!coupon->held && !said_something(&c->said))
		return OK;
	struct event event = {.kind = coupon->held ? EVENT_HELD : EVENT_ISSUED,
			      .at = env->instant,
			      .said = c->said,
			      .state = (enum coupon_state)coupon->state,
			      .day = coupon->held ? g->issuing.day : 0,
			      .end = coupon->end,
			      .until = coupon->until};
	return timeline_add(env, coupon, &event);
}

static enum fault decide(struct tx *tx, const struct env *env, struct grant *g, unsigned i)
{
	unsigned person = holder_of(g, i);
	bool owned = g->cmd->n > 0;
	struct holding *holding = owned && person != NOBODY ? &g->holders.holdings[person] : NULL;
	struct coupon *c = &g->coupons[i];
	if (owned && !holding) {
		g->verdicts[i] = VERDICT_NOBODY;
		return OK;
	}
	if (g->template.provider && !g->holders.persons[person].customer.nick.size) {
		g->verdicts[i] = VERDICT_BAD_NICK;
		return OK;
	}
	enum fault fault =
	    issuing_allows(&g->issuing, holding, holding ? &g->holders.elsewhere[person] : NULL);
	g->verdicts[i] = verdict_of(fault);
	if (fault != OK)
		return OK;
	*c = issuing_coupon(tx, env, &g->issuing, holding ? holding->customer : 0);
	if (g->cmd->codes)
		c->code = g->cmd->codes[i];
	if (g->cmd->hold)
		hold(env, g->cmd->hold_s, g->swept.count, c);
	if (g->template.provider)
		errand_promise(c);
	issuing_take(&g->issuing, holding);
	if (holding)
		g->holders.took[person] = true;
	return begin_timeline(env, g, c);
}

/* Its provider names customers by their nicks, and makes the codes. */
static enum fault check_promise(struct tx *tx, const struct grant *g)
{
	const struct coupon_grant_cmd *c = g->cmd;
	if (!g->template.provider)
		return OK;
	if (c->hold || c->codes)
		return refuse(tx, FAULT_PARAMETER_INVALID, c->hold ? TEXT("hold") : TEXT("codes"),
			      TEXT_NONE);
	return c->n ? OK : refuse(tx, FAULT_PARAMETER_MISSING, TEXT("customers"), TEXT_NONE);
}

static enum fault decide_all(struct tx *tx, const struct env *env, struct grant *g)
{
	const struct coupon_grant_cmd *c = g->cmd;
	bool made_here = !c->codes && !g->template.provider;
	g->verdicts = ARENA_ARRAY(env->arena, enum verdict, g->n);
	g->coupons = ARENA_ARRAY(env->arena, struct coupon, g->n);
	ROOM(g->verdicts && g->coupons);
	TRY(check_promise(tx, g));
	if (g->template.provider)
		errands_want(tx, g->template.provider);
	issuing_want(tx, env, &g->template);
	TRY(holders_want_followed(tx, c->holders, c->n));
	TRY(issuing_open(tx, env, &g->template, TEXT("template_id"), made_here ? g->n : 0,
			 &g->issuing));
	TRY(holders_find(tx, env, c->holders, c->n, &g->holders));
	TRY(holders_load(tx, env, g->template.number, &g->holders));
	TRY(check_codes(tx, env, g));
	TRY(load_hold(tx, env, g));
	for (unsigned i = 0; i < g->n; i++)
		TRY(decide(tx, env, g, i));
	if (g->n == 1 && g->verdicts[0] != VERDICT_NEW)
		return refuse(tx, verdict_fault(g->verdicts[0]),
			      g->verdicts[0] == VERDICT_NOBODY || g->verdicts[0] == VERDICT_BAD_NICK
				  ? TEXT("customer")
				  : TEXT("template_id"),
			      TEXT_NONE);
	return g->template.provider
		   ? errands_plan(tx, env, 0, &g->template, g->coupons, g->n, &g->errands)
		   : OK;
}

/* --- puts --- */

static void put_all(struct tx *tx, struct grant *g)
{
	for (unsigned i = 0; i < g->n; i++) {
		unsigned person = holder_of(g, i);
		if (!g->coupons[i].id)
			continue;
		if (person != NOBODY)
			customer_make(tx, &g->holders.persons[person]);
		store_put(tx, TABLE_COUPON, &g->coupons[i]);
		if (person != NOBODY)
			g->holders.holdings[person].last = g->coupons[i].ordinal;
	}
	for (unsigned i = 0; i < g->holders.n; i++)
		if (g->holders.took[i])
			store_put(tx, TABLE_HOLDING, &g->holders.holdings[i]);
	if (g->sweep_begins && g->issuing.some)
		store_put(tx, TABLE_TALLY, &g->swept);
	errands_put(tx, &g->errands);
	issuing_put(tx, &g->issuing);
	notices_put(&g->notices);
}

static enum fault tell_all(const struct env *env, struct grant *g)
{
	for (unsigned i = 0; i < g->n; i++) {
		const struct coupon *c = &g->coupons[i];
		if (c->id)
			TRY(notices_coupon(&g->notices, env,
					   c->held ? NOTICE_COUPON_HELD : NOTICE_COUPON_ISSUED, c,
					   c->revision));
	}
	return issuing_tell(&g->issuing, env, &g->notices);
}

static enum fault show_all(struct tx *tx, const struct env *env, const struct grant *g,
			   struct coupon_grant_ret *r)
{
	struct code_key key = code_key(tx);
	for (unsigned i = 0; i < g->n; i++) {
		const struct coupon *c = &g->coupons[i];
		unsigned person = holder_of(g, i);
		struct issued_row row = {
		    .verdict = g->verdicts[i], .id = c->id, .begin = c->begin, .end = c->end};
		show(g, &row,
		     c->id && person != NOBODY ? &g->holders.persons[person].customer : NULL,
		     c->errand, &r->results[i]);
		if (!c->id)
			continue;
		r->results[i].customer_id = arena_text(env->arena, r->results[i].customer_id);
		r->results[i].code = arena_text(env->arena, code_of(&key, env->arena, c));
		r->issued++;
	}
	return OK;
}

static void want(struct tx *tx, const struct coupon_grant_cmd *c, unsigned n)
{
	struct code_key key = code_key(tx);
	template_want(tx, c->template_id);
	holders_want(tx, c->holders, c->n);
	for (unsigned i = 0; c->codes && i < n; i++)
		coupon_want_code(tx, &key, c->codes[i]);
	if (c->hold)
		store_want(tx, TABLE_TALLY, &(struct tally){.kind = TALLY_SWEPT});
}

enum fault coupon_grant(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct coupon_grant_cmd *c = cmd;
	struct coupon_grant_ret *r = ret;
	struct grant g = {.cmd = c};
	struct request_key key = issued_key(c->request.key);
	struct asked asked = {COMMAND_coupon_issue, REQUEST_NATIVE, &key};
	struct text answer;
	bool found;
	*r = (struct coupon_grant_ret){0};
	TRY(check(tx, c, &g.n));
	r->results = ARENA_ARRAY(env->arena, struct granted, g.n);
	r->n = g.n;
	g.tag = tag_of(tx, env, c);
	ROOM(r->results && g.tag.size);
	want(tx, c, g.n);
	TRY(notices_open(tx, env, &g.notices));
	TRY(request_find_any(tx, env, &asked, &answer, &found));
	if (found)
		return answer_again(tx, env, &g, answer, r);
	TRY(template_find(tx, c->template_id, TEXT("template_id"), &g.template));
	TRY(decide_all(tx, env, &g));
	TRY(tell_all(env, &g));
	TRY(show_all(tx, env, &g, r));
	put_all(tx, &g);
	if (r->issued) /* a refusal is not remembered */
		request_keep(tx, env, &asked, answer_of(env, &g));
	return OK;
}
