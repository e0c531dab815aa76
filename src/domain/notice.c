/* See notice.h. */
#include "domain/notice.h"
#include "base/varint.h"
#include "domain/check.h"

static const struct notice_row rows[NOTICE_KINDS_MAX] = {
#define NOTICE(name, id, wire, of, text) [id] = {wire, OF_##of, text},
#include "domain/notices.tbl.h"
#undef NOTICE
};

const struct notice_row *notice_row_get(unsigned kind)
{
	return kind < COUNT_OF(rows) && rows[kind].wire ? &rows[kind] : NULL;
}

static const struct text id_prefix = {"evt_", EVENT_ID_SIZE - PUBLIC_ID_SIZE};

void event_id(uint64_t notice, char out[EVENT_ID_SIZE])
{
	memcpy(out, id_prefix.data, id_prefix.size);
	public_id(notice, out + id_prefix.size);
}

bool event_id_read(struct text id, uint64_t *ret_notice)
{
	char again[EVENT_ID_SIZE], zero[PUBLIC_ID_SIZE];
	uint64_t base;
	public_id(0, zero);
	must(text_to_uint64((struct text){zero, sizeof(zero)}, &base));
	if (id.size != EVENT_ID_SIZE ||
	    !text_to_uint64((struct text){id.data + id_prefix.size, PUBLIC_ID_SIZE}, ret_notice) ||
	    *ret_notice < base)
		return false;
	*ret_notice -= base;
	event_id(*ret_notice, again);
	return text_equal(id, (struct text){again, sizeof(again)});
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
	*ret = (struct notices){.tx = tx, .epoch = env->epoch};
	TRY(store_page_guess(tx, &listeners, &known, &n, &count));
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

static bool hears(const struct webhook *w, uint64_t kind)
{
	return w->kinds >> kind & 1;
}

/* Who hears of the kind, as the record says it; nobody: empty. */
static enum fault heard_by(struct notices *n, const struct env *env, uint64_t kind,
			   struct text *ret)
{
	enum { BYTES_MAX = WEBHOOKS_MAX * VARINT_SIZE_MAX };
	struct text *known = &n->heard_by[kind];
	struct buffer b;
	*ret = *known;
	if (known->data || !n->webhook_count)
		return OK;
	char *memory = arena_take(env->arena, BYTES_MAX);
	ROOM(memory);
	buffer_init_fixed(&b, memory, BYTES_MAX);
	for (unsigned i = 0; i < n->webhook_count; i++)
		if (hears(&n->webhooks[i], kind))
			buffer_varint(&b, n->webhooks[i].number);
	*ret = *known = buffer_get(&b);
	return OK;
}

/* --- what is told --- */

static uint64_t lane_of(uint64_t subject)
{
	return subject % NOTICE_LANES + 1;
}

/* A call may tell of a thousand coupons, sixty-four lanes are all there are. */
static void want_lane(struct notices *n, uint64_t lane)
{
	uint64_t bit = UINT64_C(1) << (lane - 1);
	if (n->lanes & bit)
		return;
	n->lanes |= bit;
	for (unsigned i = 0; i < n->webhook_count; i++)
		store_want_page(
		    n->tx, &(struct page){.list = LIST_DELIVERIES_WAITING,
					  .owner = &(struct delivery){
					      .webhook = n->webhooks[i].number, .lane = lane}});
}

void notices_expect(struct notices *n, uint64_t subject)
{
	if (n->webhook_count)
		want_lane(n, lane_of(subject));
}

static enum fault make_room(struct notices *n, const struct env *env)
{
	unsigned room = n->room ? 2 * n->room : 4;
	if (n->n < n->room)
		return OK;
	struct notice *more = ARENA_ARRAY(env->arena, struct notice, room);
	ROOM(more);
	if (n->n)
		memcpy(more, n->rows, n->n * sizeof(*more));
	n->rows = more;
	n->room = room;
	return OK;
}

static enum fault add(struct notices *n, const struct env *env, const struct notice *notice)
{
	struct text webhooks;
	TRY(heard_by(n, env, notice->kind, &webhooks));
	if (!webhooks.size)
		return OK;
	TRY(make_room(n, env));
	struct notice *row = &n->rows[n->n++];
	*row = *notice;
	row->happened = env->instant;
	row->from_utc8 = env->from_utc8;
	row->webhooks = webhooks;
	want_lane(n, lane_of(row->subject));
	return OK;
}

enum fault notices_coupon(struct notices *n, const struct env *env, enum notice_kind kind,
			  const struct coupon *coupon, uint64_t event)
{
	return add(n, env,
		   &(struct notice){.kind = kind,
				    .subject = coupon->id,
				    .event = event,
				    .customer = coupon->customer,
				    .figure = event ? 0 : (uint64_t)coupon->end.ms});
}

enum fault notices_event(struct notices *n, const struct env *env, const struct coupon *coupon,
			 const struct event *event)
{
	return notices_coupon(n, env, notice_of_event(event->kind), coupon, event->number);
}

enum fault notices_reached(struct notices *n, const struct env *env, enum notice_kind kind,
			   uint64_t subject, const uint64_t count[2], uint64_t most)
{
	static const unsigned percents[] = {80, 100};
	for (unsigned i = 0; i < COUNT_OF(percents); i++) {
		unsigned __int128 mark = (unsigned __int128)most * percents[i];
		bool before = (unsigned __int128)count[0] * 100 >= mark;
		bool after = (unsigned __int128)count[1] * 100 >= mark;
		if (most && !before && after)
			TRY(notices_of(n, env, kind, subject, percents[i], TEXT_NONE));
	}
	return OK;
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
		notice->number = n->epoch << 32 | store_number(n->tx);
		store_add(n->tx, TABLE_NOTICE, notice);
		for (unsigned k = 0; k < n->webhook_count; k++) {
			if (!hears(&n->webhooks[k], notice->kind))
				continue;
			struct delivery delivery = {.webhook = n->webhooks[k].number,
						    .notice = notice->number,
						    .lane = lane_of(notice->subject),
						    .waiting = true};
			store_add(n->tx, TABLE_DELIVERY, &delivery);
		}
	}
}
