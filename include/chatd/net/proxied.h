/*
 * Connections from a proxy that has not said yet for whom they are (PROXY protocol).
 *
 * Each has a slot of its own kind and nothing else: it takes no connection's slot, and the core knows
 * nothing of it, until its header is there.
 */
#ifndef CHATD_NET_PROXIED_H
#define CHATD_NET_PROXIED_H

#include <stdbool.h>

#include "chatd/base/token_bucket.h"
#include "chatd/net/ring.h"

struct listener;
struct server;

struct proxied {
	struct proxied *prev, *next; /* in the list of those that wait, oldest first */
	int fd;                     /* -1: the slot is free */
	uint32_t listener;          /* index of the one that it came to */
	struct address proxy;       /* the peer */
	uint16_t port;
	bool closing;               /* it is shut, and no longer waits */
	int64_t since_ms;
	char *data;                 /* owned; what has come so far, if it is a part; NULL: nothing */
	size_t len;
};

struct proxies {
	struct address from[EXEMPT_MAX]; /* nfrom blocks whose proxies are trusted */
	int nfrom;
	struct proxied slot[PROXIED_SLOTS];
	struct proxied *first;      /* those that wait */
	uint32_t nwaiting;
	uint32_t nslots;            /* slots that are not free */
	struct bucket log;          /* of refusals */
};

/* A connection whose header is there, or will not come. */
struct proxied_peer {
	int fd;
	uint32_t listener;          /* index of the one that it came to */
	const char *refused;        /* NULL, or the sentence to refuse it with, static: then there is no more */
	struct address from;        /* never unknown: the proxy's own, if it speaks for itself */
	uint16_t port;
	const char *data;           /* what came behind the header: len bytes, borrowed until
	                             * proxied_release */
	size_t len;
	char *held;                 /* owned; NULL: data is part of the completion */
};

/* Makes the slots, all free. */
void proxied_init(struct server *s);
/* Trusts proxies in these blocks, text as the configuration has checked it. */
void proxied_trust(struct server *s, const char *blocks);

/* A connection has come to that listener, which is for proxies: waits for its header. Otherwise returns the
 * sentence, static, with which the caller refuses it. */
const char *proxied_begin(struct server *s, uint32_t listener, const struct ring_completion *accepted);

/* Whether the completion, a receive, is about one of these. */
bool proxied_is(const struct server *s, const struct ring_completion *done);
/* Then this handles it. True: the connection is the caller's, to admit or to refuse. */
bool proxied_received(struct server *s, const struct ring_completion *done, struct proxied_peer *peer);
void proxied_release(struct proxied_peer *peer);

/* Closes those that have waited for too long; all of them, if chatd is shutting down. */
void proxied_sweep(struct server *s);
/* Frees what is left, once nothing is in flight. */
void proxied_free(struct server *s);

#endif
