/*
 * The model, first part: what every command shares, the store itself, people, templates; and the
 * table from commands to rules. A rule first says which fault the documents give, then changes the
 * arrays. The order of faults is the order of faults.tbl.h.
 */
#include "model.h"

/* --- outcomes --- */

bool refused(struct happening *h, enum fault fault, const char *field)
{
	const struct op *op = h->op;
	h->refused = true;
	if (!h->answered)
		return true;
	if (op->fault != fault)
		sim_fail(h->w, "%s: %s, the model says %s (%s)", command_get(op->command)->name,
			 fault_name(op->fault), fault_name(fault), field ? field : "");
	if (field && strcmp(op->field, field) != 0)
		sim_fail(h->w, "%s: %s names field %s, the model says %s",
			 command_get(op->command)->name, fault_name(fault), op->field, field);
	return true;
}

bool accepted(struct happening *h)
{
	const struct op *op = h->op;
	if (h->answered && op->fault != OK)
		sim_fail(h->w, "%s: %s (%s), the model accepts it", command_get(op->command)->name,
			 fault_name(op->fault), op->field);
	return h->answered;
}

void expect_number(struct happening *h, const char *what, uint64_t have, uint64_t want)
{
	if (h->answered && have != want)
		sim_fail(h->w, "%s: %s is %llu, the model says %llu",
			 command_get(h->op->command)->name, what, (unsigned long long)have,
			 (unsigned long long)want);
}

/* --- what is shown --- */

bool is_past_second(struct world *w, struct instant end)
{
	return end.ms != 0 && sim_now(w).ms / 1000 > end.ms / 1000;
}

enum coupon_state model_shown_state(struct world *w, const struct m_coupon *c)
{
	enum coupon_state state = c->state;
	if (state == COUPON_FROZEN && is_past_second(w, c->until))
		state = c->held ? COUPON_RECALLED : COUPON_UNUSED;
	bool expires = state == COUPON_UNUSED || (w->canary && state == COUPON_FROZEN);
	return expires && is_past_second(w, c->end) ? COUPON_EXPIRED : state;
}

struct text model_label(const struct m_customer *c)
{
	return c->name.size ? c->name : c->nick;
}

/* --- ids that the server makes --- */

void model_learn_id(struct world *w, struct m_home *h, struct text *id, struct text have)
{
	if (have.size != PUBLIC_ID_SIZE)
		sim_fail(w, "a server-made id is %.*s", TEXT_ARG(have));
	for (unsigned i = 0; i < have.size; i++)
		if (have.data[i] < '0' || have.data[i] > '9')
			sim_fail(w, "a server-made id is %.*s", TEXT_ARG(have));
	for (unsigned i = 0; i < h->given_out_n; i++)
		if (text_equal(h->given_out[i], have))
			sim_fail(w, "the id %.*s is given out twice", TEXT_ARG(have));
	*id = keep(w, have);
	h->given_out[h->given_out_n++] = *id;
}

void model_learn_activity(struct world *w, struct m_home *h, struct m_campaign *c, uint64_t id)
{
	if (id == 0 || id >= UINT64_C(1) << 53)
		sim_fail(w, "activity_id %llu", (unsigned long long)id);
	const struct m_home *lost = w->lost ? &w->lost[h - w->homes] : h;
	for (unsigned i = 0; i < h->campaign_n; i++)
		if (h->campaigns[i].activity_id == id)
			sim_fail(w, "activity_id %llu is given out twice", (unsigned long long)id);
	for (unsigned i = 0; i < lost->campaign_n; i++)
		if (lost->campaigns[i].activity_id == id)
			sim_fail(w, "activity_id %llu was given out before the restore",
				 (unsigned long long)id);
	c->activity_id = id;
	if (c->maker != MAKER_WJB)
		return;
	c->source = keep_format(w, "wjb-%llu", (unsigned long long)id);
	if (!c->code.size)
		c->code = keep_format(w, "%llu", (unsigned long long)id);
}

void model_learn_code(struct world *w, struct m_home *h, struct m_coupon *c, struct text code)
{
	if (!code.size || !text_is_clean(code))
		sim_fail(w, "a server-made code is \"%.*s\"", TEXT_ARG(code));
	for (unsigned i = 0; i < h->coupon_n; i++)
		if (text_equal(h->coupons[i].code, code))
			sim_fail(w, "the code %.*s is given out twice", TEXT_ARG(code));
	const struct m_home *lost = w->lost ? &w->lost[h - w->homes] : h;
	for (unsigned i = 0; i < lost->coupon_n; i++)
		if (text_equal(lost->coupons[i].code, code))
			sim_fail(w, "the code %.*s was given out before the restore",
				 TEXT_ARG(code));
	c->code = keep(w, code);
}

