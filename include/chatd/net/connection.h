/*
 * A connection: its slot, how far its life has come, and what is in flight of it.
 *
 * A slot is used again only when nothing of it is in the kernel any more.
 */
#ifndef CHATD_NET_CONNECTION_H
#define CHATD_NET_CONNECTION_H

#include "chatd/net/outqueue.h"

enum connection_state {
	CONNECTION_FREE,      /* the slot is in the free list */
	CONNECTION_OPEN,      /* the core knows it, or is being asked whether it may come */
	CONNECTION_DRAINING,  /* the core has forgotten it; what is queued still goes out */
	CONNECTION_LINGERING, /* all is sent and our end is shut; waits for the peer's */
	CONNECTION_DEAD,      /* shut both ways; waits for the kernel to let go */
};

/* Bytes received that the core has not taken. */
struct stash {
	char *data;                 /* owned; NULL: none */
	uint32_t len, off;          /* bytes of it, and how many of them the core has taken since */
};

struct connection {
	int fd;                     /* -1 while FREE */
	uint32_t slot;              /* its own index */
	uint32_t gen;               /* raised at the end of each life; starts at 1 */
	enum connection_state state;
	bool receiving;             /* true exactly while a recv is in flight */
	bool sending;               /* true exactly while a send is in flight */
	bool eof;                   /* the peer has sent its last byte */
	bool deaf;                  /* the peer has reset its end: it is sent nothing more, but what
	                             * it said before is still taken */
	bool slow;                  /* between EVENT_SLOW and EVENT_DRAINED */
	bool dirty;                 /* true exactly while in the server's list to flush */
	bool resuming;              /* true exactly while in the list to offer the stash again */
	bool pressed;               /* true exactly while in the list that waits for the store */
	bool waiting;               /* its input waits for the store, since waits_ms */
	bool starved;               /* true exactly while in the list that waits for a buffer */
	bool dropped;               /* while DRAINING: its end does not wait for the peer's (EFFECT_DROP) */
	struct arrival arrived;     /* what it had got by then, or when the end began */
	struct outqueue out;
	struct stash stash;
	int64_t since_ms;           /* of the send in flight, or of LINGERING: begin or last progress */
	int64_t drain_ms;           /* when it began to end, from DRAINING on */
	uint32_t ignored;           /* bytes received since then */
	int64_t waits_ms;           /* since when, while waiting */
	int64_t told_ms;            /* when it was last told that it waits; 0: never */
	uint32_t next_free;         /* while FREE */
};

#endif
