/*
 * One connection: bytes in, exchanges, bytes out.
 *
 *   HEAD    collects a head; with nothing collected it is idle. accept -> HEAD
 *           head_take: whole, no body -> CALL; whole, with body -> BODY; refused -> SEND|LINGER
 *   BODY    collects the body of `exchange`
 *           sized_take, chunked_take: whole -> CALL; refused -> SEND|LINGER
 *   CALL    the handler has `exchange`. Bytes that come now (pipelined requests) are kept in
 *           `input`, one read of them, and reading stops
 *           http_reply -> connection_replied -> SEND
 *   SEND    a reply is corked (cork.c), or queued in libuv; then nothing is read
 *           connection_let_go, connection_written -> HEAD|LINGER
 *   LINGER  we have said goodbye; what still comes is dropped, so that the kernel does not reset
 *           the connection before the client has read the reply. End of input, BODY_DRAIN_MS_MAX
 *           or BODY_DRAIN_BYTES_MAX -> CLOSED
 *   CLOSED  connection_close, from any state; the memory goes when libuv says so. A running
 *           exchange lives on without its connection.
 *
 * Every way in (bytes, a late reply, a finished write) ends in connection_settle, which sets what
 * follows from the state: whether to read and which deadline runs. Deadlines are absolute: bytes
 * that trickle in do not move them.
 *
 * Reads go into the loop's one buffer and are used up there; only the rest of an unfinished head,
 * or what was pipelined behind a slow call, is copied to `input`. During a call reading goes on
 * until something comes: stopping and starting would cost two system calls per late reply.
 */
#include <sys/socket.h>
#include <time.h>

#include "base/monotonic.h"
#include "http/conn.h"

enum { INPUT_MAX = HEADER_BYTES_MAX + 2 * READ_BYTES };

static void connection_settle(struct connection *c);

/* ---- deadlines */

void connection_wait(struct connection *c, enum wait wait)
{
	struct http_loop *l = c->loop;
	link_remove(&c->waiting);
	link_append(&l->waiting[wait], &c->waiting);
	c->wait = (uint8_t)wait;
	c->deadline = uv_now(&l->uv) + l->server->wait_ms[wait];
}

/* Does not move a deadline that runs. */
static void wait_still(struct connection *c, enum wait wait)
{
	if (c->wait != wait)
		connection_wait(c, wait);
}

/* ---- closing */

static void on_closed(uv_handle_t *handle)
{
	struct connection *c = handle->data;
	struct http_loop *l = c->loop;
	if (c->tls)
		tls_free(c->tls);
	buffer_release(&c->input);
	free(c);
	loop_connection_gone(l);
}

static void exchange_drop(struct connection *c)
{
	struct exchange *x = c->exchange;
	c->exchange = NULL;
	if (x && c->state == CONNECTION_CALL)
		x->connection = NULL;
	else if (x)
		exchange_free(x);
}

void connection_close(struct connection *c)
{
	if (c->state == CONNECTION_CLOSED)
		return;
	exchange_drop(c);
	c->state = CONNECTION_CLOSED;
	link_remove(&c->waiting);
	link_init(&c->waiting);
	uv_close((uv_handle_t *)&c->tcp, on_closed);
}

static void linger(struct connection *c)
{
	int fd;
	c->state = CONNECTION_LINGER;
	c->mark = 0;
	buffer_release(&c->input);
	if (c->tls) {
		tls_end(c->tls);
		connection_send(c, NULL, 0);
	}
	if (c->state == CONNECTION_CLOSED)
		return;
	if (c->ended || c->writes || uv_fileno((uv_handle_t *)&c->tcp, &fd) != 0 ||
	    shutdown(fd, SHUT_WR) != 0)
		connection_close(c);
	else
		connection_wait(c, WAIT_LINGER);
}

/* ---- after a reply */

static void connection_resume(struct connection *c);

static void connection_rest(struct connection *c)
{
	if (c->state != CONNECTION_SEND || c->writes)
		return;
	if (c->closes)
		linger(c);
	else
		c->state = CONNECTION_HEAD;
}

void connection_written(struct connection *c)
{
	connection_rest(c);
	connection_resume(c);
}

