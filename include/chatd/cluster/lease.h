/*
 * The lease: a key of Redis's that ends by itself, and is ours as long as it says our incarnation.
 */
#ifndef CHATD_CLUSTER_LEASE_H
#define CHATD_CLUSTER_LEASE_H

#include "chatd/cluster/engine_state.h"

/* A session begins: renews the lease that we have, or takes it and begins an incarnation. Waits for
 * the end of one that is somebody else's, of this node's last run for example; if that is renewed
 * meanwhile, a node of this name is running, which is fatal. */
enum outcome lease_begin(struct engine_thread *t);

/* Asks for a renewal, if it is due. */
void lease_turn(struct engine_thread *t, int64_t now_ms);
/* The reply to that. OK, or what ends the session. */
enum outcome lease_on_reply(struct engine_thread *t, const redisReply *r);

/* Gives it back, if Redis answers soon. */
void lease_end(struct engine_thread *t);

#endif
