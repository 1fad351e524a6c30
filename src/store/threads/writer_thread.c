/*
 * The thread that writes: takes everything that waits, commits it as one transaction, and reports
 * that. Between commits it feeds the full-text index, deletes (deletion.h), checks whether the disk
 * is nearly full, and, while nobody talks, whether the database is still at its path.
 *
 * Lines from people come first: everything else is done in steps, each a transaction of its own,
 * and the queue is checked after each. A step of indexing follows a commit if there are enough
 * lines for one, or if lines have waited for it. That balances itself: what arrives during the two
 * is the next commit.
 */
#include "chatd/store/threads/writer_thread.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/base/clock.h"
#include "chatd/base/histogram.h"
#include "chatd/store/chatlog.h"
#include "chatd/store/db/index_parts.h"
#include "chatd/store/threads/batch.h"
#include "chatd/store/threads/deletion.h"
#include "chatd/store/threads/writer_state.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

enum {
	GATHER_RECORDS = 4,       /* a commit of this many records shows that people talk at the
	                           * same time */
	GATHER_FRESH_US = 5000,   /* if it was no longer ago than this; */
	GATHER_STEPS = 4,         /* then the next one checks this many times whether more have
	                           * come, */
	GATHER_STEP_US = 50,      /* with this much time between */
	TIMER_SLACK_NS = 1000,    /* of that sleep */
	GATHER_RELAXED_US = 20000, /* if nobody waits for a commit, it comes no sooner than this
	                            * after the last */
	RETRY_STOPPING_MS = 100,  /* the time between two tries while chatd is shutting down */
	REBUILD_BYTES_QUICK = 64 << 20, /* rebuilding a larger database is announced */
	RETRY_MS_MAX = 60000,     /* the longest time between two tries to save, if each rebuilds a
	                           * large database */
	INDEX_DELAY_MS = 20,      /* how long lines wait for others before they are indexed */
	INDEX_ROWS_FEW = 512,     /* lines that are indexed without that delay */
	INDEX_US = 500,           /* the shortest time limit of an indexing step */
	INDEX_US_LINE = 4,        /* the limit for each line that waits, up to what INDEX_COMMITS commits bring:
	                           * so the index keeps up */
	INDEX_COMMITS = 2,
	INDEX_US_QUIET = 2000,    /* the shortest one while nothing was saved for QUIET_US: there is much to index then if
	                           * the index is made again */
	QUIET_US = 20000,
	DISK_EVERY_MS = 1000,     /* between two looks at the disk while there is something to do */
	RESERVE_MORE = 8,         /* one part in this many of the reserve must be free in addition
	                           * to it before saving goes on */
	RESERVE_LOOKS = 16,       /* the disk is checked sooner once one part in this many of the
	                           * reserve was written */
};

/* Whether records can be saved. */
struct saving {
	bool failing;             /* true while nothing can be saved, from WRITER_FAILED on */
	char why[512];            /* the reason, as the loop knows it */
	int64_t retry_at_ms;      /* monotonic: when to try to save again, while failing */
	int64_t pause_ms;         /* between two tries; longer where each writes a large database */
	uint64_t last_records;    /* of the last commit */
	int64_t committed_us;     /* when that was, monotonic */
};

/* The disk's reserve. */
struct disk {
	bool low;                 /* true while less than the reserve is free on the disk;
	                           * WRITER_BACK comes when neither this nor failing is true */
	int64_t at_ms;            /* monotonic: when to look at the disk again */
};

/* The full-text index. */
struct indexing {
	bool now;                 /* true while a search waits for it */
	int64_t lag_since_ms;     /* since when lines wait for it: the oldest was saved, or others
	                           * were indexed */
	bool failing;             /* true while a step fails: it is logged once */
	int64_t retry_at_ms;      /* monotonic: when to try again, while failing */
};

struct writer_thread {
	struct writer *w;         /* the shared state */
	bool stopping;            /* true once it has seen that it must end */
	struct saving saving;
	struct disk disk;
	struct indexing indexing;
	struct deletion deletion;
};

static int64_t now_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

static void sleep_us(int64_t us)
{
	struct timespec wait = { .tv_nsec = us * 1000 };
	nanosleep(&wait, NULL);
}

static int64_t now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

