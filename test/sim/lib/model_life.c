/*
 * The model, fourth part: what the commands of a coupon's life share: templates with all their
 * rules and editions, who received what, events (domain/life.h).
 */
#include "model.h"

enum { DAY_S = 24 * 3600, EAST_S = 8 * 3600, EVENTS_OF_ANYBODY = 150 };

void expect_text(struct happening *h, const char *what, struct text have, struct text want)
{
	if (h->answered && !text_equal(have, want))
		sim_fail(h->w, "%s: %s is \"%.*s\", the model says \"%.*s\"",
			 command_get(h->op->command)->name, what, TEXT_ARG(have), TEXT_ARG(want));
}

/* --- templates, whole --- */

struct template model_template(const struct m_template *t)
{
	struct template whole = t->more;
	whole.live = t->live;
	whole.template_id = t->template_id;
	whole.maker = t->maker;
	whole.name = t->name;
	whole.type = t->type;
	whole.has_amount = t->has_amount;
	whole.amount.fen = t->amount;
	whole.has_threshold = t->has_threshold;
	whole.threshold.fen = t->threshold;
	whole.begin = t->begin;
	whole.end = t->end;
	whole.shops = t->shops;
	whole.categories = t->categories;
	whole.description = t->description;
	whole.channel = t->channel;
	whole.has_total = t->has_total;
	whole.total = t->total;
	whole.per_person = t->per_person;
	whole.changed = t->changed;
	whole.created = t->created;
	whole.updated = t->updated;
	return whole;
}

static void set_template(struct m_template *t, const struct template *given)
{
	t->more = *given;
	t->name = given->name;
	t->type = given->type;
	t->has_amount = given->has_amount;
	t->amount = given->amount.fen;
	t->has_threshold = given->has_threshold;
	t->threshold = given->threshold.fen;
	t->begin = given->begin;
	t->end = given->end;
	t->shops = given->shops;
	t->categories = given->categories;
	t->description = given->description;
	t->channel = given->channel;
	t->has_total = given->has_total;
	t->total = given->total;
	t->per_person = given->per_person;
}

/* clang-format off */
#define SAME_NUMBER(m)  same &= a->m == b->m;
#define SAME_FLAG(m)    same &= a->m == b->m;
#define SAME_TEXT(m)    same &= text_equal(a->m, b->m);
#define SAME_MONEY(m)   same &= a->m.fen == b->m.fen;
#define SAME_INSTANT(m) same &= a->m.ms == b->m.ms;
#define SAME(kind, member, role) SAME_##kind(member)
#define TAKE(kind, member, role) to.member = from->member;
#define FACE(F)                                                                             \
	F(TEXT, name, P) F(TEXT, type, P) F(FLAG, has_amount, P) F(MONEY, amount, P)        \
	F(FLAG, has_threshold, P) F(MONEY, threshold, P) F(TEXT, shops, P)                  \
	F(TEXT, categories, P) F(TEXT, description, P)
/* clang-format on */

static bool same_terms(const struct template *a, const struct template *b)
{
	bool same = true;
	FACE(SAME)
	TERMS_FIELDS(SAME)
	return same;
}

static bool same_limits(const struct template *a, const struct template *b)
{
	bool same = a->recast == b->recast && a->changed == b->changed;
	SAME_INSTANT(begin)
	SAME_INSTANT(end)
	SAME_TEXT(channel)
	SAME_FLAG(has_total)
	SAME_NUMBER(total)
	SAME_NUMBER(per_person)
	SAME_FLAG(is_relative)
	SAME_NUMBER(starts_after_days)
	SAME_NUMBER(lasts_days)
	SAME_NUMBER(per_day)
	SAME_NUMBER(per_person_day)
	SAME_FLAG(has_budget)
	SAME_MONEY(budget)
	SAME_TEXT(code_prefix)
	SAME_TEXT(code_charset)
	SAME_NUMBER(code_length)
	SAME_FLAG(code_check)
	return same;
}

