/*
 * Order-preserving variable-length integers (memcmp order = numeric order), 1 to 9 bytes:
 * 0..240 in one byte, up to 2287 in two, then a length byte (varint.c). Used in keys, records and
 * ledger entries alike. Signed values go through zigzag where order does not matter.
 */
#pragma once

#include "base/base.h"
#include "base/buffer.h"

enum { VARINT_SIZE_MAX = 9 };

size_t varint_put(uint8_t *out, uint64_t value); /* out has VARINT_SIZE_MAX bytes; returns used */
/* How long the form is that begins with this byte. */
static inline size_t varint_size(uint8_t first)
{
	return first <= 240 ? 1 : first <= 248 ? 2 : (size_t)first - 246;
}
void buffer_varint(struct buffer *b, uint64_t value);
void buffer_zigzag(struct buffer *b, int64_t value);
/* A slice as varint length + bytes. */
void buffer_slice(struct buffer *b, struct text t);

/* Reads from the front of *in and moves it on; false (and *in unchanged) at the end or on a
 * form that varint_put does not make. */
CHECKED bool varint_take_long(struct text *in, uint64_t *ret_value); /* varint_take's slow way */
CHECKED static inline bool varint_take(struct text *in, uint64_t *ret_value)
{
	/* Most numbers are one byte. */
	if (in->size == 0 || (uint8_t)*in->data > 240)
		return varint_take_long(in, ret_value);
	*ret_value = (uint8_t)*in->data;
	*in = (struct text){in->data + 1, in->size - 1};
	return true;
}
CHECKED bool zigzag_take(struct text *in, int64_t *ret_value);
CHECKED bool slice_take(struct text *in, struct text *ret_slice);
