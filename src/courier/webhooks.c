/*
 * The desk that tells webhooks what happened.
 *
 * A look at a merchant: settles what came back, then gives each webhook that has free lanes what
 * waits in them and is due. Only the courier that has a webhook's lease sends to it, so that there
 * is one order; what it sent and could not settle is sent again by the next. Where nothing is to be
 * sent, no lease is taken and nothing is written.
 */
#include "courier/post.h"
#include "courier/stats.h"

#include <stdlib.h>

#include "base/crypto.h"
#include "domain/check.h"
#include "domain/notice.h"

enum {
	CALLS_MAX = 256,
	PENDING_MAX = 512, /* calls that wait for a place among them */
	POSTS_MAX = 4096,  /* webhooks with something on its way */
	PENDING_MS = 20,
	ELSEWHERE_MS = 2000, /* another courier has the lease, or there is no place */
	LEASE_LOOKS_MS = 3000,
	FORGET_MS = 100,   /* between two commands that forget */
	COUNT_MS = 1000,   /* what waits is counted so often .. */
	COUNTS_MAX = 4096, /* .. of so many merchants; others are counted at each look */
};
struct counted {
	uint64_t merchant;
	int64_t at_ms; /* monotonic */
};
struct office {
	struct desk *desk;
	struct dial *dial;
	struct post *posts[POSTS_MAX];
	unsigned n;
	struct counted counts[COUNTS_MAX]; /* by merchant; of two the later one stands */
};

/* --- posts --- */

static struct post *find_post(const struct office *o, uint64_t merchant, uint64_t webhook)
{
	for (unsigned i = 0; i < o->n; i++)
		if (o->posts[i]->webhook == webhook && o->posts[i]->merchant.number == merchant)
			return o->posts[i];
	return NULL;
}

static struct post *add_post(struct office *o, const struct desk_merchant *m,
			     const struct webhook *w, uint64_t settings)
{
	struct post *p = o->n < POSTS_MAX ? post_open(o->desk, o->dial, m, w) : NULL;
	if (!p)
		return NULL;
	p->settings = settings;
	o->posts[o->n++] = p;
	return p;
}

static void close_idle(struct office *o, uint64_t merchant)
{
	for (unsigned i = 0; i < o->n;) {
		struct post *p = o->posts[i];
		bool idle = p->merchant.number == merchant && !p->in_flight && !p->busy;
		if (idle) {
			post_close(p);
			o->posts[i] = o->posts[--o->n];
		} else {
			i++;
		}
	}
}

/* false: the store takes nothing now. */
static bool settle_due(struct office *o, const struct desk_merchant *m)
{
	for (unsigned i = 0; i < o->n; i++) {
		struct post *p = o->posts[i];
		if (p->merchant.number != m->number)
			continue;
		p->merchant = *m;
		if (post_settles_in(p) == 0 && !post_settle(p))
			return false;
	}
	return true;
}

/* --- what a merchant has --- */

struct view {
	struct webhook *webhooks; /* their texts live no longer than the read */
	uint64_t settings[WEBHOOKS_MAX];
	unsigned n;
	bool has_notice;
	struct instant oldest; /* of the notices that are kept */
};

/* Differs where one of them does; sealed secrets are enough for that. */
static uint64_t settings_of(const struct webhook *w)
{
	const struct text parts[] = {w->url, w->secret, w->old_secret};
	uint64_t hash = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		for (size_t k = 0; k < parts[i].size; k++)
			hash = (hash ^ (uint8_t)parts[i].data[k]) * UINT64_C(1099511628211);
	return hash;
}

static enum fault view_read(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct page webhooks = {
	    .list = LIST_WEBHOOKS, .n = WEBHOOKS_MAX, .oldest_first = true};
	const struct page notices = {.list = LIST_NOTICES, .n = 1, .oldest_first = true};
	struct view *r = ret;
	struct notice *rows;
	uint64_t count;
	unsigned n;
	(void)env;
	(void)cmd;
	store_want_page(tx, &webhooks);
	store_want_page(tx, &notices);
	TRY(store_page(tx, &webhooks, &r->webhooks, &r->n, &count));
	TRY(store_page(tx, &notices, &rows, &n, &count));
	for (unsigned i = 0; i < r->n; i++)
		r->settings[i] = settings_of(&r->webhooks[i]);
	r->has_notice = n > 0;
	r->oldest = n ? rows[0].happened : INSTANT_NONE;
	return OK;
}

static bool is_old(const struct view *view, struct instant now)
{
	return view->has_notice && now.ms - view->oldest.ms > NOTICES_KEPT_MS;
}

/* Those that were suspended, deleted or changed since. */
static void follow(struct office *o, uint64_t merchant, const struct view *view)
{
	for (unsigned i = 0; i < o->n; i++) {
		struct post *p = o->posts[i];
		bool live = false;
		if (p->merchant.number != merchant)
			continue;
		for (unsigned k = 0; k < view->n; k++) {
			const struct webhook *w = &view->webhooks[k];
			if (w->number != p->webhook)
				continue;
			live = instant_is_none(w->suspended);
			p->settings = view->settings[k];
		}
		p->stopped |= !live;
	}
}

