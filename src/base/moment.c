/*
 * Calendar arithmetic of UTC+8 by hand: a fixed offset, no time zone files, no locale, nothing
 * that a container image could lack. Days are counted in the proleptic Gregorian calendar, with
 * years that begin in March, so that the leap day is a year's last.
 */
#include "base/moment.h"

enum { OFFSET_SECONDS = 8 * 3600, DAY_SECONDS = 86400 };
enum { YEAR_MIN = 1970, YEAR_MAX = 9999, DAYS_MAX = 2932896 }; /* 9999-12-31 */

struct day {
	unsigned year, month, day;
};

/* Days since 1970-01-01; a year of 400 is 146,097 days, and 1970-01-01 is day 719,468. */
static int64_t days_of(struct day d)
{
	unsigned year = d.year - (d.month <= 2);
	unsigned era = year / 400, of_era = year % 400;
	unsigned of_year = (153 * (d.month > 2 ? d.month - 3 : d.month + 9) + 2) / 5 + d.day - 1;
	unsigned day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
	return (int64_t)era * 146097 + day_of_era - 719468;
}

static struct day day_of(uint32_t days)
{
	uint32_t z = days + 719468, era = z / 146097, day_of_era = z % 146097;
	uint32_t of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	uint32_t of_year = day_of_era - (365 * of_era + of_era / 4 - of_era / 100);
	uint32_t march = (5 * of_year + 2) / 153;
	struct day d = {.month = march < 10 ? march + 3 : march - 9};
	d.day = of_year - (153 * march + 2) / 5 + 1;
	d.year = of_era + era * 400 + (d.month <= 2);
	return d;
}

