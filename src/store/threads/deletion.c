/*
 * Deleting between commits, and wiping.
 */
#include "chatd/store/threads/deletion.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/clock.h"
#include "chatd/base/log.h"
#include "chatd/store/threads/writer_state.h"

enum {
	PRUNE_FIRST_MS = 5000,    /* after the start */
	PRUNE_EVERY_MS = 60000,   /* between two looks for old lines */
	WIPE_DELAY_MS = 30000,    /* more may be deleted by then, and the whole index is merged each
	                           * time */
	WIPE_SHARE = 20,          /* a pass waits this many times as long as the last one took, so
	                           * that somebody who goes on deleting takes no larger share of the
	                           * time */
	WIPE_PATIENCE_MS = 10000, /* how long it waits for a pause */
	WIPE_REST = 4,            /* between two steps without that, this many times as long as the step took */
	WIPE_AGAIN_MS = 1000,     /* until the next try to end, if somebody is reading, */
	WIPE_HELD_MS = 100,       /* or while searches are held; and until the next look whether the WAL can start
	                           * again */
	WIPE_PAGES_STEP = 16,     /* pages of the index that a step merges, which takes some ms */
	PRUNED_LOG_MS = HOUR_MS,  /* between two log lines about deleted lines, unless there were
	                           * many */
};

static int64_t now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

/* Logged once, until a step succeeds. */
static void deletion_failed(struct deletion *d, const char *what, const struct store_error *err)
{
	if (!d->failing)
		log_warnx("%s failed: %s; will try again", what, err->text);
	d->failing = true;
}

/* -- removed rooms, and people who asked for it ---------------------------------------- */

static void on_emptied(void *ctx, uint32_t room)
{
	struct deletion *d = ctx;
	struct writer_event e = {
		.kind = WRITER_ROOM_EMPTY,
		.room = room,
		.seq = store_last_seq(d->w->store),
	};
	notifications_post(&d->w->notifications, &e);
}

/* Deletes removed rooms. True: there is more to do. */
static bool remove_step(struct deletion *d)
{
	struct store_error err;
	if (!store_removes(d->w->store))
		return false;
	int n = store_remove(d->w->store, PRUNE_ROWS_STEP, &err);
	if (n < 0)
		deletion_failed(d, "removing rooms", &err);
	return n > 0;
}

/* Deletes the lines of people who asked for that. True: there is more to do. */
static bool erase_step(struct deletion *d)
{
	struct store_error err;
	if (!store_erases(d->w->store))
		return false;
	int n = store_erase(d->w->store, PRUNE_ROWS_STEP, d->w->same, on_emptied, d, &err);
	if (n < 0)
		deletion_failed(d, "deleting lines", &err);
	return n > 0;
}

/* -- old lines ------------------------------------------------------------------------- */

/* Tells administrators, and the core, that old lines are kept for now, or no longer. */
static void retention_tell(struct deletion *d)
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
	enum retention_why why = store_retention_why(d->w->store, &room);
	struct writer_event e = { .kind = WRITER_CLOCK, .low = why == RETENTION_CLOCK };
	if (why == d->pruning.waits)
		return;
	if ((why == RETENTION_CLOCK) != (d->pruning.waits == RETENTION_CLOCK))
		notifications_post(&d->w->notifications, &e);
	d->pruning.waits = why;
	if (why == RETENTION_GOES) {
		log_info("deleting old lines again");
		return;
	}
	log_warnx("%s", whys[why]);
	e = (struct writer_event){ .kind = WRITER_NOTICE, .reason = mem_strdup(whys[why]) };
	notifications_post(&d->w->notifications, &e);
}

/* Logs at most once an hour, unless there are many. */
static void prune_log(struct deletion *d, int n)
{
	int64_t now = now_ms();
	d->pruning.count += (uint32_t)n;
	if (d->pruning.count == 0 || (d->pruning.count < OLD_LINES_MUCH && now < d->pruning.log_at_ms))
		return;
	store_wipe_want(d->w->store);
	log_info("deleted %u lines from the history: too old, or over the limit", d->pruning.count);
	d->pruning.count = 0;
	d->pruning.log_at_ms = now + PRUNED_LOG_MS;
}

/* Lines older than *before_ms may be deleted; INT64_MIN: none. False: that is not known yet. */
static bool prune_bound(struct deletion *d, int64_t *before_ms)
{
	struct store_error err;
	struct clocks now = { clock_ms(CLOCK_REALTIME), clock_ms(CLOCK_BOOTTIME) };
	uint32_t days = d->w->limits.history_days;
	enum retention_look found = store_retention(d->w->store, &now, days, !d->pruning.running, &err);
	if (found == RETENTION_FAILS) {
		deletion_failed(d, "looking for old lines", &err);
		return false;
	}
	if (found == RETENTION_LOOKS) {
		d->pruning.at_ms = 0;
		return false;
	}
	retention_tell(d);
	*before_ms = days && found == RETENTION_MAY ? now.wall_ms - days * DAY_MS : INT64_MIN;
	return true;
}