void model_learn_coupon_id(struct world *w, struct m_home *h, struct m_coupon *c, uint64_t id)
{
	if (c->id == id)
		return;
	if (c->id || !id)
		sim_fail(w, "a coupon's id is %llu, it was %llu", (unsigned long long)id,
			 (unsigned long long)c->id);
	for (unsigned i = 0; i < h->coupon_n; i++)
		if (h->coupons[i].id == id)
			sim_fail(w, "the coupon id %llu is given out twice",
				 (unsigned long long)id);
	c->id = id;
}

void model_learn_template(struct world *w, struct m_home *h, struct m_template *t, uint64_t id)
{
	if (id == 0 || id > INT64_MAX || model_find_template(h, id) >= 0)
		sim_fail(w, "a server-made template_id is %llu", (unsigned long long)id);
	t->template_id = id;
}

void model_learn_slot(struct world *w, struct m_customer *c, uint64_t slot)
{
	if (slot == 0)
		sim_fail(w, "a customer has no key slot");
	for (unsigned home = 1; home < w->home_n; home++) {
		const struct m_home *m = &w->homes[home];
		if (c < m->customers || c >= m->customers + m->customer_n)
			continue; /* each merchant numbers its own */
		for (unsigned i = 0; i < m->customer_n; i++)
			if (m->customers[i].key_slot == slot)
				sim_fail(w, "key slot %llu is given out twice",
					 (unsigned long long)slot);
	}
	c->key_slot = slot;
}

bool model_all_learned(struct world *w, unsigned home)
{
	const struct m_home *h = &w->homes[home];
	for (unsigned i = 0; i < h->department_n; i++)
		if (!h->departments[i].id.size)
			return false;
	for (unsigned i = 0; i < h->customer_n; i++)
		if (!h->customers[i].id.size)
			return false;
	return true;
}

/* --- the store itself --- */

static bool bad_epoch(uint64_t epoch)
{
	return epoch == 0 || epoch >> 20;
}

static void rule_origin_create(struct happening *h)
{
	const struct origin_create_cmd *c = &h->op->cmd.origin_create;
	if (bad_epoch(c->epoch) && refused(h, FAULT_PARAMETER_INVALID, "epoch"))
		return;
	accepted(h);
	h->wrote = h->home->epoch == 0;
	expect_number(h, "made", h->op->ret.origin_create.made, h->wrote);
	if (h->wrote)
		h->home->epoch = c->epoch;
}

static void rule_origin_restore(struct happening *h)
{
	const struct origin_restore_cmd *c = &h->op->cmd.origin_restore;
	if ((bad_epoch(c->epoch) || c->epoch == h->home->epoch) &&
	    refused(h, FAULT_PARAMETER_INVALID, "epoch"))
		return;
	accepted(h);
	h->wrote = true;
	h->home->epoch = c->epoch;
}

static void rule_merchant_add(struct happening *h)
{
	const struct merchant_add_cmd *c = &h->op->cmd.merchant_add;
	const struct merchant_add_ret *r = &h->op->ret.merchant_add;
	struct world *w = h->w;
	if (!c->name.size && refused(h, FAULT_PARAMETER_MISSING, "name"))
		return;
	for (unsigned i = 1; i < w->home_n; i++) {
		if (!text_equal(w->homes[i].name, c->name))
			continue;
		if (!c->may_exist && refused(h, FAULT_VALUE_TAKEN, "name"))
			return;
		accepted(h);
		expect_number(h, "made", r->made, false);
		expect_number(h, "number", r->number, w->homes[i].number);
		return;
	}
	must(w->home_n < HOMES && h->answered); /* the plan makes them first of all */
	accepted(h);
	expect_number(h, "made", r->made, true);
	for (unsigned i = 0; i < w->home_n; i++)
		if (w->homes[i].number == r->number)
			sim_fail(w, "merchant number %llu twice", (unsigned long long)r->number);
	struct m_home *made = &w->homes[w->home_n++];
	made->number = r->number;
	made->name = c->name;
	made->created = h->instant;
	h->wrote = true;
}

