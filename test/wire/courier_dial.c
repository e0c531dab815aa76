/*
 * Calling other people's servers: what is an answer, what was never sent and what nobody knows;
 * what is refused, how hosts share, how a close and a lack of memory end.
 */
#include <curl/curl.h>
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/url.h"
#include "courier/dial.h"
#include "peer.h"

/* ---- memory of libcurl that runs out */

static atomic_int memory_left = -1; /* allocations until one fails; -1: none does */
static atomic_bool memory_failed;

static bool memory_fails(void)
{
	int left = atomic_load(&memory_left);
	while (left >= 0 && !atomic_compare_exchange_weak(&memory_left, &left, left - 1))
		;
	if (left == 0)
		atomic_store(&memory_failed, true);
	return left == 0;
}

static void *test_malloc(size_t size)
{
	return memory_fails() ? NULL : malloc(size);
}
static void *test_realloc(void *old, size_t size)
{
	return memory_fails() ? NULL : realloc(old, size);
}
static void *test_calloc(size_t n, size_t size)
{
	return memory_fails() ? NULL : calloc(n, size);
}
static char *test_strdup(const char *s)
{
	return memory_fails() ? NULL : strdup(s);
}

/* Once a call is under way memory lasts: libcurl itself does not live through all of that. */
CURLMcode curl_multi_perform(CURLM *multi, int *running)
{
	static CURLMcode (*perform)(CURLM *, int *);
	if (!perform)
		*(void **)&perform = dlsym(RTLD_NEXT, "curl_multi_perform");
	atomic_store(&memory_left, -1);
	return perform(multi, running);
}

/* ---- calls */

struct ask {
	struct dial_call call;
	char url[2100];
	char answer[256]; /* its beginning */
	size_t answer_size;
	unsigned done;
	long done_ms;
};

static struct peer peer, other, closing, silent, tls;
static struct dial *dial;
static unsigned done_count;
static struct ask *done_last;

static void ask_done(struct dial_call *call)
{
	struct ask *a = call->context;
	size_t size = call->answer.size < sizeof a->answer ? call->answer.size : sizeof a->answer;

	a->done++;
	a->done_ms = now_ms();
	a->answer_size = call->answer.size;
	if (size)
		memcpy(a->answer, call->answer.data, size);
	done_count++;
	done_last = a;
	CHECK_INT(call->outcome == DIAL_ANSWERED, call->why[0] == '\0');
	CHECK_INT(call->outcome == DIAL_ANSWERED, call->status >= 200);
	CHECK(!strstr(call->why, "test") && !strstr(call->why, "127.") &&
	      !strstr(call->why, a->url));
}

static void ask_submit(struct ask *a, const char *url)
{
	(void)snprintf(a->url, sizeof a->url, "%s", url);
	a->call.url = a->url;
	a->call.done = ask_done;
	a->call.context = a;
	if (!a->call.timeout_ms)
		a->call.timeout_ms = 3000;
	if (!a->call.body.data)
		a->call.body = TEXT("hello");
	a->call.outcome = (enum dial_outcome)77;
	dial_submit(dial, &a->call);
	CHECK_INT(a->done, 0);
}

static void wait_all(void)
{
	long end = now_ms() + 20 * 1000;
	while (dial_pending(dial) && now_ms() < end)
		dial_wait(dial, 1000);
	CHECK_INT(dial_pending(dial), 0);
}

static const char *url_of(const struct peer *p, const char *path)
{
	static char url[128];
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", p->port, path);
	return url;
}

static const char *url_named(const char *scheme, const char *name, const struct peer *p)
{
	static char url[128];
	(void)snprintf(url, sizeof url, "%s://%s:%u/ok", scheme, name, p->port);
	return url;
}

static void ask_url(struct ask *a, const char *url)
{
	ask_submit(a, url);
	wait_all();
	CHECK_INT(a->done, 1);
}

static struct ask ask(const struct peer *p, const char *path)
{
	struct ask a = {0};
	ask_url(&a, url_of(p, path));
	return a;
}

static void open_dial(bool allow_private, const char *ca_file)
{
	dial = dial_open(&(struct dial_config){
	    .allow_private = allow_private,
	    .calls_max = 64,
	    .host_calls_max = 8,
	    .ca_file = ca_file,
	});
	must(dial);
}

