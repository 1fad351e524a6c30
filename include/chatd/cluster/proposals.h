/*
 * Our own acts, from the loop's proposing them until they were read from the stream. That Redis has answered
 * is not enough: if it is started again with an older file, it may have lost what nobody has read.
 */
#ifndef CHATD_CLUSTER_PROPOSALS_H
#define CHATD_CLUSTER_PROPOSALS_H

#include "chatd/base/mailbox.h"
#include "chatd/cluster/stream_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proposal {
	struct message message; /* first: what the mailbox links, and later the list */
	uint64_t incarnation;   /* in which it was proposed */
	struct stream_id id;    /* of its entry, once Redis has answered */
	size_t bytes;           /* of the text */
	char text[];            /* not NUL-terminated */
};

/* From the loop to the thread. */
struct proposals_posted {
	struct mailbox mailbox;
	_Atomic uint32_t n;     /* acts that were not read: the loop adds, the thread subtracts */
	_Atomic size_t bytes;   /* and their bytes */
};

/* The thread's: in the order in which they were proposed. */
struct proposals {
	struct proposal *first, *last; /* NULL: none */
	struct proposal *open;  /* the first that Redis has not answered; NULL: none */
	uint32_t sent;          /* from there on, how many are under way */
	struct stream_id answered; /* the last entry that it has answered with */
};

/* The loop: copies one. False: full. */
bool proposals_post(struct proposals_posted *p, uint64_t incarnation, const char *text, size_t bytes);
/* Takes what was posted; what is not of this incarnation is dropped. */
void proposals_take(struct proposals *l, struct proposals_posted *p, uint64_t incarnation);
/* The first of those that are under way is answered. */
void proposals_answered(struct proposals *l, struct stream_id id);
/* The stream was read up to there: what is answered and not behind that is done with. */
void proposals_read(struct proposals *l, struct proposals_posted *p, struct stream_id at);
/* Some are answered, and were not read yet. */
bool proposals_unread(const struct proposals *l);
/* Redis has lost these: all are to be sent again. */
void proposals_reopen(struct proposals *l);
/* How many are not answered. */
uint32_t proposals_open(const struct proposals *l);
/* An incarnation is over, or everything is. */
void proposals_drop_all(struct proposals *l, struct proposals_posted *p);

static inline struct proposal *proposal_next(const struct proposal *p)
{
	return (struct proposal *)p->message.next;
}

#endif
