/*
 * Passing requests on to another server of ours: one link holds one request at a time, so that a
 * slow one is in nobody's way; a link that was answered rests and takes the next. All of it belongs
 * to the loop's thread.
 *
 *   CONNECTING  http_pass: no link rests -> on_connected, or PASS_CONNECT_MS: not sent
 *   WAITING     the request is on its way -> take (answered); pass_ms or an end: unknown
 *   RESTING     -> http_pass, PASS_REST_MS, or the other side goes
 *   CLOSED      the memory goes when libuv says so
 *
 * Who could not be reached, says goodbye or breaks off is left alone for PASS_AWAY_MS; who keeps
 * silent, for PASS_SILENT_MS.
 */
#include <stddef.h>
#include <sys/socket.h>

#include "http/conn.h"

enum {
	PASS_PEERS_MAX = 64,
	PASS_LINKS_MAX = 256, /* to one peer from one loop; past it nothing is passed on */
	PASS_CONNECT_MS = 500,
	PASS_REST_MS = 10 * 1000, /* less than the other side lets a connection idle */
	PASS_AWAY_MS = 1000,
	PASS_SILENT_MS = 60 * 1000,
	PASS_HEAD_MAX = 64 * 1024, /* a head as it came, 16 KiB, and our headers */
	PASS_BYTES_MAX = REPLY_BYTES_MAX + PASS_HEAD_MAX,
};
_Static_assert((int)PASS_REST_MS < (int)IDLE_MS_MAX, "or a link would be closed while it is taken");

struct pass_peer {
	struct pass_peer *next;
	struct sockaddr_storage address;
	char name[NODE_ADDRESS_SIZE];
	unsigned links;
	uint64_t away_until; /* in uv_now's milliseconds */
};

struct pass_link {
	uv_tcp_t tcp;
	uv_connect_t connect;
	struct link waiting; /* in loop->passing[state], in order of deadlines */
	uint64_t deadline;
	struct http_loop *loop;
	struct pass_peer *peer;
	struct http_pass *pass; /* CONNECTING, WAITING */
	struct buffer input;	/* an answer that came in pieces */
	enum pass_state state;
};

/* ---- peers */

static bool is_anybody(const struct sockaddr_storage *a)
{
	const struct sockaddr_in *four = (const void *)a;
	const struct sockaddr_in6 *six = (const void *)a;
	return a->ss_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr)
					: four->sin_addr.s_addr == INADDR_ANY;
}

/* "10.0.0.5:8080", "[::1]:8080" */
static bool address_read(struct text name, struct sockaddr_storage *ret)
{
	char host[NODE_ADDRESS_SIZE];
	const char *colon = name.size ? memrchr(name.data, ':', name.size) : NULL;
	uint64_t port;
	if (!colon || name.size >= sizeof host)
		return false;
	struct text at = {name.data, (size_t)(colon - name.data)};
	struct text digits = {colon + 1, name.size - at.size - 1};
	bool six = at.size > 2 && *at.data == '[' && at.data[at.size - 1] == ']';
	if (six)
		at = (struct text){at.data + 1, at.size - 2};
	if (!text_to_uint64(digits, &port) || port == 0 || port > UINT16_MAX)
		return false;
	memcpy(host, at.data, at.size);
	host[at.size] = '\0';
	return (six ? uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)ret)
		    : uv_ip4_addr(host, (int)port, (struct sockaddr_in *)ret)) == 0 &&
	       !is_anybody(ret);
}

bool http_is_address(struct text name)
{
	struct sockaddr_storage address;
	return address_read(name, &address);
}

/* Addresses come and go; those that nothing is linked to make room. */
static struct pass_peer *peer_new(struct http_loop *l, struct text name)
{
	struct pass_peer **at = &l->peers, *p;
	unsigned n = 0;
	while (*at) {
		p = *at;
		if (++n >= PASS_PEERS_MAX && p->links == 0) {
			*at = p->next;
			free(p);
			n--;
		} else {
			at = &p->next;
		}
	}
	p = n < PASS_PEERS_MAX ? calloc(1, sizeof *p) : NULL;
	if (p && !address_read(name, &p->address)) {
		free(p);
		p = NULL;
	}
	if (p)
		memcpy(p->name, name.data, name.size);
	return *at = p;
}

static struct pass_peer *peer_find(struct http_loop *l, struct text name)
{
	struct pass_peer *p = l->peers;
	while (p && !text_equal(name, text_of(p->name)))
		p = p->next;
	return p ? p : peer_new(l, name);
}

