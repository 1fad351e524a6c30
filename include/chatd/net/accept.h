/*
 * Accepting: each listener has ACCEPTS_EACH accepts in flight; new connections are admitted or
 * refused.
 */
#ifndef CHATD_NET_ACCEPT_H
#define CHATD_NET_ACCEPT_H

#include "chatd/net/ring.h"

struct proxied_peer;
struct server;

struct accepts {
	bool out[RING_ACCEPTS_MAX]; /* that accept is in flight; numbered in the order of the
	                             * listeners */
	int64_t again_ms;   /* when to accept again after running out of descriptors; INT64_MAX: never */
	int64_t full_ms;    /* when to log again that max_connections is reached */
	int64_t failed_ms;  /* and that nothing can be accepted */
};

/* Submits every accept that is not in flight, unless chatd is shutting down. */
void accept_all(struct server *s);
/* Handles the end of one of them. */
void accept_done(struct server *s, const struct ring_completion *done);
/* Admits or refuses the connection of a proxy, now that it is known for whom. */
void accept_proxied(struct server *s, const struct proxied_peer *peer);
/* Admits or refuses those that another process has handed over since the last call. */
void accept_handed(struct server *s);
/* Cancels them all; their completions are still to come. */
void accept_cancel(struct server *s);

#endif