/* ---- answers */

#define A DIAL_ANSWERED
#define N DIAL_NOT_SENT
#define U DIAL_UNKNOWN

static const struct {
	const char *path;
	enum dial_outcome outcome;
	int status;
	unsigned retry_after_s;
	size_t size;
	const char *begins; /* the answer, or why */
} rows[] = {
    {"/ok", A, 200, 0, 5, "hello"},
    {"/slow", A, 200, 0, 5, "hello"},
    {"/empty", A, 204, 0, 0, ""},
    {"/redirect", A, 307, 0, 0, ""},
    {"/chunks", A, 200, 0, 2, "ok"},
    {"/until-close", A, 200, 0, 9, "all of it"},
    {"/old", A, 200, 0, 3, "old"},
    {"/interim", A, 200, 0, 2, "ok"},
    {"/zipped", A, 200, 0, 3, "abc"},
    {"/exact", A, 200, 0, DIAL_ANSWER_MAX, "xxxx"},
    {"/large", A, 200, 0, DIAL_ANSWER_MAX, "xxxx"},
    {"/large-refusal", A, 500, 0, DIAL_ANSWER_MAX, "xxxx"},
    {"/endless", A, 200, 0, DIAL_ANSWER_MAX, "1234567812"},
    {"/later", A, 503, 7, 0, ""},
    {"/much-later", A, 429, 86400, 0, ""},
    {"/earlier", A, 429, 0, 0, ""},
    {"/never-later", A, 503, 0, 0, ""},
    {"/password", A, 401, 0, 0, ""},
    {"/never", U, 0, 0, 0, "it took too long"},
    {"/drip", U, 0, 0, 0, "it took too long"},
    {"/nothing", U, 0, 0, 0, "the connection was closed without an answer"},
    {"/reset", U, 0, 0, 0, "the connection was lost"},
    {"/torn", U, 0, 0, 0, "the answer ended early"},
    {"/torn-head", U, 0, 0, 0, "the answer ended early"},
    {"/torn-second-head", U, 0, 0, 0, "the answer ended early"},
    {"/bare-head", A, 200, 0, 2, "ok"},
    {"/torn-chunk", U, 0, 0, 0, ""},
    {"/bad-chunk", U, 0, 0, 0, ""},
    {"/not-http", U, 0, 0, 0, "the answer is not HTTP"},
    {"/bad-status", U, 0, 0, 0, ""},
    {"/switch", U, 0, 0, 0, ""},
    {"/interim-only", U, 0, 0, 0, ""},
    {"/endless-head", U, 0, 0, 0, "the answer's head is too large"},
    {"/endless-line", U, 0, 0, 0, ""},
    {"/endless-interim", U, 0, 0, 0, "the answer's head is too large"},
    {"/endless-trailer", U, 0, 0, 0, "the answer's head is too large"},
};

static void check_row(size_t row)
{
	struct ask a = {.call.timeout_ms = rows[row].outcome == U ? 1000 : 5000};
	unsigned before = atomic_load(&peer.requests);
	struct text shown;

	ask_url(&a, url_of(&peer, rows[row].path));
	shown = a.call.outcome == A ? (struct text){a.answer, a.answer_size} : text_of(a.call.why);
	if (!CHECK_INT(a.call.outcome, rows[row].outcome) ||
	    !CHECK_INT(a.call.status, rows[row].status) ||
	    !CHECK_INT(a.call.retry_after_s, rows[row].retry_after_s) ||
	    !CHECK_INT(a.answer_size, rows[row].size) ||
	    !CHECK(text_starts_with(shown, text_of(rows[row].begins))))
		fprintf(stderr, "     of %s: %s\n", rows[row].path, a.call.why);
	CHECK_INT(atomic_load(&peer.requests), before + 1);
}

static void answers(void)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		open_dial(true, NULL); /* no connection that the row before has closed */
		check_row(i);
		dial_close(dial);
	}
}