static bool is_real(struct day d)
{
	static const uint8_t lengths[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = d.year % 4 == 0 && (d.year % 100 != 0 || d.year % 400 == 0);
	if (d.year < YEAR_MIN || d.year > YEAR_MAX || d.month < 1 || d.month > 12 || d.day < 1)
		return false;
	return d.day <= lengths[d.month] + (unsigned)(d.month == 2 && leap);
}

static bool read_digits(const char *at, size_t n, unsigned *ret_value)
{
	unsigned value = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (uint8_t)at[i] - (unsigned)'0';
		if (digit > 9)
			return false;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return true;
}

static struct instant instant_of_local(struct day d, unsigned second_of_day)
{
	return instant_of_second(days_of(d) * DAY_SECONDS + second_of_day - OFFSET_SECONDS);
}

static bool read_day(const char *at, struct day *ret)
{
	return at[4] == '-' && at[7] == '-' && read_digits(at, 4, &ret->year) &&
	       read_digits(at + 5, 2, &ret->month) && read_digits(at + 8, 2, &ret->day) &&
	       is_real(*ret);
}

bool moment_parse_second(struct text t, struct instant *ret)
{
	struct day d;
	unsigned hour, minute, second;
	if (t.size != MOMENT_SECOND_SIZE || !read_day(t.data, &d))
		return false;
	const char *at = t.data + MOMENT_DAY_SIZE;
	if (at[0] != ' ' || at[3] != ':' || at[6] != ':' || !read_digits(at + 1, 2, &hour) ||
	    !read_digits(at + 4, 2, &minute) || !read_digits(at + 7, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	*ret = instant_of_local(d, hour * 3600 + minute * 60 + second);
	return true;
}

/* yyyy-M-d: a month and a day of one or two digits. */
static bool read_loose_day(struct text t, struct day *ret)
{
	struct text year = text_cut(&t, '-'), month = text_cut(&t, '-');
	if (year.size != 4 || month.size < 1 || month.size > 2 || t.size < 1 || t.size > 2)
		return false;
	return read_digits(year.data, 4, &ret->year) &&
	       read_digits(month.data, month.size, &ret->month) &&
	       read_digits(t.data, t.size, &ret->day) && is_real(*ret);
}

bool moment_parse_day(struct text t, bool loose, struct instant *ret)
{
	struct day d;
	bool read =
	    loose ? read_loose_day(t, &d) : t.size == MOMENT_DAY_SIZE && read_day(t.data, &d);
	if (!read)
		return false;
	*ret = instant_of_local(d, 0);
	return true;
}

bool moment_parse_compact_minute(struct text t, struct instant *ret)
{
	struct day d;
	unsigned hour, minute;
	if (t.size < 12 || !read_digits(t.data, 4, &d.year) ||
	    !read_digits(t.data + 4, 2, &d.month) || !read_digits(t.data + 6, 2, &d.day) ||
	    !read_digits(t.data + 8, 2, &hour) || !read_digits(t.data + 10, 2, &minute))
		return false;
	if (!is_real(d) || hour > 23 || minute > 59)
		return false;
	*ret = instant_of_local(d, hour * 3600 + minute * 60);
	return true;
}

/* Seconds since 1970-01-01 00:00:00 on the wall clock of UTC+8, held within years 1970..9999. */
static uint64_t wall_seconds(struct instant i)
{
	int64_t seconds = instant_second(i),
		max = (int64_t)DAYS_MAX * DAY_SECONDS + DAY_SECONDS - 1;
	if (seconds < -OFFSET_SECONDS)
		return 0;
	return (uint64_t)(seconds > max - OFFSET_SECONDS ? max : seconds + OFFSET_SECONDS);
}

static void put_two(char *to, unsigned value)
{
	to[0] = (char)('0' + value / 10);
	to[1] = (char)('0' + value % 10);
}

static void spell_day(char *to, uint32_t days)
{
	struct day d = day_of(days);
	put_two(to, d.year / 100);
	put_two(to + 2, d.year % 100);
	to[4] = '-';
	put_two(to + 5, d.month);
	to[7] = '-';
	put_two(to + 8, d.day);
}

/* The rows of an answer share their days: each thread keeps the last ones as text. */
static void put_day(char *to, uint32_t days)
{
	static __thread struct {
		uint32_t days;
		char text[MOMENT_DAY_SIZE];
	} kept[8];
	size_t i = days % COUNT_OF(kept);
	if (kept[i].days != days || !kept[i].text[0]) {
		spell_day(kept[i].text, days);
		kept[i].days = days;
	}
	memcpy(to, kept[i].text, MOMENT_DAY_SIZE);
}

void buffer_moment_second(struct buffer *b, struct instant i)
{
	char *to = buffer_room(b, MOMENT_SECOND_SIZE);
	if (!to)
		return;
	uint64_t wall = wall_seconds(i);
	unsigned second = (unsigned)(wall % DAY_SECONDS);
	put_day(to, (uint32_t)(wall / DAY_SECONDS));
	to[10] = ' ';
	put_two(to + 11, second / 3600);
	to[13] = ':';
	put_two(to + 14, second / 60 % 60);
	to[16] = ':';
	put_two(to + 17, second % 60);
	b->size += MOMENT_SECOND_SIZE;
}

void buffer_moment_day(struct buffer *b, struct instant i)
{
	char *to = buffer_room(b, MOMENT_DAY_SIZE);
	if (!to)
		return;
	put_day(to, (uint32_t)(wall_seconds(i) / DAY_SECONDS));
	b->size += MOMENT_DAY_SIZE;
}

struct instant moment_day_end(struct instant i)
{
	int64_t local = instant_second(i) + OFFSET_SECONDS;
	int64_t of_day = local % DAY_SECONDS;
	int64_t begin = local - (of_day < 0 ? of_day + DAY_SECONDS : of_day);
	return instant_of_second(begin + DAY_SECONDS - 1 - OFFSET_SECONDS);
}

/* --- zones and spans --- */

enum { UTC8_MINUTES = 8 * 60, ZONE_MINUTES_MIN = -12 * 60, ZONE_MINUTES_MAX = 14 * 60 };

bool moment_parse_zone(struct text t, int64_t *ret_from_utc8)
{
	unsigned hours, minutes;
	if (t.size != 6 || (t.data[0] != '+' && t.data[0] != '-') || t.data[3] != ':' ||
	    !read_digits(t.data + 1, 2, &hours) || !read_digits(t.data + 4, 2, &minutes) ||
	    minutes > 59)
		return false;
	int64_t ahead = (int64_t)hours * 60 + minutes;
	ahead = t.data[0] == '-' ? -ahead : ahead;
	*ret_from_utc8 = ahead - UTC8_MINUTES;
	return ahead >= ZONE_MINUTES_MIN && ahead <= ZONE_MINUTES_MAX;
}

void buffer_moment_zone(struct buffer *b, int64_t from_utc8)
{
	int64_t ahead = from_utc8 + UTC8_MINUTES, minutes = ahead < 0 ? -ahead : ahead;
	buffer_format(b, "%c%02u:%02u", ahead < 0 ? '-' : '+', (unsigned)(minutes / 60) % 100,
		      (unsigned)(minutes % 60));
}

bool moment_parse_span(struct text t, int64_t *ret_ms)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = {{'d', 86400000}, {'h', 3600000}, {'m', 60000}, {'s', 1000}};
	static const int64_t most_ms = INT64_C(3650) * 86400000;
	uint64_t value;
	if (t.size < 2 || !text_to_uint64((struct text){t.data, t.size - 1}, &value) || !value)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (t.data[t.size - 1] != units[i].unit ||
		    value > (uint64_t)(most_ms / units[i].ms))
			continue;
		*ret_ms = (int64_t)value * units[i].ms;
		return true;
	}
	return false;
}

/* ---- RFC 3339 */

enum { MINUTE_MS = 60 * 1000 };

/* ".123456" -> 123, and what follows it. */
static bool take_fraction(struct text *t, int64_t *ret_ms)
{
	enum { DIGITS_MAX = 9 };
	size_t n = 1;
	int64_t ms = 0;
	*ret_ms = 0;
	if (!t->size || t->data[0] != '.')
		return true;
	for (; n < t->size && t->data[n] >= '0' && t->data[n] <= '9'; n++)
		ms = n <= 3 ? ms * 10 + (t->data[n] - '0') : ms;
	if (n == 1 || n > DIGITS_MAX + 1)
		return false;
	for (size_t i = n; i < 4; i++)
		ms *= 10;
	*t = (struct text){t->data + n, t->size - n};
	*ret_ms = ms;
	return true;
}

/* "Z", "+08:00", or nothing: the zone's own. */
static bool read_offset(struct text t, int64_t own, int64_t *ret_from_utc8)
{
	*ret_from_utc8 = t.size ? -UTC8_MINUTES : own;
	if (t.size == 0 || (t.size == 1 && (t.data[0] == 'Z' || t.data[0] == 'z')))
		return true;
	return moment_parse_zone(t, ret_from_utc8);
}

bool moment_parse_zoned(struct text t, int64_t from_utc8, bool day_ends, struct instant *ret)
{
	char local[MOMENT_SECOND_SIZE];
	int64_t ms, offset;
	if (t.size == MOMENT_DAY_SIZE) {
		if (!moment_parse_day(t, false, ret))
			return false;
		ret->ms += (day_ends ? (DAY_SECONDS - 1) * 1000 : 0) - from_utc8 * MINUTE_MS;
		return true;
	}
	if (t.size < sizeof(local))
		return false;
	memcpy(local, t.data, sizeof(local));
	if (local[10] == 'T' || local[10] == 't')
		local[10] = ' ';
	struct text rest = {t.data + sizeof(local), t.size - sizeof(local)};
	if (!moment_parse_second((struct text){local, sizeof(local)}, ret) ||
	    !take_fraction(&rest, &ms) || !read_offset(rest, from_utc8, &offset))
		return false;
	ret->ms += ms - offset * MINUTE_MS;
	return true;
}

void buffer_moment_zoned(struct buffer *b, struct instant i, int64_t from_utc8)
{
	int64_t offset = UTC8_MINUTES + from_utc8;
	must(offset >= ZONE_MINUTES_MIN && offset <= ZONE_MINUTES_MAX);
	size_t begin = b->size;
	char *to = buffer_room(b, MOMENT_ZONED_SIZE);
	if (!to)
		return;
	buffer_moment_second(b, (struct instant){i.ms + from_utc8 * MINUTE_MS});
	unsigned minutes = (unsigned)(offset < 0 ? -offset : offset);
	b->data[begin + 10] = 'T';
	to = b->data + b->size;
	to[0] = offset < 0 ? '-' : '+';
	put_two(to + 1, minutes / 60);
	to[3] = ':';
	put_two(to + 4, minutes % 60);
	b->size += 6;
}