/* Shows its progress to waiting queries. */
static void progress_set(struct writer_thread *t)
{
	struct writer *w = t->w;
	pthread_mutex_lock(&w->progress.mutex);
	w->progress.stored = store_last_seq(w->store);
	w->progress.indexed = store_indexed(w->store);
	w->progress.failing = t->saving.failing;
	atomic_store(&w->reindexing, store_reindexes(w->store));
	pthread_cond_broadcast(&w->progress.moved);
	pthread_mutex_unlock(&w->progress.mutex);
}

/* Lines that are not in the index yet. */
static uint64_t index_lag(const struct writer_thread *t)
{
	return store_last_seq(t->w->store) - store_indexed(t->w->store);
}

/* -- saving --------------------------------------------------------------------- */

/* Reports that nothing can be saved; it will be tried again. */
static void saving_failed(struct writer_thread *t, const struct store_error *err)
{
	t->saving.retry_at_ms = now_ms() + (t->stopping ? RETRY_STOPPING_MS : t->saving.pause_ms);
	if (t->saving.failing && strcmp(t->saving.why, err->text) == 0)
		return;
	t->saving.failing = true;
	strcpy(t->saving.why, err->text);
	log_errx("nothing can be saved: %s; unsaved lines are kept, and saving is tried again",
	         err->text);
	progress_set(t);
	struct writer_event e = { .kind = WRITER_FAILED, .reason = store_error_cause(err),
	                          .advice = store_error_advice(err) };
	notifications_post(&t->w->notifications, &e);
}

/* Shown in the largest unit that gives at least ten. */
static const char *bytes_shown(uint64_t bytes, char out[32])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;
	bytes >>= 10;
	while (bytes >= 10 << 10 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		bytes >>= 10;
		unit++;
	}
	snprintf(out, 32, "%llu %s", (unsigned long long)bytes, units[unit]);
	return out;
}

/* Reports that less than the reserve is free. */
static void disk_tell_low(struct writer_thread *t)
{
	struct store_error why;
	char left[32], reserve[32];
	store_error_set(&why, "the disk is nearly full");
	store_error_advise(&why, "%s are free on the database's disk, and disk_reserve keeps %s free: new "
	                   "lines are not saved until there is more space",
	                   bytes_shown(store_free_bytes(t->w->store, UINT64_MAX), left),
	                   bytes_shown(t->w->limits.disk_reserve, reserve));
	log_errx("%s", why.text);
	struct writer_event e = { .kind = WRITER_FAILED, .low = true,
	                          .reason = store_error_cause(&why), .advice = store_error_advice(&why) };
	notifications_post(&t->w->notifications, &e);
}

/* Reports WRITER_BACK, if saving works and the disk is not low. */
static void saving_works(struct writer_thread *t)
{
	t->saving.failing = false;
	if (t->disk.low) {
		disk_tell_low(t);
		return;
	}
	log_info("saving works again");
	struct writer_event e = { .kind = WRITER_BACK };
	notifications_post(&t->w->notifications, &e);
}

/* True if the database is where it belongs, or is again. False: err says why not. */
static bool database_check(struct writer_thread *t, struct store_error *err)
{
	struct store *s = t->w->store;
	if (atomic_exchange(&t->w->files.doubted, false))
		store_doubt(s);
	if (store_is_intact(s))
		return true;
	bool large = !store_replaced(s) && store_bytes(s) > REBUILD_BYTES_QUICK;
	if (large && !t->saving.failing) {
		struct store_error word = {
			.text = "the database is being rewritten, which takes a while",
		};
		saving_failed(t, &word);
	}
	if (!store_rebuild(s, err)) {
		int64_t longer_ms = t->saving.pause_ms * 2;
		t->saving.pause_ms = !large ? RETRY_MS
		                   : longer_ms < RETRY_MS_MAX ? longer_ms : RETRY_MS_MAX;
		return false;
	}
	t->saving.pause_ms = RETRY_MS;
	atomic_fetch_add(&t->w->files.generation, 1);
	for (int i = 0; i < READER_SECRETS; i++)
		sleeper_wake(&t->w->readers[i].sleeper);
	log_warnx("%s", err->text);
	struct writer_event e = { .kind = WRITER_NOTICE, .reason = mem_strdup(err->text) };
	notifications_post(&t->w->notifications, &e);
	return true;
}

