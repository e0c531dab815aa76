/*
 * Passing requests on (http_pass) to a peer that answers well or badly: what the peer is sent, what
 * comes back, and which of the three outcomes it is. The server under test passes everything on and
 * answers with the peer's answer, or with 502 and the name of the outcome.
 */
#include "bundle_peer.h"
#include "http_here.h"

enum { PASS_MS = 2000, HELD_MAX = 200 };

static atomic_bool loop_stands, loop_may_go;

/* ---- the server under test */

static void on_passed(struct http_pass *pass, enum http_passed how,
		      const struct http_answer *answer)
{
	static const struct text names[] = {TEXT("passed"), TEXT("not sent"), TEXT("unknown")};
	struct http_reply reply = {502, TEXT("text/plain"), .body = names[how]};
	must((how == HTTP_PASSED) == (answer != NULL));
	if (answer)
		reply = (struct http_reply){.status = answer->status,
					    .content_type = answer->content_type,
					    .body = answer->body,
					    .extra = answer->headers,
					    .extra_count = answer->header_count};
	if (answer && !answer->content_type.size && answer->body.size)
		reply.content_type = TEXT("text/none");
	http_reply(pass->exchange, &reply);
}

/* Until the test lets it go, nothing else happens on the loop. */
static void stand(void)
{
	atomic_store(&loop_stands, true);
	while (!atomic_load(&loop_may_go))
		sleep_ms(1);
	atomic_store(&loop_may_go, false);
	atomic_store(&loop_stands, false);
}

/* "X-Hold: NUMBER COUNT": all of them are passed on at once, in the order of their numbers. */
static void hold(struct http_pass *pass, struct text words)
{
	static struct http_pass *held[HELD_MAX];
	static unsigned count;
	uint64_t number, all;
	struct text first = text_cut(&words, ' ');
	must(text_to_uint64(first, &number) && text_to_uint64(words, &all));
	must(number < all && all <= HELD_MAX);
	held[number] = pass;
	if (++count < all)
		return;
	count = 0;
	for (unsigned i = 0; i < all; i++)
		http_pass(held[i]);
}

static void handle(void *context, struct http_exchange *x)
{
	struct http_pass *pass = arena_take_zeroed(x->arena, sizeof *pass);
	struct text address = http_header_get(&x->request, TEXT("x-address"));
	struct text held = http_header_get(&x->request, TEXT("x-hold"));
	(void)context;
	if (text_equal(x->request.path, TEXT("/stand"))) {
		stand();
		http_reply(x, &(struct http_reply){.status = 204});
		return;
	}
	*pass = (struct http_pass){.exchange = x,
				   .address = address.size ? address : text_of(peer_name),
				   .done = on_passed};
	if (held.size)
		hold(pass, held);
	else
		http_pass(pass);
	if (http_header_get(&x->request, TEXT("x-stand")).size)
		stand();
}

static void mark(void *context, struct text bundle, struct buffer *value)
{
	(void)context;
	buffer_format(value, "ours %zu", bundle.size);
}

static int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	must(connect(fd, (struct sockaddr *)&server_at, sizeof server_at) == 0);
	return fd;
}

static char room[2 * LARGE];

static struct text ask_on(int fd, const char *request)
{
	CHECK(say(fd, request, strlen(request)));
	return hear(fd, room, sizeof room);
}

static struct text ask(const char *request)
{
	int fd = dial();
	struct text heard = ask_on(fd, request);
	close(fd);
	return heard;
}