static void rule_credential_add(struct happening *h)
{
	const struct credential_add_cmd *c = &h->op->cmd.credential_add;
	struct m_home *s = h->home;
	bool owned = false;
	if (!c->credential.name.size && refused(h, FAULT_PARAMETER_MISSING, "name"))
		return;
	if (!c->credential.secret.size && refused(h, FAULT_PARAMETER_MISSING, "secret"))
		return;
	for (unsigned i = 1; i < h->w->home_n; i++)
		owned |= h->w->homes[i].number == c->credential.owner;
	if (!owned && refused(h, FAULT_MERCHANT_UNKNOWN, NULL))
		return;
	for (unsigned i = 0; i < s->credential_n; i++) {
		const struct credential *known = &s->credentials[i].c;
		if (known->dialect != c->credential.dialect ||
		    !text_equal(known->name, c->credential.name))
			continue;
		if ((!c->may_exist || known->owner != c->credential.owner) &&
		    refused(h, FAULT_VALUE_TAKEN, "name"))
			return;
		accepted(h);
		expect_number(h, "made", h->op->ret.credential_add.made, false);
		return;
	}
	accepted(h);
	expect_number(h, "made", h->op->ret.credential_add.made, true);
	must(s->credential_n < CREDENTIALS_OF_MODEL);
	struct credential *made = &s->credentials[s->credential_n++].c;
	*made = c->credential;
	made->created = h->instant;
	h->wrote = true;
}

/* --- departments and customers (8.5, domain.h) --- */

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

static void rule_department_save(struct happening *h)
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
		return model_find_customer(m, names[i].by, names[i].value);
	}
	return -1;
}

const char *model_holder_clash(const struct m_home *m, const struct customer *given, unsigned known)
{
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
	for (unsigned i = 0; i < PERSON_NAMES; i++)
		if (model_find_customer(m, names[i].by, names[i].value) >= 0)
			return names[i].field;
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

static void rule_customer_save(struct happening *h)
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
		if (text_equal(r->name, c->name) && !r->code.size && !r->source.size &&
		    !r->nick.size && !r->phone.size && !r->card.size)
			at = (int)i;
	}
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
	h->wrote = !(text_equal(given.id, known->id) && text_equal(given.code, known->code) &&
		     text_equal(given.source, known->source) &&
		     text_equal(given.nick, known->nick) && text_equal(given.phone, known->phone) &&
		     text_equal(given.card, known->card) && text_equal(given.name, known->name));
	*known = given;
	if (h->wrote)
		known->updated = h->instant;
	expect_number(h, "changed", h->op->ret.customer_save.changed, h->wrote);
}

/* --- templates (8.1, 8.9, 8.11, 8.13) --- */

int model_find_template(const struct m_home *m, uint64_t template_id)
{
	for (unsigned i = 0; i < m->template_n && template_id; i++)
		if (m->templates[i].live && m->templates[i].template_id == template_id)
			return (int)i;
	return -1;
}

static struct m_template template_given(const struct template *t)
{
	return (struct m_template){.live = true,
				   .template_id = t->template_id,
				   .maker = (enum maker)t->maker,
				   .name = t->name,
				   .type = t->type,
				   .shops = t->shops,
				   .categories = t->categories,
				   .description = t->description,
				   .channel = t->channel,
				   .has_amount = t->has_amount,
				   .has_threshold = t->has_threshold,
				   .has_total = t->has_total,
				   .amount = t->amount.fen,
				   .threshold = t->threshold.fen,
				   .total = t->total,
				   .per_person = t->per_person ? t->per_person : 1,
				   .begin = t->begin,
				   .end = t->end};
}

static bool bad_template(struct happening *h, const struct template *t)
{
	if (t->template_id == 0 || t->template_id > INT64_MAX ||
	    (t->has_amount && t->amount.fen < 0) || (t->has_threshold && t->threshold.fen < 0) ||
	    (t->begin.ms && t->end.ms && t->begin.ms > t->end.ms))
		return refused(h, FAULT_PARAMETER_INVALID, NULL);
	return false;
}

static void new_template(struct happening *h, const struct m_template *t)
{
	must(h->home->template_n < TEMPLATES_OF_MODEL);
	struct m_template *made = &h->home->templates[h->home->template_n++];
	*made = *t;
	made->created = made->updated = h->instant;
}

static const char *const template_dropped[] = {"created", NULL};