/* Before the first byte: none of these can have been read by anybody. */
static void not_sent(void)
{
	struct peer gone;
	struct ask a;

	open_dial(true, NULL);
	peer_start(&gone, PEER_SERVES, NULL);
	peer_end(&gone);
	a = ask(&gone, "/ok");
	CHECK_INT(a.call.outcome, N);
	CHECK_TEXT(text_of(a.call.why), "no connection");
	a = (struct ask){0};
	ask_url(&a, "http://unknown.test/x");
	CHECK_INT(a.call.outcome, N);
	CHECK_TEXT(text_of(a.call.why), "the host's name was not resolved");
	a = (struct ask){.call.timeout_ms = 300}; /* TLS that never begins */
	ask_url(&a, url_named("https", "one.test", &silent));
	CHECK_INT(a.call.outcome, N);
	CHECK_TEXT(text_of(a.call.why), "it took too long");
	a = (struct ask){0}; /* TLS that breaks off */
	ask_url(&a, url_named("https", "one.test", &closing));
	CHECK_INT(a.call.outcome, N);
	a = (struct ask){0}; /* a certificate of nobody's */
	ask_url(&a, url_named("https", "one.test", &tls));
	CHECK_INT(a.call.outcome, N);
	CHECK_TEXT(text_of(a.call.why), "the host's certificate is not trusted");
	CHECK_INT(atomic_load(&tls.requests), 0);
	a = (struct ask){0}; /* a connection that stood: it may have been read */
	ask_url(&a, url_of(&closing, "/ok"));
	CHECK_INT(a.call.outcome, U);
	dial_close(dial);
}

/* ---- what goes out */

static unsigned count(struct text t, const char *what)
{
	unsigned n = 0;
	for (const char *at = t.data, *end = t.data + t.size;
	     (at = memmem(at, (size_t)(end - at), what, strlen(what))); at++)
		n++;
	return n;
}

static void request_bytes(void)
{
	static char large[3 << 19]; /* libcurl would ask for a 100 from 1 MiB on */
	struct ask a = {.call = {.headers = {"webhook-id: 17", "Content-Type: application/json"},
				 .header_count = 2}};
	const char *agent = "User-Agent: couponry\r\n";

	open_dial(true, NULL);
	ask_url(&a, url_of(&peer, "/head"));
	struct text head = {a.answer, a.answer_size};
	CHECK(a.answer_size < sizeof a.answer);
	CHECK(text_starts_with(head, TEXT("POST /head HTTP/1.1\r\nHost: 127.0.0.1:")));
	CHECK_INT(count(head, "\r\nwebhook-id: 17\r\nContent-Type: application/json\r\n"), 1);
	CHECK_INT(count(head, "\r\nContent-Length: 5\r\n"), 1);
	CHECK_INT(count(head, agent), 1);
	CHECK(!count(head, "Expect") && !count(head, "Encoding") && !count(head, "Cookie"));
	CHECK_INT(count(head, "Content-Type"), 1);

	a = ask(&peer, "/a/../head");
	CHECK(text_starts_with((struct text){a.answer, a.answer_size},
			       TEXT("POST /a/../head HTTP/1.1\r\n")));
	a = (struct ask){.call.body = {large, 0}};
	ask_url(&a, url_of(&peer, "/head"));
	head = (struct text){a.answer, a.answer_size};
	CHECK_INT(count(head, "\r\nContent-Length: 0\r\n"), 1);
	CHECK(!count(head, "Content-Type"));
	ask(&peer, "/cookie");
	a = ask(&peer, "/head");
	CHECK(!count((struct text){a.answer, a.answer_size}, "Cookie"));

	memset(large, 'b', sizeof large);
	a = (struct ask){.call.body = {large, sizeof large}};
	ask_url(&a, url_of(&peer, "/head"));
	CHECK_INT(count((struct text){a.answer, a.answer_size}, "\r\nContent-Length: 1572864\r\n"),
		  1);
	CHECK(!count((struct text){a.answer, a.answer_size}, "Expect"));
	a = (struct ask){.call.body = {large, 100 * 1024}};
	ask_url(&a, url_of(&peer, "/ok"));
	CHECK_INT(a.call.outcome, A);
	CHECK_INT(a.answer_size, DIAL_ANSWER_MAX);
	dial_close(dial);
}

