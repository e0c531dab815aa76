/*
 * struct http_reply -> bytes: the status line, our headers, the body (gzipped when asked for).
 * A small body goes into the loop's buffer behind its head, and both are corked (cork.c).
 */
#include <time.h>
#include <zlib.h>

#include "http/conn.h"

/* ---- words */

static const struct text status_lines[] = {
    TEXT("200 OK"),
    TEXT("201 Created"),
    TEXT("202 Accepted"),
    TEXT("204 No Content"),
    TEXT("206 Partial Content"),
    TEXT("301 Moved Permanently"),
    TEXT("302 Found"),
    TEXT("303 See Other"),
    TEXT("304 Not Modified"),
    TEXT("307 Temporary Redirect"),
    TEXT("308 Permanent Redirect"),
    TEXT("400 Bad Request"),
    TEXT("401 Unauthorized"),
    TEXT("403 Forbidden"),
    TEXT("404 Not Found"),
    TEXT("405 Method Not Allowed"),
    TEXT("408 Request Timeout"),
    TEXT("409 Conflict"),
    TEXT("410 Gone"),
    TEXT("412 Precondition Failed"),
    TEXT("413 Content Too Large"),
    TEXT("414 URI Too Long"),
    TEXT("415 Unsupported Media Type"),
    TEXT("417 Expectation Failed"),
    TEXT("422 Unprocessable Content"),
    TEXT("429 Too Many Requests"),
    TEXT("431 Request Header Fields Too Large"),
    TEXT("500 Internal Server Error"),
    TEXT("501 Not Implemented"),
    TEXT("503 Service Unavailable"),
    TEXT("505 HTTP Version Not Supported"),
};

