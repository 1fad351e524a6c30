/*
 * What threads tell a loop, in order.
 *
 * The loop is woken the way a thread is (sleeper.h), with `notified` the other way round: it is
 * true from the write to the event fd until inbox_next finds nothing, clears it, and looks
 * once more. So the fd is written once per sleep of the loop.
 */
#ifndef CHATD_BASE_INBOX_H
#define CHATD_BASE_INBOX_H

#include "chatd/base/mailbox.h"

#include <stdbool.h>

struct inbox {
	struct mailbox posted;  /* from all threads to the loop */
	struct message *taken;  /* loop: taken from posted, not yet returned */
	int event_fd;           /* wakes the loop; its owner opens and closes it */
	_Atomic bool notified;  /* see above */
};

/* Any thread: posts a message, which the inbox does not own, and wakes the loop. */
void inbox_post(struct inbox *b, struct message *m);
/* Any thread: wakes the loop for what it finds in another way. */
void inbox_wake(struct inbox *b);
/* The loop: takes the oldest. NULL: nothing more for now. */
struct message *inbox_next(struct inbox *b);

#endif
