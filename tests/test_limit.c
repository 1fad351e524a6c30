/* Token buckets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chatd/core/limit.h"
#include "prng.h"

static void test_a_full_bucket_gives_a_burst_and_then_its_rate(void **state)
{
	struct limit l = {0};
	int64_t now_ms = INT64_C(1795378445000);

	(void)state;
	assert_int_equal(limit_left(&l, now_ms, 5, 10), 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(limit_wait_ms(&l, now_ms, 5, 10), 0);
		limit_take(&l, now_ms, 10);
		assert_int_equal(limit_left(&l, now_ms, 5, 10), 4 - i);
	}
	assert_int_equal(limit_wait_ms(&l, now_ms, 5, 10), 100);
	assert_int_equal(limit_wait_ms(&l, now_ms + 99, 5, 10), 1);
	assert_int_equal(limit_wait_ms(&l, now_ms + 100, 5, 10), 0);
	assert_int_equal(limit_left(&l, now_ms + 250, 5, 10), 2);
	assert_int_equal(limit_left(&l, now_ms + 100000, 5, 10), 5);
}

static void test_no_limit(void **state)
{
	struct limit l = {0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(limit_wait_ms(&l, 1, 1, 0), 0);
		limit_take(&l, 1, 0);
	}
	assert_int_equal(limit_left(&l, 1, 7, 0), 7);
}

static void test_a_rate_that_does_not_divide_a_second(void **state)
{
	struct limit l = {0};
	int64_t now_ms = 1000000, wait_ms;
	uint32_t n = 0;

	(void)state;
	/* Who takes whenever it may gets the rate and not less, in the long run. */
	while (now_ms < 1000000 + 60000) {
		wait_ms = limit_wait_ms(&l, now_ms, 1, 7);
		assert_true(wait_ms <= 1000 / 7 + 1);
		now_ms += wait_ms;
		if (wait_ms > 0)
			continue;
		limit_take(&l, now_ms, 7);
		n++;
	}
	assert_in_range(n, 7 * 60 - 7, 7 * 60 + 1);
}

static void test_never_more_than_burst_and_rate(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct prng p = {seed};
		struct limit l = {0};
		uint32_t burst = prng_range(&p, 1, 50), rate = prng_range(&p, 1, 2000), n = 0;
		int64_t begin_ms = 5000000, now_ms = begin_ms;

		for (int i = 0; i < 2000; i++) {
			now_ms += prng_below(&p, 20);
			if (limit_wait_ms(&l, now_ms, burst, rate) == 0) {
				/* What may be taken is there, and the other way round. */
				assert_true(limit_left(&l, now_ms, burst, rate) >= 1);
				limit_take(&l, now_ms, rate);
				n++;
			}
			assert_true(limit_left(&l, now_ms, burst, rate) <= burst);
			assert_true(n <= burst + (uint64_t)(now_ms - begin_ms) * rate / 1000 + 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_full_bucket_gives_a_burst_and_then_its_rate),
		cmocka_unit_test(test_no_limit),
		cmocka_unit_test(test_a_rate_that_does_not_divide_a_second),
		cmocka_unit_test(test_never_more_than_burst_and_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
