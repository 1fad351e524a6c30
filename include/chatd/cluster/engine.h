/*
 * The cluster's engine: a Redis stream of acts, which all nodes append to and read in one order.
 *
 * An act is a text that the loop proposes. It is appended to the stream as one entry, and comes
 * back to the loop as ENGINE_ACT, like the acts of all other nodes, in the stream's order. A thread
 * of its own talks to Redis over three connections, and another one waits for connections to be made.
 * While Redis cannot be reached, acts wait, and are sent again in order once it can.
 *
 * What is promised about the order, whatever breaks: within an incarnation our acts stand in the
 * stream in the order in which they were proposed. One may stand there several times (it is sent
 * again after an answer was lost), even behind later ones; but wherever one stands for the first
 * time, all before it stand before. So a reader that skips what is not above the last number that
 * it has seen of that incarnation reads each act once, in order.
 *
 * That holds because at most one batch is under way: a batch of several is one transaction (MULTI), so
 * it is appended as a whole or not at all, and the next one is sent after its answer alone. An
 * error that hits single commands (out of memory, say) therefore never lets a later act pass.
 *
 * An incarnation is the time in which this node holds its lease, without a break. Once the lease
 * may have ended by our own clock (CLOCK_BOOTTIME, which counts a suspended host's time too), acts
 * of that incarnation are sent no more, those that wait are dropped, and a new incarnation begins.
 * What was sent before may still be appended later, even after acts of the new incarnation: readers
 * must skip acts of an incarnation once they have read one of a later one.
 *
 * Texts for one node alone (engine_tell) go past the stream, by a channel to which that node listens, over a
 * third connection: nobody keeps them, they are in no order with acts, and they may be lost.
 *
 * All functions are for the loop's thread alone. Those between engine_begin and engine_stop make no
 * system call, but for allocating, and take no lock.
 */
#ifndef CHATD_CLUSTER_ENGINE_H
#define CHATD_CLUSTER_ENGINE_H

#include "chatd/base/bounds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct histogram;

struct engine_options {
	const char *node;       /* this node's name: 1 to NODE_BYTES_MAX of [a-z0-9-] */
	const char *stream;     /* the stream's key, which begins all others: as a node's name */
	uint32_t database;      /* of Redis, for SELECT */
	const char *user;       /* for AUTH; NULL: the default user */
	const char *password;   /* the same; NULL: no AUTH. Both are copied, and the copy is cleared
	                         * by engine_stop, or once an error ends the engine */
	uint32_t lease_ms;      /* how long others wait for this node; the same on all nodes */
	uint32_t format;        /* of acts: nodes that write another one do not begin */
	bool sync;              /* an act must be on the disk before anybody reads it */
	/* A connected stream socket, for which the thread that calls it may wait some seconds; or -1,
	 * and why: half a sentence. The engine closes what it returns. */
	int (*connect)(void *ctx, char *why, size_t bytes);
	void *ctx;              /* for connect */
	struct histogram *appends; /* where the thread counts what it takes to append acts; borrowed. NULL: nowhere */
};

enum engine_event_kind {
	ENGINE_READY,       /* cluster, incarnation: acts of this incarnation can be proposed */
	ENGINE_ACT,         /* act */
	ENGINE_CAUGHT_UP,   /* after the first READY: all acts that the stream had by then were read */
	ENGINE_AWAY,        /* reason: nothing is appended or read for now. Comes again if the reason
	                     * changes, and may come before READY */
	ENGINE_BACK,        /* it is over */
	ENGINE_LEASE_OVER,  /* node, incarnation: the lease of another node has ended. Comes after
	                     * CAUGHT_UP, once for each incarnation, and again after a READY. If the
	                     * node has begun another incarnation by then, that is all there is to see */
	ENGINE_LEASE_LOST,  /* incarnation: ours is over. A READY follows */
	ENGINE_FATAL,       /* reason, with what to do: nothing follows, and engine_stop remains */

	/* Of engine_next_text alone: */
	ENGINE_TOLD,        /* text: from another node, or whoever may write to Redis */
	ENGINE_UNHEARD,     /* text: one of ours that nobody has heard */
};