/* "404 Not Found"; a status without a row gets no words. */
static void add_status(struct buffer *b, int status)
{
	buffer_text(b, TEXT("HTTP/1.1 "));
	for (size_t i = 0; i < COUNT_OF(status_lines); i++) {
		const char *s = status_lines[i].data;
		if ((s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0') == status) {
			buffer_text(b, status_lines[i]);
			return;
		}
	}
	buffer_format(b, "%03d ", status);
}

static struct text date_of(struct http_loop *l)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t now = time(NULL);
	if (now != l->date_second) {
		struct tm t;
		gmtime_r(&now, &t);
		l->date_second = now;
		l->date_size =
		    snprintf(l->date, sizeof l->date, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
			     days + 3 * t.tm_wday, t.tm_mday, months + 3 * t.tm_mon,
			     t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
	}
	return (struct text){l->date, (size_t)l->date_size};
}

/* ---- the head */

void header_add(struct buffer *b, struct text name, struct text value)
{
	buffer_text(b, name);
	buffer_text(b, TEXT(": "));
	buffer_text(b, value);
	buffer_text(b, TEXT("\r\n"));
}

void header_add_size(struct buffer *b, size_t body_size)
{
	buffer_text(b, TEXT("Content-Length: "));
	buffer_uint64(b, body_size);
	buffer_text(b, TEXT("\r\n"));
}

/* What would split the reply in two is left out. */
static bool is_one_line(struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		if ((unsigned char)t.data[i] < ' ' && t.data[i] != '\t')
			return false;
	return true;
}

static void add_extra(struct buffer *b, const struct http_reply *r)
{
	for (unsigned i = 0; i < r->extra_count; i++)
		if (is_one_line(r->extra[i].name) && is_one_line(r->extra[i].value))
			header_add(b, r->extra[i].name, r->extra[i].value);
	if (r->retry_after_s)
		buffer_format(b, "Retry-After: %u\r\n", r->retry_after_s);
}

/* A reply of these statuses has no body and says no length. */
static bool is_bodiless(int status)
{
	return status == 204 || status == 304 || status < 200;
}

struct framing {
	size_t body_size;
	bool gzipped, varies, closes, says_keep_alive;
};

static void add_head(struct http_loop *l, const struct http_reply *r, struct framing f)
{
	struct buffer *b = &l->reply;
	add_status(b, r->status);
	buffer_text(b, TEXT("\r\nServer: couponry\r\nDate: "));
	buffer_text(b, date_of(l));
	buffer_text(b, TEXT("\r\n"));
	if (r->content_type.size)
		header_add(b, TEXT("Content-Type"), r->content_type);
	if (!is_bodiless(r->status))
		header_add_size(b, f.body_size);
	if (f.gzipped)
		buffer_text(b, TEXT("Content-Encoding: gzip\r\n"));
	if (f.varies)
		buffer_text(b, TEXT("Vary: Accept-Encoding\r\n"));
	if (f.closes)
		buffer_text(b, TEXT("Connection: close\r\n"));
	else if (f.says_keep_alive)
		buffer_text(b, TEXT("Connection: keep-alive\r\n"));
	add_extra(b, r);
	buffer_text(b, TEXT("\r\n"));
}

/* ---- gzip */

/* Level 1: four fifths of what level 6 saves on JSON, at a third of its time. */
static z_stream *gzip_of(struct http_loop *l)
{
	if (l->gzip)
		return deflateReset(l->gzip) == Z_OK ? l->gzip : NULL;
	l->gzip = calloc(1, sizeof *l->gzip);
	if (l->gzip && deflateInit2(l->gzip, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK)
		return l->gzip;
	free(l->gzip);
	return l->gzip = NULL;
}

/* TEXT_NONE when there is no memory or no gain: the body goes plain. */
static struct text gzipped(struct exchange *x, struct text body)
{
	z_stream *z = gzip_of(x->open.loop);
	char *out = z ? arena_take(&x->arena, body.size) : NULL;
	if (!out)
		return TEXT_NONE;
	z->next_in = (unsigned char *)(uintptr_t)body.data;
	z->avail_in = (unsigned)body.size;
	z->next_out = (unsigned char *)out;
	z->avail_out = (unsigned)body.size;
	if (deflate(z, Z_FINISH) != Z_STREAM_END)
		return TEXT_NONE;
	return (struct text){out, body.size - z->avail_out};
}

void reply_release(struct http_loop *l)
{
	if (l->gzip)
		(void)deflateEnd(l->gzip);
	free(l->gzip);
}

/* ---- sending */

/* What has been made since cork_begin said `at`. */
static struct text made_from(const struct http_loop *l, size_t at)
{
	return (struct text){l->reply.data + at, l->reply.size - at};
}

/* It is not corked: what stands there goes. */
static void take_back(struct http_loop *l, size_t at)
{
	l->reply.size = at;
	l->reply.full = false;
}

/* The reply that begins at `at`, its head made. */
static void send_reply(struct connection *c, size_t at, struct text body)
{
	struct buffer *b = &c->loop->reply;
	if (body.size <= REPLY_COPY_MAX) {
		buffer_text(b, body);
		body.size = 0;
	}
	if (b->full) {
		connection_close(c); /* no memory */
	} else if (c->loop->gather.crowd && !body.size && !c->tls) {
		cork(c, at);
		return;
	} else {
		connection_send(c, (struct text[]){made_from(c->loop, at), body},
				body.size ? 2 : 1);
	}
	take_back(c->loop, at);
}

static void reply_to(struct connection *c, struct exchange *x, const struct http_reply *r,
		     bool closes)
{
	struct framing f = {.closes = closes, .says_keep_alive = x->head.http_1_0};
	struct text body = r->content_type.size ? r->body : TEXT_NONE;
	f.varies = r->may_gzip && body.size > GZIP_BYTES_MIN && body.size <= GZIP_BYTES_MAX;
	if (f.varies && accepts_gzip(http_header_get(&x->open.request, TEXT("accept-encoding")))) {
		struct text small = gzipped(x, body);
		f.gzipped = small.size != 0;
		body = f.gzipped ? small : body;
	}
	f.body_size = body.size;
	size_t at = cork_begin(c->loop);
	add_head(c->loop, r, f);
	bool is_head_only = x->head.verb == HTTP_HEAD || is_bodiless(r->status);
	send_reply(c, at, is_head_only ? TEXT_NONE : body);
}

static void reply_in_bundle(struct exchange *x, const struct http_reply *r)
{
	struct http_loop *l = x->open.loop;
	struct text body = r->content_type.size && !is_bodiless(r->status) ? r->body : TEXT_NONE;
	size_t at = cork_begin(l);
	add_head(l, r, (struct framing){.body_size = body.size});
	struct text head = l->reply.full ? TEXT_NONE : made_from(l, at);
	take_back(l, at);
	bundle_reply(x, head, body);
}

void http_reply(struct http_exchange *open, const struct http_reply *r)
{
	struct exchange *x = (struct exchange *)open;
	struct connection *c = x->connection;
	must(pthread_equal(x->open.loop->thread, pthread_self()));
	if (x->bundle) {
		reply_in_bundle(x, r);
		return;
	}
	bool closes = r->close || !x->head.keep_alive || x->open.loop->draining;
	if (c)
		reply_to(c, x, r, closes);
	exchange_free(x);
	if (c)
		connection_replied(c, closes);
}

void reply_refusal(struct connection *c, struct refusal why)
{
	struct http_loop *l = c->loop;
	if (l->server->config.refused)
		l->server->config.refused(l->server->config.context, why.status);
	char said[200];
	int size = snprintf(said, sizeof said, "%d: %s\n", why.status, why.why);
	struct http_reply r = {
	    .status = why.status,
	    .content_type = TEXT("text/plain;charset=UTF-8"),
	    .body = {said, (size_t)size},
	    .retry_after_s = why.status == 503,
	};
	size_t at = cork_begin(l);
	add_head(l, &r, (struct framing){.body_size = r.body.size, .closes = true});
	send_reply(c, at, r.body);
}
