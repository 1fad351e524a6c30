/*
 * The thread that writes: takes all that waits, commits it as one transaction,
 * and says so. Between commits it feeds the full-text index and prunes.
 *
 * What is said by people comes first: indexing and pruning go in steps, and the
 * queue is looked at after each. A step of indexing follows a commit where there
 * are lines enough for one, or when lines have waited for it; that balances
 * itself: what arrives during the two is the next commit.
 */
#include "chatd/store/threads/writer_threads.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/store/db/clock.h"

#include <limits.h>
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
	RESTORE_BYTES_QUICK = 64 << 20, /* a larger database is not written anew without a word */
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

void writing_share(struct writing *t)
{
	struct writer *w = t->w;
	pthread_mutex_lock(&w->mutex);
	w->stored_shared = store_last_seq(w->store);
	w->indexed_shared = store_indexed(w->store);
	w->failing_shared = t->failing;
	atomic_store(&w->reindexing, store_reindexes(w->store));
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->mutex);
}

uint64_t writing_lag(struct writing *t)
{
	return store_last_seq(t->w->store) - store_indexed(t->w->store);
}

/* -- saving --------------------------------------------------------------------- */

void writing_failed(struct writing *t, const struct store_error *err)
{
	t->retry_at_ms = now_ms() + (t->stopping ? RETRY_STOPPING_MS : t->pause_ms);
	if (t->failing && strcmp(t->why, err->text) == 0)
		return;
	t->failing = true;
	strcpy(t->why, err->text);
	log_errx("nothing can be saved: %s; what waits is kept and tried again", err->text);
	writing_share(t);
	struct writer_event e = { .kind = WRITER_FAILED, .reason = mem_strdup(err->text) };
	writer_tell(t->w, &e);
}

void writing_back(struct writing *t)
{
	t->failing = false;
	if (t->low) {
		writing_tell_low(t);
		return;
	}
	log_info("saving works again");
	struct writer_event e = { .kind = WRITER_BACK };
	writer_tell(t->w, &e);
}

bool writing_in_place(struct writing *t, struct store_error *err)
{
	struct store *s = t->w->store;
	if (atomic_exchange(&t->w->doubted, false))
		store_doubt(s);
	if (store_is_intact(s))
		return true;
	bool large = !store_replaced(s) && store_bytes(s) > RESTORE_BYTES_QUICK;
	if (large && !t->failing) {
		struct store_error word = { .text = "the database is written anew, which takes a while" };
		writing_failed(t, &word);
	}
	if (!store_rebuild(s, err)) {
		t->pause_ms = !large ? RETRY_MS : t->pause_ms < RETRY_MS_MAX / 2 ? t->pause_ms * 2
		                                                                 : RETRY_MS_MAX;
		return false;
	}
	t->pause_ms = RETRY_MS;
	atomic_fetch_add(&t->w->generation, 1);
	for (int i = 0; i < READING_SECRETS; i++)
		sleeper_wake(&t->w->reading[i].sleeper);
	log_warnx("%s", err->text);
	struct writer_event e = { .kind = WRITER_NOTICE, .reason = mem_strdup(err->text) };
	writer_tell(t->w, &e);
	return true;
}

/* Takes the batch's lines while they are still there; they are written later. */
static void writing_chatlog(struct writer *w, const struct queue_mark *end)
{
	struct queue_mark at = queue_first(w->queue);
	struct record r;
	if (!w->chatlog)
		return;
	while (at.records < end->records && queue_next(w->queue, &at, &r))
		chatlog_add(w->chatlog, &r);
}

