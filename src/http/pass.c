/*
 * Passing requests on to another server of ours, in bundles (bundle.c): one link holds one bundle
 * at a time, so that a slow one is in nobody's way; a link that was answered rests and takes the
 * next. All of it belongs to the loop's thread.
 *
 *   CONNECTING  pass_flush: no link rests -> on_connected, or PASS_CONNECT_MS: not sent
 *   WAITING     the bundle is on its way -> take (answered); pass_ms or an end: unknown
 *   RESTING     -> pass_flush, PASS_REST_MS, or the other side goes
 *   CLOSED      the memory goes when libuv says so
 *
 * Who could not be reached, says goodbye, breaks off or does not take bundles is left alone for
 * PASS_AWAY_MS; who keeps silent, for PASS_SILENT_MS.
 */
#include <errno.h>
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
	PASS_ANSWER_MAX = BUNDLE_ANSWERS_MAX + ANSWER_HEAD_MAX,
	BODY_KEPT_MAX = 64 * 1024, /* a larger buffer is not kept for the next bundle */
	MARK_MAX = 256,
};
_Static_assert((int)PASS_REST_MS < (int)IDLE_MS_MAX, "or a link would be closed while it is taken");

/* In the order of their numbers. */
struct passes {
	unsigned count;
	struct http_pass *of[BUNDLE_CALLS_MAX];
};

struct pass_peer {
	struct pass_peer *next;
	struct sockaddr_storage address;
	char name[NODE_ADDRESS_SIZE];
	unsigned links;
	uint64_t away_until;   /* in uv_now's milliseconds */
	struct passes waiting; /* for the end of the turn */
	struct buffer body;    /* of their bundle */
};