static void say_body(int fd, size_t size, const char *header)
{
	char head[160];
	int n = snprintf(head, sizeof head,
			 "POST /echo HTTP/1.1\r\nHost: h\r\n%sContent-Length: %zu\r\n\r\n", header,
			 size);
	CHECK(say(fd, head, (size_t)n) && say(fd, large, size));
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

/* ---- tests */

static void test_answers(void)
{
	struct text heard = ask(GET("/good"));
	CHECK(has(heard, "HTTP/1.1 201 Created\r\n") && has(heard, "\r\n\r\ngood"));
	CHECK(has(heard, "ETag: \"7\"\r\n") && has(heard, "Location: /there\r\n"));
	CHECK(has(heard, "Content-Type: text/plain\r\n") && !has(heard, "Date: x"));
	CHECK(has(ask(GET("/none")), "HTTP/1.1 204 No Content\r\n"));
	heard = ask(GET("/slowly"));
	CHECK(has(heard, "X-One: 1\r\n") && has(heard, "\r\n\r\nslow."));
	heard = ask(GET("/large"));
	CHECK(heard.size > LARGE && memcmp(heard.data + heard.size - LARGE, large, LARGE) == 0);
	CHECK_INT(atomic_load(&peer_connects), 1); /* one link took them all */
}

static void test_request(void)
{
	struct text heard = ask("PATCH /a/b?c=%20 HTTP/1.1\r\nHost: shop\r\nX-Own: 1\r\n"
				"couponry-passed: theirs\r\n"
				"Connection: keep-alive\r\nAccept-Encoding: gzip\r\nTE: gzip\r\n"
				"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
	CHECK(has(heard, "PATCH /a/b?c=%20 HTTP/1.1\r\nHost: shop\r\nX-Own: 1\r\n"
			 "couponry-passed: theirs\r\nContent-Length: 3\r\n\r\nabc"));
	CHECK(!has(heard, "gzip") && !has(heard, "chunked") && !has(heard, "keep-alive"));
	int fd = dial();
	say_body(fd, 900 * 1024, "");
	heard = hear(fd, room, sizeof room);
	CHECK(heard.size > 900 * 1024 &&
	      memcmp(heard.data + heard.size - 900 * 1024, large, 900 * 1024) == 0);
	CHECK(has(ask_on(fd, GET("/good") GET("/none")), "good")); /* pipelined */
	close(fd);
}

/* What the other side would refuse is not sent, or is sent so that it takes it. */
static void test_request_bounds(void)
{
	static char request[20 * 1024];
	struct buffer b;
	struct text heard = ask("GET /a HTTP/1.0\r\n\r\n");
	CHECK(has(heard, "GET /a HTTP/1.0\r\n"));
	CHECK(has(ask("PROPFIND /a HTTP/1.1\r\nHost: h\r\n\r\n"), "\r\n\r\nnot sent"));
	buffer_init_fixed(&b, request, sizeof request);
	buffer_text(&b, TEXT("GET /a HTTP/1.1\r\nHost: h\r\n"));
	for (unsigned i = 1; i < HEADER_COUNT_MAX; i++)
		buffer_format(&b, "X-%u: %u\r\n", i, i);
	buffer_add(&b, "\r\n", 3);
	heard = ask(request);
	CHECK(has(heard, "X-63: 63\r\n\r\n") && !has(heard, "\r\nContent-Length: 0\r\n"));
	buffer_clear(&b);
	buffer_text(&b, TEXT("GET /a HTTP/1.1\r\nHost:h\r\nX-Long:"));
	buffer_add(&b, large, HEADER_BYTES_MAX - b.size - 4);
	buffer_add(&b, "\r\n\r\n", 5);
	CHECK(has(ask(request), "\r\n\r\nnot sent")); /* a blank behind each name is too much */
}

/* ---- several at once */

struct several {
	const char *path, *want; /* at the end of the answer */
};

static bool ends_with(struct text t, const char *what)
{
	size_t size = strlen(what);
	return t.size >= size && memcmp(t.data + t.size - size, what, size) == 0;
}

/* In one turn; how many bundles they made. */
static unsigned ask_several(const struct several *all, unsigned count)
{
	int fds[HELD_MAX];
	char request[160];
	unsigned before = atomic_load(&peer_requests);
	for (unsigned i = 0; i < count; i++) {
		int size = snprintf(request, sizeof request,
				    "GET %s HTTP/1.1\r\nHost: h\r\nX-Hold: %u %u\r\n\r\n",
				    all[i].path, i, count);
		fds[i] = dial();
		CHECK(say(fds[i], request, (size_t)size));
	}
	for (unsigned i = 0; i < count; i++) {
		struct text heard = hear(fds[i], room, sizeof room);
		if (!CHECK(ends_with(heard, all[i].want)))
			fprintf(stderr, "%u of %s: %.*s\n", i, all[count / 2].path,
				(int)(heard.size < 300 ? heard.size : 300), heard.data);
		close(fds[i]);
	}
	return atomic_load(&peer_requests) - before;
}

static void test_bundles(void)
{
	static const struct {
		unsigned calls, bundles;
	} rows[] = {{2, 1}, {63, 1}, {64, 1}, {65, 2}, {128, 2}, {HELD_MAX, 4}};
	struct several all[HELD_MAX];
	char words[HELD_MAX][40];
	for (unsigned r = 0; r < COUNT_OF(rows); r++) {
		for (unsigned i = 0; i < rows[r].calls; i++) {
			snprintf(words[i], sizeof words[i], "X-Hold: %u %u\r\n\r\n", i,
				 rows[r].calls);
			all[i] = (struct several){"/echo", words[i]}; /* each its own */
		}
		unsigned calls = atomic_load(&peer_calls);
		CHECK_INT(ask_several(all, rows[r].calls), rows[r].bundles);
		CHECK_INT(atomic_load(&peer_calls) - calls, rows[r].calls);
	}
}

/* What comes while the loop is busy is taken in one turn. */
static void test_busy_loop(void)
{
	enum { CALLS = 20 };
	int fds[CALLS], fd = dial();
	for (unsigned i = 0; i < CALLS; i++) {
		fds[i] = dial();
		CHECK(has(ask_on(fds[i], GET("/good")), "good"));
	}
	CHECK(say(fd, GET("/stand"), strlen(GET("/stand"))));
	while (!atomic_load(&loop_stands))
		sleep_ms(1);
	unsigned before = atomic_load(&peer_requests);
	for (unsigned i = 0; i < CALLS; i++)
		CHECK(say(fds[i], GET("/good"), strlen(GET("/good"))));
	sleep_ms(20);
	atomic_store(&loop_may_go, true);
	for (unsigned i = 0; i < CALLS; i++) {
		CHECK(has(hear(fds[i], room, sizeof room), "good"));
		close(fds[i]);
	}
	CHECK(atomic_load(&peer_requests) - before < CALLS / 2);
	close(fd);
}

/* A bundle has no room for a body of 1 MiB and a head; for others it is made in several. */
static void test_sizes(void)
{
	static const struct {
		size_t sizes[3];
		unsigned bundles;
	} rows[] = {
	    {{400 * 1024, 400 * 1024, 400 * 1024}, 2},
	    {{3, BODY_BYTES_MAX - 60, 3}, 2},
	    {{BODY_BYTES_MAX - 300, 3, BODY_BYTES_MAX - 300}, 2},
	};
	for (unsigned r = 0; r < COUNT_OF(rows); r++) {
		unsigned before = atomic_load(&peer_requests);
		int fds[3];
		for (unsigned i = 0; i < 3; i++) {
			char hold[40];
			snprintf(hold, sizeof hold, "X-Hold: %u 3\r\n", i);
			fds[i] = dial();
			say_body(fds[i], rows[r].sizes[i], hold);
		}
		for (unsigned i = 0; i < 3; i++) {
			size_t size = rows[r].sizes[i];
			struct text heard = hear(fds[i], room, sizeof room);
			if (size == BODY_BYTES_MAX - 60)
				CHECK(has(heard, "\r\n\r\nnot sent"));
			else
				CHECK(heard.size > size &&
				      memcmp(heard.data + heard.size - size, large, size) == 0);
			close(fds[i]);
		}
		CHECK_INT(atomic_load(&peer_requests) - before, rows[r].bundles);
	}
	int fd = dial();
	say_body(fd, BODY_BYTES_MAX - 10, "");
	CHECK(has(hear(fd, room, sizeof room), "\r\n\r\nnot sent"));
	close(fd);
}

/* Of three calls in a bundle the middle one is answered badly, after the third. What is left out
 * is unknown; where an answer cannot be read, so are all behind it. The link stays. */
static void test_bad_answers(void)
{
	static const char *const left_out[] = {"/in/missing", "/in/far"};
	static const char *const unreadable[] = {
	    "/in/beyond",  "/in/negative", "/in/lie",	 "/in/huge",	 "/in/word",
	    "/in/nothing", "/in/garbage",  "/in/early",	 "/in/headless", "/in/less",
	    "/in/more",	   "/in/unsaid",   "/in/length", "/in/bare",	 "/in/headers"};
	unsigned before = atomic_load(&peer_connects);
	for (unsigned i = 0; i < COUNT_OF(left_out); i++)
		CHECK_INT(ask_several((struct several[]){{"/good", "good"},
							 {left_out[i], "\r\n\r\nunknown"},
							 {"/good", "good"}},
				      3),
			  1);
	for (unsigned i = 0; i < COUNT_OF(unreadable); i++)
		CHECK_INT(ask_several((struct several[]){{"/good", "\r\n\r\nunknown"},
							 {unreadable[i], "\r\n\r\nunknown"},
							 {"/good", "good"}},
				      3),
			  1);
	CHECK_INT(ask_several((struct several[]){{"/good", "good"},
						 {"/in/twice", "X-Hold: 1 3\r\n\r\n"},
						 {"/good", "good"}},
			      3),
		  1);
	CHECK_INT(
	    ask_several(
		(struct several[]){{"/empty", "\r\n\r\nunknown"}, {"/good", "\r\n\r\nunknown"}}, 2),
	    1);
	CHECK_INT(atomic_load(&peer_connects), before);
}

/* The other side of a link that rests goes while the loop is busy: nothing was sent there. */
static void test_left(void)
{
	static const char *const ways[] = {GET("/leave"), GET("/reset")};
	for (unsigned i = 0; i < COUNT_OF(ways); i++) {
		static const char request[] = "GET /good HTTP/1.1\r\nHost: h\r\nX-Stand: 1\r\n\r\n";
		int fd = dial();
		CHECK(has(ask(ways[i]), "Host: h"));
		CHECK(say(fd, request, strlen(request)));
		while (!atomic_load(&loop_stands))
			sleep_ms(1);
		atomic_store(&peer_may_leave, true);
		while (atomic_load(&peer_may_leave))
			sleep_ms(1);
		atomic_store(&loop_may_go, true);
		if (!CHECK(has(hear(fd, room, sizeof room), "\r\n\r\ngood")))
			fprintf(stderr, "%s\n", ways[i]);
		close(fd);
	}
}

/* ---- ends */

/* What left and was not answered is unknown; nothing is said twice. */
static void test_unknown(void)
{
	static const char *const paths[] = {"/half",   "/gone", "/garbage", "/early", "/more",
					    "/length", "/word", "/bare",    "/silent"};
	enum { BROKEN_OFF = 2 };
	for (unsigned i = 0; i < COUNT_OF(paths); i++) {
		if (!CHECK_INT(ask_several((struct several[]){{paths[i], "\r\n\r\nunknown"},
							      {"/good", "\r\n\r\nunknown"}},
					   2),
			       1))
			fprintf(stderr, "%s\n", paths[i]);
		if (i < BROKEN_OFF)
			sleep_ms(1100); /* it is left alone for a second */
	}
	CHECK(has(ask(GET("/good")), "not sent")); /* who kept silent, for longer */
}

/* Who says anything but 200 has taken nothing, and is left alone for a second. */
static void test_refused(void)
{
	static const char *const paths[] = {"/404", "/503"};
	for (unsigned i = 0; i < COUNT_OF(paths); i++) {
		CHECK_INT(ask_several((struct several[]){{paths[i], "\r\n\r\nnot sent"},
							 {"/good", "\r\n\r\nnot sent"}},
				      2),
			  1);
		CHECK_INT(ask_several((struct several[]){{"/good", "\r\n\r\nnot sent"}}, 1), 0);
		sleep_ms(1100);
		CHECK(has(ask(GET("/good")), "\r\n\r\ngood"));
	}
}

static void test_goodbye(void)
{
	CHECK(has(ask(GET("/goodbye")), "\r\n\r\nok"));
	CHECK(has(ask(GET("/good")), "\r\n\r\nnot sent"));
	sleep_ms(1100);
	CHECK(has(ask(GET("/good")), "\r\n\r\ngood"));
}

static void test_not_sent(void)
{
	static const char *const addresses[] = {
	    "127.0.0.1:1", "127.0.0.1", "127.0.0.1:0", "localhost:80", "127.0.0.1:99999",
	    "[::1]:1",	   ":"};
	for (unsigned i = 0; i < COUNT_OF(addresses); i++) {
		char request[160];
		snprintf(request, sizeof request,
			 "GET /good HTTP/1.1\r\nHost: h\r\nX-Address: %s\r\n\r\n", addresses[i]);
		CHECK(has(ask(request), "\r\n\r\nnot sent"));
	}
	for (unsigned i = 0; i < 200; i++) { /* more than are kept */
		char request[160];
		snprintf(request, sizeof request,
			 "GET /good HTTP/1.1\r\nHost: h\r\nX-Address: 127.0.0.2:%u\r\n\r\n", i + 1);
		CHECK(has(ask(request), "\r\n\r\nnot sent"));
	}
	CHECK(has(ask(GET("/good")), "\r\n\r\ngood"));
}

static void *ask_many(void *p)
{
	int fd = dial();
	unsigned *good = p;
	char *own = malloc(4096);
	for (unsigned i = 0; i < 200; i++) {
		const char *path = i % 3 ? GET("/good") : GET("/slowly");
		must(say(fd, path, strlen(path)));
		struct text heard = hear(fd, own, 4096);
		*good += has(heard, "good") || has(heard, "slow.");
		if (i > 10 && i % 3 == 0)
			i += 50;
	}
	free(own);
	close(fd);
	return NULL;
}

static void test_many(void)
{
	pthread_t threads[16];
	unsigned good[16] = {0}, all = 0, before = atomic_load(&peer_connects);
	for (unsigned i = 0; i < 16; i++)
		pthread_create(&threads[i], NULL, ask_many, &good[i]);
	for (unsigned i = 0; i < 16; i++) {
		pthread_join(threads[i], NULL);
		all += good[i];
	}
	CHECK(all > 16 * 15);
	CHECK(atomic_load(&peer_connects) - before <= 16);
}

/* What was to go when the server is told to stop is not sent: it waits for nobody then. */
static void test_stop(void)
{
	int fd = dial(), busy = dial();
	CHECK(has(ask_on(fd, GET("/good")), "\r\n\r\ngood"));
	unsigned before = atomic_load(&peer_requests);
	CHECK(say(busy, GET("/stand"), strlen(GET("/stand"))));
	while (!atomic_load(&loop_stands))
		sleep_ms(1);
	CHECK(say(fd, GET("/good"), strlen(GET("/good"))));
	http_server_stop(server);
	atomic_store(&loop_may_go, true);
	struct text heard = hear(fd, room, sizeof room);
	CHECK(has(heard, "\r\n\r\nnot sent") && has(heard, "Connection: close\r\n"));
	CHECK_INT(atomic_load(&peer_requests), before);
	close(fd);
	close(busy);
}

static void begin(void)
{
	server_begin(
	    (struct http_config){.handle = handle, .bundle_mark = mark, .pass_ms = PASS_MS});
}

int main(void)
{
	for (size_t i = 0; i < sizeof large; i++)
		large[i] = (char)('a' + i * i % 23);
	peer_start();
	begin();
	test_answers();
	test_request();
	test_request_bounds();
	test_bundles();
	test_busy_loop();
	test_sizes();
	test_bad_answers();
	test_left();
	test_many();
	test_not_sent();
	test_refused();
	test_goodbye();
	test_unknown();
	server_end();
	begin();
	test_stop();
	server_end();
	return test_end();
}
