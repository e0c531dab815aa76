/* See errand.h. */
#include "domain/errand.h"
#include "base/varint.h"
#include "domain/campaign.h"
#include "domain/check.h"
#include "domain/customer.h"
#include "domain/id.h"
#include "domain/template.h"

/* --- making them --- */

void errand_promise(struct coupon *c)
{
	c->state = COUPON_FROZEN;
	c->held = true;
	c->until = INSTANT_NONE;
	c->due = 0;
}

void errands_want(struct tx *tx, uint64_t provider)
{
	store_want_page(tx, &(struct page){.list = LIST_ERRANDS});
	store_want_page(tx, &(struct page){.list = LIST_ERRANDS_WAITING,
					   .owner = &(struct errand){.provider = provider}});
}

/* How many of a customer's stand before each: those with equal counts are of different customers,
 * and may be asked for together. Returns the highest. */
static unsigned count_before(const struct coupon *coupons, unsigned n, unsigned *before)
{
	unsigned most = 0;
	for (unsigned i = 0; i < n; i++) {
		before[i] = 0;
		for (unsigned k = i; coupons[i].id && k > 0 && !before[i]; k--)
			if (coupons[k - 1].id && coupons[k - 1].customer == coupons[i].customer)
				before[i] = before[k - 1] + 1;
		most = before[i] > most ? before[i] : most;
	}
	return most;
}

static struct errand begin(struct tx *tx, const struct env *env, uint64_t campaign,
			   const struct template *t)
{
	return (struct errand){.number = store_number(tx),
			       .provider = t->provider,
			       .template = t->number,
			       .campaign = campaign,
			       .waiting = true,
			       .created = env->instant};
}

struct filling {
	struct errand *errand;
	uint64_t ids[SPI_NICKS_MAX];
	unsigned n;
};

static void finish(const struct env *env, struct filling *f)
{
	static const uint64_t pending[SPI_NICKS_MAX];
	if (!f->errand)
		return;
	f->errand->coupons = numbers_write(env, f->ids, f->n);
	f->errand->outcomes = numbers_write(env, pending, f->n);
	*f = (struct filling){0};
}

enum fault errands_plan(struct tx *tx, const struct env *env, uint64_t campaign,
			const struct template *t, struct coupon *coupons, unsigned n,
			struct errands *ret)
{
	unsigned *before = ARENA_ARRAY(env->arena, unsigned, n + 1);
	struct filling f = {0};
	*ret = (struct errands){.rows = ARENA_ARRAY(env->arena, struct errand, n + 1)};
	ROOM(before && ret->rows);
	errands_want(tx, t->provider);
	unsigned most = count_before(coupons, n, before);
	for (unsigned layer = 0; layer <= most; layer++) {
		for (unsigned i = 0; i < n; i++) {
			if (!coupons[i].id || before[i] != layer)
				continue;
			if (!f.errand) {
				f.errand = &ret->rows[ret->n++];
				*f.errand = begin(tx, env, campaign, t);
			}
			coupons[i].errand = f.errand->number;
			f.ids[f.n++] = coupons[i].id;
			if (f.n == SPI_NICKS_MAX)
				finish(env, &f);
		}
		finish(env, &f);
	}
	return OK;
}

void errands_put(struct tx *tx, const struct errands *errands)
{
	for (unsigned i = 0; i < errands->n; i++)
		store_put(tx, TABLE_ERRAND, &errands->rows[i]);
}

/* --- their numbers --- */

static uint64_t first_coupon(const struct errand *e)
{
	struct text ids = e->coupons;
	uint64_t id = 0;
	return varint_take(&ids, &id) ? id : 0;
}

/* Its coupons were made with it: their ids say in which epoch. */
uint64_t errand_public_number(const struct errand *e)
{
	return first_coupon(e) >> 32 << 32 | e->number;
}

/* Merchants of one store may have the same key at one provider. */
struct text errand_request_id(struct tx *tx, const struct env *env, const struct errand *e)
{
	char id[PUBLIC_ID_SIZE];
	public_id(errand_public_number(e), id);
	return arena_format(env->arena, "%llu-%.*s", (unsigned long long)store_merchant(tx),
			    PUBLIC_ID_SIZE, id);
}

/* --- decided by hand --- */

void errand_close(struct errand *e)
{
	e->waiting = e->unknown = false;
	e->due = INSTANT_NONE;
}

enum fault errand_decide(struct tx *tx, const struct env *env, const struct coupon *c,
			 enum outcome outcome, struct errand *ret)
{
	uint64_t *ids, *outcomes;
	unsigned n, m, open = 0;
	*ret = (struct errand){.number = c->errand};
	TRY(get_named(tx, TABLE_ERRAND, ret));
	store_want_page(tx, &(struct page){.list = LIST_ERRANDS_UNKNOWN});
	errands_want(tx, ret->provider);
	TRY(numbers_read(env, ret->coupons, &ids, &n));
	TRY(numbers_read(env, ret->outcomes, &outcomes, &m));
	if (n != m)
		return FAULT_DATA_DAMAGED;
	for (unsigned i = 0; i < n; i++) {
		if (ids[i] == c->id)
			outcomes[i] = outcome | (ret->digest.size ? 0 : OUTCOME_UNASKED);
		open += !outcome_is_known(outcomes[i]);
	}
	ret->outcomes = numbers_write(env, outcomes, n);
	if (!open)
		errand_close(ret);
	return OK;
}

/* --- what is due --- */

enum fault errand_due(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct errand_due_cmd *c = cmd;
	struct errand_due_ret *r = ret;
	struct errand owner = {.provider = c->provider};
	struct page page = {.list = LIST_ERRANDS_WAITING,
			    .owner = &owner,
			    .from = c->from,
			    .n = c->n,
			    .oldest_first = true};
	(void)env;
	*r = (struct errand_due_ret){0};
	return store_page(tx, &page, &r->rows, &r->n, &r->count);
}

/* --- asked again --- */

enum fault errand_ask(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct errand_ask_cmd *c = cmd;
	struct errand_ask_ret *r = ret;
	struct errand e = {.number = c->id & UINT32_MAX}, before;
	struct campaign_counts counts;
	bool found;
	*r = (struct errand_ask_ret){0};
	TRY(store_get(tx, TABLE_ERRAND, &e, &found));
	if (!found || errand_public_number(&e) != c->id)
		return refuse(tx, FAULT_ERRAND_UNKNOWN, TEXT("errand_id"), TEXT_NONE);
	if (!e.unknown && !e.waiting)
		return OK;
	store_want_page(tx, &(struct page){.list = LIST_ERRANDS_UNKNOWN});
	errands_want(tx, e.provider);
	before = e;
	if (e.unknown)
		e.tries = ERRAND_TRIES_MAX - ERRAND_ASKED_TRIES;
	e.unknown = false;
	e.waiting = true;
	e.due = INSTANT_NONE;
	TRY(campaign_errand_count(tx, env, &before, &e, &counts));
	campaign_counts_put(tx, &counts);
	store_put(tx, TABLE_ERRAND, &e);
	return OK;
}
