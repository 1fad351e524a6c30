/*
 * The thread that writes: takes all that waits, commits it as one transaction,
 * and says so. Between commits it feeds the full-text index, prunes, looks whether the disk is
 * nearly full, and whether the database is still at its path where nobody talks.
 *
 * What is said by people comes first: all else goes in steps, each a transaction of its own, and
 * the queue is looked at after each. A step of indexing follows a commit where there
 * are lines enough for one, or when lines have waited for it; that balances
 * itself: what arrives during the two is the next commit.
 */
#include "chatd/store/threads/writer_thread.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/base/clock.h"
#include "chatd/store/threads/writer_state.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>


enum {
	GATHER_RECORDS = 4,       /* a commit of so many shows that people talk at the same time */
	GATHER_FRESH_US = 5000,   /* where it was no longer ago than this; */
	GATHER_STEPS = 4,         /* then the next looks so many times whether more have come, */
	GATHER_STEP_US = 50,      /* with so much time between */
	TIMER_SLACK_NS = 1000,    /* of that sleep */
	GATHER_RELAXED_US = 20000, /* where nobody waits for a commit, it comes no sooner than this
	                           * after the last */
	SAVE_RECORDS = 128,       /* records that go to the database in one statement */
	PRUNE_FIRST_MS = 5000,    /* after the start, when those who reconnect are served */
	RETRY_STOPPING_MS = 100,  /* and when chatd is going down */
	REBUILD_BYTES_QUICK = 64 << 20, /* a larger database is not rebuilt without a word */
	RETRY_MS_MAX = 60000,     /* between two tries to save, where each rebuilds a large database */
	INDEX_DELAY_MS = 20,      /* lines wait so long for company before they are indexed */
	WAL_PAGES_MAX = 8192,     /* beyond this (32 MiB) it does a checkpoint itself: under a load that
	                           * never pauses the reader's cannot end, and the WAL only starts
	                           * anew after one that did */
	PRUNE_EVERY_MS = 60000,   /* between two looks for old lines */
	WIPE_DELAY_MS = 30000,    /* more may be deleted by then, and all of the index is merged each time */
	WIPE_SHARE = 20,          /* a pass begins after so many times as long as the last took, so that
	                           * whoever goes on deleting takes no more than one part in so many */
	WIPE_PATIENCE_MS = 10000, /* that it waits for a pause */
	WIPE_AGAIN_MS = 1000,     /* where somebody reads */
	WIPE_PAGES_STEP = 16,     /* of the index that a step merges: it takes some ms */
	PRUNED_LOG_MS = HOUR_MS,  /* between two words in the log about what went, if it is not many */
	DISK_EVERY_MS = 1000,     /* between two looks at the disk while there is something to do */
	RESERVE_MORE = 8,         /* so much of the reserve, one part in so many, must be free beside it
	                           * before saving goes on */
	RESERVE_LOOKS = 16,       /* the disk is looked at sooner where so much of it was saved, one part
	                           * in so many: what is written for a record is a few times as much */
};

/* Whether records can be saved. */
struct saving {
	bool failing;             /* true while nothing can be saved, from WRITER_FAILED on */
	char why[512];            /* and why, as the loop has it */
	int64_t retry_at_ms;      /* monotonic: when to try to save again, while failing */
	int64_t pause_ms;         /* between two tries; longer where each writes a large database */
	uint64_t last_records;    /* of the last commit */
	int64_t committed_us;     /* and when it was, monotonic */
};

/* The disk's reserve. */
struct disk {
	bool low;                 /* true while less than the reserve is free on the disk; WRITER_BACK
	                           * comes when it is neither */
	int64_t at_ms;            /* monotonic: when to look at the disk again */
	uint64_t bytes;           /* of records saved since the last look */
};

/* The full-text index. */
struct indexing {
	bool now;                 /* true while a search waits for it */
	int64_t lag_since_ms;     /* since when lines wait for it: the oldest was saved, or others
	                           * were indexed */
};

/* The steps between commits. */
struct maintenance {
	bool failing;             /* true while one of them fails: it is said once */
	int64_t at_ms;            /* when to try again, while it does */
};

/* Old lines. */
struct pruning {
	int64_t at_ms;            /* when to look for them */
	bool running;             /* a pass is under way: what may go is decided */
	uint32_t count;           /* lines that went and are not in the log yet */
	int64_t log_at_ms;        /* when that may be in the log again */
	enum retention_why waits; /* why old lines do not go, as administrators know it */
};

