/*
 * The server's own data. For server*.c alone.
 */
#ifndef CHATD_NET_LOOP_STATE_H
#define CHATD_NET_LOOP_STATE_H

#include "chatd/base/bounds.h"
#include "chatd/net/feed.h"
#include "chatd/net/loop.h"
#include "chatd/net/connection.h"
#include "chatd/net/ring.h"

/* Slots of connections, or numbers of feeds: a list whose members have a flag
 * that says that they are in it, so it never holds one twice. */
struct slots {
	uint32_t *slot;     /* owned */
	uint32_t n, cap;
};

/* A line that is published and not to be seen before its record is saved. */
struct unshown {
	uint64_t seq;       /* of the record */
	uint64_t end;       /* position in the feed after it and the notices behind it */
	uint32_t feed;
};

struct watch {
	int fd;
	void (*ready)(void *ctx);
	void *ctx;
};

/* A query that the writer did not take. */
struct refused {
	struct conn_id conn;        /* who asked */
	enum query_kind kind;
	uint64_t number;
};

/* What the core wants of the program. */
struct wish {
	enum effect_kind kind;      /* RELOAD, FIGURES, ARRIVED, STOP */
	struct conn_id conn;        /* who asks */
	struct arrival arrived;     /* ARRIVED: what had, when that was asked */
	char *text;                 /* owned */
};

struct server {
	struct server_options options;
	struct ring *ring;          /* borrowed, like the next four */
	struct chat *chat;
	struct writer *writer;
	const struct listener *listeners;
	uint32_t nlisteners;
	struct server_program program; /* what the chat may ask of it */

	struct connection *conns;         /* connections_max; behind them CONTROL_SLOTS, which the core knows
	                             * too; behind those LINGERERS, of which it knows nothing */
	uint32_t free_first, control_first, linger_first; /* heads of the lists of free slots */
	uint32_t nconns;            /* slots not FREE */
	uint32_t conns_top;         /* slots below it may be in use */
	uint32_t nlingering;        /* LINGERING */
	uint32_t nsending;          /* sends in flight */

	struct feed *feeds;         /* chat_feeds_max() of them */
	struct budget queues;        /* private text of all connections */
	struct budget logs;          /* what all feeds hold, and sends in flight of it */
	struct unshown *unshown;    /* ring of UNSHOWN_MAX */
	uint64_t unshown_first, unshown_next; /* numbers, from 1; the ring's index is the rest */

	struct slots dirty;         /* connections that may have something to be sent */
	struct slots dirty_feeds;   /* feeds whose mark has moved */
	struct slots unsettled;     /* feeds with chunks to be given back */
	struct slots resuming;      /* connections whose stash is to be offered again */
	struct slots pressed;       /* connections whose stash waits for the store */
	struct slots starved;       /* connections that wait for a buffer to receive into */

	struct watch watches[WATCHES_MAX]; /* [0] is the writer's eventfd */
	uint32_t nwatches;
	int64_t now_ms;             /* of this turn, by a clock that nobody sets, less the time in which
	                             * we were stopped: what events carry, and for the next four */
	int64_t mono_ms, wall_ms;   /* what the ring's two clocks said at its beginning */
	int64_t full_ms;            /* when to log again that max_connections is reached */
	int64_t no_accept_ms;       /* and that nothing can be accepted */
	int64_t sweep_ms;           /* next sweep; INT64_MAX: there is nothing to look for */
	int64_t accept_ms;          /* when to accept again after running out of descriptors */
	bool accepting[RING_ACCEPTS_MAX]; /* that accept is out; ACCEPTS_EACH for each listener */
	bool store_failed;          /* between WRITER_FAILED and WRITER_BACK */
	bool store_full;            /* and the core was told that no more is to be appended */
	uint64_t given_seq, stored_seq; /* newest record given to the writer, and saved by it */
	/* What a step may not do while its effects are carried out is done behind it, and may lead to
	 * more: of both there may be as many as there are people. */
	struct wish *wishes;        /* owned, nwishes of them */
	uint32_t nwishes, wishes_cap;
	struct refused *refused;    /* owned, nrefused of them: questions to be answered with a no */
	uint32_t nrefused, refused_cap;
	bool answering;             /* true exactly while wishes and refused are worked off */
	bool stop_asked;            /* after server_stop */
	int64_t stop_acks_ms;       /* and until when it waits for acknowledgements */
	bool stopping;              /* the end has begun: everybody was told */
	int64_t stop_ms;            /* and when to give up on what is not sent by then */
};

