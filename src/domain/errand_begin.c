/*
 * Before a try: who is asked for, and by which nicks. The first try fixes both; a later one says
 * the very same, or is not made.
 */
#include "base/varint.h"
#include "domain/check.h"
#include "domain/customer.h"
#include "domain/errand.h"

struct start {
	struct promises promises;
	struct provider provider;
	struct template template;
	struct notices notices;
	/* per promise; empty: there is none any more */
	struct text *nicks;
	/* what is sent */
	uint64_t *sent_ids;
	struct text *sent_nicks;
	unsigned n;
	bool fresh;
};

/* --- nicks --- */

/* An alias keeps its nick, unless the one it was merged into took it over. */
static enum fault load_nick(struct tx *tx, const struct env *env, uint64_t number, struct text *ret)
{
	struct customer c = {.number = number};
	TRY(get_named(tx, TABLE_CUSTOMER, &c));
	if (!c.nick.size)
		TRY(customer_follow(tx, &c));
	*ret = arena_text(env->arena, c.nick);
	ROOM(!env->arena->full);
	return OK;
}

static enum fault load_nicks(struct tx *tx, const struct env *env, struct start *s)
{
	const struct promises *p = &s->promises;
	s->nicks = ARENA_ARRAY(env->arena, struct text, p->n + 1);
	s->sent_nicks = ARENA_ARRAY(env->arena, struct text, p->n + 1);
	s->sent_ids = ARENA_ARRAY(env->arena, uint64_t, p->n + 1);
	ROOM(s->nicks && s->sent_nicks && s->sent_ids);
	for (unsigned i = 0; i < p->n; i++)
		store_want(tx, TABLE_CUSTOMER,
			   &(struct customer){.number = p->lives[i].coupon.customer});
	for (unsigned i = 0; i < p->n; i++)
		TRY(load_nick(tx, env, p->lives[i].coupon.customer, &s->nicks[i]));
	return OK;
}

static bool is_named_before(const struct start *s, struct text nick)
{
	for (unsigned i = 0; i < s->n; i++)
		if (text_equal(s->sent_nicks[i], nick))
			return true;
	return false;
}

/* --- what is sent --- */

static void refuse_promise(struct start *s, unsigned i, struct text reason)
{
	s->promises.outcomes[i] = OUTCOME_REFUSED | OUTCOME_UNASKED;
	s->promises.decisions[i] = (struct promise_decision){
	    .verb = EVENT_RELEASED, .said = {.reason = reason, .operator= TEXT("courier")}};
}

static bool stands_in_call(const struct start *s, unsigned i)
{
	uint64_t kept = s->promises.outcomes[i];
	return s->fresh ? kept == OUTCOME_PENDING : !(kept & OUTCOME_UNASKED);
}

/* At the first try, whoever cannot be named is not asked for. */
static void choose(struct start *s)
{
	for (unsigned i = 0; i < s->promises.n; i++) {
		if (!stands_in_call(s, i))
			continue;
		bool again = s->nicks[i].size && is_named_before(s, s->nicks[i]);
		if (s->fresh && !s->nicks[i].size)
			refuse_promise(s, i, TEXT("the customer has no nick any more"));
		else if (s->fresh && again)
			refuse_promise(s, i,
				       TEXT("the customer was merged with another of the call"));
		else {
			s->sent_ids[s->n] = s->promises.ids[i];
			s->sent_nicks[s->n++] = s->nicks[i];
		}
	}
}

static struct text digest_of(struct tx *tx, const struct env *env, const struct start *s)
{
	size_t size = VARINT_SIZE_MAX;
	for (unsigned i = 0; i < s->n; i++)
		size += VARINT_SIZE_MAX + s->sent_nicks[i].size;
	char *memory = arena_take(env->arena, size);
	struct buffer b;
	if (!memory)
		return TEXT_NONE;
	buffer_init_fixed(&b, memory, size);
	buffer_varint(&b, s->template.template_id);
	for (unsigned i = 0; i < s->n; i++)
		buffer_slice(&b, s->sent_nicks[i]);
	struct text parts[] = {TEXT("errand"), buffer_get(&b)};
	return store_tag(tx, parts, COUNT_OF(parts));
}

/* --- the three ends --- */

static void ask(const struct env *env, struct start *s, struct text digest)
{
	struct promises *p = &s->promises;
	p->errand.digest = digest;
	p->errand.tried = env->now;
	/* Also for a courier that gets the lease while this one's call is under way. */
	p->errand.due.ms = env->now.ms + ERRAND_AWAY_MS;
	for (unsigned i = 0; i < p->n; i++)
		if (p->outcomes[i] == OUTCOME_PENDING)
			p->outcomes[i] = OUTCOME_UNKNOWN;
}

static enum fault decide(struct tx *tx, const struct env *env, struct start *s, bool *ret_goes)
{
	struct promises *p = &s->promises;
	choose(s);
	struct text digest = digest_of(tx, env, s);
	ROOM(digest.size);
	*ret_goes = s->n > 0 && (s->fresh || text_equal(digest, p->errand.digest));
	if (*ret_goes) {
		ask(env, s, digest);
	} else if (s->fresh) {
		errand_close(&p->errand);
	} else {
		p->errand.trouble = TEXT("the customers are not those of the first try any more");
		TRY(promises_give_up(env, p, &s->notices));
	}
	TRY(promises_apply(tx, env, p, &s->notices));
	return promises_count(tx, env, p);
}

/* --- the command --- */

static enum fault load(struct tx *tx, const struct env *env, const struct errand *e,
		       struct start *s)
{
	TRY(promises_load(tx, env, e, &s->promises));
	TRY(provider_get(tx, e->provider, &s->provider));
	s->template = (struct template){.number = e->template};
	TRY(get_named(tx, TABLE_TEMPLATE, &s->template));
	s->fresh = !e->digest.size;
	return load_nicks(tx, env, s);
}

static enum fault show(struct tx *tx, const struct env *env, struct start *s,
		       struct errand_begin_ret *r)
{
	struct provider clear = s->provider;
	TRY(provider_open(tx, env, &clear));
	r->goes = true;
	r->fresh = s->fresh;
	r->request_id = errand_request_id(tx, env, &s->promises.errand);
	r->url = arena_text(env->arena, clear.url);
	r->app_key = arena_text(env->arena, clear.app_key);
	r->secret = arena_text(env->arena, clear.secret);
	r->access_token = arena_text(env->arena, clear.access_token);
	r->template_id = s->template.template_id;
	r->coupons = s->sent_ids;
	r->nicks = s->sent_nicks;
	r->n = s->n;
	ROOM(!env->arena->full);
	return OK;
}

enum fault errand_begin(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct errand_begin_cmd *c = cmd;
	struct errand_begin_ret *r = ret;
	struct start s = {0};
	struct errand e = {.number = c->number};
	bool goes;
	*r = (struct errand_begin_ret){0};
	store_want(tx, TABLE_ERRAND, &e);
	store_want(tx, TABLE_PROVIDER, &(struct provider){.number = c->provider});
	notices_want(tx);
	TRY(lease_check(tx, env, LEASE_PROVIDER, c->provider, c->owner));
	TRY(get_named(tx, TABLE_ERRAND, &e));
	if (!e.waiting || e.provider != c->provider)
		return OK;
	TRY(notices_open(tx, env, &s.notices));
	TRY(load(tx, env, &e, &s));
	TRY(decide(tx, env, &s, &goes));
	if (goes)
		TRY(show(tx, env, &s, r));
	promises_put(tx, &s.promises);
	notices_put(&s.notices);
	return OK;
}
