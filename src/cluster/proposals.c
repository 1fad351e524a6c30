/*
 * Acts that wait, in a list.
 */
#include "chatd/cluster/proposals.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"

#include <assert.h>
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

static void done(struct proposals_posted *p, struct proposal *one)
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
			done(p, one);
			continue;
		}
		one->message.next = NULL;
		if (l->last)
			l->last->message.next = &one->message;
		else
			l->first = one;
		l->last = one;
		l->open = l->open ? l->open : one;
	}
}

void proposals_answered(struct proposals *l, struct stream_id id)
{
	assert(l->open && l->sent > 0);
	l->open->id = l->answered = id;
	l->open = proposal_next(l->open);
	l->sent--;
}

static void first_drop(struct proposals *l, struct proposals_posted *p)
{
	struct proposal *one = l->first;
	l->first = proposal_next(one);
	if (!l->first)
		l->last = NULL;
	done(p, one);
}

void proposals_read(struct proposals *l, struct proposals_posted *p, struct stream_id at)
{
	while (l->first != l->open && stream_id_compare(l->first->id, at) <= 0)
		first_drop(l, p);
}

bool proposals_unread(const struct proposals *l)
{
	return l->first != l->open;
}

void proposals_reopen(struct proposals *l)
{
	l->open = l->first;
}

uint32_t proposals_open(const struct proposals *l)
{
	uint32_t n = 0;
	for (struct proposal *one = l->open; one; one = proposal_next(one))
		n++;
	return n;
}

void proposals_drop_all(struct proposals *l, struct proposals_posted *p)
{
	proposals_reopen(l);
	while (l->first)
		first_drop(l, p);
	l->open = NULL;
	l->sent = 0;
}
