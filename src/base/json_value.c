/*
 * What a checked JSON value says: texts with their escapes resolved, exact integers, equality;
 * and the way back, writing a text.
 *
 * A number is read as digits and a power of ten, both taken from its spelling, so numbers of any
 * length compare exactly and nothing is ever rounded.
 */
#include "base/json.h"
#include "base/json_raw.h"
#include "base/utf8.h"

int json_hex4(const char *at)
{
	int value = 0;
	for (size_t i = 0; i < 4; i++) {
		char c = at[i], letter = (char)(c | 0x20);
		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if (letter >= 'a' && letter <= 'f')
			value = value << 4 | (letter - 'a' + 10);
		else
			return -1;
	}
	return value;
}

static size_t put_utf8(char *out, int code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = size - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3F));
	out[0] = (char)(0xF00 >> size | code);
	return size;
}

/* Resolves the escape at *at (a surrogate pair is one), moves *at behind it; returns the bytes
 * written, at most 4. */
static size_t resolve_escape(const char **at, char out[4])
{
	const char *p = *at;
	*at += 2;
	switch (p[1]) {
	case 'b':
		return put_utf8(out, '\b');
	case 'f':
		return put_utf8(out, '\f');
	case 'n':
		return put_utf8(out, '\n');
	case 'r':
		return put_utf8(out, '\r');
	case 't':
		return put_utf8(out, '\t');
	case 'u':
		break;
	default:
		return put_utf8(out, p[1]);
	}
	int code = json_hex4(p + 2);
	*at += 4;
	if (json_is_high(code)) {
		code = 0x10000 + ((code - 0xD800) << 10) + (json_hex4(p + 8) - 0xDC00);
		*at += 6;
	}
	return put_utf8(out, code);
}

/* Reading a text byte by byte while its escapes are resolved. */
struct reader {
	const char *at, *end;
	bool is_raw;
	uint8_t held, held_size; /* bytes of the last escape that were given and that there are */
	char bytes[4];
};

static struct reader reader_of(struct text t, bool is_raw)
{
	return (struct reader){.at = t.data, .end = text_end(t), .is_raw = is_raw};
}

/* The next byte, -1 at the end. */
static int reader_next(struct reader *r)
{
	if (r->held < r->held_size)
		return (uint8_t)r->bytes[r->held++];
	if (r->at == r->end)
		return -1;
	if (*r->at != '\\' || !r->is_raw)
		return (uint8_t)*r->at++;
	r->held_size = (uint8_t)resolve_escape(&r->at, r->bytes);
	r->held = 1;
	return (uint8_t)r->bytes[0];
}

int json_raw_compare(struct text a, struct text b, bool b_is_raw)
{
	if (!json_has_escape(a) && !(b_is_raw && json_has_escape(b)))
		return text_compare(a, b);
	struct reader left = reader_of(a, true), right = reader_of(b, b_is_raw);
	for (;;) {
		int x = reader_next(&left), y = reader_next(&right);
		if (x != y)
			return x < y ? -1 : 1;
		if (x < 0)
			return 0;
	}
}

struct text json_name(struct arena *a, struct text raw_name)
{
	if (!json_has_escape(raw_name))
		return raw_name;
	char *copy = arena_take(a, raw_name.size), *to = copy;
	if (!copy)
		return TEXT_NONE;
	const char *at = raw_name.data, *end = at + raw_name.size;
	while (at < end) {
		const char *escape = memchr(at, '\\', (size_t)(end - at));
		size_t plain = (size_t)((escape ? escape : end) - at);
		memcpy(to, at, plain);
		to += plain;
		at += plain;
		if (escape)
			to += resolve_escape(&at, to);
	}
	return (struct text){copy, (size_t)(to - copy)};
}

static struct text inside_quotes(struct text raw)
{
	return (struct text){raw.data + 1, raw.size - 2};
}

struct text json_text(struct arena *a, struct json value)
{
	must(value.kind == JSON_TEXT);
	return json_name(a, inside_quotes(value.raw));
}