static void peer_leave(struct pass_link *k, unsigned ms)
{
	k->peer->away_until = uv_now(&k->loop->uv) + ms;
}

/* ---- links */

static void state_set(struct pass_link *k, enum pass_state state)
{
	link_remove(&k->waiting);
	k->state = state;
	if (state == PASS_CLOSED) {
		link_init(&k->waiting);
		return;
	}
	link_append(&k->loop->passing[state], &k->waiting);
	k->deadline = uv_now(&k->loop->uv) + k->loop->server->pass_ms[state];
}

static void on_closed(uv_handle_t *handle)
{
	struct pass_link *k = handle->data;
	buffer_release(&k->input);
	k->peer->links--;
	k->loop->pass_links--;
	free(k);
}

/* What waits for its answer is told `how`. */
static void link_close(struct pass_link *k, enum http_passed how)
{
	struct http_pass *pass = k->pass;
	if (k->state == PASS_CLOSED)
		return;
	state_set(k, PASS_CLOSED);
	k->pass = NULL;
	uv_close((uv_handle_t *)&k->tcp, on_closed);
	if (pass)
		pass->done(pass, how, NULL);
}

static struct pass_link *link_of(struct link *waiting)
{
	return (struct pass_link *)((char *)waiting - offsetof(struct pass_link, waiting));
}

/* ---- the answer */

/* Of the connection, or made anew for each answer. */
static bool is_own(struct text name)
{
	static const struct text own[] = {TEXT("Server"),     TEXT("Date"),
					  TEXT("Connection"), TEXT("Content-Type"),
					  TEXT("Vary"),	      TEXT("Content-Length")};
	for (unsigned i = 0; i < COUNT_OF(own); i++)
		if (text_equal_ignore_case(name, own[i]))
			return true;
	return false;
}

struct answer_head {
	struct http_answer answer;
	struct http_header headers[HTTP_ANSWER_HEADERS_MAX];
	uint64_t body_size;
	bool closes;
};

static bool header_read(struct answer_head *h, struct text name, struct text value)
{
	if (text_equal(name, TEXT("Content-Length")))
		return text_to_uint64(value, &h->body_size) && h->body_size <= REPLY_BYTES_MAX;
	if (text_equal(name, TEXT("Content-Type")))
		h->answer.content_type = value;
	if (text_equal(name, TEXT("Connection")))
		h->closes = text_equal(value, TEXT("close"));
	if (is_own(name))
		return true;
	if (h->answer.header_count == COUNT_OF(h->headers))
		return false;
	h->headers[h->answer.header_count++] = (struct http_header){name, value};
	return true;
}

/* This program wrote it (reply.c): "HTTP/1.1 200 OK", "Name: value", nothing chunked. */
static bool head_read(struct text head, struct answer_head *ret)
{
	struct text line = text_cut(&head, '\n'), number;
	uint64_t status;
	*ret = (struct answer_head){0};
	ret->answer.headers = ret->headers;
	if (!text_starts_with(line, TEXT("HTTP/1.1 ")) || line.size < 12)
		return false;
	number = (struct text){line.data + 9, 3};
	if (!text_to_uint64(number, &status) || status < 200)
		return false;
	ret->answer.status = (int)status;
	while ((line = text_trim(text_cut(&head, '\n'))).size) {
		struct text name = text_cut(&line, ':');
		if (!line.data || !header_read(ret, name, text_trim(line)))
			return false;
	}
	return true;
}

static void answered(struct pass_link *k, const struct answer_head *head)
{
	struct http_pass *pass = k->pass;
	k->pass = NULL;
	pass->done(pass, HTTP_PASSED, &head->answer);
	buffer_release(&k->input);
	if (head->closes) {
		peer_leave(k, PASS_AWAY_MS);
		link_close(k, HTTP_PASS_UNKNOWN);
	} else {
		state_set(k, PASS_RESTING);
	}
}

/* False: it is no answer of ours. *ret_whole: it was all there, and was handed on. */
static bool answer_take(struct pass_link *k, struct text in, bool *ret_whole)
{
	struct answer_head head;
	const char *end = memmem(in.data, in.size, "\r\n\r\n", 4);
	*ret_whole = false;
	if (!end)
		return in.size < PASS_HEAD_MAX;
	size_t size = (size_t)(end - in.data) + 4;
	if (!head_read((struct text){in.data, size}, &head) ||
	    in.size > size + (size_t)head.body_size)
		return false;
	*ret_whole = in.size == size + (size_t)head.body_size;
	if (*ret_whole) {
		head.answer.body = (struct text){in.data + size, (size_t)head.body_size};
		answered(k, &head);
	}
	return true;
}

