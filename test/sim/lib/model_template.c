/* The model: templates with all the rules of the native API, and their editions (domain/life.h). */
#include "model.h"

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
	to.uses_per_person = t->more.uses_per_person;
	to.uses_per_period = t->more.uses_per_period;
	to.period = t->more.period;
	to.per_order = t->more.per_order;
	return to;
}

/* --- template_make, template_change --- */

static bool invalid(struct happening *h, const char *field)
{
	return refused(h, FAULT_PARAMETER_INVALID, field);
}

/* What the plan may get wrong. */
static bool bad_terms(struct happening *h, const struct template *t)
{
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

static bool bad_rules(struct happening *h, const struct template *t)
{
	if (!t->name.size)
		return refused(h, FAULT_PARAMETER_MISSING, "name");
	return bad_terms(h, t);
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
	struct template after = c->template;
	after.template_id = c->template_id;
	if (bad_rules(h, &after))
		return;
	int at = model_find_template(h->home, c->template_id);
	if (at < 0 && refused(h, FAULT_TEMPLATE_UNKNOWN, "template_id"))
		return;
	struct m_template *t = &h->home->templates[at];
	if (c->revision && c->revision != t->more.revision + 1 &&
	    refused(h, FAULT_PRECONDITION_FAILED, "if-match"))
		return;
	struct template before = model_template(t);
	if (below_used(h, at, &after))
		return;
	after.edition = before.edition;
	after.recast = before.recast;
	after.changed = before.changed | (t->has_object ? object_bits(&before, &after) : 0);
	bool turns = !same_terms(&before, &after) && model_issued(h->home, at, -1) > 0;
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

/* --- template_save, with terms --- */

/* In place: coupons that are out go by them, too. */
static void change_in_place(struct happening *h, int at, const struct template *given)
{
	struct m_template *t = &h->home->templates[at];
	struct template before = model_template(t), after = *given;
	after.edition = before.edition;
	after.recast = before.recast;
	after.changed = before.changed | (t->has_object ? object_bits(&before, &after) : 0);
	if (before.uses <= 1 && after.uses <= 1)
		after.uses = before.uses;
	h->wrote = !same_terms(&before, &after) || !same_limits(&before, &after);
	expect_number(h, "changed", h->op->ret.template_save.changed, h->wrote);
	after.revision = before.revision + h->wrote;
	if (!h->wrote)
		return;
	set_template(t, &after);
	t->changed = after.changed;
	t->updated = h->instant;
	t->loose = true;
	for (unsigned i = 0; i < h->home->coupon_n; i++)
		if (h->home->coupons[i].template == at)
			h->home->coupons[i].used_then = h->home->coupons[i].used;
}

void rule_template_terms(struct happening *h, int at)
{
	const struct template *given = &h->op->cmd.template_save.template;
	struct m_home *m = h->home;
	if (bad_terms(h, given) || (at >= 0 && below_used(h, at, given)))
		return;
	accepted(h);
	expect_number(h, "made", h->op->ret.template_save.made, at < 0);
	if (at >= 0) {
		change_in_place(h, at, given);
		return;
	}
	must(m->template_n < TEMPLATES_OF_MODEL);
	struct m_template *made = &m->templates[m->template_n++];
	*made = (struct m_template){.maker = MAKER_CSV};
	set_template(made, given);
	made->live = true;
	made->template_id = given->template_id;
	made->created = made->updated = h->instant;
	h->wrote = true;
}
