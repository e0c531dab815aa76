/*
 * Order-preserving variable-length integers (memcmp order = numeric order), 1 to 9 bytes:
 * 0..240 in one byte, up to 2287 in two, then a length byte (varint.c). Used in keys, records and
 * ledger entries alike. Signed values go through zigzag where order does not matter.
 */
#pragma once

#include "base/base.h"
#include "base/buffer.h"

enum { VARINT_SIZE_MAX = 9 };

/* Eight bytes, or four, as a number. */
static inline uint64_t load_big_endian(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}
static inline uint64_t load_big_endian4(const char *at)
{
	uint32_t word;
	memcpy(&word, at, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap32(word);
#endif
	return word;
}

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
	/* Most numbers are one byte, or ordinals and moments of four and more: these are read as
	 * two words that may overlap. */
	enum { ONE_BYTE_MAX = 240, THREE_BYTES = 249, FOUR_BYTES = 250, THREE_BYTES_MAX = 67823 };
	uint8_t first = in->size ? (uint8_t)*in->data : ONE_BYTE_MAX + 1;
	size_t size = 1;
	uint64_t value = first;
	if (first > ONE_BYTE_MAX) {
		size = varint_size(first);
		if (first <= THREE_BYTES || size > in->size)
			return varint_take_long(in, ret_value);
		value = first == FOUR_BYTES ? load_big_endian4(in->data) & 0xFFFFFF
					    : load_big_endian4(in->data + 1) << 8 * (size - 5) |
						  load_big_endian4(in->data + size - 4);
		if (first == FOUR_BYTES ? value <= THREE_BYTES_MAX : !in->data[1])
			return false; /* a shorter form has it */
	}
	*ret_value = value;
	*in = (struct text){in->data + size, in->size - size};
	return true;
}
CHECKED static inline bool zigzag_take(struct text *in, int64_t *ret_value)
{
	uint64_t value;
	if (!varint_take(in, &value))
		return false;
	*ret_value = (int64_t)(value >> 1 ^ -(value & 1));
	return true;
}
CHECKED static inline bool slice_take(struct text *in, struct text *ret_slice)
{
	struct text rest = *in;
	uint64_t size;
	if (!varint_take(&rest, &size) || size > rest.size)
		return false;
	*ret_slice = (struct text){rest.data, (size_t)size};
	*in = (struct text){rest.data + size, rest.size - (size_t)size};
	return true;
}
