/*
 * Rooms that people make: whose they are, and who may make no more.
 */
#ifndef CHATD_CORE_ROOMS_MAKING_H
#define CHATD_CORE_ROOMS_MAKING_H

#include "chatd/core/state/state.h"

/* A room that s makes now would be its own. */
bool room_would_own(const struct chat *c, const struct session *s);

/* A new room, made by s and counted for it. NULL: it may make no more, and was told. */
struct room *room_make(struct chat *c, struct session *s, const char *name, const char *key);

/* The same for the principal who (share.h), in whose place s comes back: it may have no name yet. */
struct room *room_make_again(struct chat *c, struct session *s, const char *who, const char *name,
                             const char *key);

#endif