static void bad_headers(void)
{
	static const char *const headers[] = {
	    "X: a\r\nY: b",
	    "X: a\nb",
	    "X\r: a",
	    "X: \x7f",
	    "no colon",
	    ": value",
	    "X:",
	    "X: ",
	    "X;",
	    "X y: z",
	    "Host: h",
	    "host: h",
	    "TE: x",
	    "content-length: 1",
	    "Transfer-Encoding: chunked",
	    "Connection: x",
	    "Expect: 100-continue",
	};
	unsigned before = atomic_load(&peer.connections);

	open_dial(true, NULL);
	for (size_t i = 0; i < COUNT_OF(headers); i++) {
		struct ask a = {.call = {.headers = {"Good: x", headers[i]}, .header_count = 2}};
		ask_url(&a, url_of(&peer, "/ok"));
		if (!CHECK_INT(a.call.outcome, N) ||
		    !CHECK_TEXT(text_of(a.call.why), "a header is not well-formed"))
			fprintf(stderr, "     of %s\n", headers[i]);
	}
	CHECK_INT(atomic_load(&peer.connections), before);
	dial_close(dial);
}

/* A proxy of the environment would get everything, secrets too. */
static void no_proxy(void)
{
	static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY",
					    "all_proxy"};
	unsigned before = atomic_load(&other.connections);

	for (size_t i = 0; i < COUNT_OF(names); i++)
		setenv(names[i], url_of(&other, ""), 1);
	open_dial(true, peer_certificate);
	CHECK_INT(ask(&peer, "/ok").call.outcome, A);
	struct ask a = {0};
	ask_url(&a, url_named("https", "one.test", &tls));
	CHECK_INT(a.call.outcome, A);
	CHECK_INT(atomic_load(&other.connections), before);
	dial_close(dial);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		unsetenv(names[i]);
}

/* ---- whom it does not call */

static void refuses(const char *url, const char *why)
{
	unsigned connects = atomic_load(&net_connects);
	struct ask a = {0};

	ask_url(&a, url);
	if (!CHECK_INT(a.call.outcome, N) || !CHECK_TEXT(text_of(a.call.why), why) ||
	    !CHECK_INT(atomic_load(&net_connects), connects))
		fprintf(stderr, "     of %s\n", url);
}

static void refused(void)
{
	const char *host = "the URL's host is not on the public net";
	const char *address = "the host's address is not on the public net";

	open_dial(false, peer_certificate);
	refuses("http://public.test/", "http is not allowed, only https");
	refuses("https://127.0.0.1/", host);
	refuses("https://[::ffff:10.0.0.1]/", host);
	refuses("https://localhost/", host);
	refuses("https://user:x@public.test/", "a URL has no user or password here");
	refuses("https://public.test/#x", "a URL has no fragment here");
	refuses("https://public.test/\r\nX: y", "a URL is printable ASCII without spaces");
	refuses("file:///etc/passwd", "a URL begins with https://");
	refuses(url_named("https", "loopback.test", &tls), address);
	refuses(url_named("https", "private.test", &tls), address);
	dial_close(dial);
	CHECK_INT(atomic_load(&silent.connections), 1); /* that of not_sent */
}

/* The way it runs for real: https, a name, the public net, a certificate that is trusted. */
static void trusted(void)
{
	struct ask a = {0};
	unsigned before = atomic_load(&tls.requests);

	atomic_store(&net_public_port, tls.port);
	open_dial(false, peer_certificate);
	ask_url(&a, "https://public.test/ok");
	CHECK_INT(a.call.outcome, A);
	CHECK_INT(a.call.status, 200);
	CHECK_TEXT(((struct text){a.answer, a.answer_size}), "hello");
	unsigned connects = atomic_load(&net_connects);
	a = (struct ask){0}; /* a public and a private address: only the public one is called */
	ask_url(&a, "https://mixed.test/ok");
	CHECK_INT(a.call.outcome, A);
	CHECK_INT(atomic_load(&net_connects), connects + 1);
	a = (struct ask){0}; /* trusted, but for other names */
	ask_url(&a, "https://" NET_PUBLIC "/ok");
	CHECK_INT(a.call.outcome, N);
	CHECK_TEXT(text_of(a.call.why), "the host's certificate is not trusted");
	CHECK_INT(atomic_load(&tls.requests), before + 2);
	dial_close(dial);
}

