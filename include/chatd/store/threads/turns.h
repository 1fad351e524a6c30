/*
 * Queries waiting to be answered, and whose turn it is.
 *
 * Each share (query.share) has a queue of its own, in the order of asking, and the shares are
 * served in turn, one query each. So a share that asks much waits for its own queries, and holds up
 * any other share by one query at the most.
 *
 * The loop posts into a mailbox, without a lock. The answering threads sort new queries into the
 * queues, under a mutex that the loop never takes and that is never held while a query is answered.
 * Before it posts, the loop takes a seat (struct seats, a count of its own), and returns it when it
 * has taken the answer.
 */
#ifndef CHATD_STORE_THREADS_TURNS_H
#define CHATD_STORE_THREADS_TURNS_H

#include "chatd/core/event.h"
#include "chatd/base/mailbox.h"

#include <pthread.h>

/* A query on its way to a thread; its strings follow it in memory. */
struct request {
	struct message message; /* first: what mailbox and queue link */
	struct query query;     /* its strings point to the memory after this struct */
};

/* Copies the query with its strings. */
struct request *request_new(const struct query *q);
/* Clears it, as it may contain a password, and frees it. NULL is fine. */
void request_free(struct request *r);

struct turns_share;

struct turns {
	struct mailbox posted;  /* not sorted yet */
	pthread_mutex_t mutex;  /* for the two below, among the answering threads */
	struct turns_share *shares; /* hash by number, owned: shares with waiting queries */
	struct turns_share *next; /* the share whose turn it is, in a ring of all of them; NULL:
	                           * nothing waits */
};

void turns_init(struct turns *t);
/* Frees what is waiting, once no thread takes any more. */
void turns_release(struct turns *t);

/* Any thread: posts r, and takes ownership of it. */
void turns_post(struct turns *t, struct request *r);
/* Answering threads: something is waiting. */
bool turns_ready(struct turns *t);
/* Answering threads: the next query, which the caller then owns. NULL: none is waiting. */
struct request *turns_take(struct turns *t);

struct seats_share;

/* How many queries may wait at one time. */
struct seats {
	uint32_t max;           /* queries asked and not answered, of all shares */
	uint32_t share_max;     /* and of any one share */
	uint32_t taken;         /* of max */
	struct seats_share *shares; /* hash by number, owned: those with a seat */
};

/*
 * Takes a seat for the share. False: it has share_max already, or all are taken. Once half of the
 * seats are taken, no share gets a second one, so that a few shares cannot take them all, and a
 * share that asks little is still served. To share 0, only max applies.
 */
bool seats_take(struct seats *s, uint64_t share);
void seats_give_back(struct seats *s, uint64_t share);
void seats_release(struct seats *s);

/* Queries of one sort, from asking until the answer is taken. */
struct waiting {
	struct turns turns;     /* queries that no thread has taken yet */
	struct seats seats;     /* loop: limits how many may be asked */
	uint32_t brought;       /* loop: asked since writer_wake_fds; as many threads are woken */
};

#endif
