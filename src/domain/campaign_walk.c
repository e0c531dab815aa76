/*
 * Walking through lists of people, a slice a step, for a campaign's audience: those of its own who
 * were there before its rewards, another campaign's members, customers that a filter lets through.
 *
 * A list of members may lose rows behind the walk (a merge moves them to its end), which moves its
 * place towards the beginning: the last row that was passed tells, and the walk goes back. What it
 * meets again it leaves as it is.
 */
#include "domain/campaign.h"
#include "domain/check.h"
#include "domain/coupon.h"
#include "domain/customer.h"

/* Places in member.at: of COVERED, INVITED, REGISTERED, in the order of their rows in LISTS. */
enum { AT_COVERED, AT_INVITED, AT_REGISTERED };
/* Of the long texts that rows of members carry along, well below an entry's size. */
enum { WALK_BYTES_MAX = 4 * 1024 * 1024 };

struct walk {
	const struct campaign_walk_cmd *cmd;
	struct campaign_walk_ret *ret;
	struct campaign campaign;
	struct fill *fills; /* the first is walked */
	unsigned fill_count;
	bool done; /* with the first */
	/* of this step */
	uint64_t *numbers; /* of customers */
	struct customer *customers;
	struct member *members;
	unsigned n;
};

/* --- rows --- */

static enum list list_of(uint64_t mark)
{
	return mark == MARK_COVERED   ? LIST_COVERED
	       : mark == MARK_INVITED ? LIST_INVITED
				      : LIST_REGISTERED;
}

static uint64_t place_of(uint64_t mark, const struct member *m)
{
	return m->at[mark == MARK_COVERED   ? AT_COVERED
		     : mark == MARK_INVITED ? AT_INVITED
					    : AT_REGISTERED];
}

static struct page members_page(const struct fill *f, const struct member *owner, unsigned n)
{
	unsigned more = f->rank > 0;
	return (struct page){.list = list_of(f->mark),
			     .owner = owner,
			     .from = f->rank - more,
			     .n = n + more,
			     .oldest_first = true};
}

static enum fault member_rows(struct tx *tx, const struct env *env, struct walk *w)
{
	struct fill *f = &w->fills[0];
	struct member owner = {.campaign = f->campaign, .cover = f->cover}, *rows;
	struct page page = members_page(f, &owner, w->cmd->n);
	unsigned more = f->rank > 0, n;
	uint64_t count, bytes = 0;
	TRY(store_page(tx, &page, &rows, &n, &count));
	w->numbers = ARENA_ARRAY(env->arena, uint64_t, n + 1);
	ROOM(w->numbers);
	if (more && (n == 0 || place_of(f->mark, &rows[0]) > f->passed)) {
		f->rank = f->rank > w->cmd->n ? f->rank - w->cmd->n : 0;
		return OK;
	}
	for (unsigned i = more; i < n && bytes < WALK_BYTES_MAX; i++) {
		if (!f->used || rows[i].given & GIVEN_USED)
			w->numbers[w->n++] = rows[i].customer;
		f->passed = place_of(f->mark, &rows[i]);
		f->rank++;
		bytes += rows[i].information.size;
	}
	w->done = f->rank >= count;
	return OK;
}

static bool fits(const struct fill *f, const struct customer *c)
{
	const struct {
		uint64_t yes, no;
		bool there;
	} rows[] = {{FILTER_PHONE, FILTER_NO_PHONE, c->phone.size > 0},
		    {FILTER_CARD, FILTER_NO_CARD, c->card_no.size > 0},
		    {FILTER_NICK, FILTER_NO_NICK, c->nick.size > 0}};
	for (unsigned i = 0; i < COUNT_OF(rows); i++)
		if (f->filter & (rows[i].there ? rows[i].no : rows[i].yes))
			return false;
	return !c->alias_of && instant_is_none(c->erased);
}

