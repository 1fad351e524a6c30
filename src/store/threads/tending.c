/*
 * What the thread that writes does between commits: it feeds the full-text index, prunes, looks
 * whether the disk is nearly full, and whether the database is still in its place where nobody
 * talks.
 *
 * In steps, each a transaction of its own: what is said by people comes first, and the queue is
 * looked at after each.
 */
#include "chatd/store/threads/writer_threads.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/store/db/clock.h"

#include <stdio.h>

enum {
	PRUNE_EVERY_MS = 60000,   /* between two looks for old lines */
	WIPE_DELAY_MS = 30000,    /* more may be deleted by then, and all of the index is merged each time */
	WIPE_SHARE = 20,          /* a pass begins after so many times as long as the last took, so that
	                           * whoever goes on deleting takes no more than one part in so many */
	WIPE_PATIENCE_MS = 10000, /* that it waits for a pause */
	WIPE_AGAIN_MS = 1000,     /* where somebody reads */
	WIPE_PAGES_STEP = 16,     /* of the index that a step merges: it takes some ms */
	PRUNED_LOG_MS = 3600000,  /* between two words in the log about what went, if it is not many */
	DISK_EVERY_MS = 1000,     /* between two looks at the disk while there is something to do */
	RESERVE_MORE = 8,         /* so much of the reserve, one part in so many, must be free beside it
	                           * before saving goes on */
	RESERVE_LOOKS = 16,       /* the disk is looked at sooner where so much of it was saved, one part
	                           * in so many: what is written for a record is a few times as much */
};

#define DAY_MS INT64_C(86400000)

/* -- the disk ---------------------------------------------------------------------- */

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

void writing_tell_low(struct writing *t)
{
	struct store_error why;
	char left[32], reserve[32];
	snprintf(why.text, sizeof(why.text), "the disk is nearly full; %s are free on the disk of "
	         "the database, and disk_reserve keeps %s free: nothing that is said is saved until "
	         "there is more",
	         bytes_shown(store_free_bytes(t->w->store), left),
	         bytes_shown(t->w->limits.disk_reserve, reserve));
	log_errx("%s", why.text);
	struct writer_event e = { .kind = WRITER_FAILED, .low = true, .reason = mem_strdup(why.text) };
	writer_tell(t->w, &e);
}

void writing_look_at_disk(struct writing *t)
{
	uint64_t reserve = t->w->limits.disk_reserve;
	int64_t now_ms = clock_ms(CLOCK_MONOTONIC);
	if (now_ms < t->disk_at_ms && (!reserve || t->disk_bytes < reserve / RESERVE_LOOKS))
		return;
	t->disk_at_ms = now_ms + DISK_EVERY_MS;
	t->disk_bytes = 0;
	uint64_t least = reserve + (t->low ? reserve / RESERVE_MORE : 0);
	bool low = reserve > 0 && store_free_bytes(t->w->store) < least;
	if (low == t->low)
		return;
	t->low = low;
	/* Where nothing can be saved at all, that has been said, and is said anew when it ends. */
	if (t->failing)
		return;
	if (low)
		writing_tell_low(t);
	else
		writing_back(t);
}

/* -- steps between commits ----------------------------------------------------------- */

static void upkeep_failed(struct writing *t, const char *what, const struct store_error *err)
{
	t->upkeep_at_ms = clock_ms(CLOCK_MONOTONIC) + RETRY_MS;
	if (!t->upkeep_failing)
		log_warnx("%s fails: %s; it is tried again", what, err->text);
	t->upkeep_failing = true;
}

/* How many lines the index takes at once. A large step costs less a line; where commits
 * are large, nobody notices how long it takes. Either is at least what a commit brings, so
 * the index does not fall behind. */
static int index_step(const struct writing *t)
{
	return t->last_records > INDEX_ROWS_STEP ? BATCH_RECORDS_MAX : INDEX_ROWS_STEP;
}

