/* One redemption, and what was given back of it. */
#include "domain/check.h"
#include "domain/coupon.h"
#include "domain/timeline.h"

static enum fault keep_reversals(const struct env *env, const struct timeline *t, uint64_t number,
				 struct redemption_get_ret *r)
{
	r->reversals = ARENA_ARRAY(env->arena, struct event, t->n);
	ROOM(r->reversals);
	for (unsigned i = 0; i < t->n; i++) {
		const struct event *e = &t->events[i];
		if (e->kind != EVENT_REVERSED || e->reverses != number)
			continue;
		r->reversals[r->n] = *e;
		timeline_keep(env, &r->reversals[r->n++]);
	}
	return OK;
}

enum fault redemption_get(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct redemption_get_cmd *c = cmd;
	struct redemption_get_ret *r = ret;
	struct coupon coupon = {.id = c->coupon_id};
	struct code_key key = code_key(tx);
	struct timeline timeline = {0};
	bool found;
	*r = (struct redemption_get_ret){0};
	TRY(store_find(tx, UNIQUE_COUPON_BY_ID, &coupon, &found));
	if (found)
		TRY(timeline_read(env, &coupon, &timeline));
	const struct event *redemption = timeline_at(&timeline, c->number);
	if (!redemption || redemption->kind != EVENT_REDEEMED)
		return refuse(tx, FAULT_REDEMPTION_UNKNOWN, TEXT("redemption_id"), TEXT_NONE);
	struct given_back back = timeline_given_back(&timeline, c->number);
	r->given_back = back.discount;
	r->reversed = back.all;
	TRY(keep_reversals(env, &timeline, c->number, r));
	return redeemed_show(env, &key, &coupon, redemption, &r->redeemed);
}
