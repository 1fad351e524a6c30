/*
 * What the writer thread deletes between commits, in steps that are transactions of their own: the lines of removed
 * rooms, of people who asked for that, and old ones; and it wipes from the file what was deleted (wipe.c).
 *
 * Belongs to the writer thread. Only to be called while saving works and the thread is not to end.
 */
#ifndef CHATD_STORE_THREADS_DELETION_H
#define CHATD_STORE_THREADS_DELETION_H

#include "chatd/store/db/retention.h"

#include <stdbool.h>
#include <stdint.h>

struct writer;

/* Old lines. */
struct pruning {
	int64_t at_ms;            /* monotonic: when to look for them, and for the other lines to delete */
	bool running;             /* a pass is under way: it is decided what may be deleted */
	uint32_t count;           /* deleted lines that the log does not mention yet */
	int64_t log_at_ms;        /* when the log may mention them again */
	enum retention_why waits; /* why old lines are not deleted, as administrators were told */
};

/* What was deleted. */
struct wiping {
	int64_t at_ms;            /* monotonic: when to wipe; 0: there is nothing to wipe */
	int64_t took_ms;          /* time taken by the steps of this pass, or of the last */
	int64_t held_ms;          /* monotonic: until then it waits for the WAL to start again */
};

struct deletion {
	struct writer *w;
	bool failing;             /* true while a step fails: it is logged once */
	struct pruning pruning;
	struct wiping wiping;
};

/* The first step comes some seconds later, when people who reconnect have been served. */
void deletion_start(struct deletion *d, struct writer *w);
/* There may be more to delete: it begins soon. */
void deletion_wanted(struct deletion *d);
/* Monotonic ms: when deletion_step or deletion_wipe has something to do. */
int64_t deletion_next_ms(const struct deletion *d);
/* It is time for a step of deleting. */
bool deletion_due(const struct deletion *d);
/* Takes it. True: others may be due. */
bool deletion_step(struct deletion *d);
/* Wipes, if that is due; next to other work (busy) only if it has been due for long. True: it has, and may go on. */
bool deletion_wipe(struct deletion *d, bool busy);

#endif