/* What was deleted. */
struct wiping {
	int64_t at_ms;            /* when it is to leave the file; 0: nothing is to */
	int64_t took_ms;          /* the steps of this pass, or of the last */
};

struct writer_thread {
	struct writer *w;         /* what is shared */
	bool stopping;            /* true once it has seen that it is to end */
	struct saving saving;
	struct disk disk;
	struct indexing indexing;
	struct maintenance maintenance;
	struct pruning pruning;
	struct wiping wiping;
};

static int64_t clock_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
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

/* Lets queries that wait see how far it is. */
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
static uint64_t index_lag(struct writer_thread *t)
{
	return store_last_seq(t->w->store) - store_indexed(t->w->store);
}

/* -- saving --------------------------------------------------------------------- */

/* Nothing can be saved; it is tried again. */
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
	struct writer_event e = { .kind = WRITER_FAILED, .reason = mem_strdup(err->text) };
	notifications_post(&t->w->notifications, &e);
}

/* In the largest unit of which there are ten. */
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

/* Says that there is less than the reserve. */
static void disk_tell_low(struct writer_thread *t)
{
	struct store_error why;
	char left[32], reserve[32];
	snprintf(why.text, sizeof(why.text), "the disk is nearly full; %s are free on the "
	         "database's disk, and disk_reserve keeps %s free: new lines are not saved until there "
	         "is more space",
	         bytes_shown(store_free_bytes(t->w->store), left),
	         bytes_shown(t->w->limits.disk_reserve, reserve));
	log_errx("%s", why.text);
	struct writer_event e = { .kind = WRITER_FAILED, .low = true, .reason = mem_strdup(why.text) };
	notifications_post(&t->w->notifications, &e);
}

/* WRITER_BACK, or what is true instead: neither nothing can be saved, nor is the disk low. */
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

/* The database is where it belongs, or is again. False: neither, err says why. */
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

/* Takes the batch's lines while they are still there; they are written later. */
static void batch_to_chatlog(struct writer *w, const struct queue_mark *end)
{
	struct queue_mark at = queue_first(w->queue);
	struct record r;
	if (!w->chatlog)
		return;
	while (at.records < end->records && queue_next(w->queue, &at, &r))
		chatlog_add(w->chatlog, &r);
}

/* Has the WAL copied into the database where it has become long. */
static void wal_grown(struct writer *w)
{
	int pages = store_wal_pages(w->store), copied = atomic_load(&w->files.wal_copied);
	atomic_store(&w->files.wal_pages, pages);
	if (pages > WAL_PAGES_MAX) {
		/* Nobody writes meanwhile: it starts anew after this. */
		if (!store_checkpoint(w->store))
			store_doubt(w->store);
	} else if (pages - (pages < copied ? 0 : copied) >= WAL_PAGES_COPY) {
		sleeper_wake(&w->readers[READER_RANGES].sleeper);
	}
}

/*
 * A commit costs the same for one line and for many, and so does the turn of the
 * loop that follows it. Where lines are shown before they are saved, nobody waits
 * for a commit, and it may gather. Where the last commit took several at once,
 * others are on their way, and a moment's wait saves commits and sends: until there
 * are as many as last time, or no more come. A person who talks alone is never
 * waited for.
 */
static void batch_gather(struct writer_thread *t)
{
	struct queue *q = t->w->queue;
	int64_t left_us = t->saving.committed_us + GATHER_RELAXED_US - clock_us();
	uint64_t before = 0, now = queue_waiting(q);
	if (t->stopping || t->saving.failing || queue_half_full(q))
		return;
	if (t->w->relaxed && left_us > 0)
		sleep_us(left_us);
	if (t->w->relaxed || t->saving.last_records < GATHER_RECORDS ||
	    clock_us() - t->saving.committed_us > GATHER_FRESH_US)
		return;
	for (int i = 0; i < GATHER_STEPS && now < t->saving.last_records && now > before; i++) {
		sleep_us(GATHER_STEP_US);
		before = now;
		now = queue_waiting(q);
	}
}

/* Saves up to a batch of what waits, and moves end behind it. */
static bool batch_save(struct writer_thread *t, struct queue_mark *end, struct store_error *err)
{
	struct writer *w = t->w;
	struct record r[SAVE_RECORDS];
	size_t n = 0, all = 0;
	do {
		for (n = 0; n < SAVE_RECORDS && queue_next(w->queue, end, &r[n]); n++)
			if (r[n].kind == RECORD_REMOVE || r[n].kind == RECORD_PRUNE || r[n].kind == RECORD_ERASE)
				t->pruning.at_ms = 0; /* lines begin to go soon after */
		if (!store_save(w->store, r, n, err))
			return false;
		all += n;
	} while (n == SAVE_RECORDS && all < BATCH_RECORDS_MAX);
	return true;
}

