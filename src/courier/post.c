/* See post.h. */
#include "courier/post.h"
#include "courier/stats.h"

#include <stdlib.h>
#include <time.h>

#include "base/crypto.h"
#include "base/utf8.h"
#include "courier/message.h"
#include "domain/notice.h"

enum {
	SECRET_BYTES_MAX = 64,
	MESSAGE_BYTES_MAX = 64 * 1024, /* a page of texts of at most 100 characters each */
	GONE = 410,
};

/* One lane's turn. */
struct turn {
	struct dial_call call; /* first */
	struct post *post;
	uint64_t settings; /* for which it was made */
	uint64_t lane;
	unsigned n, at;
	uint64_t notices[POST_MESSAGES_MAX];
	size_t ends[POST_MESSAGES_MAX]; /* of their bodies */
	struct buffer bodies;
	char secret[SECRET_BYTES_MAX], old_secret[SECRET_BYTES_MAX];
	size_t secret_size, old_secret_size;
	char url[WEBHOOK_URL_MAX + 1];
	char id[sizeof("webhook-id: ") + EVENT_ID_SIZE];
	char timestamp[sizeof("webhook-timestamp: ") + 20];
	char signature[sizeof("webhook-signature: ") + SIGNATURES_SIZE];
};

static uint64_t bit_of(uint64_t lane)
{
	return UINT64_C(1) << (lane - 1);
}

struct post *post_open(struct desk *d, struct dial *dial, const struct desk_merchant *m,
		       const struct webhook *w)
{
	struct post *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	*p = (struct post){.desk = d,
			   .dial = dial,
			   .merchant = *m,
			   .webhook = w->number,
			   .lanes_max = instant_is_none(w->failing) ? POST_LANES_FIRST
								    : POST_LANES_TROUBLED};
	return p;
}

void post_close(struct post *p)
{
	must(!p->in_flight);
	free(p->results);
	free(p);
}

unsigned post_room(const struct post *p)
{
	unsigned busy = (unsigned)__builtin_popcountll(p->busy);
	return p->stopped || busy >= p->lanes_max ? 0 : p->lanes_max - busy;
}

/* --- results --- */

/* Clean text of at most so many bytes: what is not printable is a question mark. */
static struct text tidy(struct text answer, char out[DELIVERY_ANSWER_MAX])
{
	const char *at = answer.data, *end = at + answer.size;
	size_t size = 0;
	while (at < end && size < DELIVERY_ANSWER_MAX) {
		bool plain = (unsigned char)*at < 0x80;
		size_t step = plain ? 1 : utf8_step(at, end);
		if (size + (step ? step : 1) > DELIVERY_ANSWER_MAX)
			break;
		if (!step || (plain && (*at < ' ' || *at == 0x7F)))
			out[size++] = *at == '\n' || *at == '\r' || *at == '\t' ? ' ' : '?';
		else
			memcpy(out + size, at, step), size += step;
		at += step ? step : 1;
	}
	return (struct text){out, size};
}

static enum delivery_outcome outcome_of(const struct dial_call *call)
{
	if (call->outcome != DIAL_ANSWERED)
		return OUTCOME_FAILED;
	if (call->status == GONE)
		return OUTCOME_GONE;
	return call->status >= 200 && call->status < 300 ? OUTCOME_DELIVERED : OUTCOME_FAILED;
}

static void grow(struct post *p)
{
	if (p->result_count < p->result_room)
		return;
	p->result_room = p->result_room ? 2 * p->result_room : 8;
	p->results = realloc(p->results, p->result_room * sizeof(*p->results));
	must(p->results);
}

static void note(struct post *p, const struct dial_call *call, uint64_t notice)
{
	bool answered = call->outcome == DIAL_ANSWERED;
	grow(p);
	if (!p->result_count)
		p->first_result_ms = monotonic_ms();
	struct post_result *r = &p->results[p->result_count++];
	r->result = (struct delivery_result){.notice = notice,
					     .outcome = outcome_of(call),
					     .status = answered ? (uint64_t)call->status : 0,
					     .retry_after_s = call->retry_after_s};
	stats_try(WORK_DELIVERIES, r->result.outcome);
	r->result.answer.size = tidy(answered ? call->answer : text_of(call->why), r->answer).size;
	random_bytes(&r->result.jitter, sizeof(r->result.jitter));
}

/* --- turns --- */

static void turn_free(struct turn *t)
{
	secret_wipe(t->secret, sizeof(t->secret));
	secret_wipe(t->old_secret, sizeof(t->old_secret));
	buffer_release(&t->bodies);
	free(t);
}

static struct text body_of(const struct turn *t)
{
	size_t from = t->at ? t->ends[t->at - 1] : 0;
	return (struct text){t->bodies.data + from, t->ends[t->at] - from};
}

/* Signed anew at each try: the time is a part of it. */
static void write_headers(struct turn *t)
{
	char id[EVENT_ID_SIZE], timestamp[20], signatures[SIGNATURES_SIZE];
	struct text body = body_of(t);
	event_id(t->notices[t->at], id);
	int size = snprintf(timestamp, sizeof(timestamp), "%lld", (long long)time(NULL));
	message_sign(&(struct message_signed){{id, sizeof(id)}, {timestamp, (size_t)size}, body},
		     (struct text){t->secret, t->secret_size},
		     (struct text){t->old_secret, t->old_secret_size}, signatures);
	snprintf(t->id, sizeof(t->id), "webhook-id: %.*s", (int)sizeof(id), id);
	snprintf(t->timestamp, sizeof(t->timestamp), "webhook-timestamp: %s", timestamp);
	snprintf(t->signature, sizeof(t->signature), "webhook-signature: %s", signatures);
}

static void turn_done(struct dial_call *call);

