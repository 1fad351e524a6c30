/*
 * Our texts for other nodes, from the loop's telling them until it is known whether they were heard. Each is from the
 * beginning the news that nobody has heard it.
 */
#ifndef CHATD_CLUSTER_TELLS_H
#define CHATD_CLUSTER_TELLS_H

#include "chatd/base/mailbox.h"
#include "chatd/cluster/news.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From the loop to the thread. */
struct tells_posted {
	struct mailbox mailbox;
	_Atomic uint32_t n;     /* texts, until they are heard or the loop has taken that they are not, */
	_Atomic size_t bytes;   /* and their bytes */
};

/* The thread's: in the order in which they were told. */
struct tells {
	struct news *first, *last; /* NULL: none */
	struct news *open;      /* the first that was not sent; NULL: none */
	uint32_t sent;          /* how many before it are under way */
};

/* The loop: copies one. False: full. */
bool tells_post(struct tells_posted *p, const char *node, const char *text, size_t bytes);
/* The loop, which has taken that it was not heard, or the thread: it is done with. Frees it. */
void tells_done(struct tells_posted *p, struct news *tell);
/* Takes what was posted. */
void tells_take(struct tells *l, struct tells_posted *p);
/* Takes the first one out. */
struct news *tells_first(struct tells *l);
/* Drops those that are under way: nobody knows whether they were heard. */
void tells_drop_sent(struct tells *l, struct tells_posted *p);
void tells_drop_all(struct tells *l, struct tells_posted *p);

/* Its text, and the node that it is for. */
const char *tell_text(const struct news *tell);
const char *tell_node(const struct news *tell);
static inline struct news *tell_next(const struct news *tell)
{
	return (struct news *)tell->message.next;
}

#endif