struct engine_act {
	const char *text;       /* NUL-terminated, and no NUL in it */
	size_t bytes;           /* its length */
	const char *id;         /* of its entry: the position after it, which engine_begin takes */
	int64_t at_ms;          /* Redis's time when it was appended: ms since 1970. Never goes back */
};

/* What it points to is valid until the next call of the function that gave it, or engine_stop. */
struct engine_event {
	enum engine_event_kind kind;
	const char *cluster;    /* the cluster's id: 32 hex digits */
	uint64_t incarnation;   /* from 1 */
	const char *node;       /* its name */
	const char *reason;     /* a sentence for operators */
	const char *text;       /* 1 to TELL_BYTES_MAX bytes, NUL-terminated, and no NUL in it */
	struct engine_act act;
};

/* Starts the threads, in which all signals are blocked; they wait for engine_begin. NULL: why has a
 * sentence. */
struct engine *engine_start(const struct engine_options *o, char *why, size_t bytes);

/* What this node's database knows: the cluster's id ("": it has never been in one) and the last
 * entry that it has applied ("": none). Call it once. */
void engine_begin(struct engine *e, const char *cluster, const char *position);

/*
 * Copies an act to where those to be appended wait. Its incarnation must be the one that the last
 * READY gave; with another one it is dropped, as a LEASE_LOST is then on its way. False: full
 * (PROPOSALS_MAX acts or PROPOSALS_BYTES_MAX were not read from the stream yet), nothing was taken.
 */
bool engine_propose(struct engine *e, uint64_t incarnation, const char *text, size_t bytes);

/* Takes the next event. False: there are no more for now. What the loop does not take waits: at
 * most ACTS_WAITING_MAX acts and ACTS_WAITING_BYTES_MAX, beyond which the stream is read no
 * further; and about ENGINE_NEWS_MAX others, beyond which this node lets its lease end. */
bool engine_next(struct engine *e, struct engine_event *out);

/*
 * Gives a text (1 to TELL_BYTES_MAX bytes, no NUL) to one node, which may be this one. If it is known that nobody
 * has heard it, as that node does not listen or nothing can be sent for now, an UNHEARD says so; if
 * nothing comes, it was heard, or nobody knows. False: nobody hears it, as it is no such text, node is no name, or
 * TELLS_MAX texts or TELLS_BYTES_MAX wait; nothing was taken, and no event comes.
 */
bool engine_tell(struct engine *e, const char *node, const char *text, size_t bytes);

/* Takes the next TOLD or UNHEARD, which may come at any time. They are apart from the other events, because
 * they need not wait for acts. What the loop does not take waits: at most TELLS_WAITING_MAX texts of others and
 * TELLS_WAITING_BYTES_MAX, beyond which they are dropped. */
bool engine_next_text(struct engine *e, struct engine_event *out);

/* This node has applied and saved everything up to that entry: its position, if it were started
 * again. The stream is trimmed below the lowest position of all nodes. */
void engine_applied(struct engine *e, const char *id);

/*
 * The act of this entry has deleted something that acts before it said, and perhaps says it again; and this node has
 * saved that. The stream is trimmed up to it, with no tail kept, as soon as all nodes are past it that it is kept
 * for; until then, below where the last of them is. engine_stop forgets this; but each node that applies the
 * deletion calls it, the last one too.
 */
void engine_forget(struct engine *e, const char *id);

/* An eventfd that becomes readable when engine_next or engine_next_text has something new. It is written once per sleep
 * of the loop, and need never be read. */
int engine_event_fd(const struct engine *e);

/* The eventfds that the loop must write an 8-byte 1 to, as with writer_wake_fds. */
enum { ENGINE_WAKE_MAX = 1 };
int engine_wake_fds(struct engine *e, int fds[ENGINE_WAKE_MAX]);

/* Appends what waits, for at most wait_ms milliseconds, gives the lease back, so that others need not wait
 * for its end, ends the threads and frees e. It may take longer by what options.connect takes. Returns how
 * many acts were not answered: they may be in the stream or not. */
uint32_t engine_stop(struct engine *e, int wait_ms);

#endif