static enum fault customer_rows(struct tx *tx, const struct env *env, struct walk *w)
{
	struct fill *f = &w->fills[0];
	uint64_t left = f->end - f->rank, count;
	struct page page = {.list = LIST_CUSTOMERS,
			    .from = f->rank,
			    .n = left < w->cmd->n ? (unsigned)left : w->cmd->n,
			    .oldest_first = true};
	struct customer *rows;
	unsigned n;
	TRY(store_page(tx, &page, &rows, &n, &count));
	w->numbers = ARENA_ARRAY(env->arena, uint64_t, n + 1);
	ROOM(w->numbers);
	for (unsigned i = 0; i < n; i++)
		if (fits(f, &rows[i]))
			w->numbers[w->n++] = rows[i].number;
	f->rank += n;
	w->done = n == 0 || f->rank >= f->end;
	return OK;
}

/* --- who has an unused coupon --- */

static struct page wallet_page(const struct coupon *owner)
{
	return (struct page){.list = LIST_WALLET, .owner = owner, .n = FILTER_COUPONS_MAX};
}

static enum fault has_coupon(struct tx *tx, const struct env *env, uint64_t template,
			     uint64_t customer, bool *ret_has)
{
	struct coupon owner = {.customer = customer}, *rows;
	struct page page = wallet_page(&owner);
	uint64_t count;
	unsigned n;
	*ret_has = false;
	TRY(store_page(tx, &page, &rows, &n, &count));
	for (unsigned i = 0; i < n; i++)
		*ret_has |= rows[i].template == template &&
			    coupon_shown_state(env, &rows[i]) == COUPON_UNUSED;
	return OK;
}

static enum fault filter_coupons(struct tx *tx, const struct env *env, struct walk *w)
{
	const struct fill *f = &w->fills[0];
	unsigned kept = 0;
	if (f->kind != FILL_CUSTOMERS || !f->template)
		return OK;
	for (unsigned i = 0; i < w->n; i++)
		store_want(tx, TABLE_HOLDING,
			   &(struct holding){.customer = w->numbers[i], .template = f->template});
	struct holding *holdings = ARENA_ARRAY(env->arena, struct holding, w->n + 1);
	ROOM(holdings);
	for (unsigned i = 0; i < w->n; i++) {
		struct coupon owner = {.customer = w->numbers[i]};
		struct page page = wallet_page(&owner);
		TRY(holding_get(tx, w->numbers[i], f->template, &holdings[i]));
		if (holdings[i].issued)
			store_want_page(tx, &page);
	}
	for (unsigned i = 0; i < w->n; i++) {
		bool has = false;
		if (holdings[i].issued)
			TRY(has_coupon(tx, env, f->template, w->numbers[i], &has));
		if (has != ((f->filter & FILTER_NO_COUPON) != 0))
			w->numbers[kept++] = w->numbers[i];
	}
	w->n = kept;
	return OK;
}

/* --- members --- */

static enum fault load_people(struct tx *tx, const struct env *env, struct walk *w)
{
	w->customers = ARENA_ARRAY(env->arena, struct customer, w->n + 1);
	w->members = ARENA_ARRAY(env->arena, struct member, w->n + 1);
	ROOM(w->customers && w->members);
	for (unsigned i = 0; i < w->n; i++) {
		w->customers[i].number = w->numbers[i];
		w->members[i] =
		    (struct member){.campaign = w->campaign.number, .customer = w->numbers[i]};
		store_want(tx, TABLE_CUSTOMER, &w->customers[i]);
		store_want(tx, TABLE_MEMBER, &w->members[i]);
	}
	for (unsigned i = 0; i < w->n; i++) {
		TRY(get_named(tx, TABLE_CUSTOMER, &w->customers[i]));
		if (w->customers[i].alias_of)
			store_want(tx, TABLE_CUSTOMER,
				   &(struct customer){.number = w->customers[i].alias_of});
	}
	return OK;
}

