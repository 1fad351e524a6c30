/*
 * Token buckets, as one number each (GCRA, ITU-T I.371).
 *
 * A bucket holds up to `burst` tokens and gains `per_s` a second. Only the time at which it will be
 * full again is kept; all zero is a full bucket. now_ms is of a clock that nobody sets, and is never
 * less than in an earlier call.
 */
#ifndef CHATD_BASE_TOKEN_BUCKET_H
#define CHATD_BASE_TOKEN_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/* The largest burst: times the nanoseconds in a second, it still fits 64 bits. */
#define LIMIT_TOKENS_MAX UINT64_C(16000000000)

/* A hundred years: added to now_ms, in nanoseconds, it still fits 64 bits. */
#define LIMIT_SPAN_MS_MAX INT64_C(3600000000000)

struct bucket {
	int64_t full_ns;  /* nanoseconds, by the clock of now_ms */
};

/* Milliseconds until a token can be taken; 0: now. per_s 0: no limit. */
int64_t bucket_wait_ms(struct bucket *l, int64_t now_ms, uint64_t burst, uint64_t per_s);
/* Milliseconds until n can be taken, or the whole burst if that is less. */
int64_t bucket_wait_many_ms(struct bucket *l, int64_t now_ms, uint64_t n, uint64_t burst,
                            uint64_t per_s);

/* Takes one token; if none is left, the next wait is that much longer. */
void bucket_take(struct bucket *l, int64_t now_ms, uint64_t per_s);
/* Takes n; what is missing is owed, but only until the next question for a wait. */
void bucket_take_many(struct bucket *l, int64_t now_ms, uint64_t n, uint64_t per_s);

/* Buckets that gain one token per period_ns nanoseconds, for rates that are not a whole number a
 * second. A whole bucket fills in LIMIT_SPAN_MS_MAX at most. */
int64_t bucket_wait_span_ms(struct bucket *l, int64_t now_ms, uint64_t burst, int64_t period_ns);
void bucket_take_span(struct bucket *l, int64_t now_ms, int64_t period_ns);

/* The same for periods of milliseconds, which may be long. slow_bucket_give gives back a token that was
 * taken. */
int64_t slow_bucket_wait_ms(struct bucket *l, int64_t now_ms, uint32_t burst, int64_t period_ms);
void slow_bucket_take(struct bucket *l, int64_t now_ms, int64_t period_ms);
/* Takes a line of the log that strangers can cause, from a bucket that all of them share: REFUSED_LOG_BURST at once,
 * then one in REFUSED_LOG_PERIOD_MS. False: there is none now. */
bool slow_bucket_take_log(struct bucket *l, int64_t now_ms);
void slow_bucket_give(struct bucket *l, int64_t period_ms);

/* The tokens in the bucket now. */
uint64_t bucket_left(const struct bucket *l, int64_t now_ms, uint64_t burst, uint64_t per_s);

/* The bucket is full. */
bool bucket_is_full(const struct bucket *l, int64_t now_ms);

/* The two buckets of a sender: a person, or an address. */
struct rate {
	struct bucket lines;
	struct bucket bytes;
};

#endif
