/* UTC+8 texts and the calendar against libc's; yuan texts. */
#include "base/moment.h"
#include "base/money.h"
#include "test.h"

#include <time.h>

static struct text second_text(struct buffer *b, struct instant i)
{
	buffer_clear(b);
	buffer_moment_second(b, i);
	return buffer_get(b);
}

static struct text day_text(struct buffer *b, struct instant i)
{
	buffer_clear(b);
	buffer_moment_day(b, i);
	return buffer_get(b);
}

static void test_known(struct buffer *b)
{
	struct instant i = INSTANT_NONE;
	CHECK(moment_parse_second(TEXT("2016-01-01 12:00:00"), &i));
	CHECK_INT(i.ms, 1451620800000);
	CHECK_TEXT(second_text(b, i), "2016-01-01 12:00:00");
	CHECK_TEXT(day_text(b, i), "2016-01-01");
	CHECK(moment_parse_second(TEXT("1970-01-01 00:00:00"), &i));
	CHECK_INT(i.ms, -8 * 3600 * 1000);
	CHECK_TEXT(second_text(b, i), "1970-01-01 00:00:00");
	CHECK(moment_parse_second(TEXT("9999-12-31 23:59:59"), &i));
	CHECK_INT(instant_second(i), 253402271999);
	CHECK_TEXT(second_text(b, i), "9999-12-31 23:59:59");
	CHECK(moment_parse_compact_minute(TEXT("20150806142836"), &i));
	CHECK_TEXT(second_text(b, i), "2015-08-06 14:28:00");
	CHECK(moment_parse_day(TEXT("2024-02-29"), false, &i));
	CHECK_TEXT(second_text(b, i), "2024-02-29 00:00:00");
	CHECK_TEXT(second_text(b, moment_day_end(i)), "2024-02-29 23:59:59");
	CHECK_TEXT(second_text(b, moment_day_end(moment_day_end(i))), "2024-02-29 23:59:59");
	CHECK(moment_parse_day(TEXT("2024-3-5"), true, &i));
	CHECK_TEXT(day_text(b, i), "2024-03-05");
	CHECK(moment_parse_day(TEXT("2024-12-25"), true, &i));
	CHECK_TEXT(day_text(b, i), "2024-12-25");
	CHECK_TEXT(second_text(b, (struct instant){999}), "1970-01-01 08:00:00");
	CHECK_TEXT(second_text(b, (struct instant){-1}), "1970-01-01 07:59:59");
	CHECK_TEXT(second_text(b, (struct instant){INT64_MAX}), "9999-12-31 23:59:59");
	CHECK_TEXT(second_text(b, (struct instant){INT64_MIN + 1000}), "1970-01-01 00:00:00");
}

static void test_refused(void)
{
	static const char *const seconds[] = {
	    "",
	    "2016-01-01",
	    "2016-01-01 12:00:0",
	    "2016-01-01 12:00:000",
	    "2016-01-01T12:00:00",
	    "2016-13-01 12:00:00",
	    "2016-00-01 12:00:00",
	    "2016-01-00 12:00:00",
	    "2016-01-32 12:00:00",
	    "2015-02-29 12:00:00",
	    "1900-01-01 00:00:00",
	    "2100-02-29 00:00:00",
	    "1969-12-31 23:59:59",
	    "2016-01-01 24:00:00",
	    "2016-01-01 12:60:00",
	    "2016-01-01 12:00:60",
	    "2016-01-01 12-00-00",
	    "2016/01/01 12:00:00",
	    " 016-01-01 12:00:00",
	    "2016-01-01 12:00:+1",
	};
	static const char *const days[] = {
	    "",		"2016-01-1x",  "20160101",    "2016-1--1",  "2016-1-",	 "2016--1",
	    "16-01-01", "2016-001-01", "2016-01-01 ", "2016-04-31", "2016-2-30", "2016-1-1-1",
	};
	static const char *const minutes[] = {
	    "", "20150806142", "20150806 428", "201508061460", "201508062428", "201513062428",
	};
	struct instant i = {7};
	for (size_t row = 0; row < COUNT_OF(seconds); row++)
		CHECK(!moment_parse_second(text_of(seconds[row]), &i));
	for (size_t row = 0; row < COUNT_OF(days); row++) {
		CHECK(!moment_parse_day(text_of(days[row]), false, &i));
		CHECK(!moment_parse_day(text_of(days[row]), true, &i));
	}
	CHECK(!moment_parse_day(TEXT("2016-1-1"), false, &i));
	for (size_t row = 0; row < COUNT_OF(minutes); row++)
		CHECK(!moment_parse_compact_minute(text_of(minutes[row]), &i));
	CHECK_INT(i.ms, 7);
}