static void rule_template_add(struct happening *h)
{
	const struct template_add_cmd *c = &h->op->cmd.template_add;
	struct m_template given = template_given(&c->template);
	if (model_remembered(h, &c->request)) {
		accepted(h);
		return;
	}
	if (bad_template(h, &c->template))
		return;
	int at = model_find_template(h->home, c->template.template_id);
	given.maker = MAKER_WJB;
	given.has_object = true;
	given.object = *h->op->object;
	object_normalize(&given.object, template_dropped);
	const struct m_template *known = at >= 0 ? &h->home->templates[at] : NULL;
	if (known && !(known->has_object && object_means_same(&known->object, &given.object)) &&
	    refused(h, FAULT_TEMPLATE_EXISTS, "coupon_id"))
		return;
	accepted(h);
	expect_number(h, "made", h->op->ret.template_add.made, !known);
	if (!known)
		new_template(h, &given);
	h->wrote = !known || c->request.count;
	model_remember(h, &c->request);
}

/* Members of the object that a CSV row now says otherwise. */
static uint64_t template_changes(const struct m_template *a, const struct m_template *b)
{
	uint64_t bits = 0;
	bits |= text_equal(a->name, b->name) ? 0 : OBJECT_NAME;
	bits |= text_equal(a->type, b->type) ? 0 : OBJECT_TYPE;
	bits |= a->has_amount == b->has_amount && a->amount == b->amount ? 0 : OBJECT_AMOUNT;
	bits |= a->has_threshold == b->has_threshold && a->threshold == b->threshold
		    ? 0
		    : OBJECT_CONDITION;
	bits |= a->begin.ms == b->begin.ms ? 0 : OBJECT_START;
	bits |= a->end.ms == b->end.ms ? 0 : OBJECT_END;
	bits |= text_equal(a->description, b->description) ? 0 : OBJECT_MEMO;
	bits |= a->has_total == b->has_total && a->total == b->total ? 0 : OBJECT_TOTAL;
	bits |= a->per_person == b->per_person ? 0 : OBJECT_PER_PERSON;
	return bits;
}

static void rule_template_save(struct happening *h)
{
	const struct template_save_cmd *c = &h->op->cmd.template_save;
	const struct template_save_ret *r = &h->op->ret.template_save;
	struct m_template given = template_given(&c->template);
	if (bad_template(h, &c->template))
		return;
	accepted(h);
	int at = model_find_template(h->home, given.template_id);
	expect_number(h, "made", r->made, at < 0);
	if (at < 0) {
		given.maker = given.maker ? given.maker : MAKER_CSV;
		new_template(h, &given);
		h->wrote = true;
		return;
	}
	struct m_template *known = &h->home->templates[at];
	uint64_t bits = template_changes(known, &given);
	h->wrote = bits || !text_equal(known->shops, given.shops) ||
		   !text_equal(known->categories, given.categories) ||
		   !text_equal(known->channel, given.channel);
	expect_number(h, "changed", r->changed, h->wrote);
	given.maker = known->maker;
	given.has_object = known->has_object;
	given.object = known->object;
	given.changed = known->changed | (known->has_object ? bits : 0);
	given.created = known->created;
	given.updated = h->wrote ? h->instant : known->updated;
	given.more = known->more;
	memcpy(given.editions, known->editions, sizeof(given.editions));
	given.loose = true;
	*known = given;
}

static bool is_prize(const struct m_home *m, int template)
{
	for (unsigned i = 0; i < m->campaign_n; i++)
		for (unsigned j = 0; j < m->campaigns[i].prize_n && m->campaigns[i].live; j++)
			if (m->campaigns[i].prizes[j] == template)
				return true;
	return false;
}

static void rule_template_delete(struct happening *h)
{
	const struct template_delete_cmd *c = &h->op->cmd.template_delete;
	if (model_remembered(h, &c->request)) {
		accepted(h);
		return;
	}
	int at = model_find_template(h->home, c->template_id);
	if (at < 0 && refused(h, FAULT_TEMPLATE_UNKNOWN, "coupon_id"))
		return;
	if (is_prize(h->home, at) && refused(h, FAULT_TEMPLATE_IN_USE, "coupon_id"))
		return;
	accepted(h);
	h->home->templates[at].live = false;
	h->home->templates[at].updated = h->instant;
	h->wrote = true;
	model_remember(h, &c->request);
}

/* --- repeats (8.12): the same request within 24 hours of the first --- */

static const int64_t DAY_MS = 24 * 3600 * 1000;

static int64_t retention_ms(enum request_class class)
{
	return class == REQUEST_NATIVE ? 90 * DAY_MS : DAY_MS;
}