/* A number as (-1)^negative * digits * 10^power. The digits begin and end with one that is not
 * zero (a point may lie between); none at all is zero. */
struct decimal {
	bool negative, vast; /* vast: the exponent is past any use, power says nothing */
	struct text digits;
	size_t count;
	int64_t power;
};

static int64_t read_exponent(const char *at, const char *end, bool *ret_vast)
{
	static const int64_t useful_max = INT64_C(1000000000000000); /* far above any body's size */
	bool negative = at < end && *at == '-';
	int64_t value = 0;
	*ret_vast = false;
	if (at < end && (*at == '-' || *at == '+'))
		at++;
	for (; at < end; at++) {
		value = value * 10 + (*at - '0');
		if (value > useful_max) {
			*ret_vast = true;
			return 0;
		}
	}
	return negative ? -value : value;
}

static struct decimal decimal_of(struct text raw)
{
	struct decimal d = {.negative = raw.data[0] == '-'};
	const char *at = raw.data + d.negative, *end = raw.data + raw.size;
	const char *first = NULL, *last = NULL, *point = NULL;
	for (; at < end && (*at | 0x20) != 'e'; at++) {
		if (*at == '.') {
			point = at;
		} else if (*at != '0') {
			last = at;
			first = first ? first : at;
		}
	}
	if (!first)
		return (struct decimal){0};
	const char *behind = at;
	d.digits = (struct text){first, (size_t)(last - first) + 1};
	d.count = d.digits.size - (point && first < point && point < last);
	d.power = at < end ? read_exponent(at + 1, end, &d.vast) : 0;
	d.power += !point ? behind - last - 1 : last < point ? point - last - 1 : point - last;
	return d;
}

static bool decimal_equal(struct decimal a, struct decimal b)
{
	if (a.negative != b.negative || a.count != b.count || a.power != b.power)
		return false;
	for (size_t i = 0, j = 0; i < a.digits.size && j < b.digits.size; i++, j++) {
		i += a.digits.data[i] == '.';
		j += b.digits.data[j] == '.';
		if (a.digits.data[i] != b.digits.data[j])
			return false;
	}
	return true;
}

static bool number_equal(struct text a, struct text b)
{
	struct decimal x = decimal_of(a), y = decimal_of(b);
	if (x.vast || y.vast)
		return text_equal(a, b);
	return decimal_equal(x, y);
}

bool json_int64(struct json value, int64_t *ret)
{
	if (value.kind != JSON_NUMBER)
		return false;
	if (text_to_int64(value.raw, ret))
		return true;
	struct decimal d = decimal_of(value.raw);
	if (d.vast || d.power < 0 || d.power > 19 || d.count > 19)
		return false;
	uint64_t size = 0;
	for (size_t i = 0; i < d.digits.size; i++) {
		if (d.digits.data[i] != '.')
			size = size * 10 + (uint64_t)(d.digits.data[i] - '0');
	}
	for (; d.power > 0; d.power--) {
		if (__builtin_mul_overflow(size, (uint64_t)10, &size))
			return false;
	}
	if (size > (uint64_t)INT64_MAX + d.negative)
		return false;
	*ret = (int64_t)(d.negative ? -size : size);
	return true;
}

/* An object's members, sorted by name, the last one of each name only. */
struct members {
	struct member {
		struct text name;
		struct json value;
	} * rows, few[16];
	size_t count;
};

/* Rows of one name stay in the order of the text: a row's address says where it stood. */
static int compare_members(const void *a, const void *b)
{
	const struct member *left = a, *right = b;
	int order = json_raw_compare(left->name, right->name, true);
	if (order)
		return order;
	return (left->name.data > right->name.data) - (left->name.data < right->name.data);
}

static size_t count_members(struct json object)
{
	struct json_walk walk = json_walk(object);
	struct text name;
	struct json value;
	size_t count = 0;
	while (json_next(&walk, &name, &value))
		count++;
	return count;
}

