/*
 * A list of messages from any thread to one, without a lock; it has no bound of its own, those
 * who post have.
 */
#ifndef CHATD_STORE_THREADS_MAILBOX_H
#define CHATD_STORE_THREADS_MAILBOX_H

#include <stdatomic.h>

/* Embedded first in what is posted, which the mailbox does not own. */
struct message {
	struct message *next;  /* posted before this one; after mailbox_take: after it */
};

struct mailbox {
	_Atomic(struct message *) newest;  /* NULL: empty */
};

/* Any thread. */
void mailbox_post(struct mailbox *m, struct message *l);
/* The one reader: all messages, the first posted first; NULL: none. */
struct message *mailbox_take(struct mailbox *m);

#endif
