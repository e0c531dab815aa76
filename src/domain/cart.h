/*
 * What coupons take off a cart. Pure arithmetic over fen; no store.
 *
 * Eligible: the items whose product and category the terms let in (a set that is empty lets all in;
 * what is in an OUT set is out). Without items the whole amount is. The threshold is held against
 * the eligible amount BEFORE any coupon, so a coupon never makes another one unusable by price.
 *
 * Coupons take off one after another: higher priority first, then the lower id. Each looks at what
 * the ones before it have left of its eligible items, and never takes more: no line falls below 0.
 *
 *   amount off    `amount`, at most what is left of the eligible items
 *   percent off   basis points of what is left, rounded by `rounding`, at most `cap`
 *   free item     the cheapest `get` (0: 1) eligible pieces, each at what is left of its price
 *   product       as free item
 *   buy get       of every buy + get eligible pieces (dearest first) the cheapest get
 *   others        nothing
 *
 * Those that count pieces take nothing off without items. Splitting over items: PROPORTIONAL to
 * what is left of each eligible line, the fen that remain to the largest remainders, the first line
 * first; IN_ORDER: the first eligible line until it is 0, then the next. A discount on certain
 * pieces falls on their lines.
 *
 * Together: an exclusive coupon stands alone; at most one of a stack group; at most per_order of a
 * template; no template past its budget or its customer's uses (struct cart_coupon).
 */
#pragma once

#include "domain/domain.h"

struct cart_coupon {
	uint64_t id;
	const struct template *terms;
	uint64_t holder;       /* for whom its uses count */
	uint64_t uses_left;    /* of the template for its customer, now; UINT64_MAX: no limit */
	uint64_t uses_spare;   /* the same within the period */
	int64_t budget_left;   /* fen; INT64_MAX: no limit */
	uint64_t order_before; /* of the template in this order, redeemed earlier */
	bool locked;	       /* redeemed in this order earlier: counts for stacking, takes nothing */
};

/* The sum of the lines. false: items and amount contradict each other, or it is past 10^15 fen. */
CHECKED bool cart_total(const struct cart *cart, struct money *ret);
/* Whether an instant lies in one of the windows of `hours`; day and minute in the merchant's zone.
 */
/* Whether all lines of `hours` can be read. */
bool hours_valid(struct text hours);
bool hours_open(struct text hours, struct instant now, int64_t from_utc8);
/* Adds to `ret` every reason why these terms alone do not let the coupon be used for the cart
 * (HOUR_CLOSED .. BUDGET_EXHAUSTED), and sets eligible and discount as if it stood alone. */
void cart_price(struct arena *a, const struct env *env, const struct cart *cart,
		const struct cart_coupon *coupon, struct priced *ret);
/* Prices the coupons together, in the order in which they take off; adds ORDER_EXHAUSTED,
 * STACKING_REFUSED, USES_EXHAUSTED, PERIOD_EXHAUSTED, BUDGET_EXHAUSTED to those that do not fit
 * with the ones before them. priced[i] belongs to coupons[i] and has the reasons of its own
 * already; with any, it takes no part. ret_total: what all take off. false: the arena is full. */
CHECKED bool cart_apply(struct arena *a, const struct cart *cart, const struct cart_coupon *coupons,
			struct priced *priced, unsigned n, struct money *ret_total);
/* The legal combination of usable coupons that takes off most (then: of fewest coupons). Exact
 * while the search takes at most BEST_STEPS_MAX steps; else the best found and *ret_exact false. */
enum { BEST_STEPS_MAX = 20000 };
struct cart_best {
	unsigned *rows; /* in the order in which they take off */
	unsigned n;
	struct money *discounts;    /* per row */
	struct money **splits;	    /* per row, per item; NULL without items */
	struct money discount;
	bool exact;
};
CHECKED bool cart_best(struct arena *a, const struct cart *cart, const struct cart_coupon *coupons,
		       const struct priced *priced, unsigned n, struct cart_best *ret);
