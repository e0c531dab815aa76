/*
 * Coupons as the native API shows them: one with its timeline, now or as of an instant; stretches
 * of a wallet or of all.
 */
#include "domain/check.h"
#include "domain/coupon.h"
#include "domain/errand.h"
#include "domain/holders.h"
#include "domain/life_step.h"
#include "domain/terms.h"
#include "domain/wallet.h"

enum { PAGE_SLICE = 200 };

/* --- as of an instant --- */

/* What it was before its first event. */
static enum coupon_state first_state(const struct timeline *t)
{
	const struct event *first = &t->events[0];
	if (first->kind == EVENT_EXTENDED)
		return first->state;
	return first->kind == EVENT_UNFROZEN || first->was_frozen ? COUPON_FROZEN : COUPON_UNUSED;
}

static void step_back(const struct timeline *t, unsigned n, struct coupon *c)
{
	const struct event *last = n ? &t->events[n - 1] : NULL;
	c->state = last ? last->state : first_state(t);
	c->used = last ? last->used : 0;
	c->revision = n;
	c->until = INSTANT_NONE;
	c->held = false;
	/* Others may have come after what froze it. */
	for (unsigned i = n; c->state == COUPON_FROZEN && i > 0; i--) {
		const struct event *e = &t->events[i - 1];
		if (e->kind != EVENT_FROZEN && e->kind != EVENT_HELD)
			continue;
		c->until = e->until;
		c->held = e->kind == EVENT_HELD;
		break;
	}
	/* The first change of the end after it says what the end was. */
	for (unsigned i = n; i < t->n; i++) {
		const struct event *e = &t->events[i];
		if (instant_is_none(e->end) || e->kind == EVENT_ISSUED || e->kind == EVENT_HELD)
			continue;
		c->end = e->until;
		break;
	}
}

/* One that was made in another's place is younger than the receipt it shows. */
static bool begins(const struct event *first, struct instant after)
{
	return (first->kind == EVENT_ISSUED || first->kind == EVENT_HELD) &&
	       first->at.ms > after.ms;
}

/* Where nothing is known to have happened, it is as it is. *ret_n: events up to then. */
static enum fault look_back(struct tx *tx, struct env *env, const struct coupon_show_cmd *c,
			    const struct timeline *t, struct coupon *coupon, unsigned *ret_n)
{
	*ret_n = t->n;
	if (instant_is_none(c->as_of))
		return OK;
	if (c->as_of.ms < coupon->issued.ms || (t->n && begins(&t->events[0], c->as_of)))
		return refuse(tx, FAULT_COUPON_UNKNOWN, TEXT("code"), c->code);
	if (c->as_of.ms < env->now.ms)
		env->now = c->as_of;
	while (*ret_n && t->events[*ret_n - 1].at.ms > c->as_of.ms)
		--*ret_n;
	if (*ret_n < t->n)
		step_back(t, *ret_n, coupon);
	return OK;
}

/* --- one --- */

static enum fault load_holder(struct tx *tx, const struct env *env, uint64_t number,
			      const struct customer **ret)
{
	struct customer *holder = ARENA_NEW(env->arena, struct customer);
	ROOM(holder);
	holder->number = number;
	TRY(get_named(tx, TABLE_CUSTOMER, holder));
	*ret = holder;
	return customer_follow(tx, holder);
}

static enum fault show(struct tx *tx, const struct env *env, const struct coupon_show_cmd *c,
		       struct coupon *coupon, struct coupon_show_ret *r)
{
	struct template *terms = ARENA_NEW(env->arena, struct template);
	struct code_key key = code_key(tx);
	struct timeline timeline;
	struct env then = *env;
	ROOM(terms);
	store_want(tx, TABLE_TEMPLATE, &(struct template){.number = coupon->template});
	if (coupon->customer)
		store_want(tx, TABLE_CUSTOMER, &(struct customer){.number = coupon->customer});
	errand_promise_want(tx, coupon);
	TRY(timeline_read(env, coupon, &timeline));
	TRY(look_back(tx, &then, c, &timeline, coupon, &r->n));
	TRY(terms_of(tx, coupon, terms));
	if (coupon->customer)
		TRY(load_holder(tx, env, coupon->customer, &r->view.customer));
	r->view.coupon = coupon;
	r->view.template = terms;
	r->view.code = code_of(&key, env->arena, coupon);
	r->view.state = coupon_shown_state(&then, coupon);
	TRY(errand_promise_show(tx, env, coupon, &r->view));
	r->events = timeline.events;
	r->uses = terms_uses(terms);
	r->used = coupon->used;
	return OK;
}

