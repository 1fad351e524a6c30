/*
 * The feeds that a connection watches, besides that of its room. Each has a reader of its own; what comes
 * of it is made by the connection's view (display.h), which every connection that watches has.
 */
#ifndef CHATD_NET_WATCHED_H
#define CHATD_NET_WATCHED_H

#include <stdbool.h>

#include "chatd/core/event.h"
#include "chatd/net/feed.h"

struct connection;
struct server;

struct watched {
	struct watched *next;       /* of the same connection */
	struct feed_reader reader;  /* how far it has come */
	bool ending;                /* it ends once the lines before `until` have been taken */
	uint64_t until;             /* while ending: a position in the feed */
	char name[];                /* of the room, as it is shown before its lines */
};

/* The reader of c that stands at index in f's list: of its room, or of one that it watches. */
struct feed_reader *watched_reader(struct connection *c, const struct feed *f, uint32_t index);

/* r, a reader of any connection's, has left f, and the reader of the slot `moved` (UINT32_MAX: none) has taken
 * its index. */
void watched_moved(struct server *s, const struct feed *f, uint32_t moved, uint32_t index);

/* EFFECT_WATCH, EFFECT_WATCH_RELEASE, EFFECT_UNWATCH: begins to read the feed, held back; lets it come; ends
 * that once what is visible has been taken. */
void watched_begin(struct server *s, struct connection *c, const struct effect *e);
void watched_release(struct server *s, struct connection *c, uint32_t feed);
void watched_end(struct server *s, struct connection *c, uint32_t feed);
/* Ends all at once; nothing more of them is taken. */
void watched_drop(struct server *s, struct connection *c);

/* EFFECT_SKIP: leaves out the line last published to f; false: it is not watched. */
bool watched_skip(struct connection *c, const struct feed *f);
/* EFFECT_LET: lets through what is visible now. */
void watched_let(struct connection *c);

/* A line of a watched room; the strings are borrowed for the call. */
typedef void watched_line(void *ctx, const char *text, size_t len, struct line_info info, uint64_t pos,
                          const struct watched *w);
/* Hands what is visible of the watched feeds over to `line`, room by room, until at least `most` bytes were
 * handed over. Returns whether that was all. */
bool watched_take(struct server *s, struct connection *c, size_t most, watched_line *line, void *ctx);

/* Something is visible. */
bool watched_has_output(const struct connection *c);
/* The next of them whose log has moved past the reader, so that it must jump; NULL: none. */
struct feed_reader *watched_behind(struct connection *c);
/* The newest record such that c has taken everything up to it, in its own room and those that it watches; never
 * newer than shown, up to which all feeds show everything (fanout_shown). SEQ_UNKNOWN: something that is shown to others has not been taken yet. */
uint64_t watched_seq(const struct connection *c, uint64_t shown);

#endif
