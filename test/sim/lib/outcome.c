/* What an answer says of coupons, as values that outlive the process that has it. */
#include "sim.h"

static void keep_text(char to[NAME_ROOM], struct text t)
{
	size_t n = t.size < NAME_ROOM - 1 ? t.size : NAME_ROOM - 1;
	if (n)
		memcpy(to, t.data, n);
	to[n] = 0;
}

/* Cleared as a whole, so that two of them can be compared as bytes. */
static struct got *clear(struct gots *into, unsigned row)
{
	return memset(&into->rows[row], 0, sizeof(into->rows[row]));
}

/* Member by member: what is between them is nobody's. */
static void keep_event(struct got *g, const struct event *e)
{
	struct event *to = &g->event;
	keep_text(g->other, e->other);
	to->kind = e->kind;
	to->number = e->number;
	to->at = e->at;
	to->state = e->state;
	to->revision = e->revision;
	to->used = e->used;
	to->uses = e->uses;
	to->counted_for = e->counted_for;
	to->end = e->end;
	to->until = e->until;
	to->amount = e->amount;
	to->discount = e->discount;
	to->has_amount = e->has_amount;
	to->reverses = e->reverses;
	to->cause = e->cause;
	to->closes = e->closes;
	to->gave_back = e->gave_back;
}

static void keep_redeemed(struct gots *into, const struct redeemed *rows, unsigned n)
{
	into->n = n;
	for (unsigned i = 0; i < n && i < GOTS_MAX; i++) {
		struct got *g = clear(into, i);
		g->id = rows[i].id;
		keep_text(g->code, rows[i].code);
		keep_event(g, &rows[i].event);
	}
}

static void keep_granted(struct gots *into, const struct coupon_grant_ret *r)
{
	into->n = r->n;
	for (unsigned i = 0; i < r->n && i < GOTS_MAX; i++) {
		const struct granted *from = &r->results[i];
		struct got *g = clear(into, i);
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
	into->n = 0;
	into->discount.fen = 0;
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
		struct got *g = clear(into, 0);
		into->n = 1;
		g->id = ret->coupon_change.id;
		keep_text(g->code, ret->coupon_change.code);
		keep_event(g, &ret->coupon_change.event);
	}
}
