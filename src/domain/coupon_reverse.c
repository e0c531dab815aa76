/*
 * Reversing: a redemption is given back, whole or in part, exactly once, at any time. Money goes
 * back in the proportion of the order's amount that goes back, rounded down over all that went back
 * so far, so that the parts of a redemption add up to its discount. When nothing is left, the use
 * itself comes back if the terms say so (enum give_back).
 */
#include "domain/campaign.h"
#include "domain/check.h"
#include "domain/life_check.h"
#include "domain/notice.h"
#include "domain/pricing.h"
#include "domain/request.h"
#include "domain/terms.h"

enum { ORDER_BYTES_MAX = 4 * 1024 * 1024 }; /* of the timelines of one order's coupons */

struct target {
	struct life *life; /* shared by the uses of one coupon */
	const struct event *redemption;
	struct given_back before;
	struct template terms;
	struct counters counters;
	struct event event;
};
struct reverse {
	const struct coupon_reverse_cmd *cmd;
	struct code_key key;
	struct target *targets;
	unsigned n;
	bool whole_order;
	struct holdings holdings;
	struct reward_uses rewards;
	struct notices notices;
};

/* --- which redemptions --- */

static bool named(const struct coupon_reverse_cmd *c, const struct event *e)
{
	return e->kind == EVENT_REDEEMED && (!c->number || e->number == c->number) &&
	       (!c->order_no.size || text_equal(e->said.order_no, c->order_no));
}

/* The last that stands. *ret_any: one was there, standing or not. */
static const struct event *find_redemption(const struct coupon_reverse_cmd *c,
					   const struct timeline *t, bool *ret_any)
{
	*ret_any = false;
	for (unsigned i = t->n; i > 0; i--) {
		const struct event *e = &t->events[i - 1];
		if (!named(c, e))
			continue;
		*ret_any = true;
		if (!timeline_given_back(t, e->number).all)
			return e;
	}
	return NULL;
}

static enum fault unknown(struct tx *tx)
{
	return refuse(tx, FAULT_REDEMPTION_UNKNOWN, TEXT("redemption_id"), TEXT_NONE);
}

static enum fault open_one(struct tx *tx, const struct env *env, struct reverse *r)
{
	r->targets = ARENA_ARRAY(env->arena, struct target, 1);
	struct life *life = ARENA_NEW(env->arena, struct life);
	ROOM(r->targets && life);
	r->n = 1;
	r->targets[0].life = life;
	if (!r->cmd->coupon_id)
		return life_open(tx, env, &r->key, r->cmd->code, &r->cmd->request, life);
	struct coupon coupon = {.id = r->cmd->coupon_id};
	bool found;
	TRY(store_find(tx, UNIQUE_COUPON_BY_ID, &coupon, &found));
	return found ? life_begin(tx, env, &coupon, &r->cmd->request, life) : unknown(tx);
}

static enum fault choose_one(struct tx *tx, struct reverse *r)
{
	struct target *t = &r->targets[0];
	bool any;
	TRY(life_match(tx, t->life, r->cmd->revision));
	t->redemption = find_redemption(r->cmd, &t->life->timeline, &any);
	if (t->redemption)
		return OK;
	if (!any && r->cmd->coupon_id)
		return unknown(tx);
	if (!any && r->cmd->number)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("redemption_id"), TEXT_NONE);
	if (!any && r->cmd->order_no.size)
		return refuse(tx, FAULT_ORDER_UNKNOWN, TEXT("order_no"), r->cmd->order_no);
	return refuse(tx, FAULT_COUPON_IDLE, TEXT("code"), r->cmd->code);
}

static struct life *life_of(const struct reverse *r, uint64_t id)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->targets[i].life->coupon.id == id)
			return r->targets[i].life;
	return NULL;
}

static enum fault open_use(struct tx *tx, const struct env *env, struct reverse *r,
			   const struct purchase_use *use)
{
	struct target *t = &r->targets[r->n];
	struct coupon coupon = {.id = use->id};
	t->life = life_of(r, use->id);
	if (!t->life) {
		TRY(find_named(tx, UNIQUE_COUPON_BY_ID, &coupon));
		t->life = ARENA_NEW(env->arena, struct life);
		ROOM(t->life);
		TRY(life_begin(tx, env, &coupon, &r->cmd->request, t->life));
	}
	t->redemption = timeline_at(&t->life->timeline, use->number);
	if (!t->redemption)
		return FAULT_DATA_DAMAGED;
	r->n++;
	return OK;
}

