/* A stream of bytes: one head and a chunked body, read at once and byte by byte, must be the same.
 */
#include "fuzz/lib/fuzz.h"
#include "http/conn.h"

struct scanned {
	enum head_scan scan;
	size_t size;
	int status;
};

static struct scanned scan_by(struct text in, size_t step)
{
	struct scanned s = {0};
	uint32_t line = 0;
	for (size_t have = 0; s.scan == HEAD_UNFINISHED && have < in.size;) {
		struct refusal why;
		have = have + step < in.size ? have + step : in.size;
		s.size = 0;
		s.scan = head_scan((struct text){in.data, have}, &line, &s.size, &why);
		s.status = why.status;
		must(line <= have && (s.scan == HEAD_REFUSED) == (why.status != 0));
	}
	return s;
}

static void head_check(const struct head *h, struct text in)
{
	const struct text parts[] = {h->target, h->path, h->query, h->host};
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		must(text_within(parts[i], in));
	must(h->header_count <= HEADER_COUNT_MAX && h->target.size > 0);
	must(h->target.data[0] == '/' || text_equal(h->target, TEXT("*")));
	must(h->path.size > 0 && h->path.size + h->query.size <= h->target.size);
	must(!memchr(h->target.data, ' ', h->target.size));
	must(!(h->chunked && (h->body_size || h->http_1_0)));
	for (unsigned i = 0; i < h->header_count; i++) {
		const struct http_header *e = &h->headers[i];
		must(text_within(e->name, in) && text_within(e->value, in) && e->name.size > 0);
		must(text_equal(e->value, text_trim(e->value)));
		must(!e->value.size || (!memchr(e->value.data, '\n', e->value.size) &&
					!memchr(e->value.data, '\r', e->value.size)));
		if (text_equal_ignore_case(e->name, TEXT("accept-encoding")))
			(void)accepts_gzip(e->value);
	}
}

struct body {
	enum chunk_result result;
	struct buffer bytes;
	size_t used;
};

static void chunks_by(struct text in, size_t step, struct body *ret)
{
	struct chunk_reader reader = {0};
	*ret = (struct body){.result = CHUNK_MORE};
	buffer_init(&ret->bytes, 4096);
	while (ret->result == CHUNK_MORE && ret->used < in.size && !ret->bytes.full) {
		size_t n = in.size - ret->used < step ? in.size - ret->used : step, used = 0;
		ret->result =
		    chunk_read(&reader, (struct text){in.data + ret->used, n}, &ret->bytes, &used);
		must(used <= n && (ret->result != CHUNK_MORE || used == n || ret->bytes.full));
		ret->used += used;
	}
}

static void chunks_check(struct text in)
{
	struct body whole, bytes;
	chunks_by(in, in.size, &whole);
	chunks_by(in, 1, &bytes);
	must(whole.result == bytes.result && whole.bytes.full == bytes.bytes.full);
	if (whole.result == CHUNK_END) {
		must(whole.used == bytes.used);
		must(text_equal(buffer_get(&whole.bytes), buffer_get(&bytes.bytes)));
	}
	buffer_release(&whole.bytes);
	buffer_release(&bytes.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text in = {(const char *)data, size};
	struct scanned whole = scan_by(in, size), bytes = scan_by(in, 1);
	must(whole.scan == bytes.scan);
	if (whole.scan != HEAD_WHOLE)
		return 0;
	must(whole.size == bytes.size && whole.size <= size && whole.size <= HEADER_BYTES_MAX);
	/* of its own, so that a read past its end is seen */
	struct text head = {malloc(whole.size), whole.size};
	static struct head h;
	must(head.data);
	memcpy((void *)(uintptr_t)head.data, in.data, head.size);
	struct refusal refusal = head_parse(head, &h);
	must(refusal.status == 0 || (refusal.status >= 400 && refusal.status <= 505));
	if (refusal.status == 0)
		head_check(&h, head);
	free((void *)(uintptr_t)head.data);
	chunks_check((struct text){in.data + whole.size, size - whole.size});
	return 0;
}
