/*
 * Random numbers that a seed decides: splitmix64. The same seed gives the same
 * numbers everywhere, so a run that fails can be run again.
 */
#ifndef CHATD_TESTS_PRNG_H
#define CHATD_TESTS_PRNG_H

#include <stdbool.h>
#include <stdint.h>

struct prng {
	uint64_t state;  /* any value is a seed */
};

static inline uint64_t prng_next(struct prng *p)
{
	uint64_t z = p->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0 to n-1; n > 0. */
static inline uint32_t prng_below(struct prng *p, uint32_t n)
{
	return (uint32_t)((prng_next(p) >> 32) * n >> 32);
}

/* from to to, both included. */
static inline uint32_t prng_range(struct prng *p, uint32_t from, uint32_t to)
{
	return from + prng_below(p, to - from + 1);
}

/* True this many times in a thousand. */
static inline bool prng_chance(struct prng *p, uint32_t per_mille)
{
	return prng_below(p, 1000) < per_mille;
}

#endif
