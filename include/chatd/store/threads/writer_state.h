/*
 * What the loop's side of the writer shares with its threads.
 *
 * The comment of a field names its owner: "loop" for the thread that calls writer.h, "writer
 * thread" for the one that writes, "reader" for the answering thread that the struct belongs to.
 * Fields that are atomic or under the mutex belong to all.
 *
 * The modules from top to bottom; each calls only those below it:
 *
 *	writer           the loop's side: starts and ends the threads
 *	writer_thread, reader_thread    the threads' functions
 *	batch            what the writer thread saves in one transaction
 *	deletion         what the writer thread deletes between commits
 *	wal_copy         when the WAL is copied into the database, and by which of them
 *	notifications    what they tell the loop
 *	queue, latest_position, turns   the work for them
 *	writer_event
 *
 * Private to src/store/threads, and to src/program/memory.c, which adds up the memory of all of it.
 */
#ifndef CHATD_STORE_THREADS_WRITER_STATE_H
#define CHATD_STORE_THREADS_WRITER_STATE_H

#include "chatd/base/bounds.h"
#include "chatd/store/threads/latest_position.h"
#include "chatd/store/threads/notifications.h"
#include "chatd/store/threads/queue.h"
#include "chatd/store/threads/reader_thread.h"
#include "chatd/store/threads/turns.h"
#include "chatd/store/threads/wal_copy.h"
#include "chatd/store/threads/writer.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	RETRY_MS = 1000,         /* between two tries to save, or to open, after a failure */
};

/* The sorts of waiting queries. */
enum {
	WAITING_RANGES,
	WAITING_SEARCHES,
	WAITING_BACKUPS,
	WAITING_SECRETS,
	WAITING_LONG,           /* searches that took too long for READER_SEARCHES; they keep their
	                         * seats in WAITING_SEARCHES */
	WAITINGS,
};

/* The threads that answer. */
enum {
	READER_RANGES,         /* quick queries: a replay never waits for a search */
	READER_SEARCHES,       /* searches that end soon; they may wait for the index, too */
	READER_LONG,           /* searches that take up to seconds; other queries do not wait for
	                        * them */
	READER_BACKUPS,        /* one copy of the database after the other, minutes each */
	READER_SECRETS,        /* the first of SECRET_THREADS: hashes, which are slow on purpose */
	READERS = READER_SECRETS + SECRET_THREADS,
};

_Static_assert(WRITER_WAKE_MAX == 1 + READERS, "each thread can be woken");

/* The news of a reload. */
struct reload {
	struct writer_limits limits; /* the new ones */
	char *chat_log;         /* path; NULL: none */
};

/* The database's files, as the threads see them. */
struct shared_files {
	struct wal_copy wal;
	_Atomic bool doubted;   /* true if a checkpoint's sync has failed */
	_Atomic unsigned generation; /* number of files that the writer thread has made at the
	                              * database's path */
};

/* The writer thread's progress, for queries that wait for it. */
struct progress {
	pthread_mutex_t mutex;  /* for the fields below; the loop never takes it */
	pthread_cond_t moved;   /* one of them changed */
	uint64_t stored;        /* all records up to this are saved */
	uint64_t indexed;       /* store_indexed, for a search that waits for it */
	bool failing;           /* true while nothing can be saved */
	bool ended;             /* true once the writer thread has done everything */
};

/* Records that are saved in groups. */
struct groups {
	bool on;                /* set once */
	char cluster[CLUSTER_ID_BYTES_MAX + 1]; /* that the database belongs to; "": none; set once, before
	                         * the first writer_mark */
	struct latest_position latest; /* that came without records */
};

struct writer {
	bool relaxed;           /* lines are shown before they are saved; set once */
	struct groups groups;   /* whether records are saved in groups, and what with */
	store_same *same;       /* set once */
	struct histogram *commits; /* writer thread; borrowed; NULL: nobody looks */
	struct store *start;    /* loop: what writer_store returns, until writer_loaded; no thread
	                         * uses it */
	struct queue *queue;    /* records from the loop to the writer thread */
	struct waiting waiting[WAITINGS]; /* queries for the readers */
	struct reader readers[READERS]; /* the threads that read */
	struct notifications notifications; /* from all threads to the loop */

	struct store *store;    /* writer thread: the connection that writes */
	struct chatlog *chatlog; /* writer thread; NULL: there is none */
	struct writer_limits limits; /* writer thread */
	bool lost;              /* writer thread: true if it ended with unsaved records */
	struct sleeper sleeper; /* where the writer thread sleeps */
	bool wake;              /* loop: true when it brought work since writer_wake_fds */
	bool stopping;          /* loop: true once writer_stop_begin was called */
	pthread_t thread;       /* joined by writer_stop */
	_Atomic(struct reload *) reload; /* not yet taken by the writer thread */

	_Atomic bool reindexing; /* the index is being rebuilt: no search waits for it */
	_Atomic bool index_wanted; /* true when a search waits for the index */
	struct shared_files files;
	struct progress progress;
	_Atomic bool readers_stop; /* true once the readers must end */
	_Atomic bool thread_stop; /* true once the writer thread must end as soon as everything is
	                           * saved */
	int64_t stop_by_ms;     /* monotonic: when it gives up saving; set before thread_stop */
};

#endif
