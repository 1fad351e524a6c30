/*
 * The newest position that came without records, on its way from the loop to the writer thread.
 *
 * Only the newest counts, so it is not in the ring, and any number of them take no more memory than
 * two. A position belongs to a place in the ring: it says something of all records before that, so it
 * is saved with the last of these or after them.
 *
 * Saving one costs a transaction of its own where nothing else is to be saved. That is of little use:
 * it only spares the next start a look at what made no records. So the first waits for
 * POSITION_FIRST_MS, each further one for twice as long as the one before, up to POSITION_LAST_MS, and
 * records begin that again. A cluster in which nobody talks then costs an idle disk a few pages in a
 * quarter of a minute.
 */
#ifndef CHATD_STORE_THREADS_LATEST_POSITION_H
#define CHATD_STORE_THREADS_LATEST_POSITION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	POSITION_FIRST_MS = 1000,
	POSITION_LAST_MS = 16000,
};

struct placed_position;

/* All zero: there is none. */
struct latest_position {
	_Atomic(struct placed_position *) posted; /* owned; not yet taken by the writer thread */
	struct placed_position *held; /* writer thread; owned; taken, and not saved yet */
	int64_t due_ms;         /* writer thread: when it is to be saved, monotonic; 0: none was seen */
	int64_t delay_ms;       /* writer thread: how long the next one waits; 0: POSITION_FIRST_MS */
};

void latest_position_release(struct latest_position *l);

/* Loop: replaces what is posted by a copy of text, which is for that place in the ring
 * (queue_ended_at). True: the writer thread must be woken. */
bool latest_position_post(struct latest_position *l, const char *text, uint64_t at);

/* The writer thread's. */

/* One was posted that latest_position_see has not seen. */
bool latest_position_is_new(const struct latest_position *l);
/* Decides when it is due, if that is not decided. */
void latest_position_see(struct latest_position *l, int64_t now_ms);
/* Takes the newest. Returns the one for exactly that place in the ring; NULL: there is none. It is
 * valid until the next call or latest_position_saved. */
const char *latest_position_at(struct latest_position *l, uint64_t at);
/* All before that place is saved, with a position that is not older than one for it; alone: that was
 * all there was to save. */
void latest_position_saved(struct latest_position *l, uint64_t at, bool alone);

#endif
