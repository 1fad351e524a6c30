/*
 * The threads that answer: each takes the queries of its mailbox one after the other. The one with
 * quick answers also copies the WAL between them (wal_copy.h). Those that answer queries about secrets
 * have no database, and run at a lower priority, as does the one that makes backups.
 */
#include "chatd/store/threads/reader_thread.h"

#include "chatd/base/log.h"
#include "chatd/base/clock.h"
#include "chatd/store/secret.h"
#include "chatd/store/threads/writer_state.h"

#include <stdlib.h>
#include <string.h>
#include <linux/ioprio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	WAIT_MS_MAX = 3000, /* the longest that a query waits for the records it must see */
	GIVES_WAY_NICE = 19, /* people who sign in wait a little longer, so that people who talk do
	                      * not */
	GIVES_WAY_IOPRIO = 7, /* the last of ioprio_set(2)'s levels */
};

/* Its connection uses a file that is no longer the writer thread's. */
static bool reader_is_stale(const struct reader *t)
{
	return t->store && t->generation != atomic_load(&t->w->files.generation);
}

/* Reopens the connection if it is stale. False: that failed, and will be tried again. */
static bool reader_current(struct reader *t)
{
	unsigned generation = atomic_load(&t->w->files.generation);
	struct store_error err;
	if (!reader_is_stale(t))
		return true;
	if (clock_ms(CLOCK_MONOTONIC) < t->reopen_at_ms)
		return false;
	if (!store_reopen(t->store, &err)) {
		if (t->reopen_at_ms == 0)
			log_warnx("cannot reopen the database for reading: %s; will try again", err.text);
		t->reopen_at_ms = clock_ms(CLOCK_MONOTONIC) + RETRY_MS;
		return false;
	}
	t->generation = generation;
	t->reopen_at_ms = 0;
	return true;
}

static bool reader_may_begin(const struct reader *t)
{
	return !t->searches || wal_searches_held_ms(t->w) == 0;
}

/* Answers not taken yet are kept in memory: with too many of them it waits. */
static bool reader_may_take(const struct reader *t)
{
	return atomic_load(&t->w->notifications.answers) < ANSWERS_MAX && reader_may_begin(t);
}

static bool reader_has_work(struct reader *t)
{
	return reader_may_take(t) && turns_ready(&t->waiting->turns);
}

/* How long it may sleep; -1: until it is woken. */
static int reader_sleep_ms(const struct reader *t)
{
	int held = t->searches ? wal_searches_held_ms(t->w) : 0;
	return held > 0 ? held : reader_is_stale(t) ? RETRY_MS : -1;
}

static bool reader_ready(void *ctx)
{
	struct reader *t = ctx;
	/* Searches that are held since it was decided how long to sleep would not be woken for. */
	if (t->sleep_ms < 0 && !reader_may_begin(t) && turns_ready(&t->waiting->turns))
		return true;
	return reader_has_work(t) || atomic_load(&t->w->readers_stop) ||
	       (reader_is_stale(t) ? t->reopen_at_ms == 0 : t->copies && wal_copy_due(t->w));
}

static void reader_copy(struct reader *t)
{
	struct writer *w = t->w;
	if (t->copies && wal_copy_due(w) && reader_current(t) && !wal_copy_most(w, t->store))
		atomic_store(&w->files.doubted, true);
}

/* Waits, with the mutex held, until *mark has reached seq. NULL: it has. */
static const char *wait_for(struct writer *w, const uint64_t *mark, uint64_t seq,
                            const struct timespec *until, const char *late)
{
	while (*mark < seq) {
		if (atomic_load(&w->readers_stop))
			return "The server is shutting down.";
		if (w->progress.failing)
			return "The history cannot be read while nothing can be saved.";
		if (pthread_cond_timedwait(&w->progress.moved, &w->progress.mutex, until) != 0 &&
		    *mark < seq)
			return late;
	}
	return NULL;
}

/* NULL: what the query must see is there; otherwise a sentence for the person who asked. */
static const char *reader_wait(struct writer *w, const struct query *q)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WAIT_MS_MAX / 1000;
	pthread_mutex_lock(&w->progress.mutex);
	const char *sorry = wait_for(w, &w->progress.stored, q->after_seq, &until,
	                             "The history is busy. Try again in a moment.");
	if (!sorry && query_needs_index(q->kind) && w->progress.indexed < q->after_seq &&
	    !atomic_load(&w->reindexing)) {
		/* Requested only now, when everything to be indexed is saved. */
		atomic_store(&w->index_wanted, true);
		sleeper_wake(&w->sleeper);
		sorry = wait_for(w, &w->progress.indexed, q->after_seq, &until,
		                 "The search is busy. Try again in a moment.");
	}
	pthread_mutex_unlock(&w->progress.mutex);
	return sorry;
}

/* NULL: it takes longer than it may here. */
static struct rows *reader_rows(struct reader *t, const struct query *q)
{
	if (!t->store)
		return secret_answer(q);
	const char *sorry = reader_wait(t->w, q);
	if (!sorry && !reader_current(t))
		sorry = "The history cannot be read right now.";
	if (sorry)
		return rows_sorry(q, sorry);
	return t->quick_cpu_ms ? store_query_within(t->store, q, t->quick_cpu_ms)
	                   : store_query(t->store, q);
}

/*
 * Quick searches stay quick, however much other people search: a search that takes longer starts
 * again in another thread, where the shares wait in turn. As it keeps its seat, a person who asks
 * only for long searches soon has no seats left, and takes little time here.
 */
static void reader_answer(struct reader *t, struct request *r)
{
	struct writer *w = t->w;
	struct rows *rows = reader_rows(t, &r->query);
	if (!rows) {
		turns_post(&w->waiting[WAITING_LONG].turns, r);
		sleeper_wake(&w->readers[READER_LONG].sleeper);
		return;
	}
	/* A long search has its seat where it was asked. */
	struct waiting *seated = t->waiting == &w->waiting[WAITING_LONG]
		? &w->waiting[WAITING_SEARCHES] : t->waiting;
	uint64_t share = r->query.share;
	request_free(r);
	notifications_post_rows(&w->notifications, rows, seated, share);
}

/* Answers queries, as long as the loop takes the answers. After readers_stop nobody needs them any
 * more, and the shutdown must not wait for a series of hashes. */
static void reader_take(struct reader *t)
{
	struct request *r;
	while (!atomic_load(&t->w->readers_stop) && reader_may_take(t) && (r = turns_take(&t->waiting->turns))) {
		reader_answer(t, r);
		reader_copy(t);
	}
}

void *reader_thread_main(void *arg)
{
	struct reader *t = arg;
	/* Each thread names itself: naming another would mean writing to /proc (sandbox.h). */
	prctl(PR_SET_NAME, t->name);
	/* If the system does not allow it, these run at the normal priority. */
	if (t->gives_way) {
		setpriority(PRIO_PROCESS, 0, GIVES_WAY_NICE); /* on Linux, for this thread only */
		syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		        IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, GIVES_WAY_IOPRIO));
	}
	while (!atomic_load(&t->w->readers_stop)) {
		/* Even without a query: the old file's disk space is only freed once nobody has it
		 * open. */
		reader_current(t);
		reader_take(t);
		reader_copy(t);
		t->sleep_ms = reader_sleep_ms(t);
		sleeper_sleep(&t->sleeper, t->sleep_ms, reader_ready, t);
	}
	return NULL;
}

void reader_release(struct reader *t)
{
	store_close(t->store);
	sleeper_close(&t->sleeper);
}
