/* Weekdays and hours at which a coupon is good: the text of a template's `hours`. */
#include "domain/cart.h"

enum { DAY_MINUTES = 24 * 60, UTC8_MINUTES = 8 * 60, CLOCKS_SIZE = 9 /* 0900-1730 */ };

struct window {
	unsigned days;	     /* bit 1: Monday .. bit 7: Sunday */
	unsigned begin, end; /* minutes of the day, both in it */
};

/* HHMM. */
static bool read_clock(const char *at, unsigned *ret_minute)
{
	unsigned digits[4];
	for (size_t i = 0; i < COUNT_OF(digits); i++) {
		digits[i] = (uint8_t)at[i] - (unsigned)'0';
		if (digits[i] > 9)
			return false;
	}
	unsigned hour = digits[0] * 10 + digits[1], minute = digits[2] * 10 + digits[3];
	*ret_minute = hour * 60 + minute;
	return hour < 24 && minute < 60;
}

static bool read_window(struct text line, struct window *ret)
{
	struct text days = text_cut(&line, ' ');
	if (days.size < 1 || line.size != CLOCKS_SIZE || line.data[4] != '-')
		return false;
	ret->days = 0;
	for (size_t i = 0; i < days.size; i++) {
		if (days.data[i] < '1' || days.data[i] > '7')
			return false;
		ret->days |= 1u << (days.data[i] - '0');
	}
	return read_clock(line.data, &ret->begin) && read_clock(line.data + 5, &ret->end);
}

bool hours_valid(struct text hours)
{
	struct window window;
	if (hours.size == 0)
		return true;
	while (hours.data) {
		if (!read_window(text_cut(&hours, '\n'), &window))
			return false;
	}
	return true;
}

static bool window_open(struct window w, unsigned day, unsigned minute)
{
	unsigned eve = day == 1 ? 7 : day - 1;
	bool today = w.days >> day & 1, yesterday = w.days >> eve & 1;
	if (w.begin <= w.end)
		return today && minute >= w.begin && minute <= w.end;
	return (today && minute >= w.begin) || (yesterday && minute <= w.end);
}

/* Whole parts of `span`, also before 1970. */
static int64_t floored(int64_t value, int64_t span)
{
	return value / span - (value % span < 0);
}

bool hours_open(struct text hours, struct instant now, int64_t from_utc8)
{
	if (hours.size == 0)
		return true;
	int64_t local = floored(now.ms, 60 * 1000) + UTC8_MINUTES + from_utc8;
	int64_t days = floored(local, DAY_MINUTES); /* since 1970-01-01, a Thursday */
	unsigned day = (unsigned)(((days + 3) % 7 + 7) % 7) + 1;
	unsigned minute = (unsigned)(local - days * DAY_MINUTES);
	while (hours.data) {
		struct window window;
		if (read_window(text_cut(&hours, '\n'), &window) &&
		    window_open(window, day, minute))
			return true;
	}
	return false;
}