/* After a reply was written, queued or corked. */
static void reply_left(struct connection *c)
{
	if (c->wait == WAIT_CORK)
		return;
	if (c->writes) {
		c->mark = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);
		connection_wait(c, WAIT_SEND);
	}
	connection_rest(c);
}

void connection_let_go(struct connection *c)
{
	connection_wait(c, WAIT_CALL);
	reply_left(c);
	connection_resume(c);
}

/* A reply is on its way; whoever called us settles. */
static void replied(struct connection *c, bool closes)
{
	if (c->state == CONNECTION_CLOSED)
		return;
	c->exchange = NULL;
	c->state = CONNECTION_SEND;
	c->closes = closes;
	reply_left(c);
}

/* Within the call, consume goes on by itself; a late reply has to take up what came meanwhile. */
void connection_replied(struct connection *c, bool closes)
{
	replied(c, closes);
	if (!c->in_call)
		connection_resume(c);
}

static void refuse(struct connection *c, struct refusal r)
{
	struct exchange *x = c->exchange;
	c->exchange = NULL;
	if (x)
		exchange_free(x);
	reply_refusal(c, r);
	replied(c, true);
}

/* ---- the call */

void exchange_fill(struct exchange *x, struct text body, size_t peer_size)
{
	x->open.request = (struct http_request){
	    .verb = x->head.verb,
	    .target = x->head.target,
	    .path = x->head.path,
	    .query = x->head.query,
	    .host = x->head.host,
	    .body = body,
	    .peer = {x->peer, peer_size},
	    .headers = x->head.headers,
	    .header_count = x->head.header_count,
	};
}

static void call(struct connection *c, struct text body)
{
	struct exchange *x = c->exchange;
	const struct http_config *config = &c->loop->server->config;
	c->state = CONNECTION_CALL;
	connection_wait(c, WAIT_CALL);
	c->begun = false;
	c->served = true;
	memcpy(x->peer, c->peer, sizeof x->peer);
	exchange_fill(x, body, c->peer_size);
	x->open.request.tls = c->tls != NULL;
	x->open.start_ns = monotonic_ns();
	gather_call(c);
	c->in_call = true;
	config->handle(config->context, &x->open);
	c->in_call = false;
}

/* ---- bodies */

/* All bodies at work together are bounded; this one's `n` more bytes have come. */
static bool body_count(struct exchange *x, size_t n)
{
	struct http_loop *l = x->open.loop;
	x->body_have += n;
	l->bodies_bytes += n;
	return l->bodies_bytes <= BODIES_BYTES_MAX / l->server->loop_count;
}

static const struct refusal body_too_large = {413, "the body is over 1 MiB"};
static const struct refusal too_busy = {503, "too many requests at once"};

static size_t sized_take(struct connection *c, struct text in)
{
	struct exchange *x = c->exchange;
	size_t left = (size_t)x->head.body_size - x->body_have;
	size_t n = in.size < left ? in.size : left;
	memcpy(x->body + x->body_have, in.data, n);
	if (!body_count(x, n))
		refuse(c, too_busy);
	else if (n == left)
		call(c, (struct text){x->body, x->body_have});
	return n;
}

static size_t chunked_take(struct connection *c, struct text in)
{
	struct exchange *x = c->exchange;
	size_t used = in.size, before = x->chunks.size;
	enum chunk_result result = chunk_read(&x->chunk, in, &x->chunks, &used);
	if (x->chunks.full)
		refuse(c, body_too_large);
	else if (result == CHUNK_BAD)
		refuse(c, (struct refusal){400, "a chunk that is not one"});
	else if (!body_count(x, x->chunks.size - before))
		refuse(c, too_busy);
	else if (result == CHUNK_END)
		call(c, buffer_get(&x->chunks));
	return used;
}

static void body_begin(struct connection *c)
{
	static const struct text go_on = {"HTTP/1.1 100 Continue\r\n\r\n", 25};
	struct exchange *x = c->exchange;
	if (!x->head.chunked && x->head.body_size == 0) {
		call(c, TEXT_NONE);
		return;
	}
	if (x->head.body_size > BODY_BYTES_MAX) {
		refuse(c, body_too_large);
		return;
	}
	x->body = x->head.chunked ? NULL : arena_take(&x->arena, (size_t)x->head.body_size);
	if (!x->head.chunked && !x->body) {
		refuse(c, too_busy);
		return;
	}
	c->state = CONNECTION_BODY;
	if (x->head.expects_continue)
		connection_send(c, &go_on, 1);
}

