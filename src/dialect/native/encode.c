/* Coupons and what is done with them. */
#include "dialect/native/encode.h"

/* --- events --- */

static void show_event(struct out *o, const char *name, const struct event *e)
{
	write_begin(&o->w, name);
	NATIVE_EVENT(SHOW)
	write_end(&o->w);
}

static void show_events(struct out *o, const struct coupon_show_ret *shown)
{
	write_begin_list(&o->w, "events", "event");
	for (unsigned i = 0; i < shown->n; i++)
		show_event(o, "event", &shown->events[i]);
	write_end(&o->w);
}

/* --- a coupon --- */

static void show_coupon(struct out *o, const struct coupon_view *v)
{
	const struct coupon *c = v->coupon;
	const struct template *t = v->template;
	NATIVE_COUPON(SHOW)
}

/* What a public key sees: no more than stands on the coupon. */
static enum fault show_publicly(struct call *call, const struct coupon_view *v)
{
	const struct coupon *c = v->coupon;
	const struct template *t = v->template;
	struct instant now = call->env->now;
	struct out out, *o = &out;
	bool early = !instant_is_none(c->begin) && now.ms < c->begin.ms;
	if (v->state != COUPON_UNUSED || early)
		return native_refuse_public(call);
	out_begin(o, call);
	NATIVE_COUPON_PUBLIC(SHOW)
	out_end(o);
	return OK;
}

enum fault native_encode_coupon_show(struct call *call, const void *from)
{
	const struct coupon_show_ret *shown = from;
	const struct native_state *s = call->state;
	const struct coupon_view *v = &shown->view;
	struct out out, *o = &out;
	if (s->is_public)
		return show_publicly(call, v);
	out_begin(o, call);
	show_coupon(o, v);
	show_events(o, shown);
	out_end(o);
	const struct coupon_show_cmd *cmd = call->cmd;
	if (instant_is_none(cmd->as_of))
		out_etag(call, v->coupon->revision);
	return OK;
}

enum fault native_encode_coupon_page(struct call *call, const void *from)
{
	const struct coupon_page_ret *ret = from;
	struct out o;
	PAGE_BEGIN(o, call);
	for (unsigned i = 0; i < ret->n; i++) {
		write_begin(&o.w, "row");
		show_coupon(&o, &ret->rows[i]);
		write_end(&o.w);
	}
	return page_end(&o, ret->next);
}

enum fault native_encode_change(struct call *call, const void *from)
{
	const struct coupon_change_ret *ret = from;
	const struct event *e = &ret->event;
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_CHANGED(SHOW)
	out_end(o);
	out_etag(call, e->revision);
	return OK;
}

/* --- issuing --- */

static void show_granted_list(struct out *o, const struct coupon_grant_ret *ret)
{
	write_begin_list(&o->w, "coupons", "coupon");
	for (unsigned i = 0; i < ret->n; i++) {
		const struct granted *g = &ret->results[i];
		write_begin(&o->w, "coupon");
		NATIVE_GRANTED(SHOW)
		write_end(&o->w);
	}
	write_end(&o->w);
}

/* Nothing issued is a refusal: the first coupon's. */
enum fault native_encode_grant(struct call *call, const void *from)
{
	const struct coupon_grant_ret *ret = from;
	const struct coupon_grant_cmd *cmd = call->cmd;
	struct out out, *o = &out;
	if (ret->n && !ret->issued && ret->results[0].fault != OK)
		return ret->results[0].fault;
	out_begin(o, call);
	NATIVE_GRANT_SHOWN(SHOW)
	out_end(o);
	return OK;
}

/* --- redemptions --- */

static void show_redemption_id(struct out *o, const struct redeemed *r)
{
	enum { NUMBER_MAX = 20 };
	char id[PUBLIC_ID_SIZE + 1 + NUMBER_MAX];
	struct buffer b;
	public_id(r->id, id);
	buffer_init_fixed(&b, id, sizeof(id));
	b.size = PUBLIC_ID_SIZE;
	buffer_byte(&b, '-');
	buffer_uint64(&b, r->event.reverses ? r->event.reverses : r->event.number);
	write_plain(&o->w, "redemption_id", buffer_get(&b));
}

static void show_redemption(struct out *o, const struct redeemed *r)
{
	const struct event *e = &r->event;
	NATIVE_REDEMPTION(SHOW)
}

static void show_redemption_list(struct out *o, const struct redeemed *rows, unsigned n)
{
	write_begin_list(&o->w, "coupons", "coupon");
	for (unsigned i = 0; i < n; i++) {
		write_begin(&o->w, "coupon");
		show_redemption(o, &rows[i]);
		write_end(&o->w);
	}
	write_end(&o->w);
}

struct redemptions {
	struct text order_no;
	const struct money *amount, *discount; /* NULL: not said */
	const struct redeemed *rows;
	unsigned n;
};

static enum fault encode_redemptions(struct call *call, const struct redemptions *all)
{
	struct text order_no = all->order_no;
	const struct money *amount = all->amount, *discount = all->discount;
	const struct redeemed *rows = all->rows;
	unsigned n = all->n;
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_REDEMPTIONS(SHOW)
	out_end(o);
	return OK;
}

static enum fault encode_one(struct call *call, const struct redeemed *rows, unsigned n)
{
	struct out o;
	must(n > 0);
	out_begin(&o, call);
	show_redemption(&o, &rows[0]);
	out_end(&o);
	out_etag(call, rows[0].event.revision);
	return OK;
}

static void show_reversals(struct out *o, const struct redemption_get_ret *ret)
{
	write_begin_list(&o->w, "reversals", "event");
	for (unsigned i = 0; i < ret->n; i++)
		show_event(o, "event", &ret->reversals[i]);
	write_end(&o->w);
}

