/*
 * Slices of text and must(). The checks of UTF-8 look at every byte of every request, so they
 * take eight bytes at a time while these are plain ASCII.
 */
#include "base/base.h"
#include "base/utf8.h"

_Noreturn void must_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: must(%s) failed\n", file, line, condition);
	fflush(stderr);
	abort();
}

static unsigned lower(char c)
{
	unsigned byte = (uint8_t)c;
	return byte - 'A' < 26 ? byte + 32 : byte;
}

bool text_equal_ignore_case(struct text a, struct text b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++) {
		if (a.data[i] != b.data[i] && lower(a.data[i]) != lower(b.data[i]))
			return false;
	}
	return true;
}

int text_compare(struct text a, struct text b)
{
	size_t common = a.size < b.size ? a.size : b.size;
	int order = common ? memcmp(a.data, b.data, common) : 0;
	return order ? order : (a.size > b.size) - (a.size < b.size);
}

bool text_starts_with(struct text t, struct text prefix)
{
	return t.size >= prefix.size && text_equal((struct text){t.data, prefix.size}, prefix);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct text text_trim(struct text t)
{
	while (t.size && is_blank(t.data[t.size - 1]))
		t.size--;
	while (t.size && is_blank(t.data[0])) {
		t.data++;
		t.size--;
	}
	return t;
}

struct text text_cut(struct text *t, char separator)
{
	struct text all = *t;
	const char *at = all.size ? memchr(all.data, separator, all.size) : NULL;
	if (!at) {
		*t = TEXT_NONE;
		return all;
	}
	size_t before = (size_t)(at - all.data);
	*t = (struct text){at + 1, all.size - before - 1};
	return (struct text){all.data, before};
}

/* Both checks in one: which control characters pass is all they differ in. */
static inline bool check_utf8(struct text t, bool clean)
{
	const char *at = t.data, *end = at + t.size;
	while (at < end) {
		if (end - at >= 8) {
			uint64_t word = load8(at);
			uint64_t mark = clean ? mark_unclean(word) : word & BYTES8(0x80);
			if (!mark) {
				at += 8;
				continue;
			}
			at += first_mark(mark);
		}
		uint8_t c = (uint8_t)*at;
		if (c < 0x80) {
			if (clean && c < 0x20 && c != '\t' && c != '\n' && c != '\r')
				return false;
			at++;
			continue;
		}
		do {
			size_t step = utf8_step(at, end);
			if (!step)
				return false;
			at += step;
		} while (at < end && (uint8_t)*at >= 0x80);
	}
	return true;
}

bool text_is_clean(struct text t)
{
	return t.size == 0 || check_utf8(t, true);
}
bool text_is_utf8(struct text t)
{
	return t.size == 0 || check_utf8(t, false);
}

size_t text_length(struct text t)
{
	size_t followers = 0, i = 0;
	for (; i + 8 <= t.size; i += 8) {
		uint64_t word = load8(t.data + i);
		uint64_t mark = (word & (~word << 1) & BYTES8(0x80)) >> 7;
		followers += (size_t)((mark * BYTES8(1)) >> 56);
	}
	for (; i < t.size; i++)
		followers += ((uint8_t)t.data[i] & 0xC0) == 0x80;
	return t.size - followers;
}

bool text_to_uint64(struct text t, uint64_t *ret_value)
{
	uint64_t value = 0;
	if (t.size == 0)
		return false;
	for (size_t i = 0; i < t.size; i++) {
		unsigned digit = (uint8_t)t.data[i] - (unsigned)'0';
		if (digit > 9 || __builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return false;
	}
	*ret_value = value;
	return true;
}

bool text_to_int64(struct text t, int64_t *ret_value)
{
	bool negative = t.size && t.data[0] == '-';
	uint64_t size;
	if (negative)
		t = (struct text){t.data + 1, t.size - 1};
	if (!text_to_uint64(t, &size) || size > (uint64_t)INT64_MAX + negative)
		return false;
	*ret_value = (int64_t)(negative ? -size : size);
	return true;
}