enum fault coupon_show(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct coupon_show_cmd *c = cmd;
	struct coupon_show_ret *r = ret;
	struct coupon *coupon = ARENA_NEW(env->arena, struct coupon);
	struct code_key key = code_key(tx);
	bool found;
	*r = (struct coupon_show_ret){0};
	ROOM(coupon);
	TRY(life_find(tx, env, &key, c->code, c->folded, coupon, &found));
	if (!found)
		return refuse(tx, FAULT_COUPON_UNKNOWN, TEXT("code"), c->code);
	return show(tx, env, c, coupon, r);
}

/* --- many --- */

struct walk {
	struct tx *tx;
	const struct env *env;
	const struct coupon_page_cmd *cmd;
	bool owned;
	struct wallet wallet;
	struct coupon *picked;
	unsigned n;
};

static enum fault slice(struct walk *w, uint64_t from, unsigned n, struct coupon **ret_rows,
			unsigned *ret_n, uint64_t *ret_count)
{
	struct page page = {.list = LIST_COUPONS, .from = from, .n = n, .oldest_first = true};
	if (!w->owned)
		return store_page(w->tx, &page, ret_rows, ret_n, ret_count);
	*ret_count = w->wallet.count;
	return wallet_page(w->tx, w->env, &w->wallet, &page, ret_rows, ret_n);
}

static enum fault pick(struct walk *w, struct coupon_page_ret *r)
{
	const struct coupon_page_cmd *c = w->cmd;
	uint64_t at = c->from, count = UINT64_MAX, walked = 0;
	while (w->n < c->n && at < count && walked < WALLET_WALK_MAX) {
		unsigned want = c->has_state ? PAGE_SLICE : c->n - w->n, n = 0, i = 0;
		struct coupon *rows = NULL;
		TRY(slice(w, at, want, &rows, &n, &count));
		for (; i < n && w->n < c->n; i++)
			if (!c->has_state || coupon_shown_state(w->env, &rows[i]) == c->state)
				w->picked[w->n++] = rows[i];
		at += i;
		walked += i;
		if (n == 0)
			break;
	}
	r->next = at < count ? at : 0;
	return OK;
}

enum fault coupon_page(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct coupon_page_cmd *c = cmd;
	struct coupon_page_ret *r = ret;
	struct walk w = {.tx = tx, .env = env, .cmd = c};
	struct person holder;
	*r = (struct coupon_page_ret){0};
	w.picked = ARENA_ARRAY(env->arena, struct coupon, c->n + 1);
	ROOM(w.picked);
	TRY(customer_known(tx, &c->customer, &holder.customer, &w.owned));
	if (w.owned)
		TRY(wallet_open(tx, &holder.customer, &w.wallet));
	TRY(pick(&w, r));
	r->n = w.n;
	return coupon_view_all(tx, env, w.picked, w.n, &r->rows);
}

enum fault customer_get(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct customer_get_cmd *c = cmd;
	struct customer_get_ret *r = ret;
	struct wallet wallet;
	bool any;
	(void)env;
	*r = (struct customer_get_ret){0};
	TRY(customer_known(tx, &c->customer, &r->customer, &any));
	if (!any)
		return refuse(tx, FAULT_PARAMETER_MISSING, TEXT("customer"), TEXT_NONE);
	TRY(wallet_open(tx, &r->customer, &wallet));
	r->coupons = wallet.count;
	return OK;
}
