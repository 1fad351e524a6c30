/*
 * Beginning to talk with Redis.
 */
#ifndef CHATD_CLUSTER_SESSION_H
#define CHATD_CLUSTER_SESSION_H

#include "chatd/cluster/engine_state.h"

/* Connects three times, checks all that must be so, and takes the lease. OK: t->in_session, and READY was
 * told if the incarnation is new. */
enum outcome engine_session_begin(struct engine_thread *t);
/* Asks for Redis's settings again, which somebody may have changed, if it is time to. */
void engine_session_recheck(struct engine_thread *t, int64_t now_ms);
/* The reply to that. OK, or what ends the session. */
enum outcome engine_session_on_settings(struct engine_thread *t, const redisReply *r);
/* Closes the connections. Acts that were not answered wait for the next session. */
void engine_session_end(struct engine_thread *t);

#endif
