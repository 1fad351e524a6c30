/* Ranges of ids: none is lost, and what was never put in comes in only where there are too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "chatd/base/ranges.h"

static const char *show(const struct ranges *r)
{
	static char text[RANGES_TEXT_BYTES];

	ranges_show(r, text);
	return text;
}

static void test_what_touches_becomes_one(void **state)
{
	struct ranges r = {.n = 0};

	(void)state;
	ranges_add(&r, 10, 20);
	ranges_add(&r, 30, 40);
	assert_string_equal(show(&r), "10 20 30 40");
	ranges_add(&r, 5, 12);
	assert_string_equal(show(&r), "5 20 30 40");
	/* 20 itself lies between these. */
	ranges_add(&r, 20, 25);
	assert_string_equal(show(&r), "5 20 20 25 30 40");
	ranges_add(&r, 19, 31);
	assert_string_equal(show(&r), "5 40");
}

static void test_empty_ones_are_none(void **state)
{
	struct ranges r = {.n = 0};

	(void)state;
	ranges_add(&r, 10, 11);
	ranges_add(&r, 10, 10);
	ranges_add(&r, 10, 3);
	assert_string_equal(show(&r), "");
	ranges_add(&r, 10, 20);
	ranges_drop_up_to(&r, 18);
	assert_string_equal(show(&r), "18 20");
	ranges_drop_up_to(&r, 19);
	assert_string_equal(show(&r), "");
}

static void test_both_ends_are_cut(void **state)
{
	struct ranges r = {.n = 0};

	(void)state;
	ranges_add(&r, 10, 20);
	ranges_add(&r, 30, 40);
	ranges_add(&r, 50, 60);
	ranges_drop_up_to(&r, 35);
	ranges_drop_from(&r, 50);
	assert_string_equal(show(&r), "35 40");
	ranges_drop_from(&r, 1);
	assert_string_equal(show(&r), "");
	ranges_add(&r, 10, 20);
	ranges_add(&r, 30, 40);
	ranges_drop(&r, 15, 16);
	assert_string_equal(show(&r), "10 15 16 20 30 40");
	ranges_drop(&r, 19, 31);
	assert_string_equal(show(&r), "10 15 16 19 31 40");
	ranges_drop(&r, 1, 18);
	assert_string_equal(show(&r), "31 40");
	ranges_drop(&r, 50, 60);
	ranges_drop(&r, 31, 31);
	assert_string_equal(show(&r), "31 40");
}

static void test_of_too_many_the_oldest_become_one(void **state)
{
	struct ranges r = {.n = 0};

	(void)state;
	for (uint64_t i = 1; i <= RANGES_MAX + 2; i++)
		ranges_add(&r, i * 10, i * 10 + 5);
	assert_string_equal(show(&r), "10 35 40 45 50 55 60 65");
	ranges_add(&r, 1, 3);
	assert_string_equal(show(&r), "1 35 40 45 50 55 60 65");
}

static void test_any_text_is_read(void **state)
{
	static const char *const text[] = {"", "1", "5 3", "x y", "-1 -1", "1 2 3", " 7 9 x 1 5",
	                                   "18446744073709551615 18446744073709551615 9 4 4 4"};
	struct ranges r;

	(void)state;
	for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
		r = ranges_read(text[i]);
		for (uint32_t k = 0; k < r.n; k++)
			assert_true(r.at[k].after + 1 < r.at[k].before);
	}
	r = ranges_read("10 20 30 40 50 60 70 80 90 100");
	assert_string_equal(show(&r), "10 20 30 40 50 60 70 80");
}

/* Whatever is added and dropped: each id that is in is in, and the text says the same. */
static void test_nothing_is_lost(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		struct ranges r = {.n = 0}, again;
		bool in[64] = {false};

		srandom(round);
		for (int i = 0; i < 12; i++) {
			uint64_t a = (uint64_t)random() % 64, b = (uint64_t)random() % 64;

			if (random() % 6 == 0) {
				ranges_drop_up_to(&r, a);
				for (uint64_t k = 0; k <= a; k++)
					in[k] = false;
			} else {
				ranges_add(&r, a, b);
				for (uint64_t k = a + 1; k < b; k++)
					in[k] = true;
			}
			again = ranges_read(show(&r));
			assert_int_equal(again.n, r.n);
			for (uint64_t k = 0; k < 64; k++) {
				bool has = false;

				for (uint32_t at = 0; at < again.n; at++)
					has |= k > again.at[at].after && k < again.at[at].before;
				assert_true(has || !in[k]);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_touches_becomes_one),
		cmocka_unit_test(test_empty_ones_are_none),
		cmocka_unit_test(test_both_ends_are_cut),
		cmocka_unit_test(test_of_too_many_the_oldest_become_one),
		cmocka_unit_test(test_any_text_is_read),
		cmocka_unit_test(test_nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
