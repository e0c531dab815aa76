/*
 * Raw texts, the bytes between the quotes with escapes not resolved: for the files that read and
 * write JSON, and those that compare many names.
 */
#pragma once

#include "base/base.h"
#include "base/utf8.h"

/* The value of four hex digits, -1 when they are not. */
int json_hex4(const char *at);
static inline bool json_is_high(int code)
{
	return code >= 0xD800 && code <= 0xDBFF;
}
static inline bool json_is_low(int code)
{
	return code >= 0xDC00 && code <= 0xDFFF;
}

static inline bool json_has_escape(struct text raw)
{
	return raw.size && memchr(raw.data, '\\', raw.size) != NULL;
}

/* The byte order of two texts after resolving; b is a raw text too only when `b_is_raw`. */
int json_raw_compare(struct text a, struct text b, bool b_is_raw);

/* Marks bytes that need an escape; the lowest mark is always a true one. */
static inline uint64_t json_marked(uint64_t word)
{
	uint64_t mark = (word - BYTES8(0x20)) | mark_byte(word, '"') | mark_byte(word, '\\');
	return mark & ~word & BYTES8(0x80);
}

/* Bytes up to the first that needs an escape. */
static inline size_t json_plain_run(const char *begin, const char *end)
{
	const char *at = begin;
	for (; end - at >= 8; at += 8) {
		uint64_t mark = json_marked(load8(at));
		if (mark)
			return (size_t)(at - begin) + first_mark(mark);
	}
	if (end - begin >= 8 && at < end && !json_marked(load8(end - 8)))
		return (size_t)(end - begin);
	while (at < end && (uint8_t)*at >= 0x20 && *at != '"' && *at != '\\')
		at++;
	return (size_t)(at - begin);
}
