/* The model, third part: campaigns and their audience (dialects.md 8.2, 8.7, 8.10, 8.18, 8.19). */
#include "model.h"

static const char *const dropped[] = {"activity_id", "created", "modified", NULL};

static int find_activity(const struct m_home *m, uint64_t activity_id)
{
	for (unsigned i = 0; i < m->campaign_n; i++)
		if (m->campaigns[i].live && activity_id &&
		    m->campaigns[i].activity_id == activity_id)
			return (int)i;
	return -1;
}

static int find_source(const struct m_home *m, struct text source)
{
	for (unsigned i = 0; i < m->campaign_n; i++)
		if (m->campaigns[i].live && text_equal(m->campaigns[i].source, source))
			return (int)i;
	return -1;
}

static void changed_now(struct happening *h, struct m_campaign *c)
{
	c->modified = h->instant;
	c->change = ++h->home->changes;
	h->wrote = true;
}

/* --- WangJuBao's patches --- */

static void patch_text(enum given given, struct text value, struct text *member)
{
	if (given == GIVEN_VALUE)
		*member = value;
	if (given == GIVEN_NULL)
		*member = TEXT_NONE;
}

static void patch_instant(enum given given, struct instant value, struct instant *member)
{
	if (given == GIVEN_VALUE)
		*member = value;
	if (given == GIVEN_NULL)
		*member = INSTANT_NONE;
}

/* The object says it again: what another dialect changed before is over. */
static uint64_t given_bits(const struct campaign_patch *p)
{
	return (p->name_given ? OBJECT_NAME : 0U) | (p->type_given ? OBJECT_TYPE : 0U) |
	       (p->status_given ? OBJECT_STATUS : 0U) | (p->begin_given ? OBJECT_START : 0U) |
	       (p->end_given ? OBJECT_END : 0U) | (p->memo_given ? OBJECT_MEMO : 0U);
}

/* True when it is refused. */
static bool patch_members(struct happening *h, const struct campaign_patch *p, struct m_campaign *c)
{
	patch_text(p->name_given, p->name, &c->name);
	patch_text(p->type_given, p->type_code, &c->type);
	patch_text(p->memo_given, p->memo, &c->information);
	patch_instant(p->begin_given, p->begin, &c->begin);
	patch_instant(p->end_given, p->end, &c->end);
	if (p->status_given)
		c->status = p->status_given == GIVEN_VALUE ? p->status : DEFAULT_STATUS;
	c->changed &= ~given_bits(p);
	if (c->status < 1 || c->status > 3)
		return refused(h, FAULT_PARAMETER_INVALID, "status");
	if (c->begin.ms && c->end.ms && c->begin.ms > c->end.ms)
		return refused(h, FAULT_PARAMETER_INVALID, "end_time");
	return false;
}

static bool patch_prizes(struct happening *h, const struct campaign_patch *p, struct m_campaign *c)
{
	if (p->prizes_given == GIVEN_ABSENT)
		return false;
	c->prize_n = 0;
	for (unsigned i = 0; i < p->prize_count && p->prizes_given == GIVEN_VALUE; i++) {
		int template = model_find_template(h->home, p->prizes[i]);
		bool again = false;
		if (template <0)
			return refused(h, FAULT_TEMPLATE_UNKNOWN, "prizes.coupon_id");
		for (unsigned j = 0; j < c->prize_n; j++)
			again |= c->prizes[j] == template;
		if (!again)
			c->prizes[c->prize_n++] = template;
	}
	return false;
}

void rule_campaign_add(struct happening *h)
{
	const struct campaign_add_cmd *c = &h->op->cmd.campaign_add;
	uint64_t activity_id = h->op->ret.campaign_add.activity_id;
	struct m_home *m = h->home;
	const struct m_request *known = model_remembered(h, &c->request);
	if (known) {
		struct m_campaign *first = &m->campaigns[known->campaign];
		accepted(h);
		if (h->answered && !first->activity_id)
			model_learn_activity(h->w, m, first, activity_id);
		expect_number(h, "activity_id", activity_id, first->activity_id);
		return;
	}
	must(m->campaign_n < CAMPAIGNS_OF_MODEL);
	struct m_campaign *made = &m->campaigns[m->campaign_n];
	*made = (struct m_campaign){.live = true,
				    .wjb = true,
				    .maker = MAKER_WJB,
				    .status = DEFAULT_STATUS,
				    .created = h->instant,
				    .has_object = true,
				    .object = *h->op->object};
	if (patch_members(h, &c->patch, made) || patch_prizes(h, &c->patch, made))
		return;
	accepted(h);
	object_normalize(&made->object, dropped);
	if (h->answered)
		model_learn_activity(h->w, m, made, activity_id);
	changed_now(h, made);
	model_remember(h, &c->request)->campaign = (int)m->campaign_n++;
}

