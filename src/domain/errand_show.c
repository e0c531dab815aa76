/*
 * Errands and promises as people see them: lists, one errand with its coupons, and what a coupon
 * says of itself.
 */
#include "base/varint.h"
#include "domain/campaign.h"
#include "domain/check.h"
#include "domain/code.h"
#include "domain/errand.h"

static enum promise promise_of(const struct errand *e, uint64_t kept)
{
	switch (outcome_of(kept)) {
	case OUTCOME_SENT:
		return PROMISE_SENT;
	case OUTCOME_REFUSED:
		return PROMISE_REFUSED;
	case OUTCOME_PENDING:
	case OUTCOME_UNKNOWN:
		break;
	}
	return e->unknown ? PROMISE_UNKNOWN : PROMISE_PENDING;
}

/* A refusal's stands in the coupon's timeline, the rest with the errand. */
static enum fault reason_of(const struct env *env, const struct errand *e, enum promise promise,
			    const struct coupon *c, struct text *ret)
{
	struct timeline timeline;
	*ret = promise == PROMISE_SENT ? TEXT_NONE : e->trouble;
	if (promise != PROMISE_REFUSED)
		return OK;
	*ret = TEXT_NONE;
	TRY(timeline_read(env, c, &timeline));
	for (unsigned i = 0; i < timeline.n; i++)
		if (timeline.events[i].kind == EVENT_RELEASED ||
		    timeline.events[i].kind == EVENT_RECALLED)
			*ret = timeline.events[i].said.reason;
	return OK;
}

/* --- of a coupon --- */

void errand_promise_want(struct tx *tx, const struct coupon *c)
{
	if (c->errand)
		store_want(tx, TABLE_ERRAND, &(struct errand){.number = c->errand});
}

static enum fault show_promised(struct tx *tx, const struct env *env, const struct coupon *c,
				struct coupon_view *view)
{
	struct errand e = {.number = c->errand};
	uint64_t *ids, *outcomes;
	unsigned n, m;
	TRY(get_named(tx, TABLE_ERRAND, &e));
	TRY(numbers_read(env, e.coupons, &ids, &n));
	TRY(numbers_read(env, e.outcomes, &outcomes, &m));
	for (unsigned i = 0; i < n && i < m; i++)
		if (ids[i] == c->id)
			view->promise = promise_of(&e, outcomes[i]);
	view->errand = errand_public_number(&e);
	return reason_of(env, &e, view->promise, c, &view->promise_reason);
}

enum fault errand_promise_show(struct tx *tx, const struct env *env, const struct coupon *c,
			       struct coupon_view *view)
{
	return c->errand ? show_promised(tx, env, c, view) : OK;
}

/* --- of errands --- */

static enum fault view(struct tx *tx, const struct env *env, const struct errand *e,
		       struct errand_view *ret)
{
	struct template t = {.number = e->template};
	struct text outcomes = e->outcomes;
	uint64_t kept;
	TRY(get_named(tx, TABLE_TEMPLATE, &t));
	*ret = (struct errand_view){.errand = *e,
				    .id = errand_public_number(e),
				    .request_id = errand_request_id(tx, env, e),
				    .template_id = t.template_id};
	while (varint_take(&outcomes, &kept))
		ret->counts[promise_of(e, kept)]++;
	ROOM(ret->request_id.size);
	return OK;
}

enum fault errand_list(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct errand_list_cmd *c = cmd;
	struct errand_list_ret *r = ret;
	struct page page = {.list = c->unknown ? LIST_ERRANDS_UNKNOWN : LIST_ERRANDS,
			    .from = c->from,
			    .n = c->n,
			    .oldest_first = true};
	struct errand *rows;
	*r = (struct errand_list_ret){0};
	TRY(store_page(tx, &page, &rows, &r->n, &r->count));
	r->rows = ARENA_ARRAY(env->arena, struct errand_view, r->n + 1);
	ROOM(r->rows);
	for (unsigned i = 0; i < r->n; i++)
		store_want(tx, TABLE_TEMPLATE, &(struct template){.number = rows[i].template});
	for (unsigned i = 0; i < r->n; i++)
		TRY(view(tx, env, &rows[i], &r->rows[i]));
	return OK;
}

static enum fault show_promise(struct tx *tx, const struct env *env, const struct promises *p,
			       unsigned i, struct errand_promise *ret)
{
	const struct coupon *c = &p->lives[i].coupon;
	struct customer holder = {.number = c->customer};
	struct code_key key = code_key(tx);
	TRY(get_named(tx, TABLE_CUSTOMER, &holder));
	*ret = (struct errand_promise){.code = code_of(&key, env->arena, c),
				       .customer_id = holder.customer_id,
				       .id = c->id,
				       .outcome = promise_of(&p->errand, p->outcomes[i])};
	ROOM(ret->code.size);
	return reason_of(env, &p->errand, ret->outcome, c, &ret->reason);
}

enum fault errand_get(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct errand_get_cmd *c = cmd;
	struct errand_get_ret *r = ret;
	struct errand e = {.number = c->id & UINT32_MAX};
	struct promises p;
	bool found;
	*r = (struct errand_get_ret){0};
	TRY(store_get(tx, TABLE_ERRAND, &e, &found));
	if (!found || errand_public_number(&e) != c->id)
		return refuse(tx, FAULT_ERRAND_UNKNOWN, TEXT("errand_id"), TEXT_NONE);
	store_want(tx, TABLE_PROVIDER, &(struct provider){.number = e.provider});
	TRY(promises_load(tx, env, &e, &p));
	for (unsigned i = 0; i < p.n; i++)
		store_want(tx, TABLE_CUSTOMER,
			   &(struct customer){.number = p.lives[i].coupon.customer});
	TRY(view(tx, env, &e, &r->view));
	TRY(provider_get(tx, e.provider, &r->provider));
	r->promises = ARENA_ARRAY(env->arena, struct errand_promise, p.n + 1);
	ROOM(r->promises);
	for (r->n = 0; r->n < p.n; r->n++)
		TRY(show_promise(tx, env, &p, r->n, &r->promises[r->n]));
	return OK;
}
