/*
 * What the loop's side of the writer shares with its threads.
 *
 * Private to src/store/{writer,writing,tending,reading}.c, and to src/memory.c, which adds up
 * what all of it takes. Every field says whose it
 * is: "loop" for the thread that calls writer.h, "writing" for the thread that
 * writes, "reading" for the one that answers whose it is; those that are
 * atomic or under the mutex belong to all.
 *
 * Waking a thread. It sets `asleep`, looks once more whether there is work, and
 * only then sleeps on its eventfd. Whoever brings work first makes it visible
 * and then claims `asleep` with an exchange. All of these are sequentially
 * consistent, so one of the two comes second and sees what the other did:
 * either the thread finds the work, or the claim finds it asleep and its
 * eventfd is written. A wake-up that comes late costs one turn that finds
 * nothing.
 *
 * Waking the loop goes the same way with `notified` the other way round: it is
 * true from the write to the event fd until writer_next finds nothing, clears
 * it, and looks once more. So the fd is written once per sleep of the loop.
 */
#ifndef CHATD_STORE_THREADS_WRITER_THREADS_H
#define CHATD_STORE_THREADS_WRITER_THREADS_H

#include "chatd/base/bounds.h"
#include "chatd/store/chatlog.h"
#include "chatd/store/threads/queue.h"
#include "chatd/store/threads/turns.h"
#include "chatd/store/threads/writer.h"

#include <pthread.h>
#include <stdatomic.h>

/* The place where one thread sleeps. */
struct sleeper {
	int fd;                 /* eventfd that ends the sleep */
	_Atomic bool asleep;    /* true while it sleeps or is about to, and nobody has woken it */
};

/* Something on its way to the loop. */
struct told {
	struct letter letter;   /* first: what the mailbox links */
	struct writer_event event; /* handed to who calls writer_next */
	struct waiting *seated; /* ROWS: where whoever asked has a seat until the loop takes this */
	uint64_t share;         /* and of which share */
};

/* Queries of one sort, from asking to answering. */
struct waiting {
	struct turns turns;     /* those that no thread has taken */
	struct seats seats;     /* loop: how many may be asked */
	uint32_t brought;       /* loop: asked since writer_wake_fds; as many threads are woken */
};

/* Which sorts there are. */
enum {
	WAITING_RANGES,
	WAITING_SEARCHES,
	WAITING_BACKUPS,
	WAITING_SECRETS,
	WAITING_LONG,           /* searches that were begun and took too long for a quick one; they
	                         * keep their seats in WAITING_SEARCHES */
	WAITINGS,
};

/* What SIGHUP brought. */
struct reload {
	struct writer_limits limits; /* the new ones */
	char *chat_log;         /* path; NULL: none */
};

/* A thread that answers queries, one after the other. */
struct reading {
	struct writer *w;       /* what all share */
	struct store *store;    /* reading: its connection; NULL for one that answers what is about
	                         * secrets */
	unsigned generation;    /* reading: of the file that its connection is to */
	int64_t reopen_at_ms;   /* reading: monotonic, when to try again to open the present one; 0: it
	                         * has not failed */
	bool gives_way;         /* true for those whose work takes long on purpose or by its size */
	bool copies;            /* true for the one that also does the checkpoints */
	int quick_cpu_ms;       /* what takes longer it gives to READING_LONG; 0: nothing */
	struct waiting *waiting; /* what it takes from, perhaps one of several */
	struct sleeper sleeper; /* where it sleeps */
	bool wake;              /* loop: true when it may have to go on, though nothing was asked */
	const char *name;       /* of the thread, for ps(1) */
	pthread_t thread;       /* joined by writer_stop */
	bool started;           /* loop: true while there is a thread to be joined */
};

/* Which of them. */
enum {
	READING_RANGES,         /* quick: a replay waits for no search */
	READING_SEARCHES,       /* what is found soon; these may wait for the index, too */
	READING_LONG,           /* searches that take up to seconds; others do not wait for them */
	READING_BACKUPS,        /* one copy of the database after the other, minutes each */
	READING_SECRETS,        /* the first of these: hashes that take a while on purpose */
	READINGS = READING_SECRETS + SECRET_THREADS,
};

_Static_assert(WRITER_WAKE_MAX == 1 + READINGS, "each thread can be woken");

struct writer {
	bool relaxed;             /* lines are shown before they are saved; set once */
	struct store *store;    /* writing: the connection that writes */
	struct store *start;    /* loop: what writer_store gives, until writer_loaded; no thread uses
	                         * it */
	struct chatlog *chatlog; /* writing: NULL where there is none */
	struct writer_limits limits; /* writing */
	store_same *same;         /* set once */
	struct queue *queue;    /* records from the loop to writing */
	struct reading reading[READINGS]; /* the threads that read */
	struct waiting waiting[WAITINGS]; /* what they are asked */
	struct mailbox told;    /* from all threads to the loop */
	struct letter *taken;   /* loop: letters taken out of told, not yet returned */
	struct told stored_told; /* the one letter that says that `stored` moved */
	_Atomic uint32_t answers; /* that were made and the loop has not taken: about ANSWERS_MAX, where
	                         * each thread may have one more */
	_Atomic bool stored_posted; /* true from posting that letter until the loop took it */
	_Atomic uint64_t stored; /* all records up to this are saved */
	uint64_t stored_said;   /* loop: what writer_next returned of it */
	int event_fd;           /* wakes the loop */
	_Atomic bool notified;  /* see above */
	struct sleeper writing; /* where the thread that writes sleeps */
	bool wake_writing;      /* loop: true when it brought work since writer_wake_fds */
	_Atomic(struct reload *) reload; /* not yet taken by writing */
	_Atomic bool reindexing; /* the index is being made again: no search waits for it */
	_Atomic bool index_wanted; /* true when a search waits for the index */
	_Atomic int wal_pages;  /* in the WAL after the last commit */
	_Atomic int wal_copied; /* of them at the last checkpoint */
	_Atomic bool doubted;   /* true where a sync of a checkpoint has failed */
	_Atomic unsigned generation; /* files that writing has made at the database's path */
	_Atomic bool reading_stop; /* true once those who read are to end */
	_Atomic bool writing_stop; /* true once writing is to end when all is saved */
	int64_t stop_by_ms;     /* monotonic: when it gives up saving; set before writing_stop */
	bool lost;              /* writing: true where it ended with records not saved */
	pthread_mutex_t mutex;  /* for the fields below; the loop never takes it */
	pthread_cond_t moved;   /* one of them changed */
	uint64_t stored_shared; /* like stored, for a query that waits for it */
	uint64_t indexed_shared; /* store_indexed, for a search that waits for it */
	bool failing_shared;    /* true while nothing can be saved */
	pthread_t writing_thread; /* joined by writer_stop */
};