/*
 * A commit costs the same for one line and for many, and so does the turn of the loop that follows
 * it. If lines are shown before they are saved, nobody waits for a commit, and it may gather
 * records. If the last commit took several at once, others are on their way, and a moment's wait
 * saves commits and sends: until there are as many as last time, or no more come. A person who
 * talks alone never waits for this.
 */
static void batch_gather(struct writer_thread *t)
{
	struct queue *q = t->w->queue;
	int64_t left_us = t->saving.committed_us + GATHER_RELAXED_US - now_us();
	uint64_t before = 0, now = queue_waiting(q);
	if (t->stopping || t->saving.failing || queue_half_full(q))
		return;
	if (t->w->relaxed && left_us > 0)
		sleep_us(left_us);
	if (t->w->relaxed || t->saving.last_records < GATHER_RECORDS ||
	    now_us() - t->saving.committed_us > GATHER_FRESH_US)
		return;
	for (int i = 0; i < GATHER_STEPS && now < t->saving.last_records && now > before; i++) {
		sleep_us(GATHER_STEP_US);
		before = now;
		now = queue_waiting(q);
	}
}

/* Saves what waits. False: nothing waited, or it failed. */
static bool batch_commit(struct writer_thread *t)
{
	struct writer *w = t->w;
	struct store_error err;
	struct queue_mark first = queue_first(w->queue), end = first;
	/* While saving fails an empty batch is tried as well, because it may end the failure. */
	if (t->saving.failing ? now_ms() < t->saving.retry_at_ms : queue_empty(w->queue))
		return false;
	batch_gather(t);
	int64_t begun_us = t->w->commits ? now_us() : 0;
	bool prunes = false, ok = database_check(t, &err) && store_begin(w->store, &err) &&
	                          batch_save(w, &end, &prunes, &err) && store_commit(w->store, &err);
	if (prunes)
		deletion_wanted(&t->deletion);
	if (!ok) {
		saving_failed(t, &err);
		/* On a full disk its space may be all that is missing. */
		if (wal_give_back(w))
			t->saving.retry_at_ms = 0;
		return false;
	}
	t->saving.last_records = end.records - first.records;
	t->saving.committed_us = now_us();
	if (w->commits && end.records > first.records)
		histogram_add(w->commits, t->saving.committed_us - begun_us);
	batch_to_chatlog(w, &end);
	if (w->groups.on)
		latest_position_saved(&w->groups.latest, end.at, end.records == first.records);
	queue_drop(w->queue, &end); /* before the loop is told, because it then checks for room */
	if (t->saving.failing)
		saving_works(t);
	if (!t->indexing.lag_since_ms)
		t->indexing.lag_since_ms = now_ms();
	/* The loop first: an answer that shows a line must not overtake the notice that it is
	 * stored. */
	notifications_post_stored(&w->notifications, store_last_seq(w->store));
	progress_set(t);
	/* After that, so that nobody waits for a file other than the database. */
	if (w->chatlog)
		chatlog_flush(w->chatlog);
	wal_grown(t->w);
	return true;
}

/* Saves a position that came without records, if it is due. True: it was saved. */
static bool position_work(struct writer_thread *t)
{
	struct writer *w = t->w;
	struct latest_position *l = &w->groups.latest;
	struct store_error err;
	uint64_t at = queue_first(w->queue).at;
	const char *position;
	if (l->due_ms == 0 || (!t->stopping && now_ms() < l->due_ms))
		return false;
	/* Otherwise there are records by now, with which it is saved. */
	position = latest_position_at(l, at);
	if (!position)
		return false;
	if (!database_check(t, &err) || !store_move_position(w->store, w->groups.cluster, position, &err)) {
		saving_failed(t, &err);
		return false;
	}
	latest_position_saved(l, at, true);
	wal_grown(t->w);
	return true;
}

/* -- the disk ------------------------------------------------------------------- */

static bool disk_is_low(const struct writer_thread *t)
{
	uint64_t reserve = t->w->limits.disk_reserve, least = reserve + (t->disk.low ? reserve / RESERVE_MORE : 0);
	return reserve > 0 && store_free_bytes(t->w->store, least) < least;
}