static enum fault open_order(struct tx *tx, const struct env *env, struct reverse *r)
{
	struct purchase purchase = {.order_no = r->cmd->order_no};
	struct purchase_use *uses;
	unsigned n;
	bool found;
	TRY(store_get(tx, TABLE_PURCHASE, &purchase, &found));
	if (!found)
		return refuse(tx, FAULT_ORDER_UNKNOWN, TEXT("order_no"), r->cmd->order_no);
	TRY(purchase_read(env, &purchase, &uses, &n));
	r->targets = ARENA_ARRAY(env->arena, struct target, n + 1);
	ROOM(r->targets);
	for (unsigned i = 0; i < n; i++)
		store_want_unique(tx, UNIQUE_COUPON_BY_ID, &(struct coupon){.id = uses[i].id});
	for (unsigned i = 0; i < n; i++)
		TRY(open_use(tx, env, r, &uses[i]));
	return OK;
}

/* Several uses of one coupon are one put of it. */
static bool is_last_of_its_coupon(const struct reverse *r, unsigned i)
{
	for (unsigned k = i + 1; k < r->n; k++)
		if (r->targets[k].life == r->targets[i].life)
			return false;
	return true;
}

/* All of it must fit into one entry; coupon by coupon it does. */
static enum fault check_room(struct tx *tx, const struct reverse *r)
{
	size_t bytes = 0;
	for (unsigned i = 0; i < r->n; i++)
		if (is_last_of_its_coupon(r, i))
			bytes += r->targets[i].life->coupon.timeline.size;
	return bytes <= ORDER_BYTES_MAX
		   ? OK
		   : refuse(tx, FAULT_LIMIT_REACHED, TEXT("order_no"), r->cmd->order_no);
}

static enum fault choose_order(struct tx *tx, struct reverse *r)
{
	unsigned n = 0;
	for (unsigned i = 0; i < r->n; i++) {
		const struct target *t = &r->targets[i];
		if (!timeline_given_back(&t->life->timeline, t->redemption->number).all)
			r->targets[n++] = *t;
	}
	r->n = n;
	if (!n)
		return refuse(tx, FAULT_COUPON_IDLE, TEXT("order_no"), r->cmd->order_no);
	return check_room(tx, r);
}

/* --- the repeat --- */

/* What the first call did with the target: NULL for a use that it left alone. */
static const struct event *first_of(const struct target *t)
{
	const struct timeline *timeline = &t->life->timeline;
	for (unsigned i = 0; i < timeline->n; i++) {
		const struct event *e = &timeline->events[i];
		if (e->kind == EVENT_REVERSED && text_equal(e->request, t->life->request) &&
		    (!t->redemption || e->reverses == t->redemption->number))
			return e;
	}
	return NULL;
}

static enum fault answer_again(struct tx *tx, const struct env *env, struct reverse *r,
			       struct coupon_reverse_ret *ret)
{
	for (unsigned i = 0; i < r->n; i++) {
		const struct target *t = &r->targets[i];
		const struct event *event = first_of(t);
		if (!event && !r->whole_order)
			return refuse(tx, FAULT_REQUEST_REUSED, TEXT("request_no"), TEXT_NONE);
		if (!event)
			continue;
		TRY(redeemed_show(env, &r->key, &t->life->coupon, event, &ret->coupons[ret->n++]));
		ret->discount.fen += event->discount.fen;
	}
	return OK;
}

static enum fault find_first(struct tx *tx, const struct env *env, struct reverse *r,
			     const struct asked *asked, bool *ret_found)
{
	const struct event *event;
	struct text digest;
	if (!r->whole_order) {
		TRY(life_repeat(tx, r->targets[0].life, &event));
		*ret_found = event != NULL;
		return OK;
	}
	TRY(request_find(tx, env, asked, &digest, ret_found));
	if (*ret_found && (!r->n || !text_equal(digest, r->targets[0].life->digest)))
		return refuse(tx, FAULT_REQUEST_REUSED, TEXT("request_no"), TEXT_NONE);
	for (unsigned i = 0; i < r->n; i++) {
		TRY(life_repeat(tx, r->targets[i].life, &event));
		*ret_found |= event && event->kind == EVENT_REVERSED;
	}
	return OK;
}

/* --- how much --- */

static int64_t share(int64_t discount, int64_t part, int64_t whole)
{
	return (int64_t)((__int128)discount * part / whole);
}