/* Saves what waits. False: nothing waited, or it failed. */
static bool batch_commit(struct writer_thread *t)
{
	struct writer *w = t->w;
	struct store_error err;
	struct queue_mark first = queue_first(w->queue), end = first;
	/* While it fails an empty batch is tried as well, for it ends the failing. */
	if (t->saving.failing ? now_ms() < t->saving.retry_at_ms : queue_empty(w->queue))
		return false;
	batch_gather(t);
	if (!database_check(t, &err) || !store_begin(w->store, &err) || !batch_save(t, &end, &err) ||
	    !store_commit(w->store, &err)) {
		saving_failed(t, &err);
		return false;
	}
	t->saving.last_records = end.records - first.records;
	t->disk.bytes += end.at - first.at;
	t->saving.committed_us = clock_us();
	batch_to_chatlog(w, &end);
	queue_drop(w->queue, &end); /* before the loop is told, which looks for room then */
	if (t->saving.failing)
		saving_works(t);
	if (!t->indexing.lag_since_ms)
		t->indexing.lag_since_ms = now_ms();
	/* The loop first: an answer that shows a line must not overtake the word that it is
	 * stored. */
	notifications_post_stored(&w->notifications, store_last_seq(w->store));
	progress_set(t);
	/* After that, so that nobody waits for another file than the database. */
	if (w->chatlog)
		chatlog_flush(w->chatlog);
	wal_grown(w);
	return true;
}

/* -- the disk ------------------------------------------------------------------- */

/* Looks at the disk, where that is due. */
static void disk_check(struct writer_thread *t)
{
	uint64_t reserve = t->w->limits.disk_reserve;
	int64_t now = now_ms();
	if (now < t->disk.at_ms && (!reserve || t->disk.bytes < reserve / RESERVE_LOOKS))
		return;
	t->disk.at_ms = now + DISK_EVERY_MS;
	t->disk.bytes = 0;
	uint64_t least = reserve + (t->disk.low ? reserve / RESERVE_MORE : 0);
	bool low = reserve > 0 && store_free_bytes(t->w->store) < least;
	if (low == t->disk.low)
		return;
	t->disk.low = low;
	/* Where nothing can be saved at all, that has been said, and is said anew when it ends. */
	if (t->saving.failing)
		return;
	if (low)
		disk_tell_low(t);
	else
		saving_works(t);
}

/* -- steps between commits ----------------------------------------------------------- */

static void maintenance_failed(struct writer_thread *t, const char *what, const struct store_error *err)
{
	t->maintenance.at_ms = now_ms() + RETRY_MS;
	if (!t->maintenance.failing)
		log_warnx("%s failed: %s; will try again", what, err->text);
	t->maintenance.failing = true;
}

/* How many lines the index takes at once. A large step costs less a line; where commits
 * are large, nobody notices how long it takes. Either is at least what a commit brings, so
 * the index does not fall behind. */
static int index_step(const struct writer_thread *t)
{
	return t->saving.last_records > INDEX_ROWS_STEP ? BATCH_RECORDS_MAX : INDEX_ROWS_STEP;
}

static bool index_due(struct writer_thread *t)
{
	uint64_t lag = index_lag(t);
	return lag > 0 && (t->indexing.now || lag >= (uint64_t)index_step(t) ||
	                   now_ms() - t->indexing.lag_since_ms >= INDEX_DELAY_MS);
}

/* This and the next two take a step, where one is due. True: it was taken, and others may be due. */
static bool index_work(struct writer_thread *t)
{
	struct store_error err;
	if (t->stopping || !index_due(t) || (t->maintenance.failing && now_ms() < t->maintenance.at_ms))
		return false;
	if (store_index(t->w->store, index_step(t), &err) < 0) {
		maintenance_failed(t, "indexing", &err);
		return false;
	}
	t->maintenance.failing = false;
	t->indexing.lag_since_ms = index_lag(t) == 0 ? 0 : now_ms();
	t->indexing.now &= index_lag(t) != 0;
	progress_set(t);
	wal_grown(t->w);
	return true;
}

static void on_emptied(void *ctx, uint32_t room)
{
	struct writer_thread *t = ctx;
	struct writer_event e = {
		.kind = WRITER_ROOM_EMPTY,
		.room = room,
		.seq = store_last_seq(t->w->store),
	};
	notifications_post(&t->w->notifications, &e);
}

