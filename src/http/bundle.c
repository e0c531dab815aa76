/*
 * A bundle: the requests that one turn of a loop passes to one server, as the body of one request,
 * and their answers, as the body of its answer. Both sides of it, and both are this program.
 *
 *   requests  "SIZE PEER\n" and SIZE bytes: a request with Content-Length or without a body
 *   answers   "NUMBER SIZE\n" and SIZE bytes: the answer to the NUMBERth, from 0, in any order
 *
 * The requests of a bundle are exchanges like any other, but for where their replies go; the bundle
 * is answered when all of them are. Their slices are of its body.
 */
#include "http/conn.h"

struct bundle {
	struct http_exchange *whole;
	unsigned waiting; /* for so many replies */
	struct buffer answers;
};

/* ---- requests out */

static bool is_one_of(struct text name, const struct text *names, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (text_equal_ignore_case(name, names[i]))
			return true;
	return false;
}

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
	return !is_one_of(name, not, COUNT_OF(not ));
}

/* No more headers than came, and HTTP/1.0 where there is no Host: the other side is as strict. */
static void write_request(struct buffer *b, const struct http_request *r)
{
	static const struct text verbs[] = {
	    [HTTP_GET] = TEXT("GET"),	  [HTTP_POST] = TEXT("POST"),
	    [HTTP_PUT] = TEXT("PUT"),	  [HTTP_DELETE] = TEXT("DELETE"),
	    [HTTP_HEAD] = TEXT("HEAD"),	  [HTTP_OPTIONS] = TEXT("OPTIONS"),
	    [HTTP_PATCH] = TEXT("PATCH"),
	};
	if (r->verb >= COUNT_OF(verbs)) { /* HTTP_OTHER: its name is not kept */
		b->full = true;
		return;
	}
	buffer_text(b, verbs[r->verb]);
	buffer_byte(b, ' ');
	buffer_text(b, r->target);
	buffer_text(b, r->host.size ? TEXT(" HTTP/1.1\r\n") : TEXT(" HTTP/1.0\r\n"));
	for (unsigned i = 0; i < r->header_count; i++)
		if (is_passed(r->headers[i].name))
			header_add(b, r->headers[i].name, r->headers[i].value);
	if (r->body.size)
		header_add_size(b, r->body.size);
	buffer_text(b, TEXT("\r\n"));
	b->full |= b->size > HEADER_BYTES_MAX;
	buffer_text(b, r->body);
}

void bundle_add(struct buffer *b, struct buffer *room, const struct http_request *r)
{
	buffer_clear(room);
	write_request(room, r);
	buffer_uint64(b, room->size);
	buffer_byte(b, ' ');
	buffer_text(b, r->peer);
	buffer_byte(b, '\n');
	buffer_text(b, buffer_get(room));
	b->full |= room->full;
}

/* ---- parts in */

/* "WORD WORD\n" and as many bytes as the word at `size` says. */
static bool part_cut(struct text *rest, struct text words[2], unsigned size, struct text *ret_part)
{
	uint64_t n;
	struct text line = text_cut(rest, '\n');
	words[0] = text_cut(&line, ' ');
	words[1] = line;
	if (!rest->data || !words[1].data || !text_to_uint64(words[size], &n) || n > rest->size)
		return false;
	*ret_part = (struct text){rest->data, (size_t)n};
	rest->data += n;
	rest->size -= (size_t)n;
	return true;
}

/* Of the connection, or made anew for each answer. */
static bool is_own(struct text name)
{
	static const struct text own[] = {TEXT("Server"),     TEXT("Date"),
					  TEXT("Connection"), TEXT("Content-Type"),
					  TEXT("Vary"),	      TEXT("Content-Length")};
	return is_one_of(name, own, COUNT_OF(own));
}

