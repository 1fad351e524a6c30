/*
 * Connections: their slots, the state of each, and its operations in flight.
 *
 * A slot is reused only once the kernel holds nothing of it. None of these functions tells the core
 * anything; those in teardown.h do.
 */
#ifndef CHATD_NET_CONNECTION_H
#define CHATD_NET_CONNECTION_H

#include "chatd/net/outqueue.h"
#include "chatd/net/slots.h"

struct display;
struct server;

enum connection_state {
	CONNECTION_FREE,      /* the slot is in the free list */
	CONNECTION_OPEN,      /* the core knows it, or is being asked whether to admit it */
	CONNECTION_DRAINING,  /* the core has forgotten it; what is queued still goes out */
	CONNECTION_LINGERING, /* everything is sent and our end is shut; waits for the peer to
	                       * close */
	CONNECTION_DEAD,      /* shut both ways; waits for the kernel to let go */
};

/* Bytes received that the core has not taken yet. */
struct stash {
	char *data;                 /* owned; NULL: none */
	uint32_t len, off;          /* its bytes, and how many of them the core has taken since */
};

struct connection {
	int fd;                     /* -1 while FREE */
	uint32_t slot;              /* its own index */
	uint32_t gen;               /* raised at the end of each life; starts at 1 */
	enum connection_state state;
	bool receiving;             /* true exactly while a recv is in flight */
	bool sending;               /* true exactly while a send is in flight */
	bool eof;                   /* the peer has sent its last byte */
	bool deaf;                  /* the peer has reset its end: nothing more is sent to it, but
	                             * what it sent before is still taken */
	bool slow;                  /* between EVENT_SLOW and EVENT_DRAINED */
	bool dirty;                 /* true exactly while in the server's list to flush */
	bool resuming;              /* true exactly while in the list to offer the stash again */
	bool pressed;               /* true exactly while in the list that waits for the store */
	bool starved;               /* true exactly while in the list that waits for a buffer */
	bool dropped;               /* while DRAINING: it is closed without waiting for the peer to
	                             * close (EFFECT_DROP) */
	uint32_t handed;            /* its place on the board, plus one, if another process has handed it over;
	                             * otherwise 0 */
	struct arrival arrived;     /* what had arrived at the peer then, or when the shutdown
	                             * began */
	struct outqueue out;
	struct display *display;    /* owned; its view; NULL: it has none */
	struct stash stash;
	int64_t probed_us;          /* the send in flight has a line whose way is timed, which was published then
	                             * (counters.h); 0: it has none */
	int64_t since_ms;           /* when the send in flight, or LINGERING, began or last made
	                             * progress */
	int64_t drain_ms;           /* when DRAINING began */
	uint32_t ignored;           /* bytes received and dropped since then */
	struct {
		bool on;            /* its input waits for the store, */
		int64_t since_ms;   /* since then */
		int64_t told_ms;    /* when it was last told so; 0: never */
	} wait;
	uint32_t next_free;         /* while FREE */
};

struct connections {
	struct connection *slot;    /* owned; max of them; behind them CONTROL_SLOTS, which the core
	                             * knows too; behind those LINGERERS, of which it knows nothing */
	uint32_t max;               /* max_connections */
	uint32_t free_first, control_first, linger_first; /* heads of the lists of free slots */
	uint32_t n;                 /* slots not FREE */
	uint32_t top;               /* all slots in use are below it */
	uint32_t nlingering;        /* LINGERING */
	uint32_t nsending;          /* sends in flight */
	struct budget queues;       /* private text of all connections */
	struct bytes made;          /* what views make, between uses empty */
	struct slots dirty;         /* may have something to send */
	struct slots resuming;      /* their stash is to be offered again */
	struct slots pressed;       /* their input waits for the store */
	struct slots starved;       /* they wait for a buffer to receive into */
};

/* Makes the slots for max connections, all free. */
void connections_init(struct connections *all, uint32_t max);
/* Frees everything, once nothing is in flight. */
void connections_release(struct server *s);

/* Takes a slot from the list of free ones that begins at *first; NULL: none is free. */
struct connection *connections_take(struct connections *all, uint32_t *first);
/* Returns the slot to the list of its kind. */
void connections_give_back(struct connections *all, struct connection *c);

static inline struct conn_id connection_id(const struct connection *c)
{
	return (struct conn_id){c->slot, c->gen};
}

/* Submits a receive into one of the ring's buffers, unless one is in flight or no longer of use. */
void connection_receive(struct server *s, struct connection *c);
/* Adds the private text of e, an EFFECT_SEND or the like, to what c still has to be sent. */
void connection_queue(struct server *s, struct connection *c, const struct effect *e);
/* c may have something to send: it is flushed this turn. */
void connection_mark_dirty(struct server *s, struct connection *c);
/* Offers c's stash to the core again, this turn or the next. */
void connection_resume(struct server *s, struct connection *c);

/* Bytes sent to c that its peer has not acknowledged, as far as is known. */
uint64_t connection_unacked(struct server *s, const struct connection *c);
/* How much of its room's log has arrived at c's peer, as far as the kernel knows. To be asked
 * before the socket is shut. */
struct arrival connection_arrived(struct server *s, const struct connection *c);
/* Its peer went without an end, although its stream has one. */
bool connection_is_lost(const struct server *s, const struct connection *c);
/* A send to c has been in flight for a while, so its peer is not reading. */
bool connection_stands_still(const struct server *s, const struct connection *c);

/* c leaves its feed; it still gets what it could see, or, if it fell behind, the text (NULL:
 * nothing). */
void connection_leave_feed(struct server *s, struct connection *c, const char *text, size_t len);
/* Clears and frees c's stash, if it has one. */
void connection_drop_stash(struct connection *c);
/* The core has forgotten c: it is closed once everything queued is sent. */
void connection_drain(struct server *s, struct connection *c);
/* Shuts the socket both ways: c is DEAD. */
void connection_shut(struct server *s, struct connection *c);

#endif