/* ---- heads */

static void exchange_begin(struct connection *c, struct text head)
{
	struct exchange *x = exchange_new(c->loop);
	struct text kept = x ? arena_text(&x->arena, head) : TEXT_NONE;
	c->exchange = x;
	if (kept.size == 0) {
		refuse(c, too_busy);
		return;
	}
	x->connection = c;
	struct refusal r = head_parse(kept, &x->head);
	if (r.status)
		refuse(c, r);
	else
		body_begin(c);
}

/* Bytes used; 0: the head is not whole. Empty lines before it are skipped, as old clients put
 * one behind a body. */
static size_t head_take(struct connection *c, struct text in)
{
	size_t size;
	struct refusal r;
	if (c->line == 0 && text_starts_with(in, TEXT("\r\n")))
		return 2;
	switch (head_scan(in, &c->line, &size, &r)) {
	case HEAD_UNFINISHED:
		return 0;
	case HEAD_REFUSED:
		refuse(c, r);
		return 0;
	case HEAD_WHOLE:
		break;
	}
	c->line = 0;
	exchange_begin(c, (struct text){in.data, size});
	return size;
}

/* ---- bytes in */

/* As much of `in` as can be used now. */
static size_t consume(struct connection *c, struct text in)
{
	size_t at = 0;
	while (at < in.size && (c->state == CONNECTION_HEAD || c->state == CONNECTION_BODY)) {
		struct text rest = {in.data + at, in.size - at};
		size_t used;
		if (c->state == CONNECTION_HEAD)
			used = head_take(c, rest);
		else if (c->exchange->head.chunked)
			used = chunked_take(c, rest);
		else
			used = sized_take(c, rest);
		if (used == 0)
			break;
		at += used;
	}
	return at;
}

static void keep(struct connection *c, struct text in)
{
	if (c->state == CONNECTION_LINGER || c->state == CONNECTION_CLOSED || in.size == 0)
		return;
	if (!c->input.data)
		buffer_init(&c->input, INPUT_MAX);
	buffer_text(&c->input, in);
	if (c->input.full)
		connection_close(c);
}

/* Uses what was kept. */
static void consume_input(struct connection *c)
{
	size_t used = consume(c, buffer_get(&c->input));
	if (c->input.size == 0) /* released meanwhile */
		return;
	if (used == c->input.size) {
		buffer_release(&c->input);
		return;
	}
	c->input.size -= used;
	memmove(c->input.data, c->input.data + used, c->input.size);
}

static void take(struct connection *c, struct text in)
{
	if (c->state == CONNECTION_LINGER) {
		c->mark += in.size;
		if (c->mark > BODY_DRAIN_BYTES_MAX)
			connection_close(c);
		return;
	}
	if (c->state == CONNECTION_HEAD)
		c->begun = true;
	if (c->input.size) {
		keep(c, in);
		consume_input(c);
	} else {
		size_t used = consume(c, in);
		keep(c, (struct text){in.data + used, in.size - used});
	}
}

static void take_sealed(struct connection *c, struct text in)
{
	struct http_loop *l = c->loop;
	int n = -1;
	if (tls_feed(c->tls, in))
		while (c->state != CONNECTION_CLOSED &&
		       (n = tls_read(c->tls, l->clear, sizeof l->clear)) > 0)
			take(c, (struct text){l->clear, (size_t)n});
	if (c->state == CONNECTION_CLOSED)
		return;
	connection_send(c, NULL, 0); /* handshake, alerts */
	if (n < 0)
		c->ended = true;
}

static void connection_resume(struct connection *c)
{
	if (c->input.size)
		consume_input(c);
	connection_settle(c);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
	struct connection *c = handle->data;
	(void)suggested;
	*ret = (uv_buf_t){c->loop->read, sizeof c->loop->read};
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct connection *c = stream->data;
	if (size == 0 || c->state == CONNECTION_CLOSED)
		return;
	if (size < 0) {
		c->ended = true;
		if (size != UV_EOF)
			connection_close(c);
	} else if (c->tls) {
		take_sealed(c, (struct text){buffer->base, (size_t)size});
	} else {
		take(c, (struct text){buffer->base, (size_t)size});
	}
	connection_settle(c);
}

