/* Token buckets. Owns nothing; pure arithmetic on the caller's struct bucket. */

#include "chatd/base/token_bucket.h"

#include <assert.h>

#include "chatd/base/bounds.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

/* The time in which n tokens come: LIMIT_TOKENS_MAX times NS_PER_S does not overflow. */
static int64_t span_ns(uint64_t n, uint64_t per_s)
{
	return (int64_t)(n * NS_PER_S / per_s);
}

int64_t bucket_wait_many_ms(struct bucket *l, int64_t now_ms, uint64_t n, uint64_t burst,
                            uint64_t per_s)
{
	int64_t now_ns = now_ms * NS_PER_MS, over_ns;

	/* Full, as most are: nothing to divide. */
	if (per_s == 0 || (l->full_ns <= now_ns && n <= burst))
		return 0;
	if (n > burst)
		n = burst;
	/* After a reload that raised the rate, nobody waits by the old one. */
	if (l->full_ns > now_ns + span_ns(burst, per_s))
		l->full_ns = now_ns + span_ns(burst, per_s);
	over_ns = l->full_ns + span_ns(n, per_s) - now_ns - span_ns(burst, per_s);
	return over_ns <= 0 ? 0 : (over_ns + NS_PER_MS - 1) / NS_PER_MS;
}

int64_t bucket_wait_ms(struct bucket *l, int64_t now_ms, uint64_t burst, uint64_t per_s)
{
	return bucket_wait_many_ms(l, now_ms, 1, burst, per_s);
}

void bucket_take_many(struct bucket *l, int64_t now_ms, uint64_t n, uint64_t per_s)
{
	if (per_s == 0)
		return;
	if (n > LIMIT_TOKENS_MAX)
		n = LIMIT_TOKENS_MAX;
	if (l->full_ns < now_ms * NS_PER_MS)
		l->full_ns = now_ms * NS_PER_MS;
	l->full_ns += span_ns(n, per_s);
}

void bucket_take(struct bucket *l, int64_t now_ms, uint64_t per_s)
{
	bucket_take_many(l, now_ms, 1, per_s);
}

int64_t bucket_wait_span_ms(struct bucket *l, int64_t now_ms, uint64_t burst, int64_t period_ns)
{
	int64_t now_ns = now_ms * NS_PER_MS, all_ns = (int64_t)burst * period_ns, over_ns;

	assert(period_ns > 0 && burst <= (uint64_t)(LIMIT_SPAN_MS_MAX * NS_PER_MS / period_ns));
	/* The same as in bucket_wait_many_ms. */
	if (l->full_ns > now_ns + all_ns)
		l->full_ns = now_ns + all_ns;
	over_ns = l->full_ns + period_ns - now_ns - all_ns;
	return over_ns <= 0 ? 0 : (over_ns + NS_PER_MS - 1) / NS_PER_MS;
}

void bucket_take_span(struct bucket *l, int64_t now_ms, int64_t period_ns)
{
	if (l->full_ns < now_ms * NS_PER_MS)
		l->full_ns = now_ms * NS_PER_MS;
	l->full_ns += period_ns;
}

int64_t slow_bucket_wait_ms(struct bucket *l, int64_t now_ms, uint32_t burst, int64_t period_ms)
{
	return bucket_wait_span_ms(l, now_ms, burst, period_ms * NS_PER_MS);
}

void slow_bucket_take(struct bucket *l, int64_t now_ms, int64_t period_ms)
{
	bucket_take_span(l, now_ms, period_ms * NS_PER_MS);
}

bool slow_bucket_take_log(struct bucket *l, int64_t now_ms)
{
	if (slow_bucket_wait_ms(l, now_ms, REFUSED_LOG_BURST, REFUSED_LOG_PERIOD_MS) > 0)
		return false;
	slow_bucket_take(l, now_ms, REFUSED_LOG_PERIOD_MS);
	return true;
}

void slow_bucket_give(struct bucket *l, int64_t period_ms)
{
	l->full_ns -= period_ms * NS_PER_MS;
}

bool bucket_is_full(const struct bucket *l, int64_t now_ms)
{
	return l->full_ns <= now_ms * NS_PER_MS;
}

uint64_t bucket_left(const struct bucket *l, int64_t now_ms, uint64_t burst, uint64_t per_s)
{
	uint64_t left;
	int64_t free_ns;

	if (per_s == 0 || bucket_is_full(l, now_ms))
		return burst;
	free_ns = span_ns(burst, per_s) - (l->full_ns - now_ms * NS_PER_MS);
	if (free_ns < 0)
		return 0;
	/* The largest number whose span is no longer, so that exactly what may be taken counts. */
	left = (((uint64_t)free_ns + 1) * per_s - 1) / NS_PER_S;
	return left < burst ? left : burst;
}