enum {
	WAL_PAGES_COPY = 1000,   /* the reader does a checkpoint when so many have come */
	WAL_PAGES_MAX = 8192,    /* beyond this (32 MiB) writing does one itself: under a load that
	                          * never pauses the reader's cannot end, and the WAL only starts
	                          * anew after one that did */
};

/* The state of the thread that writes. */
struct writing {
	struct writer *w;         /* what is shared */
	bool failing;             /* true while nothing can be saved, from WRITER_FAILED on */
	bool low;                 /* true while less than the reserve is free on the disk; WRITER_BACK
	                           * comes when it is neither */
	int64_t disk_at_ms;       /* monotonic: when to look at the disk again */
	uint64_t disk_bytes;      /* of records saved since the last look */
	char why[512];            /* and why, as it was told */
	bool stopping;            /* true once it has seen that it is to end */
	bool index_now;           /* true while a search waits for the index */
	bool upkeep_failing;      /* true while indexing or pruning fails: it is said once */
	int64_t retry_at_ms;      /* monotonic: when to try to save again, while failing */
	int64_t pause_ms;         /* between two tries; longer where each writes a large database */
	int64_t upkeep_at_ms;     /* when to try to index or prune again, while that fails */
	int64_t lag_since_ms;     /* since when lines wait for the index: the oldest was saved, or others
	                           * were indexed */
	uint64_t last_records;    /* of the last commit */
	int64_t committed_us;     /* and when it was, monotonic */
	int64_t prune_at_ms;      /* when to look for old lines */
	int64_t wipe_at_ms;       /* when what was deleted is to leave the file; 0: nothing is to */
	int64_t wipe_took_ms;     /* the steps of this pass, or of the last */
	bool pruning;             /* a pass is under way: what may go is decided */
	uint32_t pruned;          /* lines that went and are not in the log yet */
	int64_t pruned_log_ms;    /* when that was told last */
	enum retention_why waits; /* why old lines do not go, as it was told */
};

enum {
	INDEX_DELAY_MS = 20,      /* lines wait so long for company before they are indexed */
	RETRY_MS = 1000,          /* between two tries to save when it fails */
	RETRY_MS_MAX = 60000,     /* the same, where each writes a large database anew */
};

/* Lets queries that wait see how far it is. */
void writing_share(struct writing *t);
/* Lines that are not in the index yet. */
uint64_t writing_lag(struct writing *t);
/* Nothing can be saved; it is tried again. */
void writing_failed(struct writing *t, const struct store_error *err);
/* The database is where it belongs, or is again. False: neither, err says why. */
bool writing_in_place(struct writing *t, struct store_error *err);
/* WRITER_BACK, or what is true instead: neither nothing can be saved, nor is the disk low. */
void writing_back(struct writing *t);
/* Has the WAL copied into the database where it has become long. */
void writing_wal(struct writer *w);
/* tending.c: looks at the disk, where that is due. */
void writing_look_at_disk(struct writing *t);
/* Says that there is less than the reserve. */
void writing_tell_low(struct writing *t);
/* tending.c: a step, where one is due. True: it was taken, and others may be due. */
bool writing_index(struct writing *t);
bool writing_prune(struct writing *t);
/* Beside a commit only where it has been due for long. */
bool writing_wipe(struct writing *t, bool committed);

/* The threads' functions; arg is the struct writer, and the struct reading. */
void *writing_main(void *arg);
void *reading_main(void *arg);

/* Once its thread has ended, or was never begun: frees what it owns. */
void reading_release(struct reading *t);

/* Posts an event to the loop and wakes it. Takes what event owns. */
void writer_tell(struct writer *w, const struct writer_event *event);
/* The same with the answer to a query of that share, asked in `seated`. */
void writer_tell_rows(struct writer *w, struct rows *rows, struct waiting *seated, uint64_t share);
/* Tells the loop that all up to seq is saved. */
void writer_tell_stored(struct writer *w, uint64_t seq);

/* Sleeps until woken, at most timeout_ms (-1: without end), unless ready says that
 * there is work. */
void sleeper_sleep(struct sleeper *s, int timeout_ms, bool (*ready)(void *ctx), void *ctx);
/* The fd to be written to, or -1 where the thread is awake or named already. */
int sleeper_claim(struct sleeper *s);
/* For the threads, not the loop: claims and writes. */
void sleeper_wake(struct sleeper *s);

#endif
