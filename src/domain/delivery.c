/*
 * Notices on their way to webhooks.
 *
 *   waiting --good answer--> delivered --resend--> waiting
 *      |  ^ --failed, again at `due`--+
 *      |  +---------------------------+
 *      +----the last try failed-----> given up --resend--> waiting
 *
 * A lane's rows go out in the order in which they came: the courier sends the next one when the one
 * before is delivered or given up, and reads the lane anew after a failure.
 *
 * When a webhook `recovered` that was down for a while, what was tried before is tried at once: who
 * was down for a day is not to wait for another. Such a try is one more than the row has: it counts
 * only when it is good.
 *
 * A webhook of which every try has failed for long, or that says that it is gone, is suspended; the
 * rows that wait then stay. So rows are given up only for a webhook that takes others.
 */
#include "base/varint.h"
#include "domain/check.h"
#include "domain/notice.h"
#include "domain/timeline.h"
#include "domain/webhook.h"

static const int64_t SECOND_MS = 1000;
static const int64_t SUSPEND_AFTER_MS = INT64_C(36) * 3600 * 1000;
static const int64_t DOWN_MS = 60 * 1000;
/* After the first try, the second .. */
static const int64_t back_off_s[] = {1,	   5,	 30,	120,   600,   1800,
				     3600, 7200, 14400, 28800, 43200, 86400};
_Static_assert(COUNT_OF(back_off_s) == DELIVERY_TRIES - 1, "a wait between any two tries");

/* --- what to send --- */

static struct page lane_page(const struct delivery *lane, unsigned n)
{
	return (struct page){
	    .list = LIST_DELIVERIES_WAITING, .owner = lane, .n = n, .oldest_first = true};
}

static bool is_due(const struct env *env, const struct webhook *w, const struct delivery *d)
{
	return d->due.ms <= env->now.ms || d->tried.ms <= w->recovered.ms;
}

static enum fault take_lane(struct tx *tx, const struct env *env, const struct delivery *lane,
			    unsigned n, struct delivery_next_ret *r)
{
	struct page page = lane_page(lane, n);
	struct delivery *rows;
	uint64_t count;
	unsigned got;
	TRY(store_page(tx, &page, &rows, &got, &count));
	for (unsigned i = 0; i < got; i++) {
		if (!is_due(env, &r->webhook, &rows[i])) {
			if (instant_is_none(r->next_due) || rows[i].due.ms < r->next_due.ms)
				r->next_due = rows[i].due;
			break;
		}
		r->rows[r->n++] = (struct message){.delivery = rows[i]};
	}
	return OK;
}

static enum fault take_lanes(struct tx *tx, const struct env *env,
			     const struct delivery_next_cmd *c, struct delivery_next_ret *r)
{
	struct delivery lanes[NOTICE_LANES];
	unsigned n = 0;
	for (uint64_t all = c->lanes; all; all &= all - 1)
		lanes[n++] = (struct delivery){.webhook = c->webhook,
					       .lane = (uint64_t)__builtin_ctzll(all) + 1};
	for (unsigned i = 0; i < n; i++) {
		struct page page = lane_page(&lanes[i], c->n);
		store_want_page(tx, &page);
	}
	for (unsigned i = 0; i < n && !r->more; i++) {
		r->more = r->n + c->n > DELIVERY_NEXT_MAX;
		if (!r->more)
			TRY(take_lane(tx, env, &lanes[i], c->n, r));
	}
	return OK;
}

/* --- what is said of it: only what never changes --- */

static bool is_of_coupon(const struct notice *n)
{
	const struct notice_row *row = notice_row_get((unsigned)n->kind);
	return row && row->of == OF_COUPON;
}

static enum fault load_notices(struct tx *tx, struct delivery_next_ret *r)
{
	for (unsigned i = 0; i < r->n; i++)
		store_want(tx, TABLE_NOTICE,
			   &(struct notice){.number = r->rows[i].delivery.notice});
	for (unsigned i = 0; i < r->n; i++) {
		r->rows[i].notice.number = r->rows[i].delivery.notice;
		TRY(get_named(tx, TABLE_NOTICE, &r->rows[i].notice));
	}
	return OK;
}