struct template model_terms(const struct m_home *h, const struct m_coupon *c)
{
	const struct m_template *t = &h->templates[c->template];
	struct template to = model_template(t);
	uint64_t edition = c->edition < t->more.recast ? t->more.recast : c->edition;
	if (edition == t->more.edition)
		return to;
	const struct template *from = t->editions[edition];
	FACE(TAKE)
	TERMS_FIELDS(TAKE)
	return to;
}

/* --- what is used of limits: counted anew from what happened --- */

int64_t model_day(struct instant i)
{
	return (i.ms / 1000 + EAST_S) / DAY_S;
}

static unsigned issued(const struct m_home *m, int template, int64_t day)
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
		n += !r->returned && r->template == template && r->customer == customer &&
		     (day < 0 || r->person_day == day);
	}
	return n;
}

unsigned model_received(const struct m_home *m, int template, int customer)
{
	return customer < 0 ? 0 : got_by(m, template, customer, -1);
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
	u.issued = issued(m, template, -1);
	u.issued_today = issued(m, template, today);
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
	if (t->has_total && issued(h->home, template, -1) >= t->total)
		return FAULT_TEMPLATE_EXHAUSTED;
	if (t->more.per_day && issued(h->home, template, model_day(h->instant)) >= t->more.per_day)
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
	case EVENT_ASSIGNED:
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
	if (as_of.ms < c->issued.ms)
		return false;
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

/* --- template_make, template_change --- */

static bool invalid(struct happening *h, const char *field)
{
	return refused(h, FAULT_PARAMETER_INVALID, field);
}

/* What the plan may get wrong. */
static bool bad_rules(struct happening *h, const struct template *t)
{
	if (!t->name.size)
		return refused(h, FAULT_PARAMETER_MISSING, "name");
	if (t->template_id > INT64_MAX)
		return invalid(h, "template_id");
	if (t->benefit == BENEFIT_AMOUNT_OFF && !t->has_amount)
		return refused(h, FAULT_PARAMETER_MISSING, "amount");
	if (t->benefit == BENEFIT_AMOUNT_OFF && t->amount.fen == 0)
		return invalid(h, "amount");
	if (t->benefit == BENEFIT_PERCENT_OFF && !t->basis_points)
		return refused(h, FAULT_PARAMETER_MISSING, "basis_points");
	if (!t->is_relative && t->begin.ms && t->end.ms && t->begin.ms > t->end.ms)
		return invalid(h, "end");
	if (t->is_relative && (t->begin.ms || t->end.ms))
		return invalid(h, "lasts_days");
	if (t->is_relative && !t->lasts_days)
		return refused(h, FAULT_PARAMETER_MISSING, "lasts_days");
	if (t->uses > USES_MAX)
		return invalid(h, "uses");
	if (t->uses_per_period && !t->period)
		return invalid(h, "period");
	return t->per_person == 0 ? invalid(h, "per_person") : false;
}

/* True when this number was heard before. */
static bool number_again(struct happening *h, const struct request_number *number, uint64_t have)
{
	struct m_request *known = model_remembered_number(h, h->op->command, "number", number->key);
	if (!known)
		return false;
	if (!text_equal(known->digest, number->digest))
		return refused(h, FAULT_REQUEST_REUSED, "request_no");
	if (accepted(h) && known->number == 0 && have)
		known->number = have; /* the first answer was cut off */
	expect_number(h, "the first answer", have, known->number);
	return true;
}

static void keep_number(struct happening *h, const struct request_number *number, uint64_t answer)
{
	struct m_request *r = model_remember_number(h, h->op->command, "number", number->key);
	r->digest = number->digest;
	r->number = answer;
	h->wrote |= number->key.size > 0;
}

void rule_template_make(struct happening *h)
{
	const struct template_make_cmd *c = &h->op->cmd.template_make;
	uint64_t made_id = h->op->ret.template_make.template_id;
	struct m_home *m = h->home;
	struct template t = c->template;
	if (number_again(h, &c->request, made_id))
		return;
	if (bad_rules(h, &t))
		return;
	if (model_find_template(m, t.template_id) >= 0 &&
	    refused(h, FAULT_TEMPLATE_EXISTS, "template_id"))
		return;
	must(m->template_n < TEMPLATES_OF_MODEL);
	struct m_template *made = &m->templates[m->template_n];
	*made = (struct m_template){.maker = MAKER_NATIVE};
	set_template(made, &t);
	if (accepted(h) && !t.template_id)
		model_learn_template(h->w, m, made, made_id);
	m->template_n++;
	made->live = true;
	made->template_id = t.template_id ? t.template_id : made->template_id;
	made->created = made->updated = h->instant;
	expect_number(h, "template_id", made_id, made->template_id);
	h->wrote = true;
	keep_number(h, &c->request, made->template_id);
}

static bool below_used(struct happening *h, int at, const struct template *t)
{
	struct usage u = model_usage(h->w, h->home, at);
	if (t->has_total && t->total < u.issued)
		return refused(h, FAULT_LIMIT_BELOW_USED, "total");
	if (t->per_day && t->per_day < u.issued_today)
		return refused(h, FAULT_LIMIT_BELOW_USED, "per_day");
	if (t->has_budget && t->budget.fen < u.spent.fen)
		return refused(h, FAULT_LIMIT_BELOW_USED, "budget");
	return false;
}

static uint64_t object_bits(const struct template *a, const struct template *b)
{
	uint64_t bits = 0;
	bits |= text_equal(a->name, b->name) ? 0 : OBJECT_NAME;
	bits |= text_equal(a->type, b->type) ? 0 : OBJECT_TYPE;
	bits |=
	    a->has_amount == b->has_amount && a->amount.fen == b->amount.fen ? 0 : OBJECT_AMOUNT;
	bits |= a->has_threshold == b->has_threshold && a->threshold.fen == b->threshold.fen
		    ? 0
		    : OBJECT_CONDITION;
	bits |= a->begin.ms == b->begin.ms ? 0 : OBJECT_START;
	bits |= a->end.ms == b->end.ms ? 0 : OBJECT_END;
	bits |= text_equal(a->description, b->description) ? 0 : OBJECT_MEMO;
	bits |= a->has_total == b->has_total && a->total == b->total ? 0 : OBJECT_TOTAL;
	bits |= a->per_person == b->per_person ? 0 : OBJECT_PER_PERSON;
	return bits;
}

static const struct template *keep_edition(struct happening *h, const struct template *t)
{
	struct template *kept = keep_bytes(h->w, sizeof(*kept));
	*kept = *t;
	return kept;
}

void rule_template_change(struct happening *h)
{
	const struct template_change_cmd *c = &h->op->cmd.template_change;
	uint64_t have = h->op->ret.template_change.revision;
	if (number_again(h, &c->request, have))
		return;
	int at = model_find_template(h->home, c->template_id);
	if (at < 0 && refused(h, FAULT_TEMPLATE_UNKNOWN, "template_id"))
		return;
	struct m_template *t = &h->home->templates[at];
	if (c->revision && c->revision != t->more.revision + 1 &&
	    refused(h, FAULT_PRECONDITION_FAILED, "if-match"))
		return;
	struct template before = model_template(t), after = c->template;
	after.template_id = c->template_id;
	if (bad_rules(h, &after) || below_used(h, at, &after))
		return;
	after.edition = before.edition;
	after.recast = before.recast;
	after.changed = before.changed | (t->has_object ? object_bits(&before, &after) : 0);
	bool turns = !same_terms(&before, &after) && issued(h->home, at, -1) > 0;
	must(!turns || before.edition + 1 < EDITIONS_OF_MODEL);
	after.edition += turns;
	if (c->recast)
		after.recast = after.edition;
	accepted(h);
	h->wrote = !same_terms(&before, &after) || !same_limits(&before, &after);
	after.revision = before.revision + h->wrote;
	if (turns)
		t->editions[before.edition] = keep_edition(h, &before);
	if (h->wrote) {
		set_template(t, &after);
		t->changed = after.changed;
		t->updated = h->instant;
		for (unsigned i = 0; i < h->home->coupon_n; i++)
			if (h->home->coupons[i].template == at)
				h->home->coupons[i].used_then = h->home->coupons[i].used;
		/* Who has more than the new limit of one person keeps it. */
		t->loose |= after.per_person < before.per_person || after.per_person_day;
	}
	expect_number(h, "revision", have, after.revision);
	keep_number(h, &c->request, after.revision);
}