enum fault native_encode_redemption(struct call *call, const void *from)
{
	const struct redemption_get_ret *ret = from;
	const struct redeemed *r = &ret->redeemed;
	const struct event *e = &r->event;
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_REDEMPTION_SHOWN(SHOW)
	out_end(o);
	return OK;
}

enum fault native_encode_redeem(struct call *call, const void *from)
{
	const struct coupon_redeem_ret *ret = from;
	return encode_one(call, ret->coupons, ret->n);
}

enum fault native_encode_redeem_many(struct call *call, const void *from)
{
	const struct coupon_redeem_ret *ret = from;
	const struct coupon_redeem_cmd *cmd = call->cmd;
	return encode_redemptions(call,
				  &(struct redemptions){cmd->said.order_no, &ret->amount,
							&ret->discount, ret->coupons, ret->n});
}

enum fault native_encode_reverse(struct call *call, const void *from)
{
	const struct coupon_reverse_ret *ret = from;
	return encode_one(call, ret->coupons, ret->n);
}

enum fault native_encode_reverse_order(struct call *call, const void *from)
{
	const struct coupon_reverse_ret *ret = from;
	const struct coupon_reverse_cmd *cmd = call->cmd;
	return encode_redemptions(
	    call, &(struct redemptions){cmd->order_no, NULL, &ret->discount, ret->coupons, ret->n});
}

enum fault native_encode_order(struct call *call, const void *from)
{
	const struct purchase_get_ret *ret = from;
	const struct purchase_get_cmd *cmd = call->cmd;
	return encode_redemptions(
	    call, &(struct redemptions){cmd->order_no, NULL, NULL, ret->coupons, ret->n});
}

/* --- what they would take off --- */

static void show_reasons(struct out *o, const struct priced *p)
{
	write_begin_list(&o->w, "reasons", "reason");
	for (unsigned i = 0; i < p->reason_count; i++)
		show_reason(o, "reason", p->reasons[i]);
	write_end(&o->w);
}

static void show_priced(struct out *o, const struct priced *p, unsigned items)
{
	NATIVE_PRICED(SHOW)
}

static void show_priced_list(struct out *o, const struct priced *rows, unsigned n, unsigned items)
{
	write_begin_list(&o->w, "coupons", "coupon");
	for (unsigned i = 0; i < n; i++) {
		write_begin(&o->w, "coupon");
		show_priced(o, &rows[i], items);
		write_end(&o->w);
	}
	write_end(&o->w);
}

/* The coupon is another's than was said, or nobody's: one reason more, in its place. */
static enum fault check_owner(struct call *call, struct priced *p)
{
	const struct native_state *s = call->state;
	const struct coupon_check_cmd *cmd = call->cmd;
	struct customer_get_cmd get = {.customer = s->owner ? *s->owner : (struct customer){0}};
	struct customer_get_ret got = {0};
	struct coupon_show_cmd show = {.code = cmd->codes[0], .folded = true};
	struct coupon_show_ret shown = {0};
	bool unknown = p->reason_count && p->reasons[0] == FAULT_COUPON_UNKNOWN;
	if (!s->owner || unknown || p->reason_count == REASONS_MAX)
		return OK;
	enum fault fault = call_read(call, COMMAND_customer_get, &get, &got);
	if (fault != OK && fault != FAULT_CUSTOMER_UNKNOWN)
		return fault;
	TRY(call_read(call, COMMAND_coupon_show, &show, &shown));
	const struct customer *holder = shown.view.customer;
	if (fault == OK && holder && text_equal(holder->customer_id, got.customer.customer_id))
		return OK;
	priced_refuse(p, holder ? FAULT_COUPON_OWNED : FAULT_COUPON_NOBODYS);
	return OK;
}

enum fault native_encode_validate(struct call *call, const void *from)
{
	const struct coupon_check_ret *ret = from;
	const struct native_state *s = call->state;
	struct out o;
	must(ret->n == 1);
	struct priced priced = ret->coupons[0];
	TRY(check_owner(call, &priced));
	if (s->is_public && priced.reason_count)
		return native_refuse_public(call);
	if (s->is_public)
		priced.id = 0;
	out_begin(&o, call);
	show_priced(&o, &priced, s->item_count);
	out_end(&o);
	return OK;
}

static void show_best_coupon(struct out *o, const struct coupon_qualify_ret *ret, unsigned i,
			     unsigned items)
{
	const struct priced *p = &ret->coupons[ret->best[i]];
	struct money discount = ret->best_discounts[i];
	const struct money *split = ret->best_splits && items ? ret->best_splits[i] : NULL;
	write_begin(&o->w, "coupon");
	NATIVE_BEST_COUPON(SHOW)
	write_end(&o->w);
}

static void show_best_list(struct out *o, const struct coupon_qualify_ret *ret, unsigned items)
{
	write_begin_list(&o->w, "coupons", "coupon");
	for (unsigned i = 0; i < ret->best_count; i++)
		show_best_coupon(o, ret, i, items);
	write_end(&o->w);
}

static void show_best(struct out *o, const struct coupon_qualify_ret *ret, unsigned items)
{
	write_begin(&o->w, "best");
	NATIVE_BEST(SHOW)
	write_end(&o->w);
}

enum fault native_encode_qualify(struct call *call, const void *from)
{
	const struct coupon_qualify_ret *ret = from;
	const struct native_state *s = call->state;
	unsigned items = s->item_count;
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_QUALIFIED(SHOW)
	out_end(o);
	return OK;
}
