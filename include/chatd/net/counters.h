/*
 * What the loop counts, and how it tells that to a process that watches the chat (vitals.h).
 *
 * Counting is a plain addition in the loop's thread, always done. Only with vitals are clocks read for the histograms,
 * twice a turn, and does an idle loop wake once a second, to show that it is there and to tell what was counted.
 *
 * The way of a line is timed for one line a second of each room: from its publishing (or the beginning of that turn)
 * until the turn that learns that a send with it has ended. A reader that is still stuck in an earlier send when
 * the next line is timed counts with the time until then.
 */
#ifndef CHATD_NET_COUNTERS_H
#define CHATD_NET_COUNTERS_H

#include <stdint.h>

#include "chatd/core/event.h"

struct connection;
struct feed;
struct server;
struct vitals;

/* Part of struct server. */
struct counters {
	struct vitals *vitals;      /* borrowed; NULL: nobody watches */
	int64_t due_ms;             /* when they are told next; INT64_MAX: never */
	int64_t turn_us;            /* when this turn began, by CLOCK_MONOTONIC; 0 if nobody watches */
	uint64_t admitted;          /* connections, */
	uint64_t refused[REFUSALS]; /* and those that were refused */
	uint64_t deliveries;        /* lines of rooms sent to a person, */
	uint64_t skipped;           /* and those that a slow reader did not get */
	uint64_t stored_seq;        /* the newest record that was saved when this was told last, */
	int64_t waiting_ms;         /* and since when others have waited, without any being saved; 0: none wait */
};

/* From now on it tells how things are. */
void counters_begin(struct server *s, struct vitals *v);

/* The loop has something to do, once the time of the turn is known; and has done it. */
void counters_turn_begins(struct server *s);
void counters_turn_ends(struct server *s);

/* A line was published to f. */
void counters_published(struct server *s, struct feed *f);
/* c has passed a part of its feed, which began at from: it is being sent, or was. */
void counters_passed(struct connection *c, uint64_t from);
/* A send to c has ended. */
void counters_sent(struct server *s, struct connection *c);

#endif
