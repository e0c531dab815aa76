/* See pattern.h. */
#include "domain/pattern.h"
#include "base/crypto.h"
#include "domain/check.h"

enum { ROUNDS = 8, SPACE_BITS_MAX = 120 };

typedef unsigned __int128 wide;

static unsigned bits_of(wide value)
{
	unsigned bits = 0;
	for (; value; value >>= 1)
		bits++;
	return bits;
}

/* charset^length; 0: over the bound. */
static wide space_of(uint64_t charset, uint64_t length)
{
	wide space = 1;
	for (uint64_t i = 0; i < length; i++) {
		space *= charset;
		if (space >> SPACE_BITS_MAX)
			return 0;
	}
	return space;
}

bool pattern_of_template(const struct template *t, struct pattern *ret)
{
	*ret = (struct pattern){.prefix = t->code_prefix,
				.charset = t->code_charset,
				.length = (unsigned)t->code_length,
				.check = t->code_check};
	if (!t->code_charset.size)
		return false;
	ret->space = space_of(t->code_charset.size, t->code_length);
	must(ret->space);
	ret->half_bits = (bits_of(ret->space - 1) + 1) / 2;
	return true;
}

static bool is_visible(struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		if (t.data[i] <= ' ' || t.data[i] > '~')
			return false;
	return true;
}

static bool has_repeats(struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		if (memchr(t.data + i + 1, t.data[i], t.size - i - 1))
			return true;
	return false;
}

enum fault pattern_check(struct tx *tx, const struct template *t)
{
	struct text charset = t->code_charset, prefix = t->code_prefix;
	if (!is_visible(prefix) || prefix.size > PATTERN_PREFIX_MAX)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("code_prefix"), TEXT_NONE);
	if (!charset.size && !t->code_length && !t->code_check && !prefix.size)
		return OK;
	if (!is_visible(charset) || has_repeats(charset) || charset.size < PATTERN_CHARSET_MIN ||
	    charset.size > PATTERN_CHARSET_MAX)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("code_charset"), TEXT_NONE);
	if (t->code_length > PATTERN_LENGTH_MAX ||
	    space_of(charset.size, t->code_length) >> CODE_ENTROPY_BITS_MIN == 0)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("code_length"), TEXT_NONE);
	return OK;
}

struct text pattern_tag(struct tx *tx, const struct env *env, const struct pattern *p)
{
	char check = p->check ? '1' : '0';
	uint8_t length = (uint8_t)p->length;
	uint64_t epoch = env->epoch;
	struct text parts[] = {TEXT("code series"), p->prefix,
			       p->charset,	    {(const char *)&length, 1},
			       {&check, 1},	    {(const char *)&epoch, sizeof(epoch)}};
	return store_tag(tx, parts, COUNT_OF(parts));
}

static uint64_t round_of(const struct pattern *p, const uint8_t key[16], unsigned round,
			 uint64_t half)
{
	uint8_t in[16] = {(uint8_t)round, (uint8_t)p->half_bits}, out[16];
	uint64_t word;
	memcpy(in + 8, &half, sizeof(half));
	aes_block(key, in, out);
	memcpy(&word, out, sizeof(word));
	return word & ((UINT64_C(1) << p->half_bits) - 1);
}

static wide permute(const struct pattern *p, const uint8_t key[16], wide value)
{
	uint64_t mask = (UINT64_C(1) << p->half_bits) - 1;
	uint64_t left = (uint64_t)(value >> p->half_bits), right = (uint64_t)value & mask;
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t next = left ^ round_of(p, key, round, right);
		left = right;
		right = next;
	}
	return (wide)left << p->half_bits | right;
}

struct text pattern_code(const struct pattern *p, const uint8_t key[16], uint64_t number,
			 struct arena *a)
{
	size_t size = p->prefix.size + p->length + p->check, base = p->charset.size, sum = 0;
	char *code = arena_take(a, size);
	wide value = number;
	must(number < p->space);
	if (!code)
		return TEXT_NONE;
	do
		value = permute(p, key, value);
	while (value >= p->space);
	if (p->prefix.size)
		memcpy(code, p->prefix.data, p->prefix.size);
	for (unsigned i = p->length; i > 0; i--) {
		size_t place = (size_t)(value % base);
		value /= base;
		code[p->prefix.size + i - 1] = p->charset.data[place];
		sum += place * i;
	}
	if (p->check)
		code[size - 1] = p->charset.data[sum % base];
	return (struct text){code, size};
}
