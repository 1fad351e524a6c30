/*
 * The end of a connection.
 */
#ifndef CHATD_NET_TEARDOWN_H
#define CHATD_NET_TEARDOWN_H

#include "chatd/net/connection.h"

struct server;

/* The peer is gone, or is to be: shut both ways, and the core is told, if it still knows the
 * connection (reason may be NULL). */
void teardown_kill(struct server *s, struct connection *c, const char *reason);

/* Where c ends: goes on with that as far as it can now. It is freed here, and only here, once the
 * kernel holds nothing of it. */
void teardown_advance(struct server *s, struct connection *c);

#endif
