/*
 * Bytes -> the head of a request. Two looks, because what one parser takes for a head another
 * must not take for two:
 *
 *   head_scan   finds the end, line by line, and refuses what frames differently elsewhere: a
 *               bare CR or LF, NUL, a folded line, too many bytes
 *   head_parse  llhttp in strict mode reads it; then the rules between headers: one Host, one
 *               Content-Length, never with Transfer-Encoding, chunked alone, HTTP/1.0 and 1.1
 */
/* llhttp has constants of the same names as ours. */
#define HTTP_GET     LLHTTP_GET
#define HTTP_POST    LLHTTP_POST
#define HTTP_PUT     LLHTTP_PUT
#define HTTP_DELETE  LLHTTP_DELETE
#define HTTP_HEAD    LLHTTP_HEAD
#define HTTP_OPTIONS LLHTTP_OPTIONS
#define HTTP_PATCH   LLHTTP_PATCH
#include <llhttp.h>
#undef HTTP_GET
#undef HTTP_POST
#undef HTTP_PUT
#undef HTTP_DELETE
#undef HTTP_HEAD
#undef HTTP_OPTIONS
#undef HTTP_PATCH

#include "http/conn.h"

static struct refusal refuse(int status, const char *why)
{
	return (struct refusal){status, why};
}
static const struct refusal served = {0, ""};

/* ---- finding the end of a head */

static struct refusal line_check(const char *line, const char *lf)
{
	size_t size = (size_t)(lf - line);
	if (size == 0 || lf[-1] != '\r')
		return refuse(400, "a line that ends without CR");
	if (memchr(line, '\r', size - 1))
		return refuse(400, "a CR within a line");
	if (memchr(line, 0, size))
		return refuse(400, "a NUL");
	if (*line == ' ' || *line == '\t')
		return refuse(400, "a folded header");
	return served;
}

/* An unfinished line is refused early for what no more bytes can mend. */
static struct refusal rest_check(struct text rest, size_t before)
{
	if (before + rest.size > HEADER_BYTES_MAX)
		return before ? refuse(431, "the headers are over 16 KiB")
			      : refuse(414, "the target is over 16 KiB");
	if (rest.size == 0)
		return served;
	if (before && (*rest.data == ' ' || *rest.data == '\t'))
		return refuse(400, "a folded header");
	if (memchr(rest.data, 0, rest.size))
		return refuse(400, "a NUL");
	const char *cr = memchr(rest.data, '\r', rest.size);
	if (cr && cr != rest.data + rest.size - 1)
		return refuse(400, "a CR within a line");
	return served;
}

enum head_scan head_scan(struct text in, uint32_t *line, size_t *ret_size, struct refusal *ret_why)
{
	const char *end = in.data + in.size, *at = in.data + *line, *lf;
	while (at < end && (lf = memchr(at, '\n', (size_t)(end - at)))) {
		*ret_why = line_check(at, lf);
		bool is_last = lf == at + 1;
		at = lf + 1;
		*ret_size = (size_t)(at - in.data);
		if (!ret_why->status && *ret_size > HEADER_BYTES_MAX)
			*ret_why = *line ? refuse(431, "the headers are over 16 KiB")
					 : refuse(414, "the target is over 16 KiB");
		if (ret_why->status)
			return HEAD_REFUSED;
		if (is_last)
			return HEAD_WHOLE;
		*line = (uint32_t)*ret_size;
	}
	*ret_why = rest_check((struct text){at, (size_t)(end - at)}, *line);
	return ret_why->status ? HEAD_REFUSED : HEAD_UNFINISHED;
}

/* ---- llhttp */

struct reading {
	struct head *head;
	bool complete, too_many;
};

static int on_url(llhttp_t *p, const char *at, size_t size)
{
	struct head *h = ((struct reading *)p->data)->head;
	if (!h->target.data)
		h->target.data = at;
	h->target.size += size;
	return 0;
}

static int on_name(llhttp_t *p, const char *at, size_t size)
{
	struct reading *r = p->data;
	if (r->head->header_count == HEADER_COUNT_MAX) {
		r->too_many = true;
		return -1;
	}
	struct http_header *h = &r->head->headers[r->head->header_count];
	if (!h->name.data)
		*h = (struct http_header){.name = {at, 0}};
	h->name.size += size;
	return 0;
}

static int on_value(llhttp_t *p, const char *at, size_t size)
{
	struct reading *r = p->data;
	struct http_header *h = &r->head->headers[r->head->header_count];
	if (!h->value.data)
		h->value.data = at;
	h->value.size += size;
	return 0;
}

