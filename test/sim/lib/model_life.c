/*
 * The model, fourth part: what the commands of a coupon's life share: who received what, what is
 * used of limits, events, looks back (domain/life.h).
 */
#include "model.h"

enum { DAY_S = 24 * 3600, EAST_S = 8 * 3600 };

void expect_text(struct happening *h, const char *what, struct text have, struct text want)
{
	if (h->answered && !text_equal(have, want))
		sim_fail(h->w, "%s: %s is \"%.*s\", the model says \"%.*s\"",
			 command_get(h->op->command)->name, what, TEXT_ARG(have), TEXT_ARG(want));
}

/* --- what is used of limits: counted anew from what happened --- */

int64_t model_day(struct instant i)
{
	return (i.ms / 1000 + EAST_S) / DAY_S;
}

unsigned model_issued(const struct m_home *m, int template, int64_t day)
{
	unsigned n = 0;
	for (unsigned i = 0; i < m->receipt_n; i++) {
		const struct m_receipt *r = &m->receipts[i];
		n += r->issue && !r->returned && r->template == template &&
		     (day < 0 || r->day == day);
	}
	return n;
}

static unsigned got_by(const struct m_home *m, int template, int customer, int64_t day)
{
	unsigned n = 0;
	for (unsigned i = 0; i < m->receipt_n; i++) {
		const struct m_receipt *r = &m->receipts[i];
		n += !r->returned && r->template == template &&
		     model_person(m, r->customer) == model_person(m, customer) &&
		     (day < 0 || r->person_day == day);
	}
	return n;
}

unsigned model_received(const struct m_home *m, int template, int customer)
{
	return customer < 0 ? 0 : got_by(m, template, customer, -1);
}

bool model_is_mixed(const struct m_home *m, int customer)
{
	return customer >= 0 && (m->customers[customer].merged || m->customers[customer].into);
}

int model_last(const struct m_home *m, int template, int customer)
{
	int coupon = -1;
	for (unsigned i = 0; i < m->receipt_n; i++) {
		const struct m_receipt *r = &m->receipts[i];
		if (r->template == template && r->customer == customer)
			coupon = r->coupon;
	}
	return coupon >= 0 && m->coupons[coupon].customer == customer ? coupon : -1;
}

static const struct m_event *redemption_of(const struct m_home *m, int coupon, uint64_t number)
{
	for (int i = m->coupons[coupon].first_event; i >= 0; i = m->events[i].next)
		if (m->events[i].e.number == number)
			return &m->events[i];
	return NULL;
}

bool model_use_stands(const struct m_home *m, int coupon, uint64_t number)
{
	for (int i = m->coupons[coupon].first_event; i >= 0; i = m->events[i].next) {
		const struct event *e = &m->events[i].e;
		if (e->kind == EVENT_REVERSED && e->reverses == number && e->closes)
			return false;
	}
	return redemption_of(m, coupon, number) != NULL;
}

struct usage model_usage(struct world *w, const struct m_home *m, int template)
{
	int64_t now = sim_now(w).ms, today;
	struct usage u = {0};
	today = model_day((struct instant){now > w->newest_ms ? now : w->newest_ms});
	u.issued = model_issued(m, template, -1);
	u.issued_today = model_issued(m, template, today);
	for (unsigned c = 0; c < m->coupon_n; c++) {
		for (int i = m->coupons[c].first_event; i >= 0; i = m->events[i].next) {
			const struct event *e = &m->events[i].e;
			if (m->coupons[c].template != template)
				break;
			u.redeemed += e->kind == EVENT_REDEEMED;
			u.redeemed -= e->kind == EVENT_REVERSED && e->gave_back;
			u.spent.fen += e->kind == EVENT_REDEEMED ? e->discount.fen : 0;
			u.spent.fen -= e->kind == EVENT_REVERSED ? e->discount.fen : 0;
		}
	}
	return u;
}

enum fault model_allows_person(const struct happening *h, int template, int customer)
{
	const struct m_template *t = &h->home->templates[template];
	if (model_received(h->home, template, customer) >= t->per_person)
		return FAULT_PERSON_EXHAUSTED;
	if (t->more.per_person_day && customer >= 0 &&
	    got_by(h->home, template, customer, model_day(h->instant)) >= t->more.per_person_day)
		return FAULT_PERSON_DAY_EXHAUSTED;
	return OK;
}

