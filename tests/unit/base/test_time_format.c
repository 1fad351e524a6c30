/* Times as people read and type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "chatd/base/clock.h"
#include "chatd/base/time_format.h"

#define NOW_MS INT64_C(1795378445000)  /* 2026-11-22 20:14:05 UTC */

static void zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static void test_stamp(void **state)
{
	struct stamp_cache cache = {0};

	(void)state;
	zone("UTC");
	assert_string_equal(format_stamp(&cache, NOW_MS), "[2026-11-22 20:14:05]");
	assert_string_equal(format_stamp(&cache, NOW_MS + 999), "[2026-11-22 20:14:05]");
	assert_string_equal(format_stamp(&cache, NOW_MS + 1000), "[2026-11-22 20:14:06]");
	assert_string_equal(format_stamp(&cache, 0), "[1970-01-01 00:00:00]");
	assert_string_equal(format_stamp(&cache, INT64_MAX), "[0000-00-00 00:00:00]");
	assert_string_equal(format_stamp(&cache, NOW_MS), "[2026-11-22 20:14:05]");
}

static void test_stamp_is_local(void **state)
{
	struct stamp_cache cache = {0};

	(void)state;
	zone("CET-1");
	assert_string_equal(format_stamp(&cache, NOW_MS), "[2026-11-22 21:14:05]");
	zone("UTC");
}

static void test_age(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} ages[] = {
		{-5, "a moment"}, {0, "a moment"}, {999, "a moment"}, {1000, "1 second"},
		{59999, "59 seconds"}, {60000, "1 minute"}, {3599999, "59 minutes"},
		{3600000, "1 hour"}, {86399999, "23 hours"}, {86400000, "1 day"},
		{INT64_C(86400000) * 400, "400 days"},
	};
	char out[AGE_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++)
		assert_string_equal(format_age(out, ages[i].ms), ages[i].text);
	format_age(out, INT64_MAX);
}

static void test_left(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} left[] = {
		{0, "a moment"}, {1, "1 second"}, {60000, "1 minute"}, {60001, "1 minute 1 second"},
		{5400000, "1 hour 30 minutes"}, {3601000, "1 hour 1 second"}, {INT64_C(90061000), "25 hours 1 minute"},
	};
	char out[LEFT_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
		assert_string_equal(format_left(out, left[i].ms), left[i].text);
}

static void test_parse_age(void **state)
{
	static const char *const none[] = {
		"", "h", "2", "2x", "-2h", "0h", "2hh", "2 h", "h2", "1000000h", "2.5h", " 2h",
		"99999999999999999999h",
	};

	(void)state;
	assert_int_equal(format_parse_age("45s"), 45000);
	assert_int_equal(format_parse_age("90m"), 5400000);
	assert_int_equal(format_parse_age("2H"), 7200000);
	assert_int_equal(format_parse_age("3d"), 259200000);
	assert_int_equal(format_parse_age("100000w"), INT64_C(604800000) * 100000);
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_int_equal(format_parse_age(none[i]), -1);
}

static void test_parse_day(void **state)
{
	static const char *const none[] = {
		"", "2026-11", "2026-11-31", "2026-02-29", "2026-13-01", "2026-00-10", "2026-11-00",
		"26-11-22", "2026-11-2", "2026-11-22x", "2026/11/22", "yesterday!", "2026-11- 2",
		"2026--1-22", "+026-11-22", "2026-11-+2", "2026 11 22",
	};
	int64_t begin_ms, end_ms;

	(void)state;
	zone("UTC");
	assert_true(format_parse_day("2026-11-22", &begin_ms, &end_ms));
	assert_int_equal(begin_ms, NOW_MS - (20 * 3600 + 14 * 60 + 5) * INT64_C(1000));
	assert_int_equal(end_ms - begin_ms, 86400000);
	assert_true(format_parse_day("2028-02-29", &begin_ms, &end_ms));
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		if (format_parse_day(none[i], &begin_ms, &end_ms))
			fail_msg("\"%s\" is taken for a day", none[i]);
}

