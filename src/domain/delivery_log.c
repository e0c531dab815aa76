/*
 * What a webhook was told, for people: the log, a resend by hand, and that old ones are forgotten.
 */
#include "base/varint.h"
#include "domain/check.h"
#include "domain/notice.h"
#include "domain/webhook.h"

static bool is_good(uint64_t status)
{
	return status >= 200 && status < 300;
}

enum delivery_state delivery_state_of(const struct delivery *d)
{
	if (d->waiting)
		return DELIVERY_WAITING;
	return is_good(d->status) ? DELIVERY_DELIVERED : DELIVERY_FAILED;
}

/* --- the log --- */

static bool is_wanted(const struct delivery_list_cmd *c, const struct delivery *d)
{
	return !c->has_state || delivery_state_of(d) == c->state;
}

/* Newest first, by places counted from the oldest: what comes in meanwhile moves nothing. */
static enum fault pick(struct tx *tx, const struct delivery_list_cmd *c,
		       struct delivery_list_ret *r)
{
	const struct delivery owner = {.webhook = c->webhook};
	struct page page = {.list = LIST_DELIVERIES, .owner = &owner, .oldest_first = true};
	uint64_t count, end;
	struct delivery *rows;
	unsigned got;
	TRY(store_count(tx, LIST_DELIVERIES, &owner, &count));
	end = c->before && c->before < count ? c->before : count;
	page.n = c->has_state ? DELIVERY_WALK_MAX : c->n;
	if (page.n > end)
		page.n = (unsigned)end;
	page.from = end - page.n;
	r->next = page.from;
	if (!page.n)
		return OK;
	TRY(store_page(tx, &page, &rows, &got, &count));
	for (unsigned i = got; i > 0; i--) {
		if (r->n == c->n) {
			r->next = page.from + i;
			break;
		}
		if (is_wanted(c, &rows[i - 1]))
			r->rows[r->n++].delivery = rows[i - 1];
	}
	return OK;
}

enum fault delivery_list(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct delivery_list_cmd *c = cmd;
	struct delivery_list_ret *r = ret;
	struct webhook webhook;
	*r = (struct delivery_list_ret){0};
	r->rows = ARENA_ARRAY(env->arena, struct delivery_shown, c->n + 1);
	ROOM(r->rows);
	TRY(webhook_find(tx, c->webhook, &webhook));
	TRY(pick(tx, c, r));
	for (unsigned i = 0; i < r->n; i++)
		store_want(tx, TABLE_NOTICE,
			   &(struct notice){.number = r->rows[i].delivery.notice});
	for (unsigned i = 0; i < r->n; i++) {
		r->rows[i].notice.number = r->rows[i].delivery.notice;
		TRY(get_named(tx, TABLE_NOTICE, &r->rows[i].notice));
	}
	return OK;
}

/* --- once more --- */

/* It goes behind what waits in its lane: whoever asks for it knows that it comes late. */
enum fault delivery_resend(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct delivery_resend_cmd *c = cmd;
	struct delivery_resend_ret *r = ret;
	struct delivery d = {.webhook = c->webhook, .notice = c->notice};
	struct webhook webhook;
	bool found;
	(void)env;
	*r = (struct delivery_resend_ret){0};
	store_want(tx, TABLE_DELIVERY, &d);
	TRY(webhook_find(tx, c->webhook, &webhook));
	TRY(store_get(tx, TABLE_DELIVERY, &d, &found));
	if (!found)
		return refuse(tx, FAULT_DELIVERY_UNKNOWN, TEXT("event_id"), TEXT_NONE);
	store_want_page(tx, &(struct page){.list = LIST_DELIVERIES_WAITING, .owner = &d});
	if (!d.waiting)
		d.tries = 0;
	d.waiting = true;
	d.due = INSTANT_NONE;
	store_put(tx, TABLE_DELIVERY, &d);
	return OK;
}

/* --- the old --- */

static enum fault want_deliveries(struct tx *tx, const struct notice *n)
{
	struct text numbers = n->webhooks;
	struct delivery d = {.notice = n->number};
	while (numbers.size) {
		if (!varint_take(&numbers, &d.webhook))
			return FAULT_DATA_DAMAGED;
		store_want(tx, TABLE_DELIVERY, &d);
		store_want_page(tx, &(struct page){.list = LIST_DELIVERIES, .owner = &d});
	}
	return OK;
}

static void forget(struct tx *tx, const struct notice *n)
{
	struct text numbers = n->webhooks;
	struct delivery d = {.notice = n->number};
	while (numbers.size && varint_take(&numbers, &d.webhook))
		store_del(tx, TABLE_DELIVERY, &d);
	store_del(tx, TABLE_NOTICE, n);
}

enum fault notice_forget(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct notice_forget_cmd *c = cmd;
	struct notice_forget_ret *r = ret;
	struct page page = {.list = LIST_NOTICES,
			    .n = c->n < NOTICE_FORGET_MAX ? c->n : NOTICE_FORGET_MAX,
			    .oldest_first = true};
	struct notice *rows;
	uint64_t count;
	unsigned n, old = 0;
	*r = (struct notice_forget_ret){0};
	if (!page.n)
		return OK;
	TRY(store_page(tx, &page, &rows, &n, &count));
	while (old < n && env->instant.ms - rows[old].happened.ms > NOTICES_KEPT_MS)
		TRY(want_deliveries(tx, &rows[old++]));
	for (unsigned i = 0; i < old; i++)
		forget(tx, &rows[i]);
	r->forgotten = old;
	return OK;
}
