/*
 * Appending our own acts, one batch at a time.
 */
#ifndef CHATD_CLUSTER_APPENDING_H
#define CHATD_CLUSTER_APPENDING_H

#include "chatd/cluster/engine_state.h"

/* Sends what waits, if no batch is under way. */
void appending_turn(struct engine_thread *t, int64_t now_ms);
/* A reply of the batch. OK, or what ends the session. An error that may pass (out of memory) does not,
 * so that the lease lives on: the batch is sent again after a while. */
enum outcome appending_on_reply(struct engine_thread *t, const redisReply *r);

#endif
