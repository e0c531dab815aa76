/* The model, second part: coupons (dialects.md 8.4, 8.5, 8.8, 8.9, 8.16). */
#include "model.h"

/* --- issuing --- */

static bool is_nick(struct text nick)
{
	return nick.size && text_length(nick) <= NAME_LENGTH_MAX;
}

static int issue_new(struct happening *h, int template, struct text nick)
{
	int customer = model_person(h->home, model_find_customer(h->home, PERSON_NICK, nick));
	if (customer < 0)
		customer = model_new_customer(h, &(struct m_customer){.nick = nick});
	struct m_coupon made = model_fresh(h, template, customer);
	int coupon = model_new_coupon(h, &made);
	model_receive(h, coupon, true, false);
	return coupon;
}

static enum fault issue_one(struct happening *h, int template, struct text nick, int *ret_coupon)
{
	*ret_coupon = -1;
	if (!is_nick(nick))
		return FAULT_PARAMETER_INVALID;
	int customer = model_person(h->home, model_find_customer(h->home, PERSON_NICK, nick));
	if (model_received(h->home, template, customer) &&
	    model_allows_person(h, template, customer) != OK) {
		*ret_coupon = COUPON_OF_HIS;
		if (model_is_mixed(h->home, customer))
			return OK;
		*ret_coupon = model_last(h->home, template, customer); /* its last again */
		return *ret_coupon < 0 ? FAULT_PERSON_EXHAUSTED : OK;
	}
	enum fault fault = model_allows(h, template, customer);
	if (fault != OK)
		return fault;
	*ret_coupon = issue_new(h, template, nick);
	h->wrote = true;
	return OK;
}

/* One that several are: one of his coupons, or none where the last was given away. */
static void learn_his(struct happening *h, struct m_issue *issue, unsigned i)
{
	const struct op *op = h->op;
	struct m_home *m = h->home;
	int at = model_find_code(m, text_of(op->issue_codes[i]), false);
	if (op->issue_faults[i] != OK && op->issue_faults[i] != FAULT_PERSON_EXHAUSTED)
		sim_fail(h->w, "coupon_issue: nick %u gets %s, the model says one of his", i,
			 fault_name(op->issue_faults[i]));
	issue->faults[i] = op->issue_faults[i];
	issue->coupons[i] = issue->faults[i] == OK ? COUPON_OF_HIS : -1;
	if (issue->faults[i] != OK || at < 0) /* or its code was not told yet */
		return;
	issue->coupons[i] = at;
	if (m->templates[m->coupons[at].template].template_id != issue->template_id)
		sim_fail(h->w, "coupon_issue: nick %u gets a coupon of another template again", i);
}

static void expect_issued(struct happening *h, struct m_issue *issue)
{
	struct op *op = h->op;
	if (!h->answered)
		return;
	expect_number(h, "results", op->ret.coupon_issue.n, issue->n);
	for (unsigned i = 0; i < issue->n; i++) {
		if (issue->coupons[i] == COUPON_OF_HIS)
			learn_his(h, issue, i);
		if (issue->coupons[i] == COUPON_OF_HIS)
			continue;
		if (op->issue_faults[i] != issue->faults[i])
			sim_fail(h->w, "coupon_issue: nick %u \"%.*s\" gets %s, the model says %s",
				 i, TEXT_ARG(issue->nicks[i]), fault_name(op->issue_faults[i]),
				 fault_name(issue->faults[i]));
		struct text code = text_of(op->issue_codes[i]);
		if (issue->coupons[i] < 0) {
			expect_number(h, "size of no code", code.size, 0);
			continue;
		}
		struct m_coupon *c = &h->home->coupons[issue->coupons[i]];
		if (!c->code.size)
			model_learn_code(h->w, h->home, c, code);
		if (!text_equal(c->code, code))
			sim_fail(h->w,
				 "coupon_issue: nick %u gets the code %.*s, the model says %.*s", i,
				 TEXT_ARG(code), TEXT_ARG(c->code));
	}
}

static bool same_issue(const struct m_issue *known, const struct coupon_issue_cmd *c)
{
	bool same = known->plain && known->template_id == c->template_id && known->n == c->n;
	for (unsigned i = 0; same && i < c->n; i++)
		same = text_equal(known->nicks[i], c->nicks[i]);
	return same;
}

void rule_coupon_issue(struct happening *h)
{
	const struct coupon_issue_cmd *c = &h->op->cmd.coupon_issue;
	struct m_request *known =
	    c->number.size ? model_remembered_number(h, COMMAND_coupon_issue, "issue", c->number)
			   : model_remembered(h, &c->request);
	/* One's own request_id with other contents is a slip, not a retry. */
	if (known && !same_issue(known->issue, c) &&
	    refused(h, FAULT_PARAMETER_INVALID, "request_id"))
		return;
	if (known) {
		accepted(h);
		expect_issued(h, known->issue);
		return;
	}
	int template = model_find_template(h->home, c->template_id);
	if (template <0 && refused(h, FAULT_TEMPLATE_UNKNOWN, "coupon_id"))
		return;
	if (!h->home->templates[template].more.is_relative &&
	    is_past_second(h->w, h->home->templates[template].end) &&
	    refused(h, FAULT_TEMPLATE_EXPIRED, "coupon_id"))
		return;
	accepted(h);
	struct m_issue *issue = keep_bytes(h->w, sizeof(*issue));
	*issue = (struct m_issue){.plain = true, .template_id = c->template_id, .n = c->n};
	bool some = false, his = false;
	for (unsigned i = 0; i < c->n; i++) {
		issue->nicks[i] = c->nicks[i];
		issue->faults[i] = issue_one(h, template, c->nicks[i], &issue->coupons[i]);
		his |= issue->coupons[i] == COUPON_OF_HIS;
	}
	expect_issued(h, issue);
	for (unsigned i = 0; i < c->n; i++)
		some |=
		    issue->faults[i] == OK && (h->answered || issue->coupons[i] != COUPON_OF_HIS);
	some |= his && !h->answered && h->op->in_ledger;
	if (!some)
		return;
	if (c->number.size) {
		struct m_request *r =
		    model_remember_number(h, COMMAND_coupon_issue, "issue", c->number);
		r->class = REQUEST_DIALECT;
		r->issue = issue;
	} else {
		model_remember(h, &c->request)->issue = issue;
	}
	h->wrote |= c->request.count > 0 || c->number.size > 0;
}

