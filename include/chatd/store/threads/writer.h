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
	bool grouped;            /* records are saved in groups, each with a position (writer_mark) */
	uint32_t queries_max;    /* queries of one sort, other than searches, that may wait at one
	                          * time */
};

/*
 * Opens the database and the chat log and starts the threads; all signals are
 * blocked in them. NULL: err says why. writer_store may be used until writer_loaded, to
 * read the rooms and the last numbers, and the position (store_cluster). A database that belongs to a
 * cluster is refused if o->grouped is false: what would be saved there is in no position.
 */
struct writer *writer_start(const struct writer_options *o, struct store_error *err);
struct store *writer_store(struct writer *w);
/* Closes that store: an unused connection would keep a removed file alive. */
void writer_loaded(struct writer *w);

/*
 * Saves everything that waits, ends the threads, closes the files, frees w. Returns false if
 * records were lost because the store could not be written to for wait_ms milliseconds; the log
 * says so. It may take longer than that if the disk is slow or the database is being rewritten.
 *
 * A grouped writer saves what was appended before the last writer_mark, and the position of that. What
 * was appended after it is dropped, and not counted as lost: no position includes it, so whoever goes
 * on from the position makes it again.
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

/*
 * Groups: what one act makes is saved together, with the position that comes after the act.
 *
 * writer_mark ends a group: all records appended since the last mark, and the position, are saved in
 * one transaction, which may have several groups and then has the last one's position. A record waits
 * in the queue until its group has ended. WRITER_STORED names only last records of groups, and
 * store_last_seq, after whatever end, is exactly that of the last record before the position.
 *
 * A mark without records since the last one is for a node that moved on without anything to save. It
 * is saved with the next group, or by itself within a second; while nothing else is saved, that gets
 * rarer, up to 16 seconds (latest_position.h). A crash may lose it. writer_stop saves it.
 *
 * A start counts on from the last record that was appended before the position. So in a group none may
 * be left out, not even one that could be spared: nodes that have not restarted would count otherwise.
 *
 * The position is a text of 1 to POSITION_BYTES_MAX bytes, and copied. False: it is not, and nothing
 * was done. There is always room for it.
 *
 * The queue holds whole groups only, so a group must fit. The caller must begin none while
 * writer_pressed, and end the one it is in; then a group may have UNSTORED_MAX / 2 - 1 records, which
 * take nearly RECORDS_BYTES / 2 (bounds.h holds both against what a step of the core can make). A
 * group for which there is no room even in an empty queue could never be saved: writer_append asserts
 * that there is none. If it returns false otherwise, nothing is lost if the same record is given again
 * after a WRITER_STORED.
 */
bool writer_mark(struct writer *w, const char *position);

/*
 * Says which cluster the positions are of. To be called before the first writer_mark; the id, of 1 to
 * CLUSTER_ID_BYTES_MAX bytes, is saved with the first position. False: it is no id, or the database
 * belongs to another cluster (or another id was set), and nothing was done.
 */
bool writer_set_cluster(struct writer *w, const char *id);

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
