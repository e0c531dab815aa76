/*
 * After a try: what its answer says of each promise, when to try again, and what the call says of
 * the provider. An answer counts whenever it comes, whoever brings it; what is known stays.
 */
#include "domain/check.h"
#include "domain/errand.h"

enum { SECOND_MS = 1000, RETRY_MS_MAX = 10 * 60 * SECOND_MS };

struct settling {
	const struct errand_settle_cmd *cmd;
	struct promises promises;
	struct provider provider;
	struct notices notices;
	bool provider_changed;
	bool contradicted;
};

/* --- what the answer says --- */

static unsigned place_of(const struct promises *p, uint64_t coupon)
{
	unsigned i = 0;
	while (i < p->n && p->ids[i] != coupon)
		i++;
	return i;
}

static void decide(struct settling *s, unsigned i, const struct errand_answer *answer)
{
	struct promises *p = &s->promises;
	bool sent = answer->outcome == PROMISE_SENT;
	p->outcomes[i] = sent ? OUTCOME_SENT : OUTCOME_REFUSED;
	p->decisions[i] = (struct promise_decision){
	    .verb = sent ? EVENT_CONFIRMED : EVENT_RELEASED,
	    .said = {.reason = sent ? TEXT_NONE : answer->reason, .operator= TEXT("provider")},
	    .code = sent ? answer->code : TEXT_NONE};
}

static void read_answer(const struct env *env, struct settling *s,
			const struct errand_answer *answer)
{
	struct promises *p = &s->promises;
	unsigned i = place_of(p, answer->coupon);
	if (i == p->n || (answer->outcome != PROMISE_SENT && answer->outcome != PROMISE_REFUSED))
		return;
	bool sent = answer->outcome == PROMISE_SENT;
	if (outcome_is_known(p->outcomes[i]))
		s->contradicted |= sent != (outcome_of(p->outcomes[i]) == OUTCOME_SENT);
	else if (life_situation(env, &p->lives[i].coupon) == IN_HELD)
		decide(s, i, answer);
}

/* Nothing was issued under this request_id: the next try may name others. */
static void forget_try(struct promises *p)
{
	p->errand.digest = TEXT_NONE;
	for (unsigned i = 0; i < p->n; i++)
		if (outcome_is_known(p->outcomes[i]))
			p->outcomes[i] |= OUTCOME_UNASKED;
		else
			p->outcomes[i] = OUTCOME_PENDING;
}

/* --- the errand --- */

/* 1 s, 2 s, 4 s .. 10 minutes, each from half of it to half as much again. */
static struct instant next_try(const struct env *env, uint64_t tries, uint64_t random)
{
	int64_t ms = SECOND_MS;
	for (uint64_t i = 1; i < tries && ms < RETRY_MS_MAX; i++)
		ms *= 2;
	if (ms > RETRY_MS_MAX)
		ms = RETRY_MS_MAX;
	return (struct instant){env->now.ms + ms / 2 + (int64_t)(random % (uint64_t)ms)};
}

static enum fault step(const struct env *env, struct settling *s)
{
	const struct errand_settle_cmd *c = s->cmd;
	struct errand *e = &s->promises.errand;
	uint64_t waits = s->provider.failures;
	unsigned open = promises_open(&s->promises);
	e->trouble = c->result == ERRAND_ANSWERED && open
			 ? TEXT("the answer does not say what became of some")
			 : c->trouble;
	if (s->contradicted)
		e->trouble = TEXT("an answer says otherwise than what was known of a coupon");
	if (!open) {
		errand_close(e);
		return OK;
	}
	if (!e->waiting)
		return OK;
	/* What is in doubt does not wait for ever; what is not, does. */
	if (c->result != ERRAND_NOT_DONE || e->digest.size)
		waits = ++e->tries;
	if (e->tries >= ERRAND_TRIES_MAX)
		return promises_give_up(env, &s->promises, &s->notices);
	e->due = next_try(env, waits, c->random);
	store_relist(LIST_ERRANDS_WAITING, e);
	return OK;
}

/* --- the command --- */

static enum fault judge_provider(const struct env *env, struct settling *s)
{
	const struct errand_settle_cmd *c = s->cmd;
	if (!c->failed)
		return provider_answered(env, &s->provider, &s->notices, &s->provider_changed);
	return provider_failed(env, &s->provider, c->trouble, &s->notices, &s->provider_changed);
}

enum fault errand_settle(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct errand_settle_cmd *c = cmd;
	struct errand_settle_ret *r = ret;
	struct settling s = {.cmd = c};
	struct errand e = {.number = c->number};
	*r = (struct errand_settle_ret){0};
	store_want(tx, TABLE_ERRAND, &e);
	notices_want(tx);
	TRY(get_named(tx, TABLE_ERRAND, &e));
	TRY(notices_open(tx, env, &s.notices));
	store_want(tx, TABLE_PROVIDER, &(struct provider){.number = e.provider});
	TRY(promises_load(tx, env, &e, &s.promises));
	TRY(provider_get(tx, e.provider, &s.provider));
	for (unsigned i = 0; i < c->n; i++)
		read_answer(env, &s, &c->answers[i]);
	if (c->result == ERRAND_NOT_DONE && c->fresh && e.digest.size)
		forget_try(&s.promises);
	TRY(judge_provider(env, &s));
	TRY(promises_apply(tx, env, &s.promises, &s.notices));
	TRY(step(env, &s));
	TRY(promises_count(tx, env, &s.promises));
	r->waiting = s.promises.errand.waiting;
	promises_put(tx, &s.promises);
	if (s.provider_changed)
		store_put(tx, TABLE_PROVIDER, &s.provider);
	notices_put(&s.notices);
	return OK;
}
