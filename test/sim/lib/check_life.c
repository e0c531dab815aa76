/*
 * Readings of a coupon's life against the model, and what must hold whatever the model says: no
 * limit is passed, no coupon used too often, timelines and counters add up.
 */
#include "check.h"

enum { SOME = 12, MANY = 4000 };

/* What all timelines of a template say. */
struct sums {
	uint64_t coupons, redeemed;
	int64_t spent;
};
static struct sums sums[TEMPLATES_OF_MODEL];

static const char *code_name(struct text code)
{
	static char name[NAME_ROOM];
	snprintf(name, sizeof(name), "%.*s", TEXT_ARG(code));
	return name;
}

/* --- one coupon --- */

static void same_event(struct checker *c, const struct event *have, const struct m_event *e)
{
	struct m_home *h = c->h;
	const struct event *want = &e->e;
	same_number(c, "event's kind", have->kind, want->kind);
	same_number(c, "event's number", have->number, want->number);
	same_instant(c, "event's instant", have->at, want->at);
	same_number(c, "event's state", have->state, want->state);
	same_number(c, "event's uses that stand", have->used, want->used);
	same_instant(c, "event's end", have->end, want->end);
	same_instant(c, "event's until", have->until, want->until);
	same_number(c, "event's has_amount", have->has_amount, want->has_amount);
	same_number(c, "event's amount", (uint64_t)have->amount.fen, (uint64_t)want->amount.fen);
	same_number(c, "event's discount", (uint64_t)have->discount.fen,
		    (uint64_t)want->discount.fen);
	same_number(c, "event reverses", have->reverses, want->reverses);
	same_number(c, "event's cause", have->cause, want->cause);
	same_number(c, "event closes", have->closes, want->closes);
	same_number(c, "event gave back", have->gave_back, want->gave_back);
	same_text(c, "event's reason", have->said.reason, want->said.reason);
	same_text(c, "event's order", have->said.order_no, want->said.order_no);
	same_text(c, "event's operator", have->said.operator, want->said.operator);
	same_text(c, "event's shop", have->said.shop, want->said.shop);
	if (e->other_coupon >= 0)
		same_text(c, "event's new code", have->other, h->coupons[e->other_coupon].code);
	if (e->other_customer >= 0)
		same_text(c, "event's new holder", have->other, h->customers[e->other_customer].id);
}

/* Uses that were given back are not uses; parts of a redemption never pass it. */
static void add_up(struct checker *c, const struct coupon_show_ret *r, struct sums *s)
{
	uint64_t standing = 0;
	int64_t spent = 0;
	for (unsigned i = 0; i < r->n; i++) {
		const struct event *e = &r->events[i];
		standing += e->kind == EVENT_REDEEMED;
		spent += e->kind == EVENT_REDEEMED ? e->discount.fen : 0;
		if (e->kind != EVENT_REVERSED)
			continue;
		standing -= e->gave_back;
		spent -= e->discount.fen;
		if (e->discount.fen < 0 || e->amount.fen < 0 || spent < 0)
			sim_fail(c->w, "coupon %s: a reversal gives back more than was taken",
				 code_name(r->view.code));
	}
	same_number(c, "uses that the timeline leaves", standing, r->used);
	s->coupons++;
	s->redeemed += standing;
	s->spent += spent;
}