static void want_of(struct tx *tx, const struct notice *n)
{
	const struct notice_row *row = notice_row_get((unsigned)n->kind);
	if (!row)
		return;
	if (row->of == OF_COUPON)
		store_want_unique(tx, UNIQUE_COUPON_BY_ID, &(struct coupon){.id = n->subject});
	if (row->of == OF_TEMPLATE)
		store_want(tx, TABLE_TEMPLATE, &(struct template){.number = n->subject});
	if (row->of == OF_CAMPAIGN)
		store_want(tx, TABLE_CAMPAIGN, &(struct campaign){.number = n->subject});
	if (n->customer)
		store_want(tx, TABLE_CUSTOMER, &(struct customer){.number = n->customer});
}

static enum fault load_template(struct tx *tx, uint64_t number, struct message *m)
{
	struct template template = {.number = number};
	bool found;
	TRY(store_get(tx, TABLE_TEMPLATE, &template, &found));
	m->template_id = found ? template.template_id : 0;
	return OK;
}

static enum fault load_campaign(struct tx *tx, uint64_t number, struct message *m)
{
	struct campaign campaign = {.number = number};
	bool found = false;
	if (number)
		TRY(store_get(tx, TABLE_CAMPAIGN, &campaign, &found));
	m->activity_id = found ? campaign.activity_id : 0;
	m->source_code = found ? campaign.source_code : TEXT_NONE;
	return OK;
}

/* The id of whoever had it then, also where he was merged into somebody since. */
static enum fault load_customer(struct tx *tx, uint64_t number, struct message *m)
{
	struct customer customer = {.number = number};
	if (!number)
		return OK;
	TRY(get_named(tx, TABLE_CUSTOMER, &customer));
	m->customer_id = customer.customer_id;
	return OK;
}

static enum fault load_coupon(struct tx *tx, const struct env *env, struct code_key *key,
			      const struct coupon *coupon, struct message *m)
{
	struct timeline timeline;
	m->code = code_of(key, env->arena, coupon);
	TRY(load_template(tx, coupon->template, m));
	TRY(load_campaign(tx, coupon->campaign, m));
	TRY(load_customer(tx, m->notice.customer, m));
	if (!m->notice.event)
		return OK;
	TRY(timeline_read(env, coupon, &timeline));
	m->event = timeline_at(&timeline, m->notice.event);
	if (!m->event)
		return FAULT_DATA_DAMAGED;
	/* A message says the same at every try, whatever its provider has called it since. */
	if (m->event->kind == EVENT_HELD)
		m->code = code_first(key, env->arena, coupon);
	return OK;
}

static enum fault load(struct tx *tx, const struct env *env, struct code_key *key,
		       const struct coupon *coupon, struct message *m)
{
	const struct notice_row *row = notice_row_get((unsigned)m->notice.kind);
	if (!row)
		return OK; /* of a version that is newer than this one */
	switch (row->of) {
	case OF_COUPON:
		return load_coupon(tx, env, key, coupon, m);
	case OF_TEMPLATE:
		return load_template(tx, m->notice.subject, m);
	case OF_CAMPAIGN:
		return load_campaign(tx, m->notice.subject, m);
	case OF_JOB:
	case OF_PROVIDER:
	case OF_WEBHOOK:
		break;
	}
	return OK;
}