/* --- sending --- */

/* The rows of one lane, from `from` on. */
static unsigned lane_size(const struct delivery_next_ret *next, unsigned from)
{
	unsigned n = 1;
	while (from + n < next->n &&
	       next->rows[from + n].delivery.lane == next->rows[from].delivery.lane)
		n++;
	return n;
}

static void start_lanes(struct post *p, const struct delivery_next_ret *next, int64_t *ms)
{
	unsigned at = 0, n;
	for (; at < next->n && post_room(p); at += n) {
		n = lane_size(next, at);
		(void)!post_add(p, &next->webhook, &next->rows[at], n);
	}
	if (at == next->n && next->more && post_room(p))
		*ms = desk_sooner(*ms, DESK_AGAIN);
}

struct sending {
	struct office *office;
	const struct desk_merchant *merchant;
	uint64_t webhook;
	struct post *post; /* NULL: only whether there is anything */
	int64_t *ms;	   /* until the next look */
};

/* *ret_any: something may be sent. false: it could not be read. */
static bool read_next(const struct sending *s, bool *ret_any)
{
	struct desk *d = s->office->desk;
	struct delivery_next_cmd cmd = {.webhook = s->webhook,
					.lanes = s->post ? ~s->post->busy : UINT64_MAX,
					.n = s->post ? POST_MESSAGES_MAX : 1};
	struct delivery_next_ret next = {0};
	struct arena arena;
	arena_init(&arena, CALL_BYTES_MAX);
	desk_begin(d, s->merchant, &arena);
	enum fault fault = desk_read(d, COMMAND_delivery_next, &cmd, &next);
	*ret_any = fault == OK && next.n > 0;
	if (fault == OK && s->post)
		start_lanes(s->post, &next, s->ms);
	if (fault == OK && !instant_is_none(next.next_due)) {
		int64_t wait = next.next_due.ms - desk_clock(d).ms;
		*s->ms = desk_sooner(*s->ms, wait > 0 ? wait : 1);
	}
	desk_end(d);
	if (next.webhook.secret.size)
		secret_wipe((void *)(uintptr_t)next.webhook.secret.data, next.webhook.secret.size);
	arena_release(&arena);
	return fault == OK || fault == FAULT_WEBHOOK_UNKNOWN;
}

/* What was read before the lease was ours may have been sent by whoever had it: it is read again.
 */
static bool begin(struct sending *s, const struct webhook *w, uint64_t settings)
{
	struct office *o = s->office;
	bool any;
	if (!read_next(s, &any))
		return false;
	if (!any)
		return true;
	if (desk_lease(o->desk, s->merchant, LEASE_WEBHOOK, w->number))
		s->post = add_post(o, s->merchant, w, settings);
	if (!s->post)
		*s->ms = desk_sooner(*s->ms, ELSEWHERE_MS);
	return !s->post || read_next(s, &any);
}

static bool go_on(struct sending *s)
{
	struct post *p = s->post;
	bool any;
	*s->ms = desk_sooner(*s->ms, LEASE_LOOKS_MS);
	*s->ms = desk_sooner(*s->ms, post_settles_in(p));
	if (!desk_lease(s->office->desk, s->merchant, LEASE_WEBHOOK, p->webhook))
		p->stopped = true;
	return !post_room(p) || read_next(s, &any);
}

/* false: the store has trouble. */
static bool serve(struct office *o, const struct desk_merchant *m, const struct view *view,
		  unsigned i, int64_t *ms)
{
	const struct webhook *w = &view->webhooks[i];
	struct sending s = {o, m, w->number, find_post(o, m->number, w->number), ms};
	if (!instant_is_none(w->suspended))
		return true;
	if (dial_pending(o->dial) >= PENDING_MAX) {
		*ms = desk_sooner(*ms, PENDING_MS);
		return true;
	}
	return s.post ? go_on(&s) : begin(&s, w, view->settings[i]);
}

/* --- what waits --- */

/* A webhook that is suspended keeps its rows; they do not wait for us. */
static enum fault count_webhook(struct tx *tx, uint64_t webhook, struct backlog *b)
{
	struct delivery lane = {.webhook = webhook};
	struct page page = {
	    .list = LIST_DELIVERIES_WAITING, .owner = &lane, .n = 1, .oldest_first = true};
	uint64_t first = UINT64_MAX;
	for (lane.lane = 1; lane.lane <= NOTICE_LANES; lane.lane++)
		store_want_page(tx, &page);
	for (lane.lane = 1; lane.lane <= NOTICE_LANES; lane.lane++) {
		struct delivery *rows;
		uint64_t count;
		unsigned n;
		TRY(store_page(tx, &page, &rows, &n, &count));
		b->waiting += count;
		if (n && rows[0].notice < first)
			first = rows[0].notice;
	}
	if (first == UINT64_MAX)
		return OK;
	struct notice oldest = {.number = first};
	TRY(get_named(tx, TABLE_NOTICE, &oldest));
	if (instant_is_none(b->oldest) || oldest.happened.ms < b->oldest.ms)
		b->oldest = oldest.happened;
	return OK;
}

