/*
 * Bundles taken (http_unbundle): which are, which are refused as a whole, which requests in them
 * are refused alone; answers that come at once, late and backwards, large or not at all; clients
 * that go away and servers that stop meanwhile. The server under test says what it saw.
 */
#include <stdatomic.h>

#include "base/limits.h"
#include "http_here.h"

enum { CALLS_MAX = 64, LARGE = 3 << 20, ROOM = 48 << 20, LATE_MAX = 128, DRAIN_MS = 400 };

static char large[LARGE], room[ROOM];
static atomic_uint calls; /* that the handler has seen, bundles aside */

/* ---- the server under test */

/* "/late" is kept until the test lets it go, from a thread of its own. */
struct late {
	struct http_task task;
	struct http_exchange *exchange;
};
static struct late late[LATE_MAX];
static atomic_uint late_count, late_answered;

static void answer(struct http_exchange *x)
{
	static const char *const verbs[] = {"GET",  "POST",    "PUT",	"DELETE",
					    "HEAD", "OPTIONS", "PATCH", "OTHER"};
	const struct http_request *r = &x->request;
	struct http_header extra = {TEXT("ETag"), TEXT("\"7\"")};
	struct http_reply reply = {.status = 200,
				   .content_type = TEXT("text/plain"),
				   .extra = &extra,
				   .extra_count = 1,
				   .may_gzip = true};
	reply.body =
	    arena_format(x->arena, "%s %.*s|%.*s|%s|%.*s|%.*s", verbs[r->verb], TEXT_ARG(r->target),
			 TEXT_ARG(r->peer), r->passed ? "passed" : "direct", TEXT_ARG(r->host),
			 TEXT_ARG(r->body));
	if (text_equal(r->path, TEXT("/large")))
		reply.body = (struct text){large, LARGE};
	if (text_equal(r->path, TEXT("/none")))
		reply = (struct http_reply){.status = 204};
	http_reply(x, &reply);
}

static void answer_late(struct http_task *task)
{
	answer(((struct late *)task)->exchange);
	atomic_fetch_add(&late_answered, 1);
}

static void handle(void *context, struct http_exchange *x)
{
	bool is_bundle = text_equal(x->request.path, TEXT(HTTP_BUNDLE_PATH));
	(void)context;
	if (is_bundle && !x->request.passed) {
		if (!http_unbundle(x))
			http_reply(x, &(struct http_reply){.status = 400});
		return;
	}
	atomic_fetch_add(&calls, 1);
	if (!text_equal(x->request.path, TEXT("/late"))) {
		answer(x);
		return;
	}
	unsigned i = atomic_load(&late_count);
	must(i < LATE_MAX);
	late[i] = (struct late){{.run = answer_late}, x};
	atomic_store(&late_count, i + 1);
}

/* The last that came is answered first. */
static void *let_go_there(void *none)
{
	unsigned count = atomic_load(&late_count);
	atomic_store(&late_count, 0);
	for (unsigned i = count; i-- > 0;)
		http_post(late[i].exchange->loop, &late[i].task);
	while (atomic_load(&late_answered) < count)
		sleep_ms(1);
	atomic_store(&late_answered, 0);
	return none;
}

static void let_go(void)
{
	pthread_t thread;
	pthread_create(&thread, NULL, let_go_there, NULL);
	pthread_join(thread, NULL);
}

static void wait_late(unsigned count)
{
	for (unsigned i = 0; i < 5000 && atomic_load(&late_count) < count; i++)
		sleep_ms(1);
	CHECK_INT(atomic_load(&late_count), count);
}

static void begin(void)
{
	server_begin((struct http_config){.handle = handle, .drain_ms = DRAIN_MS});
}

/* ---- the other side */

static int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	must(connect(fd, (struct sockaddr *)&server_at, sizeof server_at) == 0);
	return fd;
}

static void add(struct buffer *bundle, const char *peer, struct text request)
{
	buffer_format(bundle, "%zu %s\n", request.size, peer);
	buffer_text(bundle, request);
}