/* All rows in one pass each, for a store whose rows are elsewhere. */
static enum fault load_all(struct tx *tx, const struct env *env, struct delivery_next_ret *r)
{
	struct code_key key = code_key(tx);
	struct coupon *coupons = ARENA_ARRAY(env->arena, struct coupon, r->n + 1);
	ROOM(coupons);
	TRY(load_notices(tx, r));
	for (unsigned i = 0; i < r->n; i++)
		want_of(tx, &r->rows[i].notice);
	for (unsigned i = 0; i < r->n; i++) {
		coupons[i].id = r->rows[i].notice.subject;
		if (is_of_coupon(&r->rows[i].notice))
			TRY(find_named(tx, UNIQUE_COUPON_BY_ID, &coupons[i]));
	}
	for (unsigned i = 0; i < r->n; i++) {
		store_want(tx, TABLE_TEMPLATE, &(struct template){.number = coupons[i].template});
		if (coupons[i].campaign)
			store_want(tx, TABLE_CAMPAIGN,
				   &(struct campaign){.number = coupons[i].campaign});
	}
	for (unsigned i = 0; i < r->n; i++)
		TRY(load(tx, env, &key, &coupons[i], &r->rows[i]));
	return OK;
}

enum fault delivery_next(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct delivery_next_cmd *c = cmd;
	struct delivery_next_ret *r = ret;
	*r = (struct delivery_next_ret){0};
	must(c->n && c->n <= DELIVERY_NEXT_MAX);
	TRY(webhook_find(tx, c->webhook, &r->webhook));
	TRY(webhook_open_secrets(tx, env, &r->webhook));
	if (!instant_is_none(r->webhook.suspended))
		return OK;
	r->rows = ARENA_ARRAY(env->arena, struct message, DELIVERY_NEXT_MAX);
	ROOM(r->rows);
	TRY(take_lanes(tx, env, c, r));
	return load_all(tx, env, r);
}

/* --- what became of it --- */

struct settle {
	const struct delivery_settle_cmd *cmd;
	struct webhook webhook, before;
	struct delivery *rows; /* per result */
	bool *counts;	       /* per result: it waited */
	struct notices notices;
};

static enum fault load_rows(struct tx *tx, const struct env *env, struct settle *s)
{
	const struct delivery_settle_cmd *c = s->cmd;
	s->rows = ARENA_ARRAY(env->arena, struct delivery, c->n + 1);
	s->counts = ARENA_ARRAY(env->arena, bool, c->n + 1);
	ROOM(s->rows && s->counts);
	for (unsigned i = 0; i < c->n; i++) {
		s->rows[i] =
		    (struct delivery){.webhook = c->webhook, .notice = c->results[i].notice};
		store_want(tx, TABLE_DELIVERY, &s->rows[i]);
	}
	for (unsigned i = 0; i < c->n; i++) {
		bool found;
		TRY(store_get(tx, TABLE_DELIVERY, &s->rows[i], &found));
		s->counts[i] = found && s->rows[i].waiting;
		for (unsigned k = 0; k < i && s->counts[i]; k++)
			s->counts[i] = c->results[k].notice != c->results[i].notice;
	}
	for (unsigned i = 0; i < c->n; i++)
		store_want_page(
		    tx, &(struct page){.list = LIST_DELIVERIES_WAITING, .owner = &s->rows[i]});
	return OK;
}

/* Four fifths to six fifths of what the table says; later where the receiver asked for it. */
static struct instant due_after(const struct env *env, uint64_t tries,
				const struct delivery_result *result)
{
	uint64_t waits = COUNT_OF(back_off_s);
	int64_t ms = back_off_s[(tries < waits ? tries : waits) - 1] * SECOND_MS;
	ms = ms * 4 / 5 + ms * 2 / 5 * result->jitter / (UINT16_MAX + 1);
	int64_t asked_ms = (int64_t)result->retry_after_s * SECOND_MS;
	return (struct instant){env->now.ms + (asked_ms > ms ? asked_ms : ms)};
}

static void note(const struct env *env, const struct delivery_result *result, struct delivery *d)
{
	bool early = d->due.ms > env->now.ms;
	d->tried = env->instant;
	d->status = result->status;
	d->answer = result->answer;
	d->waiting = result->outcome != OUTCOME_DELIVERED;
	if (early && d->waiting)
		return;
	d->tries++;
	d->due = d->waiting ? due_after(env, d->tries, result) : INSTANT_NONE;
}

