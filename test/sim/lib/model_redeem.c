/*
 * The model, seventh part: what coupons take off an order, redeeming, reversing. The plain cases
 * (an amount alone) are worked out here; carts with items go to the arithmetic of domain/cart.h,
 * which has tests of its own.
 */
#include "model.h"

#include "domain/cart.h"

#include <stdio.h>

enum { EVENTS_OF_REDEEM = EVENTS_USE_MAX, USES_OF_ORDER = 200 };

/* --- places, hours, periods --- */

static bool in_set(struct text set, struct text member)
{
	while (set.size && member.size)
		if (text_equal(text_cut(&set, '\n'), member))
			return true;
	return false;
}

static bool lets_in(struct text in, struct text out, struct text member)
{
	return (!in.size || in_set(in, member)) && !in_set(out, member);
}

/* One window within a day: all that the plan makes. */
static bool is_open(struct world *w, struct text hours)
{
	char line[40] = {0}, days[8] = {0};
	unsigned h1, m1, h2, m2;
	int64_t local = sim_now(w).ms / 60000 + 8 * 60, day = local / (24 * 60);
	unsigned minute = (unsigned)(local % (24 * 60));
	if (!hours.size)
		return true;
	must(hours.size < sizeof(line));
	memcpy(line, hours.data, hours.size);
	must(sscanf(line, "%7[1-7] %2u%2u-%2u%2u", days, &h1, &m1, &h2, &m2) == 5);
	return strchr(days, '1' + (char)((day + 3) % 7)) && minute >= h1 * 60 + m1 &&
	       minute <= h2 * 60 + m2;
}