static void send_next(struct turn *t)
{
	write_headers(t);
	t->call =
	    (struct dial_call){.url = t->url,
			       .headers = {"content-type: application/json", "user-agent: couponry",
					   t->id, t->timestamp, t->signature},
			       .header_count = 5,
			       .body = body_of(t),
			       .timeout_ms = POST_TIMEOUT_MS,
			       .done = turn_done,
			       .context = t};
	t->post->in_flight++;
	dial_submit(t->post->dial, &t->call);
}

static void learn(struct post *p, const struct dial_call *call)
{
	if (call->outcome != DIAL_ANSWERED)
		p->lanes_max = POST_LANES_TROUBLED;
	else if (p->lanes_max < NOTICE_LANES && outcome_of(call) == OUTCOME_DELIVERED)
		p->lanes_max++;
}

static void turn_done(struct dial_call *call)
{
	struct turn *t = call->context;
	struct post *p = t->post;
	bool stopping = atomic_load(&p->desk->stopping);
	p->in_flight--;
	/* What we broke off ourselves says nothing of the receiver. */
	if (!stopping || call->outcome == DIAL_ANSWERED) {
		learn(p, call);
		note(p, call, t->notices[t->at]);
	}
	bool taken = outcome_of(call) == OUTCOME_DELIVERED;
	bool goes_on = !p->stopped && !stopping && t->settings == p->settings;
	if (taken && ++t->at < t->n && goes_on && p->result_count < POST_RESULTS_MAX) {
		send_next(t);
	} else {
		p->ended |= bit_of(t->lane);
		turn_free(t);
	}
	int64_t ms = post_settles_in(p);
	desk_look_in(p->desk, p->merchant.number, ms == DESK_WAITS ? 0 : ms);
}

/* Up to the first one that this version cannot tell. */
static void write_bodies(struct turn *t, const struct message *messages, unsigned n)
{
	buffer_init(&t->bodies, (size_t)POST_MESSAGES_MAX * MESSAGE_BYTES_MAX);
	for (unsigned i = 0; i < n && i < POST_MESSAGES_MAX; i++) {
		if (!message_write(&messages[i], &t->bodies) || t->bodies.full)
			return;
		t->notices[t->n] = messages[i].notice.number;
		t->ends[t->n++] = t->bodies.size;
	}
}

static void keep(char *out, size_t room, struct text from, size_t *ret_size)
{
	must(from.size <= room);
	if (from.size)
		memcpy(out, from.data, from.size);
	*ret_size = from.size;
}

bool post_add(struct post *p, const struct webhook *w, const struct message *messages, unsigned n)
{
	struct turn *t = calloc(1, sizeof(*t));
	size_t url_size;
	must(t && n);
	t->post = p;
	t->settings = p->settings;
	t->lane = messages[0].delivery.lane;
	must(!(p->busy & bit_of(t->lane)));
	write_bodies(t, messages, n);
	if (!t->n) {
		turn_free(t);
		return false;
	}
	keep(t->url, sizeof(t->url) - 1, w->url, &url_size);
	keep(t->secret, sizeof(t->secret), w->secret, &t->secret_size);
	keep(t->old_secret, sizeof(t->old_secret), w->old_secret, &t->old_secret_size);
	p->busy |= bit_of(t->lane);
	send_next(t);
	return true;
}

/* --- settling --- */

static void drop_results(struct post *p, unsigned n)
{
	p->result_count -= n;
	if (p->result_count)
		memmove(p->results, p->results + n, p->result_count * sizeof(*p->results));
	if (p->result_count)
		return;
	p->busy &= ~p->ended;
	p->ended = 0;
}

static enum fault settle_some(struct post *p, unsigned n, struct delivery_settle_ret *ret)
{
	struct arena arena;
	arena_init(&arena, CALL_BYTES_MAX);
	struct delivery_result *results = ARENA_ARRAY(&arena, struct delivery_result, n);
	must(results);
	for (unsigned i = 0; i < n; i++) {
		results[i] = p->results[i].result;
		results[i].answer.data = p->results[i].answer;
	}
	struct delivery_settle_cmd cmd = {p->webhook, p->desk->owner, results, n};
	struct desk_write write = {COMMAND_delivery_settle, &cmd, ret, false};
	enum fault fault = desk_run(p->desk, &p->merchant, &write, &arena);
	arena_release(&arena);
	return fault;
}

/* What is somebody else's by now is sent again by him; what is nobody's is done with. */
static void give_up(struct post *p, enum fault fault)
{
	if (fault == FAULT_LEASE_LOST)
		desk_lease_lost(p->desk, p->merchant.number, LEASE_WEBHOOK, p->webhook);
	p->stopped = true;
	drop_results(p, p->result_count);
}

bool post_settle(struct post *p)
{
	if (!p->result_count)
		drop_results(p, 0); /* lanes that ended without one */
	while (p->result_count) {
		unsigned n =
		    p->result_count < DELIVERY_SETTLE_MAX ? p->result_count : DELIVERY_SETTLE_MAX;
		struct delivery_settle_ret ret = {0};
		enum fault fault = settle_some(p, n, &ret);
		if (fault == FAULT_LEASE_LOST || fault == FAULT_WEBHOOK_UNKNOWN) {
			give_up(p, fault);
			return true;
		}
		if (fault != OK)
			return false;
		p->stopped |= ret.suspended;
		drop_results(p, n);
	}
	return true;
}

int64_t post_settles_in(const struct post *p)
{
	int64_t ms = p->first_result_ms + POST_SETTLE_MS - monotonic_ms();
	if (!p->result_count)
		return p->ended ? 0 : DESK_WAITS;
	if (!p->in_flight || p->result_count >= POST_RESULTS_MAX || ms < 0)
		return 0;
	return ms;
}
