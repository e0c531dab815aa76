/*
 * Sorting a generation's rows. A key begins with its kind, table and merchant, and text with what
 * all of its kind begin with: so eight bytes are sorted at a time, by their digits (a radix sort),
 * and rows that agree in them go on behind all that they have in common. What two rounds leave
 * equal is merged with whole keys. Each step leaves equal ones in the order in which they came.
 */
#include "store/overlay.h"

#include <sys/mman.h>

enum {
	DIGITS = 8,	    /* bytes of a word */
	INSERT_MAX = 48,    /* so few are faster without counting digits */
	BYTES_AHEAD = 1024, /* called from memory before their turn */
	ROWS_AHEAD = 8,
};

/* A stretch of rows, and room for as many. */
struct stretch {
	struct sorted *rows, *spare;
	size_t count;
};

static uint64_t key_word(const struct row *r, size_t from)
{
	uint64_t word = 0;
	if (from < r->key_size)
		memcpy(&word, r->key + from, r->key_size - from < 8 ? r->key_size - from : 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* ---- by words ---- */

static void insert_words(const struct stretch *s)
{
	for (size_t i = 1; i < s->count; i++) {
		struct sorted one = s->rows[i];
		size_t at = i;
		for (; at > 0 && one.word < s->rows[at - 1].word; at--)
			s->rows[at] = s->rows[at - 1];
		s->rows[at] = one;
	}
}

/* One digit's pass from `from` to `to`; counts become places. */
static void place_by_digit(const struct sorted *from, struct sorted *to, size_t count,
			   unsigned shift, uint32_t *counts)
{
	uint32_t place = 0;
	for (unsigned i = 0; i < 256; i++) {
		uint32_t n = counts[i];
		counts[i] = place;
		place += n;
	}
	for (size_t i = 0; i < count; i++)
		to[counts[from[i].word >> shift & 255]++] = from[i];
}

static void sort_digits(const struct stretch *s)
{
	uint32_t counts[DIGITS][256] = {0};
	struct sorted *from = s->rows, *to = s->spare;
	for (size_t i = 0; i < s->count; i++)
		for (unsigned d = 0; d < DIGITS; d++)
			counts[d][from[i].word >> (8 * d) & 255]++;
	for (unsigned d = 0; d < DIGITS; d++) {
		if (counts[d][from[0].word >> (8 * d) & 255] == s->count)
			continue;
		place_by_digit(from, to, s->count, 8 * d, counts[d]);
		struct sorted *swap = from;
		from = to;
		to = swap;
	}
	if (from != s->rows)
		memcpy(s->rows, from, s->count * sizeof(*from));
}

static bool words_ascend(const struct stretch *s)
{
	for (size_t i = 1; i < s->count; i++)
		if (s->rows[i].word < s->rows[i - 1].word)
			return false;
	return true;
}

static void sort_words(const struct stretch *s)
{
	if (s->count <= INSERT_MAX)
		insert_words(s);
	else if (!words_ascend(s))
		sort_digits(s);
}

/* ---- by whole keys ---- */

static bool sorts_before(const struct sorted *a, const struct sorted *b)
{
	return text_compare(row_key(a->row), row_key(b->row)) < 0;
}

static void merge(const struct sorted *a, const struct sorted *a_end, const struct sorted *b,
		  const struct sorted *b_end, struct sorted *out)
{
	while (a < a_end && b < b_end)
		*out++ = sorts_before(b, a) ? *b++ : *a++;
	memcpy(out, a, (size_t)(a_end - a) * sizeof(*a));
	memcpy(out + (a_end - a), b, (size_t)(b_end - b) * sizeof(*b));
}

static void sort_keys(const struct stretch *s)
{
	struct sorted *from = s->rows, *to = s->spare;
	for (size_t n = 1; n < s->count; n *= 2) {
		for (size_t at = 0; at < s->count; at += 2 * n) {
			size_t middle = at + n < s->count ? at + n : s->count;
			size_t end = at + 2 * n < s->count ? at + 2 * n : s->count;
			merge(from + at, from + middle, from + middle, from + end, to + at);
		}
		struct sorted *swap = from;
		from = to;
		to = swap;
	}
	if (from != s->rows)
		memcpy(s->rows, from, s->count * sizeof(*from));
}

/* ---- both ---- */

static void sort_equals(const struct stretch *all, void (*sort)(const struct stretch *))
{
	for (size_t i = 0, end; i < all->count; i = end) {
		uint64_t word = all->rows[i].word;
		for (end = i + 1; end < all->count && all->rows[end].word == word;)
			end++;
		if (end - i > 1)
			sort(&(struct stretch){all->rows + i, all->spare + i, end - i});
	}
}

static size_t common_size(const struct stretch *s)
{
	const struct row *first = s->rows[0].row;
	size_t common = first->key_size;
	for (size_t i = 1; i < s->count; i++) {
		const struct row *r = s->rows[i].row;
		if (i + ROWS_AHEAD < s->count)
			__builtin_prefetch(s->rows[i + ROWS_AHEAD].row);
		size_t n = 0;
		while (n < common && n < r->key_size && r->key[n] == first->key[n])
			n++;
		common = n;
	}
	return common;
}

static void sort_behind_common(const struct stretch *s)
{
	size_t common = common_size(s);
	for (size_t i = 0; i < s->count; i++)
		s->rows[i].word = key_word(s->rows[i].row, common);
	sort_words(s);
	sort_equals(s, sort_keys);
}

/* As they came, so that memory is walked in one direction. */
static void collect(const struct generation *g, const struct stretch *s)
{
	size_t n = s->count;
	for (const struct row *r = row_at(g, g->last_row); r; r = row_at(g, r->before)) {
		if ((const char *)r - g->memory > BYTES_AHEAD)
			__builtin_prefetch((const char *)r - BYTES_AHEAD);
		s->rows[--n] = (struct sorted){key_word(r, 0), r};
	}
	must(n == 0);
}

static void *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	(void)madvise(memory, size, MADV_HUGEPAGE);
	return memory;
}

struct sorted *generation_sort(const struct generation *g, size_t *ret_count)
{
	size_t count = atomic_load(&g->row_count), bytes = (count + 1) * sizeof(struct sorted);
	struct stretch all = {map(bytes), map(bytes), count};
	*ret_count = count;
	if (all.rows && all.spare) {
		collect(g, &all);
		sort_words(&all);
		sort_equals(&all, sort_behind_common);
	} else if (all.rows) {
		munmap(all.rows, bytes);
		all.rows = NULL;
	}
	if (all.spare)
		munmap(all.spare, bytes);
	return all.rows;
}

void generation_unsort(struct sorted *rows, size_t count)
{
	munmap(rows, (count + 1) * sizeof(struct sorted));
}
