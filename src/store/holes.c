/*
 * See holes.h. Rows are read from the newest end, so nothing before the first live ordinal is ever
 * asked for: the child that holds it comes last and needs no count.
 */
#include "store/holes.h"

#include "base/varint.h"

/* Bitmap rows: a byte says which form, the shortest that fits. */
enum bitmap_form {
	FORM_GONE, /* distances of the set bits */
	FORM_LIVE, /* distances of the bits not set */
	FORM_BITS, /* 128 bytes */
};
enum { FORM_LIST_MAX = 64 }; /* a list of more bits is longer than all bits */

struct bitmap {
	uint64_t words[HOLES_WORDS];
};
struct counts {
	uint64_t of[HOLES_FAN];
};

static unsigned shift_of(unsigned level)
{
	return HOLES_BLOCK_BITS + (level - 1) * HOLES_FAN_BITS;
}

static unsigned top_level(const struct ordinals *o)
{
	unsigned level = 1;
	while ((o->next - 1) >> shift_of(level) != 0)
		level++;
	must(level <= HOLES_LEVELS_MAX);
	return level;
}

void holes_key(struct key *k, const struct key *list, unsigned level, uint64_t index)
{
	key_of_list(k, ROW_HOLES, list);
	key_add_number(k, level);
	key_add_number(k, index);
}

static uint64_t bitmap_count(const struct bitmap *b)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < HOLES_WORDS; i++)
		n += (unsigned)__builtin_popcountll(b->words[i]);
	return n;
}

static size_t write_bitmap(const struct bitmap *b, uint8_t *out)
{
	uint64_t gone = bitmap_count(b), flip = 0, last = 0;
	uint8_t *to = out;
	if (gone <= FORM_LIST_MAX) {
		*to++ = FORM_GONE;
	} else if (gone >= HOLES_BLOCK - FORM_LIST_MAX) {
		*to++ = FORM_LIVE;
		flip = UINT64_MAX;
	} else {
		*to++ = FORM_BITS;
		for (unsigned i = 0; i < HOLES_BLOCK / 8; i++)
			*to++ = (uint8_t)(b->words[i / 8] >> (i % 8 * 8));
		return (size_t)(to - out);
	}
	for (unsigned i = 0; i < HOLES_WORDS; i++)
		for (uint64_t w = b->words[i] ^ flip; w; w &= w - 1) {
			uint64_t bit = i * 64 + (unsigned)__builtin_ctzll(w);
			to += varint_put(to, bit - last);
			last = bit;
		}
	return (size_t)(to - out);
}

static bool read_bits(struct text value, struct bitmap *ret)
{
	if (value.size != HOLES_BLOCK / 8)
		return false;
	for (unsigned i = 0; i < HOLES_BLOCK / 8; i++)
		ret->words[i / 8] |= (uint64_t)(uint8_t)value.data[i] << (i % 8 * 8);
	return true;
}

static bool read_bitmap(struct text value, struct bitmap *ret)
{
	uint64_t form, step, bit = 0;
	*ret = (struct bitmap){0};
	if (!varint_take(&value, &form) || form > FORM_BITS)
		return false;
	if (form == FORM_BITS)
		return read_bits(value, ret);
	while (value.size) {
		if (!varint_take(&value, &step) || step >= HOLES_BLOCK || bit + step >= HOLES_BLOCK)
			return false;
		bit += step;
		ret->words[bit / 64] |= UINT64_C(1) << bit % 64;
	}
	for (unsigned i = 0; form == FORM_LIVE && i < HOLES_WORDS; i++)
		ret->words[i] = ~ret->words[i];
	return true;
}

static size_t write_counts(const struct counts *c, uint8_t *out)
{
	unsigned n = HOLES_FAN;
	uint8_t *to = out;
	while (n > 0 && c->of[n - 1] == 0)
		n--;
	to += varint_put(to, n);
	for (unsigned i = 0; i < n; i++)
		to += varint_put(to, c->of[i]);
	return (size_t)(to - out);
}

