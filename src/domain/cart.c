#include "domain/cart.h"

#include "domain/basket.h"
#include "domain/scope.h"
#include "domain/stacking.h"

/* Sums and products of what comes from outside are checked; later ones are of amounts up to
 * FEN_MAX. */
static bool sum_of_items(const struct cart *cart, int64_t *ret_sum)
{
	int64_t sum = 0;
	for (unsigned i = 0; i < cart->n; i++) {
		const struct cart_item *item = &cart->items[i];
		int64_t fen;
		if (item->price.fen < 0 || item->quantity < 1 || item->quantity > PIECES_MAX ||
		    __builtin_mul_overflow(item->price.fen, (int64_t)item->quantity, &fen) ||
		    __builtin_add_overflow(sum, fen, &sum) || sum > FEN_MAX)
			return false;
	}
	*ret_sum = sum;
	return true;
}

bool cart_total(const struct cart *cart, struct money *ret)
{
	int64_t sum;
	if (cart->n > CART_ITEMS_MAX || !sum_of_items(cart, &sum))
		return false;
	if (cart->has_amount && cart->n && cart->amount.fen != sum)
		return false;
	if (cart->has_amount && (cart->amount.fen < 0 || cart->amount.fen > FEN_MAX))
		return false;
	ret->fen = cart->has_amount ? cart->amount.fen : sum;
	return true;
}

void priced_refuse(struct priced *priced, enum fault reason)
{
	unsigned at = 0, n = priced->reason_count;
	while (at < n && priced->reasons[at] < reason)
		at++;
	if (at == REASONS_MAX || (at < n && priced->reasons[at] == reason))
		return;
	if (n == REASONS_MAX)
		n--;
	for (unsigned i = n; i > at; i--)
		priced->reasons[i] = priced->reasons[i - 1];
	priced->reasons[at] = reason;
	priced->reason_count = n + 1;
}

static void refuse_if(bool refused, struct priced *priced, enum fault reason)
{
	if (refused)
		priced_refuse(priced, reason);
}

static void check_terms(const struct env *env, const struct cart *cart, const struct template *t,
			struct priced *ret)
{
	refuse_if(!hours_open(t->hours, env->now, env->from_utc8), ret, FAULT_HOUR_CLOSED);
	refuse_if(!scope_lets_in(t->shops_in, t->shops_out, cart->shop), ret, FAULT_SHOP_EXCLUDED);
	refuse_if(!scope_lets_in(t->channels_in, t->channels_out, cart->channel), ret,
		  FAULT_CHANNEL_EXCLUDED);
}

static bool threshold_missed(const struct template *t, const struct basket *b, int64_t eligible)
{
	if (!t->has_threshold || t->threshold.fen <= 0)
		return false;
	return !b->known || eligible < t->threshold.fen;
}

void cart_price(struct arena *a, const struct env *env, const struct cart *cart,
		const struct cart_coupon *coupon, struct priced *ret)
{
	const struct template *t = coupon->terms;
	struct money total;
	struct basket basket;
	struct claim claim;
	must(cart_total(cart, &total));
	ret->eligible = ret->discount = (struct money){0};
	ret->split = NULL;
	if (!basket_init(&basket, a, cart) || !claim_init(&claim, a, cart, &basket, t))
		return;
	struct share *shares = ARENA_ARRAY(a, struct share, claim.n);
	if (!shares)
		return;
	int64_t discount = claim_price(&claim, &basket, shares);
	ret->eligible.fen = claim.eligible;
	check_terms(env, cart, t, ret);
	refuse_if(claim.n == 0, ret, FAULT_ITEMS_EXCLUDED);
	refuse_if(threshold_missed(t, &basket, claim.eligible), ret, FAULT_THRESHOLD_MISSED);
	refuse_if(coupon->uses_left == 0, ret, FAULT_USES_EXHAUSTED);
	refuse_if(coupon->uses_spare == 0, ret, FAULT_PERIOD_EXHAUSTED);
	refuse_if(coupon->budget_left < discount, ret, FAULT_BUDGET_EXHAUSTED);
	if (ret->reason_count)
		return;
	ret->discount.fen = discount;
	ret->split = claim_split(a, cart, &claim, shares);
}

static void check_company(const struct stacking *s, unsigned row, int64_t discount,
			  struct priced *ret)
{
	refuse_if(stacking_uses_full(s, row), ret, FAULT_USES_EXHAUSTED);
	refuse_if(stacking_period_full(s, row), ret, FAULT_PERIOD_EXHAUSTED);
	refuse_if(stacking_budget_short(s, row, discount), ret, FAULT_BUDGET_EXHAUSTED);
	refuse_if(stacking_order_full(s, row), ret, FAULT_ORDER_EXHAUSTED);
	refuse_if(stacking_refuses(s, row), ret, FAULT_STACKING_REFUSED);
}

struct applying {
	struct arena *arena;
	const struct cart *cart;
	struct basket basket;
	struct stacking stacking;
};

/* false: the arena is full. */
static bool apply_one(struct applying *x, unsigned row, struct priced *ret)
{
	const struct cart_coupon *coupon = &x->stacking.coupons[row];
	struct claim claim;
	ret->discount = (struct money){0};
	ret->split = NULL;
	if (coupon->locked || ret->reason_count)
		return true;
	if (!claim_init(&claim, x->arena, x->cart, &x->basket, coupon->terms))
		return false;
	struct share *shares = ARENA_ARRAY(x->arena, struct share, claim.n);
	if (!shares)
		return false;
	int64_t discount = claim_price(&claim, &x->basket, shares);
	check_company(&x->stacking, row, discount, ret);
	if (ret->reason_count)
		return true;
	claim_take(&claim, &x->basket, shares);
	stacking_add(&x->stacking, row, discount);
	ret->discount.fen = discount;
	ret->split = claim_split(x->arena, x->cart, &claim, shares);
	return !x->cart->n || ret->split;
}

bool cart_apply(struct arena *a, const struct cart *cart, const struct cart_coupon *coupons,
		struct priced *priced, unsigned n, struct money *ret_total)
{
	struct applying x = {.arena = a, .cart = cart};
	struct money amount, total = {0};
	must(cart_total(cart, &amount));
	unsigned *order = stacking_order(a, coupons, n);
	if (!order || !basket_init(&x.basket, a, cart) ||
	    !stacking_init(&x.stacking, a, coupons, n))
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (!apply_one(&x, order[i], &priced[order[i]]))
			return false;
		total.fen += priced[order[i]].discount.fen;
	}
	*ret_total = total;
	return true;
}
