/*
 * Texts past the stream: ours, which go out over the writing connection between batches of acts, and those of other
 * nodes, which come in over a connection that only listens.
 */
#ifndef CHATD_CLUSTER_TELLING_H
#define CHATD_CLUSTER_TELLING_H

#include "chatd/cluster/engine_state.h"

/* There is something that the thread has to take. */
bool telling_has_work(struct engine_thread *t);
/* Sends what waits, if nothing is under way, and asks whether we are still listening, if it is time to. */
void telling_turn(struct engine_thread *t, int64_t now_ms);
/* How many have heard the first text that is under way. */
void telling_on_heard(struct engine_thread *t, const redisReply *r);
/* What the listening connection has. OK, or what ends the session. */
enum outcome telling_on_message(struct engine_thread *t, const redisReply *r);
/* Without a session: nobody hears what waits. */
void telling_refuse(struct engine_thread *t);

#endif
