/*
 * The HTTP front over real sockets: what is served, what is refused and how, deadlines, late
 * replies, drain, TLS, memory of idle connections. One server per group, in a thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "base/limits.h"
#include "http/http.h"
#include "test.h"

/* ---- the server under test */

static struct http_server *server;
static pthread_t server_thread;
static struct sockaddr_in server_at;
static atomic_int last_refused, refusals, loops_started, loops_ended, calls_running;
static char large[8 << 20];

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *verb_name(enum http_verb v)
{
	static const char *const names[] = {"GET",  "POST",    "PUT",	"DELETE",
					    "HEAD", "OPTIONS", "PATCH", "OTHER"};
	return names[v];
}

static void answer(struct http_exchange *x)
{
	const struct http_request *r = &x->request;
	struct text body =
	    arena_format(x->arena, "%s %.*s|%.*s|%.*s|%zu", verb_name(r->verb), TEXT_ARG(r->path),
			 TEXT_ARG(r->query), TEXT_ARG(r->host), r->body.size);
	if (text_equal(r->path, TEXT("/body")))
		body = r->body;
	if (text_equal(r->path, TEXT("/peer")))
		body =
		    arena_format(x->arena, "%.*s %s", TEXT_ARG(r->peer), r->tls ? "tls" : "plain");
	if (text_equal(r->path, TEXT("/large")))
		body = (struct text){large, sizeof large};
	if (text_equal(r->path, TEXT("/zip")))
		body = (struct text){large, 5000};
	struct http_header extra[] = {
	    {TEXT("X-Good"), TEXT("yes")},
	    {TEXT("X-Split"), TEXT("a\r\nX-Evil: 1")},
	};
	struct http_reply reply = {
	    .status = text_equal(r->path, TEXT("/none")) ? 204 : 200,
	    .content_type = TEXT("text/plain"),
	    .body = body,
	    .extra = extra,
	    .extra_count = text_equal(r->path, TEXT("/extra")) ? 2 : 0,
	    .retry_after_s = text_equal(r->path, TEXT("/extra")) ? 7 : 0,
	    .close = text_equal(r->path, TEXT("/close")),
	    .may_gzip = text_equal(r->path, TEXT("/zip")),
	};
	if (reply.status == 204)
		reply.content_type = TEXT_NONE;
	http_reply(x, &reply);
}

/* "/later?50" is answered 50 ms later, by way of another thread. */
struct later {
	struct http_task task;
	struct http_exchange *exchange;
	long ms;
};

static void later_answer(struct http_task *task)
{
	struct later *l = (struct later *)task;
	struct http_exchange *x = l->exchange;
	free(l);
	answer(x);
	atomic_fetch_sub(&calls_running, 1);
}

static void *later_wait(void *p)
{
	struct later *l = p;
	sleep_ms(l->ms);
	http_post(l->exchange->loop, &l->task);
	return NULL;
}

static void handle(void *context, struct http_exchange *x)
{
	(void)context;
	if (!text_equal(x->request.path, TEXT("/later"))) {
		answer(x);
		return;
	}
	struct later *l = calloc(1, sizeof *l);
	uint64_t ms;
	l->task.run = later_answer;
	l->exchange = x;
	l->ms = text_to_uint64(x->request.query, &ms) ? (long)ms : 0;
	atomic_fetch_add(&calls_running, 1);
	pthread_t thread;
	pthread_create(&thread, NULL, later_wait, l);
	pthread_detach(thread);
}

static void loop_start(void *context, struct http_loop *loop)
{
	(void)context, (void)loop;
	atomic_fetch_add(&loops_started, 1);
}

static void loop_end(void *context, struct http_loop *loop)
{
	(void)context, (void)loop;
	atomic_fetch_add(&loops_ended, 1);
}

static void refused(void *context, int status)
{
	(void)context;
	atomic_store(&last_refused, status);
	atomic_fetch_add(&refusals, 1);
}

static void *serve(void *p)
{
	http_server_run(p);
	return NULL;
}