struct pass_link {
	uv_tcp_t tcp;
	uv_connect_t connect;
	struct link waiting; /* in loop->passing[state], in order of deadlines */
	uint64_t deadline;
	struct http_loop *loop;
	struct pass_peer *peer;
	struct passes passes; /* CONNECTING, WAITING */
	struct buffer body;   /* CONNECTING */
	struct buffer input;  /* an answer that came in pieces */
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

static void peer_free(struct pass_peer *p)
{
	buffer_release(&p->body);
	free(p);
}

/* Addresses come and go; those that nothing is linked to make room. */
static struct pass_peer *peer_new(struct http_loop *l, struct text name)
{
	struct pass_peer **at = &l->peers, *p;
	unsigned n = 0;
	while (*at) {
		p = *at;
		if (++n >= PASS_PEERS_MAX && p->links == 0 && p->waiting.count == 0) {
			*at = p->next;
			peer_free(p);
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
	if (p) {
		memcpy(p->name, name.data, name.size);
		buffer_init(&p->body, 2 * BUNDLE_BYTES_MAX);
	}
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
	buffer_release(&k->body);
	k->peer->links--;
	k->loop->pass_links--;
	free(k);
}

/* Who has no answer yet is told `how`: it takes memory and may pass something else on. */
static void tell(struct passes *passes, enum http_passed how)
{
	struct passes told = *passes;
	passes->count = 0;
	for (unsigned i = 0; i < told.count; i++)
		if (told.of[i])
			told.of[i]->done(told.of[i], how, NULL);
}

static void link_close(struct pass_link *k, enum http_passed how)
{
	if (k->state == PASS_CLOSED)
		return;
	state_set(k, PASS_CLOSED);
	uv_close((uv_handle_t *)&k->tcp, on_closed);
	tell(&k->passes, how);
}

static struct pass_link *link_of(struct link *waiting)
{
	return (struct pass_link *)((char *)waiting - offsetof(struct pass_link, waiting));
}

/* ---- the answer */

/* Each to its pass. What comes twice is dropped, what is missing stays. */
static void hand_out(struct passes *passes, struct text answers)
{
	struct answer_head head;
	unsigned number;
	while (answers.size && bundle_next(&answers, &number, &head)) {
		struct http_pass *pass = number < passes->count ? passes->of[number] : NULL;
		if (!pass)
			continue;
		passes->of[number] = NULL;
		pass->done(pass, HTTP_PASSED, &head.answer);
	}
}

/* Another status than 200: it was not taken. */
static void answered(struct pass_link *k, const struct answer_head *head)
{
	struct passes passes = k->passes;
	bool taken = head->answer.status == 200;
	k->passes.count = 0;
	if (taken)
		hand_out(&passes, head->answer.body);
	tell(&passes, taken ? HTTP_PASS_UNKNOWN : HTTP_PASS_NOT_SENT);
	buffer_release(&k->input);
	if (head->closes || !taken) {
		peer_leave(k, PASS_AWAY_MS);
		link_close(k, HTTP_PASS_UNKNOWN);
	} else {
		state_set(k, PASS_RESTING);
	}
}

static void take(struct pass_link *k, struct text in)
{
	bool in_pieces = k->input.size > 0;
	struct answer_head head;
	if (k->state != PASS_WAITING) {
		link_close(k, HTTP_PASS_UNKNOWN);
		return;
	}
	if (!in_pieces)
		buffer_init(&k->input, PASS_ANSWER_MAX);
	else
		buffer_text(&k->input, in);
	switch (answer_read(in_pieces ? buffer_get(&k->input) : in, &head)) {
	case ANSWER_WHOLE:
		answered(k, &head);
		return;
	case ANSWER_BAD:
		link_close(k, HTTP_PASS_UNKNOWN);
		return;
	case ANSWER_UNFINISHED:
		break;
	}
	if (!in_pieces)
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

static void write_head(struct pass_link *k, struct buffer *b)
{
	const struct http_config *config = &k->loop->server->config;
	char memory[MARK_MAX];
	struct buffer mark;
	buffer_init_fixed(&mark, memory, sizeof memory);
	config->bundle_mark(config->context, buffer_get(&k->body), &mark);
	buffer_clear(b);
	buffer_text(b, TEXT("POST " HTTP_BUNDLE_PATH " HTTP/1.1\r\n"));
	header_add(b, TEXT("Host"), text_of(k->peer->name));
	header_add(b, TEXT(HTTP_BUNDLE_MARK), buffer_get(&mark));
	header_add_size(b, k->body.size);
	buffer_text(b, TEXT("\r\n"));
	b->full |= mark.full;
}

static void on_written(uv_write_t *request, int status)
{
	struct pass_link *k = request->handle->data;
	output_free(request);
	if (status != 0)
		link_close(k, HTTP_PASS_UNKNOWN);
}

/* The body has gone; its memory may serve the next. */
static void body_done(struct pass_link *k)
{
	struct pass_peer *p = k->peer;
	if (p->body.capacity == 0 && k->body.capacity <= BODY_KEPT_MAX) {
		p->body = k->body;
		buffer_clear(&p->body);
	} else {
		buffer_release(&k->body);
	}
	k->body = (struct buffer){0};
}

static void send_bundle(struct pass_link *k)
{
	struct buffer *b = &k->loop->passed;
	write_head(k, b);
	uv_stream_t *stream = (uv_stream_t *)&k->tcp;
	uv_buf_t parts[2] = {{b->data, b->size}, {k->body.data, k->body.size}};
	if (b->full) {
		link_close(k, HTTP_PASS_NOT_SENT);
		return;
	}
	state_set(k, PASS_WAITING);
	int sent = uv_try_write(stream, parts, 2);
	if (sent == UV_EAGAIN)
		sent = 0;
	if (sent < 0 || output_queue(stream, parts, 2, (size_t)sent, on_written) < 0)
		link_close(k, HTTP_PASS_UNKNOWN);
	else
		body_done(k);
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
	send_bundle(k);
}

static struct pass_link *link_new(struct http_loop *l, struct pass_peer *p)
{
	struct pass_link *k = p->links < PASS_LINKS_MAX ? calloc(1, sizeof *k) : NULL;
	if (!k)
		return NULL;
	must(uv_tcp_init(&l->uv, &k->tcp) == 0);
	k->tcp.data = k;
	k->loop = l;
	k->peer = p;
	p->links++;
	l->pass_links++;
	link_init(&k->waiting);
	state_set(k, PASS_CONNECTING);
	loop_tick(l);
	return k;
}

static void link_connect(struct pass_link *k)
{
	const struct sockaddr *to = (const struct sockaddr *)&k->peer->address;
	if (uv_tcp_connect(&k->connect, &k->tcp, to, on_connected) != 0)
		link_close(k, HTTP_PASS_NOT_SENT);
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
		    recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN)
			return k;
		link_close(k, HTTP_PASS_UNKNOWN);
	}
	return NULL;
}

/* ---- bundles */

static bool peer_is_away(const struct http_loop *l, const struct pass_peer *p)
{
	return l->draining || uv_now(&l->uv) < p->away_until;
}

static void peer_send(struct http_loop *l, struct pass_peer *p)
{
	bool away = peer_is_away(l, p);
	struct pass_link *k = away ? NULL : link_resting(l, p);
	bool rested = k != NULL;
	if (!k && !away)
		k = link_new(l, p);
	if (!k) {
		buffer_clear(&p->body);
		tell(&p->waiting, HTTP_PASS_NOT_SENT);
		return;
	}
	k->passes = p->waiting;
	k->body = p->body;
	p->waiting.count = 0;
	buffer_init(&p->body, 2 * BUNDLE_BYTES_MAX);
	if (rested)
		send_bundle(k);
	else
		link_connect(k);
}

/* False: a bundle has no room for it. */
static bool peer_add(struct http_loop *l, struct pass_peer *p, struct http_pass *pass)
{
	size_t before = p->body.size;
	if (p->waiting.count == BUNDLE_CALLS_MAX)
		return false;
	bundle_add(&p->body, &l->passed, &pass->exchange->request);
	if (p->body.size > BUNDLE_BYTES_MAX || p->body.full) {
		p->body.size = before;
		p->body.full = false;
		return false;
	}
	p->waiting.of[p->waiting.count++] = pass;
	return true;
}

/* Who is told that his was not sent may pass on another: peers come and go in peer_send. */
void http_pass(struct http_pass *pass)
{
	struct http_loop *l = pass->exchange->loop;
	must(pthread_equal(l->thread, pthread_self()));
	for (;;) {
		struct pass_peer *p = peer_find(l, pass->address);
		if (!p || peer_is_away(l, p))
			break;
		if (peer_add(l, p, pass)) {
			l->passes = true;
			return;
		}
		if (p->waiting.count == 0) /* too large */
			break;
		peer_send(l, p);
	}
	pass->done(pass, HTTP_PASS_NOT_SENT, NULL);
}

static struct pass_peer *peer_waiting(struct http_loop *l)
{
	struct pass_peer *p = l->peers;
	while (p && p->waiting.count == 0)
		p = p->next;
	return p;
}

void pass_flush(struct http_loop *l)
{
	while (l->passes) {
		struct pass_peer *p = peer_waiting(l);
		l->passes = p != NULL;
		if (p)
			peer_send(l, p);
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
	buffer_init(&l->passed, BUNDLE_BYTES_MAX + ANSWER_HEAD_MAX);
	for (enum pass_state s = 0; s < PASS_STATE_COUNT; s++)
		link_init(&l->passing[s]);
}

void pass_expire(struct http_loop *l)
{
	uint64_t now = uv_now(&l->uv);
	for (enum pass_state s = 0; s < PASS_STATE_COUNT; s++)
		while (!link_is_empty(&l->passing[s])) {
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
		while (!link_is_empty(&l->passing[s]))
			link_close(link_of(l->passing[s].next), HTTP_PASS_UNKNOWN);
}

/* When libuv has let go of all links. */
void pass_release(struct http_loop *l)
{
	buffer_release(&l->passed);
	while (l->peers) {
		struct pass_peer *p = l->peers;
		l->peers = p->next;
		peer_free(p);
	}
}
