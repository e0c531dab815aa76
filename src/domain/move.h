/*
 * A coupon that goes to another holder or gets another code, and holds that end.
 */
#pragma once

#include "domain/days.h"
#include "domain/life_step.h"

/* ASSIGNED, TRANSFERRED, REISSUED: decides, appends the event, puts. Faults: COUPON_OWNED,
 * COUPON_NOBODYS, CUSTOMER_UNKNOWN, the limits of the new holder. */
CHECKED enum fault coupon_move(struct tx *tx, const struct env *env,
			       const struct coupon_change_cmd *c, struct life *life,
			       struct event *event);
void coupon_move_want(struct tx *tx, const struct coupon_change_cmd *c);

/* What a hold that ends gives back to the template's limits. */
struct released {
	struct tally total, on_day;
	struct holding holding;
	uint64_t day; /* on which it was counted */
	bool counts_day;
};
void hold_want(struct tx *tx, const struct env *env, const struct life *life);
CHECKED enum fault hold_load(struct tx *tx, const struct env *env, const struct life *life,
			     struct released *ret);
void hold_give_back(struct released *r);
void hold_put(struct tx *tx, struct released *r);
/* Of holds that end together: counters that it shares with earlier ones go on from the last. */
void hold_share(struct released *mine, const struct released *before, unsigned n);
/* Neither held nor frozen any more. */
void hold_leave(struct coupon *c, enum coupon_state state);
/* It is received now: the event gets the dates. */
CHECKED enum fault hold_confirm(struct tx *tx, const struct env *env, struct coupon *c,
				struct event *event);
