/*
 * Buckets of lines and bytes: how much one person, and one address, may send.
 *
 * Roles in rate_exempt have no buckets. Sessions without a name always have small ones of their own
 * (PROMPT_*): a line costs as much there, and nobody needs to send much.
 */
#ifndef CHATD_CORE_INPUT_RATE_LIMIT_H
#define CHATD_CORE_INPUT_RATE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/token_bucket.h"
#include "chatd/core/people/origin.h"

struct chat;
struct session;

/* Part of struct session: what it has sent, and whether its input waits. */
struct throttle {
	bool on;                    /* its input waits; true exactly while it is in throttled.first */
	bool by_address;            /* because of its address: counted in rate_shared's waiting */
	bool told;                  /* was told during this wait that it is too fast */
	bool address_told;          /* was told that its address is */
	uint32_t turn_lines;        /* how many it may send before others at its address get their turn */
	struct rate rate;           /* of what it sends */
	int64_t delayed_ms;         /* how long its input has waited for a rate limit, minus the time in
	                             * which it did not wait, as of delay_at_ms; at least 0 */
	int64_t delay_at_ms;        /* when it last began or stopped waiting */
	int64_t muted_until_ms;     /* until then nothing it says is passed on; 0: never muted */
	struct strikes strikes;     /* of this session, if its address is exempt; otherwise see origin */
	struct session *prev, *next; /* in throttled.first */
};

/* Part of struct chat: sessions whose input waits for a rate limit. */
struct throttled {
	struct session *first;
	int64_t due_ms;             /* when the first of them may go on; INT64_MAX: none */
};

/* The size of a pair of buckets, and how fast they fill. */
struct allowance {
	uint64_t lines_burst, lines; /* lines: a second; 0: no limit */
	uint64_t bytes_burst, bytes;
};

/* Which bucket is empty. */
enum rate_cause {
	CAUSE_LINES,
	CAUSE_BYTES,
	CAUSE_ADDRESS_LINES,
	CAUSE_ADDRESS_BYTES,
};

/* The longest wait among the buckets. */
struct rate_wait {
	int64_t ms;            /* 0: no wait */
	enum rate_cause cause; /* of it */
};

/* What s may send by itself, and all of its kind (with a name, or without) from its address. */
struct allowance rate_own(const struct chat *c, const struct session *s);
struct allowance rate_all(const struct chat *c, const struct session *s);
/* The buckets that all of those share. */
struct shared_rate *rate_shared(const struct session *s);

/* Whether the role of s is exempt from rate limits. */
bool rate_is_exempt(const struct chat *c, const struct session *s);
/* Whether s has buckets. */
bool rate_is_limited(const struct chat *c, const struct session *s);
/* Whether its address has buckets too. People on the host itself have no address; nor do exempt
 * addresses count for sessions without a name. */
bool rate_has_address(const struct chat *c, const struct session *s);

/* How long s must wait before it may send another line. */
struct rate_wait rate_wait(const struct chat *c, struct session *s);

/* Takes a line of that many bytes out of the buckets of s and its address. */
void rate_bytes(struct chat *c, struct session *s, size_t n);
void rate_line(struct chat *c, struct session *s);

/* Whether both buckets are full. */
bool rate_is_full(const struct chat *c, const struct rate *p);

/* Makes the input of s wait for its buckets or, if `address`, for those of its address. */
void delay_begin(struct chat *c, struct session *s, bool address);
void delay_by_address(struct session *s, bool waits);
/* Ends the wait of s, if it waits. */
void delay_end(struct chat *c, struct session *s);

#endif
