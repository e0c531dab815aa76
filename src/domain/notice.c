/* See notice.h. */
#include "domain/notice.h"
#include "domain/check.h"

static const struct notice_row rows[64] = {
#define NOTICE(name, id, wire, of, text) [id] = {wire, OF_##of, text},
#include "domain/notices.tbl.h"
#undef NOTICE
};

const struct notice_row *notice_row_get(unsigned kind)
{
	return kind < COUNT_OF(rows) && rows[kind].wire ? &rows[kind] : NULL;
}

uint64_t notice_kinds_all(void)
{
	uint64_t kinds = 0;
	for (unsigned i = 0; i < COUNT_OF(rows); i++)
		kinds |= rows[i].wire ? UINT64_C(1) << i : 0;
	return kinds;
}

enum notice_kind notice_of_event(enum event_kind kind)
{
#define TELLS(name) [EVENT_##name] = NOTICE_COUPON_##name
	static const enum notice_kind kinds[EVENT_COUNT] = {
	    TELLS(ISSUED),   TELLS(HELD),     TELLS(CONFIRMED),	  TELLS(RELEASED), TELLS(ASSIGNED),
	    TELLS(FROZEN),   TELLS(UNFROZEN), TELLS(REDEEMED),	  TELLS(REVERSED), TELLS(RECALLED),
	    TELLS(EXTENDED), TELLS(REISSUED), TELLS(TRANSFERRED),
	};
#undef TELLS
	must(kind < EVENT_COUNT && kinds[kind]);
	return kinds[kind];
}

/* --- who listens --- */

static const struct page listeners = {
    .list = LIST_WEBHOOKS, .n = WEBHOOKS_MAX, .oldest_first = true};

void notices_want(struct tx *tx)
{
	store_want_page(tx, &listeners);
}

enum fault notices_open(struct tx *tx, const struct env *env, struct notices *ret)
{
	struct webhook *known, *listening;
	uint64_t count;
	unsigned n;
	*ret = (struct notices){.tx = tx};
	TRY(store_page(tx, &listeners, &known, &n, &count));
	if (!n)
		return OK;
	listening = ARENA_ARRAY(env->arena, struct webhook, n);
	ROOM(listening);
	for (unsigned i = 0; i < n; i++)
		if (instant_is_none(known[i].suspended))
			listening[ret->webhook_count++] = known[i];
	ret->webhooks = listening;
	/* Those that come are counted in the lists of each. */
	for (unsigned i = 0; i < ret->webhook_count; i++)
		store_want_page(tx, &(struct page){.list = LIST_DELIVERIES,
						   .owner = &(struct delivery){
						       .webhook = listening[i].number}});
	store_want_page(tx, &(struct page){.list = LIST_NOTICES});
	return OK;
}

static bool is_heard(const struct notices *n, enum notice_kind kind)
{
	for (unsigned i = 0; i < n->webhook_count; i++)
		if (n->webhooks[i].kinds >> kind & 1)
			return true;
	return false;
}

/* --- what is told --- */

static uint64_t lane_of(const struct notice *notice)
{
	return notice->subject % NOTICE_LANES + 1;
}

static enum fault add(struct notices *n, const struct env *env, const struct notice *notice)
{
	if (!is_heard(n, (enum notice_kind)notice->kind))
		return OK;
	if (n->n == n->room) {
		unsigned room = n->room ? 2 * n->room : 4;
		struct notice *more = ARENA_ARRAY(env->arena, struct notice, room);
		ROOM(more);
		if (n->n)
			memcpy(more, n->rows, n->n * sizeof(*more));
		n->rows = more;
		n->room = room;
	}
	n->rows[n->n] = *notice;
	n->rows[n->n].happened = env->instant;
	for (unsigned i = 0; i < n->webhook_count; i++)
		if (n->webhooks[i].kinds >> notice->kind & 1)
			store_want_page(n->tx, &(struct page){.list = LIST_DELIVERIES_WAITING,
							      .owner = &(struct delivery){
								  .webhook = n->webhooks[i].number,
								  .lane = lane_of(notice)}});
	n->n++;
	return OK;
}

enum fault notices_coupon(struct notices *n, const struct env *env, enum notice_kind kind,
			  const struct coupon *coupon, uint64_t event)
{
	return add(
	    n, env,
	    &(struct notice){
		.kind = kind, .subject = coupon->id, .event = event, .customer = coupon->customer});
}

enum fault notices_of(struct notices *n, const struct env *env, enum notice_kind kind,
		      uint64_t subject, uint64_t figure, struct text word)
{
	return add(
	    n, env,
	    &(struct notice){.kind = kind, .subject = subject, .figure = figure, .word = word});
}

void notices_put(struct notices *n)
{
	for (unsigned i = 0; i < n->n; i++) {
		struct notice *notice = &n->rows[i];
		notice->number = store_number(n->tx);
		store_put(n->tx, TABLE_NOTICE, notice);
		for (unsigned k = 0; k < n->webhook_count; k++) {
			if (!(n->webhooks[k].kinds >> notice->kind & 1))
				continue;
			struct delivery delivery = {.webhook = n->webhooks[k].number,
						    .notice = notice->number,
						    .lane = lane_of(notice),
						    .waiting = true};
			store_put(n->tx, TABLE_DELIVERY, &delivery);
		}
	}
}
