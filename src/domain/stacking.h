/*
 * Which coupons may stand in one order together: the rules of cart.h, coupon after coupon. Rows are
 * those of the array of coupons.
 */
#pragma once

#include "domain/cart.h"

struct stacking {
	const struct cart_coupon *coupons;
	unsigned n;
	/* per row: the first row of its stack group (without one: itself), of its template, of its
	 * template and customer */
	unsigned *group, *template, *person;
	/* what is in, per such first row */
	unsigned *grouped;
	uint64_t *ordered, *used;
	int64_t *spent;
	unsigned in, exclusive;
};

/* With the locked ones in. false: the arena is full. */
CHECKED bool stacking_init(struct stacking *s, struct arena *a, const struct cart_coupon *coupons,
			   unsigned n);
/* Rows in the order in which they take off. NULL: the arena is full. */
unsigned *stacking_order(struct arena *a, const struct cart_coupon *coupons, unsigned n);

/* Why the row does not fit with what is in. */
bool stacking_refuses(const struct stacking *s, unsigned row);
bool stacking_order_full(const struct stacking *s, unsigned row);
bool stacking_uses_full(const struct stacking *s, unsigned row);
bool stacking_period_full(const struct stacking *s, unsigned row);
bool stacking_budget_short(const struct stacking *s, unsigned row, int64_t discount);
/* None of them but the budget. */
bool stacking_fits(const struct stacking *s, unsigned row);

void stacking_add(struct stacking *s, unsigned row, int64_t discount);
void stacking_drop(struct stacking *s, unsigned row, int64_t discount);
/* Further coupons of this template for this customer that an order takes after those that are in;
 * UINT64_MAX: no limit. */
uint64_t stacking_room(const struct stacking *s, unsigned row);
