/*
 * Token buckets, as one number each (GCRA, ITU-T I.371).
 *
 * A bucket holds up to `burst` tokens and gains `per_s` a second. Kept is the
 * time at which it will be full again; all zero is a full bucket.
 */
#ifndef CHATD_CORE_LIMIT_H
#define CHATD_CORE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* The largest burst: a second's nanoseconds times this still fit 64 bits. */
#define LIMIT_TOKENS_MAX UINT64_C(16000000000)

struct limit {
	int64_t full_ns;  /* nanoseconds since the epoch */
};

/* Milliseconds until a token can be taken; 0: now. per_s 0: no limit. */
int64_t limit_wait_ms(struct limit *l, int64_t now_ms, uint64_t burst, uint64_t per_s);
/* And until n can, or all of the burst where that is less. */
int64_t limit_wait_many_ms(struct limit *l, int64_t now_ms, uint64_t n, uint64_t burst,
                           uint64_t per_s);

/* Takes one token; where none is left, the next waits so much longer. */
void limit_take(struct limit *l, int64_t now_ms, uint64_t per_s);
/* Takes n; what was not there is owed, but forgotten at the next question for a wait. */
void limit_take_many(struct limit *l, int64_t now_ms, uint64_t n, uint64_t per_s);

/* Gives back one that was taken at that pace. */
void limit_give(struct limit *l, uint64_t per_s);

/* Tokens that are there. */
uint64_t limit_left(const struct limit *l, int64_t now_ms, uint64_t burst, uint64_t per_s);

/* All of them are. */
bool limit_is_full(const struct limit *l, int64_t now_ms);

/* The two buckets of whoever sends: a person, or an address. */
struct pace {
	struct limit lines;
	struct limit bytes;
};

#endif
