/* Histograms of durations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "chatd/base/histogram.h"

static uint64_t all(const struct histogram_copy *c)
{
	uint64_t n = 0;

	for (int i = 0; i <= HISTOGRAM_BOUNDS; i++)
		n += c->count[i];
	return n;
}

static void test_bounds_ascend(void **state)
{
	(void)state;
	for (int i = 1; i < HISTOGRAM_BOUNDS; i++)
		assert_true(histogram_bounds_us[i - 1] < histogram_bounds_us[i]);
	assert_true(histogram_bounds_us[0] > 0);
}

/* What takes exactly as long as a bound belongs to it, as le means in Prometheus. */
static void test_ranges(void **state)
{
	(void)state;
	for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
		struct histogram h = {0};
		struct histogram_copy c;

		histogram_add(&h, histogram_bounds_us[i]);
		histogram_add(&h, histogram_bounds_us[i] + 1);
		histogram_copy(&h, &c);
		assert_int_equal(c.count[i], 1);
		assert_int_equal(c.count[i + 1], 1);
		assert_int_equal(all(&c), 2);
		assert_int_equal(c.sum_us, 2 * histogram_bounds_us[i] + 1);
	}
}

static void test_extremes(void **state)
{
	struct histogram h = {0};
	struct histogram_copy c;

	(void)state;
	histogram_add(&h, -5);
	histogram_add(&h, 0);
	histogram_add(&h, INT64_MAX);
	histogram_copy(&h, &c);
	assert_int_equal(c.count[0], 2);
	assert_int_equal(c.count[HISTOGRAM_BOUNDS], 1);
	assert_true(c.sum_us == INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds_ascend),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
