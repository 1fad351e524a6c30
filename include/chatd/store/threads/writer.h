/*
 * The store's threads: one that writes, three that read, one that copies, two that hash.
 *
 * The loop appends records to a bounded queue and never waits. The writer takes everything in it,
 * commits that as one transaction, appends the lines to the chat log file, and tells the loop up to
 * which seq everything is saved; between commits it feeds the full-text index and prunes. The
 * reader answers queries for a range of lines and does the checkpoints. Searches have two threads
 * of their own, because one may take seconds or wait for the index, and a replay must not wait for
 * that: in the first thread a search has SEARCH_MS_QUICK, and one that takes longer starts again in
 * the second. Backups have a thread, too. Each of these has its own connection. Queries about
 * secrets (secret.h) are slow on purpose and go to threads without a connection. These, and the
 * threads for long searches and for backups, give way to all others.
 *
 * Wherever queries wait, those of each share (query.share) are answered in turn.
 *
 * All functions but writer_start and those named writer_stop are for the loop's thread
 * alone, make no system call and take no lock.
 */
#ifndef CHATD_STORE_THREADS_WRITER_H
#define CHATD_STORE_THREADS_WRITER_H

#include "chatd/core/event.h"
#include "chatd/store/db/store.h"
#include "chatd/store/threads/writer_event.h"

struct histogram;
struct writer;

struct writer_limits {
	uint32_t history_days;   /* lines older than this are pruned; 0: never */
	uint64_t history_lines;  /* lines kept per room; 0: all */
	uint64_t disk_reserve;   /* bytes to leave free on the database's disk: below that, nothing
	                          * that grows should be saved (WRITER_FAILED); 0: none */
};

struct writer_options {
	const char *database;    /* path */
	const char *chat_log;    /* path of the chat log file; NULL: none */
	enum durability durability;
	store_same *same;        /* tells which lines a RECORD_ERASE is about */
	struct writer_limits limits;
	struct histogram *commits; /* where the writing thread counts what commits take; borrowed. NULL: nowhere */
	uint32_t queries_max;    /* queries of one sort, other than searches, that may wait at one
	                          * time */
};

/*
 * Opens the database and the chat log and starts the threads; all signals are
 * blocked in them. NULL: err says why. writer_store may be used until writer_loaded, to
 * read the rooms and the last numbers.
 */
struct writer *writer_start(const struct writer_options *o, struct store_error *err);
struct store *writer_store(struct writer *w);
/* Closes that store: an unused connection would keep a removed file alive. */
void writer_loaded(struct writer *w);

/*
 * Saves everything that waits, ends the threads, closes the files, frees w. Returns false if
 * records were lost because the store could not be written to for wait_ms milliseconds; the log
 * says so. It may take longer than that if the disk is slow or the database is being rewritten.
 */
bool writer_stop(struct writer *w, int wait_ms);

/* The same in steps, for a caller that has something to do meanwhile: begins it; waits for at most
 * ms milliseconds, and returns whether it is done. writer_stop then ends it, and its wait_ms is
 * ignored. */
void writer_stop_begin(struct writer *w, int wait_ms);
bool writer_stop_wait(struct writer *w, int ms);

/* Copies the record into the queue. False: the queue is full (UNSTORED_MAX
 * records or RECORDS_BYTES), nothing was taken. */
bool writer_append(struct writer *w, const struct record *r);

/* More than half of the queue is in use: the loop should take no more lines until the writer has
 * caught up. */
bool writer_pressed(const struct writer *w);

/* Copies the query to where those of its kind wait. False: its share (SEARCHES_SHARE_MAX,
 * SECRETS_SHARE_MAX) or all shares together (SEARCHES_WAITING_MAX or queries_max, see seats_take)
 * have as many waiting as they may; writer_sorry has the sentence for the person who asked. Queries
 * of people who have left are answered like any other and count until then: that bounds the work
 * that a peer can cause by connecting, asking and leaving, and nothing needs to be called when a
 * connection ends. */
bool writer_query(struct writer *w, const struct query *q);
const char *writer_sorry(enum query_kind kind);

/*
 * The eventfds that the threads sleep on: the loop must write an 8-byte 1 to each of these so that
 * the threads see what was appended or asked. Fills fds and returns how many there are; a thread
 * that is awake needs no waking, and one returned once is not returned again until it has slept.
 */
enum { WRITER_WAKE_MAX = 7 }; /* one for each thread */
int writer_wake_fds(struct writer *w, int fds[WRITER_WAKE_MAX]);

/* An eventfd that becomes readable when writer_next has something new. It is
 * written once per sleep of the loop, and need never be read. */
int writer_event_fd(const struct writer *w);

/* Takes the next event. False: there are no more for now. */
bool writer_next(struct writer *w, struct writer_event *e);

/* On a reload: sets new limits, and reopens the chat log under its old or a new name (NULL: none).
 * Takes effect soon, in the writer's thread. */
void writer_reload(struct writer *w, const struct writer_limits *limits, const char *chat_log);

#endif