/* Its own members are marked under the names that they stand under. */
static bool is_own(const struct walk *w)
{
	return w->fills[0].kind == FILL_NEW_REWARDS ||
	       w->fills[0].kind == FILL_NEW_REGISTER_REWARDS;
}

static enum fault load_members(struct tx *tx, struct walk *w)
{
	for (unsigned i = 0; i < w->n && !is_own(w); i++) {
		TRY(customer_follow(tx, &w->customers[i]));
		w->members[i].customer = w->customers[i].number;
		store_want(tx, TABLE_MEMBER, &w->members[i]);
	}
	for (unsigned i = 0; i < w->n; i++) {
		bool found;
		TRY(store_get_guess(tx, TABLE_MEMBER, &w->members[i], &found));
	}
	return OK;
}

static void put_own(struct tx *tx, struct walk *w)
{
	for (unsigned i = 0; i < w->n; i++) {
		w->members[i].todo = campaign_todo(&w->campaign, &w->members[i]);
		if (!instant_is_none(w->customers[i].erased))
			store_forget(TABLE_MEMBER, &w->members[i]);
		store_put(tx, TABLE_MEMBER, &w->members[i]);
	}
}

/* Two names of one customer are one member: the second put of a step would be of an old row. */
static bool is_repeated(const struct walk *w, unsigned at)
{
	for (unsigned i = 0; w->customers[at].merged && i < at; i++)
		if (w->members[i].customer == w->members[at].customer)
			return true;
	return false;
}

static void put_covered(struct tx *tx, struct walk *w)
{
	for (unsigned i = 0; i < w->n; i++) {
		struct member *m = &w->members[i];
		if (m->cover == w->campaign.cover || !instant_is_none(w->customers[i].erased) ||
		    is_repeated(w, i))
			continue;
		m->cover = w->campaign.cover;
		m->key_slot = w->customers[i].key_slot;
		m->todo = campaign_todo(&w->campaign, m);
		store_put(tx, TABLE_MEMBER, m);
		w->ret->added++;
	}
}

/* --- a step --- */

static enum fault step(struct tx *tx, const struct env *env, struct walk *w)
{
	bool customers = w->fills[0].kind == FILL_CUSTOMERS;
	TRY(customers ? customer_rows(tx, env, w) : member_rows(tx, env, w));
	TRY(filter_coupons(tx, env, w));
	TRY(load_people(tx, env, w));
	TRY(load_members(tx, w));
	fills_write(env, &w->campaign, w->fills + w->done, w->fill_count - w->done);
	campaign_set_running(&w->campaign);
	w->ret->more = w->fill_count > w->done;
	if (is_own(w))
		put_own(tx, w);
	else
		put_covered(tx, w);
	store_put(tx, TABLE_CAMPAIGN, &w->campaign);
	return OK;
}

enum fault campaign_walk(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct campaign_walk_cmd *c = cmd;
	struct walk w = {.cmd = c, .ret = ret};
	struct member owner = {.campaign = c->number};
	bool found;
	must(c->n >= 1 && c->n <= RUN_MEMBERS_MAX);
	*w.ret = (struct campaign_walk_ret){0};
	store_want(tx, TABLE_CAMPAIGN, &(struct campaign){.number = c->number});
	store_want(tx, TABLE_LEASE, &(struct lease){.kind = LEASE_CAMPAIGN, .of = c->number});
	store_want_page(tx, &(struct page){.list = LIST_TODO, .owner = &owner});
	TRY(lease_check(tx, env, LEASE_CAMPAIGN, c->number, c->owner));
	w.campaign.number = c->number;
	TRY(store_get(tx, TABLE_CAMPAIGN, &w.campaign, &found));
	if (!found || campaign_look(env, &w.campaign, 0).work != DUE_WALK)
		return OK;
	TRY(fills_read(env, &w.campaign, &w.fills, &w.fill_count));
	if (!w.fill_count)
		return FAULT_DATA_DAMAGED;
	return step(tx, env, &w);
}