static void take(struct pass_link *k, struct text in)
{
	bool in_pieces = k->input.size > 0, whole;
	if (k->state != PASS_WAITING) {
		link_close(k, HTTP_PASS_UNKNOWN);
		return;
	}
	if (!in_pieces)
		buffer_init(&k->input, PASS_BYTES_MAX);
	else
		buffer_text(&k->input, in);
	if (!answer_take(k, in_pieces ? buffer_get(&k->input) : in, &whole))
		link_close(k, HTTP_PASS_UNKNOWN);
	else if (!whole && !in_pieces)
		buffer_text(&k->input, in);
	if (k->input.full)
		link_close(k, HTTP_PASS_UNKNOWN);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
	struct pass_link *k = handle->data;
	(void)suggested;
	*ret = (uv_buf_t){k->loop->read, sizeof k->loop->read};
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct pass_link *k = stream->data;
	if (k->state == PASS_CLOSED || size == 0)
		return;
	if (size > 0) {
		take(k, (struct text){buffer->base, (size_t)size});
		return;
	}
	if (k->state == PASS_WAITING)
		peer_leave(k, PASS_AWAY_MS);
	link_close(k, HTTP_PASS_UNKNOWN);
}

/* ---- the request */

static bool is_passed(struct text name)
{
	static const struct text not [] = {TEXT("Connection"),
					   TEXT("Keep-Alive"),
					   TEXT("Content-Length"),
					   TEXT("Accept-Encoding"),
					   TEXT("Expect"),
					   TEXT("Transfer-Encoding"),
					   TEXT("TE"),
					   TEXT("Upgrade")};
	for (unsigned i = 0; i < COUNT_OF(not ); i++)
		if (text_equal_ignore_case(name, not [i]))
			return false;
	return true;
}

static void write_head(struct buffer *b, const struct http_pass *pass)
{
	static const struct text verbs[] = {
	    [HTTP_GET] = TEXT("GET"),	  [HTTP_POST] = TEXT("POST"),
	    [HTTP_PUT] = TEXT("PUT"),	  [HTTP_DELETE] = TEXT("DELETE"),
	    [HTTP_HEAD] = TEXT("HEAD"),	  [HTTP_OPTIONS] = TEXT("OPTIONS"),
	    [HTTP_PATCH] = TEXT("PATCH"),
	};
	const struct http_request *r = &pass->exchange->request;
	must(r->verb < COUNT_OF(verbs));
	buffer_clear(b);
	buffer_text(b, verbs[r->verb]);
	buffer_byte(b, ' ');
	buffer_text(b, r->target);
	buffer_text(b, TEXT(" HTTP/1.1\r\n"));
	for (unsigned i = 0; i < r->header_count; i++)
		if (is_passed(r->headers[i].name) &&
		    !text_equal_ignore_case(r->headers[i].name, pass->mark.name))
			header_add(b, r->headers[i].name, r->headers[i].value);
	header_add(b, pass->mark.name, pass->mark.value);
	buffer_text(b, TEXT("Content-Length: "));
	buffer_uint64(b, r->body.size);
	buffer_text(b, TEXT("\r\n\r\n"));
}

static void on_written(uv_write_t *request, int status)
{
	struct pass_link *k = request->handle->data;
	output_free(request);
	if (status != 0)
		link_close(k, HTTP_PASS_UNKNOWN);
}

static void send_request(struct pass_link *k)
{
	struct buffer *b = &k->loop->passed;
	struct text body = k->pass->exchange->request.body;
	write_head(b, k->pass);
	uv_stream_t *stream = (uv_stream_t *)&k->tcp;
	uv_buf_t parts[2] = {{b->data, b->size}, {(char *)(uintptr_t)body.data, body.size}};
	unsigned count = body.size ? 2 : 1;
	if (b->full) {
		link_close(k, HTTP_PASS_NOT_SENT);
		return;
	}
	state_set(k, PASS_WAITING);
	int sent = uv_try_write(stream, parts, count);
	if (sent == UV_EAGAIN)
		sent = 0;
	if (sent < 0 || output_queue(stream, parts, count, (size_t)sent, on_written) < 0)
		link_close(k, HTTP_PASS_UNKNOWN);
}

