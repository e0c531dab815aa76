/*
 * Rewards that a provider sends: coupons that are held, and the errands that ask for them, each one
 * call to the provider for at most SPI_NICKS_MAX customers, each once. What comes of a promise is
 * counted by whoever settles its errand: from COUNT_PROMISED to sent, refused or unknown.
 */
#include "base/varint.h"
#include "domain/campaign.h"
#include "domain/check.h"

enum {
	NOT_KNOWN = 0, /* the outcome of a promise that was not asked for yet */
	COPIES_MAX = 2 * REWARD_COUNT_MAX,
};

void campaign_promise(struct coupon *c)
{
	c->state = COUPON_FROZEN;
	c->held = true;
}

/* One that is being filled: the first coupons of customers, the second ones .. */
struct filling {
	struct errand *errand; /* NULL: none yet */
	uint64_t ids[SPI_NICKS_MAX];
	unsigned n;
};

static void finish(const struct env *env, struct filling *f)
{
	static const uint64_t not_known[SPI_NICKS_MAX] = {NOT_KNOWN};
	if (!f->errand)
		return;
	f->errand->coupons = numbers_write(env, f->ids, f->n);
	f->errand->outcomes = numbers_write(env, not_known, f->n);
	*f = (struct filling){0};
}

static void add(struct tx *tx, const struct env *env, const struct template *t,
		struct coupon *coupon, struct filling *f, struct campaign_errands *e)
{
	if (f->n == SPI_NICKS_MAX)
		finish(env, f);
	if (!f->errand) {
		f->errand = &e->rows[e->n++];
		*f->errand = (struct errand){.number = store_number(tx),
					     .provider = t->provider,
					     .template = t->number,
					     .campaign = coupon->campaign,
					     .waiting = true,
					     .created = env->instant};
	}
	f->ids[f->n++] = coupon->id;
	coupon->errand = f->errand->number;
}

enum fault campaign_errands(struct tx *tx, const struct env *env, const struct template *t,
			    struct coupon *coupons, unsigned n, struct campaign_errands *ret)
{
	struct filling *fillings = ARENA_ARRAY(env->arena, struct filling, COPIES_MAX);
	unsigned copy = 0;
	*ret = (struct campaign_errands){
	    .rows = ARENA_ARRAY(env->arena, struct errand, n / SPI_NICKS_MAX + COPIES_MAX)};
	ROOM(fillings && ret->rows);
	for (unsigned i = 0; i < n; i++) {
		bool again = i > 0 && coupons[i - 1].customer == coupons[i].customer;
		copy = again ? copy + 1 : 0;
		must(copy < COPIES_MAX);
		add(tx, env, t, &coupons[i], &fillings[copy], ret);
	}
	for (unsigned i = 0; i < COPIES_MAX; i++)
		finish(env, &fillings[i]);
	return OK;
}

void campaign_errands_want(struct tx *tx, uint64_t provider)
{
	store_want_page(tx, &(struct page){.list = LIST_ERRANDS});
	store_want_page(tx, &(struct page){.list = LIST_ERRANDS_WAITING,
					   .owner = &(struct errand){.provider = provider}});
}

void campaign_errands_put(struct tx *tx, struct campaign_errands *errands)
{
	for (unsigned i = 0; i < errands->n; i++)
		store_put(tx, TABLE_ERRAND, &errands->rows[i]);
}
