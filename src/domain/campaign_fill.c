/*
 * More of an audience: from another campaign's members, or from customers that a filter lets
 * through. Only what is asked for is kept here; campaign_walk does it.
 */
#include "domain/campaign.h"
#include "domain/check.h"
#include "domain/template.h"

static struct fill fill_of(const struct campaign *from, enum mark mark, bool used)
{
	return (struct fill){.kind = FILL_CAMPAIGN,
			     .campaign = from->number,
			     .cover = from->cover,
			     .mark = mark,
			     .used = used};
}

/* Whoever redeemed had it as one who was invited, or as one who was registered. */
static enum fault add_campaign(struct tx *tx, const struct env *env, struct campaign *c,
			       const struct campaign *from, enum fill_mark mark)
{
	static const enum mark marks[] = {[FILL_COVERED] = MARK_COVERED,
					  [FILL_INVITED] = MARK_INVITED,
					  [FILL_REGISTERED] = MARK_REGISTERED,
					  [FILL_REDEEMED] = MARK_INVITED};
	bool used = mark == FILL_REDEEMED;
	struct fill fill = fill_of(from, marks[mark], used);
	TRY(fills_add(tx, env, c, &fill));
	if (!used)
		return OK;
	fill = fill_of(from, MARK_REGISTERED, true);
	return fills_add(tx, env, c, &fill);
}

static uint64_t bit_of(enum wanted wanted, uint64_t yes, uint64_t no)
{
	return wanted == WANTED_YES ? yes : wanted == WANTED_NO ? no : 0;
}

/* Customers never leave their list: ranks stay. */
static enum fault add_customers(struct tx *tx, const struct env *env, struct campaign *c,
				const struct customer_filter *f)
{
	struct fill fill = {.kind = FILL_CUSTOMERS};
	uint64_t first, count, all;
	if (f->template_id) {
		struct template t;
		TRY(template_find(tx, f->template_id, TEXT("template_id"), &t));
		fill.template = t.number;
	}
	TRY(check_span(tx, TEXT("created_until"), f->created_from, f->created_to));
	TRY(store_count(tx, LIST_CUSTOMERS, NULL, &all));
	TRY(store_window(tx, LIST_CUSTOMERS, NULL, f->created_from, f->created_to, &first, &count));
	fill.end = all - first;
	fill.rank = fill.end - count;
	fill.filter = bit_of(f->phone, FILTER_PHONE, FILTER_NO_PHONE) |
		      bit_of(f->card_no, FILTER_CARD, FILTER_NO_CARD) |
		      bit_of(f->nick, FILTER_NICK, FILTER_NO_NICK) |
		      (f->has_not ? FILTER_NO_COUPON : 0);
	return count ? fills_add(tx, env, c, &fill) : OK;
}

enum fault campaign_fill(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct campaign_fill_cmd *c = cmd;
	struct campaign_fill_ret *r = ret;
	struct campaign campaign, from, before;
	bool customers = !c->from_campaign.size;
	*r = (struct campaign_fill_ret){0};
	store_want_unique(tx, UNIQUE_CAMPAIGN_BY_SOURCE,
			  &(struct campaign){.live = true, .source_code = c->from_campaign});
	store_want_page(tx, &(struct page){.list = LIST_CUSTOMERS});
	if (c->filter.template_id)
		template_want(tx, c->filter.template_id);
	TRY(campaign_find_source(tx, TEXT("source_code"), c->source_code, &campaign));
	if (campaign.status == 3)
		return refuse(tx, FAULT_CAMPAIGN_ENDED, TEXT("source_code"), TEXT_NONE);
	before = campaign;
	if (!customers)
		TRY(campaign_find_source(tx, TEXT("from_campaign"), c->from_campaign, &from));
	TRY(customers ? add_customers(tx, env, &campaign, &c->filter)
		      : add_campaign(tx, env, &campaign, &from, c->mark));
	campaign_set_running(&campaign);
	if (!text_equal(before.fill, campaign.fill))
		store_put(tx, TABLE_CAMPAIGN, &campaign);
	return OK;
}