void rule_campaign_modify(struct happening *h)
{
	const struct campaign_modify_cmd *c = &h->op->cmd.campaign_modify;
	struct m_home *m = h->home;
	if (model_remembered(h, &c->request)) {
		accepted(h);
		return;
	}
	int at = find_activity(m, c->activity_id);
	if (at < 0 && refused(h, FAULT_CAMPAIGN_UNKNOWN, "activity_id"))
		return;
	static struct m_campaign before;
	struct m_campaign *known = &m->campaigns[at];
	before = *known;
	if (patch_members(h, &c->patch, known) || patch_prizes(h, &c->patch, known)) {
		*known = before;
		return;
	}
	accepted(h);
	known->has_object = true;
	object_merge_in(&known->object, h->op->object, dropped);
	changed_now(h, known);
	model_remember(h, &c->request);
}

void rule_campaign_delete(struct happening *h)
{
	const struct campaign_delete_cmd *c = &h->op->cmd.campaign_delete;
	if (model_remembered(h, &c->request)) {
		accepted(h);
		return;
	}
	int at = find_activity(h->home, c->activity_id);
	if (at < 0 && refused(h, FAULT_CAMPAIGN_UNKNOWN, "activity_id"))
		return;
	accepted(h);
	h->home->campaigns[at].live = false;
	h->wrote = true;
	model_remember(h, &c->request);
}

/* --- Waiqin's upsert --- */

static bool is_reserved(struct text source)
{
	bool digits = source.size > 4 && memcmp(source.data, "wjb-", 4) == 0;
	for (size_t i = 4; digits && i < source.size; i++)
		digits = source.data[i] >= '0' && source.data[i] <= '9';
	return digits;
}

static int refer_department(const struct m_home *m, enum reference by, struct text item,
			    unsigned *ret_fits)
{
	int at = -1;
	*ret_fits = 0;
	for (unsigned i = 0; i < m->department_n; i++) {
		const struct m_department *d = &m->departments[i];
		struct text value = by == REFERENCE_ID	   ? d->id
				    : by == REFERENCE_CODE ? d->code
				    : by == REFERENCE_NAME ? d->name
							   : d->source;
		if (!item.size || !text_equal(value, item))
			continue;
		at = (int)i;
		++*ret_fits;
	}
	return at;
}

static bool save_departments(struct happening *h, const struct references *given,
			     struct m_campaign *c)
{
	bool ambiguous = false;
	unsigned n = 0;
	int found[ITEMS_MAX];
	if (given->kind == REFERENCE_NONE)
		return false;
	for (unsigned i = 0; i < given->n; i++) {
		unsigned fits;
		found[n++] = refer_department(h->home, given->kind, given->items[i], &fits);
		if (!fits)
			return refused(h, FAULT_DEPARTMENT_UNKNOWN, "departments");
		ambiguous |= fits > 1;
	}
	if (ambiguous)
		return refused(h, FAULT_DEPARTMENT_AMBIGUOUS, "departments");
	c->department_n = n;
	memcpy(c->departments, found, sizeof(found[0]) * n);
	return false;
}

/* Waiqin speaks of days: the same day leaves the hour that WangJuBao gave. */
static void save_day(struct instant day, bool last_second, struct instant *member)
{
	struct instant value = day.ms && last_second ? moment_day_end(day) : day;
	if (!(member->ms && day.ms && moment_day_end(*member).ms == moment_day_end(day).ms))
		*member = value;
}

