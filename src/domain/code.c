/*
 * A balanced Feistel network over two halves of 30 bits, AES as the round function; written in
 * Crockford's base 32. Reading is exact: lower case and look-alikes are somebody else's codes,
 * because an imported code may differ from ours in nothing else.
 */
#include "domain/code.h"
#include "base/crypto.h"

enum { HALF_BITS = 30, HALF_MASK = (1 << HALF_BITS) - 1, ROUNDS = 8, PAD_BITS = 8 };
enum { ID_BITS = 2 * HALF_BITS - PAD_BITS };
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
enum { NO_DIGIT = 32 };
/* clang-format off */
/* A digit's value, and NO_DIGIT, which so becomes what the table leaves out. */
static const uint8_t value_of[256] = {
    ['0'] = 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, ['A'] = 42, 43, 44, 45, 46, 47, 48, 49,
    ['J'] = 50, 51, ['M'] = 52, 53, ['P'] = 54, 55, 56, 57, 58, ['V'] = 59, 60, 61, 62, 63,
};
/* clang-format on */

static uint32_t round_of(const struct code_key *key, unsigned round, uint32_t half)
{
	uint8_t in[16] = {(uint8_t)round, (uint8_t)(half >> 24), (uint8_t)(half >> 16),
			  (uint8_t)(half >> 8), (uint8_t)half};
	uint8_t out[16];
	aes_block(key->bytes, in, out);
	uint32_t word =
	    (uint32_t)out[0] << 24 | (uint32_t)out[1] << 16 | (uint32_t)out[2] << 8 | out[3];
	return word & HALF_MASK;
}

static uint64_t permute(const struct code_key *key, uint64_t value)
{
	uint32_t left = (uint32_t)(value >> HALF_BITS), right = (uint32_t)value & HALF_MASK;
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint32_t next = left ^ round_of(key, round, right);
		left = right;
		right = next;
	}
	return (uint64_t)left << HALF_BITS | right;
}

static uint64_t permute_back(const struct code_key *key, uint64_t value)
{
	uint32_t left = (uint32_t)(value >> HALF_BITS), right = (uint32_t)value & HALF_MASK;
	for (unsigned round = ROUNDS; round > 0; round--) {
		uint32_t before = right ^ round_of(key, round - 1, left);
		right = left;
		left = before;
	}
	return (uint64_t)left << HALF_BITS | right;
}

/* --- the last ones are kept: a code that is read is looked ahead for, read and written again ---
 */

enum way { TO_CODE, FROM_CODE, WAYS };
enum { KEPT_BITS = 6 };
static __thread struct kept {
	uint8_t key[16];
	uint64_t from, to; /* zeroes: none */
} kept[WAYS][1 << KEPT_BITS];

static struct kept *kept_at(enum way way, uint64_t from)
{
	return &kept[way][from * UINT64_C(0x9E3779B97F4A7C15) >> (64 - KEPT_BITS)];
}

static void keep(const struct code_key *key, enum way way, uint64_t from, uint64_t to)
{
	struct kept *k = kept_at(way, from);
	memcpy(k->key, key->bytes, sizeof(k->key));
	k->from = from;
	k->to = to;
}

static uint64_t go(const struct code_key *key, enum way way, uint64_t from)
{
	const struct kept *k = kept_at(way, from);
	if (k->from == from && memcmp(k->key, key->bytes, sizeof(k->key)) == 0)
		return k->to;
	uint64_t to = way == TO_CODE ? permute(key, from) : permute_back(key, from);
	keep(key, way, from, to);
	keep(key, way == TO_CODE ? FROM_CODE : TO_CODE, to, from);
	return to;
}

struct code_key code_key(struct tx *tx)
{
	return (struct code_key){.tx = tx};
}

static void derive(struct code_key *key)
{
	if (!key->tx)
		return;
	struct text tag = store_tag(key->tx, &TEXT("coupon code"), 1);
	must(tag.size == sizeof(key->bytes));
	memcpy(key->bytes, tag.data, sizeof(key->bytes));
	key->tx = NULL;
}

void code_write(struct code_key *key, uint64_t id, char out[CODE_SIZE])
{
	must(id != 0 && id >> ID_BITS == 0);
	derive(key);
	uint64_t value = go(key, TO_CODE, id << PAD_BITS);
	for (unsigned i = CODE_SIZE; i > 0; i--) {
		out[i - 1] = digits[value & 31];
		value >>= 5;
	}
}

bool code_read(struct code_key *key, struct text code, uint64_t *ret_id)
{
	if (code.size != CODE_SIZE)
		return false;
	uint64_t value = 0;
	unsigned all = 0;
	for (unsigned i = 0; i < CODE_SIZE; i++) {
		unsigned digit = value_of[(uint8_t)code.data[i]] ^ NO_DIGIT;
		value = value << 5 | digit;
		all |= digit;
	}
	if (all & NO_DIGIT)
		return false;
	derive(key);
	value = go(key, FROM_CODE, value);
	*ret_id = value >> PAD_BITS;
	return (value & ((1 << PAD_BITS) - 1)) == 0 && *ret_id != 0;
}

struct text code_of(struct code_key *key, struct arena *a, const struct coupon *c)
{
	if (c->code.size)
		return c->code;
	char made[CODE_SIZE];
	code_write(key, c->id, made);
	return arena_text(a, (struct text){made, sizeof(made)});
}

struct text code_first(struct code_key *key, struct arena *a, const struct coupon *c)
{
	struct coupon first = {.id = c->id};
	return code_of(key, a, c->errand ? &first : c);
}

struct text coupon_code(struct tx *tx, const struct env *env, const struct coupon *c)
{
	if (c->code.size)
		return c->code;
	struct code_key key = code_key(tx);
	return code_of(&key, env->arena, c);
}

bool code_is_reserved(const struct env *env, struct code_key *key, struct text code)
{
	uint64_t id;
	return code_read(key, code, &id) && id >> 32 == env->epoch;
}
