/*
 * What the threads tell the loop.
 */
#ifndef CHATD_STORE_THREADS_NOTIFICATIONS_H
#define CHATD_STORE_THREADS_NOTIFICATIONS_H

#include "chatd/base/inbox.h"
#include "chatd/store/threads/writer_event.h"

struct waiting;

/* Something on its way to the loop. */
struct notification {
	struct message message; /* first: what the mailbox links */
	struct writer_event event; /* handed to the caller of writer_next */
	struct waiting *waiting; /* ROWS: where the asker keeps a seat until the loop takes this */
	uint64_t share;         /* and of which share */
};

struct notifications {
	struct inbox inbox;     /* from all threads to the loop */
	struct notification stored_moved; /* the one that says that `stored` moved */
	_Atomic uint32_t answers; /* answers that the loop has not taken yet: about ANSWERS_MAX, as
	                           * each thread may have one more */
	_Atomic bool stored_posted; /* true from posting stored_moved until the loop takes it */
	_Atomic uint64_t stored; /* all records up to this are saved */
	uint64_t stored_said;   /* loop: the value that notifications_next returned last */
};

/* Posts an event to the loop and wakes it. Takes what event owns. */
void notifications_post(struct notifications *n, const struct writer_event *event);
/* The same for the answer to a query of that share, whose seat is in `waiting`. */
void notifications_post_rows(struct notifications *n, struct rows *rows, struct waiting *waiting,
                             uint64_t share);
/* Tells the loop that everything up to seq is saved. */
void notifications_post_stored(struct notifications *n, uint64_t seq);
/* The loop: takes the next one, with what its event owns. False: nothing more for now. */
bool notifications_next(struct notifications *n, struct notification *next);

#endif
