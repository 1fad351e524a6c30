/*
 * What the room reads of somebody: another name, and the end.
 */
#ifndef CHATD_CORE_ROOMS_PRESENCE_H
#define CHATD_CORE_ROOMS_PRESENCE_H

#include "chatd/core/state/state.h"

/* The same name under another key or case: those who ignore it go on doing so, the room
 * reads of it. key as name_check made it, and free. */
void session_rename(struct chat *c, struct session *s, const char *nick, const char *key);

/*
 * The session is over: leaves its room (why, if not NULL, follows the notice),
 * forgets the name, waits for no answer. With close, EFFECT_CLOSE ends the connection after what
 * is queued; without, it is gone already. *s itself, with its nick and key, can be looked at until
 * the step ends (session_reap); session_lives says that it is over.
 */
void session_end(struct chat *c, struct session *s, const char *why, bool close);

#endif
