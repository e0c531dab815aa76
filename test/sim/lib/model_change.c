/* The model, sixth part: the verbs on one coupon, but redeem and reverse. */
#include "model.h"

enum { EVENTS_OF_ANYBODY = 150 };

struct changing {
	const struct coupon_change_cmd *cmd;
	int at;
	struct m_coupon *c;
	/* for the event */
	struct instant end, until;
	int other_coupon, other_customer;
};

static bool refuse_coupon(struct happening *h, enum fault fault)
{
	return refused(h, fault, "code");
}

static void leave_hold(struct m_coupon *c, enum coupon_state state)
{
	c->state = state;
	c->held = false;
	c->until = INSTANT_NONE;
	c->due = 0;
}

/* --- where it is --- */

static void confirm(struct happening *h, struct changing *x)
{
	const struct m_template *t = &h->home->templates[x->c->template];
	x->until = x->c->end;
	if (t->more.is_relative)
		model_dates(h, t, &x->c->begin, &x->c->end);
	x->end = x->c->end;
	leave_hold(x->c, COUPON_UNUSED);
}

static void end_it(struct happening *h, struct changing *x)
{
	if (x->c->held)
		model_return(h, x->at);
	leave_hold(x->c, COUPON_RECALLED);
}

static bool bad_freeze(struct happening *h, struct changing *x)
{
	if (x->cmd->until.ms && x->cmd->until.ms <= sim_now(h->w).ms)
		return refused(h, FAULT_PARAMETER_INVALID, "until");
	x->c->state = COUPON_FROZEN;
	x->c->until = x->until = x->cmd->until;
	return false;
}

static bool bad_extend(struct happening *h, struct changing *x)
{
	struct instant end = x->cmd->until;
	if (!end.ms)
		return refused(h, FAULT_PARAMETER_MISSING, "until");
	if (is_past_second(h->w, end) || !x->c->end.ms || end.ms <= x->c->end.ms)
		return refused(h, FAULT_PARAMETER_INVALID, "until");
	x->until = x->c->end;
	x->c->end = x->end = end;
	return false;
}

/* --- elsewhere --- */

static bool bad_hand_over(struct happening *h, struct changing *x)
{
	struct m_home *m = h->home;
	bool transfer = x->cmd->verb == EVENT_TRANSFERRED, any;
	if (transfer && x->c->customer < 0)
		return refuse_coupon(h, FAULT_COUPON_NOBODYS);
	if (!transfer && x->c->customer >= 0)
		return refuse_coupon(h, FAULT_COUPON_OWNED);
	int to = model_find_holder(m, &x->cmd->holder, &any), none;
	const char *clash =
	    any && to < 0 ? model_holder_clash(m, &x->cmd->holder, m->customer_n, &none) : NULL;
	if (clash)
		return refused(h, FAULT_VALUE_TAKEN, clash);
	if (!any)
		return refused(h, FAULT_PARAMETER_MISSING, "customer");
	if (to >= 0 && m->customers[to].erased.ms)
		return refused(h, FAULT_CUSTOMER_UNKNOWN, "customer");
	if (to >= 0 && to == model_person(m, x->c->customer))
		return refused(h, FAULT_COUPON_OWNED, "customer");
	enum fault fault = model_allows_person(h, x->c->template, to);
	if (fault != OK)
		return refused(h, fault, "customer");
	const struct m_template *t = &m->templates[x->c->template];
	if ((transfer || !t->more.is_relative) && is_past_second(h->w, x->c->end))
		return refuse_coupon(h, FAULT_COUPON_ENDED);
	if (to < 0)
		to = model_new_holder(h, &x->cmd->holder);
	if (!transfer && t->more.is_relative) {
		x->until = x->c->end;
		model_dates(h, t, &x->c->begin, &x->c->end);
		x->end = x->c->end;
	}
	x->c->customer = x->other_customer = to;
	x->c->arrived = ++m->arrivals;
	model_receive(h, x->at, false, false);
	return false;
}

static const struct request_number no_number;

