/*
 * The overlay's generations: a bump arena of mapped memory and a bucket array beside it. A pointer
 * is published by a release-store after what it points to is written, and read by an acquire-load;
 * what readers follow never changes afterwards, except `newest` (and versions that no reader may
 * see yet, because their batch is not published).
 */
#include "store/overlay.h"

#include "store/keys.h"

#include "base/crypto.h"
#include "store/bell.h"

#include <sys/mman.h>

enum { BYTES_PER_BUCKET = 256, RESERVE_FACTOR = 4, PAGE = 4096 };

static void *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

static size_t bucket_count(size_t bytes)
{
	size_t n = 1024;
	while (n < bytes / BYTES_PER_BUCKET)
		n *= 2;
	return n;
}

struct generation *generation_open(size_t bytes)
{
	struct generation *g = calloc(1, sizeof(*g));
	must(g);
	g->reserved = bytes * RESERVE_FACTOR;
	g->bucket_count = bucket_count(bytes);
	g->memory = map(g->reserved);
	g->buckets = map(g->bucket_count * sizeof(g->buckets[0]));
	random_bytes(&g->seed, sizeof(g->seed));
	if (g->memory && g->buckets)
		return g;
	generation_close(g);
	return NULL;
}

void generation_close(struct generation *g)
{
	if (g->memory)
		munmap(g->memory, g->reserved);
	if (g->buckets)
		munmap(g->buckets, g->bucket_count * sizeof(g->buckets[0]));
	free(g);
}

size_t generation_bytes(const struct generation *g)
{
	size_t rows = atomic_load_explicit(&g->row_count, memory_order_relaxed);
	size_t table = g->bucket_count * sizeof(g->buckets[0]);
	/* A bucket touches its page. */
	if (rows < table / PAGE)
		table = rows * PAGE;
	return table + atomic_load_explicit(&g->used, memory_order_relaxed);
}

/* ---- hashing: keyed, because keys hold what clients send ---- */

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_key(uint64_t seed, struct text key)
{
	const char *at = key.data;
	size_t left = key.size;
	uint64_t h = seed ^ (key.size * UINT64_C(0x9E3779B97F4A7C15)), word;
	for (; left >= 8; left -= 8, at += 8) {
		memcpy(&word, at, 8);
		h = mix(h ^ word, UINT64_C(0xA0761D6478BD642F) ^ seed);
	}
	word = 0;
	if (left)
		memcpy(&word, at, left);
	h = mix(h ^ word, UINT64_C(0xE7037ED1A0B428DB) ^ seed);
	return h ^ (h >> 32);
}

/* ---- finding ---- */

static struct row *row_in_bucket(const struct generation *g, uint64_t hash, struct text key)
{
	const _Atomic(struct row *) *bucket = &g->buckets[hash & (g->bucket_count - 1)];
	struct row *r = atomic_load_explicit(bucket, memory_order_acquire);
	for (; r; r = r->next)
		if (r->hash == (uint32_t)(hash >> 32) && r->key_size == key.size &&
		    memcmp(r->key, key.data, key.size) == 0)
			return r;
	return NULL;
}

const struct version *generation_find(const struct generation *g, uint64_t batch, struct text key)
{
	if (atomic_load_explicit(&g->row_count, memory_order_relaxed) == 0)
		return NULL;
	const struct row *r = row_in_bucket(g, hash_key(g->seed, key), key);
	if (!r)
		return NULL;
	const struct version *v = atomic_load_explicit(&r->newest, memory_order_acquire);
	while (v && v->batch > batch)
		v = v->older;
	return v;
}

/* ---- writing ---- */

static void *take(struct generation *g, size_t size)
{
	size_t used = atomic_load_explicit(&g->used, memory_order_relaxed);
	size = (size + 7) / 8 * 8;
	if (size > g->reserved - used)
		return NULL;
	atomic_store_explicit(&g->used, used + size, memory_order_relaxed);
	return g->memory + used;
}

static void version_fill(struct version *v, uint64_t command, const struct text *value)
{
	v->command = command;
	v->size = value ? (uint32_t)value->size : VERSION_DELETED;
	if (value && value->size)
		memcpy(v->data, value->data, value->size);
}

static struct version *new_version(struct generation *g, struct stamp stamp,
				   const struct text *value)
{
	size_t capacity = value ? (value->size + 7) / 8 * 8 : 0;
	struct version *v = take(g, sizeof(*v) + capacity);
	if (!v)
		return NULL;
	v->older = NULL;
	v->batch = stamp.batch;
	v->capacity = (uint32_t)capacity;
	version_fill(v, stamp.command, value);
	return v;
}

