/* The model, eighth part: redemptions are given back, whole or in part. */
#include "model.h"

enum { EVENTS_OF_PARTS = EVENTS_USE_MAX };

/* A redemption, and what of it was given back before. */
struct back {
	int coupon;
	const struct m_event *of;
	int64_t amount, discount;
	bool all;
};

static struct back back_of(const struct m_home *m, int coupon, const struct m_event *of)
{
	struct back b = {.coupon = coupon, .of = of};
	for (int i = m->coupons[coupon].first_event; i >= 0; i = m->events[i].next) {
		const struct event *e = &m->events[i].e;
		if (e->kind != EVENT_REVERSED || e->reverses != of->e.number)
			continue;
		b.amount += e->amount.fen;
		b.discount += e->discount.fen;
		b.all |= e->closes;
	}
	return b;
}

static const struct m_event *event_at(const struct m_home *m, int coupon, uint64_t number)
{
	for (int i = m->coupons[coupon].first_event; i >= 0; i = m->events[i].next)
		if (m->events[i].e.number == number)
			return &m->events[i];
	must_failed("an order's redemption", __FILE__, __LINE__);
	return NULL;
}

/* --- which --- */

/* The coupon's last that stands and is as named. True when it is refused. */
static bool bad_choice(struct happening *h, const struct coupon_reverse_cmd *c, int coupon,
		       struct back *ret)
{
	const struct m_home *m = h->home;
	bool any = false;
	ret->of = NULL;
	for (int i = m->coupons[coupon].first_event; i >= 0; i = m->events[i].next) {
		const struct m_event *e = &m->events[i];
		if (e->e.kind != EVENT_REDEEMED || (c->number && e->e.number != c->number) ||
		    (c->order_no.size && !text_equal(e->e.said.order_no, c->order_no)))
			continue;
		struct back b = back_of(m, coupon, e);
		any = true;
		if (!b.all)
			*ret = b;
	}
	if (ret->of)
		return false;
	if (!any && c->number)
		return refused(h, FAULT_PARAMETER_INVALID, "redemption_id");
	if (!any && c->order_no.size)
		return refused(h, FAULT_ORDER_UNKNOWN, "order_no");
	return refused(h, FAULT_COUPON_IDLE, "code");
}

/* --- how much --- */

static bool bad_amount(struct happening *h, const struct coupon_reverse_cmd *c,
		       const struct back *b)
{
	int64_t left = b->of->e.amount.fen - b->amount;
	if (!c->has_amount)
		return false;
	if (!b->of->e.has_amount || c->amount.fen <= 0 || c->amount.fen > left)
		return refused(h, FAULT_PARAMETER_INVALID, "amount_fen");
	if (c->amount.fen < left && h->home->coupons[b->coupon].revision >= EVENTS_OF_PARTS)
		return refused(h, FAULT_COUPON_WORN, "code");
	return false;
}

static bool comes_back(const struct template *t, enum reverse_cause cause)
{
	return t->give_back == GIVE_BACK_ALWAYS ||
	       (t->give_back == GIVE_BACK_ON_CANCEL && cause == CAUSE_CANCEL);
}

static struct m_event *give_back(struct happening *h, const struct coupon_reverse_cmd *c,
				 const struct back *b)
{
	struct m_coupon *k = &h->home->coupons[b->coupon];
	struct template terms = model_terms(h->home, k);
	const struct event *of = &b->of->e;
	int64_t left = of->amount.fen - b->amount, part = c->has_amount ? c->amount.fen : left;
	bool closes = !of->has_amount || part == left, use = closes && comes_back(&terms, c->cause);
	int64_t due =
	    closes ? of->discount.fen : of->discount.fen * (b->amount + part) / of->amount.fen;
	struct circumstances said = c->said;
	said.order_no = of->said.order_no;
	model_settle(h, k);
	if (use) {
		k->used--;
		k->state = k->state == COUPON_REDEEMED ? COUPON_UNUSED : k->state;
	}
	struct m_event *e = model_event(h, b->coupon, EVENT_REVERSED, &said, &c->request);
	e->e.reverses = of->number;
	e->e.cause = c->cause;
	e->e.has_amount = of->has_amount;
	e->e.amount.fen = part;
	e->e.discount.fen = due - b->discount;
	e->e.closes = closes;
	e->e.gave_back = use;
	return e;
}

/* --- one coupon --- */

