/*
 * Publishing: lines into feeds, and the marks up to which they are seen.
 */
#ifndef CHATD_NET_FANOUT_H
#define CHATD_NET_FANOUT_H

#include "chatd/base/bounds.h"
#include "chatd/core/event.h"
#include "chatd/net/feed.h"
#include "chatd/net/slots.h"

struct server;

enum {
	UNSHOWN_MAX = 4 * UNSTORED_MAX, /* each record at most twice, LF and CR LF; a power of two */
};

/* A published line that nobody may see before its record is saved. */
struct unshown {
	uint64_t seq;       /* of the record */
	uint64_t end;       /* position in the feed after the line and any notices behind it */
	uint32_t feed;
};

struct fanout {
	struct feed *feeds;         /* owned; chat_feeds_max() of them */
	struct budget logs;         /* all feeds' chunks, with those that only sends in flight still
	                             * hold */
	struct unshown *unshown;    /* owned; ring of UNSHOWN_MAX */
	uint64_t first, next;       /* numbers of the oldest and of the next unshown line, from 1;
	                             * modulo UNSHOWN_MAX, the ring's index */
	bool relaxed;               /* lines are shown before they are saved */
	struct slots dirty;         /* feeds whose mark has moved */
	struct slots unsettled;     /* feeds with chunks that may be freed */
};

/* For connections_max connections. */
void fanout_init(struct fanout *f, uint32_t connections_max, bool relaxed);
void fanout_release(struct fanout *f);

/* EFFECT_PUBLISH. */
void fanout_publish(struct server *s, const struct effect *e);
/* Shows everything published with records up to seq. */
void fanout_show(struct server *s, uint64_t seq);
/* The newest record up to which everything is shown, in all feeds; UINT64_MAX: all is. */
uint64_t fanout_shown(const struct server *s);
/* Frees the chunks that all readers have passed. */
void fanout_settle(struct server *s);

#endif
