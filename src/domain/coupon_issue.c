/*
 * Issuing: one coupon of a template to each of up to 50 nicks. Partial success is normal: the
 * call is accepted and each nick has its verdict. A nick that has all it may have gets its last
 * coupon again, because a CRM that signs a retry anew must not make a second one.
 */
#include "domain/check.h"
#include "domain/coupon.h"
#include "domain/customer.h"
#include "domain/holders.h"
#include "domain/issued.h"
#include "domain/issuing.h"
#include "domain/request.h"
#include "domain/template.h"

struct issue {
	const struct coupon_issue_cmd *cmd;
	struct issuing issuing;
	struct holders holders;
	struct notices notices;
	struct coupon *last; /* per person: the newest one, when it is known here */
	/* per nick */
	enum verdict *verdicts;
	struct coupon *coupons;
};

/* --- the remembered answer --- */

static struct text answer_of(const struct env *env, struct text tag, const struct issue *issue)
{
	struct issued_row *rows = ARENA_ARRAY(env->arena, struct issued_row, issue->cmd->n);
	must(rows); /* a kilobyte */
	for (unsigned i = 0; i < issue->cmd->n; i++) {
		rows[i].verdict = issue->verdicts[i];
		rows[i].id = issue->coupons[i].id;
		/* Another dialect may ask again, and tells more. */
		rows[i].full = issue->cmd->number.size && issue->coupons[i].id;
		rows[i].customer = issue->coupons[i].customer;
		rows[i].begin = issue->coupons[i].begin;
		rows[i].end = issue->coupons[i].end;
	}
	return issued_write(env, tag, rows, issue->cmd->n);
}

/* A caller's own request_id may stand for the request: then the same one with other contents is
 * a slip, not a retry. */
static enum fault answer_again(struct tx *tx, const struct env *env, struct text answer,
			       struct text tag, struct coupon_issue_ret *r)
{
	struct code_key key = code_key(tx);
	struct issued_row *rows;
	struct coupon *coupons;
	unsigned n;
	if (!text_starts_with(answer, tag))
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("request_id"), TEXT_NONE);
	TRY(issued_read(env, answer, tag, &rows, &n));
	if (n != r->n)
		return FAULT_DATA_DAMAGED;
	TRY(issued_coupons(tx, env, rows, n, &coupons));
	for (unsigned i = 0; i < n; i++) {
		r->results[i].fault = verdict_fault(rows[i].verdict);
		if (rows[i].id)
			r->results[i].code =
			    arena_text(env->arena, code_of(&key, env->arena, &coupons[i]));
	}
	return OK;
}

/* --- decisions --- */

/* Nicks name customers, as any dialect's words do. */
static enum fault find_holders(struct tx *tx, const struct env *env, struct issue *issue)
{
	const struct coupon_issue_cmd *c = issue->cmd;
	struct people people;
	TRY(people_of_nicks(tx, env, c->nicks, c->n, &people));
	issue->holders =
	    (struct holders){.persons = people.rows, .n = people.n, .person_of = people.row_of};
	issue->last = ARENA_ARRAY(env->arena, struct coupon, people.n + 1);
	ROOM(issue->last);
	return OK;
}

static struct coupon last_of(const struct issue *issue, unsigned person)
{
	const struct holding *holding = &issue->holders.holdings[person];
	if (!holding->last)
		holding = &issue->holders.elsewhere[person];
	return (struct coupon){.customer = holding->customer, .ordinal = holding->last};
}

/* *ret_there false: it was given away. */
static enum fault load_last(struct tx *tx, struct issue *issue, unsigned person, bool *ret_there)
{
	struct coupon *last = &issue->last[person];
	*ret_there = true;
	if (last->id)
		return OK;
	*last = last_of(issue, person);
	return store_get_guess(tx, TABLE_COUPON, last, ret_there);
}

static enum fault decide_again(struct tx *tx, struct issue *issue, unsigned nick, unsigned person)
{
	bool there;
	TRY(load_last(tx, issue, person, &there));
	issue->verdicts[nick] = there ? VERDICT_AGAIN : VERDICT_PERSON;
	if (there)
		issue->coupons[nick] = issue->last[person];
	return OK;
}

/* Whoever has all he may have, at all or today. */
static bool has_all(const struct issue *issue, unsigned person)
{
	const struct holding *holding = &issue->holders.holdings[person];
	const struct holding *elsewhere = &issue->holders.elsewhere[person];
	return holding->issued + elsewhere->issued > 0 &&
	       issuing_allows_holder(&issue->issuing.template, issue->issuing.day, holding,
				     elsewhere) != OK;
}

