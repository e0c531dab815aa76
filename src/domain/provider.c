/* See provider.h. */
#include "domain/provider.h"
#include "domain/check.h"

enum {
	SECOND_MS = 1000,
	OPEN_MS = 5 * SECOND_MS,
	OPEN_MS_MAX = 5 * 60 * SECOND_MS,
	TOKEN_BYTES_MAX = 1024,
};

/* --- what is asked for --- */

static enum fault missing(struct tx *tx, const char *field)
{
	return refuse(tx, FAULT_PARAMETER_MISSING, text_of(field), TEXT_NONE);
}

static enum fault check(struct tx *tx, const struct provider_given *given, const struct provider *p)
{
	if (!p->url.size)
		return missing(tx, "provider.url");
	if (!p->app_key.size)
		return missing(tx, "provider.app_key");
	TRY(check_name(tx, TEXT("provider.app_key"), p->app_key));
	TRY(check_name(tx, TEXT("provider.secret"), given->secret));
	if (given->access_token.size > TOKEN_BYTES_MAX)
		return refuse(tx, FAULT_PARAMETER_TOO_LONG, TEXT("provider.access_token"),
			      TEXT_NONE);
	return OK;
}

/* The endpoint that is meant: what is not said is as the template has it. */
static enum fault read_endpoint(struct tx *tx, const struct provider_given *given, uint64_t known,
				struct provider *ret)
{
	struct provider had = {.number = known};
	if (known)
		TRY(get_named(tx, TABLE_PROVIDER, &had));
	*ret = (struct provider){.url = given->url.size ? given->url : had.url,
				 .app_key = given->app_key.size ? given->app_key : had.app_key};
	return OK;
}

static enum fault plan_new(struct tx *tx, const struct provider_given *given,
			   struct provider_plan *ret)
{
	uint64_t count;
	if (!given->secret.size && !given->secret_later)
		return missing(tx, "provider.secret");
	TRY(store_count(tx, LIST_PROVIDERS, NULL, &count));
	if (count >= PROVIDERS_MAX)
		return refuse(tx, FAULT_LIMIT_REACHED, TEXT("provider"), TEXT_NONE);
	ret->provider.number = store_number(tx);
	return OK;
}

/* One that is known keeps its secrets, but for those that are given and differ. */
static enum fault plan_known(struct tx *tx, const struct env *env,
			     const struct provider_given *given, struct provider_plan *ret)
{
	struct provider clear = ret->provider;
	TRY(provider_open(tx, env, &clear));
	ret->has_secret = given->secret.size && !text_equal(given->secret, clear.secret);
	ret->has_token = (given->access_token.size || given->no_token) &&
			 !text_equal(given->access_token, clear.access_token);
	return OK;
}

enum fault provider_plan(struct tx *tx, const struct env *env, const struct provider_given *given,
			 uint64_t known, struct provider_plan *ret)
{
	struct provider asked;
	bool found;
	*ret = (struct provider_plan){.number = given->given == GIVEN_ABSENT ? known : 0};
	if (given->given != GIVEN_VALUE)
		return OK;
	store_want_page(tx, &(struct page){.list = LIST_PROVIDERS});
	TRY(read_endpoint(tx, given, known, &asked));
	TRY(check(tx, given, &asked));
	asked.endpoint =
	    arena_format(env->arena, "%.*s %.*s", TEXT_ARG(asked.url), TEXT_ARG(asked.app_key));
	ROOM(asked.endpoint.data);
	ret->provider = (struct provider){.number = 1, .endpoint = asked.endpoint};
	TRY(store_find(tx, UNIQUE_PROVIDER_BY_ENDPOINT, &ret->provider, &found));
	ret->secret = given->secret;
	ret->access_token = given->access_token;
	if (found) {
		TRY(plan_known(tx, env, given, ret));
	} else {
		ret->provider = asked;
		ret->has_secret = true;
		ret->has_token = given->access_token.size > 0;
		TRY(plan_new(tx, given, ret));
	}
	ret->number = ret->provider.number;
	return OK;
}

/* What sealed bytes are bound to. */
static struct text about(const struct env *env, const struct provider *p, const char *member)
{
	return arena_format(env->arena, "%llu:%s", (unsigned long long)p->number, member);
}