/* ---- what follows from the state */

static void reading_set(struct connection *c, bool reading)
{
	if (c->reading == reading)
		return;
	c->reading = reading;
	if (!reading)
		(void)uv_read_stop((uv_stream_t *)&c->tcp);
	else if (uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) != 0)
		connection_close(c);
}

bool connection_is_quiet(struct connection *c)
{
	return c->state == CONNECTION_HEAD && !c->begun;
}

static void settle_head(struct connection *c)
{
	if (c->input.size)
		c->begun = true;
	if (c->ended)
		connection_close(c);
	else if (c->begun || !c->served)
		wait_still(c, WAIT_HEAD);
	else
		connection_wait(c, WAIT_IDLE);
}

static void connection_settle(struct connection *c)
{
	switch ((enum connection_state)c->state) {
	case CONNECTION_HEAD:
		settle_head(c);
		break;
	case CONNECTION_BODY:
		if (c->ended)
			connection_close(c);
		else
			wait_still(c, WAIT_BODY);
		break;
	case CONNECTION_LINGER:
		if (c->ended)
			connection_close(c);
		break;
	case CONNECTION_CALL:
	case CONNECTION_SEND:
	case CONNECTION_CLOSED:
		break;
	}
	if (c->state == CONNECTION_CLOSED)
		return;
	bool busy = (c->state == CONNECTION_SEND && c->wait != WAIT_CORK) ||
		    (c->state == CONNECTION_CALL && c->input.size);
	reading_set(c, !c->ended && !busy);
}

/* Who takes some of a long reply is waited for again. */
static void expire_send(struct connection *c)
{
	size_t unsent = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);
	if (unsent + REPLY_STEP_BYTES > c->mark) {
		connection_close(c);
		return;
	}
	c->mark = unsent;
	connection_wait(c, WAIT_SEND);
}

void connection_expire(struct connection *c)
{
	switch ((enum wait)c->wait) {
	case WAIT_HEAD:
	case WAIT_BODY:
		if (c->state == CONNECTION_BODY || c->input.size) {
			refuse(c, (struct refusal){408, "the request did not come in time"});
			connection_settle(c);
			break;
		}
		connection_close(c);
		break;
	case WAIT_SEND:
		expire_send(c);
		break;
	case WAIT_IDLE:
	case WAIT_LINGER:
	case WAIT_CALL:
	case WAIT_CORK:
	case WAIT_COUNT:
		connection_close(c);
		break;
	}
}

/* ---- accepting */

static void peer_read(struct connection *c)
{
	struct sockaddr_storage a;
	int size = sizeof a;
	if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&a, &size) != 0 ||
	    uv_ip_name((struct sockaddr *)&a, c->peer, sizeof c->peer) != 0)
		return;
	struct text peer = text_of(c->peer), mapped = TEXT("::ffff:");
	if (text_starts_with(peer, mapped) && memchr(peer.data, '.', peer.size)) {
		peer.size -= mapped.size;
		memmove(c->peer, c->peer + mapped.size, peer.size);
	}
	c->peer_size = (uint8_t)peer.size;
}

void connection_accept(struct http_loop *l)
{
	struct connection *c = calloc(1, sizeof *c);
	l->accepts_again = !c;
	if (!c)
		return;
	must(uv_tcp_init(&l->uv, &c->tcp) == 0);
	c->tcp.data = c;
	c->loop = l;
	link_init(&c->waiting);
	l->connections++;
	unsigned others = atomic_fetch_add(&l->server->connections, 1);
	if (uv_accept((uv_stream_t *)&l->listener, (uv_stream_t *)&c->tcp) != 0 ||
	    others >= CONNECTIONS_MAX || (l->server->tls && !(c->tls = tls_new(l->server->tls)))) {
		connection_close(c);
		return;
	}
	(void)uv_tcp_nodelay(&c->tcp, 1);
	peer_read(c);
	connection_wait(c, WAIT_HEAD);
	connection_settle(c);
}
