/*
 * Issuing: one coupon of a template to each of up to 50 nicks. Partial success is normal: the
 * call is accepted and each nick has its verdict. A nick that has all it may have gets its last
 * coupon again, because a CRM that signs a retry anew must not make a second one.
 */
#include "base/varint.h"
#include "domain/check.h"
#include "domain/coupon.h"
#include "domain/customer.h"
#include "domain/id.h"
#include "domain/request.h"
#include "domain/template.h"

/* What a remembered answer says of a nick: kept in records, so the numbers stay. */
enum verdict { VERDICT_NEW = 1, VERDICT_AGAIN, VERDICT_BAD_NICK, VERDICT_EXHAUSTED };

struct issue {
	const struct coupon_issue_cmd *cmd;
	struct template template;
	struct tally tally;
	struct people people;
	struct holding *holdings;  /* per person */
	struct holding *elsewhere; /* per person: under aliases' names, not moved yet */
	struct coupon *last;	   /* per person: the newest one, when it is known here */
	/* per nick */
	enum verdict *verdicts;
	struct coupon *coupons;
};

static enum fault fault_of(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_NEW:
	case VERDICT_AGAIN:
		return OK;
	case VERDICT_BAD_NICK:
		return FAULT_PARAMETER_INVALID;
	case VERDICT_EXHAUSTED:
		return FAULT_TEMPLATE_EXHAUSTED;
	}
	return FAULT_DATA_DAMAGED;
}

/* --- the remembered answer: a tag of what was asked, then verdict and coupon id per nick --- */

static struct text tag_of(struct tx *tx, const struct env *env, const struct coupon_issue_cmd *c)
{
	size_t size = VARINT_SIZE_MAX;
	for (unsigned i = 0; i < c->n; i++)
		size += VARINT_SIZE_MAX + c->nicks[i].size;
	char *memory = arena_take(env->arena, size);
	if (!memory)
		return TEXT_NONE;
	struct buffer asked;
	buffer_init_fixed(&asked, memory, size);
	buffer_varint(&asked, c->template_id);
	for (unsigned i = 0; i < c->n; i++)
		buffer_slice(&asked, c->nicks[i]);
	struct text parts[] = {TEXT("coupon issue"), buffer_get(&asked)};
	return store_tag(tx, parts, COUNT_OF(parts));
}

static struct text answer_of(const struct env *env, struct text tag, const struct issue *issue)
{
	size_t size = tag.size + issue->cmd->n * 2 * VARINT_SIZE_MAX;
	char *memory = arena_take(env->arena, size);
	struct buffer answer;
	must(memory); /* a kilobyte */
	buffer_init_fixed(&answer, memory, size);
	buffer_text(&answer, tag);
	for (unsigned i = 0; i < issue->cmd->n; i++) {
		buffer_varint(&answer, issue->verdicts[i]);
		buffer_varint(&answer, issue->coupons[i].id);
	}
	return buffer_get(&answer);
}

/* A coupon of ours stays where it is: its record comes with the id. */
static void want_issued(struct tx *tx, struct text answer)
{
	uint64_t verdict, id;
	while (varint_take(&answer, &verdict) && varint_take(&answer, &id))
		if (id)
			store_want_unique(tx, UNIQUE_COUPON_BY_ID, &(struct coupon){.id = id});
}

/* A caller's own request_id may stand for the request: then the same one with other contents is
 * a slip, not a retry. */
static enum fault answer_again(struct tx *tx, const struct env *env, struct text answer,
			       struct text tag, struct coupon_issue_ret *r)
{
	struct code_key key = code_key(tx);
	if (!text_starts_with(answer, tag))
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("request_id"), TEXT_NONE);
	answer = (struct text){answer.data + tag.size, answer.size - tag.size};
	want_issued(tx, answer);
	for (unsigned i = 0; i < r->n; i++) {
		uint64_t verdict = 0, id = 0;
		struct coupon coupon = {0};
		bool found;
		if (!varint_take(&answer, &verdict) || !varint_take(&answer, &id))
			return FAULT_DATA_DAMAGED;
		r->results[i].fault = fault_of((enum verdict)verdict);
		if (!id)
			continue;
		coupon.id = id;
		TRY(store_find(tx, UNIQUE_COUPON_BY_ID, &coupon, &found));
		must(found);
		struct text code = code_of(&key, env->arena, &coupon);
		r->results[i].code = arena_text(env->arena, code);
	}
	return OK;
}

/* --- decisions --- */

/* What aliases have that was not moved yet counts too. */
static enum fault load_elsewhere(struct tx *tx, struct issue *issue, unsigned person)
{
	const struct customer *c = &issue->people.rows[person].customer;
	struct customer *aliases;
	unsigned n;
	TRY(customer_aliases(tx, c, &aliases, &n));
	for (unsigned i = 0; i < n; i++) {
		struct holding *sum = &issue->elsewhere[person], other;
		if (!aliases[i].unsettled)
			continue;
		TRY(holding_get(tx, aliases[i].number, issue->template.number, &other));
		if (!sum->issued)
			*sum = other;
		else
			sum->issued += other.issued;
	}
	return OK;
}