static bool header_read(struct answer_head *h, struct text name, struct text value)
{
	if (text_equal(name, TEXT("Content-Length")))
		return text_to_uint64(value, &h->body_size) && h->body_size <= BUNDLE_ANSWERS_MAX;
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
enum answer_part answer_read(struct text in, struct answer_head *ret)
{
	const char *end = memmem(in.data, in.size, "\r\n\r\n", 4);
	if (!end)
		return in.size < ANSWER_HEAD_MAX ? ANSWER_UNFINISHED : ANSWER_BAD;
	size_t size = (size_t)(end - in.data) + 4;
	struct text head = {in.data, size}, line = text_cut(&head, '\n');
	uint64_t status;
	*ret = (struct answer_head){0};
	ret->answer.headers = ret->headers;
	if (!text_starts_with(line, TEXT("HTTP/1.1 ")) || line.size < 12 ||
	    !text_to_uint64((struct text){line.data + 9, 3}, &status) || status < 200)
		return ANSWER_BAD;
	ret->answer.status = (int)status;
	while ((line = text_trim(text_cut(&head, '\n'))).size) {
		struct text name = text_cut(&line, ':');
		if (!line.data || !header_read(ret, name, text_trim(line)))
			return ANSWER_BAD;
	}
	ret->answer.body = (struct text){in.data + size, in.size - size};
	if (ret->answer.body.size > ret->body_size)
		return ANSWER_BAD;
	return ret->answer.body.size == ret->body_size ? ANSWER_WHOLE : ANSWER_UNFINISHED;
}

bool bundle_next(struct text *rest, unsigned *ret_number, struct answer_head *ret)
{
	struct text words[2], part;
	uint64_t number;
	if (!part_cut(rest, words, 1, &part) || !text_to_uint64(words[0], &number) ||
	    number >= BUNDLE_CALLS_MAX)
		return false;
	*ret_number = (unsigned)number;
	return answer_read(part, ret) == ANSWER_WHOLE;
}

/* ---- replies */

static void bundle_replied(struct bundle *b)
{
	struct buffer answers = b->answers; /* the bundle goes with its exchange */
	if (--b->waiting)
		return;
	if (answers.full) /* no memory; any other status would say that nothing was done */
		answers.size = 0;
	http_reply(b->whole, &(struct http_reply){.status = 200,
						  .content_type = TEXT("application/octet-stream"),
						  .body = buffer_get(&answers)});
	buffer_release(&answers);
}

/* One that finds no room is left out: nobody knows then what became of its call. */
void bundle_reply(struct exchange *x, struct text head, struct text body)
{
	struct bundle *b = x->bundle;
	struct buffer *to = &b->answers;
	if (head.size && to->size + head.size + body.size + 64 <= to->capacity_max) {
		buffer_uint64(to, x->number);
		buffer_byte(to, ' ');
		buffer_uint64(to, head.size + body.size);
		buffer_byte(to, '\n');
		buffer_text(to, head);
		buffer_text(to, body);
	}
	exchange_free(x);
	bundle_replied(b);
}

/* ---- requests in */

static bool request_read(struct exchange *x, struct text part, struct text peer)
{
	uint32_t line = 0;
	size_t size;
	struct refusal why;
	if (peer.size >= sizeof x->peer || head_scan(part, &line, &size, &why) != HEAD_WHOLE ||
	    head_parse((struct text){part.data, size}, &x->head).status || x->head.chunked ||
	    x->head.body_size != part.size - size)
		return false;
	memcpy(x->peer, peer.data, peer.size);
	exchange_fill(x, (struct text){part.data + size, part.size - size}, peer.size);
	return true;
}

static void take(struct bundle *b, unsigned number, struct text part, struct text peer)
{
	struct http_loop *l = b->whole->loop;
	const struct http_config *config = &l->server->config;
	struct exchange *x = exchange_new(l);
	if (!x)
		return;
	x->connection = NULL;
	x->bundle = b;
	x->number = number;
	b->waiting++;
	if (!request_read(x, part, peer)) {
		http_reply(&x->open, &(struct http_reply){.status = 400});
		return;
	}
	x->open.request.passed = true;
	x->open.start_ns = b->whole->start_ns;
	config->handle(config->context, &x->open);
}

static bool is_bundle(struct text rest)
{
	struct text words[2], part;
	unsigned n = 0;
	while (rest.size)
		if (++n > BUNDLE_CALLS_MAX || !part_cut(&rest, words, 0, &part))
			return false;
	return n > 0;
}

bool http_unbundle(struct http_exchange *whole)
{
	struct text rest = whole->request.body, words[2], part;
	struct bundle *b = is_bundle(rest) ? arena_take_zeroed(whole->arena, sizeof *b) : NULL;
	if (!b)
		return false;
	b->whole = whole;
	b->waiting = 1; /* for the end of this */
	buffer_init(&b->answers, BUNDLE_ANSWERS_MAX);
	for (unsigned number = 0; rest.size; number++) {
		must(part_cut(&rest, words, 0, &part));
		take(b, number, part, words[1]);
	}
	bundle_replied(b);
	return true;
}