static int on_value_complete(llhttp_t *p)
{
	struct head *h = ((struct reading *)p->data)->head;
	h->headers[h->header_count].value = text_trim(h->headers[h->header_count].value);
	if (++h->header_count < HEADER_COUNT_MAX)
		h->headers[h->header_count].name.data = NULL;
	return 0;
}

static int on_headers_complete(llhttp_t *p)
{
	((struct reading *)p->data)->complete = true;
	p->upgrade = 0; /* an offer; we stay with HTTP/1.1 */
	return 0;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
};

static enum http_verb verb_of(llhttp_t *p)
{
	switch (p->method) {
	case LLHTTP_GET:
		return HTTP_GET;
	case LLHTTP_POST:
		return HTTP_POST;
	case LLHTTP_PUT:
		return HTTP_PUT;
	case LLHTTP_DELETE:
		return HTTP_DELETE;
	case LLHTTP_HEAD:
		return HTTP_HEAD;
	case LLHTTP_OPTIONS:
		return HTTP_OPTIONS;
	case LLHTTP_PATCH:
		return HTTP_PATCH;
	default:
		return HTTP_OTHER;
	}
}

static struct refusal refuse_parser(llhttp_t *p)
{
	enum llhttp_errno error = llhttp_get_errno(p);
	if (error == HPE_INVALID_METHOD)
		return refuse(501, "an unknown method");
	if (error == HPE_INVALID_TRANSFER_ENCODING)
		return refuse(501, "a Transfer-Encoding other than chunked");
	const char *why = llhttp_get_error_reason(p);
	return refuse(400, why ? why : "not a request");
}

/* ---- the request line */

/* Stricter than llhttp about spaces, and says 505 where it says 400: a version of the right form
 * that is not ours. */
static struct refusal line_read(struct text line, bool *ret_http_1_0)
{
	const char *v = line.size < 9 ? "" : line.data + line.size - 8;
	if (line.size < 9 || memcmp(v - 1, " HTTP/", 6) != 0 || v[6] != '.')
		return refuse(400, "the request line does not end in HTTP/1.1");
	if (v[5] != '1' || (v[7] != '0' && v[7] != '1'))
		return refuse(505, "an HTTP version other than 1.0 and 1.1");
	const char *first = memchr(line.data, ' ', line.size);
	if (memchr(first + 1, ' ', line.size - (size_t)(first + 1 - line.data)) != v - 1 ||
	    first == v - 2)
		return refuse(400, "a space too many in the request line");
	*ret_http_1_0 = v[7] == '0';
	return served;
}

/* "http://host/path" -> "/path"; one without a path stays as it is and is refused. */
static struct text origin_form(struct text target)
{
	const char *authority =
	    target.data[0] == '/' ? NULL : memmem(target.data, target.size, "://", 3);
	if (!authority)
		return target;
	struct text rest = {authority + 3, target.size - (size_t)(authority + 3 - target.data)};
	struct text host = text_cut(&rest, '/');
	if (!rest.data || (host.size && memchr(host.data, '?', host.size)))
		return target;
	return (struct text){rest.data - 1, rest.size + 1};
}

static struct refusal target_read(struct head *h)
{
	if (h->target.size == 0 || memchr(h->target.data, '#', h->target.size))
		return refuse(400, "the target is not one");
	h->target = origin_form(h->target);
	if (h->target.data[0] != '/' && !text_equal(h->target, TEXT("*")))
		return refuse(400, "the target is not a path");
	h->query = h->target;
	h->path = text_cut(&h->query, '?');
	return served;
}

/* ---- the rules between headers */

struct facts {
	unsigned hosts, lengths, codings;
	bool close, keep_alive;
};

/* Walks "a, b, c". */
static struct text list_next(struct text *list)
{
	return text_trim(text_cut(list, ','));
}

static void connection_options(struct text value, struct facts *f)
{
	while (value.data) {
		struct text option = list_next(&value);
		if (text_equal_ignore_case(option, TEXT("close")))
			f->close = true;
		else if (text_equal_ignore_case(option, TEXT("keep-alive")))
			f->keep_alive = true;
	}
}

static struct refusal length_read(struct text value, struct head *h)
{
	for (size_t i = 0; i < value.size; i++)
		if (value.data[i] < '0' || value.data[i] > '9')
			return refuse(400, "a Content-Length that is not a number");
	if (!text_to_uint64(value, &h->body_size))
		return refuse(400, "a Content-Length that is not a number");
	return served;
}

