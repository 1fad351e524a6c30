/*
 * Our own acts, from the loop's proposing them until Redis has answered.
 */
#ifndef CHATD_CLUSTER_PROPOSALS_H
#define CHATD_CLUSTER_PROPOSALS_H

#include "chatd/base/mailbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proposal {
	struct message message; /* first: what the mailbox links, and later the list */
	uint64_t incarnation;   /* in which it was proposed */
	size_t bytes;           /* of the text */
	char text[];            /* not NUL-terminated */
};

/* From the loop to the thread. */
struct proposals_posted {
	struct mailbox mailbox;
	_Atomic uint32_t n;     /* acts that are not answered: the loop adds, the thread subtracts */
	_Atomic size_t bytes;   /* and their bytes */
};

/* The thread's: in the order in which they were proposed. */
struct proposals {
	struct proposal *first, *last; /* NULL: none */
	uint32_t sent;          /* of the first ones, how many are under way */
};

/* The loop: copies one. False: full. */
bool proposals_post(struct proposals_posted *p, uint64_t incarnation, const char *text, size_t bytes);
/* Takes what was posted; what is not of this incarnation is dropped. */
void proposals_take(struct proposals *l, struct proposals_posted *p, uint64_t incarnation);
/* The first n are answered. */
void proposals_drop(struct proposals *l, struct proposals_posted *p, uint32_t n);
/* All are. Returns how many there were. */
uint32_t proposals_drop_all(struct proposals *l, struct proposals_posted *p);

static inline struct proposal *proposal_next(const struct proposal *p)
{
	return (struct proposal *)p->message.next;
}

#endif
