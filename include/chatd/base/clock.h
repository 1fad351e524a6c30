/*
 * The host's clocks, and units of time.
 *
 * The core reads no clock: each event carries the time (core/event.h).
 */
#ifndef CHATD_BASE_CLOCK_H
#define CHATD_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define WEEK_MS (7 * DAY_MS)

/* Milliseconds: CLOCK_MONOTONIC to wait by, CLOCK_REALTIME for dates. */
static inline int64_t clock_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Microseconds of the same. */
static inline int64_t clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

#endif