static void server_start(struct http_config config)
{
	const char *error = "";
	config.listen = "127.0.0.1:0";
	config.workers = config.workers ? config.workers : 1;
	config.handle = handle;
	config.refused = refused;
	config.loop_start = loop_start;
	config.loop_end = loop_end;
	server = http_server_open(&config, &error);
	if (!server) {
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
	uint64_t port = 0;
	struct text at = text_of(http_server_address(server));
	(void)text_cut(&at, ':');
	CHECK(text_to_uint64(at, &port) && port > 0);
	server_at = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	server_at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	pthread_create(&server_thread, NULL, serve, server);
}

static void server_end(void)
{
	http_server_stop(server);
	pthread_join(server_thread, NULL);
	CHECK_INT(http_server_connections(server), 0);
	http_server_free(server);
}

/* ---- the client */

static int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (connect(fd, (struct sockaddr *)&server_at, sizeof server_at) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool say_bytes(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

static bool say(int fd, const char *s)
{
	return say_bytes(fd, s, strlen(s));
}

static char heard_bytes[16 << 20];

/* Until the server closes (ret true) or nothing comes for `ms`. */
static bool hear_end(int fd, int ms, struct text *ret)
{
	size_t size = 0;
	*ret = TEXT_NONE;
	for (;;) {
		struct pollfd p = {fd, POLLIN, 0};
		if (poll(&p, 1, ms) <= 0)
			return false;
		ssize_t n = recv(fd, heard_bytes + size, sizeof heard_bytes - size, 0);
		if (n <= 0)
			return n == 0;
		size += (size_t)n;
		*ret = (struct text){heard_bytes, size};
	}
}

static bool has(struct text t, const char *what)
{
	return t.size && memmem(t.data, t.size, what, strlen(what)) != NULL;
}

struct reply {
	int status;
	struct text head, body;
};

/* One reply, byte by byte so that nothing of the next is taken. status 0: none came. */
static struct reply hear(int fd, bool has_body)
{
	static char bytes[sizeof large + 4096];
	struct reply r = {0};
	size_t size = 0, length = 0;
	while (size < 4 || memcmp(bytes + size - 4, "\r\n\r\n", 4) != 0) {
		struct pollfd p = {fd, POLLIN, 0};
		if (size == 4096 || poll(&p, 1, 3000) <= 0 || recv(fd, bytes + size, 1, 0) != 1)
			return r;
		size++;
	}
	r.head = (struct text){bytes, size};
	r.status = (bytes[9] - '0') * 100 + (bytes[10] - '0') * 10 + bytes[11] - '0';
	const char *field = memmem(bytes, size, "Content-Length: ", 16);
	if (field)
		length = strtoul(field + 16, NULL, 10);
	r.body = (struct text){bytes + size, 0};
	while (has_body && r.body.size < length) {
		ssize_t n = recv(fd, bytes + size + r.body.size, length - r.body.size, 0);
		if (n <= 0)
			break;
		r.body.size += (size_t)n;
	}
	return r;
}

static int status_of(struct text t)
{
	return t.size < 12 ? 0
			   : (t.data[9] - '0') * 100 + (t.data[10] - '0') * 10 + t.data[11] - '0';
}

static struct reply ask(const char *request)
{
	int fd = dial();
	say(fd, request);
	struct reply r = hear(fd, strncmp(request, "HEAD", 4) != 0);
	close(fd);
	return r;
}

/* ---- what is served */

#define H "Host: h\r\n"

static void served(void)
{
	static const struct {
		const char *request, *want;
	} rows[] = {
	    {"GET / HTTP/1.1\r\n" H "\r\n", "GET /||h|0"},
	    {"GET /a/b?c=d?e HTTP/1.1\r\nHost: x:80 \r\n\r\n", "GET /a/b|c=d?e|x:80|0"},
	    {"GET //a%20b? HTTP/1.1\r\n" H "\r\n", "GET //a%20b||h|0"},
	    {"GET http://other/a?b HTTP/1.1\r\n" H "\r\n", "GET /a|b|h|0"},
	    {"OPTIONS * HTTP/1.1\r\n" H "\r\n", "OPTIONS *||h|0"},
	    {"PROPFIND / HTTP/1.1\r\n" H "\r\n", "OTHER /||h|0"},
	    {"PATCH / HTTP/1.1\r\n" H "\r\n", "PATCH /||h|0"},
	    {"GET / HTTP/1.0\r\n\r\n", "GET /|||0"},
	    {"\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", "GET /||h|0"},
	    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET /|||0"},
	    {"GET / HTTP/1.1\r\nX:\r\nhOST: h\r\nY: \t \r\n\r\n", "GET /||h|0"},
	    {"GET / HTTP/1.1\r\n" H "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "GET /||h|0"},
	    {"POST / HTTP/1.1\r\n" H
	     "Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nab",
	     "POST /||h|2"},
	    {"GET /x HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc", "GET /x||h|3"},
	    {"POST /body HTTP/1.1\r\n" H "Content-Length: 11\r\n\r\nhello world", "hello world"},
	    {"POST /body HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n"
	     "5\r\nhello\r\n1;ext=\"1\"\r\n \r\n00005\r\nworld\r\n0\r\nTrailer: x\r\n\r\n",
	     "hello world"},
	    {"POST /body HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
	    {"GET /peer HTTP/1.1\r\n" H "\r\n", "127.0.0.1 plain"},
	    {"DELETE /later?30 HTTP/1.1\r\n" H "\r\n", "DELETE /later|30|h|0"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct reply r = ask(rows[i].request);
		if (!CHECK_INT(r.status, 200) || !CHECK_TEXT(r.body, rows[i].want))
			fprintf(stderr, "     of %s\n", rows[i].request);
	}
}

/* Every request of `served` in single bytes comes to the same. */
static void single_bytes(void)
{
	static const char request[] =
	    "\r\nPOST /body?x HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
	    "5;a\r\nhello\r\n6\r\n world\r\n0\r\nT: t\r\n\r\n";
	int fd = dial();
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof request - 1; i++) {
			say_bytes(fd, request + i, 1);
			if (i % 8 == 0)
				sleep_ms(1);
		}
		struct reply r = hear(fd, true);
		CHECK_INT(r.status, 200);
		CHECK_TEXT(r.body, "hello world");
	}
	close(fd);
}

static void heads(void)
{
	struct reply r = ask("GET / HTTP/1.1\r\n" H "\r\n");
	CHECK(has(r.head, "Server: couponry\r\n") && has(r.head, "\r\nDate: "));
	CHECK(has(r.head, "Content-Type: text/plain\r\n") && !has(r.head, "Connection:"));
	r = ask("GET / HTTP/1.0\r\n\r\n");
	CHECK(has(r.head, "HTTP/1.1 200 OK\r\n") && has(r.head, "Connection: close\r\n"));
	r = ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	CHECK(has(r.head, "Connection: keep-alive\r\n"));
	r = ask("GET / HTTP/1.1\r\n" H "Connection: x, Close\r\n\r\n");
	CHECK(has(r.head, "Connection: close\r\n"));
	r = ask("GET /none HTTP/1.1\r\n" H "\r\n");
	CHECK(r.status == 204 && !has(r.head, "Content-Length"));
	r = ask("GET /extra HTTP/1.1\r\n" H "\r\n");
	CHECK(has(r.head, "X-Good: yes\r\n") && !has(r.head, "X-Evil"));
	CHECK(has(r.head, "Retry-After: 7\r\n"));
}

static void head_then_get(void)
{
	int fd = dial();
	say(fd, "HEAD /abc HTTP/1.1\r\n" H "\r\nGET /abc HTTP/1.1\r\n" H "\r\n");
	struct reply r = hear(fd, false);
	CHECK(r.status == 200 && has(r.head, "Content-Length: 14\r\n"));
	r = hear(fd, true);
	CHECK_TEXT(r.body, "GET /abc||h|0");
	close(fd);
}

static void closes(void)
{
	static const char *const requests[] = {
	    "GET /close HTTP/1.1\r\n" H "\r\n",
	    "GET / HTTP/1.0\r\n\r\n",
	    "GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\nGET /pipelined HTTP/1.1\r\n" H "\r\n",
	    "GET /later?20 HTTP/1.1\r\n" H "Connection: close\r\n\r\n",
	};
	for (size_t i = 0; i < COUNT_OF(requests); i++) {
		int fd = dial();
		struct text heard;
		say(fd, requests[i]);
		CHECK(hear_end(fd, 2000, &heard));
		CHECK(status_of(heard) == 200 && !has(heard, "/pipelined"));
		close(fd);
	}
}

/* A client that closes its side first still gets all its answers. */
static void half_closed(void)
{
	int fd = dial();
	struct text heard;
	say(fd, "GET /later?50 HTTP/1.1\r\n" H "\r\nGET /second HTTP/1.1\r\n" H "\r\nGET /half");
	shutdown(fd, SHUT_WR);
	CHECK(hear_end(fd, 2000, &heard));
	CHECK(has(heard, "GET /later|50|h|0") && has(heard, "GET /second||h|0"));
	close(fd);
}

static void pipelined(void)
{
	static const char *const requests[] = {
	    "GET /1 HTTP/1.1\r\n" H "\r\nPOST /2 HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nbody"
	    "GET /3 HTTP/1.1\r\n" H "\r\n",
	    "GET /1 HTTP/1.1\r\n" H "\r\nPOST /later?40 HTTP/1.1\r\n" H
	    "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\nGET /3 HTTP/1.1\r\n" H "\r\n",
	};
	for (size_t i = 0; i < COUNT_OF(requests); i++) {
		int fd = dial();
		say(fd, requests[i]);
		CHECK_TEXT(hear(fd, true).body, "GET /1||h|0");
		CHECK_TEXT(hear(fd, true).body, i ? "POST /later|40|h|4" : "POST /2||h|4");
		CHECK_TEXT(hear(fd, true).body, "GET /3||h|0");
		close(fd);
	}
}

/* More pipelined bytes than one read, behind a slow call. */
static void pipelined_far(void)
{
	enum { COUNT = 5000 };
	static const char one[] = "GET /pipelined HTTP/1.1\r\n" H "\r\n";
	static char all[COUNT * (sizeof one - 1)];
	for (size_t i = 0; i < COUNT; i++)
		memcpy(all + i * (sizeof one - 1), one, sizeof one - 1);
	int fd = dial(), right = 0;
	say(fd, "GET /later?100 HTTP/1.1\r\n" H "\r\n");
	say_bytes(fd, all, sizeof all);
	CHECK_INT(hear(fd, true).status, 200);
	struct text heard;
	shutdown(fd, SHUT_WR);
	CHECK(hear_end(fd, 2000, &heard));
	for (const char *at = heard.data; at;
	     at = memmem(at, (size_t)(heard.data + heard.size - at), "GET /pipelined||h|0", 19)) {
		at += right++ ? 19 : 0;
	}
	CHECK_INT(right, COUNT + 1);
	close(fd);
}

static void continues(void)
{
	static const char head[] =
	    "POST /body HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n";
	int fd = dial();
	say(fd, head);
	CHECK_INT(hear(fd, true).status, 100);
	say(fd, "ok");
	CHECK_TEXT(hear(fd, true).body, "ok");
	close(fd);
	struct reply r =
	    ask("POST / HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
	CHECK_INT(r.status, 413);
}

static void zips(void)
{
	static const struct {
		const char *accept;
		bool zipped;
	} rows[] = {
	    {"gzip", true},
	    {"deflate, GZIP;q=0.5", true},
	    {"*", true},
	    {"gzip;q=0", false},
	    {"gzip; q=0.000, *", false},
	    {"identity", false},
	    {"*;q=0, gzip", true},
	    {"x-gzip", true},
	    {"", false},
	    {"br;q=1.0, *;q=0", false},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char request[200];
		(void)snprintf(request, sizeof request,
			       "GET /zip HTTP/1.1\r\n" H "Accept-Encoding: %s\r\n\r\n",
			       rows[i].accept);
		struct reply r = ask(request);
		CHECK(has(r.head, "Vary: Accept-Encoding\r\n"));
		CHECK_INT(has(r.head, "Content-Encoding: gzip\r\n"), rows[i].zipped);
		static char clear[8000];
		z_stream z = {.next_in = (unsigned char *)(uintptr_t)r.body.data,
			      .avail_in = (unsigned)r.body.size,
			      .next_out = (unsigned char *)clear,
			      .avail_out = sizeof clear};
		if (rows[i].zipped) {
			CHECK(inflateInit2(&z, 15 + 16) == Z_OK &&
			      inflate(&z, Z_FINISH) == Z_STREAM_END);
			CHECK(z.total_out == 5000 && memcmp(clear, large, 5000) == 0);
			inflateEnd(&z);
		} else {
			CHECK_INT(r.body.size, 5000);
		}
	}
	struct reply r = ask("GET / HTTP/1.1\r\n" H "Accept-Encoding: gzip\r\n\r\n");
	CHECK(!has(r.head, "Content-Encoding"));
}

/* A reply larger than the socket takes at once, to a client that reads late. */
static void large_reply(void)
{
	int fd = dial();
	say(fd, "GET /large HTTP/1.1\r\n" H "\r\nGET /next HTTP/1.1\r\n" H "\r\n");
	sleep_ms(100);
	struct reply r = hear(fd, true);
	CHECK(r.body.size == sizeof large && memcmp(r.body.data, large, sizeof large) == 0);
	CHECK_TEXT(hear(fd, true).body, "GET /next||h|0");
	close(fd);
}

/* ---- what is refused */

static void refusals_table(void)
{
	static const struct {
		int status;
		const char *request;
		size_t size; /* 0: strlen */
	} rows[] = {
	    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 0},
	    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 0},
	    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 3, 3\r\n\r\nabc", 0},
	    {400, "POST / HTTP/1.1\r\n" H "Content-Length: +3\r\n\r\nabc", 0},
	    {400, "POST / HTTP/1.1\r\n" H "Content-Length: -3\r\n\r\nabc", 0},
	    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 0x3\r\n\r\nabc", 0},
	    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 3 3\r\n\r\nabc", 0},
	    {400, "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\nabc", 0},
	    {400, "POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551617\r\n\r\na", 0},
	    {400, "POST / HTTP/1.1\r\n" H "Content-Length : 3\r\n\r\nabc", 0},
	    {400,
	     "POST / HTTP/1.1\r\n" H
	     "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	     0},
	    {400,
	     "POST / HTTP/1.1\r\n" H
	     "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
	     0},
	    {501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\n", 0},
	    {501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", 0},
	    {501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, gzip\r\n\r\n", 0},
	    {501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 0},
	    {501,
	     "POST / HTTP/1.1\r\n" H
	     "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
	     0},
	    {501,
	     "POST / HTTP/1.1\r\n" H
	     "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
	     0},
	    {400,
	     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: \x0b"
	     "chunked\r\n\r\n",
	     0},
	    {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n", 0},
	    {400, "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0},
	    {400, "GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n", 0},
	    {400, "GET / HTTP/1.1\r\n" H "X: a\r\n\tContent-Length: 3\r\n\r\n", 0},
	    {400, "POST / HTTP/1.1\r\n" H "Content-Length:\r\n 3\r\n\r\nabc", 0},
	    {400, "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 0},
	    {400, "GET / HTTP/1.1\n" H "\r\n", 0},
	    {400, "GET / HTTP/1.1\r\nHost: h\n\r\n", 0},
	    {400, "GET / HTTP/1.1\r\nHost: h\r\n\n", 0},
	    {400, "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", 0},
	    {400, "GET / HTTP/1.1\r\nHost: h\r\r\n\r\n", 0},
	    {400, "GET / HTTP/1.1\rHost: h\r\n\r\n", 0},
	    {400, "\n\nGET / HTTP/1.1\r\n" H "\r\n", 0},
	    {400, "GET / HTTP/1.1\r\nHost: h\0\r\n\r\n", 29},
	    {400, "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n", 29},
	    {400, "\x16\x03\x01\0\x05hello", 10},
	    {400, "GET / HTTP/1.1\r\nHost: h\r\nX: \x01\r\n\r\n", 0},
	    {400, "GET / HTTP/1.1\r\nHost: h\r\nX: \x7f\r\n\r\n", 0},
	    {400, "GET / HTTP/1.1\r\nHost: h\r\nX y: z\r\n\r\n", 0},
	    {400, "GET / HTTP/1.1\r\nHost: h\r\n: z\r\n\r\n", 0},
	    {400, "GET / HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", 0},
	    {400, "GET / HTTP/1.1\r\n\r\n", 0},
	    {400, "GET / HTTP/1.1\r\n" H H "\r\n", 0},
	    {400, "GET /a b HTTP/1.1\r\n" H "\r\n", 0},
	    {400, "GET  / HTTP/1.1\r\n" H "\r\n", 0},
	    {400, "GET /  HTTP/1.1\r\n" H "\r\n", 0},
	    {400, "GET / HTTP/1.1 \r\n" H "\r\n", 0},
	    {400, " GET / HTTP/1.1\r\n" H "\r\n", 0},
	    {400, "GET /a#b HTTP/1.1\r\n" H "\r\n", 0},
	    {400, "GET /\xe4\xbd\xa0 HTTP/1.1\r\n" H "\r\n", 0},
	    {400, "GET a HTTP/1.1\r\n" H "\r\n", 0},
	    {400, "GET http://x?a=/b HTTP/1.1\r\n" H "\r\n", 0},
	    {400, "GET /\r\n\r\n", 0},
	    {400, "hello\r\n\r\n", 0},
	    {505, "GET / HTTP/2.0\r\n" H "\r\n", 0},
	    {505, "GET / HTTP/1.2\r\n" H "\r\n", 0},
	    {505, "GET / HTTP/0.9\r\n" H "\r\n", 0},
	    {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0},
	    {400, "GET / HTTP/11\r\n" H "\r\n", 0},
	    {400, "GET / http/1.1\r\n" H "\r\n", 0},
	    {501, "CONNECT h:80 HTTP/1.1\r\n" H "\r\n", 0},
	    {501, "BREW / HTTP/1.1\r\n" H "\r\n", 0},
	    {417, "POST / HTTP/1.1\r\n" H "Expect: 200-ok\r\nContent-Length: 1\r\n\r\na", 0},
#define CHUNKED "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
	    {400, CHUNKED "x\r\n", 0},
	    {400, CHUNKED "\r\n", 0},
	    {400, CHUNKED " 1\r\na\r\n0\r\n\r\n", 0},
	    {400, CHUNKED "0x1\r\na\r\n0\r\n\r\n", 0},
	    {400, CHUNKED "-1\r\na\r\n0\r\n\r\n", 0},
	    {400, CHUNKED "1\na\r\n0\r\n\r\n", 0},
	    {400, CHUNKED "1;a\nb\r\na\r\n0\r\n\r\n", 0},
	    {400, CHUNKED "1\r\nab\r\n0\r\n\r\n", 0},
	    {400, CHUNKED "1\r\na\n0\r\n\r\n", 0},
	    {400, CHUNKED "1\r\na0\r\n\r\n", 0},
	    {413, CHUNKED "fffffffff\r\na", 0},
	    {400, CHUNKED "0\r\n\n", 0},
	    {400, CHUNKED "0\r\nT: a\n\n", 0},
	    {400, CHUNKED "0\r\n T: a\r\n\r\n", 0},
	    {413, CHUNKED "100001\r\n", 0},
	    {413, CHUNKED "ffffffff\r\n", 0},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int fd = dial(), before = atomic_load(&refusals);
		struct text heard;
		say_bytes(fd, rows[i].request,
			  rows[i].size ? rows[i].size : strlen(rows[i].request));
		bool closed = hear_end(fd, 2000, &heard);
		if (!CHECK(closed) || !CHECK_INT(status_of(heard), rows[i].status) ||
		    !CHECK(has(heard, "Connection: close\r\n")) ||
		    !CHECK_INT(atomic_load(&refusals), before + 1))
			fprintf(stderr, "     of %s\n", rows[i].request);
		CHECK_INT(atomic_load(&last_refused), rows[i].status);
		close(fd);
	}
}

/* A request that is refused in one write is refused in single bytes. */
static void refused_early(void)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\nX: y\r\n z";
	int fd = dial();
	struct text heard;
	for (size_t i = 0; i < sizeof request - 1; i++) {
		say_bytes(fd, request + i, 1);
		sleep_ms(1);
	}
	CHECK(hear_end(fd, 500, &heard));
	CHECK_INT(status_of(heard), 400);
	close(fd);
}

static int flood(const char *start, const char *piece, size_t times, const char *end)
{
	int fd = dial();
	struct text heard;
	bool said = say(fd, start);
	for (size_t i = 0; said && i < times; i++)
		said = say(fd, piece);
	say(fd, end);
	hear_end(fd, 300, &heard);
	close(fd);
	return status_of(heard);
}

static void sizes(void)
{
	CHECK_INT(flood("GET / HTTP/1.1\r\n" H, "X: y\r\n", 63, "\r\n"), 200 /* 64 headers */);
	CHECK_INT(flood("GET / HTTP/1.1\r\n" H, "X: y\r\n", 64, "\r\n"), 431);
	CHECK_INT(flood("GET / HTTP/1.1\r\n" H "X: ", "0123456789abcdef", 1000, "\r\n\r\n"), 200);
	CHECK_INT(flood("GET / HTTP/1.1\r\n" H "X: ", "0123456789abcdef", 1100, ""), 431);
	CHECK_INT(flood("GET / HTTP/1.1\r\n" H, "X: 0123456789abcdef0123456789abcdef\r\n", 500, ""),
		  431);
	CHECK_INT(flood("GET /", "0123456789abcdef", 1000, " HTTP/1.1\r\n" H "\r\n"), 200);
	CHECK_INT(flood("GET /", "0123456789abcdef", 1100, ""), 414);
	/* nothing but frame */
	CHECK_INT(flood(CHUNKED "1;", "0123456789abcdef", 1100, ""), 400);
	CHECK_INT(flood(CHUNKED "0\r\n", "T: 0123456789abcdef\r\n", 1100, ""), 400);
	CHECK_INT(flood(CHUNKED, "1\r\na\r\n", 5000, "0\r\n\r\n"), 200);
}

/* The largest legal body, and one byte more: 413 at once, readable while the body still comes. */
static void body_cap(void)
{
	char head[128];
	for (unsigned more = 0; more < 2; more++) {
		int fd = dial();
		(void)snprintf(head, sizeof head,
			       "POST /x HTTP/1.1\r\n" H "Content-Length: %u\r\n\r\n",
			       BODY_BYTES_MAX + more);
		say(fd, head);
		if (more) {
			struct text heard;
			long start = now_ms();
			CHECK(hear_end(fd, 2000, &heard));
			CHECK_INT(status_of(heard), 413);
			CHECK(has(heard, "text/plain") && now_ms() - start < 500);
		}
		CHECK(say_bytes(fd, large, BODY_BYTES_MAX + more));
		if (!more)
			CHECK_TEXT(hear(fd, true).body, "POST /x||h|1048576");
		close(fd);
	}
	/* who writes all of it first and only then reads */
	int fd = dial();
	struct text heard;
	say(fd, "POST /x HTTP/1.1\r\n" H "Content-Length: 4000000\r\n\r\n");
	CHECK(say_bytes(fd, large, 4000000));
	CHECK(hear_end(fd, 2000, &heard));
	CHECK_INT(status_of(heard), 413);
	close(fd);
	/* who never stops is cut */
	fd = dial();
	say(fd, "POST /x HTTP/1.1\r\n" H "Content-Length: 400000000\r\n\r\n");
	long start = now_ms();
	size_t sent = 0;
	while (say_bytes(fd, large, sizeof large))
		sent += sizeof large;
	CHECK(sent < 64 << 20 && now_ms() - start < 3000);
	close(fd);
}

/* ---- deadlines */

static void slow(const char *first, const char *drop, int want)
{
	int fd = dial(), status = 0;
	struct text heard;
	long start = now_ms();
	say(fd, first);
	bool ended = false;
	while (!ended && now_ms() - start < 3000) {
		say(fd, drop);
		CHECK_INT(ask("GET / HTTP/1.1\r\n" H "\r\n").status, 200); /* others are served */
		ended = hear_end(fd, 40, &heard);
		status = heard.size ? status_of(heard) : status;
	}
	long took = now_ms() - start;
	CHECK(took >= 300 && took < 1200);
	CHECK_INT(status, want);
	close(fd);
}

static void deadlines(void)
{
	server_start((struct http_config){
	    .header_ms = 400, .body_ms = 400, .idle_ms = 700, .reply_ms = 300});
	slow("", "", 0);
	slow("GET / HT", "", 408);
	slow("GET / HTTP/1.1\r\nX: ", "a", 408);
	slow("GET / HTTP/1.1\r\n", "X: y\r\n", 408);
	slow("GET /1 HTTP/1.1\r\n" H "\r\nPOST / HTTP/1.1\r\n" H "Content-Length: 99\r\n\r\n", "a",
	     408);
	slow("POST / HTTP/1.1\r\n" H "Content-Length: 99\r\n\r\n", "a", 408);
	slow(CHUNKED, "1\r\na\r\n", 408);

	/* idle longer than a head may take, then cut */
	int fd = dial();
	struct text heard;
	for (unsigned i = 0; i < 2; i++) {
		say(fd, "GET / HTTP/1.1\r\n" H "\r\n");
		CHECK_INT(hear(fd, true).status, 200);
		sleep_ms(500);
	}
	CHECK(hear_end(fd, 1000, &heard) && heard.size == 0);
	close(fd);

	/* a client that does not read */
	fd = dial();
	for (unsigned i = 0; i < 4; i++)
		say(fd, "GET /large HTTP/1.1\r\n" H "\r\n");
	sleep_ms(1500);
	CHECK_INT(http_server_connections(server), 0);
	close(fd);

	/* a slow call is nobody's deadline */
	CHECK_INT(ask("GET /later?1000 HTTP/1.1\r\n" H "\r\n").status, 200);
	server_end();
}

/* ---- clients that leave, connections that wait */

static void wait_calls(void)
{
	for (unsigned i = 0; i < 300 && atomic_load(&calls_running); i++)
		sleep_ms(10);
	CHECK_INT(atomic_load(&calls_running), 0);
}

static void gone_before_reply(void)
{
	struct linger now = {1, 0}; /* close with a reset */
	for (unsigned i = 0; i < 4; i++) {
		int fd = dial();
		say(fd, "GET /later?80 HTTP/1.1\r\n" H "\r\nGET /later?80 HTTP/1.1\r\n" H "\r\n");
		sleep_ms(20);
		if (i & 1)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
		close(fd);
	}
	sleep_ms(200);
	wait_calls();
	CHECK_INT(ask("GET / HTTP/1.1\r\n" H "\r\n").status, 200);
}

static void gone_within(void)
{
	static const char *const begun[] = {"GET", "GET / HTTP/1.1\r\n",
					    "POST / HTTP/1.1\r\n" H "Content-Length: 9\r\n\r\na",
					    CHUNKED "5\r\na", "GET /large HTTP/1.1\r\n" H "\r\n"};
	for (size_t i = 0; i < COUNT_OF(begun); i++) {
		int fd = dial();
		say(fd, begun[i]);
		sleep_ms(10);
		close(fd);
	}
	sleep_ms(100);
	CHECK_INT(http_server_connections(server), 0);
}

static void many_idle(void)
{
	enum { COUNT = 5000 };
	static int fds[COUNT];
	struct rlimit files;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < 2 * COUNT + 100) {
		printf("skipped: 5,000 idle connections need %d descriptors\n", 2 * COUNT + 100);
		return;
	}
	CHECK_INT(ask("POST / HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\na").status, 200);
	sleep_ms(50);
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
	for (unsigned i = 0; i < COUNT; i++) {
		fds[i] = dial();
		if (i % 2) /* half of them have been served */
			say(fds[i], "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\na");
	}
	unsigned served_count = 0;
	for (unsigned i = 1; i < COUNT; i += 2)
		served_count += hear(fds[i], true).status == 200;
	CHECK_INT(served_count, COUNT / 2);
	for (unsigned i = 0; i < 200 && http_server_connections(server) != COUNT; i++)
		sleep_ms(10);
	CHECK_INT(http_server_connections(server), COUNT);
	size_t each = (mallinfo2().uordblks + mallinfo2().hblkhd - before) / COUNT;
	printf("an idle connection: %zu bytes\n", each);
	CHECK(each <= 1024);
	for (unsigned i = 0; i < COUNT; i++)
		close(fds[i]);
	for (unsigned i = 0; i < 200 && http_server_connections(server); i++)
		sleep_ms(10);
	CHECK_INT(http_server_connections(server), 0);
}

/* ---- stopping */

static void drain(unsigned workers)
{
	server_start((struct http_config){.workers = workers});
	int idle = dial(), busy = dial(), begun = dial(), soon = dial();
	struct text heard;
	say(idle, "GET / HTTP/1.1\r\n" H "\r\n");
	CHECK_INT(hear(idle, true).status, 200);
	say(soon, "GET / HTTP/1.1\r\n" H "\r\n");
	CHECK_INT(hear(soon, true).status, 200);
	long asked = now_ms();
	say(busy, "GET /later?600 HTTP/1.1\r\n" H "\r\n");
	say(begun, "GET /begun HTTP/1.1\r\n");
	sleep_ms(50);
	long start = now_ms();
	http_server_stop(server);
	say(soon, "GET /soon HTTP/1.1\r\n" H "\r\n");
	int more;
	while ((more = dial()) >= 0 && now_ms() - start < 500) {
		close(more);
		sleep_ms(10);
	}
	CHECK_INT(more, -1);
	CHECK(hear_end(soon, 1000, &heard) && status_of(heard) == 200);
	CHECK(hear_end(idle, 1000, &heard) && heard.size == 0);
	sleep_ms(200);
	say(begun, H "\r\n");
	CHECK(hear_end(begun, 1000, &heard) && has(heard, "GET /begun"));
	CHECK(has(heard, "Connection: close\r\n"));
	CHECK(hear_end(busy, 2000, &heard) && has(heard, "Connection: close\r\n"));
	close(busy);
	close(idle);
	close(begun);
	close(soon);
	server_end();
	CHECK(now_ms() - asked >= 600 && now_ms() - start < 8000);
	wait_calls();
	CHECK_INT(atomic_load(&loops_started), atomic_load(&loops_ended));
}

/* A call that outlasts the drain loses its connection, and is waited for. */
static void drain_cut(void)
{
	server_start((struct http_config){.drain_ms = 200});
	int fd = dial();
	say(fd, "GET /later?700 HTTP/1.1\r\n" H "\r\n");
	sleep_ms(50);
	long start = now_ms();
	http_server_stop(server);
	struct text heard;
	CHECK(hear_end(fd, 1000, &heard) && heard.size == 0);
	CHECK(now_ms() - start < 600);
	CHECK_INT(atomic_load(&calls_running), 1);
	pthread_join(server_thread, NULL);
	CHECK_INT(atomic_load(&calls_running), 0);
	http_server_free(server);
	close(fd);
}

/* Clients that ask without pause while the server stops lose nothing they sent before the
 * reply that said close. */
static void *ask_until_closed(void *p)
{
	int fd = dial();
	bool closed = false;
	while (!closed) {
		struct text heard = TEXT_NONE;
		static __thread char bytes[4096];
		if (!say(fd, "GET /load HTTP/1.1\r\n" H "\r\n"))
			break;
		ssize_t n = recv(fd, bytes, sizeof bytes, 0);
		heard = (struct text){bytes, n > 0 ? (size_t)n : 0};
		if (status_of(heard) != 200)
			break;
		closed = has(heard, "Connection: close");
	}
	*(bool *)p = closed;
	close(fd);
	return NULL;
}

static void drain_under_load(void)
{
	server_start((struct http_config){.workers = 2});
	pthread_t threads[16];
	bool lost_nothing[16];
	for (unsigned i = 0; i < 16; i++)
		pthread_create(&threads[i], NULL, ask_until_closed, &lost_nothing[i]);
	sleep_ms(200);
	http_server_stop(server);
	for (unsigned i = 0; i < 16; i++) {
		pthread_join(threads[i], NULL);
		CHECK(lost_nothing[i]);
	}
	server_end();
}

/* ---- opening */

static const char *open_error(struct http_config config)
{
	const char *error = "";
	config.workers = config.workers ? config.workers : 1;
	config.handle = handle;
	struct http_server *s = http_server_open(&config, &error);
	CHECK(s == NULL);
	http_server_free(s);
	return error;
}

static void opening(const char *cert, const char *key)
{
	static const char *errors[8]; /* kept, as the header says */
	server_start((struct http_config){.workers = 2});
	char taken[64];
	(void)snprintf(taken, sizeof taken, "%s", http_server_address(server));
	errors[0] = open_error((struct http_config){.listen = taken});
	errors[1] = open_error((struct http_config){.listen = taken, .workers = 2});
	server_end();
	errors[2] = open_error((struct http_config){.listen = "127.0.0.1"});
	errors[3] = open_error((struct http_config){.listen = "127.0.0.1:99999"});
	errors[4] = open_error((struct http_config){.listen = "::1:80"});
	errors[5] = open_error((struct http_config){.listen = "127.0.0.1:0", .tls_cert = cert});
	errors[6] = open_error(
	    (struct http_config){.listen = "127.0.0.1:0", .tls_cert = "/none", .tls_key = key});
	errors[7] = open_error(
	    (struct http_config){.listen = "127.0.0.1:0", .tls_cert = cert, .tls_key = cert});
	CHECK(strstr(errors[0], "in use") && strstr(errors[1], "in use"));
	CHECK(strstr(errors[2], "written") && strstr(errors[3], "written") &&
	      strstr(errors[4], "written"));
	CHECK(strstr(errors[5], "both") && strstr(errors[6], "/none") && strstr(errors[7], "key"));

	const char *error = "";
	struct http_config config = {.listen = "[::1]:0", .workers = 1, .handle = handle};
	struct http_server *s = http_server_open(&config, &error);
	if (!s)
		printf("skipped: no IPv6 here (%s)\n", error);
	else
		CHECK(strncmp(http_server_address(s), "[::1]:", 6) == 0);
	http_server_free(s); /* never run */
}

/* ---- TLS */

static void cert_make(const char *cert, const char *key)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, k);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
				   (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_sign(x, k, EVP_sha256());
	FILE *f = fopen(cert, "w");
	PEM_write_X509(f, x);
	fclose(f);
	f = fopen(key, "w");
	PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	X509_free(x);
	EVP_PKEY_free(k);
}

static SSL *tls_dial(SSL_CTX *context, int *ret_fd)
{
	SSL *tls = SSL_new(context);
	*ret_fd = dial();
	SSL_set_fd(tls, *ret_fd);
	if (SSL_connect(tls) != 1) {
		SSL_free(tls);
		return NULL;
	}
	return tls;
}

/* Until the end, or nothing comes for 3 s. */
static struct text tls_hear(SSL *tls, const char *until)
{
	size_t size = 0;
	struct timeval wait = {3, 0};
	setsockopt(SSL_get_fd(tls), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	while (!has((struct text){heard_bytes, size}, until)) {
		int n = SSL_read(tls, heard_bytes + size, (int)(sizeof heard_bytes - size));
		if (n <= 0)
			break;
		size += (size_t)n;
	}
	return (struct text){heard_bytes, size};
}

static void tls_version(SSL_CTX *context, int version)
{
	int fd;
	SSL_CTX_set_min_proto_version(context, version);
	SSL_CTX_set_max_proto_version(context, version);
	SSL *tls = tls_dial(context, &fd);
	if (!CHECK(tls != NULL))
		return;
	const unsigned char *chosen;
	unsigned size;
	SSL_get0_alpn_selected(tls, &chosen, &size);
	CHECK(size == 8 && memcmp(chosen, "http/1.1", 8) == 0);
	static const char two[] =
	    "GET /peer HTTP/1.1\r\n" H "\r\nGET /later?30 HTTP/1.1\r\n" H "\r\n";
	SSL_write(tls, two, sizeof two - 1);
	struct text heard = tls_hear(tls, "GET /later|30|h|0");
	CHECK(has(heard, "127.0.0.1 tls") && has(heard, "GET /later|30|h|0"));
	static const char bytes[] = "POST /body HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc";
	for (const char *at = bytes; *at; at++) /* in single records */
		SSL_write(tls, at, 1);
	CHECK(has(tls_hear(tls, "\r\n\r\nabc"), "\r\n\r\nabc"));
	static const char last[] = "GET /large HTTP/1.1\r\n" H "Connection: close\r\n\r\n";
	SSL_write(tls, last, sizeof last - 1);
	heard = tls_hear(tls, "never");
	CHECK(heard.size > sizeof large &&
	      memcmp(heard.data + heard.size - sizeof large, large, sizeof large) == 0);
	CHECK_INT(SSL_get_shutdown(tls), SSL_RECEIVED_SHUTDOWN);
	SSL_free(tls);
	close(fd);
}

static void tls_all(const char *cert, const char *key)
{
	server_start((struct http_config){.tls_cert = cert, .tls_key = key, .header_ms = 400});
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	int fd;
	SSL_CTX_set_alpn_protos(context, (const unsigned char *)"\x02h2\x08http/1.1", 12);
	tls_version(context, TLS1_2_VERSION);
	tls_version(context, TLS1_3_VERSION);

	SSL_CTX_set_alpn_protos(context, (const unsigned char *)"\x02h2", 3);
	CHECK(tls_dial(context, &fd) == NULL);
	close(fd);
	SSL_CTX_set_alpn_protos(context, NULL, 0);
	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
	CHECK(tls_dial(context, &fd) == NULL);
	close(fd);
	SSL_CTX_free(context);

	/* plain words, and a handshake that never comes */
	struct text heard;
	fd = dial();
	say(fd, "GET / HTTP/1.1\r\n" H "\r\n");
	hear_end(fd, 1000, &heard);
	CHECK(!has(heard, "200 OK"));
	close(fd);
	fd = dial();
	say_bytes(fd, "\x16\x03\x01", 3);
	CHECK(hear_end(fd, 1000, &heard));
	close(fd);
	ERR_clear_error();
	server_end();
}

int main(void)
{
	char cert[64], key[64];
	(void)snprintf(cert, sizeof cert, "/tmp/http_front.%d.crt", (int)getpid());
	(void)snprintf(key, sizeof key, "/tmp/http_front.%d.key", (int)getpid());
	cert_make(cert, key);
	for (size_t i = 0; i < sizeof large; i++)
		large[i] = (char)('a' + i % 23);

	server_start((struct http_config){.workers = 1});
	served();
	single_bytes();
	heads();
	head_then_get();
	closes();
	half_closed();
	pipelined();
	pipelined_far();
	continues();
	zips();
	large_reply();
	refusals_table();
	refused_early();
	sizes();
	body_cap();
	gone_before_reply();
	gone_within();
	server_end();

	server_start((struct http_config){.workers = 2});
	many_idle();
	server_end();
	deadlines();
	drain(1);
	drain(3);
	drain_cut();
	drain_under_load();
	opening(cert, key);
	tls_all(cert, key);
	unlink(cert);
	unlink(key);
	return test_end();
}