static void check_show(struct checker *c, unsigned at)
{
	struct m_coupon *k = &c->h->coupons[at];
	struct coupon_show_cmd cmd = {.code = k->code};
	struct coupon_show_ret ret = {0};
	unsigned n = 0;
	ask(c, COMMAND_coupon_show, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	same_coupon(c, &ret.view, k);
	for (int i = k->first_event; i >= 0; i = c->h->events[i].next, n++)
		if (n < ret.n)
			same_event(c, &ret.events[n], &c->h->events[i]);
	same_number(c, "events", ret.n, n);
	same_number(c, "uses", ret.used, k->used);
	if (ret.used > ret.uses && ret.used > k->used_then)
		sim_fail(c->w, "coupon %s is used %llu times, of %llu", code_name(k->code),
			 (unsigned long long)ret.used, (unsigned long long)ret.uses);
	add_up(c, &ret, &sums[k->template]);
}

static struct instant some_instant(struct world *w, const struct m_home *h,
				   const struct m_coupon *k)
{
	int64_t first = k->issued.ms, now = sim_now(w).ms;
	int skip = (int)roll(w, 4), at = k->first_event;
	for (; at >= 0 && skip > 0 && h->events[at].next >= 0; skip--)
		at = h->events[at].next;
	if (at >= 0 && chance(w, 70)) /* right at an event, or a little off */
		return (struct instant){h->events[at].e.at.ms + (int64_t)roll(w, 3) - 1};
	return (struct instant){first - 500 +
				(int64_t)roll(w, (uint64_t)(now > first ? now - first : 0) + 1500)};
}

static void check_then(struct checker *c)
{
	struct m_coupon *k = &c->h->coupons[roll(c->w, c->h->coupon_n)];
	struct coupon_show_cmd cmd = {.code = k->code};
	struct coupon_show_ret ret = {0};
	struct m_then then;
	cmd.as_of = some_instant(c->w, c->h, k);
	bool there = model_then(c->w, c->h, k, cmd.as_of, &then);
	ask(c, COMMAND_coupon_show, &cmd, &ret);
	same_number(c, "fault of a look back", c->fault, there ? OK : FAULT_COUPON_UNKNOWN);
	if (!there)
		return;
	same_number(c, "events up to then", ret.n, then.events);
	/* A coupon that came frozen and was recalled says no more that it was. */
	if (!(k->first_state == COUPON_FROZEN && !then.events && k->state == COUPON_RECALLED))
		same_number(c, "state of then", ret.view.state, then.state);
	same_number(c, "uses of then", ret.used, then.used);
	same_instant(c, "end of then", ret.view.coupon->end, then.end);
}

/* --- templates --- */

static void check_limits(struct checker *c, const struct m_template *t, const struct usage *u)
{
	bool total = t->has_total && u->issued > t->total;
	bool day = t->more.per_day && u->issued_today > t->more.per_day;
	bool budget = t->more.has_budget && u->spent.fen > t->more.budget.fen;
	if ((total && !t->loose) || day || budget)
		sim_fail(c->w,
			 "template %llu: a limit is passed: issued %llu, today %llu, spent "
			 "%lld",
			 (unsigned long long)t->template_id, (unsigned long long)u->issued,
			 (unsigned long long)u->issued_today, (long long)u->spent.fen);
}

static void check_usage(struct checker *c, unsigned at)
{
	const struct m_template *t = &c->h->templates[at];
	struct template_get_cmd cmd = {t->template_id};
	struct template_get_ret ret = {0};
	struct usage want = model_usage(c->w, c->h, (int)at);
	ask(c, COMMAND_template_get, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	same_number(c, "issued", ret.usage.issued, want.issued);
	same_number(c, "issued today", ret.usage.issued_today, want.issued_today);
	same_number(c, "redeemed", ret.usage.redeemed, want.redeemed);
	same_number(c, "spent", (uint64_t)ret.usage.spent.fen, (uint64_t)want.spent.fen);
	same_number(c, "redeemed by all timelines", ret.usage.redeemed, sums[at].redeemed);
	same_number(c, "spent by all timelines", (uint64_t)ret.usage.spent.fen,
		    (uint64_t)sums[at].spent);
	if (ret.usage.issued > sums[at].coupons)
		sim_fail(c->w, "template %llu: %llu issued, %llu coupons",
			 (unsigned long long)t->template_id, (unsigned long long)ret.usage.issued,
			 (unsigned long long)sums[at].coupons);
	check_limits(c, t, &ret.usage);
}

/* --- wallets --- */

static bool is_gone(const struct m_home *h, int customer)
{
	return h->customers[model_person(h, customer)].erased.ms != 0;
}

static void check_page(struct checker *c)
{
	static int rows[COUPONS_OF_MODEL];
	struct m_home *h = c->h;
	int owner = h->coupons[roll(c->w, h->coupon_n)].customer;
	bool owned = owner >= 0 && chance(c->w, 70);
	unsigned n = 0, all = h->coupon_n;
	struct coupon_page_cmd cmd = {.has_state = chance(c->w, 50),
				      .state = (enum coupon_state)roll(c->w, COUPON_EXPIRED + 1),
				      .n = chance(c->w, 50) ? MANY : 1 + (unsigned)roll(c->w, 9)};
	struct coupon_page_ret ret = {0};
	if (owned) {
		cmd.customer.customer_id = h->customers[owner].id;
		all = wallet_rows(h, owner, true, rows);
	}
	for (unsigned i = 0; i < all; i++) {
		int at = owned ? rows[i] : (int)i;
		if (!cmd.has_state || model_shown_state(c->w, &h->coupons[at]) == cmd.state)
			rows[n++] = at;
	}
	ask(c, COMMAND_coupon_page, &cmd, &ret);
	bool gone = owned && is_gone(h, owner);
	same_number(c, "fault", c->fault, gone ? FAULT_CUSTOMER_UNKNOWN : OK);
	if (gone)
		return;
	same_number(c, "rows of a page", ret.n, n < cmd.n ? n : cmd.n);
	for (unsigned i = 0; i < ret.n; i++)
		same_coupon(c, &ret.rows[i], &h->coupons[rows[i]]);
	if (ret.n < n && !ret.next)
		sim_fail(c->w, "coupon_page says that there is no more");
}

/* --- carts --- */

static struct cart some_cart(struct world *w, struct cart_item *items)
{
	struct cart cart = {.shop = chance(w, 70) ? TEXT("s1") : TEXT_NONE,
			    .channel = chance(w, 70) ? TEXT("app") : TEXT_NONE};
	cart.has_amount = chance(w, 70);
	cart.amount.fen = cart.has_amount ? (int64_t)roll(w, 15000) : 0;
	if (cart.has_amount || chance(w, 20))
		return cart;
	cart.n = 2;
	cart.items = items;
	for (unsigned i = 0; i < cart.n; i++)
		items[i] = (struct cart_item){.product = i ? TEXT("p1") : TEXT("p3"),
					      .category = i ? TEXT("c1") : TEXT("c2"),
					      .price = {(int64_t)roll(w, 6000)},
					      .quantity = 1 + roll(w, 3)};
	return cart;
}

static void same_priced(struct checker *c, const struct priced *have, const struct m_priced *want,
			const struct m_coupon *k)
{
	same_text(c, "priced code", have->code, k->code);
	for (unsigned i = 0; i < have->reason_count && i < want->reason_n; i++)
		if (have->reasons[i] != want->reasons[i])
			sim_fail(c->w, "coupon %s: reason %u is %s, the model says %s",
				 code_name(k->code), i, fault_name(have->reasons[i]),
				 fault_name(want->reasons[i]));
	same_number(c, "reasons", have->reason_count, want->reason_n);
	same_number(c, "discount", (uint64_t)have->discount.fen, (uint64_t)want->discount);
}

static void check_dry(struct checker *c)
{
	enum { COUPONS = 4 };
	struct m_home *h = c->h;
	struct cart_item items[2];
	struct m_priced want[COUPONS];
	struct text codes[COUPONS];
	int at[COUPONS];
	struct coupon_check_cmd cmd = {.codes = codes, .cart = some_cart(c->w, items)};
	struct coupon_check_ret ret = {0};
	for (unsigned i = 0, n = 1 + (unsigned)roll(c->w, COUPONS); i < n; i++) {
		int coupon = (int)roll(c->w, h->coupon_n);
		bool twice = false;
		for (unsigned k = 0; k < cmd.n; k++)
			twice |= at[k] == coupon;
		if (twice)
			continue;
		at[cmd.n] = coupon;
		codes[cmd.n++] = h->coupons[coupon].code;
	}
	if (h->order_n && chance(c->w, 50))
		cmd.order_no = h->orders[roll(c->w, h->order_n)].order_no;
	ask(c, COMMAND_coupon_check, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	struct m_basket b = {&cmd.cart, at, cmd.n, cmd.order_no};
	model_price(c->w, h, &b, false, want);
	for (unsigned i = 0; i < cmd.n; i++)
		same_priced(c, &ret.coupons[i], &want[i], &h->coupons[at[i]]);
}

/* What a customer sees: each coupon alone; the best together is legal and no worse than any alone.
 */
static void check_qualify(struct checker *c)
{
	static int rows[COUPONS_OF_MODEL];
	static struct m_priced want[QUALIFY_MAX];
	struct m_home *h = c->h;
	int owner = h->coupons[roll(c->w, h->coupon_n)].customer;
	struct cart_item items[2];
	struct coupon_qualify_cmd cmd = {.cart = some_cart(c->w, items)};
	struct coupon_qualify_ret ret = {0};
	unsigned n = 0, all = owner >= 0 ? wallet_rows(h, owner, false, rows) : 0;
	int64_t most = 0;
	if (!all || all > ORDER_COUPONS_MAX || is_gone(h, owner))
		return;
	cmd.customer.customer_id = h->customers[owner].id;
	ask(c, COMMAND_coupon_qualify, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	same_number(c, "coupons of the wallet", ret.count, all);
	for (unsigned i = 0; i < 2 * all; i++) { /* live ones, then the others; newest first */
		const struct m_coupon *k = &h->coupons[rows[i % all]];
		enum coupon_state state = model_shown_state(c->w, k);
		struct m_basket b = {&cmd.cart, &rows[i % all], 1, TEXT_NONE};
		if ((state == COUPON_UNUSED || state == COUPON_FROZEN) != (i < all))
			continue;
		model_price(c->w, h, &b, true, &want[n]);
		if (n < ret.n)
			same_priced(c, &ret.coupons[n], &want[n], k);
		most = want[n].discount > most ? want[n].discount : most;
		n++;
	}
	same_number(c, "coupons to choose from", ret.n, n);
	if (ret.discount.fen < most)
		sim_fail(c->w, "the best of a wallet takes off %lld, one alone %lld%s",
			 (long long)ret.discount.fen, (long long)most,
			 ret.exact ? "" : " (not exact)");
}

/* --- orders --- */

static void check_purchase(struct checker *c, const struct m_order *o)
{
	struct purchase_get_cmd cmd = {o->order_no};
	struct purchase_get_ret ret = {0};
	ask(c, COMMAND_purchase_get, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	same_number(c, "uses of an order", ret.n, o->n);
	same_instant(c, "order created", ret.created, o->created);
	for (unsigned i = 0; i < ret.n; i++) {
		same_text(c, "code of an order", ret.coupons[i].code,
			  c->h->coupons[o->coupons[i]].code);
		same_number(c, "number of a use", ret.coupons[i].event.number, o->numbers[i]);
		same_text(c, "order of a use", ret.coupons[i].event.said.order_no, o->order_no);
	}
}

static void check_customer(struct checker *c)
{
	static int rows[COUPONS_OF_MODEL];
	unsigned at = (unsigned)roll(c->w, c->h->customer_n);
	struct customer_get_cmd cmd = {.customer.customer_id = c->h->customers[at].id};
	struct customer_get_ret ret = {0};
	ask(c, COMMAND_customer_get, &cmd, &ret);
	same_number(c, "fault", c->fault, is_gone(c->h, (int)at) ? FAULT_CUSTOMER_UNKNOWN : OK);
	if (c->fault != OK)
		return;
	same_customer(c, &ret.customer, &c->h->customers[model_person(c->h, (int)at)]);
	same_number(c, "coupons of a customer", ret.coupons,
		    wallet_rows(c->h, (int)at, true, rows));
}

void check_life(struct checker *c)
{
	struct m_home *h = c->h;
	if (!h->coupon_n)
		return;
	memset(sums, 0, sizeof(sums));
	for (unsigned i = 0; i < h->coupon_n; i++)
		check_show(c, i);
	for (unsigned i = 0; i < h->template_n; i++)
		if (h->templates[i].live)
			check_usage(c, i);
	for (unsigned i = 0; i < h->order_n; i++)
		check_purchase(c, &h->orders[i]);
	for (unsigned i = 0; i < SOME; i++) {
		check_then(c);
		check_page(c);
		check_dry(c);
		check_qualify(c);
	}
	if (h->customer_n)
		check_customer(c);
}
