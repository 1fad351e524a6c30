/* Token buckets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chatd/base/token_bucket.h"
#include "prng.h"

static void test_a_full_bucket_gives_a_burst_and_then_its_rate(void **state)
{
	struct bucket l = {0};
	int64_t now_ms = INT64_C(1795378445000);

	(void)state;
	assert_int_equal(bucket_left(&l, now_ms, 5, 10), 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(bucket_wait_ms(&l, now_ms, 5, 10), 0);
		bucket_take(&l, now_ms, 10);
		assert_int_equal(bucket_left(&l, now_ms, 5, 10), 4 - i);
	}
	assert_int_equal(bucket_wait_ms(&l, now_ms, 5, 10), 100);
	assert_int_equal(bucket_wait_ms(&l, now_ms + 99, 5, 10), 1);
	assert_int_equal(bucket_wait_ms(&l, now_ms + 100, 5, 10), 0);
	assert_int_equal(bucket_left(&l, now_ms + 250, 5, 10), 2);
	assert_int_equal(bucket_left(&l, now_ms + 100000, 5, 10), 5);
}

static void test_no_limit(void **state)
{
	struct bucket l = {0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(bucket_wait_ms(&l, 1, 1, 0), 0);
		bucket_take(&l, 1, 0);
	}
	assert_int_equal(bucket_left(&l, 1, 7, 0), 7);
}

static void test_a_rate_that_does_not_divide_a_second(void **state)
{
	struct bucket l = {0};
	int64_t now_ms = 1000000, wait_ms;
	uint32_t n = 0;

	(void)state;
	/* A sender that always takes what it may gets the full rate in the long run. */
	while (now_ms < 1000000 + 60000) {
		wait_ms = bucket_wait_ms(&l, now_ms, 1, 7);
		assert_true(wait_ms <= 1000 / 7 + 1);
		now_ms += wait_ms;
		if (wait_ms > 0)
			continue;
		bucket_take(&l, now_ms, 7);
		n++;
	}
	assert_in_range(n, 7 * 60 - 7, 7 * 60 + 1);
}

static void test_never_more_than_burst_and_rate(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct prng p = {seed};
		struct bucket l = {0};
		uint32_t burst = prng_range(&p, 1, 50), rate = prng_range(&p, 1, 2000), n = 0;
		int64_t begin_ms = 5000000, now_ms = begin_ms;

		for (int i = 0; i < 2000; i++) {
			now_ms += prng_below(&p, 20);
			if (bucket_wait_ms(&l, now_ms, burst, rate) == 0) {
				/* What may be taken is there, and the other way round. */
				assert_true(bucket_left(&l, now_ms, burst, rate) >= 1);
				bucket_take(&l, now_ms, rate);
				n++;
			}
			assert_true(bucket_left(&l, now_ms, burst, rate) <= burst);
			assert_true(n <= burst + (uint64_t)(now_ms - begin_ms) * rate / 1000 + 1);
		}
	}
}

static void test_many_tokens_at_once(void **state)
{
	struct bucket l = {0};
	int64_t now_ms = INT64_C(1795378445000);

	(void)state;
	assert_true(bucket_is_full(&l, now_ms));
	bucket_take_many(&l, now_ms, 700, 100);
	assert_false(bucket_is_full(&l, now_ms));
	assert_int_equal(bucket_left(&l, now_ms, 1000, 100), 300);
	assert_int_equal(bucket_wait_many_ms(&l, now_ms, 300, 1000, 100), 0);
	assert_int_equal(bucket_wait_many_ms(&l, now_ms, 301, 1000, 100), 10);
	assert_int_equal(bucket_wait_many_ms(&l, now_ms, 500, 1000, 100), 2000);
	/* More than the bucket holds never comes; all of it does. */
	assert_int_equal(bucket_wait_many_ms(&l, now_ms, 5000, 1000, 100), 7000);
	assert_int_equal(bucket_wait_many_ms(&l, now_ms + 7000, 5000, 1000, 100), 0);
	assert_true(bucket_is_full(&l, now_ms + 7000));
	/* What was not there is owed until somebody asks. */
	bucket_take_many(&l, now_ms + 7000, 1500, 100);
	assert_int_equal(bucket_left(&l, now_ms + 7000, 1000, 100), 0);
	assert_int_equal(bucket_wait_ms(&l, now_ms + 7000, 1000, 100), 10);
}

/* At the largest pace that can be set, and with the longest burst. */
static void test_the_largest_bucket(void **state)
{
	const uint64_t burst = LIMIT_TOKENS_MAX, rate = LIMIT_TOKENS_MAX / 16;
	struct bucket l = {0};
	int64_t now_ms = INT64_C(1795378445000);

	(void)state;
	bucket_take_many(&l, now_ms, burst - 1, rate);
	assert_true(bucket_left(&l, now_ms, burst, rate) == 1);
	bucket_take_many(&l, now_ms, UINT64_MAX, rate);
	assert_true(bucket_left(&l, now_ms, burst, rate) == 0);
	assert_int_equal(bucket_wait_many_ms(&l, now_ms, burst, burst, rate), 16000);
	assert_true(bucket_left(&l, now_ms + 8000, burst, rate) == burst / 2);
}

static void test_bytes_in_the_long_run(void **state)
{
	struct prng p = {7};
	struct bucket l = {0};
	uint64_t bytes = 0;
	int64_t begin_ms = INT64_C(1795378445000), now_ms = begin_ms;

	(void)state;
	/* Whoever sends whenever it may gets 8192 a second to within a line. */
	while (now_ms < begin_ms + 600000) {
		int64_t wait_ms = bucket_wait_many_ms(&l, now_ms, 4096, 131072, 8192);

		now_ms += wait_ms;
		if (wait_ms == 0) {
			uint32_t n = prng_range(&p, 1, 1024);

			bucket_take_many(&l, now_ms, n, 8192);
			bytes += n;
		}
	}
	assert_in_range(bytes, 131072 - 4096 + 600 * 8192 - 1024, 131072 - 4096 + 600 * 8192 + 1100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_full_bucket_gives_a_burst_and_then_its_rate),
		cmocka_unit_test(test_no_limit),
		cmocka_unit_test(test_a_rate_that_does_not_divide_a_second),
		cmocka_unit_test(test_never_more_than_burst_and_rate),
		cmocka_unit_test(test_many_tokens_at_once),
		cmocka_unit_test(test_the_largest_bucket),
		cmocka_unit_test(test_bytes_in_the_long_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
