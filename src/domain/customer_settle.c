/*
 * What an erasure or a merge leaves to do, one step at a time. A customer with work left is
 * `unsettled` and stands in a list; the record says how far the work has come.
 *
 *   alias      its coupons move, oldest first, and its holdings with them; when the wallet is empty
 *              its audience memberships become those of the one it was merged into
 *   erased     what was registered of the person in audiences goes
 *
 * Audiences are found by walking the merchant's campaigns in order of creation: nobody becomes a
 * member under the old name any more, so new campaigns need no look. Where campaigns were deleted
 * behind the walk its place moved towards the beginning: `walked_to` tells, and it goes back.
 */
#include "domain/campaign.h"
#include "domain/check.h"
#include "domain/coupon.h"
#include "domain/customer.h"

/* What one step may carry of long texts, well below an entry's size. */
enum { SETTLE_BYTES_MAX = 4 * 1024 * 1024 };

/* --- coupons --- */

struct moving {
	uint64_t template;
	struct holding old, new;
	bool had; /* the alias' own count is still there */
};

static struct moving *moving_of(struct moving *all, unsigned *n, uint64_t template)
{
	for (unsigned i = 0; i < *n; i++)
		if (all[i].template == template)
			return &all[i];
	all[*n] = (struct moving){.template = template};
	return &all[(*n)++];
}

static enum fault load_holdings(struct tx *tx, const struct customer *from, struct moving *all,
				unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		store_want(
		    tx, TABLE_HOLDING,
		    &(struct holding){.customer = from->number, .template = all[i].template});
		store_want(
		    tx, TABLE_HOLDING,
		    &(struct holding){.customer = from->alias_of, .template = all[i].template});
	}
	for (unsigned i = 0; i < n; i++) {
		TRY(holding_get(tx, from->number, all[i].template, &all[i].old));
		TRY(holding_get(tx, from->alias_of, all[i].template, &all[i].new));
		all[i].had = all[i].old.issued > 0 || all[i].old.used > 0;
	}
	return OK;
}

/* The count goes with the first coupon of its template. */
static void put_holding(struct tx *tx, struct moving *m, uint64_t ordinal)
{
	if (!m->had)
		return;
	m->had = false;
	holding_join(&m->new, &m->old);
	if (!m->new.last)
		m->new.last = ordinal;
	store_del(tx, TABLE_HOLDING, &m->old);
	store_put(tx, TABLE_HOLDING, &m->new);
}

static enum fault move_coupons(struct tx *tx, const struct env *env, const struct customer *from,
			       const struct coupon *rows, unsigned n)
{
	struct moving *all = ARENA_ARRAY(env->arena, struct moving, n + 1);
	unsigned templates = 0;
	ROOM(all);
	for (unsigned i = 0; i < n; i++)
		(void)moving_of(all, &templates, rows[i].template);
	TRY(load_holdings(tx, from, all, templates));
	for (unsigned i = 0; i < n; i++) {
		struct coupon moved = rows[i];
		moved.customer = from->alias_of;
		store_move(tx, TABLE_COUPON, &rows[i], &moved);
		put_holding(tx, moving_of(all, &templates, moved.template), moved.ordinal);
	}
	return OK;
}

static enum fault coupons_of(struct tx *tx, const struct customer *from, unsigned n,
			     struct coupon **ret_rows, unsigned *ret_n)
{
	struct coupon owner = {.customer = from->number};
	struct page page = {.list = LIST_WALLET, .owner = &owner, .n = n, .oldest_first = true};
	uint64_t count, bytes = 0;
	unsigned got;
	TRY(store_page(tx, &page, ret_rows, &got, &count));
	for (*ret_n = 0; *ret_n < got && bytes < SETTLE_BYTES_MAX; ++*ret_n)
		bytes += (*ret_rows)[*ret_n].attribute.size + (*ret_rows)[*ret_n].timeline.size;
	return OK;
}

/* --- audiences --- */

struct membership {
	struct member old, new;
	bool found, new_found;
};

static enum fault load_members(struct tx *tx, const struct customer *c, const struct campaign *rows,
			       unsigned n, struct membership *ret)
{
	for (unsigned i = 0; i < n; i++) {
		ret[i].old = (struct member){.campaign = rows[i].number, .customer = c->number};
		ret[i].new = (struct member){.campaign = rows[i].number, .customer = c->alias_of};
		store_want(tx, TABLE_MEMBER, &ret[i].old);
		if (c->alias_of)
			store_want(tx, TABLE_MEMBER, &ret[i].new);
	}
	for (unsigned i = 0; i < n; i++) {
		TRY(store_get(tx, TABLE_MEMBER, &ret[i].old, &ret[i].found));
		if (ret[i].found && c->alias_of)
			TRY(store_get(tx, TABLE_MEMBER, &ret[i].new, &ret[i].new_found));
	}
	return OK;
}

