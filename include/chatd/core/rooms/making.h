/*
 * Making rooms: who owns a new one, and how many a person may make.
 */
#ifndef CHATD_CORE_ROOMS_MAKING_H
#define CHATD_CORE_ROOMS_MAKING_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/people/share.h"

struct chat;
struct session;
struct room;

/* Part of struct room: who made it, and in whose share it is counted. */
struct making {
	char *by;                   /* owned; the principal that made it (share_who); "": not known */
	int64_t at_ms;              /* when it was made, since the epoch; 0: not known */
	struct share *share;        /* the share that it is counted in: its owner's or, if nobody owns
	                             * it, its maker's */
	enum share_kind kind;       /* what it is counted as there: OWNED or ROOMS */
};

/* Whether s would own a room that it makes now. */
bool room_would_own(const struct chat *c, const struct session *s);

/* Makes a room for s, and counts it in the share of s. NULL: s may make no more, and was told. */
struct room *room_make(struct chat *c, struct session *s, const char *name, const char *key);

/* The same, but counts the room for the principal `who` (share.h), as which s is coming back: s may
 * have no name yet. */
struct room *room_make_again(struct chat *c, struct session *s, const char *who, const char *name,
                             const char *key);

#endif