/* Takes rooms away that were removed. True: there is more to do. */
static bool remove_step(struct writer_thread *t)
{
	struct store_error err;
	if (!store_removes(t->w->store))
		return false;
	int n = store_remove(t->w->store, PRUNE_ROWS_STEP, &err);
	if (n < 0)
		maintenance_failed(t, "removing rooms", &err);
	return n > 0;
}

/* Takes lines away of those who wished it. True: there is more to do. */
static bool erase_step(struct writer_thread *t)
{
	struct store_error err;
	if (!store_erases(t->w->store))
		return false;
	int n = store_erase(t->w->store, PRUNE_ROWS_STEP, t->w->same, on_emptied, t, &err);
	if (n < 0)
		maintenance_failed(t, "deleting lines", &err);
	return n > 0;
}

/* -- what is old ----------------------------------------------------------------------- */

/* Where old lines wait, or do no longer, administrators are to know, and the core. */
static void retention_tell(struct writer_thread *t)
{
	static const char *const whys[] = {
		[RETENTION_CLOCK] = "the host's clock is more than 7 days ahead of the time noted last; "
		                    "nothing is deleted for its age until the clock is corrected or has "
		                    "been steady for a day. /prune --yes deletes old lines now",
		[RETENTION_MUCH] = "over a tenth of a room's lines became too old at once; they are kept "
		                   "for a day in case the clock or history_days is wrong. /prune --yes "
		                   "deletes them now",
	};
	uint32_t room;
	enum retention_why why = store_retention_why(t->w->store, &room);
	struct writer_event e = { .kind = WRITER_CLOCK, .low = why == RETENTION_CLOCK };
	if (why == t->pruning.waits)
		return;
	if ((why == RETENTION_CLOCK) != (t->pruning.waits == RETENTION_CLOCK))
		notifications_post(&t->w->notifications, &e);
	t->pruning.waits = why;
	if (why == RETENTION_GOES) {
		log_info("deleting old lines again");
		return;
	}
	log_warnx("%s", whys[why]);
	e = (struct writer_event){ .kind = WRITER_NOTICE, .reason = mem_strdup(whys[why]) };
	notifications_post(&t->w->notifications, &e);
}

/* At most once an hour, but for many. */
static void prune_log(struct writer_thread *t, int n)
{
	int64_t now = now_ms();
	t->pruning.count += (uint32_t)n;
	if (t->pruning.count == 0 || (t->pruning.count < OLD_LINES_MUCH && now < t->pruning.log_at_ms))
		return;
	store_wipe_want(t->w->store);
	log_info("deleted %u lines from the history: too old, or over the limit", t->pruning.count);
	t->pruning.count = 0;
	t->pruning.log_at_ms = now + PRUNED_LOG_MS;
}

/* Lines older than *before_ms may go; INT64_MIN: none. False: that is not known yet. */
static bool prune_bound(struct writer_thread *t, int64_t *before_ms)
{
	struct store_error err;
	struct clocks now = { clock_ms(CLOCK_REALTIME), clock_ms(CLOCK_BOOTTIME) };
	uint32_t days = t->w->limits.history_days;
	enum retention_look found = store_retention(t->w->store, &now, days, !t->pruning.running, &err);
	if (found == RETENTION_FAILS) {
		maintenance_failed(t, "looking for old lines", &err);
		return false;
	}
	if (found == RETENTION_LOOKS) {
		t->pruning.at_ms = 0;
		return false;
	}
	retention_tell(t);
	*before_ms = days && found == RETENTION_MAY ? now.wall_ms - days * DAY_MS : INT64_MIN;
	return true;
}

/* A step of a pass. True: it is not the last. */
static bool prune_step(struct writer_thread *t, int64_t before_ms)
{
	const struct writer_limits *l = &t->w->limits;
	struct clocks now = { clock_ms(CLOCK_REALTIME), clock_ms(CLOCK_BOOTTIME) };
	struct store_error err;
	int n = l->history_lines || store_has_room_retention(t->w->store)
		? store_count(t->w->store, COUNT_LINES_STEP, &err) : 0;
	if (n > 0)
		return true;
	if (n == 0)
		n = store_prune(t->w->store, before_ms, l->history_lines, PRUNE_ROWS_STEP,
		                on_emptied, t, &err);
	if (n >= PRUNE_ROWS_STEP) {
		prune_log(t, n);
		wal_grown(t->w);
		return true;
	}
	if (n < 0 || !store_retention_over(t->w->store, &now, &err))
		maintenance_failed(t, "pruning", &err);
	prune_log(t, n > 0 ? n : 0);
	return false;
}

