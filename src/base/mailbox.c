/*
 * The mailbox: the newest first while it is posted, the oldest first once it is taken.
 */
#include "chatd/base/mailbox.h"

#include <stddef.h>

void mailbox_post(struct mailbox *m, struct message *l)
{
	struct message *newest = atomic_load(&m->newest);
	do
		l->next = newest;
	while (!atomic_compare_exchange_weak(&m->newest, &newest, l));
}

struct message *mailbox_take(struct mailbox *m)
{
	/* Cheap if nothing came, which is the common case. */
	if (!atomic_load(&m->newest))
		return NULL;
	struct message *l = atomic_exchange(&m->newest, NULL), *first = NULL;
	while (l) {
		struct message *before = l->next;
		l->next = first;
		first = l;
		l = before;
	}
	return first;
}