/* Checks the disk, if that is due. */
static void disk_check(struct writer_thread *t)
{
	uint64_t reserve = t->w->limits.disk_reserve;
	int64_t now = now_ms();
	if (now < t->disk.at_ms && (!reserve || t->w->files.wal.written < reserve / RESERVE_LOOKS))
		return;
	t->disk.at_ms = now + DISK_EVERY_MS;
	t->w->files.wal.written = 0;
	bool low = disk_is_low(t);
	if (low && wal_give_back(t->w))
		low = disk_is_low(t);
	if (low == t->disk.low)
		return;
	t->disk.low = low;
	store_pause_merging(t->w->store, low);
	/* That nothing can be saved has been reported already, and its end will be. */
	if (t->saving.failing)
		return;
	if (low)
		disk_tell_low(t);
	else
		saving_works(t);
}

/* -- steps between commits ----------------------------------------------------------- */

static void index_failed(struct writer_thread *t, const struct store_error *err)
{
	t->indexing.retry_at_ms = now_ms() + RETRY_MS;
	if (!t->indexing.failing)
		log_warnx("indexing failed: %s; will try again", err->text);
	t->indexing.failing = true;
}

/* The time of an indexing step. A longer one costs less a line; but the next commit waits for it. */
static int64_t index_us(const struct writer_thread *t)
{
	uint64_t lag = index_lag(t), brought = INDEX_COMMITS * t->saving.last_records;
	int64_t needs_us = (int64_t)(lag < brought ? lag : brought) * INDEX_US_LINE;
	int64_t least_us = now_us() - t->saving.committed_us >= QUIET_US ? INDEX_US_QUIET : INDEX_US;
	return needs_us > least_us ? needs_us : least_us;
}

static bool index_due(struct writer_thread *t)
{
	uint64_t lag = index_lag(t);
	return lag > 0 && (t->indexing.now || lag >= INDEX_ROWS_FEW ||
	                   now_ms() - t->indexing.lag_since_ms >= INDEX_DELAY_MS);
}

/* This and the next take a step, if one is due. True: it was taken, and others may be due. */
static bool index_work(struct writer_thread *t)
{
	struct store_error err;
	if (!index_due(t) || (t->indexing.failing && now_ms() < t->indexing.retry_at_ms))
		return false;
	if (store_index(t->w->store, INDEX_ROWS_STEP, index_us(t), &err) < 0) {
		index_failed(t, &err);
		return false;
	}
	t->indexing.failing = false;
	t->indexing.lag_since_ms = index_lag(t) == 0 ? 0 : now_ms();
	t->indexing.now &= index_lag(t) != 0;
	progress_set(t);
	wal_grown(t->w);
	return true;
}

/* Takes a step of deleting, if one is due and nothing waits to be saved. */
static bool deletion_work(struct writer_thread *t)
{
	struct store_error err;
	if (!queue_empty(t->w->queue) || !deletion_due(&t->deletion))
		return false;
	/* Even while nobody talks, the database is not without a name for long. */
	store_check_again(t->w->store);
	if (!database_check(t, &err)) {
		saving_failed(t, &err);
		return false;
	}
	return deletion_step(&t->deletion);
}

/* What is due between two commits. True: something was done, and more may be due. */
static bool step(struct writer_thread *t, bool committed)
{
	if (t->stopping)
		return false;
	bool worked = index_work(t) || (!committed && deletion_work(t));
	return (!t->saving.failing && deletion_wipe(&t->deletion, committed || worked)) || worked;
}

/* -- the thread's life -------------------------------------------------------------- */

static void reload_take(struct writer_thread *t)
{
	struct writer *w = t->w;
	struct store_error err;
	struct reload *r = atomic_exchange(&w->reload, NULL);
	if (!r)
		return;
	w->limits = r->limits;
	t->disk.at_ms = 0;
	deletion_wanted(&t->deletion);
	if (r->chat_log && w->chatlog) {
		chatlog_reopen(w->chatlog, r->chat_log);
	} else if (r->chat_log) {
		w->chatlog = chatlog_open(r->chat_log, &err);
		if (!w->chatlog)
			log_warnx("%s", err.text);
	} else {
		chatlog_close(w->chatlog);
		w->chatlog = NULL;
	}
	free(r->chat_log);
	free(r);
}