static void reverse_one(struct happening *h, const struct coupon_reverse_cmd *c)
{
	struct m_home *m = h->home;
	struct back b;
	int at = model_find_code(m, c->code, true);
	if (at < 0 && refused(h, FAULT_COUPON_UNKNOWN, "code"))
		return;
	const struct m_event *first = model_event_of(m, at, c->request.key);
	if (first) {
		if ((!text_equal(first->digest, c->request.digest) ||
		     first->e.kind != EVENT_REVERSED) &&
		    refused(h, FAULT_REQUEST_REUSED, "request_no"))
			return;
		accepted(h);
		expect_got(h, &gots_of(h)->rows[0], at, first);
		h->w->repeats++;
		return;
	}
	if (c->revision && c->revision != m->coupons[at].revision + 1 &&
	    refused(h, FAULT_PRECONDITION_FAILED, "if-match"))
		return;
	if (bad_choice(h, c, at, &b) || bad_amount(h, c, &b))
		return;
	accepted(h);
	struct m_event *e = give_back(h, c, &b);
	expect_got(h, &gots_of(h)->rows[0], at, e);
	expect_number(h, "given back", (uint64_t)gots_of(h)->discount.fen,
		      (uint64_t)e->e.discount.fen);
	h->wrote = true;
}

/* --- a whole order --- */

/* What the first call gave back of it; NULL: nothing. */
static const struct m_event *first_of(const struct m_home *m, const struct m_order *o, unsigned i,
				      struct text key)
{
	for (int at = m->coupons[o->coupons[i]].first_event; at >= 0; at = m->events[at].next) {
		const struct m_event *e = &m->events[at];
		if (e->e.kind == EVENT_REVERSED && e->e.reverses == o->numbers[i] &&
		    text_equal(e->key, key))
			return e;
	}
	return NULL;
}

static void order_again(struct happening *h, const struct coupon_reverse_cmd *c,
			const struct m_order *o)
{
	const struct gots *gots = gots_of(h);
	unsigned n = 0;
	accepted(h);
	for (unsigned i = 0; i < o->n; i++) {
		const struct m_event *e = first_of(h->home, o, i, c->request.key);
		if (e && n < GOTS_MAX)
			expect_got(h, &gots->rows[n], o->coupons[i], e);
		n += e != NULL;
	}
	expect_number(h, "given back", gots->n, n);
	h->w->repeats++;
}

static bool bad_parts(struct happening *h, const struct coupon_reverse_cmd *c,
		      const struct back *backs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (bad_amount(h, c, &backs[i]))
			return true;
	return false;
}

static void reverse_all(struct happening *h, const struct coupon_reverse_cmd *c,
			const struct m_order *o)
{
	struct back backs[ORDER_USES_OF_MODEL];
	const struct gots *gots = gots_of(h);
	int64_t sum = 0;
	unsigned n = 0;
	for (unsigned i = 0; i < o->n; i++) {
		backs[n] = back_of(h->home, o->coupons[i],
				   event_at(h->home, o->coupons[i], o->numbers[i]));
		n += !backs[n].all;
	}
	if (n == 0 && refused(h, FAULT_COUPON_IDLE, "order_no"))
		return;
	if (bad_parts(h, c, backs, n))
		return;
	accepted(h);
	expect_number(h, "redemptions given back", gots->n, n);
	for (unsigned i = 0; i < n; i++) {
		const struct m_event *e = give_back(h, c, &backs[i]);
		sum += e->e.discount.fen;
		if (i < GOTS_MAX)
			expect_got(h, &gots->rows[i], backs[i].coupon, e);
	}
	expect_number(h, "given back", (uint64_t)gots->discount.fen, (uint64_t)sum);
	if (c->request.key.size)
		model_remember_number(h, COMMAND_coupon_reverse, "reverse", c->request.key)
		    ->digest = c->request.digest;
	h->wrote = true;
}

void rule_coupon_reverse(struct happening *h)
{
	const struct coupon_reverse_cmd *c = &h->op->cmd.coupon_reverse;
	if (!c->code.size && !c->order_no.size && refused(h, FAULT_PARAMETER_MISSING, "code"))
		return;
	if (c->code.size) {
		reverse_one(h, c);
		return;
	}
	int at = model_find_order(h->home, c->order_no);
	if (at < 0 && refused(h, FAULT_ORDER_UNKNOWN, "order_no"))
		return;
	const struct m_order *o = &h->home->orders[at];
	struct m_request *known =
	    model_remembered_number(h, COMMAND_coupon_reverse, "reverse", c->request.key);
	if (known && !text_equal(known->digest, c->request.digest) &&
	    refused(h, FAULT_REQUEST_REUSED, "request_no"))
		return;
	bool heard = known != NULL, same = true;
	for (unsigned i = 0; i < o->n; i++) {
		const struct m_event *e = model_event_of(h->home, o->coupons[i], c->request.key);
		heard |= e && e->e.kind == EVENT_REVERSED;
		same &= !e || text_equal(e->digest, c->request.digest);
	}
	if (!same && refused(h, FAULT_REQUEST_REUSED, "request_no"))
		return;
	if (heard)
		order_again(h, c, o);
	else
		reverse_all(h, c, o);
}
