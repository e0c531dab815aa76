/*
 * What coupons would take off an order: everything that decides it, loaded from the store. Redeem,
 * check and qualify use it, so that they cannot come to different ends.
 */
#pragma once

#include "domain/cart.h"
#include "domain/holders.h"
#include "domain/life_step.h"

/* Counters of one template and holder; coupons of an order share them. */
struct counters {
	uint64_t template, customer; /* of the coupon */
	uint64_t holder; /* who the uses count for: the customer, or whom it was merged into */
	struct holding holding, elsewhere;
	struct tally redeemed, spent;
	uint64_t day;	 /* that runs */
	uint64_t period; /* number of the one that runs; of a use that is given back: its own */
	bool per_holder; /* the template limits the uses of a customer */
};
/* One that was redeemed under the order's number before, and stands. */
struct purchase_use {
	uint64_t id, number;
	struct coupon coupon;
	struct template terms;
};
struct pricing {
	unsigned n;		 /* coupons asked about */
	const struct coupon *of; /* per coupon, settled */
	struct template *terms;	 /* per coupon */
	struct counters *counters;
	unsigned counter_count;
	unsigned *counter_of; /* per coupon */
	struct purchase purchase;
	bool has_purchase;
	struct purchase_use *before;
	unsigned before_count;
	/* coupons first, then `before`, which takes nothing off */
	struct cart_coupon *asked;
	struct priced *priced;
};
/* Names what pricing_load will look up; coupons are not known yet. */
void pricing_want(struct tx *tx, struct text order_no);
/* of: n coupons. Sets all but priced. */
CHECKED enum fault pricing_load(struct tx *tx, const struct env *env, const struct coupon *of,
				unsigned n, struct text order_no, struct pricing *ret);
/* Why each may not be used by itself. TOO_LARGE when the arena is full. */
CHECKED enum fault pricing_alone(const struct env *env, struct code_key *key,
				 const struct cart *cart, struct pricing *p);
/* Together in one order. *ret_usable: no coupon has a reason. */
CHECKED enum fault pricing_together(const struct env *env, const struct cart *cart,
				    struct pricing *p, struct money *ret_discount,
				    bool *ret_usable);
/* A use that is counted, or given back. */
void pricing_use(struct pricing *p, unsigned coupon);
void counters_give_back(struct counters *c, struct money discount, bool use);
void counters_put(struct tx *tx, struct counters *c);
/* For one coupon. */
CHECKED enum fault counters_load(struct tx *tx, const struct env *env, const struct coupon *coupon,
				 const struct template *terms, struct counters *ret);
void counters_want(struct tx *tx, const struct coupon *coupon);
/* What a redemption was counted in; only rows that are at hand need be loaded. */
void counters_want_back(struct tx *tx, const struct coupon *coupon, const struct event *redemption);
/* .. and next: all names of whom it was counted for. */
CHECKED enum fault counters_want_person(struct tx *tx, const struct event *redemption);
struct use_back {
	const struct coupon *coupon;
	const struct event *redemption;
	const struct template *terms;
};
CHECKED enum fault counters_load_back(struct tx *tx, const struct env *env,
				      const struct use_back *use, const struct holdings *changed,
				      struct counters *ret);
/* The uses under an order number, as (coupon id, number of the redemption). */
CHECKED enum fault purchase_read(const struct env *env, const struct purchase *p,
				 struct purchase_use **ret, unsigned *ret_n);
