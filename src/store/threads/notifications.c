/*
 * From the threads to the loop, in order.
 */
#include "chatd/store/threads/notifications.h"

#include "chatd/base/bytes.h"

#include <stdlib.h>

static void post(struct notifications *n, struct notification notification)
{
	struct notification *copy = mem_alloc(sizeof(*copy));
	*copy = notification;
	inbox_post(&n->inbox, &copy->message);
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
		inbox_post(&n->inbox, &n->stored_moved.message);
	else
		inbox_wake(&n->inbox);
}

bool notifications_next(struct notifications *n, struct notification *next)
{
	for (struct message *m; (m = inbox_next(&n->inbox)); ) {
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
