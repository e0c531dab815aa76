/*
 * Qualify: a customer and a cart, and what each of the customer's coupons would take off it, or
 * every reason why not; and the best legal combination.
 */
#include "domain/check.h"
#include "domain/customer.h"
#include "domain/life_check.h"
#include "domain/pricing.h"
#include "domain/wallet.h"

struct qualify {
	struct tx *tx;
	const struct env *env;
	const struct coupon_qualify_cmd *cmd;
	struct code_key key;
	struct coupon *coupons;
	unsigned n;
	struct pricing pricing;
};

/* One that time or somebody may still make usable. */
static bool is_live(const struct env *env, const struct coupon *c)
{
	enum situation in = life_situation(env, c);
	return in == IN_UNUSED || in == IN_FROZEN || in == IN_HELD;
}

/* Live ones first, wherever they lie in the wallet; then the newest others, whose reasons somebody
 * may want to see. *ret_left: live ones for which there was no room. */
static void pick(struct qualify *q, struct coupon *rows, unsigned n, unsigned *ret_left)
{
	*ret_left = 0;
	for (unsigned i = 0; i < n; i++) {
		life_settle(q->env, &rows[i]);
		if (!is_live(q->env, &rows[i]))
			continue;
		if (q->n < QUALIFY_MAX)
			q->coupons[q->n++] = rows[i];
		else
			++*ret_left;
	}
	for (unsigned i = 0; i < n && q->n < QUALIFY_MAX; i++)
		if (!is_live(q->env, &rows[i]))
			q->coupons[q->n++] = rows[i];
}

static enum fault collect(struct qualify *q, struct coupon_qualify_ret *r)
{
	struct customer holder;
	struct wallet wallet;
	struct page page = {.n = QUALIFY_WALK_MAX};
	struct coupon *rows;
	unsigned n, left;
	bool any;
	TRY(customer_known(q->tx, &q->cmd->customer, &holder, &any));
	if (!any)
		return refuse(q->tx, FAULT_PARAMETER_MISSING, TEXT("customer"), TEXT_NONE);
	TRY(wallet_open(q->tx, &holder, &wallet));
	TRY(wallet_page(q->tx, q->env, &wallet, &page, &rows, &n));
	q->coupons =
	    ARENA_ARRAY(q->env->arena, struct coupon, (n < QUALIFY_MAX ? n : QUALIFY_MAX) + 1);
	ROOM(q->coupons);
	pick(q, rows, n, &left);
	r->count = wallet.count;
	r->complete = n == wallet.count && !left;
	return OK;
}

static enum fault choose_best(struct qualify *q, struct coupon_qualify_ret *r)
{
	struct cart_best best;
	ROOM(cart_best(q->env->arena, &q->cmd->cart, q->pricing.asked, q->pricing.priced, q->n,
		       &best));
	r->best = best.rows;
	r->best_count = best.n;
	r->best_discounts = best.discounts;
	r->best_splits = (const struct money *const *)best.splits;
	r->discount = best.discount;
	r->exact = best.exact;
	return OK;
}

enum fault coupon_qualify(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct coupon_qualify_cmd *c = cmd;
	struct coupon_qualify_ret *r = ret;
	struct qualify q = {.tx = tx, .env = env, .cmd = c, .key = code_key(tx)};
	*r = (struct coupon_qualify_ret){.exact = true};
	TRY(check_cart(tx, &c->cart, &r->amount));
	TRY(collect(&q, r));
	TRY(pricing_load(tx, env, q.coupons, q.n, TEXT_NONE, &q.pricing));
	TRY(pricing_alone(env, &q.key, &c->cart, &q.pricing));
	r->coupons = q.pricing.priced;
	r->n = q.n;
	return choose_best(&q, r);
}
