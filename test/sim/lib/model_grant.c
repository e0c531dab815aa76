/* The model, fifth part: issuing by the native API, and holds that end by themselves. */
#include "model.h"

enum { HOLD_S = 15 * 60, MINUTE_MS = 60 * 1000, SWEEP_MINUTES = 240, QUIET_MINUTES = 60 };

/* --- what an answer says --- */

static void expect_event(struct happening *h, const struct got *got, const struct m_event *e)
{
	const struct event *have = &got->event, *want = &e->e;
	expect_number(h, "event's kind", have->kind, want->kind);
	expect_number(h, "event's number", have->number, want->number);
	expect_number(h, "event's instant", (uint64_t)have->at.ms, (uint64_t)want->at.ms);
	expect_number(h, "event's state", have->state, want->state);
	expect_number(h, "event's revision", have->revision, want->revision);
	expect_number(h, "event's uses", have->used, want->used);
	expect_number(h, "event's discount", (uint64_t)have->discount.fen,
		      (uint64_t)want->discount.fen);
	expect_number(h, "event's amount", (uint64_t)have->amount.fen, (uint64_t)want->amount.fen);
	expect_number(h, "event's has_amount", have->has_amount, want->has_amount);
	expect_number(h, "event's end", (uint64_t)have->end.ms, (uint64_t)want->end.ms);
	expect_number(h, "event's until", (uint64_t)have->until.ms, (uint64_t)want->until.ms);
	expect_number(h, "event reverses", have->reverses, want->reverses);
	expect_number(h, "event closes", have->closes, want->closes);
	expect_number(h, "event gave back", have->gave_back, want->gave_back);
	expect_number(h, "event's cause", have->cause, want->cause);
}

void expect_got(struct happening *h, const struct got *got, int coupon, const struct m_event *e)
{
	struct m_home *m = h->home;
	struct m_coupon *c = &m->coupons[coupon];
	if (!h->answered)
		return;
	if (!c->code.size)
		model_learn_code(h->w, m, c, text_of(got->code));
	model_learn_coupon_id(h->w, m, c, got->id);
	expect_text(h, "coupon's code", text_of(got->code), c->code);
	if (!e)
		return;
	expect_event(h, got, e);
	if (e->other_customer >= 0) {
		struct m_customer *other = &m->customers[e->other_customer];
		if (!other->id.size)
			model_learn_id(h->w, m, &other->id, text_of(got->other));
		expect_text(h, "new holder", text_of(got->other), other->id);
	}
	if (e->other_coupon >= 0) {
		struct m_coupon *other = &m->coupons[e->other_coupon];
		if (!other->code.size)
			model_learn_code(h->w, m, other, text_of(got->other));
		expect_text(h, "new code", text_of(got->other), other->code);
	}
}

/* --- grant --- */

static unsigned grant_n(const struct coupon_grant_cmd *c)
{
	return (c->count ? c->count : 1) * (c->n ? c->n : 1);
}

static bool said_something(const struct circumstances *said)
{
	return said->reason.size || said->order_no.size || said->operator.size || said->shop.size;
}

/* One coupon to each of some nicks and nothing else: what any dialect may ask for. */
static bool is_plain(const struct coupon_grant_cmd *c)
{
	bool plain =
	    c->n > 0 && !c->codes && !c->hold && c->count <= 1 && !said_something(&c->said);
	for (unsigned i = 0; plain && i < c->n; i++) {
		const struct customer *who = &c->holders[i];
		plain = who->nick.size && !who->customer_id.size && !who->phone.size &&
			!who->card_no.size && !who->code.size && !who->source_code.size &&
			!who->name.size;
	}
	return plain;
}

static bool same_request(const struct m_issue *known, const struct coupon_grant_cmd *c)
{
	if (!known->plain || !is_plain(c))
		return !known->plain && !is_plain(c) &&
		       text_equal(known->digest, c->request.digest);
	bool same = known->template_id == c->template_id && known->n == c->n;
	for (unsigned i = 0; same && i < c->n; i++)
		same = text_equal(known->nicks[i], c->holders[i].nick);
	return same;
}

