/*
 * Token buckets, as one number each (GCRA, ITU-T I.371).
 *
 * A bucket holds up to `burst` tokens and gains `per_s` a second. Kept is the
 * time at which it will be full again; all zero is a full bucket.
 */
#ifndef CHATD_CORE_LIMIT_H
#define CHATD_CORE_LIMIT_H

#include <stdint.h>

struct limit {
	int64_t full_us;  /* microseconds since the epoch */
};

/* Milliseconds until a token can be taken; 0: now. per_s 0: no limit. */
int64_t limit_wait_ms(struct limit *l, int64_t now_ms, uint32_t burst, uint32_t per_s);

/* Takes one token; where none is left, the next waits so much longer. */
void limit_take(struct limit *l, int64_t now_ms, uint32_t per_s);

/* Tokens that are there. */
uint32_t limit_left(const struct limit *l, int64_t now_ms, uint32_t burst, uint32_t per_s);

#endif
