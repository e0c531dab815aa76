/*
 * Rows in a hash table, for tests and benchmarks of the store's upper half. As the contract asks,
 * a value stays where it is until the whole store is released, whatever is put after.
 */
#pragma once

#include "store/rows.h"

struct memory_row {
	uint64_t hash;
	struct text key, value;
	bool live;
};
struct memory_chunk {
	struct memory_chunk *next;
	char bytes[];
};
struct rows_memory {
	struct rows rows; /* first */
	struct memory_row *slots;
	size_t slot_count, used;
	struct memory_chunk *chunks;
	char *at, *end;
	uint64_t get_count, put_count, del_count;
};

enum { MEMORY_CHUNK_SIZE = 1 << 20 };

static inline uint64_t memory_hash(struct text key)
{
	uint64_t hash = key.size, word;
	size_t i = 0;
	for (; i + 8 <= key.size; i += 8) {
		memcpy(&word, key.data + i, 8);
		hash = (hash ^ word) * UINT64_C(0xD6E8FEB86659FD93);
		hash ^= hash >> 32;
	}
	word = 0;
	if (i < key.size)
		memcpy(&word, key.data + i, key.size - i);
	hash = (hash ^ word) * UINT64_C(0xD6E8FEB86659FD93);
	return hash ^ hash >> 32;
}

static inline struct text memory_copy(struct rows_memory *m, struct text t)
{
	if ((size_t)(m->end - m->at) < t.size) {
		size_t size = t.size > MEMORY_CHUNK_SIZE ? t.size : MEMORY_CHUNK_SIZE;
		struct memory_chunk *chunk = malloc(sizeof(*chunk) + size);
		must(chunk);
		chunk->next = m->chunks;
		m->chunks = chunk;
		m->at = chunk->bytes;
		m->end = m->at + size;
	}
	char *to = m->at;
	if (t.size)
		memcpy(to, t.data, t.size);
	m->at += t.size;
	return (struct text){to, t.size};
}

static inline struct memory_row *memory_slot(struct rows_memory *m, uint64_t hash, struct text key)
{
	for (size_t i = hash;; i++) {
		struct memory_row *row = &m->slots[i & (m->slot_count - 1)];
		if (!row->key.data || (row->hash == hash && text_equal(row->key, key)))
			return row;
	}
}

static inline void memory_grow(struct rows_memory *m)
{
	struct memory_row *old = m->slots;
	size_t count = m->slot_count;
	m->slot_count = count ? count * 2 : 1024;
	m->slots = calloc(m->slot_count, sizeof(*m->slots));
	must(m->slots);
	for (size_t i = 0; i < count; i++)
		if (old[i].key.data)
			*memory_slot(m, old[i].hash, old[i].key) = old[i];
	free(old);
}

static inline struct rows_memory *memory_of(struct rows *r)
{
	return (struct rows_memory *)(void *)r;
}

static inline bool memory_get(struct rows *r, struct text key, struct text *ret_value)
{
	struct rows_memory *m = memory_of(r);
	struct memory_row *row = memory_slot(m, memory_hash(key), key);
	m->get_count++;
	if (!row->live)
		return false;
	*ret_value = row->value;
	return true;
}

static inline void memory_put(struct rows *r, struct text key, struct text value)
{
	struct rows_memory *m = memory_of(r);
	must(key.size > 0 && key.size <= 511);
	m->put_count++;
	if (m->used * 2 >= m->slot_count)
		memory_grow(m);
	uint64_t hash = memory_hash(key);
	struct memory_row *row = memory_slot(m, hash, key);
	if (!row->key.data) {
		*row = (struct memory_row){.hash = hash, .key = memory_copy(m, key)};
		m->used++;
	}
	row->value = memory_copy(m, value);
	row->live = true;
}

static inline void memory_del(struct rows *r, struct text key)
{
	struct rows_memory *m = memory_of(r);
	must(key.size > 0 && key.size <= 511);
	m->del_count++;
	memory_slot(m, memory_hash(key), key)->live = false;
}

/* Slow: looks at every row. All rows count as fed. */
static inline bool memory_next(struct rows *r, struct text prefix, struct text after,
			       struct text *ret_key, struct text *ret_value)
{
	struct rows_memory *m = memory_of(r);
	const struct memory_row *best = NULL;
	for (size_t i = 0; i < m->slot_count; i++) {
		const struct memory_row *row = &m->slots[i];
		if (row->live && text_starts_with(row->key, prefix) &&
		    text_compare(row->key, after) > 0 &&
		    (!best || text_compare(row->key, best->key) < 0))
			best = row;
	}
	if (!best)
		return false;
	*ret_key = best->key;
	*ret_value = best->value;
	return true;
}

static const struct rows_verbs memory_verbs = {
    .get = memory_get, .put = memory_put, .del = memory_del, .next_fed = memory_next};

static inline void memory_init(struct rows_memory *m)
{
	*m = (struct rows_memory){.rows = {.verbs = &memory_verbs}};
	memory_grow(m);
}

static inline void memory_release(struct rows_memory *m)
{
	while (m->chunks) {
		struct memory_chunk *next = m->chunks->next;
		free(m->chunks);
		m->chunks = next;
	}
	free(m->slots);
	*m = (struct rows_memory){0};
}

/* Empty again; keeps the table and one chunk, for benchmarks. */
static inline void memory_clear(struct rows_memory *m)
{
	while (m->chunks && m->chunks->next) {
		struct memory_chunk *next = m->chunks->next;
		free(m->chunks);
		m->chunks = next;
	}
	if (m->chunks) {
		m->at = m->chunks->bytes;
		m->end = m->at + MEMORY_CHUNK_SIZE;
	}
	memset(m->slots, 0, m->slot_count * sizeof(*m->slots));
	m->used = 0;
}

static inline size_t memory_count(const struct rows_memory *m)
{
	size_t n = 0;
	for (size_t i = 0; i < m->slot_count; i++)
		n += m->slots[i].live;
	return n;
}

/* The same rows, byte for byte; says which one differs. */
static inline bool memory_equal(struct rows_memory *a, struct rows_memory *b)
{
	for (size_t i = 0; i < a->slot_count; i++) {
		const struct memory_row *row = &a->slots[i];
		struct text value;
		if (!row->live)
			continue;
		if (memory_get(&b->rows, row->key, &value) && text_equal(value, row->value))
			continue;
		fprintf(stderr, "rows differ: kind %d id %d, key of %zu bytes\n", row->key.data[0],
			row->key.data[1], row->key.size);
		return false;
	}
	return memory_count(a) == memory_count(b);
}