static void expect_holder(struct happening *h, const struct got *got, int customer)
{
	struct m_customer *owner = customer >= 0 ? &h->home->customers[customer] : NULL;
	if (h->answered && owner && !owner->id.size)
		model_learn_id(h->w, h->home, &owner->id, text_of(got->other));
	expect_text(h, "holder", text_of(got->other), owner ? owner->id : TEXT_NONE);
}

static void expect_granted(struct happening *h, const struct m_issue *issue, bool hold)
{
	const struct gots *gots = gots_of(h);
	if (!h->answered)
		return;
	expect_number(h, "results", gots->n, issue->n);
	for (unsigned i = 0; i < issue->n && i < GOTS_MAX; i++) {
		const struct got *got = &gots->rows[i];
		int coupon = issue->coupons[i];
		if (coupon == COUPON_OF_HIS)
			continue;
		const struct m_coupon *c = coupon >= 0 ? &h->home->coupons[coupon] : NULL;
		expect_number(h, "fault of one", got->fault, issue->faults[i]);
		if (!c) {
			expect_number(h, "id of no coupon", got->id, 0);
			continue;
		}
		expect_got(h, got, coupon, NULL);
		expect_holder(h, got, issue->full ? issue->customers[i] : c->customer);
		expect_number(h, "state", got->state, hold ? COUPON_FROZEN : COUPON_UNUSED);
		expect_number(h, "begin", (uint64_t)got->begin.ms,
			      (uint64_t)(issue->full ? issue->begins[i] : c->begin).ms);
		expect_number(h, "end", (uint64_t)got->end.ms,
			      (uint64_t)(issue->full ? issue->ends[i] : c->end).ms);
	}
}

static bool bad_codes(struct happening *h, const struct coupon_grant_cmd *c, unsigned n)
{
	for (unsigned i = 0; c->codes && i < n; i++) {
		bool taken = model_find_code(h->home, c->codes[i], false) >= 0;
		for (unsigned k = 0; k < i; k++)
			taken |= text_equal(c->codes[k], c->codes[i]);
		if (!c->codes[i].size)
			return refused(h, FAULT_PARAMETER_MISSING, "code");
		if (taken)
			return refused(h, FAULT_VALUE_TAKEN, "code");
	}
	return false;
}

/* Holders as they would be after the command; those that are new are made for good only where one
 * of them gets a coupon. */
struct holders {
	int of[SPI_NICKS_MAX]; /* per holder; -1: nobody could be meant */
	unsigned before;       /* customers there were */
};

/* False: refused. */
static bool find_holders(struct happening *h, const struct coupon_grant_cmd *c, struct holders *ret)
{
	ret->before = h->home->customer_n;
	for (unsigned i = 0; i < c->n; i++) {
		bool any;
		const char *clash;
		ret->of[i] = model_find_holder(h->home, &c->holders[i], &any);
		if (ret->of[i] >= 0 && h->home->customers[ret->of[i]].erased.ms) {
			ret->of[i] = -1;
			continue;
		}
		if (ret->of[i] >= 0 || !any)
			continue;
		clash = model_holder_clash(h->home, &c->holders[i], ret->before, &ret->of[i]);
		if (ret->of[i] >= 0)
			continue; /* the same as a new one */
		if (clash) {
			h->home->customer_n = ret->before;
			refused(h, FAULT_VALUE_TAKEN, clash);
			return false;
		}
		ret->of[i] = model_new_holder(h, &c->holders[i]);
	}
	return true;
}

