/* Histograms of durations. Owns the ranges. */
#include "chatd/base/histogram.h"

const int64_t histogram_bounds_us[HISTOGRAM_BOUNDS] = {
	100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000,
	10000000,
};

/* Nobody else writes, so this needs no locked instruction. */
static void add(_Atomic uint64_t *to, uint64_t n)
{
	atomic_store_explicit(to, atomic_load_explicit(to, memory_order_relaxed) + n, memory_order_relaxed);
}

void histogram_add(struct histogram *h, int64_t us)
{
	int i = 0;

	while (i < HISTOGRAM_BOUNDS && us > histogram_bounds_us[i])
		i++;
	add(&h->count[i], 1);
	add(&h->sum_us, us > 0 ? (uint64_t)us : 0);
}

void histogram_copy(const struct histogram *h, struct histogram_copy *to)
{
	for (int i = 0; i <= HISTOGRAM_BOUNDS; i++)
		to->count[i] = atomic_load_explicit(&h->count[i], memory_order_relaxed);
	to->sum_us = atomic_load_explicit(&h->sum_us, memory_order_relaxed);
}