static struct refusal header_read(const struct http_header *e, struct head *h, struct facts *f)
{
	if (e->name.size == 0) {
		return refuse(400, "a header without a name");
	} else if (text_equal_ignore_case(e->name, TEXT("host"))) {
		h->host = e->value;
		f->hosts++;
	} else if (text_equal_ignore_case(e->name, TEXT("connection"))) {
		connection_options(e->value, f);
	} else if (text_equal_ignore_case(e->name, TEXT("content-length"))) {
		if (f->lengths++)
			return refuse(400, "two Content-Length headers");
		return length_read(e->value, h);
	} else if (text_equal_ignore_case(e->name, TEXT("transfer-encoding"))) {
		if (f->codings++ || !text_equal_ignore_case(e->value, TEXT("chunked")))
			return refuse(501, "a Transfer-Encoding other than chunked");
		h->chunked = true;
	} else if (text_equal_ignore_case(e->name, TEXT("expect"))) {
		if (!text_equal_ignore_case(e->value, TEXT("100-continue")))
			return refuse(417, "an Expect other than 100-continue");
		h->expects_continue = true;
	}
	return served;
}

static struct refusal headers_check(struct head *h)
{
	struct facts f = {0};
	for (unsigned i = 0; i < h->header_count; i++) {
		struct refusal r = header_read(&h->headers[i], h, &f);
		if (r.status)
			return r;
	}
	if (f.hosts > 1)
		return refuse(400, "two Host headers");
	if (f.hosts == 0 && !h->http_1_0)
		return refuse(400, "the Host header is missing");
	if (h->chunked && f.lengths)
		return refuse(400, "Content-Length and Transfer-Encoding");
	if (h->chunked && h->http_1_0)
		return refuse(400, "Transfer-Encoding in HTTP/1.0");
	h->expects_continue = h->expects_continue && !h->http_1_0;
	h->keep_alive = !f.close && (!h->http_1_0 || f.keep_alive);
	return served;
}

struct refusal head_parse(struct text in, struct head *h)
{
	h->header_count = 0;
	h->target = TEXT_NONE;
	h->host = TEXT_NONE;
	h->chunked = h->expects_continue = false;
	h->body_size = 0;
	h->headers[0].name.data = NULL;

	const char *cr = memchr(in.data, '\r', in.size);
	struct refusal r = line_read((struct text){in.data, (size_t)(cr - in.data)}, &h->http_1_0);
	if (r.status)
		return r;
	struct reading reading = {.head = h};
	llhttp_t p;
	llhttp_init(&p, HTTP_REQUEST, &settings);
	p.data = &reading;
	enum llhttp_errno error = llhttp_execute(&p, in.data, in.size);
	if (reading.too_many)
		return refuse(431, "more than 64 headers");
	if (error != HPE_OK || !reading.complete)
		return refuse_parser(&p);
	h->verb = verb_of(&p);
	if (p.method == HTTP_CONNECT)
		return refuse(501, "CONNECT");
	r = target_read(h);
	return r.status ? r : headers_check(h);
}

struct text http_header_get(const struct http_request *r, struct text name)
{
	for (unsigned i = 0; i < r->header_count; i++)
		if (text_equal_ignore_case(r->headers[i].name, name))
			return r->headers[i].value;
	return TEXT_NONE;
}

/* ---- Accept-Encoding */

/* q=0, q=0.0, q=0.00, q=0.000 */
static bool quality_is_zero(struct text parameters)
{
	while (parameters.data) {
		struct text p = text_trim(text_cut(&parameters, ';'));
		if (p.size < 3 || (p.data[0] != 'q' && p.data[0] != 'Q') || p.data[1] != '=')
			continue;
		for (size_t i = 2; i < p.size; i++)
			if (p.data[i] != '0' && p.data[i] != '.')
				return false;
		return true;
	}
	return false;
}

bool accepts_gzip(struct text list)
{
	int named = -1, any = -1;
	while (list.data) {
		struct text parameters = list_next(&list);
		struct text coding = text_trim(text_cut(&parameters, ';'));
		int wanted = !quality_is_zero(parameters);
		if (text_equal_ignore_case(coding, TEXT("gzip")) ||
		    text_equal_ignore_case(coding, TEXT("x-gzip")))
			named = wanted;
		else if (text_equal(coding, TEXT("*")))
			any = wanted;
	}
	return named >= 0 ? named == 1 : any == 1;
}