/* Whoever is new and got nothing was never there. */
static void forget_holders(struct happening *h, struct m_issue *issue, unsigned before)
{
	struct m_home *m = h->home;
	unsigned kept = before;
	for (unsigned at = before; at < m->customer_n; at++) {
		bool has = false;
		for (unsigned i = 0; i < m->coupon_n; i++)
			has |= m->coupons[i].customer == (int)at;
		if (!has)
			continue;
		m->customers[kept] = m->customers[at];
		for (unsigned i = 0; i < m->coupon_n; i++)
			if (m->coupons[i].customer == (int)at)
				m->coupons[i].customer = (int)kept;
		for (unsigned i = 0; i < m->receipt_n; i++)
			if (m->receipts[i].customer == (int)at)
				m->receipts[i].customer = (int)kept;
		for (unsigned i = 0; i < issue->n; i++)
			if (issue->customers[i] == (int)at)
				issue->customers[i] = (int)kept;
		kept++;
	}
	m->customer_n = kept;
}

static int grant_one(struct happening *h, int template, int customer, unsigned i)
{
	const struct coupon_grant_cmd *c = &h->op->cmd.coupon_grant;
	struct m_coupon made = model_fresh(h, template, customer);
	static const struct request_number none;
	if (c->codes) {
		made.code = c->codes[i];
		made.own_code = true;
	}
	int coupon = model_new_coupon(h, &made);
	struct m_coupon *put = &h->home->coupons[coupon];
	model_receive(h, coupon, true, c->hold);
	if (c->hold) {
		int64_t span = (int64_t)(c->hold_s ? c->hold_s : HOLD_S) * 1000;
		put->state = put->first_state = COUPON_FROZEN;
		put->held = true;
		put->until.ms = sim_now(h->w).ms + span;
		put->due = (uint64_t)(put->until.ms / MINUTE_MS) + 1;
		if (put->due <= h->home->swept)
			put->due = h->home->swept + 1;
	}
	if (c->hold || said_something(&c->said)) {
		struct m_event *e =
		    model_event(h, coupon, c->hold ? EVENT_HELD : EVENT_ISSUED, &c->said, &none);
		e->e.end = put->end;
		e->e.until = put->until;
	}
	return coupon;
}

static void grant_all(struct happening *h, int template, const struct holders *holders,
		      struct m_issue *issue)
{
	const struct coupon_grant_cmd *c = &h->op->cmd.coupon_grant;
	unsigned each = c->count ? c->count : 1;
	for (unsigned i = 0; i < issue->n; i++) {
		int customer = c->n ? holders->of[i / each] : -1;
		issue->coupons[i] = issue->customers[i] = -1;
		if (c->n && customer < 0) {
			issue->faults[i] = FAULT_CUSTOMER_UNKNOWN;
			continue;
		}
		issue->faults[i] = model_allows(h, template, customer);
		if (issue->faults[i] != OK)
			continue;
		issue->coupons[i] = grant_one(h, template, customer, i);
		issue->customers[i] = customer;
		issue->begins[i] = h->home->coupons[issue->coupons[i]].begin;
		issue->ends[i] = h->home->coupons[issue->coupons[i]].end;
		h->wrote = true;
	}
}

static bool grant_again(struct happening *h, const struct coupon_grant_cmd *c)
{
	struct m_request *known =
	    model_remembered_number(h, COMMAND_coupon_issue, "issue", c->request.key);
	if (!known)
		return false;
	if (!same_request(known->issue, c))
		return refused(h, FAULT_REQUEST_REUSED, "request_no");
	accepted(h);
	expect_granted(h, known->issue, c->hold);
	return true;
}

static struct m_issue *new_issue(struct happening *h, const struct coupon_grant_cmd *c, unsigned n)
{
	struct m_issue *issue = keep_bytes(h->w, sizeof(*issue));
	*issue = (struct m_issue){.plain = is_plain(c),
				  .full = true,
				  .digest = c->request.digest,
				  .template_id = c->template_id,
				  .n = n};
	for (unsigned i = 0; i < c->n && i < n; i++)
		issue->nicks[i] = c->holders[i].nick;
	return issue;
}

