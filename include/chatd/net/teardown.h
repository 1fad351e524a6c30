/*
 * Ending a connection.
 */
#ifndef CHATD_NET_TEARDOWN_H
#define CHATD_NET_TEARDOWN_H

#include "chatd/net/connection.h"

struct server;

/* Ends c because its peer is gone, or must go: shuts it both ways, and tells the core, if it still
 * knows the connection (reason may be NULL). */
void teardown_kill(struct server *s, struct connection *c, const char *reason);

/* If c is ending, goes on with that as far as it can now. Frees it, as nothing else does, once the
 * kernel holds nothing of it. */
void teardown_advance(struct server *s, struct connection *c);

#endif
