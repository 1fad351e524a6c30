/*
 * From the threads to the loop, in order.
 */
#include "chatd/store/threads/notifications.h"

#include "chatd/base/bytes.h"
#include "chatd/store/threads/sleeper.h"

#include <stdlib.h>

static void loop_wake(struct notifications *n)
{
	if (!atomic_exchange(&n->notified, true))
		eventfd_signal(n->event_fd);
}

static void post(struct notifications *n, struct notification notification)
{
	struct notification *copy = mem_alloc(sizeof(*copy));
	*copy = notification;
	mailbox_post(&n->posted, &copy->message);
	loop_wake(n);
}

void notifications_post(struct notifications *n, const struct writer_event *event)
{
	post(n, (struct notification){ .event = *event });
}

void notifications_post_rows(struct notifications *n, struct rows *rows, struct waiting *waiting,
                             uint64_t share)
{
	atomic_fetch_add(&n->answers, 1);
	post(n, (struct notification){ .event = { .kind = WRITER_ROWS, .rows = rows },
	                               .waiting = waiting, .share = share });
}

/* This goes through the mailbox too, to stay in order with the rest: after WRITER_BACK, and before
 * rows that show what is stored. */
void notifications_post_stored(struct notifications *n, uint64_t seq)
{
	atomic_store(&n->stored, seq);
	if (!atomic_exchange(&n->stored_posted, true))
		mailbox_post(&n->posted, &n->stored_moved.message);
	loop_wake(n);
}

static struct message *message_next(struct notifications *n)
{
	if (!n->taken)
		n->taken = mailbox_take(&n->posted);
	if (!n->taken) {
		atomic_store(&n->notified, false);
		n->taken = mailbox_take(&n->posted);
		if (!n->taken)
			return NULL;
		atomic_store(&n->notified, true); /* the loop is not asleep yet */
	}
	struct message *m = n->taken;
	n->taken = m->next;
	return m;
}

bool notifications_next(struct notifications *n, struct notification *next)
{
	for (struct message *m; (m = message_next(n)); ) {
		if (m != &n->stored_moved.message) {
			*next = *(struct notification *)m;
			free(m);
			return true;
		}
		/* From here on it may be posted again; the value read next includes all earlier
		 * posts. */
		atomic_store(&n->stored_posted, false);
		uint64_t seq = atomic_load(&n->stored);
		if (seq == n->stored_said)
			continue;
		n->stored_said = seq;
		*next = (struct notification){ .event = { .kind = WRITER_STORED, .seq = seq } };
		return true;
	}
	return false;
}