/* ---- connecting */

static void on_connected(uv_connect_t *connect, int status)
{
	struct pass_link *k = connect->handle->data;
	if (k->state == PASS_CLOSED)
		return;
	if (status == 0)
		status = uv_read_start((uv_stream_t *)&k->tcp, on_alloc, on_read);
	if (status != 0) {
		peer_leave(k, PASS_AWAY_MS);
		link_close(k, HTTP_PASS_NOT_SENT);
		return;
	}
	(void)uv_tcp_nodelay(&k->tcp, 1);
	send_request(k);
}

static bool link_new(struct http_loop *l, struct pass_peer *p, struct http_pass *pass)
{
	struct pass_link *k = p->links < PASS_LINKS_MAX ? calloc(1, sizeof *k) : NULL;
	if (!k)
		return false;
	must(uv_tcp_init(&l->uv, &k->tcp) == 0);
	k->tcp.data = k;
	k->loop = l;
	k->peer = p;
	p->links++;
	l->pass_links++;
	link_init(&k->waiting);
	state_set(k, PASS_CONNECTING);
	loop_tick(l);
	if (uv_tcp_connect(&k->connect, &k->tcp, (struct sockaddr *)&p->address, on_connected)) {
		link_close(k, HTTP_PASS_NOT_SENT);
		return false;
	}
	k->pass = pass;
	return true;
}

/* The one that rested last, unless its other side has gone meanwhile. */
static struct pass_link *link_resting(struct http_loop *l, const struct pass_peer *p)
{
	struct link *list = &l->passing[PASS_RESTING], *before;
	for (struct link *at = list->previous; at != list; at = before) {
		struct pass_link *k = link_of(at);
		char byte;
		int fd;
		before = at->previous;
		if (k->peer != p)
			continue;
		if (uv_fileno((uv_handle_t *)&k->tcp, &fd) == 0 &&
		    recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0)
			return k;
		link_close(k, HTTP_PASS_UNKNOWN);
	}
	return NULL;
}

void http_pass(struct http_pass *pass)
{
	struct http_loop *l = pass->exchange->loop;
	must(pthread_equal(l->thread, pthread_self()));
	struct pass_peer *p = peer_find(l, pass->address);
	bool away = !p || l->draining || uv_now(&l->uv) < p->away_until;
	struct pass_link *k = away ? NULL : link_resting(l, p);
	if (k) {
		k->pass = pass;
		send_request(k);
	} else if (away || !link_new(l, p, pass)) {
		pass->done(pass, HTTP_PASS_NOT_SENT, NULL);
	}
}

/* ---- the loop's part */

void pass_spans(struct http_server *s, unsigned answer_ms)
{
	s->pass_ms[PASS_CONNECTING] = PASS_CONNECT_MS;
	s->pass_ms[PASS_WAITING] = answer_ms;
	s->pass_ms[PASS_RESTING] = PASS_REST_MS;
}

void pass_init(struct http_loop *l)
{
	buffer_init(&l->passed, PASS_HEAD_MAX);
	for (enum pass_state s = 0; s < PASS_STATE_COUNT; s++)
		link_init(&l->passing[s]);
}

void pass_expire(struct http_loop *l)
{
	uint64_t now = uv_now(&l->uv);
	for (enum pass_state s = 0; s < PASS_STATE_COUNT; s++)
		while (l->passing[s].next != &l->passing[s]) {
			struct pass_link *k = link_of(l->passing[s].next);
			if (k->deadline > now)
				break;
			if (s != PASS_RESTING)
				peer_leave(k, PASS_SILENT_MS);
			link_close(k,
				   s == PASS_CONNECTING ? HTTP_PASS_NOT_SENT : HTTP_PASS_UNKNOWN);
		}
}

void pass_end(struct http_loop *l)
{
	for (enum pass_state s = 0; s < PASS_STATE_COUNT; s++)
		while (l->passing[s].next != &l->passing[s])
			link_close(link_of(l->passing[s].next), HTTP_PASS_UNKNOWN);
}

/* When libuv has let go of all links. */
void pass_release(struct http_loop *l)
{
	buffer_release(&l->passed);
	while (l->peers) {
		struct pass_peer *p = l->peers;
		l->peers = p->next;
		free(p);
	}
}