static enum fault load_holdings(struct tx *tx, const struct env *env, struct issue *issue)
{
	struct people *people = &issue->people;
	issue->holdings = ARENA_ARRAY(env->arena, struct holding, people->n + 1);
	issue->elsewhere = ARENA_ARRAY(env->arena, struct holding, people->n + 1);
	issue->last = ARENA_ARRAY(env->arena, struct coupon, people->n + 1);
	ROOM(issue->holdings && issue->elsewhere && issue->last);
	for (unsigned i = 0; i < people->n; i++) {
		issue->holdings[i] = (struct holding){.customer = people->rows[i].customer.number,
						      .template = issue->template.number};
		if (!people->rows[i].is_new)
			store_want(tx, TABLE_HOLDING, &issue->holdings[i]);
	}
	for (unsigned i = 0; i < people->n; i++)
		if (!people->rows[i].is_new)
			TRY(holding_get(tx, people->rows[i].customer.number, issue->template.number,
					&issue->holdings[i]));
	for (unsigned i = 0; i < people->n; i++)
		TRY(load_elsewhere(tx, issue, i));
	return OK;
}

static enum fault load_last(struct tx *tx, struct issue *issue, unsigned person)
{
	struct coupon *last = &issue->last[person];
	const struct holding *holding = &issue->holdings[person];
	bool found;
	if (!holding->issued)
		holding = &issue->elsewhere[person];
	if (last->id)
		return OK;
	*last = (struct coupon){.customer = holding->customer, .ordinal = holding->last};
	TRY(store_get(tx, TABLE_COUPON, last, &found));
	must(found);
	return OK;
}

static struct coupon coupon_new(struct tx *tx, const struct env *env, const struct template *t,
				uint64_t customer)
{
	return (struct coupon){.customer = customer,
			       .id = public_number(env, store_number(tx)),
			       .template = t->number,
			       .channel = t->channel,
			       .state = COUPON_UNUSED,
			       .issued = env->instant,
			       .begin = t->begin,
			       .end = t->end,
			       .updated = env->instant};
}

static enum fault decide(struct tx *tx, const struct env *env, struct issue *issue, unsigned nick)
{
	unsigned person = issue->people.row_of[nick];
	const struct template *t = &issue->template;
	if (person == NOBODY) {
		issue->verdicts[nick] = VERDICT_BAD_NICK;
		return OK;
	}
	struct holding *holding = &issue->holdings[person];
	uint64_t issued = holding->issued + issue->elsewhere[person].issued;
	if (issued >= t->per_person && issued > 0) {
		issue->verdicts[nick] = VERDICT_AGAIN;
		TRY(load_last(tx, issue, person));
		issue->coupons[nick] = issue->last[person];
		return OK;
	}
	if (t->has_total && issue->tally.count >= t->total) {
		issue->verdicts[nick] = VERDICT_EXHAUSTED;
		return OK;
	}
	issue->verdicts[nick] = VERDICT_NEW;
	issue->coupons[nick] = coupon_new(tx, env, t, holding->customer);
	issue->last[person] = issue->coupons[nick];
	holding->issued++;
	issue->tally.count++;
	return OK;
}

static enum fault decide_all(struct tx *tx, const struct env *env, struct issue *issue)
{
	const struct coupon_issue_cmd *c = issue->cmd;
	issue->verdicts = ARENA_ARRAY(env->arena, enum verdict, c->n);
	issue->coupons = ARENA_ARRAY(env->arena, struct coupon, c->n);
	ROOM(issue->verdicts && issue->coupons);
	TRY(tally_guess(tx, TALLY_ISSUED, issue->template.number, &issue->tally));
	TRY(people_of_nicks(tx, env, c->nicks, c->n, &issue->people));
	TRY(load_holdings(tx, env, issue));
	for (unsigned i = 0; i < c->n; i++)
		TRY(decide(tx, env, issue, i));
	return OK;
}

/* --- puts --- */

static void put_all(struct tx *tx, struct issue *issue)
{
	bool some = false;
	for (unsigned i = 0; i < issue->cmd->n; i++) {
		if (issue->verdicts[i] != VERDICT_NEW)
			continue;
		unsigned person = issue->people.row_of[i];
		customer_make(tx, &issue->people.rows[person]);
		store_put(tx, TABLE_COUPON, &issue->coupons[i]);
		issue->holdings[person].last = issue->coupons[i].ordinal;
		/* After the person's last new one of this call. */
		if (issue->last[person].id == issue->coupons[i].id)
			store_put(tx, TABLE_HOLDING, &issue->holdings[person]);
		some = true;
	}
	if (some)
		store_put(tx, TABLE_TALLY, &issue->tally);
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
	struct asked asked = {COMMAND_coupon_issue, REQUEST_DIALECT, &c->request};
	struct issue issue = {.cmd = c};
	struct text answer;
	bool found;
	TRY(check(tx, c));
	*r = (struct coupon_issue_ret){.n = c->n};
	r->results = ARENA_ARRAY(env->arena, struct coupon_issued, c->n);
	struct text tag = tag_of(tx, env, c);
	ROOM(r->results && tag.size);
	template_want(tx, c->template_id);
	people_want_nicks(tx, c->nicks, c->n);
	TRY(request_find(tx, env, &asked, &answer, &found));
	if (found)
		return answer_again(tx, env, answer, tag, r);
	TRY(template_find(tx, c->template_id, TEXT("coupon_id"), &issue.template));
	if (is_past(env, issue.template.end))
		return refuse(tx, FAULT_TEMPLATE_EXPIRED, TEXT("coupon_id"), TEXT_NONE);
	TRY(decide_all(tx, env, &issue));
	struct code_key key = code_key(tx);
	for (unsigned i = 0; i < c->n; i++) {
		struct coupon *coupon = &issue.coupons[i];
		r->results[i].fault = fault_of(issue.verdicts[i]);
		if (coupon->id)
			r->results[i].code =
			    arena_text(env->arena, code_of(&key, env->arena, coupon));
	}
	put_all(tx, &issue);
	request_keep(tx, env, &asked, answer_of(env, tag, &issue));
	return OK;
}