/* A step of a pass. True: it is not the last. */
static bool prune_step(struct deletion *d, int64_t before_ms)
{
	const struct writer_limits *l = &d->w->limits;
	struct clocks now = { clock_ms(CLOCK_REALTIME), clock_ms(CLOCK_BOOTTIME) };
	struct store_error err;
	int n = l->history_lines || store_has_room_retention(d->w->store)
		? store_count(d->w->store, COUNT_LINES_STEP, &err) : 0;
	if (n > 0)
		return true;
	if (n == 0)
		n = store_prune(d->w->store, before_ms, l->history_lines, PRUNE_ROWS_STEP,
		                on_emptied, d, &err);
	if (n >= PRUNE_ROWS_STEP) {
		prune_log(d, n);
		wal_grown(d->w);
		return true;
	}
	if (n >= 0 && store_retention_over(d->w->store, &now, &err))
		d->failing = false;
	else
		deletion_failed(d, "pruning", &err);
	prune_log(d, n > 0 ? n : 0);
	return false;
}

bool deletion_due(const struct deletion *d)
{
	return now_ms() >= d->pruning.at_ms;
}

bool deletion_step(struct deletion *d)
{
	int64_t before_ms;
	d->pruning.at_ms = now_ms() + PRUNE_EVERY_MS;
	if (remove_step(d) || erase_step(d)) {
		d->failing = false;
		d->pruning.at_ms = 0; /* goes on after what is waiting by then */
		wal_grown(d->w);
		return true;
	}
	if (!prune_bound(d, &before_ms))
		return d->pruning.at_ms == 0;
	d->pruning.running = (d->w->limits.history_days || d->w->limits.history_lines ||
	                      store_has_room_retention(d->w->store)) && prune_step(d, before_ms);
	if (d->pruning.running)
		d->pruning.at_ms = 0; /* here too */
	return d->pruning.running;
}

/* -- wiping ------------------------------------------------------------------------- */

/* While somebody reads and the WAL cannot start again, a step would only add to it, and all of them the whole index.
 * True: it waits. */
static bool wipe_is_held(struct deletion *d, int64_t now)
{
	int pages = store_wal_pages(d->w->store);
	if (now < d->wiping.held_ms)
		return true;
	if (pages <= WAL_PAGES_HOLD)
		return false;
	wal_hold_searches(d->w);
	if (wal_start_again(d->w))
		return false;
	d->wiping.held_ms = now_ms() + WIPE_HELD_MS; /* after that, as it may take long */
	return true;
}

bool deletion_wipe(struct deletion *d, bool busy)
{
	struct store_error err;
	int64_t now = now_ms(), delay_ms = d->wiping.took_ms * WIPE_SHARE;
	if (!store_wipes(d->w->store)) {
		d->wiping.at_ms = 0;
		return false;
	}
	if (d->wiping.at_ms == 0) {
		d->wiping.at_ms = now + (delay_ms > WIPE_DELAY_MS ? delay_ms : WIPE_DELAY_MS);
		d->wiping.took_ms = 0;
	}
	/* If people talk without a pause, saving waits for a step now and then. */
	bool late = now - d->wiping.at_ms > WIPE_PATIENCE_MS;
	if (now < d->wiping.at_ms || (!late && (busy || !queue_empty(d->w->queue))) || wipe_is_held(d, now))
		return false;
	if (!store_is_intact(d->w->store)) { /* it is about to be rebuilt */
		d->wiping.held_ms = now + WIPE_AGAIN_MS;
		return false;
	}
	enum wipe_step step = store_wipe(d->w->store, WIPE_PAGES_STEP, &err);
	int64_t took_ms = now_ms() - now;
	d->wiping.took_ms += took_ms;
	d->failing &= step == WIPE_FAILS;
	switch (step) {
	case WIPE_GOES_ON:
		if (late)
			d->wiping.at_ms = now + took_ms - WIPE_PATIENCE_MS + took_ms * WIPE_REST;
		wal_grown(d->w);
		return true;
	case WIPE_WAITS:
		wal_hold_searches(d->w);
		/* And not at_ms: a late one stays late. */
		d->wiping.held_ms = now_ms() + (wal_searches_held_ms(d->w) > 0 ? WIPE_HELD_MS : WIPE_AGAIN_MS);
		return false;
	case WIPE_DONE:
		wal_let_searches(d->w);
		d->wiping.at_ms = 0;
		wal_grown(d->w);
		return false;
	case WIPE_FAILS:
		break;
	}
	deletion_failed(d, "wiping what was deleted", &err);
	/* If the disk is full, the next step needs the WAL's space. */
	if (!wal_give_back(d->w))
		wal_start_again(d->w);
	d->wiping.at_ms = now + RETRY_MS;
	return false;
}

/* -- when ------------------------------------------------------------------------------- */

void deletion_start(struct deletion *d, struct writer *w)
{
	*d = (struct deletion){ .w = w };
	d->pruning.at_ms = now_ms() + PRUNE_FIRST_MS;
}

void deletion_wanted(struct deletion *d)
{
	d->pruning.at_ms = 0;
}

int64_t deletion_next_ms(const struct deletion *d)
{
	int64_t wipe_ms = d->wiping.at_ms > d->wiping.held_ms ? d->wiping.at_ms : d->wiping.held_ms;
	return d->wiping.at_ms != 0 && wipe_ms < d->pruning.at_ms ? wipe_ms : d->pruning.at_ms;
}
