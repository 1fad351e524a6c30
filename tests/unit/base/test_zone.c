/* Time zones by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "chatd/base/zone.h"

enum { HOUR_S = 3600, DAY_S = 86400 };

static const int64_t winter = 1796000000; /* 2026-11-29 */

static void assert_offset(const char *name, int64_t time_s, int32_t offset_s)
{
	struct zone_offset offset;

	assert_true(zone_offset_at(name, time_s, &offset));
	assert_int_equal(offset.offset_s, offset_s);
	assert_true(zone_holds(&offset, time_s));
}

static void test_offsets(void **state)
{
	(void)state;
	assert_offset("Europe/Berlin", winter, HOUR_S);
	assert_offset("Europe/Berlin", winter - 150 * DAY_S, 2 * HOUR_S);
	assert_offset("America/New_York", winter, -5 * HOUR_S);
	assert_offset("America/St_Johns", winter, -(3 * HOUR_S + 1800));
	assert_offset("Asia/Kolkata", winter, 5 * HOUR_S + 1800);
	assert_offset("Asia/Kathmandu", winter, 5 * HOUR_S + 2700);
	assert_offset("Pacific/Kiritimati", winter, 14 * HOUR_S);
	assert_offset("GMT+02:00", winter, 2 * HOUR_S);
	assert_offset("Etc/GMT+2", winter, -2 * HOUR_S);
	assert_offset("UTC", 0, 0);
	assert_offset("UTC", INT32_MAX, 0);
	assert_offset("UTC", UINT32_MAX, 0);
}

/* The offset before and after its end differ, and so on through the years. */
static void test_an_offset_holds_until_the_next_transition(void **state)
{
	struct zone_offset now, next;
	int changes = 0;

	(void)state;
	assert_true(zone_offset_at("Europe/Berlin", 946684800, &now));
	while (now.until_s < winter) {
		assert_true(zone_offset_at("Europe/Berlin", now.until_s - 1, &next));
		assert_memory_equal(&next, &now, sizeof now);
		assert_false(zone_holds(&now, now.until_s));
		assert_true(zone_offset_at("Europe/Berlin", now.until_s, &next));
		assert_int_not_equal(next.offset_s, now.offset_s);
		assert_int_equal(next.from_s, now.until_s);
		changes++;
		now = next;
	}
	assert_int_equal(changes, 2 * 27);
	/* The last Sunday of October, 01:00 UTC */
	assert_int_equal(now.from_s, 1792890000);
	assert_true(zone_offset_at("Asia/Kolkata", winter, &now));
	assert_int_equal(now.until_s, INT64_MAX);
	assert_true(zone_offset_at("UTC", winter, &now));
	assert_int_equal(now.from_s, INT64_MIN);
}

static void assert_known(const char *name, const char *canonical)
{
	const char *found = zone_known(name);
	struct zone_offset offset;

	assert_non_null(found);
	assert_string_equal(found, canonical);
	assert_ptr_equal(zone_known(canonical), found);
	assert_true(zone_offset_at(found, winter, &offset));
}

static void test_names_are_found_without_case(void **state)
{
	(void)state;
	assert_known("Europe/Berlin", "Europe/Berlin");
	assert_known("europe/berlin", "Europe/Berlin");
	assert_known("ASIA/KOLKATA", "Asia/Kolkata");
	assert_known("america/argentina/comodrivadavia", "America/Argentina/ComodRivadavia");
	assert_known("utc", "UTC");
	assert_known("cet", "CET");
	assert_known("Europe/Kyiv", "Europe/Kyiv");
}

static void test_offsets_are_names(void **state)
{
	(void)state;
	assert_known("GMT+2", "GMT+02:00");
	assert_known("utc+2", "GMT+02:00");
	assert_known("UTC-3:30", "GMT-03:30");
	assert_known("GMT+0530", "GMT+05:30");
}

static void test_what_is_no_zone(void **state)
{
	static const char *const none[] = {
		"", " ", "GMT+99", "GMT+2:99", "GMT+", "GMT+2x", "GMT+2:7:13", "UTC+2 ", "BST", "ist", "Berlin",
		"Europe/", "Europe/Berlin ", "Etc/Unknown", "etc/unknown", "../../etc/passwd", "Europe/B\xC3\xA9rlin",
		"GMT+111111111111111111111111111111111111111111111111111111111111111111111111111111",
		"Europe/Berlinxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	};
	struct zone_offset offset;

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		if (zone_known(none[i]) != NULL)
			fail_msg("'%s' was taken for a zone", none[i]);
		if (none[i][0] == '\0' || strcasecmp(none[i], "BST") == 0 || strcasecmp(none[i], "IST") == 0)
			continue;
		if (zone_offset_at(none[i], winter, &offset))
			fail_msg("'%s' has an offset", none[i]);
		assert_int_equal(offset.offset_s, 0);
		assert_true(zone_holds(&offset, winter));
	}
}

/* Names are kept as long as the program runs, so nobody must be able to make ever more of them. */
static void test_all_offsets_are_known_and_none_with_seconds(void **state)
{
	static const char *const seconds[] = {"GMT+020713", "GMT+20713", "UTC-235959", "GMT+2:07:13", "GMT-12345"};
	char name[40];

	(void)state;
	for (int minutes = 0; minutes < 24 * 60; minutes++) {
		for (int i = 0; i < 2; i++) {
			snprintf(name, sizeof name, "GMT%c%02d:%02d", "+-"[i], minutes / 60, minutes % 60);
			assert_non_null(zone_known(name));
		}
	}
	for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++)
		if (zone_known(seconds[i]) != NULL)
			fail_msg("'%s' was taken for a zone", seconds[i]);
	assert_known("Europe/Berlin", "Europe/Berlin");
}

/* The server's own: as localtime_r(3) has it, around every hour of a year with its two changes, and
 * right up to where it holds. */
static void test_the_servers_own_zone(void **state)
{
	struct zone_offset offset = {0}, other;
	int asked = 0;

	(void)state;
	setenv("TZ", "America/New_York", 1);
	tzset();
	for (int64_t t = winter; t < winter + 365 * DAY_S; t += HOUR_S) {
		time_t at = (time_t)t;
		struct tm tm;

		assert_non_null(localtime_r(&at, &tm));
		if (!zone_holds(&offset, t)) {
			assert_true(zone_offset_at(NULL, t, &offset));
			asked++;
		}
		assert_true(zone_holds(&offset, t));
		assert_int_equal(offset.offset_s, tm.tm_gmtoff);
		assert_true(zone_offset_at(NULL, offset.until_s - 1, &other));
		assert_int_equal(other.offset_s, offset.offset_s);
		assert_true(zone_offset_at(NULL, offset.from_s, &other));
		assert_int_equal(other.offset_s, offset.offset_s);
	}
	assert_in_range(asked, 365, 370);
	/* Second Sunday of March 2027, 07:00 UTC */
	assert_true(zone_offset_at(NULL, 1805007600 - 60, &offset));
	assert_int_equal(offset.until_s, 1805007600);
	assert_true(zone_offset_at(NULL, 1805007600 + 60, &offset));
	assert_int_equal(offset.from_s, 1805007600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_an_offset_holds_until_the_next_transition),
		cmocka_unit_test(test_names_are_found_without_case),
		cmocka_unit_test(test_offsets_are_names),
		cmocka_unit_test(test_what_is_no_zone),
		cmocka_unit_test(test_all_offsets_are_known_and_none_with_seconds),
		cmocka_unit_test(test_the_servers_own_zone),
	};

	zone_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
