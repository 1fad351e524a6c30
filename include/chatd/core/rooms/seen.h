/*
 * Read marks: how far each person has read a room, for the replay, /catchup and unread counts.
 *
 * A mark is saved when the person leaves, according to what has arrived at their connection, and
 * every SEEN_ROUND_MS for people who are here; so a crash makes only the lines of that time unread
 * again.
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
	struct arrival arrived;     /* when the connection ends: how much of the room's feed arrived */
	bool slow;                  /* between EVENT_SLOW and EVENT_DRAINED */
	bool known;                 /* what its name had seen of the room before is known: the replay or
	                             * the answer to history_recall has come */
	bool caught_up;             /* /catchup has shown lines since its read mark was last saved */
	uint64_t caught_up_at;      /* newest line of its room when /catchup last showed lines; 0: it
	                             * has not, or they have all arrived */
	struct ranges gaps;         /* lines of its room that it has not been shown (/catchup shows
	                             * them) */
	struct ranges gaps_were;    /* what gaps was before caught_up_at was set: /catchup has shown
	                             * lines of it that may not have arrived */
	uint64_t seen_id;           /* line up to which its mark was saved since it entered the room;
	                             * 0: it was not saved yet */
	uint64_t joined_id;         /* newest line of its room when it entered */
	uint64_t shown_from;        /* id of the first line of its room that it was shown, or of the
	                             * first that it may be shown live */
};

/* Part of struct chat: the round in which all connections are asked what has arrived. */
struct seen_round {
	uint32_t slot, left;        /* slot of the connection to be asked next, and how many are still
	                             * to be asked; 0: the round is over */
	int64_t ms;                 /* when the next step of the round is due, while left > 0 */
};

/* Saves the read mark of s, which is leaving its room or giving up its name. While the connection
 * is open and nothing else is known about it, everything that was sent counts as read. */
void seen_mark(struct chat *c, struct session *s);

/* The same for a watched room whose watch ends or comes to rest. */
struct watch;
void seen_mark_watch(struct chat *c, struct watch *w);

/* What s has seen is no longer known, because its name or account has changed: no mark is saved
 * until the answer to history_recall comes or s enters another room. */
void seen_unknown(struct session *s);

/* There is something new to read: a line was said, or mail was shown. Starts a new round. */
void seen_news(struct chat *c);

/* Takes the next step of the round, if it is due: asks some of the connections what has arrived. */
void seen_tick(struct chat *c);
int64_t seen_due_ms(const struct chat *c);

/* ACT_SEEN: saves a mark that a node has proposed. */
void seen_apply(struct chat *c, const char *fields);

#endif
