/*
 * From the threads to the loop, in order.
 */
#include "chatd/base/inbox.h"

#include "chatd/base/sleeper.h"

#include <stddef.h>

void inbox_wake(struct inbox *b)
{
	if (!atomic_exchange(&b->notified, true))
		eventfd_signal(b->event_fd);
}

void inbox_post(struct inbox *b, struct message *m)
{
	mailbox_post(&b->posted, m);
	inbox_wake(b);
}

struct message *inbox_next(struct inbox *b)
{
	if (!b->taken)
		b->taken = mailbox_take(&b->posted);
	if (!b->taken) {
		atomic_store(&b->notified, false);
		b->taken = mailbox_take(&b->posted);
		if (!b->taken)
			return NULL;
		atomic_store(&b->notified, true); /* the loop is not asleep yet */
	}
	struct message *m = b->taken;
	b->taken = m->next;
	return m;
}