/* --- one CSV row --- */

/* The first given of these four says who is meant. */
static int row_customer(const struct m_home *m, const struct coupon_import_cmd *c, bool *ret_any)
{
	const struct {
		enum person_name by;
		struct text value;
	} given[] = {{PERSON_ID, c->customer_id},
		     {PERSON_PHONE, c->phone},
		     {PERSON_CARD, c->card_no},
		     {PERSON_NICK, c->nick}};
	for (unsigned i = 0; i < COUNT_OF(given); i++) {
		if (!given[i].value.size)
			continue;
		*ret_any = true;
		return model_person(m, model_find_customer(m, given[i].by, given[i].value));
	}
	*ret_any = false;
	return -1;
}

/* Who is made must not take another's values. */
static bool row_customer_clashes(const struct m_home *m, const struct coupon_import_cmd *c)
{
	return model_find_customer(m, PERSON_ID, c->customer_id) >= 0 ||
	       model_find_customer(m, PERSON_PHONE, c->phone) >= 0 ||
	       model_find_customer(m, PERSON_CARD, c->card_no) >= 0 ||
	       model_find_customer(m, PERSON_NICK, c->nick) >= 0;
}

/* A column that is not given says nothing. */
static bool row_says_the_same(const struct m_home *m, const struct m_coupon *known,
			      const struct coupon_import_cmd *c, bool any, int customer)
{
	return m->templates[known->template].template_id == c->template_id &&
	       (!any || (customer >= 0 && model_person(m, known->customer) == customer)) &&
	       (!c->channel.size || text_equal(known->channel, c->channel)) &&
	       known->state == c->state && (!c->issued.ms || known->issued.ms == c->issued.ms) &&
	       (!c->begin.ms || known->begin.ms == c->begin.ms) &&
	       (!c->end.ms || known->end.ms == c->end.ms) &&
	       (!c->attribute.size || text_equal(known->attribute, c->attribute));
}

static struct m_coupon row_coupon(const struct happening *h, const struct coupon_import_cmd *c,
				  int template)
{
	const struct m_template *t = &h->home->templates[template];
	struct happening then = *h;
	struct instant begin, end;
	then.instant = c->issued.ms ? c->issued : h->instant;
	model_dates(&then, t, &begin, &end);
	return (struct m_coupon){.code = c->code,
				 .own_code = true,
				 .template = template,
				 .customer = -1,
				 .channel = c->channel.size ? c->channel : t->channel,
				 .attribute = c->attribute,
				 .state = c->state,
				 .issued = c->issued.ms ? c->issued : h->instant,
				 .begin = c->begin.ms ? c->begin : begin,
				 .end = c->end.ms ? c->end : end,
				 .updated = h->instant,
				 .edition = t->more.edition};
}

void rule_coupon_import(struct happening *h)
{
	const struct coupon_import_cmd *c = &h->op->cmd.coupon_import;
	struct m_home *m = h->home;
	bool any;
	int customer = row_customer(m, c, &any), known = model_find_code(m, c->code, false);
	if (!c->code.size && refused(h, FAULT_PARAMETER_MISSING, "code"))
		return;
	if (c->state == COUPON_EXPIRED && refused(h, FAULT_PARAMETER_INVALID, "state"))
		return;
	if (any && customer < 0 && row_customer_clashes(m, c) &&
	    refused(h, FAULT_VALUE_TAKEN, NULL))
		return;
	if (known >= 0 && !row_says_the_same(m, &m->coupons[known], c, any, customer) &&
	    refused(h, FAULT_COUPON_CHANGED, "code"))
		return;
	if (known >= 0) {
		accepted(h);
		expect_number(h, "made", h->op->ret.coupon_import.made, false);
		return;
	}
	int template = model_find_template(m, c->template_id);
	if (template <0 && refused(h, FAULT_TEMPLATE_UNKNOWN, "template_id"))
		return;
	struct m_coupon made = row_coupon(h, c, template);
	if (made.begin.ms && made.end.ms && made.begin.ms > made.end.ms &&
	    refused(h, FAULT_PARAMETER_INVALID, "end"))
		return;
	accepted(h);
	expect_number(h, "made", h->op->ret.coupon_import.made, true);
	if (any && customer < 0)
		customer = model_new_customer(h, &(struct m_customer){.id = c->customer_id,
								      .nick = c->nick,
								      .phone = c->phone,
								      .card = c->card_no});
	made.customer = customer;
	int coupon = model_new_coupon(h, &made);
	model_receive(h, coupon, true, false);
	m->receipts[m->receipt_n - 1].day = m->receipts[m->receipt_n - 1].person_day = -1;
	m->templates[template].loose = true;
	h->wrote = true;
}