/* The last try is over, of a webhook that takes others. */
static void give_up(const struct env *env, struct delivery *d)
{
	if (!d->waiting || d->tries < DELIVERY_TRIES || d->due.ms <= env->now.ms)
		return;
	d->waiting = false;
	d->due = INSTANT_NONE;
}

/* One good answer says that it lives. */
static void judge(const struct env *env, struct settle *s)
{
	const struct delivery_settle_cmd *c = s->cmd;
	struct webhook *w = &s->webhook;
	bool good = false, bad = false, gone = false;
	for (unsigned i = 0; i < c->n; i++) {
		enum delivery_outcome outcome = c->results[i].outcome;
		good |= s->counts[i] && outcome == OUTCOME_DELIVERED;
		bad |= s->counts[i] && outcome != OUTCOME_DELIVERED;
		gone |= s->counts[i] && outcome == OUTCOME_GONE;
	}
	if (good && !instant_is_none(w->failing)) {
		if (env->instant.ms - w->failing.ms >= DOWN_MS)
			w->recovered = env->instant;
		w->failing = INSTANT_NONE;
	}
	if (bad && !good && instant_is_none(w->failing))
		w->failing = env->instant;
	bool long_enough =
	    !instant_is_none(w->failing) && env->instant.ms - w->failing.ms >= SUSPEND_AFTER_MS;
	if (instant_is_none(w->suspended) && (gone || (bad && long_enough)))
		w->suspended = env->instant;
}

static enum fault decide(struct tx *tx, const struct env *env, struct settle *s,
			 struct delivery_settle_ret *r)
{
	const struct delivery_settle_cmd *c = s->cmd;
	judge(env, s);
	r->suspended = !instant_is_none(s->webhook.suspended);
	for (unsigned i = 0; i < c->n; i++) {
		struct delivery *d = &s->rows[i];
		if (!s->counts[i])
			continue;
		note(env, &c->results[i], d);
		if (!r->suspended)
			give_up(env, d);
		r->settled++;
	}
	if (!r->suspended || !instant_is_none(s->before.suspended))
		return OK;
	TRY(notices_open(tx, env, &s->notices));
	return notices_of(&s->notices, env, NOTICE_WEBHOOK_SUSPENDED, c->webhook, 0, TEXT_NONE);
}

/* A row for each try: the webhook's own only where it goes from good to bad or back. */
static void put_all(struct tx *tx, struct settle *s)
{
	const struct webhook *w = &s->webhook, *before = &s->before;
	for (unsigned i = 0; i < s->cmd->n; i++)
		if (s->counts[i])
			store_put(tx, TABLE_DELIVERY, &s->rows[i]);
	if (w->failing.ms != before->failing.ms || w->suspended.ms != before->suspended.ms ||
	    w->recovered.ms != before->recovered.ms)
		store_put(tx, TABLE_WEBHOOK, &s->webhook);
	notices_put(&s->notices);
}

enum fault delivery_settle(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct delivery_settle_cmd *c = cmd;
	struct delivery_settle_ret *r = ret;
	struct settle s = {.cmd = c};
	*r = (struct delivery_settle_ret){0};
	must(c->n <= DELIVERY_SETTLE_MAX);
	store_want(tx, TABLE_WEBHOOK, &(struct webhook){.number = c->webhook});
	store_want(tx, TABLE_LEASE, &(struct lease){.kind = LEASE_WEBHOOK, .of = c->webhook});
	for (unsigned i = 0; i < c->n; i++)
		store_want(
		    tx, TABLE_DELIVERY,
		    &(struct delivery){.webhook = c->webhook, .notice = c->results[i].notice});
	TRY(lease_check(tx, env, LEASE_WEBHOOK, c->webhook, c->owner));
	TRY(webhook_find(tx, c->webhook, &s.webhook));
	s.before = s.webhook;
	TRY(load_rows(tx, env, &s));
	TRY(decide(tx, env, &s, r));
	put_all(tx, &s);
	return OK;
}
