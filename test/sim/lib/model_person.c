/* The model: departments and customers (dialects.md 8.5, domain.h). */
#include "model.h"

/* Index of the one whose value this is, -1 for nobody's. `offset`: of the text in the record. */
static int find_text(const void *rows, unsigned n, size_t size, size_t offset, struct text value)
{
	for (unsigned i = 0; i < n && value.size; i++) {
		struct text have;
		memcpy(&have, (const char *)rows + i * size + offset, sizeof(have));
		if (text_equal(have, value))
			return (int)i;
	}
	return -1;
}
#define FIND(rows, n, member, value) \
	find_text((rows), (n), sizeof((rows)[0]), offsetof(__typeof__((rows)[0]), member), (value))

void rule_department_save(struct happening *h)
{
	const struct department *given = &h->op->cmd.department_save.department;
	struct m_home *m = h->home;
	int by[] = {FIND(m->departments, m->department_n, id, given->department_id),
		    FIND(m->departments, m->department_n, code, given->code),
		    FIND(m->departments, m->department_n, source, given->source_code)};
	static const char *const names[] = {"department_id", "code", "source_code"};
	int at = given->department_id.size || by[0] >= 0 ? by[0] : by[1] >= 0 ? by[1] : by[2];
	if (!given->department_id.size && !given->code.size && !given->source_code.size) {
		if (!given->name.size && refused(h, FAULT_PARAMETER_MISSING, names[0]))
			return;
		at = -1;
		for (unsigned i = 0; i < m->department_n && at < 0; i++)
			if (text_equal(m->departments[i].name, given->name) &&
			    !m->departments[i].code.size && !m->departments[i].source.size)
				at = (int)i;
	}
	for (unsigned i = 0; i < COUNT_OF(by); i++)
		if (by[i] >= 0 && by[i] != at && refused(h, FAULT_VALUE_TAKEN, names[i]))
			return;
	accepted(h);
	bool made = at < 0;
	if (made) {
		must(m->department_n < DEPARTMENTS_OF_MODEL);
		at = (int)m->department_n++;
		m->departments[at].created = h->instant;
	}
	struct m_department *d = &m->departments[at];
	struct text id = given->department_id.size ? given->department_id : d->id;
	bool changed = !made && !(text_equal(d->id, id) && text_equal(d->code, given->code) &&
				  text_equal(d->name, given->name) &&
				  text_equal(d->source, given->source_code));
	d->id = id;
	d->code = given->code;
	d->name = given->name;
	d->source = given->source_code;
	h->wrote = made || changed;
	if (h->wrote)
		d->updated = h->instant;
	expect_number(h, "made", h->op->ret.department_save.made, made);
	expect_number(h, "changed", h->op->ret.department_save.changed, changed);
}

int model_find_customer(const struct m_home *m, enum person_name by, struct text value)
{
	const size_t offsets[] = {[PERSON_ID] = offsetof(struct m_customer, id),
				  [PERSON_CODE] = offsetof(struct m_customer, code),
				  [PERSON_SOURCE] = offsetof(struct m_customer, source),
				  [PERSON_NICK] = offsetof(struct m_customer, nick),
				  [PERSON_PHONE] = offsetof(struct m_customer, phone),
				  [PERSON_CARD] = offsetof(struct m_customer, card)};
	return find_text(m->customers, m->customer_n, sizeof(m->customers[0]), offsets[by], value);
}

int model_new_customer(struct happening *h, const struct m_customer *given)
{
	struct m_home *m = h->home;
	must(m->customer_n < CUSTOMERS_OF_MODEL);
	m->customers[m->customer_n] = *given;
	m->customers[m->customer_n].created = m->customers[m->customer_n].updated = h->instant;
	return (int)m->customer_n++;
}

/* In the order in which a coupon's holder is looked for. */
struct given_name {
	enum person_name by;
	struct text value;
	const char *field;
};
static void given_names(const struct customer *c, struct given_name ret[PERSON_NAMES])
{
	ret[0] = (struct given_name){PERSON_ID, c->customer_id, "customer_id"};
	ret[1] = (struct given_name){PERSON_PHONE, c->phone, "phone"};
	ret[2] = (struct given_name){PERSON_CARD, c->card_no, "card_no"};
	ret[3] = (struct given_name){PERSON_NICK, c->nick, "nick"};
	ret[4] = (struct given_name){PERSON_CODE, c->code, "code"};
	ret[5] = (struct given_name){PERSON_SOURCE, c->source_code, "source_code"};
}

