/*
 * Somebody who takes bundles (http_pass), in threads of the test, well or badly: what he does with
 * one, and with each request in it, is their paths. He checks that it is a bundle and marked.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "http/http.h"
#include "socket.h"

enum { LARGE = 3 << 20, BUNDLE_MAX = 64 };

static char large[LARGE];
static struct sockaddr_in peer_at;
static char peer_name[32];
static atomic_uint peer_connects, peer_requests, peer_calls;
static atomic_bool peer_may_leave;

/* ---- the peer: what it does with a bundle and the requests in it is their paths */

/* Instead of the bundle's answer. */
static const struct {
	const char *path, *answer;
	bool closes;
} ends[] = {
    {"/goodbye",
     "HTTP/1.1 200 OK\r\nContent-Length: 45\r\nConnection: close\r\n\r\n"
     "0 40\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
     true},
    {"/gone", "", true},
    {"/half", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true},
    {"/garbage", "good morning\r\n\r\n", false},
    {"/early", "HTTP/1.1 100 Continue\r\n\r\n", false},
    {"/more", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokay", false},
    {"/length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", false},
    {"/word", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", false},
    {"/bare", "HTTP/1.1 200 OK\r\nwhat\r\n\r\n", false},
    {"/empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false},
    {"/404", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nwhat", false},
    {"/503", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", false},
    {"/silent", "", false},
};

/* Within the bundle's answer, to one of its requests; `whole`: with the line before it. */
static const struct {
	const char *path, *answer;
	bool whole;
} answers[] = {
    {"/good",
     "HTTP/1.1 201 Created\r\nServer: couponry\r\nDate: x\r\nContent-Type: text/plain\r\n"
     "Content-Length: 4\r\nETag: \"7\"\r\nLocation: /there\r\n\r\ngood",
     false},
    {"/none", "HTTP/1.1 204 No Content\r\nServer: couponry\r\nETag: \"8\"\r\n\r\n", false},
    {"/slowly", "HTTP/1.1 200 OK\r\nX-One: 1\r\nContent-Length: 5\r\n\r\nslow.", false},
    {"/in/missing", "", true},
    {"/in/far", "63 38\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
    {"/in/beyond", "64 38\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
    {"/in/negative", "-1 38\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
    {"/in/lie", "1 99999\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
    {"/in/huge", "1 18446744073709551615\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
    {"/in/word", "1 x\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
    {"/in/nothing", "", false},
    {"/in/garbage", "good morning\r\n\r\n", false},
    {"/in/early", "HTTP/1.1 100 Continue\r\n\r\n", false},
    {"/in/headless", "HTTP/1.1 200 OK\r\n", false},
    {"/in/less", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokay", false},
    {"/in/more", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nokay", false},
    {"/in/unsaid", "HTTP/1.1 200 OK\r\n\r\nokay", false},
    {"/in/length", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", false},
    {"/in/bare", "HTTP/1.1 200 OK\r\nwhat\r\n\r\n", false},
};

static struct text path_of(struct text request)
{
	(void)text_cut(&request, ' ');
	return text_cut(&request, ' ');
}

static void add_part(struct buffer *b, unsigned number, struct text part)
{
	buffer_format(b, "%u %zu\n", number, part.size);
	buffer_text(b, part);
}

static void add_headers(struct buffer *b, unsigned number)
{
	char bytes[2000];
	struct buffer part;
	buffer_init_fixed(&part, bytes, sizeof bytes);
	buffer_text(&part, TEXT("HTTP/1.1 200 OK\r\n"));
	for (unsigned i = 0; i < HTTP_ANSWER_HEADERS_MAX + 1; i++)
		buffer_format(&part, "X-%u: 1\r\n", i);
	buffer_text(&part, TEXT("Content-Length: 0\r\n\r\n"));
	add_part(b, number, buffer_get(&part));
}

static void add_body(struct buffer *b, unsigned number, struct text body)
{
	char head[80];
	int size = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
			    body.size);
	buffer_format(b, "%u %zu\n%s", number, (size_t)size + body.size, head);
	buffer_text(b, body);
}

static void add_answer(struct buffer *b, unsigned number, struct text request)
{
	struct text path = path_of(request);
	for (unsigned i = 0; i < COUNT_OF(answers); i++) {
		if (!text_equal(path, text_of(answers[i].path)))
			continue;
		if (answers[i].whole)
			buffer_text(b, text_of(answers[i].answer));
		else
			add_part(b, number, text_of(answers[i].answer));
		return;
	}
	if (text_equal(path, TEXT("/large")))
		add_body(b, number, (struct text){large, LARGE});
	else if (text_equal(path, TEXT("/in/headers")))
		add_headers(b, number);
	else
		add_body(b, number, request); /* as it came */
	if (text_equal(path, TEXT("/in/twice")))
		add_body(b, number, TEXT("another"));
}

struct asked {
	unsigned count;
	struct text requests[BUNDLE_MAX];
};

/* The requests of a bundle, which is marked and holds nothing else. */
static struct asked unpack(struct text whole)
{
	char mark[80];
	struct asked asked = {0};
	const char *end = memmem(whole.data, whole.size, "\r\n\r\n", 4);
	struct text head = {whole.data, (size_t)(end + 4 - whole.data)};
	struct text rest = {end + 4, whole.size - head.size};
	snprintf(mark, sizeof mark, "\r\nCouponry-Passed: ours %zu\r\n", rest.size);
	must(has(head, "POST /-/bundle HTTP/1.1\r\nHost: 127.0.0.1:") && has(head, mark));
	must(!has(head, "theirs"));
	while (rest.size) {
		uint64_t size;
		struct text line = text_cut(&rest, '\n'), digits = text_cut(&line, ' ');
		must(text_equal(line, TEXT("127.0.0.1")));
		must(text_to_uint64(digits, &size) && size <= rest.size);
		must(asked.count < BUNDLE_MAX);
		asked.requests[asked.count++] = (struct text){rest.data, (size_t)size};
		rest.data += size;
		rest.size -= (size_t)size;
	}
	must(asked.count > 0 && whole.size - head.size <= BODY_BYTES_MAX);
	return asked;
}

/* One byte at a time. */
static bool say_slowly(int fd, struct text t)
{
	for (size_t i = 0; i < t.size; i++) {
		if (!say(fd, t.data + i, 1))
			return false;
		sleep_ms(1);
	}
	return true;
}

/* The last comes first: the order is free. */
static bool answer_all(int fd, const struct asked *asked)
{
	struct buffer b;
	char head[80];
	bool slowly = false, said;
	buffer_init(&b, 70 * 1024 * 1024);
	for (unsigned i = asked->count; i-- > 0;) {
		add_answer(&b, i, asked->requests[i]);
		slowly |= text_equal(path_of(asked->requests[i]), TEXT("/slowly"));
	}
	must(!b.full);
	int size =
	    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", b.size);
	if (slowly)
		said = say_slowly(fd, (struct text){head, (size_t)size}) &&
		       say_slowly(fd, buffer_get(&b));
	else
		said = say(fd, head, (size_t)size) && say(fd, b.data, b.size);
	buffer_release(&b);
	return said;
}

/* False: the connection is to be closed. */
static bool behave(int fd, struct text whole)
{
	struct asked asked = unpack(whole);
	struct text path = path_of(asked.requests[0]);
	atomic_fetch_add(&peer_calls, asked.count);
	for (unsigned i = 0; i < COUNT_OF(ends); i++)
		if (text_equal(path, text_of(ends[i].path)))
			return say(fd, ends[i].answer, strlen(ends[i].answer)) && !ends[i].closes;
	return answer_all(fd, &asked);
}

/* True: now is when it was told to go, with a reset or with the usual end. */
static bool leaves(int fd, struct text whole)
{
	struct text path = path_of(unpack(whole).requests[0]);
	bool resets = text_equal(path, TEXT("/reset"));
	struct linger at_once = {1, 0};
	if (!resets && !text_equal(path, TEXT("/leave")))
		return false;
	while (!atomic_load(&peer_may_leave))
		sleep_ms(1);
	if (resets)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	return true;
}

static void *peer_talk(void *p)
{
	int fd = (int)(intptr_t)p;
	char *own = malloc(2 * LARGE);
	bool goes = false, left = false;
	while (!goes) {
		struct text request = hear(fd, own, 2 * LARGE);
		atomic_fetch_add(&peer_requests, request.size > 0);
		goes = !request.size || !behave(fd, request);
		left = !goes && leaves(fd, request);
		goes |= left;
	}
	close(fd);
	if (left)
		atomic_store(&peer_may_leave, false);
	free(own);
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