static bool bad_reissue(struct happening *h, struct changing *x)
{
	struct m_home *m = h->home;
	struct m_coupon old = *x->c, made = model_fresh(h, old.template, old.customer);
	if (old.used)
		return refuse_coupon(h, FAULT_COUPON_REDEEMED);
	made.channel = old.channel;
	made.attribute = old.attribute;
	made.issued = old.issued;
	made.begin = old.begin;
	made.end = old.end;
	made.edition = old.edition;
	x->other_coupon = model_new_coupon(h, &made);
	struct m_event *e =
	    model_event(h, x->other_coupon, EVENT_ISSUED, &x->cmd->said, &no_number);
	e->e.end = made.end;
	e->other_coupon = x->at;
	x->c->state = COUPON_RECALLED;
	/* The newest one that somebody got is now this. */
	int last = old.customer >= 0 ? model_last(m, old.template, old.customer) : -1;
	for (unsigned i = m->receipt_n; i > 0 && last == x->at; i--) {
		struct m_receipt *r = &m->receipts[i - 1];
		if (r->customer != old.customer || r->coupon != x->at)
			continue;
		r->coupon = x->other_coupon;
		break;
	}
	return false;
}

/* --- the command --- */

/* True when it is refused; else the coupon is as it will be. */
static bool apply(struct happening *h, struct changing *x)
{
	switch (x->cmd->verb) {
	case EVENT_CONFIRMED:
		confirm(h, x);
		return false;
	case EVENT_RELEASED:
	case EVENT_RECALLED:
		end_it(h, x);
		return false;
	case EVENT_FROZEN:
		return bad_freeze(h, x);
	case EVENT_UNFROZEN:
		x->c->state = COUPON_UNUSED;
		x->c->until = INSTANT_NONE;
		return false;
	case EVENT_EXTENDED:
		return bad_extend(h, x);
	case EVENT_ASSIGNED:
	case EVENT_TRANSFERRED:
		return bad_hand_over(h, x);
	case EVENT_REISSUED:
		return bad_reissue(h, x);
	case EVENT_ISSUED:
	case EVENT_HELD:
	case EVENT_REDEEMED:
	case EVENT_REVERSED:
	case EVENT_COUNT:
		break;
	}
	must_failed("a verb of the plan", __FILE__, __LINE__);
	return true;
}

static bool change_again(struct happening *h, int at, const struct request_number *number)
{
	const struct m_event *first = model_event_of(h->home, at, number->key);
	if (!first)
		return false;
	if (!text_equal(first->digest, number->digest))
		return refused(h, FAULT_REQUEST_REUSED, "request_no");
	accepted(h);
	expect_got(h, &gots_of(h)->rows[0], at, first);
	h->w->repeats++;
	return true;
}

static bool forbidden(struct happening *h, const struct coupon_change_cmd *c,
		      const struct m_coupon *k)
{
	enum fault fault = model_forbids(h, k, c->verb);
	if (c->revision && c->revision != k->revision + 1)
		return refused(h, FAULT_PRECONDITION_FAILED, "if-match");
	if (fault != OK)
		return refuse_coupon(h, fault);
	if (c->verb != EVENT_RECALLED && k->revision >= EVENTS_OF_ANYBODY)
		return refuse_coupon(h, FAULT_COUPON_WORN);
	return false;
}

void rule_coupon_change(struct happening *h)
{
	const struct coupon_change_cmd *c = &h->op->cmd.coupon_change;
	struct m_home *m = h->home;
	int at = model_find_code(m, c->code, true);
	if (at < 0 && refuse_coupon(h, FAULT_COUPON_UNKNOWN))
		return;
	if (change_again(h, at, &c->request))
		return;
	struct m_coupon before = m->coupons[at], now = before;
	struct changing x = {
	    .cmd = c, .at = at, .c = &now, .other_coupon = -1, .other_customer = -1};
	model_settle(h, &now);
	if (forbidden(h, c, &now))
		return;
	m->coupons[at] = now;
	x.c = &m->coupons[at];
	if (apply(h, &x)) {
		m->coupons[at] = before;
		return;
	}
	accepted(h);
	struct m_event *e = model_event(h, at, c->verb, &c->said, &c->request);
	e->e.end = x.end;
	e->e.until = x.until;
	e->other_coupon = x.other_coupon;
	e->other_customer = x.other_customer;
	expect_got(h, &gots_of(h)->rows[0], at, e);
	h->wrote = true;
}
