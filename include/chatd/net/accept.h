/*
 * Accepting: each listener has ACCEPTS_EACH accepts out, and whoever comes is admitted or refused.
 */
#ifndef CHATD_NET_ACCEPT_H
#define CHATD_NET_ACCEPT_H

#include "chatd/net/ring.h"

struct server;

struct accepts {
	bool out[RING_ACCEPTS_MAX]; /* that accept is out; numbered in the order of the listeners */
	int64_t again_ms;   /* when to accept again after running out of descriptors; INT64_MAX: never */
	int64_t full_ms;    /* when to log again that max_connections is reached */
	int64_t failed_ms;  /* and that nothing can be accepted */
};

/* Asks for each accept that is not out, unless the end has begun. */
void accept_all(struct server *s);
/* One of them has ended. */
void accept_done(struct server *s, const struct ring_completion *done);
/* Ends them all; their completions are still to come. */
void accept_cancel(struct server *s);

#endif
