/*
 * A growing row of bytes with a cap and a sticky full mark: write on, ask once at the end.
 * Owner frees with buffer_release. buffer_init_fixed lends memory and never mallocs.
 */
#pragma once

#include "base/base.h"

struct buffer {
	char *data;
	size_t size, capacity, capacity_max;
	bool full; /* something did not fit; contents are then of no use */
	bool lent; /* data is the caller's: never grown, never freed */
};

void buffer_init(struct buffer *b, size_t capacity_max);
void buffer_init_fixed(struct buffer *b, void *memory, size_t size);
void buffer_release(struct buffer *b);
void buffer_clear(struct buffer *b);	       /* size = 0, full = false; keeps the memory */
char *buffer_grow(struct buffer *b, size_t n); /* buffer_room's slow way */
/* Room for n more bytes at data + size, or NULL (and full). The caller adds to size. */
static inline char *buffer_room(struct buffer *b, size_t n)
{
	if (__builtin_expect(n > b->capacity - b->size || b->full || !b->data, 0))
		return buffer_grow(b, n);
	return b->data + b->size;
}
static inline void buffer_add(struct buffer *b, const void *data, size_t size)
{
	char *to = size ? buffer_room(b, size) : NULL;
	if (!to)
		return;
	memcpy(to, data, size);
	b->size += size;
}
static inline void buffer_byte(struct buffer *b, char c)
{
	char *to = buffer_room(b, 1);
	if (!to)
		return;
	*to = c;
	b->size++;
}
static inline void buffer_text(struct buffer *b, struct text t)
{
	buffer_add(b, t.data, t.size);
}
void buffer_int64(struct buffer *b, int64_t value);
void buffer_uint64(struct buffer *b, uint64_t value);
void buffer_format(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline struct text buffer_get(const struct buffer *b)
{
	return (struct text){b->data, b->size};
}