/* No child has more holes than it has ordinals. */
static bool read_counts(unsigned level, struct text value, struct counts *ret)
{
	uint64_t n;
	*ret = (struct counts){0};
	if (!varint_take(&value, &n) || n > HOLES_FAN)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!varint_take(&value, &ret->of[i]) || ret->of[i] > UINT64_C(1)
									  << shift_of(level - 1))
			return false;
	return value.size == 0;
}

bool holes_check(unsigned level, struct text value)
{
	struct bitmap bitmap;
	struct counts counts;
	if (level < 1 || level > HOLES_LEVELS_MAX)
		return false;
	return level == 1 ? read_bitmap(value, &bitmap) : read_counts(level, value, &counts);
}

static void put_row(const struct holes *h, const struct key *k, const uint8_t *value, size_t size)
{
	row_put(h->rows, key_get(k), (struct text){(const char *)value, size});
	h->changed(h->context, k);
}

/* A missing bitmap has no holes. */
static bool get_bitmap(const struct holes *h, uint64_t block, struct key *k, struct bitmap *ret)
{
	struct text value;
	holes_key(k, h->list, 1, block);
	if (row_get(h->rows, key_get(k), &value))
		return read_bitmap(value, ret);
	*ret = (struct bitmap){0};
	return true;
}

/* *ret_there: the row exists; without it *ret is zeroes. */
static bool get_counts(const struct holes *h, unsigned level, uint64_t index, struct key *k,
		       struct counts *ret, bool *ret_there)
{
	struct text value;
	holes_key(k, h->list, level, index);
	*ret_there = row_get(h->rows, key_get(k), &value);
	if (*ret_there)
		return read_counts(level, value, ret);
	*ret = (struct counts){0};
	return true;
}

/* In the child that is left, the rank counts from its upper end. */
static bool select_child(const struct holes *h, const struct ordinals *o, unsigned level,
			 uint64_t *index, uint64_t *rank)
{
	struct key k;
	struct counts counts;
	bool there;
	if (!get_counts(h, level, *index, &k, &counts, &there))
		return false;
	unsigned shift = shift_of(level - 1);
	uint64_t base = *index << HOLES_FAN_BITS;
	uint64_t low = o->first >> shift, high = (o->next - 1) >> shift;
	if (low < base)
		low = base;
	if (high > base + HOLES_FAN - 1)
		high = base + HOLES_FAN - 1;
	for (; high > low; high--) {
		uint64_t end = (high + 1) << shift;
		uint64_t size = (end < o->next ? end : o->next) - (high << shift);
		uint64_t gone = counts.of[high - base];
		if (gone > size)
			return false;
		if (*rank < size - gone)
			break;
		*rank -= size - gone;
	}
	*index = high;
	return true;
}

/* The live bits of a block: not gone, and within [first, next). */
static bool get_block(const struct holes *h, const struct ordinals *o, uint64_t index,
		      struct holes_block *ret)
{
	struct key k;
	struct bitmap bitmap;
	if (!get_bitmap(h, index, &k, &bitmap))
		return false;
	ret->base = index << HOLES_BLOCK_BITS;
	for (unsigned i = 0; i < HOLES_WORDS; i++) {
		uint64_t begin = ret->base + i * 64, mask = UINT64_MAX;
		if (o->first >= begin + 64 || o->next <= begin)
			mask = 0;
		if (mask && o->first > begin)
			mask &= UINT64_MAX << (o->first - begin);
		if (mask && o->next < begin + 64)
			mask &= ~(UINT64_MAX << (o->next - begin));
		ret->live[i] = ~bitmap.words[i] & mask;
	}
	return true;
}

static bool select_bit(const struct holes_block *b, uint64_t rank, uint64_t *ret_ordinal)
{
	for (unsigned i = HOLES_WORDS; i-- > 0;) {
		uint64_t word = b->live[i];
		unsigned n = (unsigned)__builtin_popcountll(word);
		if (rank >= n) {
			rank -= n;
			continue;
		}
		for (; rank > 0; rank--)
			word &= ~(UINT64_C(1) << (63 - __builtin_clzll(word)));
		*ret_ordinal = b->base + i * 64 + 63 - (unsigned)__builtin_clzll(word);
		return true;
	}
	return false;
}