static void members_init(struct members *m, struct json object)
{
	struct json_walk walk = json_walk(object);
	size_t count = count_members(object), i = 0;
	m->rows = count > COUNT_OF(m->few) ? malloc(count * sizeof(*m->rows)) : m->few;
	must(m->rows);
	while (i < count && json_next(&walk, &m->rows[i].name, &m->rows[i].value))
		i++;
	qsort(m->rows, count, sizeof(*m->rows), compare_members);
	m->count = 0;
	for (i = 0; i < count; i++) {
		bool repeated = m->count && !json_raw_compare(m->rows[m->count - 1].name,
							      m->rows[i].name, true);
		m->count -= repeated;
		m->rows[m->count++] = m->rows[i];
	}
}

static void members_release(struct members *m)
{
	if (m->rows != m->few)
		free(m->rows);
}

static bool values_equal(struct json a, struct json b, unsigned depth);

static bool objects_equal(struct json a, struct json b, unsigned depth)
{
	struct members left, right;
	members_init(&left, a);
	members_init(&right, b);
	bool equal = left.count == right.count;
	for (size_t i = 0; equal && i < left.count; i++) {
		equal = json_raw_compare(left.rows[i].name, right.rows[i].name, true) == 0 &&
			values_equal(left.rows[i].value, right.rows[i].value, depth);
	}
	members_release(&left);
	members_release(&right);
	return equal;
}

static bool lists_equal(struct json a, struct json b, unsigned depth)
{
	struct json_walk left = json_walk(a), right = json_walk(b);
	struct text unnamed;
	struct json x, y;
	for (;;) {
		bool more = json_next(&left, &unnamed, &x);
		if (json_next(&right, &unnamed, &y) != more)
			return false;
		if (!more)
			return true;
		if (!values_equal(x, y, depth))
			return false;
	}
}

/* Recursion, but never deeper than json_parse lets a value be. */
static bool values_equal(struct json a, struct json b, unsigned depth)
{
	must(depth <= JSON_DEPTH_MAX);
	if (a.kind != b.kind)
		return false;
	if (text_equal(a.raw, b.raw))
		return true;
	switch (a.kind) {
	case JSON_NUMBER:
		return number_equal(a.raw, b.raw);
	case JSON_TEXT:
		return json_raw_compare(inside_quotes(a.raw), inside_quotes(b.raw), true) == 0;
	case JSON_LIST:
		return lists_equal(a, b, depth + 1);
	case JSON_OBJECT:
		return objects_equal(a, b, depth + 1);
	case JSON_NULL:
	case JSON_FALSE:
	case JSON_TRUE:
		break;
	}
	return true;
}

bool json_equal(struct json a, struct json b)
{
	return values_equal(a, b, 0);
}

static void add_escape(struct buffer *b, char c)
{
	static const char shorts[0x20] = {
	    ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
	uint8_t byte = (uint8_t)c;
	char name = byte < 0x20 ? shorts[byte] : c;
	if (name) {
		buffer_add(b, (char[2]){'\\', name}, 2);
		return;
	}
	buffer_text(b, TEXT("\\u00"));
	buffer_byte(b, (char)('0' + (byte >> 4)));
	buffer_byte(b, "0123456789abcdef"[byte & 15]);
}

void buffer_json_escaped(struct buffer *b, struct text t)
{
	const char *at = t.data, *end = text_end(t);
	while (at < end) {
		size_t run = json_plain_run(at, end);
		buffer_add(b, at, run);
		at += run;
		if (at < end)
			add_escape(b, *at++);
	}
}

void buffer_json_text(struct buffer *b, struct text t)
{
	char *to = buffer_room(b, t.size + 2);
	if (!to)
		return;
	*to = '"';
	size_t run = json_plain_run(t.data, text_end(t));
	if (run)
		memcpy(to + 1, t.data, run);
	b->size += 1 + run;
	if (run == t.size) {
		to[1 + run] = '"';
		b->size++;
		return;
	}
	buffer_json_escaped(b, (struct text){t.data + run, t.size - run});
	buffer_byte(b, '"');
}
