/*
 * What coupons take off a cart. Pure arithmetic over fen; no store. Files: cart.c (price, apply),
 * cart_best.c, basket.c (what one coupon takes), stacking.c (what fits together), scope.c, hours.c.
 *
 * Eligible: the items whose product AND category the terms let in (a set that is empty lets all in;
 * what is in an OUT set is out; an item that says no category is in no set). Without items the
 * whole amount is: the caller vouches for it. With neither, the amount is not known: `eligible` is
 * 0, no threshold is reached, a percentage takes nothing off and an amount off its face value. A
 * shop or channel that the cart does not say is in no set either. The threshold is held against the
 * eligible amount BEFORE any coupon, so a coupon never makes another one unusable by price; one of
 * 0 is none.
 *
 * Coupons take off one after another: higher priority first, then the lower id. Each looks at what
 * the ones before it have left of its eligible items, and never takes more: no line falls below 0.
 *
 *   amount off    `amount`, at most what is left of the eligible items
 *   percent off   basis points of what is left, rounded by `rounding`
 *   free item     the cheapest `get` (0: 1) eligible pieces, each at what is left of its price
 *   product       as free item, one piece
 *   buy get       of every buy + get eligible pieces (dearest first) the cheapest get
 *   not said (0)  as amount off, when the terms have an amount
 *   others        nothing
 *
 * Each at most `cap`, when there is one. Cheap and dear are the prices before any coupon; equal
 * ones go by the order of the cart. Pieces that cost nothing do not count, nor do those that a
 * coupon has made free already; a piece that takes nothing off does not become free. What is left
 * of a line is spread evenly over its pieces that are not free: k of n of them take k / n of it,
 * rounded down. Those that count pieces take nothing off without items.
 *
 * Splitting over items: PROPORTIONAL to what is left of each eligible line, the fen that remain to
 * the largest remainders, the first line first; IN_ORDER: the first eligible line until it is 0,
 * then the next. A discount on certain pieces falls on their lines.
 *
 * Together: an exclusive coupon stands alone; at most one of a stack group; at most per_order of a
 * template; no template past its budget or its customer's uses (struct cart_coupon). A budget that
 * does not hold all of a discount refuses it. A coupon for which nothing was left may be used all
 * the same, and takes 0.
 */
#pragma once

#include "domain/domain.h"

struct cart_coupon {
	uint64_t id;
	const struct template *terms; /* template.number says which coupons are of one template */
	uint64_t customer;	      /* number; uses are counted for each apart */
	uint64_t uses_left;    /* of the template for its customer, now; UINT64_MAX: no limit */
	uint64_t uses_spare;   /* the same within the period */
	int64_t budget_left;   /* fen; INT64_MAX: no limit */
	uint64_t order_before; /* of the template in this order, redeemed earlier */
	bool locked; /* redeemed in this order earlier: counts for stacking, takes nothing */
};

/* The sum of the lines, or the amount. false: items and amount contradict each other, an amount is
 * below 0 or past 10^15 fen, a quantity not in 1..PIECES_MAX, more than CART_ITEMS_MAX items. All
 * below take only carts for which it is true. */
CHECKED bool cart_total(const struct cart *cart, struct money *ret);

/* Lines "12345 0900-1730": days of the week (1: Monday .. 7: Sunday), first and last minute; both
 * are in it, so that one lasts until 17:30:59 and "0000-2359" is a whole day. "2200-0200" goes past
 * midnight: what follows it belongs to the day on which the window began. Empty: always. */
bool hours_valid(struct text hours);
/* Whether an instant lies in one of the windows; day and minute in the merchant's zone. A line that
 * is not valid is no window. */
bool hours_open(struct text hours, struct instant now, int64_t from_utc8);

/* Adds to `ret` every reason why these terms alone do not let the coupon be used for the cart
 * (HOUR_CLOSED .. BUDGET_EXHAUSTED), and sets eligible, discount and split as if it stood alone;
 * with reasons, also those that `ret` has already, the discount is 0. A full arena says so itself.
 */
void cart_price(struct arena *a, const struct env *env, const struct cart *cart,
		const struct cart_coupon *coupon, struct priced *ret);

/* Prices the coupons together, in the order in which they take off; adds ORDER_EXHAUSTED,
 * STACKING_REFUSED, USES_EXHAUSTED, PERIOD_EXHAUSTED, BUDGET_EXHAUSTED to those that do not fit
 * with the ones before them; locked ones are before all. priced[i] belongs to coupons[i] and has
 * the reasons of its own already; with any, it takes no part: discount 0, no split. ret_total: what
 * all take off. false: the arena is full. */
CHECKED bool cart_apply(struct arena *a, const struct cart *cart, const struct cart_coupon *coupons,
			struct priced *priced, unsigned n, struct money *ret_total);

/* The legal combination of usable coupons that takes off most, then: of fewest coupons; at most
 * ORDER_COUPONS_MAX, the locked ones among them, and none that takes 0. Which are usable, `priced`
 * says, by cart_price. Of several such combinations always the same. Exact while the search takes
 * at most BEST_STEPS_MAX steps, each a look at up to 64 coupons and lines; else the best found and
 * exact is false. false: the arena is full. */
enum { BEST_STEPS_MAX = 5000 };
struct cart_best {
	unsigned *rows; /* in the order in which they take off */
	unsigned n;
	struct money *discounts; /* per row */
	struct money **splits;	 /* per row, per item; NULL without items */
	struct money discount;
	bool exact;
};
CHECKED bool cart_best(struct arena *a, const struct cart *cart, const struct cart_coupon *coupons,
		       const struct priced *priced, unsigned n, struct cart_best *ret);