static enum fault count_waiting(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct page webhooks = {
	    .list = LIST_WEBHOOKS, .n = WEBHOOKS_MAX, .oldest_first = true};
	struct backlog *b = ret;
	struct webhook *rows;
	uint64_t count;
	unsigned n;
	(void)env;
	(void)cmd;
	*b = (struct backlog){0};
	store_want_page(tx, &webhooks);
	TRY(store_page(tx, &webhooks, &rows, &n, &count));
	for (unsigned i = 0; i < n; i++)
		if (instant_is_none(rows[i].suspended))
			TRY(count_webhook(tx, rows[i].number, b));
	return OK;
}

/* Once a second as long as something waits, and once when it does no more. */
static void count_all(struct office *o, const struct desk_merchant *m, int64_t *ms)
{
	struct counted *last = &o->counts[m->number % COUNTS_MAX];
	int64_t now = monotonic_ms(), next = last->at_ms + COUNT_MS;
	struct backlog backlog;
	struct arena arena;
	if (last->merchant == m->number && now < next) {
		*ms = desk_sooner(*ms, next - now);
		return;
	}
	*last = (struct counted){m->number, now};
	arena_init(&arena, CALL_BYTES_MAX);
	desk_begin(o->desk, m, &arena);
	enum fault fault = desk_apply(o->desk, count_waiting, NULL, &backlog);
	desk_end(o->desk);
	arena_release(&arena);
	if (fault != OK)
		return;
	if (!instant_is_none(backlog.oldest))
		backlog.oldest.ms -= m->clock.ahead_ms;
	stats_backlog(WORK_DELIVERIES, m->number, &backlog);
	if (backlog.waiting)
		*ms = desk_sooner(*ms, COUNT_MS);
}

/* --- the desk --- */

static bool forget(struct desk *d, const struct desk_merchant *m)
{
	struct notice_forget_cmd cmd = {NOTICE_FORGET_MAX};
	struct notice_forget_ret ret = {0};
	struct desk_write write = {COMMAND_notice_forget, &cmd, &ret, true};
	struct arena arena;
	arena_init(&arena, CALL_BYTES_MAX);
	bool done = desk_run(d, m, &write, &arena) == OK;
	arena_release(&arena);
	return done;
}

static int64_t look(struct desk *d, const struct desk_merchant *m)
{
	struct office *o = d->state;
	struct view view = {0};
	struct arena arena;
	int64_t ms = DESK_WAITS;
	if (!settle_due(o, m))
		return DESK_TROUBLE;
	arena_init(&arena, CALL_BYTES_MAX);
	desk_begin(d, m, &arena);
	bool good = desk_apply(d, view_read, NULL, &view) == OK;
	bool old = good && is_old(&view, desk_clock(d));
	desk_end(d);
	if (good)
		follow(o, m->number, &view);
	for (unsigned i = 0; good && i < view.n; i++)
		good = serve(o, m, &view, i, &ms);
	arena_release(&arena);
	if (view.n)
		count_all(o, m, &ms);
	else if (good)
		stats_backlog(WORK_DELIVERIES, m->number, &(struct backlog){0});
	if (good && old) {
		good = forget(d, m);
		ms = desk_sooner(ms, FORGET_MS);
	}
	close_idle(o, m->number);
	return good ? ms : DESK_TROUBLE;
}

static bool office_open(struct desk *d)
{
	struct office *o = calloc(1, sizeof(*o));
	const struct dial_config config = {.allow_private = d->config->allow_private,
					   .calls_max = CALLS_MAX,
					   .host_calls_max = NOTICE_LANES};
	if (!o)
		return false;
	*o = (struct office){.desk = d, .dial = dial_open(&config)};
	d->state = o;
	return o->dial != NULL;
}

static void office_wait(struct desk *d, unsigned ms)
{
	dial_wait(((struct office *)d->state)->dial, ms);
}

static void office_wake(struct desk *d)
{
	dial_wake(((struct office *)d->state)->dial);
}

static bool office_busy(const struct desk *d)
{
	return dial_pending(((const struct office *)d->state)->dial) > 0;
}

/* What was taken and cannot be settled any more is sent again by whoever comes next. */
static void office_close(struct desk *d)
{
	struct office *o = d->state;
	dial_close(o->dial);
	for (unsigned i = 0; i < o->n; i++) {
		if (!post_settle(o->posts[i]))
			o->posts[i]->result_count = 0;
		post_close(o->posts[i]);
	}
	free(o);
	d->state = NULL;
}

const struct desk_kind desk_webhooks = {.name = "webhooks",
					.chore = CHORE_WEBHOOKS,
					.tables = DESK_TABLES(WEBHOOK, DELIVERY),
					.open = office_open,
					.look = look,
					.wait = office_wait,
					.wake = office_wake,
					.busy = office_busy,
					.close = office_close};
