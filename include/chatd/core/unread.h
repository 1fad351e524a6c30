/*
 * What somebody who comes back to an account has not read: how many lines, room by room.
 */
#ifndef CHATD_CORE_UNREAD_H
#define CHATD_CORE_UNREAD_H

#include "chatd/core/state.h"

/* s has just signed in, and has read nmail messages that were kept for it: asks what else
 * there is, behind the replay that may be on its way. The answer holds up nothing. */
void unread_begin(struct chat *c, struct session *s, uint32_t nmail);

/* The replay is there: now, if that was waited for. */
void unread_after_replay(struct chat *c, struct session *s);

#endif
