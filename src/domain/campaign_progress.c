/* What became of a campaign so far, and which ones have something to do. */
#include "domain/campaign.h"
#include "domain/check.h"

static enum fault count_members(struct tx *tx, struct campaign_progress_ret *r)
{
	struct member owner = {.campaign = r->campaign.number, .cover = r->campaign.cover};
	const struct {
		enum list list;
		uint64_t *count;
	} rows[] = {{LIST_COVERED, &r->covered},
		    {LIST_INVITED, &r->invited},
		    {LIST_REGISTERED, &r->registered},
		    {LIST_PENDING, &r->pending},
		    {LIST_TODO, &r->waiting}};
	for (unsigned i = 0; i < COUNT_OF(rows); i++)
		store_want_page(tx, &(struct page){.list = rows[i].list, .owner = &owner});
	for (unsigned i = 0; i < COUNT_OF(rows); i++)
		TRY(store_count(tx, rows[i].list, &owner, rows[i].count));
	return OK;
}

enum fault campaign_progress(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct campaign_progress_cmd *c = cmd;
	struct campaign_progress_ret *r = ret;
	struct campaign_counts counts;
	(void)env;
	*r = (struct campaign_progress_ret){0};
	TRY(campaign_find_source(tx, TEXT("source_code"), c->source_code, &r->campaign));
	campaign_counts_want(tx, r->campaign.number, COUNTS_SETTLED | COUNTS_REDEEMED, true);
	TRY(count_members(tx, r));
	TRY(campaign_counts_open(tx, r->campaign.number, COUNTS_SETTLED | COUNTS_REDEEMED, true,
				 &counts));
	for (unsigned i = 0; i < CAMPAIGN_COUNTS; i++)
		r->counts[i] = counts.of[i].count;
	for (unsigned i = 1; i < REFUSALS_END; i++)
		r->refused_for[i] = counts.refused_for[i].count;
	return OK;
}

enum fault campaign_due(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct campaign_due_cmd *c = cmd;
	struct campaign_due_ret *r = ret;
	struct page page = {
	    .list = LIST_CAMPAIGNS_RUNNING, .from = c->from, .n = c->n, .oldest_first = true};
	struct campaign *rows;
	*r = (struct campaign_due_ret){0};
	TRY(store_page(tx, &page, &rows, &r->n, &r->count));
	r->rows = ARENA_ARRAY(env->arena, struct campaign_due, r->n + 1);
	ROOM(r->rows);
	for (unsigned i = 0; i < r->n; i++)
		store_want_page(
		    tx, &(struct page){.list = LIST_TODO,
				       .owner = &(struct member){.campaign = rows[i].number}});
	for (unsigned i = 0; i < r->n; i++) {
		struct member owner = {.campaign = rows[i].number};
		uint64_t todo;
		TRY(store_count(tx, LIST_TODO, &owner, &todo));
		r->rows[i] = campaign_look(env, &rows[i], todo);
	}
	return OK;
}
