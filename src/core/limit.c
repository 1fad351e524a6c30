/* Token buckets. Owns nothing; pure arithmetic on the caller's struct limit. */

#include "chatd/core/limit.h"

#define US_PER_S INT64_C(1000000)

/* How far in the future "full again" may lie: one bucket's worth. */
static int64_t span_us(uint32_t burst, uint32_t per_s)
{
	return (int64_t)burst * US_PER_S / per_s;
}

int64_t limit_wait_ms(struct limit *l, int64_t now_ms, uint32_t burst, uint32_t per_s)
{
	int64_t over_us;

	if (per_s == 0)
		return 0;
	/* After a reload that raised the pace nobody waits by the old one. */
	if (l->full_us > now_ms * 1000 + span_us(burst, per_s))
		l->full_us = now_ms * 1000 + span_us(burst, per_s);
	over_us = l->full_us + US_PER_S / per_s - now_ms * 1000 - span_us(burst, per_s);
	return over_us <= 0 ? 0 : (over_us + 999) / 1000;
}

void limit_take(struct limit *l, int64_t now_ms, uint32_t per_s)
{
	if (per_s == 0)
		return;
	if (l->full_us < now_ms * 1000)
		l->full_us = now_ms * 1000;
	l->full_us += US_PER_S / per_s;
}

uint32_t limit_left(const struct limit *l, int64_t now_ms, uint32_t burst, uint32_t per_s)
{
	int64_t used_us = l->full_us - now_ms * 1000, left;

	if (per_s == 0 || used_us <= 0)
		return burst;
	/* In the steps of limit_take, so that what may be taken is counted. */
	left = (span_us(burst, per_s) - used_us) / (US_PER_S / per_s);
	return left <= 0 ? 0 : left < burst ? (uint32_t)left : burst;
}
