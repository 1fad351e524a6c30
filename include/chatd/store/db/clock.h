/*
 * The store's clock.
 */
#ifndef CHATD_STORE_DB_CLOCK_H
#define CHATD_STORE_DB_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds: CLOCK_MONOTONIC to wait by, CLOCK_REALTIME for the time of lines. */
static inline int64_t clock_ms(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#endif
