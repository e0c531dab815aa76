/*
 * Between json.c and json_value.c only: raw texts, the bytes between the quotes with escapes not
 * resolved.
 */
#pragma once

#include "base/base.h"

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
