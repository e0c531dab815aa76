/*
 * Stepping through UTF-8, for the loops of base.c and json.c that look at every byte of a
 * request. Inline, because a call per character would cost more than the work. Well-formed is
 * what RFC 3629 says: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#pragma once

#include "base/base.h"

/* One byte in each of the eight places. */
#define BYTES8(b) (UINT64_C(0x0101010101010101) * (b))

static inline uint64_t load8(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* Of a mask with marks in the top bits: which byte, 0 to 7, has the lowest one. */
static inline size_t first_mark(uint64_t mask)
{
	return (size_t)__builtin_ctzll(mask) >> 3;
}

/* Marks bytes that are not ASCII or below 0x20. The lowest mark is always a true one. */
static inline uint64_t mark_unclean(uint64_t word)
{
	return (word | (word - BYTES8(0x20))) & BYTES8(0x80);
}

/* Marks bytes equal to c; exact below the first byte that mark_unclean marks. */
static inline uint64_t mark_byte(uint64_t word, uint8_t c)
{
	return ((word ^ BYTES8(c)) - BYTES8(1)) & BYTES8(0x80);
}

/* Bytes of the well-formed character that begins at `at` with a byte of 0x80 or more; 0 when it
 * is not well-formed or is cut by `end`. */
static inline size_t utf8_step(const char *at, const char *end)
{
	const uint8_t *p = (const uint8_t *)at;
	size_t left = (size_t)(end - at);
	if (left >= 3 && (p[0] & 0xF0) == 0xE0) {
		unsigned code = (p[0] & 0x0FU) << 12 | (p[1] & 0x3FU) << 6 | (p[2] & 0x3FU);
		bool shaped = ((p[1] ^ 0x80) | (p[2] ^ 0x80)) < 0x40;
		return shaped && code >= 0x800 && code >> 11 != 0x1B ? 3 : 0;
	}
	if (left >= 2 && p[0] >= 0xC2 && p[0] <= 0xDF)
		return (p[1] ^ 0x80) < 0x40 ? 2 : 0;
	if (left >= 4 && (p[0] & 0xF8) == 0xF0) {
		unsigned code = (p[0] & 0x07U) << 18 | (p[1] & 0x3FU) << 12;
		bool shaped = ((p[1] ^ 0x80) | (p[2] ^ 0x80) | (p[3] ^ 0x80)) < 0x40;
		return shaped && code >= 0x10000 && code <= 0x10FFFF ? 4 : 0;
	}
	return 0;
}
