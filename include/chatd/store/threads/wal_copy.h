/*
 * Copying the WAL into the database (SQLite's checkpoints), so that it starts again and its file stays small
 * (architecture.md).
 *
 * The reader of quick queries copies all but the last part. That is the writer thread's, because the WAL only starts
 * again after a copy of all of it, during which nobody wrote. Somebody who reads an older state keeps it from that, and
 * people who search could keep somebody reading all the time: once the WAL has grown by that, searches that have not
 * begun are held for a while. If the disk is nearly full, lines are refused, so nothing would have the WAL start again:
 * then it is emptied.
 */
#ifndef CHATD_STORE_THREADS_WAL_COPY_H
#define CHATD_STORE_THREADS_WAL_COPY_H

#include "chatd/base/bounds.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct store;
struct writer;

enum {
	WAL_PAGES_COPY = 1000,   /* new pages after which the reader copies */
	WAL_PAGES_MAX = 8192,    /* beyond this (32 MiB) the WAL must start again */
	WAL_PAGES_LAST = 1024,   /* the most that the reader leaves for the writer */
	WAL_PAGES_LATE = 8 * WAL_PAGES_MAX, /* beyond this the writer does not wait for the reader */
	WAL_PAGES_TRY = 128,     /* new pages between two tries of the writer's */
	WAL_PAGES_HOLD = WAL_PAGES_MAX + 2 * WAL_PAGES_LAST, /* beyond this (40 MiB) somebody who reads keeps it from
	                          * starting again: searches wait, and wiping */
	SEARCH_HOLD_MS = SEARCH_MS_MAX + 1000, /* the longest that they wait: those that run end within it */
	SEARCH_REST_MS = SEARCH_HOLD_MS, /* the shortest time until they may have to wait again, whoever else reads */
	SEARCH_REST_MS_MAX = 10 * SEARCH_REST_MS, /* it doubles each time in vain, up to this */
};

/* In struct shared_files. */
struct wal_copy {
	_Atomic int pages;      /* in the WAL after the last commit */
	_Atomic int seen;       /* of them, there when the reader last copied; 0 also to have it copy again */
	_Atomic int copied;     /* of them, copied by then */
	int tried;              /* writer thread: of them, there when it last copied */
	uint64_t written;       /* writer thread: bytes added to the WAL; whoever looks may set it to 0 */
	_Atomic int64_t search_at_ms; /* monotonic: when searches may begin again; 0: they may */
	int64_t hold_at_ms;     /* writer thread: monotonic, when they may be held again */
	int64_t rest_ms;        /* writer thread: the rest after the next hold; 0: SEARCH_REST_MS */
	int64_t try_at_ms;      /* writer thread: monotonic, when to try to have the WAL start again, while they are
	                         * held */
	int64_t empty_at_ms;    /* writer thread: monotonic, when it may be emptied again */
	int64_t empty_wait_ms;  /* writer thread: until then, after the next failure; 0: WAL_EMPTY_MS */
};

/* -- for the threads that read -- */

/* A copy is due, and the thread that does them is to be woken. */
bool wal_copy_due(const struct writer *w);
/* Copies by that connection, with the reader's thread. False: the copy was not synced; the database may be damaged. */
bool wal_copy_most(struct writer *w, struct store *s);
/* Pages of the WAL that the reader has not copied yet: all, if the WAL has started again since its last copy. */
int wal_left(const struct writer *w);
/* Milliseconds until searches may begin again; 0: they may. */
int wal_searches_held_ms(const struct writer *w);

/* -- for the writer thread -- */

/* After transactions: has a WAL that has become long copied. */
void wal_grown(struct writer *w);
/* Has the WAL start again with the next transaction, whoever begins to read until then. True: it will. False: not yet,
 * because somebody reads, or the reader has much to copy first. Takes the disk's time for WAL_PAGES_LAST pages, or for
 * all of a WAL beyond WAL_PAGES_LATE. */
bool wal_start_again(struct writer *w);
/* While searches are held because the WAL has grown, that is tried now and then. */
void wal_work(struct writer *w);
/* Monotonic ms: when that is due; INT64_MAX: it is not. */
int64_t wal_next_ms(const struct writer *w);
/* On a disk that is nearly full: empties a WAL that takes much of it, as soon as nobody reads. True: it has. To be
 * called now and then; takes the disk's time for all of the WAL, and is done less often if it fails. */
bool wal_give_back(struct writer *w);
/* Searches that have not begun wait, if they may be held again. */
void wal_hold_searches(struct writer *w);
/* They wait no longer. */
void wal_let_searches(struct writer *w);

#endif
