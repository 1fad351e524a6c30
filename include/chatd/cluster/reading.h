/*
 * Reading the stream.
 */
#ifndef CHATD_CLUSTER_READING_H
#define CHATD_CLUSTER_READING_H

#include "chatd/cluster/engine_state.h"

/* Asks for more, if nothing is under way, the loop takes what comes, and it is time to. */
void reading_turn(struct engine_thread *t, int64_t now_ms);
/* The loop has room again for what reading has paused for. */
bool reading_can_go_on(struct engine_thread *t);
/* A reply. OK, or what ends the session. */
enum outcome reading_on_reply(struct engine_thread *t, const redisReply *r);
/* Tells the loop that it has caught up, if that is so. */
void reading_check_goal(struct engine_thread *t);

#endif