int model_find_holder(const struct m_home *m, const struct customer *given, bool *ret_any)
{
	struct given_name names[PERSON_NAMES];
	given_names(given, names);
	*ret_any = false;
	for (unsigned i = 0; i < PERSON_NAMES; i++) {
		if (!names[i].value.size)
			continue;
		*ret_any = true;
		return model_person(m, model_find_customer(m, names[i].by, names[i].value));
	}
	return -1;
}

const char *model_holder_clash(const struct m_home *m, const struct customer *given, unsigned known,
			       int *ret_new)
{
	*ret_new = -1;
	struct given_name names[PERSON_NAMES];
	given_names(given, names);
	for (unsigned by = 0; by < PERSON_NAMES; by++)
		for (unsigned i = 0; i < PERSON_NAMES; i++) {
			int other = names[i].by == by
					? model_find_customer(m, names[i].by, names[i].value)
					: -1;
			if (other >= 0 && (unsigned)other < known)
				return names[i].field;
		}
	for (unsigned i = 0; i < PERSON_NAMES; i++) {
		int other = model_find_customer(m, names[i].by, names[i].value);
		if (other >= 0 && (*ret_new < 0 || other < *ret_new))
			*ret_new = other;
	}
	return NULL;
}

int model_new_holder(struct happening *h, const struct customer *given)
{
	return model_new_customer(h, &(struct m_customer){.id = given->customer_id,
							  .code = given->code,
							  .source = given->source_code,
							  .nick = given->nick,
							  .phone = given->phone,
							  .card = given->card_no,
							  .name = given->name});
}

void rule_customer_save(struct happening *h)
{
	const struct customer *c = &h->op->cmd.customer_save.customer;
	static const char *const names[] = {"customer_id", "code",  "source_code",
					    "nick",	   "phone", "card_no"};
	struct text values[] = {c->customer_id, c->code,  c->source_code,
				c->nick,	c->phone, c->card_no};
	struct m_customer given = {.id = c->customer_id,
				   .code = c->code,
				   .source = c->source_code,
				   .nick = c->nick,
				   .phone = c->phone,
				   .card = c->card_no,
				   .name = c->name};
	struct m_home *m = h->home;
	int by[PERSON_NAMES], at = -1;
	bool named = false;
	for (unsigned i = 0; i < PERSON_NAMES; i++) {
		by[i] = model_find_customer(m, (enum person_name)i, values[i]);
		named |= values[i].size != 0;
		if (at < 0 && (i == 0 || !values[0].size))
			at = by[i];
	}
	if (!named && !c->name.size && refused(h, FAULT_PARAMETER_MISSING, names[0]))
		return;
	for (unsigned i = 0; i < m->customer_n && !named && at < 0; i++) {
		const struct m_customer *r = &m->customers[i];
		if (text_equal(r->name, c->name) && !r->nameless && !r->code.size &&
		    !r->source.size && !r->nick.size && !r->phone.size && !r->card.size)
			at = (int)i;
	}
	if (at >= 0 && m->customers[at].into) {
		accepted(h);
		expect_number(h, "changed", h->op->ret.customer_save.changed, false);
		return;
	}
	if (at >= 0 && m->customers[at].erased.ms && refused(h, FAULT_VALUE_TAKEN, names[0]))
		return;
	for (unsigned i = 0; i < PERSON_NAMES; i++)
		if (by[i] >= 0 && by[i] != at && refused(h, FAULT_VALUE_TAKEN, names[i]))
			return;
	accepted(h);
	expect_number(h, "made", h->op->ret.customer_save.made, at < 0);
	if (at < 0) {
		model_new_customer(h, &given);
		h->wrote = true;
		return;
	}
	struct m_customer *known = &m->customers[at];
	given.id = given.id.size ? given.id : known->id;
	given.created = known->created;
	given.updated = known->updated;
	given.key_slot = known->key_slot;
	given.merged = known->merged;
	given.joined = known->joined;
	given.unsettled = known->unsettled;
	given.walked = known->walked;
	given.walked_to = known->walked_to;
	h->wrote = !(text_equal(given.id, known->id) && text_equal(given.code, known->code) &&
		     text_equal(given.source, known->source) &&
		     text_equal(given.nick, known->nick) && text_equal(given.phone, known->phone) &&
		     text_equal(given.card, known->card) && text_equal(given.name, known->name));
	*known = given;
	if (h->wrote)
		known->updated = h->instant;
	expect_number(h, "changed", h->op->ret.customer_save.changed, h->wrote);
}