static bool same_key(const struct request_key *a, const struct request_key *b)
{
	bool same = a->count == b->count;
	for (unsigned i = 0; same && i < a->count; i++)
		same = text_equal(a->parts[i], b->parts[i]);
	return same;
}

static struct m_request *find_request(struct happening *h, enum command command,
				      const struct request_key *key)
{
	struct m_home *m = h->home;
	for (unsigned i = 0; i < m->request_n && key->count; i++) {
		struct m_request *r = &m->requests[i];
		if (r->command == command && same_key(&r->key, key) &&
		    h->instant.ms - r->kept_ms < retention_ms(r->class)) {
			h->w->repeats++;
			return r;
		}
	}
	return NULL;
}

struct m_request *model_remembered(struct happening *h, const struct request_key *key)
{
	return find_request(h, h->op->command, key);
}

/* A caller's number, of all commands of that kind. */
static struct request_key number_key(const char *what, struct text key)
{
	return (struct request_key){{text_of(what), key}, key.size ? 2 : 0};
}

struct m_request *model_remembered_number(struct happening *h, enum command command,
					  const char *what, struct text key)
{
	struct request_key number = number_key(what, key);
	return find_request(h, command, &number);
}

struct m_request *model_remember_number(struct happening *h, enum command command, const char *what,
					struct text key)
{
	struct request_key number = number_key(what, key);
	struct m_request *r = model_remember(h, &number);
	r->command = command;
	r->class = REQUEST_NATIVE;
	return r;
}

struct m_request *model_remember(struct happening *h, const struct request_key *key)
{
	static struct m_request nobodys;
	struct m_home *m = h->home;
	if (!key->count)
		return &nobodys;
	must(m->request_n < REQUESTS_OF_MODEL);
	struct m_request *r = &m->requests[m->request_n++];
	*r = (struct m_request){.command = h->op->command,
				.class = REQUEST_DIALECT,
				.key = *key,
				.kept_ms = h->instant.ms};
	return r;
}

/* store.md 1: a row stands under (end of life / retention), and what is below now's may go; it goes
 * once it is in LMDB, so the model only knows how many there are at most. */
static bool is_stale(const struct happening *h, const struct m_request *r)
{
	int64_t retention = retention_ms(r->class);
	return (r->kept_ms + retention) / retention < h->instant.ms / retention;
}

static void rule_request_forget(struct happening *h)
{
	const struct request_forget_cmd *c = &h->op->cmd.request_forget;
	unsigned forgotten = h->op->ret.request_forget.forgotten, gone = 0;
	struct m_home *m = h->home;
	if (!accepted(h)) {
		h->wrote = h->op->in_ledger;
		return;
	}
	for (unsigned i = 0; i < m->request_n && gone < forgotten;) {
		if (m->requests[i].class == c->class && is_stale(h, &m->requests[i])) {
			gone++;
			m->requests[i] = m->requests[--m->request_n];
		} else {
			i++;
		}
	}
	if (forgotten > gone || forgotten > c->n)
		sim_fail(h->w, "request_forget: %u are forgotten, the model has %u, asked for %u",
			 forgotten, gone, c->n);
	h->wrote = forgotten > 0;
}

/* --- the table --- */

static void no_rule(struct happening *h)
{
	sim_fail(h->w, "a read among the writes");
}

/* Not in the plan's mix: test/table/person.table and test/e2e/person.test.mjs have them. */
static void not_planned(struct happening *h)
{
	sim_fail(h->w, "a write that no plan has");
}
#define rule_credential_change not_planned
#define rule_merchant_change   not_planned
#define rule_customer_erase    not_planned
#define rule_customer_merge    not_planned
#define rule_customer_settle   not_planned

/* clang-format off */
static void (*const rules[])(struct happening *h) = {
#define READ(name) no_rule
#define WRITE(name) rule_##name
#define COMMAND(name, id, mode) [id] = mode(name),
#include "domain/commands.tbl.h"
#undef COMMAND
};
/* clang-format on */

void model_apply(struct world *w, struct op *op, bool answered, bool *ret_wrote)
{
	int64_t now = sim_now(w).ms;
	struct happening h = {.w = w,
			      .op = op,
			      .home = &w->homes[op->home],
			      .answered = answered,
			      .instant = {now > w->newest_ms ? now : w->newest_ms}};
	w->doing = command_get(op->command)->name;
	rules[op->command](&h);
	if (h.wrote) {
		w->newest_ms = h.instant.ms;
		h.home->entries++;
	}
	*ret_wrote = h.wrote;
	w->doing = NULL;
}
