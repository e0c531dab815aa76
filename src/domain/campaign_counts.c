/* See campaign.h: what became of a campaign's rewards. */
#include "domain/campaign.h"
#include "domain/template.h"

enum { REFUSAL_BITS = 4 };
_Static_assert((int)REFUSALS_END <= 1 << REFUSAL_BITS, "a refusal fits its bits");

static const enum tally_kind kinds[CAMPAIGN_COUNTS] = {
    [COUNT_SENT] = TALLY_REWARDS_SENT,	       [COUNT_REFUSED] = TALLY_REWARDS_REFUSED,
    [COUNT_UNKNOWN] = TALLY_REWARDS_UNKNOWN,   [COUNT_PROMISED] = TALLY_REWARDS_PROMISED,
    [COUNT_REDEEMED] = TALLY_REWARDS_REDEEMED,
};

enum fault refusal_fault(enum refusal refusal)
{
	switch (refusal) {
	case REFUSAL_EXHAUSTED:
		return FAULT_TEMPLATE_EXHAUSTED;
	case REFUSAL_DAY:
		return FAULT_DAY_EXHAUSTED;
	case REFUSAL_PERSON:
		return FAULT_PERSON_EXHAUSTED;
	case REFUSAL_PERSON_DAY:
		return FAULT_PERSON_DAY_EXHAUSTED;
	case REFUSAL_ENDED:
		return FAULT_TEMPLATE_EXPIRED;
	case REFUSAL_NOBODY:
		return FAULT_CUSTOMER_UNKNOWN;
	case REFUSAL_NICK:
		return FAULT_PARAMETER_MISSING;
	case REFUSALS_END:
		break;
	}
	must_failed("a refusal", __FILE__, __LINE__);
	return OK;
}

static uint64_t reason_key(uint64_t campaign, unsigned refusal)
{
	return campaign << REFUSAL_BITS | refusal;
}

void campaign_counts_want(struct tx *tx, uint64_t campaign, unsigned some, bool reasons)
{
	for (unsigned i = 0; i < CAMPAIGN_COUNTS; i++)
		if (some >> i & 1)
			store_want(tx, TABLE_TALLY,
				   &(struct tally){.kind = kinds[i], .of = campaign});
	for (unsigned i = 1; reasons && i < REFUSALS_END; i++)
		store_want(tx, TABLE_TALLY,
			   &(struct tally){.kind = TALLY_REWARDS_REFUSED_FOR,
					   .of = reason_key(campaign, i)});
}

enum fault campaign_counts_open(struct tx *tx, uint64_t campaign, unsigned some, bool reasons,
				struct campaign_counts *ret)
{
	*ret = (struct campaign_counts){.campaign = campaign, .some = some, .reasons = reasons};
	campaign_counts_want(tx, campaign, some, reasons);
	for (unsigned i = 0; i < CAMPAIGN_COUNTS; i++)
		if (some >> i & 1)
			TRY(tally_get(tx, kinds[i], campaign, &ret->of[i]));
	for (unsigned i = 1; reasons && i < REFUSALS_END; i++)
		TRY(tally_get(tx, TALLY_REWARDS_REFUSED_FOR, reason_key(campaign, i),
			      &ret->refused_for[i]));
	return OK;
}

void campaign_count(struct campaign_counts *c, enum campaign_count what, int64_t n)
{
	struct tally *tally = &c->of[what];
	must(c->some >> what & 1);
	c->changed |= 1U << what;
	if (n < 0 && tally->count < (uint64_t)-n)
		tally->count = 0;
	else
		tally->count += (uint64_t)n;
}

void campaign_count_refusal(struct campaign_counts *c, enum refusal why)
{
	must(c->reasons);
	campaign_count(c, COUNT_REFUSED, 1);
	c->refused_for[why].count++;
	c->refusals_changed |= 1U << why;
}

void campaign_counts_put(struct tx *tx, struct campaign_counts *c)
{
	for (unsigned i = 0; i < CAMPAIGN_COUNTS; i++)
		if (c->changed >> i & 1)
			store_put(tx, TABLE_TALLY, &c->of[i]);
	for (unsigned i = 1; i < REFUSALS_END; i++)
		if (c->refusals_changed >> i & 1)
			store_put(tx, TABLE_TALLY, &c->refused_for[i]);
}
