/* What an answer says of coupons, as values that outlive the process that has it. */
#include "sim.h"

static void keep_text(char to[NAME_ROOM], struct text t)
{
	size_t n = t.size < NAME_ROOM - 1 ? t.size : NAME_ROOM - 1;
	if (n)
		memcpy(to, t.data, n);
	to[n] = 0;
}

static void keep_event(struct got *g, const struct event *e)
{
	keep_text(g->other, e->other);
	g->event = *e;
	g->event.said = (struct circumstances){0};
	g->event.split = g->event.other = g->event.request = g->event.digest = TEXT_NONE;
}

static void keep_redeemed(struct gots *into, const struct redeemed *rows, unsigned n)
{
	into->n = n;
	for (unsigned i = 0; i < n && i < GOTS_MAX; i++) {
		into->rows[i].id = rows[i].id;
		keep_text(into->rows[i].code, rows[i].code);
		keep_event(&into->rows[i], &rows[i].event);
	}
}

static void keep_granted(struct gots *into, const struct coupon_grant_ret *r)
{
	into->n = r->n;
	for (unsigned i = 0; i < r->n && i < GOTS_MAX; i++) {
		const struct granted *from = &r->results[i];
		struct got *g = &into->rows[i];
		g->fault = from->fault;
		g->id = from->id;
		keep_text(g->code, from->code);
		keep_text(g->other, from->customer_id);
		g->state = from->state;
		g->begin = from->begin;
		g->end = from->end;
	}
}

void keep_gots(const struct op *op, enum fault fault, const union any_ret *ret, struct gots *into)
{
	memset(into, 0, sizeof(*into));
	if (fault != OK)
		return;
	if (op->command == COMMAND_coupon_grant)
		keep_granted(into, &ret->coupon_grant);
	if (op->command == COMMAND_coupon_redeem) {
		keep_redeemed(into, ret->coupon_redeem.coupons, ret->coupon_redeem.n);
		into->discount = ret->coupon_redeem.discount;
	}
	if (op->command == COMMAND_coupon_reverse) {
		keep_redeemed(into, ret->coupon_reverse.coupons, ret->coupon_reverse.n);
		into->discount = ret->coupon_reverse.discount;
	}
	if (op->command == COMMAND_coupon_change) {
		into->n = 1;
		into->rows[0].id = ret->coupon_change.id;
		keep_text(into->rows[0].code, ret->coupon_change.code);
		keep_event(&into->rows[0], &ret->coupon_change.event);
	}
}