enum fault model_allows(const struct happening *h, int template, int customer)
{
	const struct m_template *t = &h->home->templates[template];
	if (t->has_total && model_issued(h->home, template, -1) >= t->total)
		return FAULT_TEMPLATE_EXHAUSTED;
	if (t->more.per_day &&
	    model_issued(h->home, template, model_day(h->instant)) >= t->more.per_day)
		return FAULT_DAY_EXHAUSTED;
	return customer < 0 ? OK : model_allows_person(h, template, customer);
}

/* --- coupons --- */

static char folded(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* As people type it. */
static bool typed_same(struct text code, struct text typed)
{
	size_t n = 0;
	for (size_t i = 0; i < typed.size; i++) {
		if (typed.data[i] == ' ' || typed.data[i] == '-')
			continue;
		if (n >= code.size || code.data[n++] != folded(typed.data[i]))
			return false;
	}
	return n == code.size;
}

int model_find_code(const struct m_home *m, struct text code, bool fold)
{
	int found = -1;
	for (unsigned i = 0; i < m->coupon_n && code.size; i++) {
		if (text_equal(m->coupons[i].code, code))
			return (int)i;
		if (fold && m->coupons[i].code.size && typed_same(m->coupons[i].code, code))
			found = (int)i;
	}
	return found;
}

void model_dates(struct happening *h, const struct m_template *t, struct instant *begin,
		 struct instant *end)
{
	int64_t first = model_day(h->instant) + (int64_t)t->more.starts_after_days;
	*begin = t->begin;
	*end = t->end;
	if (!t->more.is_relative)
		return;
	*begin = t->more.starts_after_days ? instant_of_second(first * DAY_S - EAST_S) : h->instant;
	*end = instant_of_second((first + (int64_t)t->more.lasts_days) * DAY_S - EAST_S - 1);
}

struct m_coupon model_fresh(struct happening *h, int template, int customer)
{
	const struct m_template *t = &h->home->templates[template];
	struct m_coupon c = {.template = template,
			     .customer = customer,
			     .channel = t->channel,
			     .state = COUPON_UNUSED,
			     .issued = h->instant,
			     .updated = h->instant,
			     .edition = t->more.edition};
	model_dates(h, t, &c.begin, &c.end);
	return c;
}

int model_new_coupon(struct happening *h, const struct m_coupon *given)
{
	struct m_home *m = h->home;
	must(m->coupon_n < COUPONS_OF_MODEL);
	struct m_coupon *c = &m->coupons[m->coupon_n];
	*c = *given;
	c->first_event = c->last_event = -1;
	c->first_state = c->state;
	c->first_end = c->end;
	c->arrived = ++m->arrivals;
	return (int)m->coupon_n++;
}

/* Days are counted where the template limits them; holds always, because they may end. */
void model_receive(struct happening *h, int coupon, bool issue, bool held)
{
	struct m_home *m = h->home;
	const struct m_coupon *c = &m->coupons[coupon];
	const struct template *t = &m->templates[c->template].more;
	int64_t day = model_day(h->instant);
	must(m->receipt_n < RECEIPTS_OF_MODEL);
	m->receipts[m->receipt_n++] =
	    (struct m_receipt){.customer = c->customer,
			       .template = c->template,
			       .coupon = coupon,
			       .issue = issue,
			       .day = issue && (t->per_day || held) ? day : -1,
			       .person_day = t->per_person_day || held ? day : -1};
}

void model_return(struct happening *h, int coupon)
{
	struct m_home *m = h->home;
	for (unsigned i = 0; i < m->receipt_n; i++)
		if (m->receipts[i].coupon == coupon && m->receipts[i].issue)
			m->receipts[i].returned = true;
}

/* --- steps --- */

struct m_event *model_event(struct happening *h, int coupon, enum event_kind kind,
			    const struct circumstances *said, const struct request_number *number)
{
	struct m_home *m = h->home;
	struct m_coupon *c = &m->coupons[coupon];
	must(m->event_n < EVENTS_OF_MODEL);
	int at = (int)m->event_n++;
	struct m_event *e = &m->events[at];
	c->updated = h->instant;
	c->revision++;
	*e = (struct m_event){.e = {.kind = kind,
				    .number = c->revision,
				    .at = h->instant,
				    .said = *said,
				    .state = c->state,
				    .revision = c->revision,
				    .used = c->used},
			      .next = -1,
			      .key = number->key,
			      .digest = number->key.size ? number->digest : TEXT_NONE,
			      .other_coupon = -1,
			      .other_customer = -1,
			      .end = c->end,
			      .until = c->until,
			      .held = c->held,
			      .holder = -1};
	if (c->last_event >= 0)
		m->events[c->last_event].next = at;
	else
		c->first_event = at;
	c->last_event = at;
	return e;
}

struct m_event *model_event_of(struct m_home *m, int coupon, struct text key)
{
	struct m_event *found = NULL;
	for (int i = m->coupons[coupon].first_event; i >= 0 && key.size; i = m->events[i].next)
		if (text_equal(m->events[i].key, key))
			found = &m->events[i];
	return found;
}

/* A freeze that has run out is over. */
void model_settle(struct happening *h, struct m_coupon *c)
{
	if (c->state != COUPON_FROZEN || c->held || !is_past_second(h->w, c->until))
		return;
	c->state = COUPON_UNUSED;
	c->until = INSTANT_NONE;
}

static enum fault reason_of(struct world *w, const struct m_coupon *c)
{
	switch (model_shown_state(w, c)) {
	case COUPON_UNUSED:
		return OK;
	case COUPON_REDEEMED:
		return FAULT_COUPON_REDEEMED;
	case COUPON_FROZEN:
		return c->held ? FAULT_COUPON_HELD : FAULT_COUPON_FROZEN;
	case COUPON_RECALLED:
		return FAULT_COUPON_RECALLED;
	case COUPON_EXPIRED:
		return FAULT_COUPON_ENDED;
	}
	must_failed("a state", __FILE__, __LINE__);
	return OK;
}

/* The picture at the head of life.h, read verb by verb. */
enum fault model_forbids(struct happening *h, const struct m_coupon *c, enum event_kind verb)
{
	enum fault is = reason_of(h->w, c);
	bool over = is == FAULT_COUPON_REDEEMED || is == FAULT_COUPON_RECALLED;
	if (over)
		return is;
	switch (verb) {
	case EVENT_CONFIRMED:
	case EVENT_RELEASED:
		return is == FAULT_COUPON_HELD ? OK : FAULT_COUPON_IDLE;
	case EVENT_UNFROZEN:
		return is == FAULT_COUPON_FROZEN ? OK
		       : is == FAULT_COUPON_HELD ? is
						 : FAULT_COUPON_IDLE;
	case EVENT_RECALLED:
		return OK;
	case EVENT_EXTENDED:
		return is == FAULT_COUPON_HELD ? is : OK;
	case EVENT_ASSIGNED: /* its dates may begin anew */
		return is == FAULT_COUPON_ENDED ? OK : is;
	case EVENT_FROZEN:
	case EVENT_REDEEMED:
	case EVENT_REISSUED:
	case EVENT_TRANSFERRED:
		return is;
	case EVENT_ISSUED:
	case EVENT_HELD:
	case EVENT_REVERSED:
	case EVENT_COUNT:
		break;
	}
	must_failed("a verb", __FILE__, __LINE__);
	return OK;
}

bool model_then(struct world *w, const struct m_home *m, const struct m_coupon *c,
		struct instant as_of, struct m_then *ret)
{
	struct m_coupon then = *c;
	struct instant now = sim_now(w);
	const struct event *first = c->first_event >= 0 ? &m->events[c->first_event].e : NULL;
	if (as_of.ms < c->issued.ms)
		return false;
	if (first && (first->kind == EVENT_ISSUED || first->kind == EVENT_HELD) &&
	    as_of.ms < first->at.ms)
		return false; /* it stands in for another */
	*ret = (struct m_then){0};
	then.state = c->first_state;
	then.end = c->first_end;
	then.held = false;
	then.until = INSTANT_NONE;
	then.used = 0;
	for (int i = c->first_event; i >= 0 && m->events[i].e.at.ms <= as_of.ms;
	     i = m->events[i].next) {
		const struct m_event *e = &m->events[i];
		then.state = e->e.state;
		then.end = e->end;
		then.until = e->until;
		then.held = e->held;
		then.used = e->e.used;
		ret->events++;
	}
	if (as_of.ms < now.ms)
		atomic_store(&w->clock_ms, as_of.ms);
	ret->state = model_shown_state(w, &then);
	atomic_store(&w->clock_ms, now.ms);
	ret->used = then.used;
	ret->end = then.end;
	return true;
}