/* What the alias was, the other one is too; the earlier word of both stays. */
static void join(struct membership *m, const struct campaign *campaign, const struct customer *into)
{
	m->new.key_slot = into->key_slot;
	if (m->old.cover == campaign->cover)
		m->new.cover = campaign->cover;
	m->new.invited |= m->old.invited;
	m->new.given |= m->old.given;
	bool comes = !m->new.registered && (m->old.registered || m->old.pending);
	if (comes && (m->old.registered || !m->new.pending)) {
		m->new.registered = m->old.registered;
		m->new.pending = m->old.pending && !m->old.registered;
		m->new.registered_at = m->old.registered_at;
		m->new.information = m->old.information;
	}
	if (!instant_is_none(into->erased))
		store_forget(TABLE_MEMBER, &m->new);
	m->new.todo = campaign_todo(campaign, &m->new);
}

static void put_member(struct tx *tx, struct membership *m, const struct campaign *campaign,
		       const struct customer *c, const struct customer *into)
{
	if (!m->found)
		return;
	if (c->alias_of) {
		join(m, campaign, into);
		store_del(tx, TABLE_MEMBER, &m->old);
		store_put(tx, TABLE_MEMBER, &m->new);
		return;
	}
	store_forget(TABLE_MEMBER, &m->old);
	m->old.pending = false;
	store_put(tx, TABLE_MEMBER, &m->old);
}

/* Whether the walk stands where it was; else it goes back by a slice. One row more, the last one
 * that was passed, is looked at for this. */
static bool is_there(struct customer *c, const struct campaign *rows, unsigned n, unsigned slice)
{
	if (c->walked == 0 || (n > 0 && rows[0].number <= c->walked_to))
		return true;
	c->walked = c->walked > slice ? c->walked - slice : 0;
	return false;
}

static enum fault walk_campaigns(struct tx *tx, const struct env *env, struct customer *c,
				 const struct customer *into, unsigned slice)
{
	unsigned more = c->walked > 0, n, done;
	struct page page = {.list = LIST_CAMPAIGNS,
			    .from = c->walked - more,
			    .n = slice + more,
			    .oldest_first = true};
	struct campaign *rows;
	uint64_t count, bytes = 0;
	TRY(store_page(tx, &page, &rows, &n, &count));
	if (!is_there(c, rows, n, slice))
		return OK;
	struct membership *all = ARENA_ARRAY(env->arena, struct membership, n + 1);
	ROOM(all);
	TRY(load_members(tx, c, rows, n, all));
	for (done = more; done < n && bytes < SETTLE_BYTES_MAX; done++) {
		put_member(tx, &all[done], &rows[done], c, into);
		bytes += all[done].found ? all[done].new.information.size : 0;
		c->walked_to = rows[done].number;
	}
	c->walked += done - more;
	if (page.from + done >= count) {
		c->unsettled = false;
		c->walked = c->walked_to = 0;
	}
	return OK;
}

/* --- a step --- */

static void want(struct tx *tx, const struct customer *c, unsigned n)
{
	struct coupon owner = {.customer = c->number};
	store_want_page(tx, &(struct page){.list = LIST_CAMPAIGNS,
					   .from = c->walked ? c->walked - 1 : 0,
					   .n = n + 1,
					   .oldest_first = true});
	if (!c->alias_of)
		return;
	store_want(tx, TABLE_CUSTOMER, &(struct customer){.number = c->alias_of});
	store_want_page(
	    tx, &(struct page){.list = LIST_WALLET, .owner = &owner, .n = n, .oldest_first = true});
}

static enum fault step(struct tx *tx, const struct env *env, struct customer *c, unsigned n)
{
	struct customer into = *c;
	struct coupon *rows;
	unsigned count = 0;
	want(tx, c, n);
	TRY(customer_follow(tx, &into));
	if (c->alias_of)
		TRY(coupons_of(tx, c, n, &rows, &count));
	if (count)
		return move_coupons(tx, env, c, rows, count);
	TRY(walk_campaigns(tx, env, c, &into, n));
	store_put(tx, TABLE_CUSTOMER, c);
	return OK;
}

enum fault customer_settle(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct customer_settle_cmd *c = cmd;
	struct customer_settle_ret *r = ret;
	struct page page = {.list = LIST_CUSTOMERS_UNSETTLED, .n = 1, .oldest_first = true};
	unsigned slice = c->n < SETTLE_MAX ? c->n : SETTLE_MAX, n;
	struct customer *rows;
	*r = (struct customer_settle_ret){0};
	store_want_page(tx, &(struct page){.list = LIST_CAMPAIGNS});
	TRY(store_page(tx, &page, &rows, &n, &r->left));
	if (!n || !slice)
		return OK;
	TRY(step(tx, env, &rows[0], slice));
	r->left -= !rows[0].unsettled;
	return OK;
}
