/* See days.h. */
#include "domain/days.h"

enum { DAY_S = 24 * 3600, UTC8_S = 8 * 3600 };

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t ahead_s(int64_t from_utc8)
{
	return UTC8_S + from_utc8 * 60;
}

int64_t day_of(struct instant i, int64_t from_utc8)
{
	return floor_div(instant_second(i) + ahead_s(from_utc8), DAY_S);
}

struct instant day_first(int64_t day, int64_t from_utc8)
{
	return instant_of_second(day * DAY_S - ahead_s(from_utc8));
}

struct instant day_last(int64_t day, int64_t from_utc8)
{
	return instant_of_second((day + 1) * DAY_S - ahead_s(from_utc8) - 1);
}

/* Months since 0000-03: years begin in March here, so that leap days come last. */
static int64_t month_of(int64_t day)
{
	int64_t shifted = day + 719468;
	int64_t era = floor_div(shifted, 146097);
	int64_t of_era = shifted - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	return (year + era * 400) * 12 + (5 * of_year + 2) / 153;
}

uint64_t period_number(enum period period, int64_t day)
{
	switch (period) {
	case PERIOD_NONE:
		return 0;
	case PERIOD_DAY:
		return (uint64_t)day;
	case PERIOD_WEEK:
		return (uint64_t)floor_div(day + 3, 7); /* the first one was a Thursday */
	case PERIOD_MONTH:
		return (uint64_t)month_of(day);
	case PERIOD_YEAR:
		return (uint64_t)floor_div(month_of(day) + 2, 12);
	}
	must_failed("a period", __FILE__, __LINE__);
	return 0;
}
