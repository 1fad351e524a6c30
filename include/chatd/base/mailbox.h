/*
 * A lock-free list of messages from any threads to one thread. It has no bound of its own; its
 * users limit what they post.
 */
#ifndef CHATD_BASE_MAILBOX_H
#define CHATD_BASE_MAILBOX_H

#include <stdatomic.h>

/* The first member of what is posted, which the mailbox does not own. */
struct message {
	struct message *next;  /* the one posted before this; after mailbox_take, the one posted
	                        * after it */
};

struct mailbox {
	_Atomic(struct message *) newest;  /* NULL: empty */
};

/* Any thread. */
void mailbox_post(struct mailbox *m, struct message *l);
/* Only for the one reader: takes all messages, oldest first; NULL: none. */
struct message *mailbox_take(struct mailbox *m);

#endif