static enum fault decide_amount(struct tx *tx, const struct coupon_reverse_cmd *c, struct target *t)
{
	const struct event *e = t->redemption;
	struct event *back = &t->event;
	int64_t left = e->amount.fen - t->before.amount.fen;
	back->has_amount = e->has_amount;
	back->amount.fen = c->has_amount ? c->amount.fen : left;
	back->closes = !e->has_amount || back->amount.fen == left;
	if (c->has_amount && (!e->has_amount || back->amount.fen <= 0 || back->amount.fen > left))
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("amount_fen"), TEXT_NONE);
	int64_t due = back->closes ? e->discount.fen
				   : share(e->discount.fen, t->before.amount.fen + back->amount.fen,
					   e->amount.fen);
	back->discount.fen = due - t->before.discount.fen;
	return OK;
}

static bool use_comes_back(const struct template *t, enum reverse_cause cause)
{
	switch ((enum give_back)t->give_back) {
	case GIVE_BACK_ALWAYS:
		return true;
	case GIVE_BACK_ON_CANCEL:
		return cause == CAUSE_CANCEL;
	case GIVE_BACK_NEVER:
		return false;
	}
	must_failed("a policy", __FILE__, __LINE__);
	return false;
}

/* As the targets before it left them: coupons share counters. */
static enum fault load_counters(struct tx *tx, const struct env *env, struct reverse *r,
				struct target *t)
{
	struct counters *mine = &t->counters;
	const struct use_back use = {&t->life->coupon, t->redemption, &t->terms};
	TRY(counters_load_back(tx, env, &use, &r->holdings, mine));
	for (const struct target *other = r->targets; other < t; other++)
		if (other->counters.template == mine->template) {
			mine->redeemed = other->counters.redeemed;
			mine->spent = other->counters.spent;
		}
	return OK;
}

static void give_back(struct reverse *r, struct target *t)
{
	counters_give_back(&t->counters, t->event.discount, t->event.gave_back);
	if (t->counters.per_holder)
		holdings_keep(&r->holdings, &t->counters.holding);
}

static enum fault decide(struct tx *tx, const struct env *env, struct reverse *r, struct target *t)
{
	const struct coupon_reverse_cmd *c = r->cmd;
	struct coupon *coupon = &t->life->coupon;
	t->before = timeline_given_back(&t->life->timeline, t->redemption->number);
	TRY(terms_of(tx, coupon, &t->terms));
	TRY(load_counters(tx, env, r, t));
	t->event = (struct event){.kind = EVENT_REVERSED,
				  .said = c->said,
				  .reverses = t->redemption->number,
				  .cause = c->cause};
	t->event.said.order_no = t->redemption->said.order_no;
	TRY(decide_amount(tx, c, t));
	if (!t->event.closes &&
	    (coupon->revision >= EVENTS_USE_MAX || coupon->timeline.size > TIMELINE_BYTES_MAX))
		return refuse(tx, FAULT_COUPON_WORN, TEXT("code"), c->code);
	t->event.gave_back = t->event.closes && use_comes_back(&t->terms, c->cause);
	if (t->event.gave_back) {
		if (coupon->used == 0)
			return FAULT_DATA_DAMAGED;
		coupon->used--;
		reward_use(&r->rewards, coupon, -1);
		if (coupon->state == COUPON_REDEEMED)
			coupon->state = COUPON_UNUSED;
	}
	give_back(r, t);
	return life_add(env, t->life, &t->event);
}

static void put_one(struct tx *tx, struct reverse *r, unsigned i)
{
	struct target *t = &r->targets[i];
	counters_put(tx, &t->counters);
	if (is_last_of_its_coupon(r, i))
		store_put(tx, TABLE_COUPON, &t->life->coupon);
}

static enum fault tell_all(const struct env *env, struct reverse *r)
{
	for (unsigned i = 0; i < r->n; i++)
		TRY(notices_event(&r->notices, env, &r->targets[i].life->coupon,
				  &r->targets[i].event));
	return OK;
}

static enum fault show_all(const struct env *env, struct reverse *r, struct coupon_reverse_ret *ret)
{
	for (unsigned i = 0; i < r->n; i++) {
		struct target *t = &r->targets[i];
		TRY(redeemed_show(env, &r->key, &t->life->coupon, &t->event,
				  &ret->coupons[ret->n++]));
		ret->discount.fen += t->event.discount.fen;
	}
	return OK;
}

