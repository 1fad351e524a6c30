/*
 * Acts that wait, in a list.
 */
#include "chatd/cluster/proposals.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"

#include <stdlib.h>
#include <string.h>

bool proposals_post(struct proposals_posted *p, uint64_t incarnation, const char *text, size_t bytes)
{
	if (atomic_load(&p->n) >= PROPOSALS_MAX ||
	    atomic_load(&p->bytes) + bytes > PROPOSALS_BYTES_MAX)
		return false;
	struct proposal *new = mem_alloc(sizeof(*new) + bytes);
	new->incarnation = incarnation;
	new->bytes = bytes;
	memcpy(new->text, text, bytes);
	atomic_fetch_add(&p->n, 1);
	atomic_fetch_add(&p->bytes, bytes);
	mailbox_post(&p->mailbox, &new->message);
	return true;
}

static void answered(struct proposals_posted *p, struct proposal *one)
{
	atomic_fetch_sub(&p->bytes, one->bytes);
	atomic_fetch_sub(&p->n, 1);
	free(one);
}

void proposals_take(struct proposals *l, struct proposals_posted *p, uint64_t incarnation)
{
	struct message *next;
	for (struct message *m = mailbox_take(&p->mailbox); m; m = next) {
		struct proposal *one = (struct proposal *)m;
		next = m->next;
		if (one->incarnation != incarnation) {
			answered(p, one);
			continue;
		}
		one->message.next = NULL;
		if (l->last)
			l->last->message.next = &one->message;
		else
			l->first = one;
		l->last = one;
	}
}

void proposals_drop(struct proposals *l, struct proposals_posted *p, uint32_t n)
{
	while (n-- > 0 && l->first) {
		struct proposal *one = l->first;
		l->first = proposal_next(one);
		if (!l->first)
			l->last = NULL;
		l->sent -= l->sent > 0;
		answered(p, one);
	}
}

uint32_t proposals_drop_all(struct proposals *l, struct proposals_posted *p)
{
	uint32_t n = 0;
	for (; l->first; n++)
		proposals_drop(l, p, 1);
	return n;
}