static bool add_row(struct generation *g, struct stamp stamp, uint64_t hash, struct text key,
		    const struct text *value)
{
	struct row *r = take(g, sizeof(*r) + key.size);
	struct version *v = r ? new_version(g, stamp, value) : NULL;
	if (!v)
		return false;
	_Atomic(struct row *) *bucket = &g->buckets[hash & (g->bucket_count - 1)];
	r->next = atomic_load_explicit(bucket, memory_order_relaxed);
	r->hash = (uint32_t)(hash >> 32);
	r->key_size = (uint16_t)key.size;
	memcpy(r->key, key.data, key.size);
	atomic_init(&r->newest, v);
	atomic_store_explicit(bucket, r, memory_order_release);
	uint64_t rows = atomic_load_explicit(&g->row_count, memory_order_relaxed);
	if (rows == 0)
		atomic_store_explicit(&g->born_us, monotonic_us(), memory_order_relaxed);
	atomic_store_explicit(&g->row_count, rows + 1, memory_order_relaxed);
	return true;
}

/* Counts, holes and heads are decoded as they are read. All other values may still be in use by the
 * running command, as texts of a record: a new version never touches them. */
static bool decoded_at_once(struct text key)
{
	return key.data[0] == ROW_HEAD || key.data[0] == ROW_LIST || key.data[0] == ROW_HOLES;
}

bool generation_set(struct generation *g, struct stamp stamp, struct text key,
		    const struct text *value)
{
	must(key.size <= UINT16_MAX && (!value || value->size < VERSION_DELETED));
	uint64_t hash = hash_key(g->seed, key);
	struct row *r = row_in_bucket(g, hash, key);
	if (!r)
		return add_row(g, stamp, hash, key, value);
	struct version *newest = atomic_load_explicit(&r->newest, memory_order_relaxed);
	bool own = newest->batch == stamp.batch;
	if (own && decoded_at_once(key) && (value ? value->size : 0) <= newest->capacity) {
		version_fill(newest, stamp.command, value);
		return true;
	}
	struct version *v = new_version(g, stamp, value);
	if (!v)
		return false;
	v->older = own ? newest->older : newest;
	atomic_store_explicit(&r->newest, v, memory_order_release);
	return true;
}

/* ---- sorting: a merge sort between two mapped arrays ---- */

static uint64_t key_prefix(const struct row *r)
{
	uint8_t bytes[8] = {0};
	uint64_t prefix;
	memcpy(bytes, r->key, r->key_size < 8 ? r->key_size : 8);
	memcpy(&prefix, bytes, 8);
	return __builtin_bswap64(prefix);
}

static inline bool sorts_before(const struct sorted *a, const struct sorted *b)
{
	if (a->prefix != b->prefix)
		return a->prefix < b->prefix;
	size_t n = a->row->key_size < b->row->key_size ? a->row->key_size : b->row->key_size;
	int order = memcmp(a->row->key, b->row->key, n);
	return order ? order < 0 : a->row->key_size < b->row->key_size;
}

static void merge(const struct sorted *a, const struct sorted *a_end, const struct sorted *b,
		  const struct sorted *b_end, struct sorted *out)
{
	while (a < a_end && b < b_end)
		*out++ = sorts_before(b, a) ? *b++ : *a++;
	memcpy(out, a, (size_t)(a_end - a) * sizeof(*a));
	memcpy(out + (a_end - a), b, (size_t)(b_end - b) * sizeof(*b));
}

/* One pass: runs of n become runs of 2n. */
static void merge_runs(const struct sorted *from, struct sorted *to, size_t n, size_t count)
{
	for (size_t at = 0; at < count; at += 2 * n) {
		size_t middle = at + n < count ? at + n : count;
		size_t end = at + 2 * n < count ? at + 2 * n : count;
		merge(from + at, from + middle, from + middle, from + end, to + at);
	}
}

static void collect(const struct generation *g, struct sorted *rows)
{
	size_t n = 0;
	for (size_t i = 0; i < g->bucket_count; i++) {
		const struct row *r = atomic_load_explicit(&g->buckets[i], memory_order_acquire);
		for (; r; r = r->next)
			rows[n++] = (struct sorted){key_prefix(r), r};
	}
}

struct sorted *generation_sort(const struct generation *g, size_t *ret_count)
{
	size_t count = atomic_load(&g->row_count), bytes = (count + 1) * sizeof(struct sorted);
	struct sorted *rows = map(bytes), *other = map(bytes);
	*ret_count = count;
	if (!rows || !other) {
		if (rows)
			munmap(rows, bytes);
		if (other)
			munmap(other, bytes);
		return NULL;
	}
	collect(g, rows);
	for (size_t n = 1; n < count; n *= 2) {
		merge_runs(rows, other, n, count);
		struct sorted *swap = rows;
		rows = other;
		other = swap;
	}
	munmap(other, bytes);
	return rows;
}

void generation_unsort(struct sorted *rows, size_t count)
{
	munmap(rows, (count + 1) * sizeof(struct sorted));
}