static void add_get(struct buffer *bundle, const char *target)
{
	char request[100];
	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", target);
	add(bundle, "10.1.2.3", text_of(request));
}

static void say_bundle(int fd, struct text bundle)
{
	char head[100];
	int size = snprintf(head, sizeof head,
			    "POST /-/bundle HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n",
			    bundle.size);
	CHECK(say(fd, head, (size_t)size) && say(fd, bundle.data, bundle.size));
}

struct answers {
	bool taken, closes;
	unsigned count, order[CALLS_MAX];
	struct text of[CALLS_MAX]; /* in `room` */
};

/* All of it must be readable. */
static struct answers hear_answers(int fd)
{
	struct answers a = {0};
	struct text whole = hear(fd, room, sizeof room);
	const char *head_end = whole.size ? memmem(whole.data, whole.size, "\r\n\r\n", 4) : NULL;
	if (!head_end)
		return a;
	struct text head = {whole.data, (size_t)(head_end + 4 - whole.data)};
	struct text rest = {head_end + 4, whole.size - head.size};
	a.closes = has(head, "\r\nConnection: close\r\n");
	a.taken = text_starts_with(head, TEXT("HTTP/1.1 200 OK\r\n"));
	while (a.taken && rest.size) {
		uint64_t number, size;
		struct text line = text_cut(&rest, '\n'), word = text_cut(&line, ' ');
		must(text_to_uint64(word, &number) && number < CALLS_MAX);
		must(text_to_uint64(line, &size) && size <= rest.size);
		must(!a.of[number].data && a.count < CALLS_MAX);
		a.order[a.count++] = (unsigned)number;
		a.of[number] = (struct text){rest.data, (size_t)size};
		rest.data += size;
		rest.size -= (size_t)size;
	}
	return a;
}

static struct answers ask(struct buffer *bundle)
{
	int fd = dial();
	say_bundle(fd, buffer_get(bundle));
	struct answers a = hear_answers(fd);
	close(fd);
	buffer_release(bundle);
	return a;
}

static struct buffer new_bundle(void)
{
	struct buffer b;
	buffer_init(&b, 4 << 20);
	return b;
}

/* ---- tests: what is taken */

static void test_one(void)
{
	struct buffer b = new_bundle();
	add(&b, "2001:db8::1",
	    TEXT("PATCH /a/b?c=%20 HTTP/1.1\r\nHost: shop\r\nContent-Length: 3\r\n"
		 "Accept-Encoding: gzip\r\n\r\nabc"));
	struct answers a = ask(&b);
	CHECK(a.taken && !a.closes && a.count == 1);
	CHECK(has(a.of[0], "HTTP/1.1 200 OK\r\n") && has(a.of[0], "\r\nETag: \"7\"\r\n"));
	CHECK(has(a.of[0], "\r\nContent-Type: text/plain\r\n"));
	CHECK(has(a.of[0], "\r\n\r\nPATCH /a/b?c=%20|2001:db8::1|passed|shop|abc"));
	CHECK(!has(a.of[0], "\r\nConnection: ") && !has(a.of[0], "\r\nVary: "));
}

