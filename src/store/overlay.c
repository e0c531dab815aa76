/*
 * The overlay's generations: a bump arena of mapped memory and a bucket array beside it. A pointer
 * is published by a release-store after what it points to is written, and read by an acquire-load;
 * what readers follow never changes afterwards, except `newest` (and versions that no reader may
 * see yet, because their batch is not published).
 */
#include "store/overlay.h"

#include "store/keys.h"
#include "store/together.h"

#include "base/crypto.h"
#include "store/bell.h"

#include <sys/mman.h>

enum {
	BYTES_PER_BUCKET = 256,
	RESERVE_FACTOR = 4,
	STEP = 8, /* of places: nothing is at 0 */
	PAGE = 4096,
	HUGE_PAGE = 2 * 1024 * 1024,
	ROWS_TO_COLLAPSE = 8192, /* the table's pages are nearly all touched by then */
};
static const size_t RESERVE_MAX = (size_t)STEP << 32;

#if !defined(MADV_COLLAPSE)
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

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

/* Behind the first ones: what stays small takes little, what grows large is not taken page by page.
 */
static void use_huge_pages(struct generation *g)
{
	if (g->reserved > 2 * HUGE_PAGE)
		(void)madvise(g->memory + HUGE_PAGE, g->reserved - HUGE_PAGE, MADV_HUGEPAGE);
}

struct generation *generation_open(size_t bytes)
{
	struct generation *g = calloc(1, sizeof(*g));
	must(g);
	g->reserved = bytes * RESERVE_FACTOR < RESERVE_MAX ? bytes * RESERVE_FACTOR : RESERVE_MAX;
	atomic_init(&g->used, STEP);
	g->bucket_count = bucket_count(bytes);
	g->memory = map(g->reserved);
	g->buckets = map(g->bucket_count * sizeof(g->buckets[0]));
	random_bytes(&g->seed, sizeof(g->seed));
	if (g->memory && g->buckets) {
		use_huge_pages(g);
		return g;
	}
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

static _Atomic uint64_t *bucket_of(const struct generation *g, uint64_t hash)
{
	return &g->buckets[hash & (g->bucket_count - 1)];
}

static uint64_t bucket_bit(uint64_t hash)
{
	return UINT64_C(1) << (32 + (hash >> 27) % 32);
}

static struct row *row_in_bucket(const struct generation *g, uint64_t hash, struct text key)
{
	uint64_t bucket = atomic_load_explicit(bucket_of(g, hash), memory_order_acquire);
	if ((bucket & bucket_bit(hash)) == 0)
		return NULL;
	struct row *r = row_at(g, (uint32_t)bucket);
	for (; r; r = row_at(g, r->next))
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

static void count_row(struct generation *g)
{
	uint64_t rows = atomic_load_explicit(&g->row_count, memory_order_relaxed);
	if (rows == 0)
		atomic_store_explicit(&g->born_us, monotonic_us(), memory_order_relaxed);
	atomic_store_explicit(&g->row_count, rows + 1, memory_order_relaxed);
	size_t table = g->bucket_count * sizeof(g->buckets[0]);
	if (rows + 1 == ROWS_TO_COLLAPSE && table >= HUGE_PAGE)
		(void)madvise(g->buckets, table, MADV_COLLAPSE);
}

static uint32_t place_of(const struct generation *g, const struct row *r)
{
	return (uint32_t)((size_t)((const char *)r - g->memory) / STEP);
}

static struct row *new_row(struct generation *g, struct stamp stamp, struct text key,
			   const struct text *value)
{
	must(key.size <= UINT16_MAX && (!value || value->size < VERSION_DELETED));
	struct row *r = take(g, sizeof(*r) + key.size);
	struct version *v = r ? new_version(g, stamp, value) : NULL;
	if (!v)
		return NULL;
	r->before = g->last_row;
	r->key_size = (uint16_t)key.size;
	memcpy(r->key, key.data, key.size);
	atomic_init(&r->newest, v);
	g->last_row = place_of(g, r);
	return r;
}

static void put_into_bucket(struct generation *g, struct row *r, uint64_t hash)
{
	_Atomic uint64_t *bucket = bucket_of(g, hash);
	uint64_t was = atomic_load_explicit(bucket, memory_order_relaxed);
	uint64_t bits = (was >> 32 << 32) | bucket_bit(hash);
	r->next = (uint32_t)was;
	r->hash = (uint32_t)(hash >> 32);
	atomic_store_explicit(bucket, bits | place_of(g, r), memory_order_release);
}

static bool add_row(struct generation *g, struct stamp stamp, uint64_t hash, struct text key,
		    const struct text *value)
{
	struct row *r = new_row(g, stamp, key, value);
	if (!r)
		return false;
	put_into_bucket(g, r, hash);
	count_row(g);
	return true;
}

bool generation_set(struct generation *g, struct stamp stamp, struct text key,
		    const struct text *value)
{
	uint64_t hash = hash_key(g->seed, key);
	struct row *r = row_in_bucket(g, hash, key);
	if (!r)
		return add_row(g, stamp, hash, key, value);
	struct version *newest = atomic_load_explicit(&r->newest, memory_order_relaxed);
	bool own = newest->batch == stamp.batch;
	/* All but counters may still be in use by the running command, as texts of a record: a new
	 * version never touches them. */
	if (own && row_is_counter(key) && (value ? value->size : 0) <= newest->capacity) {
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

/* ---- without looking ---- */

bool generation_add(struct generation *g, struct stamp stamp, struct text key,
		    const struct text *value)
{
	if (!new_row(g, stamp, key, value))
		return false;
	g->unindexed = true;
	count_row(g);
	return true;
}

static void clear_buckets(struct generation *g)
{
	for (size_t i = 0; i < g->bucket_count; i++)
		atomic_store_explicit(&g->buckets[i], 0, memory_order_relaxed);
}

/* Newest first, so that of a key's rows the newest is found. */
void generation_index(struct generation *g)
{
	if (!g->unindexed)
		return;
	clear_buckets(g);
	for (struct row *r = row_at(g, g->last_row); r; r = row_at(g, r->before)) {
		uint64_t hash = hash_key(g->seed, row_key(r));
		if (!row_in_bucket(g, hash, row_key(r)))
			put_into_bucket(g, r, hash);
	}
	g->unindexed = false;
}

void generation_clear(struct generation *g)
{
	if (atomic_load(&g->row_count) > 0)
		clear_buckets(g);
	atomic_store(&g->used, STEP);
	atomic_store(&g->row_count, 0);
	atomic_store(&g->born_us, 0);
	g->last_row = 0;
	g->unindexed = false;
}
