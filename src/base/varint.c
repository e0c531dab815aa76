/*
 * Variable-length integers in the form of SQLite 4: the first byte alone says how long the
 * whole is, longer means greater, and every number has one form only.
 *
 *   first byte   bytes   value
 *   0..240         1     the first byte
 *   241..248       2     240 + 256 * (first - 241) + second
 *   249            3     2288 + the next two, big-endian
 *   250..255     4..9    the next 3..8, big-endian
 */
#include "base/varint.h"

enum { ONE_MAX = 240, TWO_MAX = 2287, THREE_MAX = 67823 };

size_t varint_put(uint8_t *out, uint64_t value)
{
	if (value <= ONE_MAX) {
		out[0] = (uint8_t)value;
		return 1;
	}
	if (value <= TWO_MAX) {
		uint64_t rest = value - ONE_MAX;
		out[0] = (uint8_t)(241 + (rest >> 8));
		out[1] = (uint8_t)rest;
		return 2;
	}
	if (value <= THREE_MAX) {
		uint64_t rest = value - (TWO_MAX + 1);
		out[0] = 249;
		out[1] = (uint8_t)(rest >> 8);
		out[2] = (uint8_t)rest;
		return 3;
	}
	size_t size = (size_t)(71 - __builtin_clzll(value)) / 8; /* 3..8 */
	out[0] = (uint8_t)(247 + size);
	for (size_t i = 0; i < size; i++)
		out[1 + i] = (uint8_t)(value >> (8 * (size - 1 - i)));
	return 1 + size;
}

void buffer_varint(struct buffer *b, uint64_t value)
{
	uint8_t bytes[VARINT_SIZE_MAX];
	buffer_add(b, bytes, varint_put(bytes, value));
}

void buffer_zigzag(struct buffer *b, int64_t value)
{
	buffer_varint(b, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

void buffer_slice(struct buffer *b, struct text t)
{
	buffer_varint(b, t.size);
	buffer_text(b, t);
}

/* Two or three bytes, or cut short. */
bool varint_take_long(struct text *in, uint64_t *ret_value)
{
	const uint8_t *p = (const uint8_t *)in->data;
	size_t size = in->size ? varint_size(p[0]) : 1;
	if (size > in->size)
		return false;
	must(size == 2 || size == 3);
	uint64_t value = size == 2 ? ONE_MAX + ((uint64_t)(p[0] - 241) << 8) + p[1]
				   : TWO_MAX + 1 + ((uint64_t)p[1] << 8 | p[2]);
	if (value == ONE_MAX)
		return false; /* one byte has it */
	*in = (struct text){in->data + size, in->size - size};
	*ret_value = value;
	return true;
}