static void test_kinds(void)
{
	struct buffer b = new_bundle();
	add_get(&b, "/none");
	add(&b, "", TEXT("HEAD /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
	add(&b, "::1", TEXT("GET http://h/a?b HTTP/1.0\r\n\r\n"));
	add_get(&b, "/large");
	add(&b, "1.1.1.1", TEXT("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"));
	struct answers a = ask(&b);
	CHECK(a.taken && a.count == 5 && !a.closes);
	CHECK(has(a.of[0], "HTTP/1.1 204 No Content\r\n") && !has(a.of[0], "Content-Length"));
	CHECK(has(a.of[1], "Content-Length: 18\r\n") && has(a.of[1], "HEAD /a||passed|h|"));
	CHECK(has(a.of[2], "\r\n\r\nGET /a?b|::1|passed||"));
	CHECK(a.of[3].size > LARGE &&
	      memcmp(a.of[3].data + a.of[3].size - LARGE, large, LARGE) == 0);
	CHECK(has(a.of[4], "POST /a|1.1.1.1|passed|h|"));
}

static void test_many(void)
{
	char words[60];
	int fd = dial();
	for (unsigned round = 0; round < 3; round++) { /* one connection takes one by one */
		struct buffer b = new_bundle();
		for (unsigned i = 0; i < CALLS_MAX; i++) {
			snprintf(words, sizeof words, "/%u", i + round);
			add_get(&b, words);
		}
		say_bundle(fd, buffer_get(&b));
		struct answers a = hear_answers(fd);
		CHECK(a.taken && a.count == CALLS_MAX);
		for (unsigned i = 0; i < CALLS_MAX; i++) {
			snprintf(words, sizeof words, "\r\n\r\nGET /%u|10.1.2.3|passed|",
				 i + round);
			CHECK(has(a.of[i], words));
		}
		buffer_release(&b);
	}
	close(fd);
}

/* Chunks that end anywhere, and come one by one. */
static void test_pieces(void)
{
	static const char head[] =
	    "POST /-/bundle HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
	struct buffer b = new_bundle();
	int fd = dial();
	add_get(&b, "/one");
	add_get(&b, "/two");
	CHECK(say(fd, head, strlen(head)));
	for (size_t at = 0, size; at < b.size; at += size) {
		char chunk[40];
		size = b.size - at < 7 ? b.size - at : 7;
		int n =
		    snprintf(chunk, sizeof chunk, "%zx\r\n%.*s\r\n", size, (int)size, b.data + at);
		CHECK(say(fd, chunk, (size_t)n));
		sleep_ms(1);
	}
	CHECK(say(fd, "0\r\n\r\n", 5));
	struct answers a = hear_answers(fd);
	CHECK(a.taken && a.count == 2);
	CHECK(has(a.of[0], "GET /one|10.1.2.3|passed|") && has(a.of[1], "GET /two|"));
	close(fd);
	buffer_release(&b);
}

/* No room for all answers: 40 MiB and a little. Those that fit are there. */
static void test_no_room(void)
{
	struct buffer b = new_bundle();
	for (unsigned i = 0; i < CALLS_MAX - 1; i++)
		add_get(&b, "/large");
	add_get(&b, "/small");
	struct answers a = ask(&b);
	CHECK(a.taken && a.count == REPLY_BYTES_MAX / LARGE + 1);
	CHECK(a.of[0].size > LARGE && a.of[CALLS_MAX - 2].size == 0);
	CHECK(has(a.of[CALLS_MAX - 1], "GET /small|"));
}

/* ---- tests: what is refused */

/* As a whole; nothing of it is run. */
static void test_no_bundle(void)
{
#define GOOD "27 p\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"
	static const char *const bodies[] = {
	    "",
	    "\n",
	    " ",
	    "good morning",
	    "27 p",
	    "27\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
	    "28 p\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
	    "26 p\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
	    "-27 p\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
	    "x p\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
	    " 27 p\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
	    "18446744073709551615 p\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
	    "18446744073709551643 p\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
	    GOOD "27 p\nGET / HTTP/1.1\r\nHost: h\r\n",
	    GOOD "27 p",
	    GOOD "\n",
	    GOOD GOOD "99999 p\n",
	};
	unsigned before = atomic_load(&calls);
	for (unsigned i = 0; i < COUNT_OF(bodies); i++) {
		struct buffer b = new_bundle();
		buffer_text(&b, text_of(bodies[i]));
		int fd = dial();
		say_bundle(fd, buffer_get(&b));
		if (!CHECK(has(hear(fd, room, sizeof room), "HTTP/1.1 400 Bad Request\r\n")))
			fprintf(stderr, "%s\n", bodies[i]);
		buffer_release(&b);
		close(fd);
	}
	for (unsigned count = CALLS_MAX + 1; count >= CALLS_MAX; count--) {
		struct buffer b = new_bundle();
		for (unsigned i = 0; i < count; i++)
			buffer_text(&b, TEXT(GOOD));
		CHECK_INT(atomic_load(&calls), before);
		CHECK_INT(ask(&b).taken, count == CALLS_MAX);
	}
	CHECK_INT(atomic_load(&calls), before + CALLS_MAX);
}

/* Between two good ones. */
static void refused_alone(const char *peer, struct text request)
{
	struct buffer b = new_bundle();
	unsigned before = atomic_load(&calls);
	add_get(&b, "/one");
	add(&b, peer, request);
	add_get(&b, "/three");
	struct answers a = ask(&b);
	CHECK(a.taken && a.count == 3);
	CHECK(has(a.of[0], "GET /one|") && has(a.of[2], "GET /three|"));
	if (!CHECK(has(a.of[1], "HTTP/1.1 400 Bad Request\r\n")))
		fprintf(stderr, "%.*s: %.*s\n", (int)(request.size < 80 ? request.size : 80),
			request.data, (int)(a.of[1].size < 300 ? a.of[1].size : 300), a.of[1].data);
	CHECK_INT(atomic_load(&calls), before + 2);
}

static void test_bad_requests(void)
{
#define HEAD_OF "POST /a HTTP/1.1\r\nHost: h\r\n"
	static const char *const requests[] = {
	    "",
	    "x",
	    "good morning\r\n\r\n",
	    HEAD_OF,
	    HEAD_OF "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	    HEAD_OF "Transfer-Encoding: chunked\r\n\r\n",
	    HEAD_OF "Content-Length: 4\r\n\r\nabc",
	    HEAD_OF "Content-Length: 2\r\n\r\nabc",
	    HEAD_OF "Content-Length: 18446744073709551615\r\n\r\nabc",
	    HEAD_OF "Content-Length: x\r\n\r\nabc",
	    HEAD_OF "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
	    HEAD_OF "\r\nabc",
	    HEAD_OF "Host: i\r\n\r\n",
	    HEAD_OF " folded\r\n\r\n",
	    HEAD_OF "bare\r\n\r\n",
	    "POST /a HTTP/1.1\r\n\r\n",
	    "POST /a HTTP/2.0\r\nHost: h\r\n\r\n",
	    "POST /a HTTP/1.1\nHost: h\n\n",
	    "\r\nPOST /a HTTP/1.1\r\nHost: h\r\n\r\n",
	    "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	};
	char peer[INET6_ADDRSTRLEN + 1];
	struct buffer b = new_bundle();
	for (unsigned i = 0; i < COUNT_OF(requests); i++)
		refused_alone("10.1.2.3", text_of(requests[i]));
	memset(peer, '1', sizeof peer);
	peer[INET6_ADDRSTRLEN] = '\0';
	refused_alone(peer, TEXT("GET /a HTTP/1.1\r\nHost: h\r\n\r\n"));
	buffer_text(&b, TEXT(HEAD_OF));
	for (unsigned i = 0; i < HEADER_COUNT_MAX; i++)
		buffer_format(&b, "X-%u: 1\r\n", i);
	buffer_text(&b, TEXT("\r\n"));
	refused_alone("10.1.2.3", buffer_get(&b));
	buffer_clear(&b);
	buffer_text(&b, TEXT(HEAD_OF "X-Long: "));
	buffer_add(&b, large, HEADER_BYTES_MAX);
	buffer_text(&b, TEXT("\r\n\r\n"));
	refused_alone("10.1.2.3", buffer_get(&b));
	buffer_release(&b);
}

/* The handler sees that it was passed, and does not take it for one. */
static void test_bundle_within(void)
{
	struct buffer b = new_bundle();
	add(&b, "10.1.2.3",
	    TEXT("POST /-/bundle HTTP/1.1\r\nHost: h\r\nContent-Length: 32\r\n\r\n" GOOD));
	struct answers a = ask(&b);
	CHECK(a.taken && a.count == 1);
	CHECK(has(a.of[0], "POST /-/bundle|10.1.2.3|passed|h|27 p\nGET / HTTP/1.1\r\n"));
}

/* ---- tests: late answers */

static struct buffer late_bundle(void)
{
	struct buffer b = new_bundle();
	add_get(&b, "/late?0");
	add_get(&b, "/now");
	add_get(&b, "/late?2");
	add_get(&b, "/none");
	add_get(&b, "/late?4");
	return b;
}

static void check_late(const struct answers *a)
{
	static const unsigned order[] = {1, 3, 4, 2, 0};
	CHECK(a->taken && a->count == COUNT_OF(order));
	CHECK(memcmp(a->order, order, sizeof order) == 0);
	CHECK(has(a->of[0], "GET /late?0|10.1.2.3|passed|"));
	CHECK(has(a->of[2], "GET /late?2|") && has(a->of[4], "GET /late?4|"));
	CHECK(has(a->of[1], "GET /now|") && has(a->of[3], "204 No Content"));
}

/* Two bundles and a request by itself, and one more behind the first. */
static void test_late(void)
{
	int fds[3] = {dial(), dial(), dial()};
	struct buffer b = late_bundle();
	static const char direct[] = "GET /late HTTP/1.1\r\nHost: h\r\n\r\n";
	say_bundle(fds[0], buffer_get(&b));
	wait_late(3);
	say_bundle(fds[1], buffer_get(&b));
	wait_late(6);
	CHECK(say(fds[2], direct, strlen(direct)));
	wait_late(7);
	let_go();
	for (unsigned i = 0; i < 2; i++) {
		struct answers a = hear_answers(fds[i]);
		check_late(&a);
	}
	CHECK(has(hear(fds[2], room, sizeof room), "GET /late|127.0.0.1|direct|h|"));
	for (unsigned i = 0; i < 3; i++)
		close(fds[i]);
	buffer_release(&b);
}

/* What is answered then is dropped. */
static void test_client_gone(void)
{
	static const struct linger ways[] = {{0, 0}, {1, 0}};
	for (unsigned i = 0; i < COUNT_OF(ways); i++) {
		struct buffer b = late_bundle();
		int fd = dial();
		say_bundle(fd, buffer_get(&b));
		wait_late(3);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &ways[i], sizeof ways[i]);
		close(fd);
		sleep_ms(20);
		let_go();
		buffer_release(&b);
		b = new_bundle();
		add_get(&b, "/after");
		struct answers a = ask(&b);
		CHECK(a.taken && a.count == 1 && has(a.of[0], "GET /after|"));
	}
}

/* A server that stops answers what it has taken; past its drain, for itself. */
static void test_stop(void)
{
	static const long waits[] = {50, 2 * DRAIN_MS};
	for (unsigned i = 0; i < COUNT_OF(waits); i++) {
		struct buffer b = late_bundle();
		int fd = dial();
		say_bundle(fd, buffer_get(&b));
		wait_late(3);
		http_server_stop(server);
		sleep_ms(waits[i]);
		let_go();
		struct answers a = hear_answers(fd);
		if (waits[i] < DRAIN_MS)
			check_late(&a);
		CHECK_INT(a.taken, waits[i] < DRAIN_MS);
		CHECK_INT(a.closes, a.taken);
		close(fd);
		buffer_release(&b);
		server_end();
		begin();
	}
}

int main(void)
{
	for (size_t i = 0; i < sizeof large; i++)
		large[i] = (char)('a' + i * i % 23);
	begin();
	test_one();
	test_kinds();
	test_many();
	test_pieces();
	test_no_room();
	test_no_bundle();
	test_bad_requests();
	test_bundle_within();
	test_late();
	test_client_gone();
	test_stop();
	server_end();
	return test_end();
}
