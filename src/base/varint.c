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

enum { TWO_MAX = 2287, THREE_MAX = 67823 };

size_t varint_put_long(uint8_t *out, uint64_t value)
{
	if (value <= TWO_MAX) {
		uint64_t rest = value - VARINT_BYTE_MAX;
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
	store_big_endian((char *)out + 1, value << 8 * (8 - size));
	return 1 + size;
}

void buffer_varint_long(struct buffer *b, uint64_t value)
{
	uint8_t bytes[VARINT_SIZE_MAX];
	if (!b->full && b->data && b->capacity - b->size >= sizeof(bytes))
		b->size += varint_put_long((uint8_t *)b->data + b->size, value);
	else
		buffer_add(b, bytes, varint_put_long(bytes, value));
}

/* Two or three bytes. */
const char *varint_pass_long(const char *at, const char *end, uint64_t *ret_value)
{
	const uint8_t *p = (const uint8_t *)at;
	size_t size = varint_size(p[0]);
	if (size > (size_t)(end - at))
		return NULL;
	must(size == 2 || size == 3);
	uint64_t value = size == 2 ? VARINT_BYTE_MAX + ((uint64_t)(p[0] - 241) << 8) + p[1]
				   : TWO_MAX + 1 + ((uint64_t)p[1] << 8 | p[2]);
	if (value == VARINT_BYTE_MAX)
		return NULL; /* one byte has it */
	*ret_value = value;
	return at + size;
}