void writing_wal(struct writer *w)
{
	int pages = store_wal_pages(w->store), copied = atomic_load(&w->wal_copied);
	atomic_store(&w->wal_pages, pages);
	if (pages > WAL_PAGES_MAX) {
		/* Nobody writes meanwhile: it starts anew after this. */
		if (!store_checkpoint(w->store))
			store_doubt(w->store);
	} else if (pages - (pages < copied ? 0 : copied) >= WAL_PAGES_COPY) {
		sleeper_wake(&w->reading[READING_RANGES].sleeper);
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
static void writing_gather(struct writing *t)
{
	struct queue *q = t->w->queue;
	int64_t left_us = t->committed_us + GATHER_RELAXED_US - clock_us();
	uint64_t before = 0, now = queue_waiting(q);
	if (t->stopping || t->failing || queue_half_full(q))
		return;
	if (t->w->relaxed && left_us > 0)
		sleep_us(left_us);
	if (t->w->relaxed || t->last_records < GATHER_RECORDS ||
	    clock_us() - t->committed_us > GATHER_FRESH_US)
		return;
	for (int i = 0; i < GATHER_STEPS && now < t->last_records && now > before; i++) {
		sleep_us(GATHER_STEP_US);
		before = now;
		now = queue_waiting(q);
	}
}

/* Saves up to a batch of what waits, and moves end behind it. */
static bool writing_save(struct writing *t, struct queue_mark *end, struct store_error *err)
{
	struct writer *w = t->w;
	struct record r[SAVE_RECORDS];
	size_t n = 0, all = 0;
	do {
		for (n = 0; n < SAVE_RECORDS && queue_next(w->queue, end, &r[n]); n++)
			if (r[n].kind == RECORD_REMOVE || r[n].kind == RECORD_PRUNE || r[n].kind == RECORD_ERASE)
				t->prune_at_ms = 0; /* lines begin to go soon after */
		if (!store_save(w->store, r, n, err))
			return false;
		all += n;
	} while (n == SAVE_RECORDS && all < BATCH_RECORDS_MAX);
	return true;
}

/* Saves what waits. False: nothing waited, or it failed. */
static bool writing_batch(struct writing *t)
{
	struct writer *w = t->w;
	struct store_error err;
	struct queue_mark first = queue_first(w->queue), end = first;
	/* While it fails an empty batch is tried as well, for it ends the failing. */
	if (t->failing ? now_ms() < t->retry_at_ms : queue_empty(w->queue))
		return false;
	writing_gather(t);
	if (!writing_in_place(t, &err) || !store_begin(w->store, &err) || !writing_save(t, &end, &err) ||
	    !store_commit(w->store, &err)) {
		writing_failed(t, &err);
		return false;
	}
	t->last_records = end.records - first.records;
	t->disk_bytes += end.at - first.at;
	t->committed_us = clock_us();
	writing_chatlog(w, &end);
	queue_drop(w->queue, &end); /* before the loop is told, which looks for room then */
	if (t->failing)
		writing_back(t);
	if (!t->lag_since_ms)
		t->lag_since_ms = now_ms();
	/* The loop first: an answer that shows a line must not overtake the word that it is
	 * stored. */
	writer_tell_stored(w, store_last_seq(w->store));
	writing_share(t);
	/* After that, so that nobody waits for another file than the database. */
	if (w->chatlog)
		chatlog_flush(w->chatlog);
	writing_wal(w);
	return true;
}

/* -- the thread's life -------------------------------------------------------------- */

static void writing_reload(struct writing *t)
{
	struct writer *w = t->w;
	struct store_error err;
	struct reload *r = atomic_exchange(&w->reload, NULL);
	if (!r)
		return;
	w->limits = r->limits;
	t->prune_at_ms = t->disk_at_ms = 0;
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

static bool writing_ready(void *ctx)
{
	struct writing *t = ctx;
	struct writer *w = t->w;
	return (!t->failing && !queue_empty(w->queue)) || atomic_load(&w->reload) ||
	       atomic_load(&w->index_wanted) ||
	       (!t->stopping && atomic_load(&w->writing_stop));
}

/* Milliseconds until something is due without being woken. */
static int writing_timeout(struct writing *t)
{
	int64_t now = now_ms(), at = t->prune_at_ms;
	if (t->wipe_at_ms != 0 && t->wipe_at_ms < at)
		at = t->wipe_at_ms;
	if (t->low && t->disk_at_ms < at)
		at = t->disk_at_ms;
	if (t->failing) {
		at = t->retry_at_ms;
	} else if (writing_lag(t) > 0) {
		int64_t index_at = t->upkeep_failing ? t->upkeep_at_ms
		                                     : t->lag_since_ms + INDEX_DELAY_MS;
		at = index_at < at ? index_at : at;
	}
	if (at <= now)
		return 0;
	return at - now > INT_MAX ? INT_MAX : (int)(at - now);
}

static void writing_lose(struct writing *t, const char *why)
{
	log_errx("%s: what was saved is in the old file alone, and lost where that was removed", why);
	t->w->lost = true;
}

/* All is saved: true once it lies where the next chatd finds it, or the time is over. */
static bool writing_left(struct writing *t)
{
	struct store_error err;
	if (writing_in_place(t, &err))
		return true;
	if (now_ms() < t->w->stop_by_ms) {
		sleep_us(RETRY_STOPPING_MS * INT64_C(1000));
		return false;
	}
	writing_lose(t, err.text);
	return true;
}

static bool writing_ended(struct writing *t)
{
	struct writer *w = t->w;
	if (!t->stopping)
		return false;
	if (queue_empty(w->queue))
		return writing_left(t);
	if (!t->failing || now_ms() < w->stop_by_ms)
		return false;
	struct queue_mark at = queue_first(w->queue);
	struct record r;
	unsigned lost = 0;
	while (queue_next(w->queue, &at, &r))
		lost++;
	log_errx("%u records could not be saved and are lost", lost);
	w->lost = true;
	if (!store_is_intact(w->store))
		writing_lose(t, t->why);
	return true;
}

void *writing_main(void *arg)
{
	struct writing t = { .w = arg, .pause_ms = RETRY_MS };
	prctl(PR_SET_NAME, "chatd-writer");
	/* A short sleep is meant as it is; by default it is 50 us longer. */
	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
	t.prune_at_ms = now_ms() + PRUNE_FIRST_MS;
	t.lag_since_ms = now_ms();
	for (;;) {
		if (!t.stopping && atomic_load(&t.w->writing_stop)) {
			t.stopping = true;
			t.retry_at_ms = 0; /* one more try at once */
		}
		if (atomic_exchange(&t.w->index_wanted, false))
			t.index_now = true;
		writing_reload(&t);
		writing_look_at_disk(&t);
		bool committed = writing_batch(&t);
		bool busy = committed;
		if (!t.failing)
			busy |= writing_index(&t) ||
			        (!committed && writing_prune(&t)) || writing_wipe(&t, committed);
		if (writing_ended(&t))
			return NULL;
		if (!busy)
			sleeper_sleep(&t.w->writing, writing_timeout(&t), writing_ready, &t);
	}
}
