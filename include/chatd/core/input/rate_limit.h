/*
 * The buckets of lines and bytes: what one person, and one address, may send.
 *
 * Whoever has the role of rate_exempt has none. Before there is a name they are small ones of
 * their own, and always there (PROMPT_*): a line costs as much there, and nobody has to say much.
 */
#ifndef CHATD_CORE_INPUT_RATE_LIMIT_H
#define CHATD_CORE_INPUT_RATE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/bounds.h"
#include "chatd/base/token_bucket.h"
#include "chatd/core/people/origin.h"

struct chat;
struct session;

/* Part of struct session: what it has sent, and its waiting. */
struct throttle {
	bool on;                    /* true exactly while in throttled.first: its input waits */
	bool by_address;            /* because of its address: counted in rate_shared's waiting */
	bool told;                  /* has been told in this episode that it is too fast, */
	bool address_told;          /* and that its address is */
	struct rate rate;           /* of what it sends */
	uint32_t turn_lines;        /* that it may send before others of its address who wait */
	int64_t delayed_ms;         /* how long its input has waited for a rate limit, less the time in
	                             * which it did not, as of delay_at_ms; at least 0 */
	int64_t delay_at_ms;        /* when it began to wait or to go on */
	int64_t muted_until_ms;     /* nothing it says is passed on before; 0: never was */
	struct strikes strikes;     /* of this session, if its address is exempt; else see origin */
	struct session *prev, *next; /* in throttled.first */
};

/* Part of struct chat: those whose input waits for a rate limit. */
struct throttled {
	struct session *first;
	int64_t due_ms;             /* when the first of them may go on; INT64_MAX: none */
};

/* What a pair of buckets holds and gains. */
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

/* The longest wait of all buckets. */
struct rate_wait {
	int64_t ms;            /* 0: there is none */
	enum rate_cause cause; /* of it */
};

/* What s may send by itself, and all of its kind (with a name, or without) from its address. */
struct allowance rate_own(const struct chat *c, const struct session *s);
struct allowance rate_all(const struct chat *c, const struct session *s);
/* The buckets that these share. */
struct shared_rate *rate_shared(const struct session *s);

/* s has a role that needs no buckets. */
bool rate_is_exempt(const struct chat *c, const struct session *s);
/* It has buckets. */
bool rate_is_limited(const struct chat *c, const struct session *s);
/* And its address has; people on the host itself have no address, and before there is a name
 * those without limits by address have none either. */
bool rate_has_address(const struct chat *c, const struct session *s);

/* How long s must wait before it may send another line. */
struct rate_wait rate_wait(const struct chat *c, struct session *s);

/* Takes so many bytes, and a line, out of the buckets of s and its address. */
void rate_bytes(struct chat *c, struct session *s, size_t n);
void rate_line(struct chat *c, struct session *s);

/* Nothing is taken out of either bucket. */
bool rate_is_full(const struct chat *c, const struct rate *p);

/* The input of s waits for its buckets, or (address) for its address's; counted there. */
void delay_begin(struct chat *c, struct session *s, bool address);
void delay_by_address(struct session *s, bool waits);
/* It waits no longer; nothing happens if it does not. */
void delay_end(struct chat *c, struct session *s);

#endif