static struct text sealed(struct tx *tx, const struct env *env, const struct provider *p,
			  const char *member, struct text clear)
{
	return clear.size ? store_seal(tx, TABLE_PROVIDER, about(env, p, member), clear)
			  : TEXT_NONE;
}

/* Other secrets may be the cure of what was wrong: it is asked again at once. */
void provider_put(struct tx *tx, const struct env *env, struct provider_plan *plan)
{
	struct provider *p = &plan->provider;
	if (!plan->has_secret && !plan->has_token)
		return;
	if (plan->has_secret)
		p->secret = sealed(tx, env, p, "secret", plan->secret);
	if (plan->has_token)
		p->access_token = sealed(tx, env, p, "access_token", plan->access_token);
	p->failures = 0;
	p->open_until = INSTANT_NONE;
	p->trouble = p->secret.size ? TEXT_NONE : TEXT("its secret is not known here");
	p->updated = env->instant;
	store_put(tx, TABLE_PROVIDER, p);
}

/* --- reading --- */

enum fault provider_get(struct tx *tx, uint64_t number, struct provider *ret)
{
	*ret = (struct provider){.number = number};
	return get_named(tx, TABLE_PROVIDER, ret);
}

enum fault provider_open(struct tx *tx, const struct env *env, struct provider *p)
{
	bool good =
	    store_open_sealed(tx, TABLE_PROVIDER, about(env, p, "secret"), p->secret, &p->secret) &&
	    store_open_sealed(tx, TABLE_PROVIDER, about(env, p, "access_token"), p->access_token,
			      &p->access_token);
	return good ? OK : FAULT_DATA_DAMAGED;
}

enum fault provider_list(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct provider_list_cmd *c = cmd;
	struct provider_list_ret *r = ret;
	struct page page = {
	    .list = LIST_PROVIDERS, .from = c->from, .n = c->n, .oldest_first = true};
	*r = (struct provider_list_ret){0};
	TRY(store_page(tx, &page, &r->rows, &r->n, &r->count));
	r->waiting = ARENA_ARRAY(env->arena, uint64_t, r->n + 1);
	ROOM(r->waiting);
	for (unsigned i = 0; i < r->n; i++)
		store_want_page(
		    tx, &(struct page){.list = LIST_ERRANDS_WAITING,
				       .owner = &(struct errand){.provider = r->rows[i].number}});
	for (unsigned i = 0; i < r->n; i++)
		TRY(store_count(tx, LIST_ERRANDS_WAITING,
				&(struct errand){.provider = r->rows[i].number}, &r->waiting[i]));
	return OK;
}

/* --- the breaker --- */

enum fault provider_answered(const struct env *env, struct provider *p, struct notices *n,
			     bool *ret_changed)
{
	bool was_open = p->failures >= PROVIDER_FAILURES_MAX;
	*ret_changed = p->failures || p->trouble.size;
	p->failures = 0;
	p->open_until = INSTANT_NONE;
	p->trouble = TEXT_NONE;
	return was_open ? notices_of(n, env, NOTICE_PROVIDER_WELL, p->number, 0, TEXT_NONE) : OK;
}

static int64_t open_ms(uint64_t failures)
{
	int64_t ms = OPEN_MS;
	for (uint64_t i = PROVIDER_FAILURES_MAX; i < failures && ms < OPEN_MS_MAX; i++)
		ms *= 2;
	return ms < OPEN_MS_MAX ? ms : OPEN_MS_MAX;
}

/* Calls that were in flight when it opened say nothing new. */
enum fault provider_failed(const struct env *env, struct provider *p, struct text trouble,
			   struct notices *n, bool *ret_changed)
{
	bool is_open = p->open_until.ms > env->now.ms;
	*ret_changed = !is_open;
	if (is_open)
		return OK;
	p->failures++;
	p->trouble = trouble;
	if (p->failures >= PROVIDER_FAILURES_MAX)
		p->open_until.ms = env->now.ms + open_ms(p->failures);
	return p->failures == PROVIDER_FAILURES_MAX
		   ? notices_of(n, env, NOTICE_PROVIDER_TROUBLE, p->number, 0, trouble)
		   : OK;
}
