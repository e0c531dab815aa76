/*
 * Redeeming: one coupon, or several of one order, all or nothing; and the same without doing it.
 */
#include "base/varint.h"
#include "domain/campaign.h"
#include "domain/check.h"
#include "domain/life_check.h"
#include "domain/notice.h"
#include "domain/pricing.h"
#include "domain/request.h"
#include "domain/terms.h"

enum { PURCHASE_USES_MAX = 200 }; /* with those that were given back */

struct redeem {
	const struct coupon_redeem_cmd *cmd;
	struct code_key key;
	struct life *lives;
	struct coupon *coupons; /* of the lives */
	struct pricing pricing;
	struct reward_uses rewards;
	struct money amount, discount;
	bool has_amount;
	struct notices notices;
};

/* --- arguments --- */

static enum fault check_count(struct tx *tx, unsigned n)
{
	if (n == 0)
		return refuse(tx, FAULT_PARAMETER_MISSING, TEXT("code"), TEXT_NONE);
	if (n > ORDER_COUPONS_MAX)
		return refuse(tx, FAULT_TOO_MANY, TEXT("codes"), TEXT_NONE);
	return OK;
}

static enum fault check(struct tx *tx, const struct coupon_redeem_cmd *c, struct money *ret_amount)
{
	TRY(check_count(tx, c->n));
	TRY(check_said(tx, &c->said));
	TRY(check_number(tx, &c->request));
	if (c->n > 1 && !c->said.order_no.size)
		return refuse(tx, FAULT_PARAMETER_MISSING, TEXT("order_no"), TEXT_NONE);
	return check_cart(tx, &c->cart, ret_amount);
}

/* --- loading --- */

static enum fault open_all(struct tx *tx, const struct env *env, const struct text *codes,
			   unsigned n, const struct request_number *request, struct redeem *r)
{
	r->lives = ARENA_ARRAY(env->arena, struct life, n);
	r->coupons = ARENA_ARRAY(env->arena, struct coupon, n);
	ROOM(r->lives && r->coupons);
	for (unsigned i = 0; i < n; i++)
		life_want(tx, env, &r->key, codes[i], true);
	for (unsigned i = 0; i < n; i++) {
		TRY(life_open(tx, env, &r->key, codes[i], request, &r->lives[i]));
		r->coupons[i] = r->lives[i].coupon;
		for (unsigned k = 0; k < i; k++)
			if (r->coupons[k].id == r->coupons[i].id)
				return refuse(tx, FAULT_COUPON_REPEATED, TEXT("code"), codes[i]);
	}
	return OK;
}

static enum fault price(struct tx *tx, const struct env *env, const struct cart *cart, unsigned n,
			struct text order_no, struct redeem *r, bool *ret_usable)
{
	TRY(pricing_load(tx, env, r->coupons, n, order_no, &r->pricing));
	if (r->pricing.before_count + n > ORDER_COUPONS_MAX)
		return refuse(tx, FAULT_TOO_MANY, TEXT("order_no"), TEXT_NONE);
	TRY(pricing_alone(env, &r->key, cart, &r->pricing));
	r->has_amount = cart->n || cart->has_amount;
	return pricing_together(env, cart, &r->pricing, &r->discount, ret_usable);
}

static void answer_check(const struct redeem *r, bool usable, struct coupon_check_ret *ret)
{
	*ret = (struct coupon_check_ret){.coupons = r->pricing.priced,
					 .n = r->pricing.n,
					 .amount = r->amount,
					 .discount = r->discount,
					 .usable = usable};
}

/* --- the repeat --- */

static enum fault answer_again(struct tx *tx, const struct env *env, struct redeem *r,
			       struct coupon_redeem_ret *ret)
{
	const struct coupon_redeem_cmd *c = r->cmd;
	for (unsigned i = 0; i < c->n; i++) {
		const struct event *event;
		TRY(life_repeat(tx, &r->lives[i], &event));
		if (!event || event->kind != EVENT_REDEEMED)
			return refuse(tx, FAULT_REQUEST_REUSED, TEXT("request_no"), TEXT_NONE);
		TRY(redeemed_show(env, &r->key, &r->coupons[i], event, &ret->coupons[i]));
		ret->discount.fen += event->discount.fen;
	}
	return OK;
}

