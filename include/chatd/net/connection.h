/*
 * Connections: their slots, how far the life of each has come, and what is in flight of it.
 *
 * A slot is used again only when nothing of it is in the kernel any more. None of these functions
 * tells the core anything; teardown.h has those that do.
 */
#ifndef CHATD_NET_CONNECTION_H
#define CHATD_NET_CONNECTION_H

#include "chatd/net/outqueue.h"
#include "chatd/net/slots.h"

struct server;

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
	bool dropped;               /* while DRAINING: its end does not wait for the peer's
	                             * (EFFECT_DROP) */
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

struct connections {
	struct connection *slot;    /* owned; max of them; behind them CONTROL_SLOTS, which the core
	                             * knows too; behind those LINGERERS, of which it knows nothing */
	uint32_t max;               /* max_connections */
	uint32_t free_first, control_first, linger_first; /* heads of the lists of free slots */
	uint32_t n;                 /* slots not FREE */
	uint32_t top;               /* slots below it may be in use */
	uint32_t nlingering;        /* LINGERING */
	uint32_t nsending;          /* sends in flight */
	struct budget queues;       /* private text of all connections */
	struct slots dirty;         /* may have something to be sent */
	struct slots resuming;      /* their stash is to be offered again */
	struct slots pressed;       /* their input waits for the store */
	struct slots starved;       /* they wait for a buffer to receive into */
};

/* For so many connections, none of which is there. */
void connections_init(struct connections *all, uint32_t max);
/* Frees what is left, once nothing is in flight any more. */
void connections_release(struct server *s);

/* Of the list of free slots that begins at *first; NULL: none is free. */
struct connection *connections_take(struct connections *all, uint32_t *first);
/* The slot goes back to the list of its kind. */
void connections_give_back(struct connections *all, struct connection *c);

static inline struct conn_id connection_id(const struct connection *c)
{
	return (struct conn_id){c->slot, c->gen};
}

/* Receives into a buffer of the ring's, unless that is under way or of no use any more. */
void connection_receive(struct server *s, struct connection *c);
/* Adds private text to what it still has to get. */
void connection_queue(struct server *s, struct connection *c, const char *text, size_t len);
/* It may have something to be sent: it is flushed this turn. */
void connection_mark_dirty(struct server *s, struct connection *c);
/* Its stash is offered again, this turn or the next. */
void connection_resume(struct server *s, struct connection *c);

/* What of its room's log has arrived at c, as far as the kernel knows. Asks it, before anything is
 * shut. */
struct arrival connection_arrived(struct server *s, const struct connection *c);
/* A send to it has been out for a while, so its peer takes nothing. */
bool connection_stands_still(const struct server *s, const struct connection *c);

/* c reads its feed no longer; what it could see it still gets, or the text where it fell behind
 * (NULL: it gets no more). */
void connection_leave_feed(struct server *s, struct connection *c, const char *text, size_t len);
/* Clears and frees what it has stashed, if anything. */
void connection_drop_stash(struct connection *c);
/* The core has forgotten it: what is queued goes out, and then it ends. */
void connection_drain(struct server *s, struct connection *c);
/* Shut both ways: DEAD. */
void connection_shut(struct server *s, struct connection *c);

#endif
