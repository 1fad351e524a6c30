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
	char *by;                   /* owned; who made it (share_who); "": not known */
	int64_t at_ms;              /* when; 0: not known */
	struct share *share;        /* that it is counted in, as */
	enum share_kind kind;       /* ROOMS or OWNED: its owner's, or else its maker's */
};

/* Whether s would own a room that it makes now. */
bool room_would_own(const struct chat *c, const struct session *s);

/* Makes a room for s, and counts it for s. NULL: s may make no more, and was told. */
struct room *room_make(struct chat *c, struct session *s, const char *name, const char *key);

/* The same, counted for the principal who (share.h), as which s comes back: s may have no name yet. */
struct room *room_make_again(struct chat *c, struct session *s, const char *who, const char *name,
                             const char *key);

#endif