static uint64_t campaign_changes(const struct m_campaign *a, const struct m_campaign *b)
{
	uint64_t bits = 0;
	bits |= text_equal(a->name, b->name) ? 0 : OBJECT_NAME;
	bits |= text_equal(a->type, b->type) ? 0 : OBJECT_TYPE;
	bits |= text_equal(a->information, b->information) ? 0 : OBJECT_MEMO;
	bits |= a->status == b->status ? 0 : OBJECT_STATUS;
	bits |= a->begin.ms == b->begin.ms ? 0 : OBJECT_START;
	bits |= a->end.ms == b->end.ms ? 0 : OBJECT_END;
	return bits;
}

static bool same_departments(const struct m_campaign *a, const struct m_campaign *b)
{
	return a->department_n == b->department_n &&
	       memcmp(a->departments, b->departments,
		      a->department_n * sizeof(a->departments[0])) == 0;
}

static void save_members(const struct campaign_save_cmd *c, struct m_campaign *to)
{
	to->code = c->code;
	to->name = c->name;
	to->type = c->type_code;
	to->url = c->register_url;
	to->information = c->information;
	to->status = c->status;
	save_day(c->begin, false, &to->begin);
	save_day(c->end, true, &to->end);
}

void rule_campaign_save(struct happening *h)
{
	const struct campaign_save_cmd *c = &h->op->cmd.campaign_save;
	const struct campaign_save_ret *r = &h->op->ret.campaign_save;
	struct m_home *m = h->home;
	if (!c->source_code.size && refused(h, FAULT_PARAMETER_MISSING, "source_code"))
		return;
	if ((c->status < 1 || c->status > 3 ||
	     (c->begin.ms && c->end.ms && c->begin.ms > c->end.ms)) &&
	    refused(h, FAULT_PARAMETER_INVALID, NULL))
		return;
	int at = find_source(m, c->source_code);
	if (at < 0 && is_reserved(c->source_code) &&
	    refused(h, FAULT_PARAMETER_INVALID, "source_code"))
		return;
	must(m->campaign_n < CAMPAIGNS_OF_MODEL);
	static struct m_campaign made;
	struct m_campaign *saved = &made;
	const struct m_campaign *before = at >= 0 ? &m->campaigns[at] : NULL;
	if (before)
		*saved = *before;
	else
		*saved = (struct m_campaign){.live = true,
					     .maker = c->maker ? c->maker : MAKER_WAIQIN,
					     .source = c->source_code,
					     .created = h->instant};
	save_members(c, saved);
	if (save_departments(h, &c->departments, saved))
		return;
	accepted(h);
	expect_number(h, "made", r->made, !before);
	if (before) {
		uint64_t bits = campaign_changes(before, saved);
		saved->changed |= before->has_object ? bits : 0;
		if (bits || !text_equal(before->code, saved->code) ||
		    !text_equal(before->url, saved->url) || !same_departments(before, saved))
			changed_now(h, saved);
	} else {
		changed_now(h, saved);
		at = (int)m->campaign_n++;
	}
	m->campaigns[at] = *saved;
	if (h->answered && !m->campaigns[at].activity_id)
		model_learn_activity(h->w, m, &m->campaigns[at], r->activity_id);
	expect_number(h, "activity_id", r->activity_id, m->campaigns[at].activity_id);
}

/* What deleted campaigns leave is not seen by anybody; only how much there is at most. */
void rule_campaign_sweep(struct happening *h)
{
	accepted(h);
	h->wrote = h->op->fault == OK && h->op->ret.campaign_sweep.swept > 0;
	if (!h->answered)
		h->wrote = h->op->in_ledger;
}

/* --- the audience --- */

/* True when the customer was not there. */
static bool add_person(struct m_campaign *c, enum mark mark, int customer)
{
	for (unsigned i = 0; i < c->people_n[mark]; i++)
		if (c->people[mark][i] == customer)
			return false;
	c->people[mark][c->people_n[mark]++] = (int16_t)customer;
	return true;
}

