/*
 * The model, first part: what every command shares, the store itself, templates of the dialects;
 * and the table from commands to rules. A rule first says which fault the documents give, then
 * changes the arrays. The order of faults is the order of faults.tbl.h.
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

int model_person(const struct m_home *m, int customer)
{
	return customer >= 0 && m->customers[customer].into ? m->customers[customer].into - 1
							    : customer;
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
	int at = model_find_template(h->home, given.template_id);
	if (c->has_terms) {
		rule_template_terms(h, at);
		return;
	}
	accepted(h);
	expect_number(h, "made", r->made, at < 0);
	if (at < 0) {
		given.maker = given.maker ? given.maker : MAKER_CSV;
		new_template(h, &given);
		h->wrote = true;
		return;
	}
	struct m_template *known = &h->home->templates[at];
	bool dates = given.begin.ms || given.end.ms, was_relative = known->more.is_relative;
	given.has_total = known->has_total;
	given.total = known->total;
	given.per_person = known->per_person;
	if (!given.type.size && known->more.benefit)
		given.type = known->type;
	if (!given.shops.size && known->more.shops_in.size)
		given.shops = known->shops;
	if (!given.categories.size && known->more.categories_in.size)
		given.categories = known->categories;
	uint64_t bits = template_changes(known, &given);
	h->wrote = bits || (dates && was_relative) || !text_equal(known->shops, given.shops) ||
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
	given.more.revision += h->wrote;
	if (dates) {
		given.more.is_relative = false;
		given.more.starts_after_days = given.more.lasts_days = 0;
	}
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

/* --- the table --- */

/* What the plan has. Other writes are in test/table and test/e2e. */
static void (*const rules[])(struct happening *h) = {
#define RULE(name) [COMMAND_##name] = rule_##name
    RULE(origin_create),   RULE(origin_restore),  RULE(merchant_add),	   RULE(credential_add),
    RULE(department_save), RULE(customer_save),	  RULE(request_forget),	   RULE(template_add),
    RULE(template_save),   RULE(template_delete), RULE(template_make),	   RULE(template_change),
    RULE(coupon_issue),	   RULE(coupon_import),	  RULE(coupon_grant),	   RULE(coupon_change),
    RULE(coupon_redeem),   RULE(coupon_reverse),  RULE(hold_sweep),	   RULE(campaign_add),
    RULE(campaign_modify), RULE(campaign_save),	  RULE(campaign_delete),   RULE(campaign_sweep),
    RULE(customer_merge),  RULE(customer_erase),  RULE(customer_settle),   RULE(audience_add),
    RULE(audience_clear),  RULE(audience_invite), RULE(audience_register),
#undef RULE
};

static void rule_of(struct happening *h, unsigned command)
{
	if (h->op->home == ACTING && command != COMMAND_request_forget)
		rule_acting(h);
	else if (command < COUNT_OF(rules) && rules[command])
		rules[command](h);
	else
		sim_fail(h->w, "a command that no plan has");
}

void model_apply(struct world *w, struct op *op, bool answered, bool *ret_wrote)
{
	int64_t now = sim_now(w).ms;
	struct happening h = {.w = w,
			      .op = op,
			      .home = &w->homes[op->home],
			      .answered = answered,
			      .instant = {now > w->newest_ms ? now : w->newest_ms}};
	w->doing = command_get(op->command)->name;
	rule_of(&h, op->command);
	if (h.wrote) {
		w->newest_ms = h.instant.ms;
		h.home->entries++;
	}
	*ret_wrote = h.wrote;
	w->doing = NULL;
}