/* Any number that is the same within a period and another one outside. */
static int64_t period_of(enum period period, struct instant i)
{
	static const int months[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t day = model_day(i), year = 1970, rest = day;
	int month = 0;
	if (period == PERIOD_DAY)
		return day;
	if (period == PERIOD_WEEK)
		return (day + 3) / 7;
	for (int64_t n; n = 365 + (year % 4 == 0), rest >= n; year++) /* up to 2099 */
		rest -= n;
	for (int64_t n; n = months[month] + (month == 1 && year % 4 == 0), rest >= n; month++)
		rest -= n;
	return period == PERIOD_MONTH ? year * 12 + month : year;
}

/* --- counting uses --- */

struct use_count {
	uint64_t all, in_period;
};

static bool gave_back(const struct m_home *m, int coupon, uint64_t number)
{
	for (int i = m->coupons[coupon].first_event; i >= 0; i = m->events[i].next) {
		const struct event *e = &m->events[i].e;
		if (e->kind == EVENT_REVERSED && e->reverses == number && e->gave_back)
			return true;
	}
	return false;
}

/* Those of a template that count against the customer and stand. */
static struct use_count uses_of(const struct happening *h, int template, int customer,
				enum period period)
{
	const struct m_home *m = h->home;
	int64_t now = period_of(period, h->instant);
	struct use_count n = {0};
	for (unsigned c = 0; c < m->coupon_n; c++) {
		if (m->coupons[c].template != template)
			continue;
		for (int i = m->coupons[c].first_event; i >= 0; i = m->events[i].next) {
			const struct m_event *e = &m->events[i];
			if (e->e.kind != EVENT_REDEEMED || e->holder < 0 ||
			    model_person(m, e->holder) != model_person(m, customer) ||
			    gave_back(m, (int)c, e->e.number))
				continue;
			n.all++;
			n.in_period += period_of(period, e->e.at) == now;
		}
	}
	return n;
}

static bool counts_for_person(const struct template *t, int customer)
{
	return customer >= 0 && (t->uses_per_person || t->uses_per_period);
}

/* --- an order --- */

struct company { /* one coupon of the order */
	const struct m_coupon *c;
	int person; /* that has it; -1: nobody */
	struct template terms;
	bool locked;
	uint64_t uses_left, uses_spare;
	int64_t budget_left;
};

struct basket_order {
	struct happening *h;
	struct company all[ORDER_COUPONS_MAX + ORDER_USES_OF_MODEL];
	unsigned asked, n; /* then those that the order has */
	int64_t amount;
	bool known;
};

static void add_reason(struct m_priced *p, enum fault reason)
{
	unsigned at = 0;
	while (at < p->reason_n && p->reasons[at] < reason)
		at++;
	if (at < p->reason_n && p->reasons[at] == reason)
		return;
	must(p->reason_n < REASONS_MAX);
	for (unsigned i = p->reason_n++; i > at; i--)
		p->reasons[i] = p->reasons[i - 1];
	p->reasons[at] = reason;
}

static void reason_if(bool so, struct m_priced *p, enum fault reason)
{
	if (so)
		add_reason(p, reason);
}

static uint64_t left_of(uint64_t limit, uint64_t used)
{
	return !limit ? UINT64_MAX : limit > used ? limit - used : 0;
}

static struct company company_of(struct happening *h, const struct m_coupon *c, bool locked)
{
	struct company x = {.c = c,
			    .person = model_person(h->home, c->customer),
			    .terms = model_terms(h->home, c),
			    .locked = locked,
			    .uses_left = UINT64_MAX,
			    .uses_spare = UINT64_MAX,
			    .budget_left = INT64_MAX};
	const struct template *t = &x.terms;
	if (locked)
		return x;
	if (counts_for_person(t, c->customer)) {
		struct use_count used =
		    uses_of(h, c->template, c->customer, (enum period)t->period);
		x.uses_left = left_of(t->uses_per_person, used.all);
		x.uses_spare = left_of(t->uses_per_period, used.in_period);
	}
	if (t->has_budget) {
		int64_t spent = model_usage(h->w, h->home, c->template).spent.fen;
		x.budget_left = t->budget.fen > spent ? t->budget.fen - spent : 0;
	}
	return x;
}

int model_find_order(const struct m_home *m, struct text order_no)
{
	for (unsigned i = 0; i < m->order_n && order_no.size; i++)
		if (text_equal(m->orders[i].order_no, order_no))
			return (int)i;
	return -1;
}

static void open_order(struct happening *h, const struct m_basket *b, struct basket_order *o)
{
	const struct m_home *m = h->home;
	int at = model_find_order(m, b->order_no);
	o->h = h;
	o->asked = b->n;
	o->n = 0;
	for (unsigned i = 0; i < b->n; i++)
		o->all[o->n++] = company_of(h, &m->coupons[b->coupons[i]], false);
	for (unsigned i = 0; at >= 0 && i < m->orders[at].n; i++) {
		int coupon = m->orders[at].coupons[i];
		if (model_use_stands(m, coupon, m->orders[at].numbers[i]))
			o->all[o->n++] = company_of(h, &m->coupons[coupon], true);
	}
	o->known = b->cart->has_amount || b->cart->n;
	o->amount = b->cart->has_amount ? b->cart->amount.fen : 0;
	for (unsigned i = 0; i < b->cart->n && !b->cart->has_amount; i++)
		o->amount += b->cart->items[i].price.fen * (int64_t)b->cart->items[i].quantity;
}

/* --- an amount alone --- */

static int64_t min_of(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t percent_off(const struct template *t, int64_t left)
{
	int64_t points = (int64_t)t->basis_points, product = left * points;
	switch ((enum rounding)t->rounding) {
	case ROUND_FEN_HALF_UP:
		return product / 10000 + (product % 10000 >= 5000);
	case ROUND_FEN_DOWN:
		return product / 10000;
	case ROUND_JIAO_DOWN:
		return product / 10000 / 10 * 10;
	case ROUND_YUAN_DOWN:
		return product / 10000 / 100 * 100;
	}
	return 0;
}

/* left < 0: the amount is not known. */
static int64_t takes_off(const struct template *t, int64_t left)
{
	int64_t cap = t->has_cap ? t->cap.fen : INT64_MAX, off = 0;
	if ((t->benefit == BENEFIT_AMOUNT_OFF || t->benefit == BENEFIT_NONE) && t->has_amount)
		off = left < 0 ? t->amount.fen : min_of(t->amount.fen, left);
	if (t->benefit == BENEFIT_PERCENT_OFF && left >= 0)
		off = percent_off(t, left);
	return min_of(off, cap);
}

static void reasons_alone(const struct basket_order *o, const struct company *x,
			  const struct cart *cart, struct m_priced *p)
{
	const struct template *t = &x->terms;
	struct world *w = o->h->w;
	reason_if(!is_open(w, t->hours), p, FAULT_HOUR_CLOSED);
	reason_if(!lets_in(t->shops_in, t->shops_out, cart->shop), p, FAULT_SHOP_EXCLUDED);
	reason_if(!lets_in(t->channels_in, t->channels_out, cart->channel), p,
		  FAULT_CHANNEL_EXCLUDED);
	reason_if(t->has_threshold && t->threshold.fen > 0 &&
		      (!o->known || o->amount < t->threshold.fen),
		  p, FAULT_THRESHOLD_MISSED);
	reason_if(x->uses_left == 0, p, FAULT_USES_EXHAUSTED);
	reason_if(x->uses_spare == 0, p, FAULT_PERIOD_EXHAUSTED);
	p->discount = takes_off(t, o->known ? o->amount : -1);
	reason_if(x->budget_left < p->discount, p, FAULT_BUDGET_EXHAUSTED);
	if (p->reason_n)
		p->discount = 0;
}

/* Takes off before the other? */
static bool goes_first(const struct company *a, const struct company *b)
{
	if (a->terms.priority != b->terms.priority)
		return a->terms.priority > b->terms.priority;
	return a->c->id && b->c->id ? a->c->id < b->c->id : a->c < b->c;
}

/* What of the order stands before this one: the locked, and those that have taken already. */
struct before {
	unsigned n, exclusive, grouped, of_template;
	uint64_t uses;
	int64_t spent;
};

static struct before before(const struct basket_order *o, const struct company *x,
			    const bool *taken, const struct m_priced *ret)
{
	struct before s = {0};
	for (unsigned i = 0; i < o->n; i++) {
		const struct company *y = &o->all[i];
		if (y == x || !taken[i])
			continue;
		bool same = y->c->template == x->c->template;
		s.n++;
		s.exclusive += y->terms.exclusive;
		s.grouped += x->terms.stack_group.size &&
			     text_equal(x->terms.stack_group, y->terms.stack_group);
		s.of_template += same;
		s.uses += same && !y->locked && y->person == x->person;
		s.spent += same && !y->locked ? ret[i].discount : 0;
	}
	return s;
}

static void take(const struct basket_order *o, unsigned i, const bool *taken, int64_t left,
		 struct m_priced *ret)
{
	const struct company *x = &o->all[i];
	struct before s = before(o, x, taken, ret);
	struct m_priced *p = &ret[i];
	int64_t off = takes_off(&x->terms, o->known ? left : -1);
	reason_if(s.uses >= x->uses_left, p, FAULT_USES_EXHAUSTED);
	reason_if(s.uses >= x->uses_spare, p, FAULT_PERIOD_EXHAUSTED);
	reason_if(s.spent + off > x->budget_left, p, FAULT_BUDGET_EXHAUSTED);
	reason_if(x->terms.per_order && s.of_template >= x->terms.per_order, p,
		  FAULT_ORDER_EXHAUSTED);
	reason_if(s.exclusive || (x->terms.exclusive && s.n) || s.grouped, p,
		  FAULT_STACKING_REFUSED);
	p->discount = p->reason_n ? 0 : off;
}

static void price_amount(struct basket_order *o, const struct m_basket *b, bool alone,
			 struct m_priced *ret)
{
	bool taken[COUNT_OF(o->all)] = {0}, seen[COUNT_OF(o->all)] = {0};
	int64_t left = o->amount;
	for (unsigned i = 0; i < o->asked; i++)
		reasons_alone(o, &o->all[i], b->cart, &ret[i]);
	for (unsigned i = o->asked; i < o->n; i++)
		taken[i] = seen[i] = true;
	for (unsigned turn = 0; turn < o->asked && !alone; turn++) {
		int next = -1;
		for (unsigned i = 0; i < o->asked; i++)
			if (!seen[i] &&
			    (next < 0 || goes_first(&o->all[i], &o->all[(unsigned)next])))
				next = (int)i;
		seen[next] = true;
		if (ret[next].reason_n)
			continue;
		take(o, (unsigned)next, taken, left, ret);
		taken[next] = ret[next].reason_n == 0;
		left -= ret[next].discount;
	}
}

/* --- items --- */

static void price_items(struct basket_order *o, const struct m_basket *b, bool alone,
			struct m_priced *ret)
{
	static struct cart_coupon coupons[COUNT_OF(o->all)];
	static struct priced priced[COUNT_OF(o->all)];
	static char lent[1024 * 1024];
	struct arena arena;
	struct money total;
	struct env env = {.now = sim_now(o->h->w)};
	arena_init_lent(&arena, lent, sizeof(lent), CALL_BYTES_MAX);
	memset(priced, 0, sizeof(priced));
	for (unsigned i = 0; i < o->n; i++) {
		const struct company *x = &o->all[i];
		uint64_t before = 0;
		for (unsigned k = o->asked; k < o->n; k++)
			before += o->all[k].c->template == x->c->template;
		o->all[i].terms.number = (uint64_t)x->c->template + 1;
		coupons[i] = (struct cart_coupon){.id = x->c->id,
						  .terms = &x->terms,
						  .customer = (uint64_t)(x->person + 1),
						  .uses_left = x->uses_left,
						  .uses_spare = x->uses_spare,
						  .budget_left = x->budget_left,
						  .order_before = before,
						  .locked = x->locked};
	}
	for (unsigned i = 0; i < o->asked; i++) {
		for (unsigned k = 0; k < ret[i].reason_n; k++)
			priced_refuse(&priced[i], ret[i].reasons[k]);
		cart_price(&arena, &env, b->cart, &coupons[i], &priced[i]);
	}
	must(alone || cart_apply(&arena, b->cart, coupons, priced, o->n, &total));
	for (unsigned i = 0; i < o->asked; i++) {
		for (unsigned k = 0; k < priced[i].reason_count; k++)
			add_reason(&ret[i], priced[i].reasons[k]);
		ret[i].discount = priced[i].discount.fen;
	}
	must(!arena.full);
	arena_release(&arena);
}

/* --- both --- */

static void reasons_of_state(struct happening *h, const struct company *x, struct m_priced *p)
{
	const struct m_coupon *c = x->c;
	enum fault fault = model_forbids(h, c, EVENT_REDEEMED);
	reason_if(fault != OK, p, fault);
	reason_if(c->used >= (x->terms.uses ? x->terms.uses : 1) && fault == OK, p,
		  FAULT_COUPON_REDEEMED);
	reason_if(c->begin.ms && sim_now(h->w).ms < c->begin.ms, p, FAULT_COUPON_EARLY);
	reason_if(c->revision >= EVENTS_OF_REDEEM, p, FAULT_COUPON_WORN);
}

static void price(struct happening *h, const struct m_basket *b, bool alone, struct m_priced *ret)
{
	static struct basket_order o;
	open_order(h, b, &o);
	for (unsigned i = 0; i < b->n; i++) {
		ret[i] = (struct m_priced){0};
		reasons_of_state(h, &o.all[i], &ret[i]);
	}
	if (b->cart->n)
		price_items(&o, b, alone, ret);
	else
		price_amount(&o, b, alone, ret);
}

void model_price(struct world *w, const struct m_home *m, const struct m_basket *b, bool alone,
		 struct m_priced *ret)
{
	int64_t now = sim_now(w).ms;
	struct happening h = {.w = w,
			      .home = &w->homes[m - w->homes],
			      .instant = {now > w->newest_ms ? now : w->newest_ms}};
	price(&h, b, alone, ret);
}

/* --- redeem --- */

struct redeeming {
	const struct coupon_redeem_cmd *cmd;
	int at[ORDER_COUPONS_MAX];
	struct m_priced priced[ORDER_COUPONS_MAX + ORDER_USES_OF_MODEL];
};

static bool bad_redeem(struct happening *h, const struct coupon_redeem_cmd *c)
{
	if (c->n == 0)
		return refused(h, FAULT_PARAMETER_MISSING, "code");
	if (c->n > ORDER_COUPONS_MAX)
		return refused(h, FAULT_TOO_MANY, "codes");
	if (c->n > 1 && !c->said.order_no.size)
		return refused(h, FAULT_PARAMETER_MISSING, "order_no");
	if (c->cart.has_amount && c->cart.amount.fen < 0)
		return refused(h, FAULT_PARAMETER_INVALID, "amount_fen");
	return false;
}

static bool bad_coupons(struct happening *h, struct redeeming *r)
{
	for (unsigned i = 0; i < r->cmd->n; i++) {
		r->at[i] = model_find_code(h->home, r->cmd->codes[i], true);
		if (r->at[i] < 0)
			return refused(h, FAULT_COUPON_UNKNOWN, "code");
		for (unsigned k = 0; k < i; k++)
			if (r->at[k] == r->at[i])
				return refused(h, FAULT_COUPON_REPEATED, "code");
	}
	return false;
}

static bool redeem_again(struct happening *h, struct redeeming *r)
{
	const struct request_number *number = &r->cmd->request;
	const struct m_event *events[ORDER_COUPONS_MAX];
	struct m_request *known = NULL;
	if (r->cmd->n > 1)
		known = model_remembered_number(h, COMMAND_coupon_redeem, "redeem", number->key);
	bool heard = known != NULL, all = true;
	bool same = !known || text_equal(known->digest, number->digest);
	for (unsigned i = 0; i < r->cmd->n; i++) {
		events[i] = model_event_of(h->home, r->at[i], number->key);
		heard |= events[i] != NULL;
		all &= events[i] && events[i]->e.kind == EVENT_REDEEMED;
		same &= !events[i] || text_equal(events[i]->digest, number->digest);
	}
	if (!heard)
		return false;
	if (!same || !all)
		return refused(h, FAULT_REQUEST_REUSED, "request_no");
	accepted(h);
	for (unsigned i = 0; i < r->cmd->n; i++)
		expect_got(h, &gots_of(h)->rows[i], r->at[i], events[i]);
	h->w->repeats++;
	return true;
}

static bool unusable(struct happening *h, const struct redeeming *r)
{
	for (unsigned i = 0; i < r->cmd->n; i++)
		if (r->priced[i].reason_n)
			return refused(h, r->priced[i].reasons[0], "code");
	return false;
}

static struct m_order *order_for(struct happening *h, struct text order_no)
{
	struct m_home *m = h->home;
	int at = model_find_order(m, order_no);
	if (at >= 0)
		return &m->orders[at];
	must(m->order_n < ORDERS_OF_MODEL);
	m->orders[m->order_n] = (struct m_order){.order_no = order_no, .created = h->instant};
	return &m->orders[m->order_n++];
}

static bool order_is_full(struct happening *h, const struct coupon_redeem_cmd *c)
{
	const struct m_home *m = h->home;
	int at = model_find_order(m, c->said.order_no);
	unsigned standing = 0;
	for (unsigned i = 0; at >= 0 && i < m->orders[at].n; i++)
		standing += model_use_stands(m, m->orders[at].coupons[i], m->orders[at].numbers[i]);
	if (standing + c->n > ORDER_COUPONS_MAX)
		return refused(h, FAULT_TOO_MANY, "order_no");
	return false;
}

static void redeem_one(struct happening *h, struct redeeming *r, unsigned i)
{
	const struct coupon_redeem_cmd *c = r->cmd;
	struct m_coupon *k = &h->home->coupons[r->at[i]];
	struct template terms = model_terms(h->home, k);
	struct money total = c->cart.amount;
	bool whole = h->w->canary_life; /* the second canary: uses are not used up */
	model_settle(h, k);
	k->used++;
	if (k->used >= (terms.uses ? terms.uses : 1) && !whole)
		k->state = COUPON_REDEEMED;
	struct m_event *e = model_event(h, r->at[i], EVENT_REDEEMED, &c->said, &c->request);
	for (unsigned j = 0; j < c->cart.n && !c->cart.has_amount; j++)
		total.fen += c->cart.items[j].price.fen * (int64_t)c->cart.items[j].quantity;
	e->e.amount = total;
	e->e.has_amount = c->cart.has_amount || c->cart.n;
	e->e.discount.fen = r->priced[i].discount;
	e->holder = counts_for_person(&terms, k->customer) ? k->customer : -1;
	if (c->said.order_no.size) {
		struct m_order *o = order_for(h, c->said.order_no);
		o->coupons[o->n] = r->at[i];
		o->numbers[o->n++] = e->e.number;
	}
	expect_got(h, &gots_of(h)->rows[i], r->at[i], e);
}

void rule_coupon_redeem(struct happening *h)
{
	const struct coupon_redeem_cmd *c = &h->op->cmd.coupon_redeem;
	static struct redeeming r;
	r.cmd = c;
	if (bad_redeem(h, c) || bad_coupons(h, &r) || redeem_again(h, &r))
		return;
	if (c->n == 1 && c->revision && c->revision != h->home->coupons[r.at[0]].revision + 1 &&
	    refused(h, FAULT_PRECONDITION_FAILED, "if-match"))
		return;
	struct m_basket b = {&c->cart, r.at, c->n, c->said.order_no};
	int order = model_find_order(h->home, c->said.order_no);
	if (order_is_full(h, c))
		return;
	price(h, &b, false, r.priced);
	if (unusable(h, &r))
		return;
	if (order >= 0 && h->home->orders[order].n + c->n > USES_OF_ORDER &&
	    refused(h, FAULT_LIMIT_REACHED, "order_no"))
		return;
	accepted(h);
	int64_t sum = 0;
	for (unsigned i = 0; i < c->n; i++) {
		redeem_one(h, &r, i);
		sum += r.priced[i].discount;
	}
	expect_number(h, "discount of all", (uint64_t)gots_of(h)->discount.fen, (uint64_t)sum);
	if (c->n > 1 && c->request.key.size)
		model_remember_number(h, COMMAND_coupon_redeem, "redeem", c->request.key)->digest =
		    c->request.digest;
	h->wrote = true;
}