static bool index_due(struct writing *t)
{
	uint64_t lag = writing_lag(t);
	return lag > 0 && (t->index_now || lag >= (uint64_t)index_step(t) ||
	                   clock_ms(CLOCK_MONOTONIC) - t->lag_since_ms >= INDEX_DELAY_MS);
}

bool writing_index(struct writing *t)
{
	struct store_error err;
	if (t->stopping || !index_due(t) || (t->upkeep_failing && clock_ms(CLOCK_MONOTONIC) < t->upkeep_at_ms))
		return false;
	if (store_index(t->w->store, index_step(t), &err) < 0) {
		upkeep_failed(t, "indexing", &err);
		return false;
	}
	t->upkeep_failing = false;
	t->lag_since_ms = writing_lag(t) == 0 ? 0 : clock_ms(CLOCK_MONOTONIC);
	t->index_now &= writing_lag(t) != 0;
	writing_share(t);
	writing_wal(t->w);
	return true;
}

static void on_emptied(void *ctx, uint32_t room)
{
	struct writing *t = ctx;
	struct writer_event e = {
		.kind = WRITER_ROOM_EMPTY,
		.room = room,
		.seq = store_last_seq(t->w->store),
	};
	writer_tell(t->w, &e);
}

/* Takes rooms away that were removed. True: there is more to do. */
static bool remove_step(struct writing *t)
{
	struct store_error err;
	if (!store_removes(t->w->store))
		return false;
	int n = store_remove(t->w->store, PRUNE_ROWS_STEP, &err);
	if (n < 0)
		upkeep_failed(t, "removing rooms", &err);
	return n > 0;
}

/* Takes lines away of those who wished it. True: there is more to do. */
static bool erase_step(struct writing *t)
{
	struct store_error err;
	if (!store_erases(t->w->store))
		return false;
	int n = store_erase(t->w->store, PRUNE_ROWS_STEP, t->w->same, on_emptied, t, &err);
	if (n < 0)
		upkeep_failed(t, "deleting lines", &err);
	return n > 0;
}

/* -- what is old ----------------------------------------------------------------------- */

/* Where old lines wait, or do no longer, administrators are to know, and the core. */
static void tell_waits(struct writing *t)
{
	static const char *const whys[] = {
		[RETENTION_CLOCK] = "the host's clock is more than 7 days ahead of the last time noted; "
		                    "nothing is deleted for its age until the clock is corrected or has "
		                    "been steady for a day. /prune --yes deletes it now",
		[RETENTION_MUCH] = "over a tenth of a room's lines became too old at once; they are kept "
		                   "for a day in case the clock or history_days is wrong. /prune --yes "
		                   "deletes them now",
	};
	uint32_t room;
	enum retention_why why = store_retention_why(t->w->store, &room);
	struct writer_event e = { .kind = WRITER_CLOCK, .low = why == RETENTION_CLOCK };
	if (why == t->waits)
		return;
	if ((why == RETENTION_CLOCK) != (t->waits == RETENTION_CLOCK))
		writer_tell(t->w, &e);
	t->waits = why;
	if (why == RETENTION_GOES) {
		log_info("old lines are deleted again");
		return;
	}
	log_warnx("%s", whys[why]);
	e = (struct writer_event){ .kind = WRITER_NOTICE, .reason = mem_strdup(whys[why]) };
	writer_tell(t->w, &e);
}

/* At most once an hour, but for many. */
static void tell_pruned(struct writing *t, int n)
{
	int64_t now_ms = clock_ms(CLOCK_MONOTONIC);
	t->pruned += (uint32_t)n;
	if (t->pruned == 0 || (t->pruned < OLD_LINES_MUCH && now_ms < t->pruned_log_ms))
		return;
	store_wipe_want(t->w->store);
	log_info("%u lines were deleted from the history: too old, or more than are kept", t->pruned);
	t->pruned = 0;
	t->pruned_log_ms = now_ms + PRUNED_LOG_MS;
}