/* Every day of 1970..9999, with a time of day that wanders. */
static void test_calendar(struct buffer *b)
{
	unsigned wrong = 0;
	for (int64_t day = 0; day <= 2932896; day++) {
		int64_t second = day * 86400 + day * 7919 % 86400 - 8 * 3600;
		time_t local = (time_t)(second + 8 * 3600);
		struct tm tm;
		char want[64];
		gmtime_r(&local, &tm);
		if (day % 16 == 0 || tm.tm_mday > 27 || tm.tm_mday == 1) {
			strftime(want, sizeof(want), "%Y-%m-%d %H:%M:%S", &tm);
			struct text have = second_text(b, instant_of_second(second));
			struct instant back = INSTANT_NONE;
			wrong += !text_equal(have, text_of(want));
			wrong +=
			    !moment_parse_second(have, &back) || instant_second(back) != second;
		}
	}
	CHECK_INT(wrong, 0);
}

static void test_seconds(void)
{
	CHECK_INT(instant_second((struct instant){-1}), -1);
	CHECK_INT(instant_second((struct instant){-1000}), -1);
	CHECK_INT(instant_second((struct instant){-1001}), -2);
	CHECK(instant_is_none(INSTANT_NONE));
}

static void test_money(struct buffer *b)
{
	static const struct {
		const char *text;
		int64_t fen; /* -1: refused */
		const char *back;
	} rows[] = {
	    {"0", 0, "0"},
	    {"99", 9900, "99"},
	    {"99.5", 9950, "99.50"},
	    {"99.50", 9950, "99.50"},
	    {"99.05", 9905, "99.05"},
	    {"0.01", 1, "0.01"},
	    {"007", 700, "7"},
	    {"10000000000000", 1000000000000000, "10000000000000"},
	    {"10000000000000.00", 1000000000000000, "10000000000000"},
	    {"10000000000000.01", -1, NULL},
	    {"10000000000001", -1, NULL},
	    {"99999999999999999999", -1, NULL},
	    {"", -1, NULL},
	    {"-1", -1, NULL},
	    {"+1", -1, NULL},
	    {"1.", -1, NULL},
	    {".5", -1, NULL},
	    {"1.234", -1, NULL},
	    {"1.2.", -1, NULL},
	    {"1e3", -1, NULL},
	    {"1.e", -1, NULL},
	    {" 1", -1, NULL},
	    {"1 ", -1, NULL},
	    {"1,5", -1, NULL},
	    {"1.5x", -1, NULL},
	};
	for (size_t row = 0; row < COUNT_OF(rows); row++) {
		struct money m = {-1};
		bool read = money_parse_yuan(text_of(rows[row].text), &m);
		CHECK(read == (rows[row].fen >= 0));
		CHECK_INT(m.fen, rows[row].fen);
		buffer_clear(b);
		buffer_money_yuan(b, m);
		if (read)
			CHECK_TEXT(buffer_get(b), rows[row].back);
	}
	buffer_clear(b);
	buffer_money_yuan(b, (struct money){-150});
	CHECK_TEXT(buffer_get(b), "-1.50");
}

static void test_zones(struct buffer *b)
{
	static const struct {
		const char *text;
		int64_t minutes; /* ahead of UTC+8 */
	} rows[] = {{"+08:00", 0},    {"+14:00", 360},	{"-12:00", -1200}, {"+00:00", -480},
		    {"-03:30", -690}, {"+05:45", -135}, {"-00:30", -510}};
	static const char *const bad[] = {"",	    "08:00", "+8:00",  "+14:01", "-12:01",
					  "+07:60", "+0800", "+08:0a", "+08-00", "+08:00 "};
	int64_t minutes;
	for (size_t row = 0; row < COUNT_OF(rows); row++) {
		CHECK(moment_parse_zone(text_of(rows[row].text), &minutes));
		CHECK_INT(minutes, rows[row].minutes);
		buffer_clear(b);
		buffer_moment_zone(b, minutes);
		CHECK_TEXT(buffer_get(b), rows[row].text);
	}
	for (size_t row = 0; row < COUNT_OF(bad); row++)
		CHECK(!moment_parse_zone(text_of(bad[row]), &minutes));
}

