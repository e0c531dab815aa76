/*
 * Uses of rewards: what a redeem and a reverse count for the campaigns whose coupons they are.
 * Whoever redeems is marked, so that another campaign may be filled with him.
 */
#include "domain/campaign.h"
#include "domain/check.h"

static struct member member_of(const struct coupon *c)
{
	return (struct member){.campaign = c->campaign, .customer = c->customer};
}

void reward_uses_want(struct tx *tx, const struct coupon *coupon)
{
	struct member member = member_of(coupon);
	if (!coupon->campaign)
		return;
	campaign_counts_want(tx, coupon->campaign, COUNTS_REDEEMED, false);
	if (!coupon->customer)
		return;
	store_want(tx, TABLE_MEMBER, &member);
	store_want(tx, TABLE_CUSTOMER, &(struct customer){.number = coupon->customer});
}

static struct campaign_counts *counts_of(struct reward_uses *u, uint64_t campaign)
{
	for (unsigned i = 0; i < u->n; i++)
		if (u->campaigns[i].campaign == campaign)
			return &u->campaigns[i];
	return NULL;
}

static struct member *known_member(struct reward_uses *u, const struct coupon *c)
{
	for (unsigned i = 0; i < u->member_count; i++)
		if (u->members[i].campaign == c->campaign && u->members[i].customer == c->customer)
			return &u->members[i];
	return NULL;
}

/* What is written of somebody who was erased has nothing personal any more. */
static enum fault forget_erased(struct tx *tx, struct member *member)
{
	struct customer customer = {.number = member->customer};
	TRY(get_named(tx, TABLE_CUSTOMER, &customer));
	if (!instant_is_none(customer.erased))
		store_forget(TABLE_MEMBER, member);
	return OK;
}

static enum fault open_one(struct tx *tx, const struct coupon *c, struct reward_uses *u)
{
	if (!counts_of(u, c->campaign))
		TRY(campaign_counts_open(tx, c->campaign, COUNTS_REDEEMED, false,
					 &u->campaigns[u->n++]));
	if (!c->customer || known_member(u, c))
		return OK;
	unsigned at = u->member_count++;
	u->members[at] = member_of(c);
	TRY(store_get(tx, TABLE_MEMBER, &u->members[at], &u->found[at]));
	return u->found[at] ? forget_erased(tx, &u->members[at]) : OK;
}

enum fault reward_uses_open(struct tx *tx, const struct env *env,
			    const struct coupon *const *coupons, unsigned n,
			    struct reward_uses *ret)
{
	*ret = (struct reward_uses){0};
	bool some = false;
	for (unsigned i = 0; i < n; i++) {
		reward_uses_want(tx, coupons[i]);
		some |= coupons[i]->campaign != 0;
	}
	if (!some)
		return OK;
	ret->campaigns = ARENA_ARRAY(env->arena, struct campaign_counts, n);
	ret->members = ARENA_ARRAY(env->arena, struct member, n);
	ret->found = ARENA_ARRAY(env->arena, bool, n);
	ROOM(ret->campaigns && ret->members && ret->found);
	for (unsigned i = 0; i < n; i++)
		if (coupons[i]->campaign)
			TRY(open_one(tx, coupons[i], ret));
	return OK;
}

void reward_use(struct reward_uses *u, const struct coupon *coupon, int64_t n)
{
	struct member *member = coupon->campaign ? known_member(u, coupon) : NULL;
	if (!coupon->campaign)
		return;
	campaign_count(counts_of(u, coupon->campaign), COUNT_REDEEMED, n);
	if (member && n > 0)
		member->given |= GIVEN_USED;
}

void reward_uses_put(struct tx *tx, struct reward_uses *u)
{
	for (unsigned i = 0; i < u->n; i++)
		campaign_counts_put(tx, &u->campaigns[i]);
	for (unsigned i = 0; i < u->member_count; i++)
		if (u->found[i] && u->members[i].given & GIVEN_USED)
			store_put(tx, TABLE_MEMBER, &u->members[i]);
}