static enum fault decide(struct tx *tx, const struct env *env, struct issue *issue, unsigned nick)
{
	unsigned person = issue->holders.person_of[nick];
	if (person == NOBODY) {
		issue->verdicts[nick] = VERDICT_BAD_NICK;
		return OK;
	}
	struct holding *holding = &issue->holders.holdings[person];
	if (has_all(issue, person))
		return decide_again(tx, issue, nick, person);
	enum fault fault =
	    issuing_allows(&issue->issuing, holding, &issue->holders.elsewhere[person]);
	if (fault != OK) {
		issue->verdicts[nick] = verdict_of(fault);
		return OK;
	}
	issue->verdicts[nick] = VERDICT_NEW;
	issue->coupons[nick] = issuing_coupon(tx, env, &issue->issuing, holding->customer);
	issue->last[person] = issue->coupons[nick];
	issuing_take(&issue->issuing, holding);
	return OK;
}

static enum fault decide_all(struct tx *tx, const struct env *env, struct issue *issue)
{
	const struct coupon_issue_cmd *c = issue->cmd;
	issue->verdicts = ARENA_ARRAY(env->arena, enum verdict, c->n);
	issue->coupons = ARENA_ARRAY(env->arena, struct coupon, c->n);
	ROOM(issue->verdicts && issue->coupons);
	TRY(holders_load(tx, env, issue->issuing.template.number, &issue->holders));
	for (unsigned i = 0; i < issue->holders.n; i++) {
		struct coupon last = last_of(issue, i);
		if (has_all(issue, i))
			store_want(tx, TABLE_COUPON, &last);
	}
	for (unsigned i = 0; i < c->n; i++)
		TRY(decide(tx, env, issue, i));
	return OK;
}

static enum fault tell_all(const struct env *env, struct issue *issue)
{
	for (unsigned i = 0; i < issue->cmd->n; i++)
		if (issue->verdicts[i] == VERDICT_NEW)
			TRY(notices_coupon(&issue->notices, env, NOTICE_COUPON_ISSUED,
					   &issue->coupons[i], 0));
	return issuing_tell(&issue->issuing, env, &issue->notices);
}

/* --- puts --- */

static void put_all(struct tx *tx, struct issue *issue)
{
	for (unsigned i = 0; i < issue->cmd->n; i++) {
		if (issue->verdicts[i] != VERDICT_NEW)
			continue;
		unsigned person = issue->holders.person_of[i];
		customer_make(tx, &issue->holders.persons[person]);
		store_put(tx, TABLE_COUPON, &issue->coupons[i]);
		issue->holders.holdings[person].last = issue->coupons[i].ordinal;
		/* After the person's last new one of this call. */
		if (issue->last[person].id == issue->coupons[i].id)
			store_put(tx, TABLE_HOLDING, &issue->holders.holdings[person]);
	}
	issuing_put(tx, &issue->issuing);
	notices_put(&issue->notices);
}

static enum fault check(struct tx *tx, const struct coupon_issue_cmd *c)
{
	if (c->n == 0)
		return refuse(tx, FAULT_PARAMETER_MISSING, TEXT("nicks"), TEXT_NONE);
	if (c->n > SPI_NICKS_MAX)
		return refuse(tx, FAULT_TOO_MANY, TEXT("nicks"), TEXT_NONE);
	return OK;
}

enum fault coupon_issue(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct coupon_issue_cmd *c = cmd;
	struct coupon_issue_ret *r = ret;
	struct request_key number = issued_key(c->number);
	struct asked asked = {COMMAND_coupon_issue, REQUEST_DIALECT,
			      number.count ? &number : &c->request};
	struct issue issue = {.cmd = c};
	struct template template;
	struct text answer;
	bool found;
	TRY(check(tx, c));
	*r = (struct coupon_issue_ret){.n = c->n};
	r->results = ARENA_ARRAY(env->arena, struct coupon_issued, c->n);
	struct text tag = issued_tag(tx, env, c->template_id, c->nicks, c->n);
	ROOM(r->results && tag.size);
	TRY(notices_open(tx, env, &issue.notices));
	template_want(tx, c->template_id);
	people_want_nicks(tx, c->nicks, c->n);
	TRY((number.count ? request_find_any : request_find)(tx, env, &asked, &answer, &found));
	if (found)
		return answer_again(tx, env, answer, tag, r);
	TRY(template_find(tx, c->template_id, TEXT("coupon_id"), &template));
	if (template.provider) /* its provider issues it; a promise is no coupon to answer with */
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("coupon_id"), TEXT_NONE);
	issuing_want(tx, env, &template);
	TRY(find_holders(tx, env, &issue));
	TRY(issuing_open(tx, env, &template, TEXT("coupon_id"), c->n, &issue.issuing));
	TRY(decide_all(tx, env, &issue));
	TRY(tell_all(env, &issue));
	struct code_key key = code_key(tx);
	bool some = false;
	for (unsigned i = 0; i < c->n; i++) {
		struct coupon *coupon = &issue.coupons[i];
		some |= coupon->id != 0;
		r->results[i].fault = verdict_fault(issue.verdicts[i]);
		if (coupon->id)
			r->results[i].code =
			    arena_text(env->arena, code_of(&key, env->arena, coupon));
	}
	put_all(tx, &issue);
	if (some) /* a refusal is not remembered */
		request_keep(tx, env, &asked, answer_of(env, tag, &issue));
	return OK;
}
