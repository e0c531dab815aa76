/*
 * Time. An instant is a whole number of milliseconds since 1970 in UTC; a struct, so that the
 * compiler keeps it apart from spans and counts. The dialects speak UTC+8 without summer time.
 */
#pragma once

#include "base/base.h"
#include "base/buffer.h"

struct instant {
	int64_t ms;
};
#define INSTANT_NONE ((struct instant){0}) /* absent */

static inline bool instant_is_none(struct instant i)
{
	return i.ms == 0;
}
static inline int64_t instant_second(struct instant i)
{
	return i.ms >= 0 ? i.ms / 1000 : -((-i.ms + 999) / 1000);
}
static inline struct instant instant_of_second(int64_t s)
{
	return (struct instant){s * 1000};
}

/* Local text of UTC+8 <-> instant. Strict: exactly these forms, a real calendar day, years
 * 1970..9999. Writing holds what is outside these years at their first or last second. */
CHECKED bool moment_parse_second(struct text t, struct instant *ret); /* yyyy-MM-dd HH:mm:ss */
/* yyyy-MM-dd; yyyy-M-d too when `loose`. The instant is the day's first. */
CHECKED bool moment_parse_day(struct text t, bool loose, struct instant *ret);
/* First 12 digits of yyyyMMddHHmm...: to the minute. What follows them is not looked at. */
CHECKED bool moment_parse_compact_minute(struct text t, struct instant *ret);
void buffer_moment_second(struct buffer *b, struct instant i); /* yyyy-MM-dd HH:mm:ss */
void buffer_moment_day(struct buffer *b, struct instant i);    /* yyyy-MM-dd */
enum { MOMENT_SECOND_SIZE = 19, MOMENT_DAY_SIZE = 10 };

/* "+08:00", -12:00 to +14:00 <-> minutes ahead of UTC+8. */
CHECKED bool moment_parse_zone(struct text t, int64_t *ret_from_utc8);
void buffer_moment_zone(struct buffer *b, int64_t from_utc8);
/* "3d", "2h", "30m", "45s": more than nothing, at most ten years. */
CHECKED bool moment_parse_span(struct text t, int64_t *ret_ms);

/* The day's last second (23:59:59 of UTC+8). */
struct instant moment_day_end(struct instant i);

/* RFC 3339 in a zone `from_utc8` minutes ahead of UTC+8. Reading: "2026-01-02T10:00:00+08:00",
 * "..Z", parts of a second up to 9 digits (kept to the millisecond), a blank for the T; without an
 * offset it is the zone's time. A day alone is its first second, or its last when `day_ends`. */
CHECKED bool moment_parse_zoned(struct text t, int64_t from_utc8, bool day_ends,
				struct instant *ret);
/* "2026-01-02T10:00:00+08:00": whole seconds. */
void buffer_moment_zoned(struct buffer *b, struct instant i, int64_t from_utc8);
enum { MOMENT_ZONED_SIZE = MOMENT_SECOND_SIZE + 6 };
