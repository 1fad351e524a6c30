/*
 * Looking at how long the stream is, and how far this node and the others are; for operators alone.
 */
#ifndef CHATD_CLUSTER_OBSERVING_H
#define CHATD_CLUSTER_OBSERVING_H

#include "chatd/cluster/engine_state.h"

/* A session begins: nothing is under way. */
void observing_reset(struct engine_thread *t, int64_t now_ms);
/* Asks what is due. */
void observing_turn(struct engine_thread *t, int64_t now_ms);
/* When something is. */
int64_t observing_due_ms(const struct engine_thread *t);
/* A reply. False: it is to something else. */
bool observing_on_reply(struct engine_thread *t, enum expected kind, const redisReply *r);

#endif
