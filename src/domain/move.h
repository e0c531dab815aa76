/*
 * A coupon that goes to another holder or gets another code, and holds that end.
 */
#pragma once

#include "domain/days.h"
#include "domain/holders.h"
#include "domain/life_step.h"

/* ASSIGNED, TRANSFERRED, REISSUED: decides, appends the event, puts. Faults: COUPON_OWNED,
 * COUPON_NOBODYS, CUSTOMER_UNKNOWN, the limits of the new holder. */
CHECKED enum fault coupon_move(struct tx *tx, const struct env *env,
			       const struct coupon_change_cmd *c, struct life *life,
			       struct event *event);
void coupon_move_want(struct tx *tx, const struct coupon_change_cmd *c);

/* What one hold that ends gives back to the template's limits. */
struct released {
	struct tally total, on_day;
	struct holding holding; /* customer 0: it was nobody's */
	uint64_t day;		/* on which it was counted */
	bool counts_day;
};
/* Holds that end together: each goes on from where the ones before it left the counters. */
struct releases {
	struct released *rows;
	unsigned n;
	struct holdings holdings;
};
CHECKED enum fault releases_take(const struct env *env, unsigned room, struct releases *ret);
/* Names what hold_release will look up first. */
void hold_want(struct tx *tx, const struct env *env, const struct life *life);
CHECKED enum fault hold_release(struct tx *tx, const struct env *env, const struct life *life,
				struct releases *all);
void releases_put(struct tx *tx, struct releases *all);
/* Neither held nor frozen any more. */
void hold_leave(struct coupon *c, enum coupon_state state);
/* It is received now: the event gets the dates. */
CHECKED enum fault hold_confirm(struct tx *tx, const struct env *env, struct coupon *c,
				struct event *event);