static enum fault want_all(struct tx *tx, const struct reverse *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		const struct coupon *c = &r->targets[i].life->coupon;
		store_want(tx, TABLE_TEMPLATE, &(struct template){.number = c->template});
		counters_want_back(tx, c, r->targets[i].redemption);
		reward_uses_want(tx, c);
	}
	for (unsigned i = 0; i < r->n; i++) {
		const struct coupon *c = &r->targets[i].life->coupon;
		struct template t = {.number = c->template};
		TRY(get_named(tx, TABLE_TEMPLATE, &t));
		terms_want_edition(tx, &t, c->edition);
	}
	for (unsigned i = 0; i < r->n; i++)
		TRY(counters_want_person(tx, r->targets[i].redemption));
	return OK;
}

static enum fault load_rewards(struct tx *tx, const struct env *env, struct reverse *r)
{
	const struct coupon **coupons = ARENA_ARRAY(env->arena, const struct coupon *, r->n + 1);
	ROOM(coupons);
	for (unsigned i = 0; i < r->n; i++)
		coupons[i] = &r->targets[i].life->coupon;
	return reward_uses_open(tx, env, coupons, r->n, &r->rewards);
}

static enum fault run(struct tx *tx, const struct env *env, struct reverse *r,
		      const struct asked *asked, struct coupon_reverse_ret *ret)
{
	TRY(r->whole_order ? choose_order(tx, r) : choose_one(tx, r));
	TRY(want_all(tx, r));
	r->holdings.rows = ARENA_ARRAY(env->arena, struct holding, r->n + 1);
	ROOM(r->holdings.rows);
	TRY(load_rewards(tx, env, r));
	for (unsigned i = 0; i < r->n; i++)
		TRY(decide(tx, env, r, &r->targets[i]));
	TRY(tell_all(env, r));
	TRY(show_all(env, r, ret));
	for (unsigned i = 0; i < r->n; i++)
		put_one(tx, r, i);
	reward_uses_put(tx, &r->rewards);
	notices_put(&r->notices);
	if (r->whole_order)
		request_keep(tx, env, asked, r->targets[0].life->digest);
	return OK;
}

static enum fault check(struct tx *tx, const struct coupon_reverse_cmd *c)
{
	TRY(check_said(tx, &c->said));
	TRY(check_number(tx, &c->request));
	must(!c->coupon_id || (c->number && !c->code.size && !c->order_no.size));
	if (!c->code.size && !c->order_no.size && !c->coupon_id)
		return refuse(tx, FAULT_PARAMETER_MISSING, TEXT("code"), TEXT_NONE);
	return check_name(tx, TEXT("order_no"), c->order_no);
}

enum fault coupon_reverse(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct coupon_reverse_cmd *c = cmd;
	struct coupon_reverse_ret *into = ret;
	struct reverse r = {
	    .cmd = c, .key = code_key(tx), .whole_order = c->order_no.size && !c->code.size};
	struct request_key key = {{TEXT("reverse"), c->request.key}, c->request.key.size ? 2 : 0};
	struct asked asked = {COMMAND_coupon_reverse, REQUEST_NATIVE, &key};
	bool found;
	*into = (struct coupon_reverse_ret){0};
	TRY(check(tx, c));
	TRY(notices_open(tx, env, &r.notices));
	TRY(r.whole_order ? open_order(tx, env, &r) : open_one(tx, env, &r));
	into->coupons = ARENA_ARRAY(env->arena, struct redeemed, r.n + 1);
	ROOM(into->coupons);
	for (unsigned i = 0; i < r.n; i++)
		notices_expect(&r.notices, r.targets[i].life->coupon.id);
	TRY(find_first(tx, env, &r, &asked, &found));
	if (found)
		return answer_again(tx, env, &r, into);
	return run(tx, env, &r, &asked, into);
}

enum fault purchase_get(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct purchase_get_cmd *c = cmd;
	struct purchase_get_ret *into = ret;
	static const struct coupon_reverse_cmd none = {0};
	struct coupon_reverse_cmd order = none;
	struct purchase purchase = {.order_no = c->order_no};
	struct reverse r = {.cmd = &order, .key = code_key(tx), .whole_order = true};
	bool found;
	*into = (struct purchase_get_ret){0};
	order.order_no = c->order_no;
	TRY(open_order(tx, env, &r));
	TRY(store_get(tx, TABLE_PURCHASE, &purchase, &found));
	into->coupons = ARENA_ARRAY(env->arena, struct redeemed, r.n + 1);
	ROOM(into->coupons);
	for (unsigned i = 0; i < r.n; i++)
		TRY(redeemed_show(env, &r.key, &r.targets[i].life->coupon, r.targets[i].redemption,
				  &into->coupons[into->n++]));
	into->created = purchase.created;
	return OK;
}
