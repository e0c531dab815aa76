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
static inline void store_big_endian(char *at, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	memcpy(at, &word, sizeof(word));
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

enum { VARINT_BYTE_MAX = 240 };			      /* what one byte says */
size_t varint_put_long(uint8_t *out, uint64_t value); /* varint_put's slow way */
/* out has VARINT_SIZE_MAX bytes, all of which may be written; returns used */
static inline size_t varint_put(uint8_t *out, uint64_t value)
{
	if (value > VARINT_BYTE_MAX)
		return varint_put_long(out, value);
	out[0] = (uint8_t)value;
	return 1;
}
/* How long the form is that begins with this byte. */
static inline size_t varint_size(uint8_t first)
{
	return first <= VARINT_BYTE_MAX ? 1 : first <= 248 ? 2 : (size_t)first - 246;
}
void buffer_varint_long(struct buffer *b, uint64_t value); /* buffer_varint's slow way */
static inline void buffer_varint(struct buffer *b, uint64_t value)
{
	if (value > VARINT_BYTE_MAX)
		buffer_varint_long(b, value);
	else
		buffer_byte(b, (char)value);
}
static inline void buffer_zigzag(struct buffer *b, int64_t value)
{
	buffer_varint(b, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}
/* A slice as varint length + bytes. */
static inline void buffer_slice(struct buffer *b, struct text t)
{
	buffer_varint(b, t.size);
	buffer_text(b, t);
}

/* Reads the number that begins at `at`; where it ends, or NULL: cut short by `end`, or a form that
 * varint_put does not make. */
CHECKED const char *varint_pass_long(const char *at, const char *end, uint64_t *ret_value);
CHECKED static inline const char *varint_pass(const char *at, const char *end, uint64_t *ret_value)
{
	/* Most numbers are one byte, or ordinals and moments of four and more: these are read as
	 * two words that may overlap. Two and three bytes are varint_pass_long's. */
	enum { THREE_BYTES = 249, FOUR_BYTES = 250, THREE_BYTES_MAX = 67823 };
	if (at >= end)
		return NULL;
	uint8_t first = (uint8_t)*at;
	if (first <= VARINT_BYTE_MAX) {
		*ret_value = first;
		return at + 1;
	}
	if (first <= THREE_BYTES)
		return varint_pass_long(at, end, ret_value);
	size_t size = varint_size(first);
	if (size > (size_t)(end - at))
		return NULL;
	uint64_t value = first == FOUR_BYTES ? load_big_endian4(at) & 0xFFFFFF
					     : load_big_endian4(at + 1) << 8 * (size - 5) |
						   load_big_endian4(at + size - 4);
	if (first == FOUR_BYTES ? value <= THREE_BYTES_MAX : !at[1])
		return NULL; /* a shorter form has it */
	*ret_value = value;
	return at + size;
}
/* The same of numbers with signs, and of slices. */
CHECKED static inline const char *zigzag_pass(const char *at, const char *end, int64_t *ret_value)
{
	uint64_t value;
	at = varint_pass(at, end, &value);
	if (at)
		*ret_value = (int64_t)(value >> 1 ^ -(value & 1));
	return at;
}
CHECKED static inline const char *slice_pass(const char *at, const char *end,
					     struct text *ret_slice)
{
	uint64_t size;
	at = varint_pass(at, end, &size);
	if (!at || size > (size_t)(end - at))
		return NULL;
	*ret_slice = (struct text){at, (size_t)size};
	return at + size;
}

/* Moves *in on over what was read; false, and *in unchanged, where there is none. */
CHECKED static inline bool text_pass(struct text *in, const char *to)
{
	if (!to)
		return false;
	*in = (struct text){to, in->size - (size_t)(to - in->data)};
	return true;
}
CHECKED static inline bool varint_take(struct text *in, uint64_t *ret_value)
{
	return text_pass(in, varint_pass(in->data, text_end(*in), ret_value));
}
CHECKED static inline bool zigzag_take(struct text *in, int64_t *ret_value)
{
	return text_pass(in, zigzag_pass(in->data, text_end(*in), ret_value));
}
CHECKED static inline bool slice_take(struct text *in, struct text *ret_slice)
{
	return text_pass(in, slice_pass(in->data, text_end(*in), ret_slice));
}
