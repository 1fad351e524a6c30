/*
 * Looking at how long the stream is, and how much of it is not read yet; for operators alone.
 */
#ifndef CHATD_CLUSTER_OBSERVING_H
#define CHATD_CLUSTER_OBSERVING_H

#include "chatd/cluster/engine_state.h"

/* A session begins: nothing is under way. */
void observing_reset(struct engine_thread *t, int64_t now_ms);
/* Asks, if it is due. */
void observing_turn(struct engine_thread *t, int64_t now_ms);
/* The reply. */
void observing_on_reply(struct engine_thread *t, const redisReply *r);

#endif