/* What url_read takes for the host and the port, libcurl takes for them, too. */
static void read_alike(void)
{
	static const char *const urls[] = {
	    "https://example.com",
	    "HTTPS://Example.COM:8443/hook?x=http://y@z:1/%00\\",
	    "https://example.com?x@y:1/z",
	    "http://a-b_c.xn--fiqs8s/../x",
	    "https://[2606:4700::1111]:443/x]:1",
	    "https://93.184.216.34:1/",
	    "https://example.1a:65535?",
	    "http://3f2a9c/",
	};
	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		CURLU *theirs = curl_url();
		char *host = NULL, *port = NULL;
		struct url ours;
		const char *why;
		char text[16];
		CHECK(url_read(text_of(urls[i]), &ours, &why));
		CHECK_INT(curl_url_set(theirs, CURLUPART_URL, urls[i], CURLU_PATH_AS_IS),
			  CURLUE_OK);
		CHECK_INT(curl_url_get(theirs, CURLUPART_HOST, &host, 0), CURLUE_OK);
		CHECK_INT(curl_url_get(theirs, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT),
			  CURLUE_OK);
		struct text named = text_of(host);
		if (named.size && named.data[0] == '[')
			named = (struct text){named.data + 1, named.size - 2};
		CHECK(text_equal_ignore_case(named, ours.host));
		(void)snprintf(text, sizeof text, "%u", ours.port);
		CHECK_TEXT(text_of(port), text);
		curl_free(host);
		curl_free(port);
		curl_url_cleanup(theirs);
	}
}

/* ---- connections */

static void reuse(void)
{
	unsigned before = atomic_load(&peer.connections);

	open_dial(true, NULL);
	for (unsigned i = 0; i < 20; i++)
		CHECK_INT(ask(&peer, "/ok").call.outcome, A);
	CHECK_INT(atomic_load(&peer.connections), before + 1);
	CHECK_INT(ask(&peer, "/large").call.outcome, A);
	CHECK_INT(ask(&peer, "/ok").call.outcome, A); /* not behind the rest of a large body */
	CHECK_INT(atomic_load(&peer.connections), before + 2);
	sleep_ms(1000 * DIAL_IDLE_S_MAX + 1200);
	CHECK_INT(ask(&peer, "/ok").call.outcome, A);
	CHECK_INT(atomic_load(&peer.connections), before + 3);
	dial_close(dial);
}

/* A kept connection that ends under a request: it may have been read, so it is not sent again. */
static void never_twice(void)
{
	unsigned before = atomic_load(&peer.requests);

	open_dial(true, NULL);
	CHECK_INT(ask(&peer, "/once").call.outcome, A);
	struct ask a = ask(&peer, "/once");
	CHECK_INT(a.call.outcome, U);
	CHECK_TEXT(text_of(a.call.why), "a kept connection was lost");
	CHECK_INT(atomic_load(&peer.requests), before + 2);
	CHECK_INT(ask(&peer, "/once").call.outcome, A);
	dial_close(dial);
}

/* ---- sharing */

/* 250 calls to a host that never answers between 250 to one that does. */
static void shares(void)
{
	enum { EACH = 250 };
	static struct ask good[EACH], dead[EACH];
	unsigned answered = 0;
	long start = now_ms(), last = start;

	open_dial(true, NULL);
	atomic_store(&other.at_once_most, 0);
	atomic_store(&peer.at_once_most, 0);
	for (unsigned i = 0; i < EACH; i++) {
		dead[i].call.timeout_ms = 30 * 1000;
		ask_submit(&dead[i], url_of(&other, "/never"));
		ask_submit(&good[i], url_of(&peer, "/ok"));
	}
	CHECK_INT(dial_pending(dial), 2 * EACH);
	while (answered < EACH && now_ms() - start < 10 * 1000) {
		dial_wait(dial, 1000);
		answered = done_count;
	}
	for (unsigned i = 0; i < EACH; i++) {
		CHECK(good[i].done == 1 && good[i].call.outcome == A);
		CHECK_INT(dead[i].done, 0);
		last = good[i].done_ms > last ? good[i].done_ms : last;
	}
	CHECK(last - start < 5000);
	CHECK(atomic_load(&peer.at_once_most) <= 8);
	CHECK_INT(dial_pending(dial), EACH);
	for (unsigned i = 0; i < 100 && atomic_load(&other.at_once) < 8; i++)
		dial_wait(dial, 20); /* the eighth request may still be on its way */
	dial_close(dial);
	CHECK_INT(atomic_load(&other.at_once_most), 8);
	for (unsigned i = 0; i < EACH; i++)
		CHECK(dead[i].done == 1 && dead[i].call.outcome == (i < 8 ? U : N));
}