bool holes_select(const struct holes *h, const struct ordinals *o, uint64_t rank,
		  uint64_t *ret_ordinal, struct holes_block *ret_block)
{
	uint64_t index = 0;
	for (unsigned level = top_level(o); level > 1; level--)
		if (!select_child(h, o, level, &index, &rank))
			return false;
	return get_block(h, o, index, ret_block) && select_bit(ret_block, rank, ret_ordinal);
}

bool holes_want(const struct holes *h, const struct ordinals *o, uint64_t rank)
{
	uint64_t index = 0;
	struct key k;
	for (unsigned level = top_level(o); level > 1; level--) {
		holes_key(&k, h->list, level, index);
		if (!row_want(h->rows, key_get(&k)) || !select_child(h, o, level, &index, &rank))
			return false;
	}
	holes_key(&k, h->list, 1, index);
	return row_want(h->rows, key_get(&k));
}

/* Holes recorded under a row; asked only when the row above is made. */
static uint64_t count_under(const struct holes *h, unsigned level, uint64_t index)
{
	struct key k;
	struct bitmap bitmap;
	struct counts counts;
	for (; level > 1; level--, index <<= HOLES_FAN_BITS) {
		bool there;
		uint64_t sum = 0;
		must(get_counts(h, level, index, &k, &counts, &there) || h->rows->guessed);
		for (unsigned i = 0; there && i < HOLES_FAN; i++)
			sum += counts.of[i];
		if (there)
			return sum;
	}
	must(get_bitmap(h, index, &k, &bitmap));
	return bitmap_count(&bitmap);
}

static void count_one(const struct holes *h, unsigned level, uint64_t ordinal)
{
	struct key k;
	struct counts counts;
	bool there;
	uint8_t value[HOLES_VALUE_MAX];
	uint64_t index = ordinal >> shift_of(level);
	uint64_t child = (ordinal >> shift_of(level - 1)) % HOLES_FAN;
	must(get_counts(h, level, index, &k, &counts, &there) || h->rows->guessed);
	if (!there && child == 0)
		return;
	if (!there)
		counts.of[0] = count_under(h, level - 1, index << HOLES_FAN_BITS);
	counts.of[child]++;
	put_row(h, &k, value, write_counts(&counts, value));
}

void holes_add(const struct holes *h, const struct ordinals *o, uint64_t ordinal)
{
	struct key k;
	struct bitmap bitmap;
	uint8_t value[HOLES_VALUE_MAX];
	must(ordinal > o->first && ordinal < o->next);
	for (unsigned level = top_level(o); level > 1; level--)
		count_one(h, level, ordinal);
	must(get_bitmap(h, ordinal >> HOLES_BLOCK_BITS, &k, &bitmap));
	uint64_t *word = &bitmap.words[ordinal % HOLES_BLOCK / 64], bit = UINT64_C(1)
									  << ordinal % 64;
	must((*word & bit) == 0 || h->rows->guessed);
	*word |= bit;
	put_row(h, &k, value, write_bitmap(&bitmap, value));
}

/* One command drops so many rows of a level at most; those left are never read again. */
enum { DROP_MAX = 64 };

void holes_drop(const struct holes *h, uint64_t old_first, uint64_t new_first)
{
	struct key k;
	struct text value;
	for (unsigned level = 1; level <= HOLES_LEVELS_MAX; level++) {
		uint64_t at = old_first >> shift_of(level), end = new_first >> shift_of(level);
		if (at == end)
			return;
		if (end - at > DROP_MAX)
			end = at + DROP_MAX;
		for (; at < end; at++) {
			holes_key(&k, h->list, level, at);
			if (!row_get(h->rows, key_get(&k), &value))
				continue;
			row_del(h->rows, key_get(&k));
			h->changed(h->context, &k);
		}
	}
}