/* Lines older than *before_ms may go; INT64_MIN: none. False: that is not known yet. */
static bool what_is_old(struct writing *t, int64_t *before_ms)
{
	struct store_error err;
	struct clocks now = { clock_ms(CLOCK_REALTIME), clock_ms(CLOCK_BOOTTIME) };
	uint32_t days = t->w->limits.history_days;
	enum retention_look look = store_retention(t->w->store, &now, days, !t->pruning, &err);
	if (look == RETENTION_FAILS) {
		upkeep_failed(t, "looking for old lines", &err);
		return false;
	}
	if (look == RETENTION_LOOKS) {
		t->prune_at_ms = 0;
		return false;
	}
	tell_waits(t);
	*before_ms = days && look == RETENTION_MAY ? now.wall_ms - (int64_t)days * DAY_MS : INT64_MIN;
	return true;
}

/* A step of a pass. True: it is not the last. */
static bool prune_step(struct writing *t, int64_t before_ms)
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
		tell_pruned(t, n);
		writing_wal(t->w);
		return true;
	}
	if (n < 0 || !store_retention_over(t->w->store, &now, &err))
		upkeep_failed(t, "pruning", &err);
	tell_pruned(t, n > 0 ? n : 0);
	return false;
}

bool writing_prune(struct writing *t)
{
	struct store_error err;
	int64_t before_ms;
	if (t->stopping || t->failing || clock_ms(CLOCK_MONOTONIC) < t->prune_at_ms || !queue_empty(t->w->queue))
		return false;
	t->prune_at_ms = clock_ms(CLOCK_MONOTONIC) + PRUNE_EVERY_MS;
	/* Also where nobody talks it is not long without a name. */
	if (!writing_in_place(t, &err)) {
		writing_failed(t, &err);
		return false;
	}
	if (remove_step(t) || erase_step(t)) {
		t->prune_at_ms = 0; /* it goes on after what waits by then */
		writing_wal(t->w);
		return true;
	}
	if (!what_is_old(t, &before_ms))
		return t->prune_at_ms == 0;
	t->pruning = (t->w->limits.history_days || t->w->limits.history_lines ||
	              store_has_room_retention(t->w->store)) && prune_step(t, before_ms);
	if (t->pruning)
		t->prune_at_ms = 0; /* here too */
	return t->pruning;
}

/* -- what was deleted -------------------------------------------------------------------- */

bool writing_wipe(struct writing *t, bool committed)
{
	struct store_error err;
	int64_t now_ms = clock_ms(CLOCK_MONOTONIC), delay_ms = t->wipe_took_ms * WIPE_SHARE;
	if (!store_wipes(t->w->store)) {
		t->wipe_at_ms = 0;
		return false;
	}
	if (t->wipe_at_ms == 0) {
		t->wipe_at_ms = now_ms + (delay_ms > WIPE_DELAY_MS ? delay_ms : WIPE_DELAY_MS);
		t->wipe_took_ms = 0;
	}
	/* Where people talk without a pause, what is saved waits for a step now and then. */
	bool late = now_ms - t->wipe_at_ms > WIPE_PATIENCE_MS;
	if (t->stopping || t->failing || now_ms < t->wipe_at_ms ||
	    (!late && (committed || !queue_empty(t->w->queue))))
		return false;
	enum wipe_step step = store_wipe(t->w->store, WIPE_PAGES_STEP, &err);
	t->wipe_took_ms += clock_ms(CLOCK_MONOTONIC) - now_ms;
	switch (step) {
	case WIPE_GOES_ON:
		writing_wal(t->w);
		return true;
	case WIPE_WAITS:
		t->wipe_at_ms = now_ms + WIPE_AGAIN_MS;
		return false;
	case WIPE_DONE:
		t->wipe_at_ms = 0;
		writing_wal(t->w);
		return false;
	case WIPE_FAILS:
		break;
	}
	upkeep_failed(t, "wiping what was deleted", &err);
	t->wipe_at_ms = now_ms + RETRY_MS;
	return false;
}
