/*
 * How far a person has read a room, as it is saved: for the replay, /catchup and unread counts.
 *
 * It is saved when they leave, from what has arrived at their connection, and every SEEN_ROUND_MS for
 * the people who are here; so after a crash only the lines of that time are unread again.
 */
#ifndef CHATD_CORE_ROOMS_SEEN_H
#define CHATD_CORE_ROOMS_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/ranges.h"
#include "chatd/core/event.h"

struct chat;
struct session;

/* Part of struct session: how far it has read its room. */
struct reading {
	struct arrival arrived;     /* once its connection is gone: what of its room it got */
	bool slow;                  /* between EVENT_SLOW and EVENT_DRAINED */
	bool known;                 /* what its name had seen of its room before, it knows: the replay
	                             * was there, or history_recall's answer */
	bool caught_up;             /* /catchup has shown lines since what it has seen was saved last */
	uint64_t caught_up_at;      /* when this was the newest line of its room; 0: it has not */
	struct ranges gaps;         /* lines of its room that have not been shown: /catchup does */
	struct ranges gaps_were;    /* and had not before /catchup showed some */
	uint64_t seen_id;           /* up to which that was saved since it came there; 0: not yet */
	uint64_t joined_id;         /* newest line of its room when it came there */
	uint64_t shown_from;        /* id of the first line of its room that it was shown, or of the
	                             * first that it may be shown live */
};

/* Part of struct chat: the round in which connections are asked what has arrived. */
struct seen_round {
	uint32_t slot, left;        /* whose connection is next, and how many are to be asked until
	                             * nobody is */
	int64_t ms;                 /* and when, while there are some */
};

/* Saves it for s, which leaves its room, or its name. While the connection is open, and nothing else
 * is known of it, all that was sent counts as read. */
void seen_mark(struct chat *c, struct session *s);

/* What s has seen is no longer known, as it has changed its name, or its account: nothing is saved
 * until history_recall or another room makes it known. */
void seen_unknown(struct session *s);

/* There is something new to read: a line was said, or mail was shown. */
void seen_news(struct chat *c);

/* Asks what has arrived at the connections. */
void seen_tick(struct chat *c);
int64_t seen_due_ms(const struct chat *c);

#endif
