/*
 * Questions that wait to be answered, and whose turn it is.
 *
 * Each share (query.share) has a queue of its own, in the order of asking, and the shares
 * are served in turn: one question of each. So whoever asks much waits for themselves and
 * holds up each other share by one question at the most.
 *
 * The loop posts into a mailbox, without a lock. The threads that take sort what has come
 * into the queues, under a mutex that the loop never takes and that is never held while a
 * question is answered. Before it posts, the loop takes a seat (struct seats, a count of
 * its own), and gives it back when it has taken the answer.
 */
#ifndef CHATD_STORE_THREADS_TURNS_H
#define CHATD_STORE_THREADS_TURNS_H

#include "chatd/core/event.h"
#include "chatd/store/threads/mailbox.h"

#include <pthread.h>

/* A query on its way to a thread; its two strings follow it in memory. */
struct request {
	struct message message; /* first: what mailbox and queue link */
	struct query query;     /* key and words point behind this struct */
};

/* Copies the query with its strings. */
struct request *request_new(const struct query *q);
/* Clears it, for it may hold a password, and frees it. NULL is fine. */
void request_free(struct request *r);

struct turns_share;

struct turns {
	struct mailbox posted;  /* not sorted yet */
	pthread_mutex_t mutex;  /* for the two below, among those who take */
	struct turns_share *shares; /* hash by number, owned: those of whom something waits */
	struct turns_share *next; /* whose turn it is, one of a ring of them all; NULL: none waits */
};

void turns_init(struct turns *t);
/* When nobody takes any more: frees what waits. */
void turns_release(struct turns *t);

/* Any thread: takes r over. */
void turns_post(struct turns *t, struct request *r);
/* Those who take: something waits. */
bool turns_ready(struct turns *t);
/* Those who take: the next one, which is the caller's from here on. NULL: none waits. */
struct request *turns_take(struct turns *t);

struct seats_share;

/* How many may ask at one time. */
struct seats {
	uint32_t max;           /* questions asked and not answered, of all */
	uint32_t share_max;     /* and of one share */
	uint32_t taken;         /* of max */
	struct seats_share *shares; /* hash by number, owned: those with a seat */
};

/*
 * Takes a seat for the share. False: it has share_max already, or all are taken. Once half
 * of them are taken, nobody gets a second one: so a few shares cannot take them all, and
 * whoever asks nothing else is served. To share 0 only max applies.
 */
bool seats_take(struct seats *s, uint64_t share);
void seats_give_back(struct seats *s, uint64_t share);
void seats_release(struct seats *s);

/* Queries of one sort, from asking to answering. */
struct waiting {
	struct turns turns;     /* those that no thread has taken */
	struct seats seats;     /* loop: how many may be asked */
	uint32_t brought;       /* loop: asked since writer_wake_fds; as many threads are woken */
};

#endif