static void test_a_day_of_25_hours(void **state)
{
	int64_t begin_ms, end_ms;

	(void)state;
	zone("CET-1CEST,M3.5.0,M10.5.0/3");
	assert_true(format_parse_day("2026-10-25", &begin_ms, &end_ms));
	assert_int_equal(end_ms - begin_ms, 25 * 3600000);
	assert_true(format_parse_day("2026-03-29", &begin_ms, &end_ms));
	assert_int_equal(end_ms - begin_ms, 23 * 3600000);
	zone("UTC");
}

/* A year of days: each begins where the one before ends, and its first and last second have its date. */
static void assert_days(const char *tz, const char *first)
{
	int64_t begin_ms, end_ms, last_ms = 0;
	char day[STAMP_BYTES + 1];
	struct stamp_cache cache = {0};

	zone(tz);
	snprintf(day, sizeof day, "%s", first);
	for (int i = 0; i < 366; i++) {
		assert_true(format_parse_day(day, &begin_ms, &end_ms));
		if (i > 0)
			assert_int_equal(begin_ms, last_ms);
		if (memcmp(format_stamp(&cache, begin_ms) + 1, day, 10) != 0 ||
		    memcmp(format_stamp(&cache, end_ms - 1) + 1, day, 10) != 0)
			fail_msg("%s: %s begins at %s", tz, day, format_stamp(&cache, begin_ms));
		last_ms = end_ms;
		memcpy(day, format_stamp(&cache, end_ms) + 1, 10);
		day[10] = '\0';
	}
	zone("UTC");
}

static void test_midnight_comes_twice_or_never(void **state)
{
	int64_t begin_ms, end_ms;

	(void)state;
	zone("AZOT1AZOST0,M3.5.0/0,M10.5.0/1"); /* Atlantic/Azores */
	assert_true(format_parse_day("2025-10-26", &begin_ms, &end_ms));
	assert_int_equal(end_ms - begin_ms, 25 * 3600000);
	assert_days("AZOT1AZOST0,M3.5.0/0,M10.5.0/1", "2025-01-01");
	assert_days("EET-2EEST,M3.5.0/0,M10.5.0/0", "2025-01-01"); /* Asia/Beirut */
	assert_days("NZST-12NZDT,M9.5.0,M4.1.0/3", "2025-01-01");
	assert_days("HST10", "2025-01-01");
}

static void test_clock(void **state)
{
	char out[96];

	(void)state;
	zone("CET-1");
	format_clock(out, sizeof out, NOW_MS);
	assert_string_equal(out, "2026-11-22 21:14:05 CET (UTC+01:00)");
	zone("NST3:30");
	format_clock(out, sizeof out, NOW_MS);
	assert_string_equal(out, "2026-11-22 16:44:05 NST (UTC-03:30)");
	zone("UTC");
}

/* What ends in ten days still does a moment later. */
static void test_until(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} until[] = {
		{ 10 * DAY_MS, "10 days" }, { 10 * DAY_MS - 1, "10 days" }, { 10 * DAY_MS - HOUR_MS, "9 days" },
		{ 10 * DAY_MS + 1, "10 days" }, { DAY_MS - 1, "1 day" }, { 2 * HOUR_MS - 1, "2 hours" }, { 1, "1 hour" },
	};
	char out[AGE_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof until / sizeof until[0]; i++)
		assert_string_equal(format_until(out, until[i].ms), until[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_until),
		cmocka_unit_test(test_stamp),
		cmocka_unit_test(test_stamp_is_local),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_parse_age),
		cmocka_unit_test(test_parse_day),
		cmocka_unit_test(test_a_day_of_25_hours),
		cmocka_unit_test(test_midnight_comes_twice_or_never),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