enum {
	UNSHOWN_MAX = 4 * UNSTORED_MAX, /* each record at most twice, LF and CR LF; a power of two */
};

static inline struct conn_id server_id_of(const struct connection *c)
{
	return (struct conn_id){c->slot, c->gen};
}

void slots_add(struct slots *l, uint32_t slot);
/* Takes the first n out. */
void slots_drop(struct slots *l, uint32_t n);

/* connection.c: the life of a connection */
void server_accepted(struct server *s, const struct ring_completion *done);
void server_received(struct server *s, struct connection *c, const struct ring_completion *done);
/* A slot of which nothing is left goes to the list of its kind. */
void server_slot_free(struct server *s, struct connection *c);
/* Clears and frees what it has stashed, if anything. */
void server_drop_stash(struct connection *c);
/* Offers what it has stashed to the core, and reads on where it is all taken. */
void server_offer(struct server *s, struct connection *c);
/* The peer is gone, or is to be: the core is told (reason may be NULL). */
void server_kill(struct server *s, struct connection *c, const char *reason);
/* The core has forgotten it: what is queued goes out, and then it ends. */
void server_ends(struct server *s, struct connection *c);
/* What the core has ended: goes on with its end as far as it can now. */
void server_drain(struct server *s, struct connection *c);
void server_sweep(struct server *s);
/* A send to it has been out for a while, so its peer takes nothing. */
bool server_stands_still(const struct server *s, const struct connection *c);
/* There is something to look for from now on. */
void server_expect_sweep(struct server *s);
/* c reads its feed no longer; what it could see it still gets, or the text of e where it fell
 * behind (NULL: it gets no more). */
void server_leave_feed(struct server *s, struct connection *c, const struct effect *e);

/* send.c: what connections get */
/* How much may be held, for so many connections. */
void server_begin_budgets(struct server *s);
/* Queues sends for the connections that have something to get. */
void server_flush(struct server *s);
void server_queue(struct server *s, struct connection *c, const char *text, size_t len);
void server_dirty(struct server *s, struct connection *c);
void server_sent(struct server *s, struct connection *c, int res);
/* Tells the core where the reader's own input must wait, or may go on. */
void server_mind_slowness(struct server *s, struct connection *c);
/* The log has moved past c, of which nothing is in flight: it goes on at the end. */
void server_jump(struct server *s, struct connection *c);
/* What of its room's log has arrived at c, as far as the kernel knows. Asks it, before anything is
 * shut. */
struct arrival server_arrived(struct server *s, const struct connection *c);

/* fanout.c: effects on feeds */
void server_publish(struct server *s, const struct effect *e);
void server_show(struct server *s, uint64_t seq);
void server_settle(struct server *s);

/* requests.c */
/* Keeps what the effect wants of the program until server_grant. */
void server_wish(struct server *s, const struct effect *e);
/* Has the program do the oldest of what is wanted, and tells the core. */
void server_grant(struct server *s);

/* effects.c */
/* Gives the core an event, at this turn's time, and carries out what follows. */
void server_step(struct server *s, struct event *e);
/* Its stash is offered again, this turn or the next. */
void server_resume(struct server *s, struct connection *c);

/* loop.c */
/* Nothing more may be given to the writer for now. */
bool server_pressed(const struct server *s);
/* The writer has so much to do that nothing more should be given to it. */
bool server_behind(const struct server *s);

#endif