static void test_spans(void)
{
	static const struct {
		const char *text;
		int64_t ms; /* 0: refused */
	} rows[] = {{"3d", 259200000},
		    {"2h", 7200000},
		    {"30m", 1800000},
		    {"45s", 45000},
		    {"3650d", INT64_C(3650) * 86400000},
		    {"3651d", 0},
		    {"87601h", 0},
		    {"0d", 0},
		    {"d", 0},
		    {"3", 0},
		    {"-3d", 0},
		    {"3w", 0},
		    {"1.5h", 0},
		    {"18446744073709551616s", 0},
		    {"", 0}};
	for (size_t row = 0; row < COUNT_OF(rows); row++) {
		int64_t ms = 0;
		CHECK(moment_parse_span(text_of(rows[row].text), &ms) == (rows[row].ms > 0));
		CHECK_INT(ms, rows[row].ms);
	}
}

/* A text, the zone of whoever reads it, whether a day ends; what it is in UTC, or "". */
static void test_zoned(struct buffer *b)
{
	static const struct {
		const char *text;
		int from_utc8;
		bool day_ends;
		const char *utc;
	} rows[] = {
	    {"2026-01-02T10:00:00+08:00", 0, false, "2026-01-02T02:00:00+00:00"},
	    {"2026-01-02T10:00:00Z", 0, false, "2026-01-02T10:00:00+00:00"},
	    {"2026-01-02t10:00:00z", 0, true, "2026-01-02T10:00:00+00:00"},
	    {"2026-01-02 10:00:00", 0, false, "2026-01-02T02:00:00+00:00"},
	    {"2026-01-02T10:00:00", -690, false, "2026-01-02T13:30:00+00:00"},
	    {"2026-01-02T10:00:00.999-03:30", 0, false, "2026-01-02T13:30:00+00:00"},
	    {"2026-01-02", 0, false, "2026-01-01T16:00:00+00:00"},
	    {"2026-01-02", 0, true, "2026-01-02T15:59:59+00:00"},
	    {"2026-01-02", -480, true, "2026-01-02T23:59:59+00:00"},
	    {"2024-02-29T23:59:59+14:00", 0, false, "2024-02-29T09:59:59+00:00"},
	    {"2026-02-29", 0, false, ""},
	    {"2026-01-02T10:00", 0, false, ""},
	    {"2026-01-02T24:00:00Z", 0, false, ""},
	    {"2026-01-02T10:00:00.", 0, false, ""},
	    {"2026-01-02T10:00:00.1234567890Z", 0, false, ""},
	    {"2026-01-02T10:00:00+0800", 0, false, ""},
	    {"2026-01-02T10:00:00+99:00", 0, false, ""},
	    {"2026-01-02T10:00:00Zx", 0, false, ""},
	    {"2026-1-2", 0, false, ""},
	    {"", 0, false, ""},
	};
	for (size_t row = 0; row < COUNT_OF(rows); row++) {
		struct instant i;
		bool read = moment_parse_zoned(text_of(rows[row].text), rows[row].from_utc8,
					       rows[row].day_ends, &i);
		CHECK_INT(read, *rows[row].utc != 0);
		if (!read)
			continue;
		buffer_clear(b);
		buffer_moment_zoned(b, i, -480);
		CHECK_TEXT(buffer_get(b), rows[row].utc);
	}
	struct instant i = INSTANT_NONE;
	CHECK(moment_parse_zoned(TEXT("2026-01-02T10:00:00.25Z"), 0, false, &i));
	CHECK_INT(i.ms % 1000, 250);
	buffer_clear(b);
	buffer_moment_zoned(b, i, -690);
	CHECK_TEXT(buffer_get(b), "2026-01-02T06:30:00-03:30");
}

int main(void)
{
	struct buffer b;
	buffer_init(&b, 256);
	test_known(&b);
	test_refused();
	test_calendar(&b);
	test_seconds();
	test_money(&b);
	test_zones(&b);
	test_spans();
	test_zoned(&b);
	buffer_release(&b);
	return test_end();
}
