/*
 * Calls go from submit to turns (they wait), from turns to the list of transfers (in flight), and
 * from there to done. A call that cannot start goes to `ended`, so that done is never called inside
 * of dial_submit.
 */
#include "courier/dial.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/limits.h"
#include "base/monotonic.h"
#include "courier/transfer.h"
#include "courier/turns.h"

struct dial {
	CURLM *multi;
	struct dial_config config;
	struct turns turns;
	struct transfer *transfers;
	unsigned in_flight;
	struct dial_call *ended; /* judged, not yet done; the newest first */
	unsigned pending;
	bool closing;
	atomic_bool woken;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool curl_ready;

static void curl_start(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return;
	/* else names would resolve on our thread and hold up all other calls */
	must(curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS);
	curl_ready = true;
}

static bool multi_open(struct dial *d)
{
	long kept = d->config.calls_max < DIAL_IDLE_COUNT_MAX ? (long)d->config.calls_max
							      : DIAL_IDLE_COUNT_MAX;

	d->multi = curl_multi_init();
	return d->multi && curl_multi_setopt(d->multi, CURLMOPT_MAXCONNECTS, kept) == CURLM_OK;
}

struct dial *dial_open(const struct dial_config *config)
{
	must(config->calls_max > 0 && config->host_calls_max > 0);
	pthread_once(&once, curl_start);
	struct dial *d = curl_ready ? calloc(1, sizeof *d) : NULL;
	if (!d)
		return NULL;
	d->config = *config;
	d->turns.host_calls_max = config->host_calls_max;
	if (multi_open(d))
		return d;
	curl_multi_cleanup(d->multi);
	free(d);
	return NULL;
}

/* ---- ends */

static void call_done(struct dial *d, struct dial_call *call)
{
	d->pending--;
	call->done(call);
}

static void end_later(struct dial *d, struct dial_call *call)
{
	call->next = d->ended;
	d->ended = call;
}

/* What done submits meanwhile ends at the next turn. */
static unsigned ended_done(struct dial *d)
{
	struct dial_call *call = d->ended, *next;
	unsigned count = 0;

	for (d->ended = NULL; call; call = next, count++) {
		next = call->next;
		call_done(d, call);
	}
	return count;
}

/* Its place is free before done is called; its answer lives until done has returned. */
static void transfer_done(struct dial *d, struct transfer *t)
{
	curl_multi_remove_handle(d->multi, t->easy);
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	d->in_flight--;
	turns_leave(&d->turns, t->host);
	call_done(d, t->call);
	transfer_free(t);
}

static unsigned transfers_done(struct dial *d)
{
	unsigned count = 0;
	int left;

	for (CURLMsg *m; (m = curl_multi_info_read(d->multi, &left)); count++) {
		struct transfer *t = NULL;
		must(m->msg == CURLMSG_DONE);
		must(curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t) == CURLE_OK);
		transfer_judge(t, m->data.result);
		transfer_done(d, t);
	}
	return count;
}

/* ---- starts */

static bool transfer_start(struct dial *d, struct dial_call *call, struct turns_host *host)
{
	struct transfer *t = transfer_new(&d->config, call);

	if (!t)
		return false;
	if (curl_multi_add_handle(d->multi, t->easy) != CURLM_OK) {
		transfer_free(t);
		return false;
	}
	t->host = host;
	t->next = d->transfers;
	t->link = &d->transfers;
	if (t->next)
		t->next->link = &t->next;
	d->transfers = t;
	d->in_flight++;
	return true;
}

static void start_calls(struct dial *d)
{
	struct turns_host *host;

	while (d->in_flight < d->config.calls_max) {
		struct dial_call *call = turns_next(&d->turns, &host);
		if (!call)
			return;
		if (transfer_start(d, call, host))
			continue;
		turns_leave(&d->turns, host);
		end_later(d, call);
	}
}

void dial_submit(struct dial *d, struct dial_call *call)
{
	struct text text = text_of(call->url);
	struct url url;
	const char *why;

	must(!d->closing && call->timeout_ms > 0 && call->header_count <= DIAL_HEADERS_MAX);
	d->pending++;
	if (!url_good(text, d->config.allow_private, &why)) {
		call_fail(call, DIAL_NOT_SENT, why);
		end_later(d, call);
		return;
	}
	must(url_read(text, &url, &why));
	if (!turns_add(&d->turns, call, &url)) {
		call_fail(call, DIAL_NOT_SENT, "no memory");
		end_later(d, call);
	}
}

/* ---- the thread's work */

static unsigned step(struct dial *d)
{
	int running;

	start_calls(d);
	unsigned count = ended_done(d);
	(void)curl_multi_perform(d->multi, &running);
	return count + transfers_done(d);
}

void dial_wait(struct dial *d, unsigned ms)
{
	int64_t end = monotonic_ms() + ms;

	for (;;) {
		if (step(d) > 0 || atomic_exchange(&d->woken, false))
			return;
		int64_t left = end - monotonic_ms();
		if (left <= 0)
			return;
		(void)curl_multi_poll(d->multi, NULL, 0, left < INT_MAX ? (int)left : INT_MAX,
				      NULL);
	}
}

void dial_wake(struct dial *d)
{
	atomic_store(&d->woken, true);
	(void)curl_multi_wakeup(d->multi);
}

unsigned dial_pending(const struct dial *d)
{
	return d->pending;
}

void dial_close(struct dial *d)
{
	static const char why[] = "the server stops";
	struct dial_call *call;
	int running;

	d->closing = true;
	(void)curl_multi_perform(d->multi, &running); /* answers that are already there */
	(void)transfers_done(d);
	for (struct transfer *t; (t = d->transfers);) {
		call_fail(t->call, t->begun ? DIAL_UNKNOWN : DIAL_NOT_SENT, why);
		transfer_done(d, t);
	}
	while ((call = turns_take(&d->turns))) {
		call_fail(call, DIAL_NOT_SENT, why);
		call_done(d, call);
	}
	(void)ended_done(d);
	must(d->pending == 0);
	curl_multi_cleanup(d->multi);
	free(d);
}