static void begin_sweeps(struct happening *h, const struct coupon_grant_cmd *c)
{
	if (c->hold && h->wrote && !h->home->swept)
		h->home->swept = (uint64_t)(sim_now(h->w).ms / MINUTE_MS);
}

void rule_coupon_grant(struct happening *h)
{
	const struct coupon_grant_cmd *c = &h->op->cmd.coupon_grant;
	struct m_home *m = h->home;
	struct holders holders;
	unsigned n = grant_n(c);
	if (n > GRANT_MAX && refused(h, FAULT_TOO_MANY, c->n > 1 ? "customers" : "count"))
		return;
	if (c->hold_s > HOLD_S_MAX && refused(h, FAULT_PARAMETER_INVALID, "hold_s"))
		return;
	if (grant_again(h, c))
		return;
	int template = model_find_template(m, c->template_id);
	if (template <0 && refused(h, FAULT_TEMPLATE_UNKNOWN, "template_id"))
		return;
	if (!m->templates[template].more.is_relative &&
	    is_past_second(h->w, m->templates[template].end) &&
	    refused(h, FAULT_TEMPLATE_EXPIRED, "template_id"))
		return;
	must(n <= SPI_NICKS_MAX);
	if (!find_holders(h, c, &holders))
		return;
	if (bad_codes(h, c, n)) {
		m->customer_n = holders.before;
		return;
	}
	struct m_issue *issue = new_issue(h, c, n);
	grant_all(h, template, &holders, issue);
	if (n == 1 && issue->faults[0] != OK) {
		m->customer_n = holders.before;
		refused(h, issue->faults[0],
			issue->faults[0] == FAULT_CUSTOMER_UNKNOWN ? "customer" : "template_id");
		return;
	}
	accepted(h);
	begin_sweeps(h, c);
	expect_granted(h, issue, c->hold);
	forget_holders(h, issue, holders.before);
	if (c->request.key.size && h->wrote) {
		model_remember_number(h, COMMAND_coupon_issue, "issue", c->request.key)->issue =
		    issue;
		h->wrote = true;
	}
}

/* --- holds that nobody confirmed --- */

static void time_out(struct happening *h, unsigned coupon)
{
	static const struct circumstances said = {.reason = TEXT("time-out")};
	static const struct request_number none;
	struct m_coupon *c = &h->home->coupons[coupon];
	c->state = COUPON_RECALLED;
	c->held = false;
	c->until = INSTANT_NONE;
	c->due = 0;
	model_return(h, (int)coupon);
	model_event(h, (int)coupon, EVENT_RELEASED, &said, &none);
}

/* Of one minute; false: there is no room for all of them. */
static bool sweep_minute(struct happening *h, uint64_t minute, unsigned room, unsigned *n)
{
	struct m_home *m = h->home;
	for (unsigned i = 0; i < m->coupon_n; i++) {
		if (!m->coupons[i].held || m->coupons[i].due != minute)
			continue;
		if (*n == room)
			return false;
		time_out(h, i);
		++*n;
	}
	return true;
}

void rule_hold_sweep(struct happening *h)
{
	struct m_home *m = h->home;
	unsigned asked = h->op->cmd.hold_sweep.n, n = 0;
	unsigned room = asked < HOLDS_SWEEP_MAX ? asked : HOLDS_SWEEP_MAX;
	uint64_t now = (uint64_t)(sim_now(h->w).ms / MINUTE_MS), before = m->swept;
	uint64_t last = before + SWEEP_MINUTES < now ? before + SWEEP_MINUTES : now;
	bool all = true;
	accepted(h);
	if (before && room) {
		for (uint64_t at = before + 1; at <= last && all && n < room; at++) {
			all = sweep_minute(h, at, room, &n);
			m->swept = all ? at : m->swept;
		}
		h->wrote = n > 0 || m->swept >= before + QUIET_MINUTES;
		if (!h->wrote)
			m->swept = before;
	}
	expect_number(h, "swept", h->op->ret.hold_sweep.swept, h->wrote ? n + 1 : 0);
}
