/*
 * Passing requests on (http_pass) to a peer that answers well or badly: what the peer is sent, what
 * comes back, and which of the three outcomes it is. The server under test passes everything on and
 * answers with the peer's answer, or with 502 and the name of the outcome.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http/http.h"
#include "test.h"

enum { LARGE = 3 << 20, PASS_MS = 2000 };

static char large[LARGE];
static struct http_server *server;
static struct sockaddr_in server_at, peer_at;
static char peer_name[32];
static atomic_uint peer_connects, peer_requests;

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* ---- bytes */

static bool say(int fd, const void *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t n = send(fd, (const char *)data + at, size - at, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

/* A whole message with Content-Length, or none; TEXT_NONE: it ended before. */
static struct text hear(int fd, char *room, size_t most)
{
	size_t size = 0, want = 0;
	while (size < most) {
		struct pollfd p = {fd, POLLIN, 0};
		ssize_t n = poll(&p, 1, 5000) > 0 ? recv(fd, room + size, most - size, 0) : 0;
		if (n <= 0)
			return TEXT_NONE;
		size += (size_t)n;
		const char *end = memmem(room, size, "\r\n\r\n", 4);
		if (!end)
			continue;
		const char *length = memmem(room, (size_t)(end - room), "Content-Length: ", 16);
		want = (size_t)(end - room) + 4 + (length ? strtoul(length + 16, NULL, 10) : 0);
		if (size >= want)
			return (struct text){room, size};
	}
	return TEXT_NONE;
}

static bool has(struct text t, const char *what)
{
	return t.size && memmem(t.data, t.size, what, strlen(what)) != NULL;
}

/* ---- the peer: what it does with a request is its path */

static const struct {
	const char *path, *answer;
	bool closes;
} answers[] = {
    {"/good",
     "HTTP/1.1 201 Created\r\nServer: couponry\r\nDate: x\r\nContent-Type: text/plain\r\n"
     "Content-Length: 4\r\nETag: \"7\"\r\nLocation: /there\r\n\r\ngood",
     false},
    {"/none", "HTTP/1.1 204 No Content\r\nServer: couponry\r\nETag: \"8\"\r\n\r\n", false},
    {"/goodbye", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", true},
    {"/gone", "", true},
    {"/half", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true},
    {"/garbage", "good morning\r\n\r\n", false},
    {"/early", "HTTP/1.1 100 Continue\r\n\r\n", false},
    {"/more", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokay", false},
    {"/length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", false},
    {"/word", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", false},
    {"/bare", "HTTP/1.1 200 OK\r\nwhat\r\n\r\n", false},
    {"/silent", "", false},
};

static bool reply_large(int fd)
{
	char head[80];
	int size =
	    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LARGE);
	return say(fd, head, (size_t)size) && say(fd, large, LARGE);
}

/* One byte at a time. */
static bool reply_slowly(int fd)
{
	static const char bytes[] = "HTTP/1.1 200 OK\r\nX-One: 1\r\nContent-Length: 5\r\n\r\nslow.";
	for (size_t i = 0; i < sizeof bytes - 1; i++) {
		if (!say(fd, bytes + i, 1))
			return false;
		sleep_ms(2);
	}
	return true;
}

static bool reply_headers(int fd)
{
	char bytes[2000];
	struct buffer b;
	buffer_init_fixed(&b, bytes, sizeof bytes);
	buffer_text(&b, TEXT("HTTP/1.1 200 OK\r\n"));
	for (unsigned i = 0; i < HTTP_ANSWER_HEADERS_MAX + 1; i++)
		buffer_format(&b, "X-%u: 1\r\n", i);
	buffer_text(&b, TEXT("Content-Length: 0\r\n\r\n"));
	return say(fd, b.data, b.size);
}

/* The request as it came, as the body. */
static bool reply_echo(int fd, struct text request)
{
	char head[80];
	int size = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
			    request.size);
	return say(fd, head, (size_t)size) && say(fd, request.data, request.size);
}

/* False: the connection is to be closed. */
static bool behave(int fd, struct text request)
{
	struct text line = request, path;
	(void)text_cut(&line, ' ');
	path = text_cut(&line, ' ');
	for (unsigned i = 0; i < COUNT_OF(answers); i++)
		if (text_equal(path, text_of(answers[i].path)))
			return say(fd, answers[i].answer, strlen(answers[i].answer)) &&
			       !answers[i].closes;
	if (text_equal(path, TEXT("/large")))
		return reply_large(fd);
	if (text_equal(path, TEXT("/slowly")))
		return reply_slowly(fd);
	if (text_equal(path, TEXT("/headers")))
		return reply_headers(fd);
	return reply_echo(fd, request);
}

static void *peer_talk(void *p)
{
	int fd = (int)(intptr_t)p;
	char *room = malloc(2 * LARGE);
	struct text request;
	do {
		request = hear(fd, room, 2 * LARGE);
		atomic_fetch_add(&peer_requests, request.size > 0);
	} while (request.size && behave(fd, request));
	close(fd);
	free(room);
	return NULL;
}

static void *peer_accept(void *p)
{
	for (;;) {
		int fd = accept((int)(intptr_t)p, NULL, NULL);
		pthread_t thread;
		if (fd < 0)
			return NULL;
		atomic_fetch_add(&peer_connects, 1);
		pthread_create(&thread, NULL, peer_talk, (void *)(intptr_t)fd);
		pthread_detach(thread);
	}
}

static void peer_start(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof peer_at;
	pthread_t thread;
	peer_at = (struct sockaddr_in){.sin_family = AF_INET};
	peer_at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(bind(fd, (struct sockaddr *)&peer_at, size) == 0 && listen(fd, 64) == 0);
	getsockname(fd, (struct sockaddr *)&peer_at, &size);
	snprintf(peer_name, sizeof peer_name, "127.0.0.1:%u", ntohs(peer_at.sin_port));
	pthread_create(&thread, NULL, peer_accept, (void *)(intptr_t)fd);
	pthread_detach(thread);
}

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

static void handle(void *context, struct http_exchange *x)
{
	struct http_pass *pass = arena_take_zeroed(x->arena, sizeof *pass);
	struct text address = http_header_get(&x->request, TEXT("x-address"));
	(void)context;
	*pass = (struct http_pass){.exchange = x,
				   .address = address.size ? address : text_of(peer_name),
				   .mark = {TEXT("Mark"), TEXT("ours")},
				   .done = on_passed};
	http_pass(pass);
}

static void *serve(void *p)
{
	http_server_run(p);
	return NULL;
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
	struct text heard =
	    ask("PATCH /a/b?c=%20 HTTP/1.1\r\nHost: shop\r\nX-Own: 1\r\nmark: theirs\r\n"
		"Connection: keep-alive\r\nAccept-Encoding: gzip\r\nTE: gzip\r\n"
		"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
	CHECK(has(heard, "PATCH /a/b?c=%20 HTTP/1.1\r\nHost: shop\r\nX-Own: 1\r\nMark: ours\r\n"
			 "Content-Length: 3\r\n\r\nabc"));
	CHECK(!has(heard, "theirs") && !has(heard, "gzip") && !has(heard, "chunked"));
	char head[100];
	int fd = dial(),
	    size = snprintf(head, sizeof head,
			    "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n",
			    900 * 1024);
	CHECK(say(fd, head, (size_t)size) && say(fd, large, 900 * 1024));
	heard = hear(fd, room, sizeof room);
	CHECK(heard.size > 900 * 1024 &&
	      memcmp(heard.data + heard.size - 900 * 1024, large, 900 * 1024) == 0);
	CHECK(has(ask_on(fd, GET("/good") GET("/none")), "good")); /* pipelined */
	close(fd);
}

/* What left and was not answered is unknown; nothing is said twice. */
static void test_unknown(void)
{
	static const char *const paths[] = {"/half",   "/gone", "/garbage", "/early",	"/more",
					    "/length", "/word", "/bare",    "/headers", "/silent"};
	enum { BROKEN_OFF = 2 };
	for (unsigned i = 0; i < COUNT_OF(paths); i++) {
		char request[80];
		unsigned before = atomic_load(&peer_requests);
		snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", paths[i]);
		struct text heard = ask(request);
		if (!CHECK(has(heard, "\r\n\r\nunknown")))
			fprintf(stderr, "%s: %.*s\n", paths[i], TEXT_ARG(heard));
		CHECK_INT(atomic_load(&peer_requests), before + 1);
		if (i < BROKEN_OFF)
			sleep_ms(1100); /* it is left alone for a second */
	}
	CHECK(has(ask(GET("/good")), "not sent")); /* who kept silent, for longer */
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

int main(void)
{
	const char *error = "";
	uint64_t port = 0;
	pthread_t thread;
	for (size_t i = 0; i < sizeof large; i++)
		large[i] = (char)('a' + i * i % 23);
	peer_start();
	struct http_config config = {
	    .listen = "127.0.0.1:0", .workers = 1, .handle = handle, .pass_ms = PASS_MS};
	server = http_server_open(&config, &error);
	must(server);
	struct text at = text_of(http_server_address(server));
	(void)text_cut(&at, ':');
	CHECK(text_to_uint64(at, &port));
	server_at = peer_at;
	server_at.sin_port = htons((uint16_t)port);
	pthread_create(&thread, NULL, serve, server);
	test_answers();
	test_request();
	test_many();
	test_not_sent();
	test_goodbye();
	test_unknown();
	http_server_stop(server);
	pthread_join(thread, NULL);
	http_server_free(server);
	return test_end();
}