void rule_audience_add(struct happening *h)
{
	const struct audience_add_cmd *c = &h->op->cmd.audience_add;
	unsigned have = h->op->ret.audience_add.added, added = 0;
	const struct m_request *known = model_remembered(h, &c->request);
	if (known) {
		accepted(h);
		expect_number(h, "added", have, known->added);
		return;
	}
	int at = find_activity(h->home, c->activity_id);
	if (at < 0 && refused(h, FAULT_CAMPAIGN_UNKNOWN, "activity_id"))
		return;
	accepted(h);
	for (unsigned i = 0; i < c->n; i++) {
		int customer =
		    model_person(h->home, model_find_customer(h->home, PERSON_NICK, c->nicks[i]));
		if (customer < 0)
			customer = model_new_customer(h, &(struct m_customer){.nick = c->nicks[i]});
		added += add_person(&h->home->campaigns[at], MARK_COVERED, customer);
	}
	expect_number(h, "added", have, added);
	model_remember(h, &c->request)->added = added;
	h->wrote = added || c->request.count;
}

void rule_audience_clear(struct happening *h)
{
	const struct audience_clear_cmd *c = &h->op->cmd.audience_clear;
	if (model_remembered(h, &c->request)) {
		accepted(h);
		return;
	}
	int at = find_activity(h->home, c->activity_id);
	if (at < 0 && refused(h, FAULT_CAMPAIGN_UNKNOWN, "activity_id"))
		return;
	accepted(h);
	struct m_campaign *campaign = &h->home->campaigns[at];
	h->wrote = campaign->people_n[MARK_COVERED] || c->request.count;
	campaign->people_n[MARK_COVERED] = 0;
	model_remember(h, &c->request);
}

/* Who is meant by a reference; how many it fits. */
static int refer_customer(const struct m_home *m, enum reference by, struct text item,
			  unsigned *ret_fits)
{
	int at = -1;
	*ret_fits = 0;
	for (unsigned i = 0; i < m->customer_n; i++) {
		const struct m_customer *c = &m->customers[i];
		struct text value = by == REFERENCE_ID	   ? c->id
				    : by == REFERENCE_CODE ? c->code
				    : by == REFERENCE_NAME ? model_label(c)
							   : c->source;
		if (!item.size || !text_equal(value, item) || c->erased.ms ||
		    (by == REFERENCE_NAME && c->nameless))
			continue;
		at = model_person(m, (int)i);
		++*ret_fits;
	}
	return at;
}

static bool refer_customers(struct happening *h, const struct references *given, int *ret)
{
	bool ambiguous = false;
	for (unsigned i = 0; i < given->n; i++) {
		unsigned fits;
		ret[i] = refer_customer(h->home, given->kind, given->items[i], &fits);
		if (!fits)
			return refused(h, FAULT_CUSTOMER_UNKNOWN, "customers");
		ambiguous |= fits > 1;
	}
	return ambiguous && refused(h, FAULT_CUSTOMER_AMBIGUOUS, "customers");
}

void rule_audience_invite(struct happening *h)
{
	const struct audience_invite_cmd *c = &h->op->cmd.audience_invite;
	int people[ITEMS_MAX], at = find_activity(h->home, c->activity_id);
	unsigned added = 0;
	if (at < 0 && refused(h, FAULT_CAMPAIGN_UNKNOWN, "activity_id"))
		return;
	if (refer_customers(h, &c->customers, people))
		return;
	accepted(h);
	for (unsigned i = 0; i < c->customers.n; i++)
		added += add_person(&h->home->campaigns[at], MARK_INVITED, people[i]);
	expect_number(h, "added", h->op->ret.audience_invite.added, added);
	h->wrote = added > 0;
}

void rule_audience_register(struct happening *h)
{
	const struct audience_register_cmd *c = &h->op->cmd.audience_register;
	int people[ITEMS_MAX], at = find_source(h->home, c->campaign_source_code);
	if (at < 0 && refused(h, FAULT_CAMPAIGN_UNKNOWN, "campaign_source_code"))
		return;
	struct m_campaign *campaign = &h->home->campaigns[at];
	if (!text_equal(campaign->code, c->campaign_code) &&
	    refused(h, FAULT_CAMPAIGN_MISMATCH, "campaign_code"))
		return;
	if (refer_customers(h, &c->customers, people))
		return;
	accepted(h);
	for (unsigned i = 0; i < c->customers.n; i++) {
		struct m_registered *r = &campaign->registered[people[i]];
		h->wrote |= add_person(campaign, MARK_REGISTERED, people[i]) ||
			    r->at.ms != c->registered_at.ms ||
			    !text_equal(r->information, c->information);
		*r = (struct m_registered){c->registered_at, c->information};
	}
}