/* Several coupons: the number stands for the whole call. One: its timeline knows. */
static enum fault find_first(struct tx *tx, const struct env *env, struct redeem *r,
			     const struct asked *asked, bool *ret_found)
{
	const struct event *event;
	struct text digest;
	if (r->cmd->n == 1) {
		TRY(life_repeat(tx, &r->lives[0], &event));
		*ret_found = event != NULL;
		return OK;
	}
	TRY(request_find(tx, env, asked, &digest, ret_found));
	if (*ret_found && !text_equal(digest, r->lives[0].digest))
		return refuse(tx, FAULT_REQUEST_REUSED, TEXT("request_no"), TEXT_NONE);
	for (unsigned i = 0; i < r->cmd->n; i++) {
		TRY(life_repeat(tx, &r->lives[i], &event));
		*ret_found |= event != NULL;
	}
	return OK;
}

/* --- doing it --- */

/* Counted; and told what of the template's budget that reaches. */
static enum fault use(const struct env *env, struct redeem *r, unsigned i)
{
	const struct template *t = &r->pricing.terms[i];
	const struct tally *spent = &r->pricing.counters[r->pricing.counter_of[i]].spent;
	uint64_t count[] = {spent->count, 0};
	pricing_use(&r->pricing, i);
	count[1] = spent->count;
	return notices_reached(&r->notices, env, NOTICE_TEMPLATE_BUDGET, t->number, count,
			       t->has_budget ? (uint64_t)t->budget.fen : 0);
}

static enum fault redeem_one(const struct env *env, struct redeem *r, unsigned i, uint64_t uses,
			     struct coupon_redeem_ret *ret)
{
	const struct priced *priced = &r->pricing.priced[i];
	struct life *life = &r->lives[i];
	struct event event = {.kind = EVENT_REDEEMED,
			      .said = r->cmd->said,
			      .amount = r->amount,
			      .has_amount = r->has_amount,
			      .uses = uses > 1 ? uses : 0,
			      .discount = priced->discount};
	const struct counters *counters = &r->pricing.counters[r->pricing.counter_of[i]];
	event.counted_for = counters->per_holder ? counters->holder : 0;
	event.day = counters->per_holder ? counters->day : 0;
	if (priced->split) {
		event.split = split_write(env, priced->split, r->cmd->cart.n);
		ROOM(event.split.data);
	}
	life->coupon.used++;
	if (life->coupon.used >= uses)
		life->coupon.state = COUPON_REDEEMED;
	TRY(life_add(env, life, &event));
	TRY(notices_event(&r->notices, env, &life->coupon, &event));
	reward_use(&r->rewards, &life->coupon, 1);
	TRY(use(env, r, i));
	return redeemed_show(env, &r->key, &life->coupon, &event, &ret->coupons[i]);
}

static enum fault add_to_purchase(struct tx *tx, const struct env *env, struct redeem *r)
{
	struct purchase *p = &r->pricing.purchase;
	size_t size = p->uses.size + (size_t)r->cmd->n * 2 * VARINT_SIZE_MAX;
	char *memory = arena_take(env->arena, size);
	struct purchase_use *uses;
	struct buffer b;
	unsigned n;
	ROOM(memory);
	TRY(purchase_read(env, p, &uses, &n));
	if (n + r->cmd->n > PURCHASE_USES_MAX)
		return refuse(tx, FAULT_LIMIT_REACHED, TEXT("order_no"), TEXT_NONE);
	buffer_init_fixed(&b, memory, size);
	buffer_text(&b, p->uses);
	for (unsigned i = 0; i < r->cmd->n; i++) {
		buffer_varint(&b, r->coupons[i].id);
		buffer_varint(&b, r->lives[i].coupon.revision);
	}
	p->uses = buffer_get(&b);
	return OK;
}

static enum fault refuse_all(struct tx *tx, struct redeem *r, struct coupon_redeem_ret *ret)
{
	const struct priced *first = NULL;
	answer_check(r, false, &ret->refused);
	for (unsigned i = 0; !first && i < r->pricing.n; i++)
		if (r->pricing.priced[i].reason_count)
			first = &r->pricing.priced[i];
	return refuse(tx, first->reasons[0], TEXT("code"), first->code);
}