static bool thread_ready(void *ctx)
{
	struct writer_thread *t = ctx;
	struct writer *w = t->w;
	return (!t->saving.failing && !queue_empty(w->queue)) || atomic_load(&w->reload) ||
	       atomic_load(&w->index_wanted) || latest_position_is_new(&w->groups.latest) ||
	       (!t->stopping && atomic_load(&w->thread_stop));
}

/* Milliseconds until something is due without being woken. */
static int thread_timeout(struct writer_thread *t)
{
	int64_t now = now_ms(), at = deletion_next_ms(&t->deletion);
	if (t->disk.low && t->disk.at_ms < at)
		at = t->disk.at_ms;
	if (wal_next_ms(t->w) < at)
		at = wal_next_ms(t->w);
	if (t->w->groups.latest.due_ms != 0 && t->w->groups.latest.due_ms < at)
		at = t->w->groups.latest.due_ms;
	if (t->saving.failing) {
		at = t->saving.retry_at_ms;
	} else if (t->stopping) {
		return 0; /* database_left has waited */
	} else if (index_lag(t) > 0) {
		int64_t index_at = t->indexing.failing ? t->indexing.retry_at_ms
		                                         : t->indexing.lag_since_ms + INDEX_DELAY_MS;
		at = index_at < at ? index_at : at;
	}
	if (at <= now)
		return 0;
	return at - now > INT_MAX ? INT_MAX : (int)(at - now);
}

static void database_lose(struct writer_thread *t, const char *why)
{
	log_errx("%s: what was saved is only in the old file, and lost if that was removed", why);
	t->w->lost = true;
}

/* Everything is saved: true once it is where the next chatd will find it, or the time is up. */
static bool database_left(struct writer_thread *t)
{
	struct store_error err;
	/* This is the last look, and nobody reports a mount that hides the folder. */
	store_check_again(t->w->store);
	if (database_check(t, &err))
		return true;
	if (now_ms() < t->w->stop_by_ms) {
		sleep_us(RETRY_STOPPING_MS * INT64_C(1000));
		return false;
	}
	database_lose(t, err.text);
	return true;
}

static bool thread_ended(struct writer_thread *t)
{
	struct writer *w = t->w;
	if (!t->stopping)
		return false;
	if (queue_empty(w->queue))
		return database_left(t);
	if (!t->saving.failing || now_ms() < w->stop_by_ms)
		return false;
	struct queue_mark at = queue_first(w->queue);
	struct record r;
	unsigned lost = 0;
	while (queue_next(w->queue, &at, &r))
		lost++;
	log_errx("%u records could not be saved and are lost", lost);
	w->lost = true;
	store_check_again(w->store);
	if (!store_is_intact(w->store))
		database_lose(t, t->saving.why);
	return true;
}

static void progress_end(struct writer_thread *t)
{
	struct progress *p = &t->w->progress;
	pthread_mutex_lock(&p->mutex);
	p->ended = true;
	pthread_cond_broadcast(&p->moved);
	pthread_mutex_unlock(&p->mutex);
}

void *writer_thread_main(void *arg)
{
	struct writer_thread t = { .w = arg, .saving.pause_ms = RETRY_MS };
	prctl(PR_SET_NAME, "chatd-writer");
	/* Short sleeps must be exact; by default they are 50 us longer. */
	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
	deletion_start(&t.deletion, t.w);
	t.indexing.lag_since_ms = now_ms();
	for (;;) {
		if (!t.stopping && atomic_load(&t.w->thread_stop)) {
			t.stopping = true;
			t.saving.retry_at_ms = 0; /* one more try at once */
		}
		if (atomic_exchange(&t.w->index_wanted, false))
			t.indexing.now = true;
		reload_take(&t);
		disk_check(&t);
		if (t.w->groups.on)
			latest_position_see(&t.w->groups.latest, now_ms());
		bool committed = batch_commit(&t);
		bool busy = committed;
		if (!t.saving.failing)
			busy |= position_work(&t);
		if (!t.saving.failing)
			busy |= step(&t, committed);
		wal_work(t.w);
		if (thread_ended(&t)) {
			progress_end(&t);
			return NULL;
		}
		if (!busy)
			sleeper_sleep(&t.w->sleeper, thread_timeout(&t), thread_ready, &t);
	}
}