static unsigned order[64], ordered;

static void note_order(struct dial_call *call)
{
	order[ordered++] = (unsigned)(uintptr_t)call->context;
}

/* One place in all: a host's calls go in their order, and hosts take turns. */
static void turns(void)
{
	static struct dial_call calls[6];
	static char urls[6][64];
	static const unsigned want[] = {0, 4, 1, 5, 2, 3};

	dial = dial_open(&(struct dial_config){true, 1, 1, NULL});
	ordered = 0;
	for (unsigned i = 0; i < 6; i++) {
		(void)snprintf(urls[i], sizeof urls[i], "http://%s:%u/ok",
			       i < 4	? "one.test"
			       : i == 4 ? "two.test"
					: "TWO.test",
			       peer.port);
		calls[i] = (struct dial_call){.url = urls[i],
					      .timeout_ms = 2000,
					      .done = note_order,
					      .context = (void *)(uintptr_t)i};
		dial_submit(dial, &calls[i]);
	}
	wait_all();
	CHECK_INT(ordered, 6);
	for (unsigned i = 0; i < 6; i++)
		CHECK_INT(order[i], want[i]);
	dial_close(dial);
}

static struct ask again_second;

static void submit_again(struct dial_call *call)
{
	ask_done(call);
	call->done = ask_done;
	ask_submit(&again_second, url_of(&peer, "/ok"));
}

/* What done submits is a call like others, also when it is refused at once. */
static void submits_when_done(void)
{
	static const char *const urls[] = {"http://127.0.0.1:%u/ok", "nonsense%u"};

	open_dial(true, NULL);
	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		struct ask first = {.call = {.timeout_ms = 2000, .body = TEXT("x")}};
		again_second = (struct ask){0};
		(void)snprintf(first.url, sizeof first.url, urls[i], peer.port);
		first.call.url = first.url;
		first.call.done = submit_again;
		first.call.context = &first;
		dial_submit(dial, &first.call);
		wait_all();
		CHECK(first.done == 1 && again_second.done == 1);
		CHECK_INT(again_second.call.outcome, A);
	}
	dial_close(dial);
}

/* A name that takes long holds up neither the others nor its own call. */
static void slow_name(void)
{
	struct ask slow = {.call.timeout_ms = 300}, good = {0}, closed = {0};
	long start = now_ms();

	open_dial(true, NULL);
	ask_submit(&slow, "http://slow.test/x");
	ask_submit(&good, url_of(&peer, "/slow"));
	wait_all();
	CHECK_INT(good.call.outcome, A);
	CHECK_INT(slow.call.outcome, N);
	CHECK(good.done_ms - start < NET_SLOW_MS - 1000 &&
	      slow.done_ms - start < NET_SLOW_MS - 1000);
	ask_submit(&closed, "http://slow.test/y");
	dial_wait(dial, 20);
	start = now_ms();
	dial_close(dial);
	CHECK(closed.done == 1 && closed.call.outcome == N);
	CHECK(now_ms() - start < NET_SLOW_MS - 1000);
	sleep_ms(NET_SLOW_MS + 200); /* the resolver's threads end, so that leaks are seen */
}

/* ---- waiting and ends */

static void *wake_later(void *p)
{
	sleep_ms(100);
	dial_wake(p);
	return NULL;
}

static void waits(void)
{
	pthread_t thread;
	struct ask never = {.call.timeout_ms = 20 * 1000};

	open_dial(true, NULL);
	long start = now_ms();
	dial_wait(dial, 100);
	CHECK(now_ms() - start >= 100 && now_ms() - start < 2000);
	ask_submit(&never, url_of(&peer, "/never"));
	start = now_ms();
	dial_wait(dial, 100);
	CHECK(now_ms() - start >= 100 && now_ms() - start < 2000);
	start = now_ms();
	pthread_create(&thread, NULL, wake_later, dial);
	dial_wait(dial, 10 * 1000);
	CHECK(now_ms() - start < 5000);
	pthread_join(thread, NULL);
	dial_wake(dial);
	start = now_ms();
	dial_wait(dial, 10 * 1000);
	CHECK(now_ms() - start < 5000);
	CHECK_INT(never.done, 0);
	dial_close(dial);
	CHECK_INT(never.done, 1);
}