static enum fault load_rewards(struct tx *tx, const struct env *env, struct redeem *r)
{
	const struct coupon *coupons[ORDER_COUPONS_MAX];
	for (unsigned i = 0; i < r->cmd->n; i++)
		coupons[i] = &r->coupons[i];
	return reward_uses_open(tx, env, coupons, r->cmd->n, &r->rewards);
}

static enum fault decide(struct tx *tx, const struct env *env, struct redeem *r,
			 struct coupon_redeem_ret *ret)
{
	const struct coupon_redeem_cmd *c = r->cmd;
	bool usable;
	if (c->n == 1)
		TRY(life_match(tx, &r->lives[0], c->revision));
	for (unsigned i = 0; i < c->n; i++)
		reward_uses_want(tx, &r->coupons[i]);
	TRY(price(tx, env, &c->cart, c->n, c->said.order_no, r, &usable));
	if (!usable)
		return refuse_all(tx, r, ret);
	TRY(load_rewards(tx, env, r));
	for (unsigned i = 0; i < c->n; i++)
		TRY(redeem_one(env, r, i, terms_uses(&r->pricing.terms[i]), ret));
	ret->discount = r->discount;
	return c->said.order_no.size ? add_to_purchase(tx, env, r) : OK;
}

static void put_all(struct tx *tx, const struct env *env, struct redeem *r,
		    const struct asked *asked)
{
	for (unsigned i = 0; i < r->cmd->n; i++)
		store_put(tx, TABLE_COUPON, &r->lives[i].coupon);
	for (unsigned i = 0; i < r->pricing.counter_count; i++)
		counters_put(tx, &r->pricing.counters[i]);
	reward_uses_put(tx, &r->rewards);
	if (r->cmd->said.order_no.size)
		store_put(tx, TABLE_PURCHASE, &r->pricing.purchase);
	notices_put(&r->notices);
	if (r->cmd->n > 1)
		request_keep(tx, env, asked, r->lives[0].digest);
}

enum fault coupon_redeem(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct coupon_redeem_cmd *c = cmd;
	struct coupon_redeem_ret *into = ret;
	struct redeem r = {.cmd = c, .key = code_key(tx)};
	struct request_key key = {{TEXT("redeem"), c->request.key}, c->request.key.size ? 2 : 0};
	struct asked asked = {COMMAND_coupon_redeem, REQUEST_NATIVE, &key};
	bool found;
	*into = (struct coupon_redeem_ret){.n = c->n};
	TRY(check(tx, c, &r.amount));
	into->coupons = ARENA_ARRAY(env->arena, struct redeemed, c->n);
	ROOM(into->coupons);
	TRY(notices_open(tx, env, &r.notices));
	pricing_want(tx, c->said.order_no);
	TRY(open_all(tx, env, c->codes, c->n, &c->request, &r));
	into->amount = r.amount;
	for (unsigned i = 0; i < c->n; i++)
		notices_expect(&r.notices, r.coupons[i].id);
	TRY(find_first(tx, env, &r, &asked, &found));
	if (found)
		return answer_again(tx, env, &r, into);
	TRY(decide(tx, env, &r, into));
	put_all(tx, env, &r, &asked);
	return OK;
}

enum fault coupon_check(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct coupon_check_cmd *c = cmd;
	static const struct request_number none = {0};
	struct redeem r = {.key = code_key(tx)};
	bool usable;
	*(struct coupon_check_ret *)ret = (struct coupon_check_ret){0};
	TRY(check_count(tx, c->n));
	TRY(check_name(tx, TEXT("order_no"), c->order_no));
	TRY(check_cart(tx, &c->cart, &r.amount));
	pricing_want(tx, c->order_no);
	TRY(open_all(tx, env, c->codes, c->n, &none, &r));
	TRY(price(tx, env, &c->cart, c->n, c->order_no, &r, &usable));
	answer_check(&r, usable, ret);
	return OK;
}
