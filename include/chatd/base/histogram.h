/*
 * How long something takes, as a count for each of a few ranges: a histogram that one thread writes and
 * that others read, also from another process, without a lock.
 */
#ifndef CHATD_BASE_HISTOGRAM_H
#define CHATD_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 16 };

/* The upper bounds of the ranges but the last, which has none: microseconds, ascending. What takes exactly
 * as long as a bound belongs to it. */
extern const int64_t histogram_bounds_us[HISTOGRAM_BOUNDS];

/* All zero: nothing has been counted. */
struct histogram {
	_Atomic uint64_t count[HISTOGRAM_BOUNDS + 1]; /* in each range alone */
	_Atomic uint64_t sum_us;
};

/* A copy of one. */
struct histogram_copy {
	uint64_t count[HISTOGRAM_BOUNDS + 1];
	uint64_t sum_us;
};

/* Counts one that took us microseconds; less than 0 counts as 0. For one thread alone. */
void histogram_add(struct histogram *h, int64_t us);

/* A range that changes meanwhile is copied as it was or as it is. */
void histogram_copy(const struct histogram *h, struct histogram_copy *to);

#endif
