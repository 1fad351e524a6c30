/*
 * Latencies: a histogram with 32 steps in each power of two of nanoseconds.
 */
#ifndef CHATD_TESTS_BENCH_GEN_STAT_H
#define CHATD_TESTS_BENCH_GEN_STAT_H

#include <stdint.h>
#include <string.h>
#include <time.h>

enum { STAT_BUCKETS = 64 * 32 };

struct stat_ns {
	uint64_t n;                    /* latencies taken */
	uint64_t bucket[STAT_BUCKETS]; /* how many fell into each step */
	int64_t max_ns;                /* the greatest */
};

static inline int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static inline void stat_clear(struct stat_ns *s)
{
	memset(s, 0, sizeof *s);
}

static inline void stat_add(struct stat_ns *s, int64_t ns)
{
	uint64_t v = ns < 32 ? 32 : (uint64_t)ns;
	uint32_t top = 63 - (uint32_t)__builtin_clzll(v);

	s->n++;
	s->bucket[top * 32 + (uint32_t)(v >> (top - 5) & 31)]++;
	if (ns > s->max_ns)
		s->max_ns = ns;
}

/* p from 0 to 1. */
static inline double stat_us(const struct stat_ns *s, double p)
{
	uint64_t want = (uint64_t)((double)s->n * p), seen = 0;

	for (uint32_t i = 0; i < STAT_BUCKETS; i++) {
		seen += s->bucket[i];
		if (seen > want)
			return (double)((32 + (uint64_t)(i % 32)) << (i / 32 - 5)) / 1000;
	}
	return (double)s->max_ns / 1000;
}

#endif
