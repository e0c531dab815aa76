/*
 * Rewards that a provider sends, counted: whatever changes an errand moves its promises from one
 * count of their campaign to another, in the same write.
 */
#include "domain/campaign.h"
#include "domain/check.h"
#include "domain/errand.h"

static enum campaign_count place_of(const struct errand *e, uint64_t outcome)
{
	switch (outcome_of(outcome)) {
	case OUTCOME_SENT:
		return COUNT_SENT;
	case OUTCOME_REFUSED:
		return COUNT_REFUSED;
	case OUTCOME_PENDING:
	case OUTCOME_UNKNOWN:
		break;
	}
	return e->unknown ? COUNT_UNKNOWN : COUNT_PROMISED;
}

static enum fault count(const struct env *env, const struct errand *e, int64_t by, int64_t *counts)
{
	uint64_t *outcomes;
	unsigned n;
	TRY(numbers_read(env, e->outcomes, &outcomes, &n));
	for (unsigned i = 0; i < n; i++)
		counts[place_of(e, outcomes[i])] += by;
	return OK;
}

void campaign_errand_want(struct tx *tx, const struct errand *e)
{
	if (e->campaign)
		campaign_counts_want(tx, e->campaign, COUNTS_SETTLED, false);
}

enum fault campaign_errand_count(struct tx *tx, const struct env *env, const struct errand *before,
				 const struct errand *after, struct campaign_counts *ret)
{
	int64_t counts[CAMPAIGN_COUNTS] = {0};
	*ret = (struct campaign_counts){0};
	if (!before->campaign)
		return OK;
	TRY(count(env, before, -1, counts));
	TRY(count(env, after, 1, counts));
	TRY(campaign_counts_open(tx, before->campaign, COUNTS_SETTLED, false, ret));
	for (unsigned i = 0; i < CAMPAIGN_COUNTS; i++)
		if (counts[i])
			campaign_count(ret, (enum campaign_count)i, counts[i]);
	return OK;
}