static void close_in_flight(void)
{
	static struct ask asks[20];
	struct ask bad = {0}, tls_ask = {0};
	long start = now_ms();
	unsigned before = atomic_load(&peer.requests);

	memset(asks, 0, sizeof asks);
	open_dial(true, NULL);
	for (unsigned i = 0; i < COUNT_OF(asks); i++) {
		asks[i].call.timeout_ms = 30 * 1000;
		ask_submit(&asks[i], url_of(&peer, "/never"));
	}
	tls_ask.call.timeout_ms = 30 * 1000;
	ask_submit(&tls_ask, url_named("https", "one.test", &silent));
	while (atomic_load(&peer.requests) < before + 8 && now_ms() - start < 5000)
		dial_wait(dial, 20);
	ask_submit(&bad, "nonsense");
	dial_close(dial);
	CHECK(now_ms() - start < 5000);
	for (unsigned i = 0; i < COUNT_OF(asks); i++) {
		CHECK_INT(asks[i].done, 1);
		CHECK_INT(asks[i].call.outcome, i < 8 ? U : N);
		CHECK_TEXT(text_of(asks[i].call.why), "the server stops");
	}
	CHECK(tls_ask.done == 1 && tls_ask.call.outcome == N);
	CHECK(bad.done == 1 && bad.call.outcome == N);
	CHECK_INT(atomic_load(&peer.requests), before + 8);
}

/* Every allocation of libcurl on the way to a call fails once: nothing was sent. */
static void no_memory(void)
{
	unsigned not_opened = 0, not_started = 0;
	bool failed = true;

	for (int n = 0; failed && n < 1000; n++) {
		unsigned before = atomic_load(&peer.requests);
		struct ask a = {.call = {.headers = {"webhook-id: 17"}, .header_count = 1}};
		atomic_store(&memory_failed, false);
		atomic_store(&memory_left, n);
		dial = dial_open(&(struct dial_config){true, 4, 4, NULL});
		if (dial) {
			ask_url(&a, url_of(&peer, "/ok"));
			dial_close(dial);
		}
		atomic_store(&memory_left, -1);
		failed = atomic_load(&memory_failed);
		not_opened += !dial;
		not_started += dial && failed;
		if (dial && failed) {
			CHECK_INT(a.call.outcome, N);
			CHECK_TEXT(text_of(a.call.why), "no memory");
			CHECK_INT(atomic_load(&peer.requests), before);
		}
		if (!failed)
			CHECK_INT(a.call.outcome, A);
	}
	CHECK(!failed && not_opened > 3 && not_started > 10);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
#define T(name) {#name, name}
	    T(answers),		T(not_sent),  T(request_bytes),	    T(bad_headers), T(no_proxy),
	    T(refused),		T(trusted),   T(read_alike),	    T(reuse),	    T(never_twice),
	    T(shares),		T(turns),     T(submits_when_done), T(slow_name),   T(waits),
	    T(close_in_flight), T(no_memory),
#undef T
	};

	signal(SIGPIPE, SIG_IGN);
	curl_global_init_mem(CURL_GLOBAL_DEFAULT, test_malloc, free, test_realloc, test_strdup,
			     test_calloc);
	memset(peer_large, 'x', sizeof peer_large);
	SSL_CTX *context = peer_tls();
	peer_start(&peer, PEER_SERVES, NULL);
	peer_start(&other, PEER_SERVES, NULL);
	peer_start(&closing, PEER_CLOSES, NULL);
	peer_start(&silent, PEER_SILENT, NULL);
	peer_start(&tls, PEER_SERVES, context);
	for (size_t i = 0; i < COUNT_OF(tests); i++) {
		unsigned failed = test_failed;
		done_count = 0;
		tests[i].run();
		if (test_failed > failed)
			fprintf(stderr, "     in %s\n", tests[i].name);
	}
	peer_end(&peer);
	peer_end(&other);
	peer_end(&closing);
	peer_end(&silent);
	peer_end(&tls);
	SSL_CTX_free(context);
	unlink(peer_certificate);
	return test_end();
}