static bool prune_work(struct writer_thread *t)
{
	struct store_error err;
	int64_t before_ms;
	if (t->stopping || t->saving.failing || now_ms() < t->pruning.at_ms || !queue_empty(t->w->queue))
		return false;
	t->pruning.at_ms = now_ms() + PRUNE_EVERY_MS;
	/* Also where nobody talks it is not long without a name. */
	if (!database_check(t, &err)) {
		saving_failed(t, &err);
		return false;
	}
	if (remove_step(t) || erase_step(t)) {
		t->pruning.at_ms = 0; /* it goes on after what waits by then */
		wal_grown(t->w);
		return true;
	}
	if (!prune_bound(t, &before_ms))
		return t->pruning.at_ms == 0;
	t->pruning.running = (t->w->limits.history_days || t->w->limits.history_lines ||
	              store_has_room_retention(t->w->store)) && prune_step(t, before_ms);
	if (t->pruning.running)
		t->pruning.at_ms = 0; /* here too */
	return t->pruning.running;
}

/* -- what was deleted -------------------------------------------------------------------- */

/* Beside a commit only where it has been due for long. */
static bool wipe_work(struct writer_thread *t, bool committed)
{
	struct store_error err;
	int64_t now = now_ms(), delay_ms = t->wiping.took_ms * WIPE_SHARE;
	if (!store_wipes(t->w->store)) {
		t->wiping.at_ms = 0;
		return false;
	}
	if (t->wiping.at_ms == 0) {
		t->wiping.at_ms = now + (delay_ms > WIPE_DELAY_MS ? delay_ms : WIPE_DELAY_MS);
		t->wiping.took_ms = 0;
	}
	/* Where people talk without a pause, what is saved waits for a step now and then. */
	bool late = now - t->wiping.at_ms > WIPE_PATIENCE_MS;
	if (t->stopping || t->saving.failing || now < t->wiping.at_ms ||
	    (!late && (committed || !queue_empty(t->w->queue))))
		return false;
	enum wipe_step step = store_wipe(t->w->store, WIPE_PAGES_STEP, &err);
	t->wiping.took_ms += now_ms() - now;
	switch (step) {
	case WIPE_GOES_ON:
		wal_grown(t->w);
		return true;
	case WIPE_WAITS:
		t->wiping.at_ms = now + WIPE_AGAIN_MS;
		return false;
	case WIPE_DONE:
		t->wiping.at_ms = 0;
		wal_grown(t->w);
		return false;
	case WIPE_FAILS:
		break;
	}
	maintenance_failed(t, "wiping what was deleted", &err);
	t->wiping.at_ms = now + RETRY_MS;
	return false;
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
	t->pruning.at_ms = t->disk.at_ms = 0;
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
	       atomic_load(&w->index_wanted) ||
	       (!t->stopping && atomic_load(&w->thread_stop));
}

/* Milliseconds until something is due without being woken. */
static int thread_timeout(struct writer_thread *t)
{
	int64_t now = now_ms(), at = t->pruning.at_ms;
	if (t->wiping.at_ms != 0 && t->wiping.at_ms < at)
		at = t->wiping.at_ms;
	if (t->disk.low && t->disk.at_ms < at)
		at = t->disk.at_ms;
	if (t->saving.failing) {
		at = t->saving.retry_at_ms;
	} else if (index_lag(t) > 0) {
		int64_t index_at = t->maintenance.failing ? t->maintenance.at_ms
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

/* All is saved: true once it lies where the next chatd finds it, or the time is over. */
static bool database_left(struct writer_thread *t)
{
	struct store_error err;
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
	if (!store_is_intact(w->store))
		database_lose(t, t->saving.why);
	return true;
}

void *writer_thread_main(void *arg)
{
	struct writer_thread t = { .w = arg, .saving.pause_ms = RETRY_MS };
	prctl(PR_SET_NAME, "chatd-writer");
	/* A short sleep is meant as it is; by default it is 50 us longer. */
	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
	t.pruning.at_ms = now_ms() + PRUNE_FIRST_MS;
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
		bool committed = batch_commit(&t);
		bool busy = committed;
		if (!t.saving.failing)
			busy |= index_work(&t) ||
			        (!committed && prune_work(&t)) || wipe_work(&t, committed);
		if (thread_ended(&t))
			return NULL;
		if (!busy)
			sleeper_sleep(&t.w->sleeper, thread_timeout(&t), thread_ready, &t);
	}
}
