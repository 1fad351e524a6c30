/*
 * Whether lines may be deleted for their age: deletion is final, and a single look at a clock is no
 * reason for it.
 *
 * Owns the numbers in `meta` that begin with "clock" and "old". They are written once an hour and
 * when something changes, in transactions of their own.
 */
#include "chatd/store/db/retention.h"

#include "chatd/base/bounds.h"
#include "chatd/base/clock.h"
#include "chatd/store/db/state.h"

#include <stdlib.h>

enum {
	CLOCK_STEP_MS = MINUTE_MS,  /* two clocks that differ by more have not run in step */
	CLOCK_SAVE_MS = HOUR_MS,    /* between two notes of the time */
	OLD_ROOMS_STEP = 500,       /* rooms that one step looks at */
};

/* A time in a database may be anything. */
static int64_t meta_time(struct store *s, const char *key, int64_t none)
{
	int64_t ms = db_meta(&s->db, key, none);
	return ms < 0 ? 0 : ms > TIME_MS_MAX ? TIME_MS_MAX : ms;
}

enum retention_why retention_saved_why(struct store *s)
{
	int64_t why = db_meta(&s->db, "old_wait", RETENTION_GOES);
	return why == RETENTION_CLOCK || why == RETENTION_MUCH ? (enum retention_why)why : RETENTION_GOES;
}

/* Lines carry the time when they were said, so the newest is as good as a note if an older chatd
 * left none. */
static void load(struct store *s)
{
	struct retention *r = &s->retention;
	r->good_ms = meta_time(s, "clock", s->transaction.saved.time_max_ms);
	r->seen_ms = meta_time(s, "clock_seen", 0);
	r->agreed_ms = meta_time(s, "clock_agreed", 0);
	r->waits = retention_saved_why(s);
	r->room = (uint32_t)db_meta(&s->db, "old_room", 0);
	r->granted = db_meta(&s->db, "old_granted", 0) != 0;
	r->looked = false;
	r->from_room = 0;
	r->loaded = true;
}

static bool note(struct store *s, const struct clocks *now)
{
	struct retention *r = &s->retention;
	bool ok = transaction_begin_unsynced(s) &&
	          db_meta_set(&s->db, "clock", r->good_ms) &&
	          db_meta_set(&s->db, "clock_seen", now->wall_ms) &&
	          db_meta_set(&s->db, "clock_agreed", r->agreed_ms) &&
	          db_meta_set(&s->db, "old_wait", r->waits) &&
	          db_meta_set(&s->db, "old_room", r->room) &&
	          db_meta_set(&s->db, "old_granted", r->granted) &&
	          db_run(db_stmt(&s->db, SQL_COMMIT));
	r->seen_ms = now->wall_ms;
	r->noted_ms = now->boot_ms;
	return ok;
}

bool retention_doubts(const struct store *s, int64_t wall_ms)
{
	const struct retention *r = &s->retention;
	return r->loaded && r->good_ms != 0 && wall_ms > r->good_ms + CLOCK_AHEAD_DAYS * DAY_MS;
}

bool retention_record(struct store *s, const struct record *r)
{
	/* What it knew may have been rolled back: read it again. */
	s->retention.loaded = false;
	return db_meta_set(&s->db, "clock", r->time_ms) && db_meta_set(&s->db, "old_wait", RETENTION_GOES) &&
	       db_meta_set(&s->db, "old_granted", 1);
}

/* -- rooms that would lose many lines --------------------------------------------------- */

/* The room's line at that offset, from 0, is older than before_ms. -1: error. */
static int old_at(struct store *s, uint32_t room, int64_t offset, int64_t before_ms)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_LINE_AT);
	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, room);
	sqlite3_bind_int64(st, 2, offset);
	s->db.error = SQLITE_OK;
	int64_t time_ms = db_number(&s->db, st, INT64_MAX);
	return s->db.error != SQLITE_OK ? -1 : time_ms < before_ms;
}

/* Whether over a tenth of its lines, and over OLD_LINES_MUCH, are older than days. -1: error. */
static int loses_much(struct store *s, uint32_t room, int64_t wall_ms, uint32_t days)
{
	int64_t before_ms = wall_ms - (int64_t)days * DAY_MS;
	if (!days)
		return 0;
	int old = old_at(s, room, 0, before_ms);
	if (old > 0)
		old = old_at(s, room, OLD_LINES_MUCH, before_ms);
	if (old <= 0)
		return old;
	int64_t lines = known_rooms_lines(&s->rooms, room);
	if (lines < 0) {
		sqlite3_stmt *st = db_stmt(&s->db, SQL_ROOM_COUNT);
		if (!st)
			return -1;
		sqlite3_bind_int64(st, 1, room);
		lines = db_number(&s->db, st, -1);
	}
	return lines < 0 ? -1 : old_at(s, room, lines / OLD_PARTS, before_ms);
}

/* 1: the room with s->retention.room would lose much; 0: none would; -1: error; 2: there are more
 * rooms to look at. */
static int look_at_rooms(struct store *s, int64_t wall_ms, uint32_t days)
{
	struct retention *r = &s->retention;
	struct room_retention *list = NULL;
	size_t n = 0;
	int much = 0, rooms = 0, rc = SQLITE_ERROR;
	sqlite3_stmt *st = db_stmt(&s->db, SQL_ROOM_IDS);
	if (!st || (s->room_retentions.some && !room_retention_load(s, &list, &n))) {
		free(list);
		return -1;
	}
	sqlite3_bind_int64(st, 1, r->from_room);
	while (much == 0 && rooms++ < OLD_ROOMS_STEP && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		r->room = (uint32_t)sqlite3_column_int64(st, 0);
		const struct room_retention *k = room_retention_find(list, n, r->room);
		much = loses_much(s, r->room, wall_ms, k && k->days ? k->days : days);
	}
	sqlite3_reset(st);
	free(list);
	if (much == 0 && rc == SQLITE_ROW)
		much = 2;
	r->from_room = much == 2 ? r->room + 1 : 0;
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? much : -1;
}

/* -- a look ---------------------------------------------------------------------------- */

/* Compares the clocks since the last look, or since the last note of the previous run. */
static void mind_agreement(struct retention *r, const struct clocks *now)
{
	int64_t passed_ms = r->looked ? now->boot_ms - r->boot_ms : 0;
	int64_t off_ms = r->looked ? now->wall_ms - r->wall_ms - passed_ms : 0;
	bool apart = off_ms > CLOCK_STEP_MS || off_ms < -CLOCK_STEP_MS;
	/* Time without a running chatd does not count; it only has to be possible. */
	if (!r->looked && r->seen_ms != 0)
		apart = now->wall_ms < r->seen_ms - CLOCK_STEP_MS ||
		        now->wall_ms > r->seen_ms + CLOCK_AHEAD_DAYS * DAY_MS;
	r->agreed_ms = apart ? 0 : r->agreed_ms + passed_ms;
	r->looked = true;
	r->wall_ms = now->wall_ms;
	r->boot_ms = now->boot_ms;
}

static bool wait(struct store *s, enum retention_why why)
{
	s->retention.waits = why;
	s->retention.agreed_ms = 0;
	return true;
}

/* Ends the waiting, because an administrator said so or a day has passed. */
static void end_wait(struct retention *r, const struct clocks *now)
{
	r->waits = RETENTION_GOES;
	r->granted = true;
	r->good_ms = now->wall_ms;
}

enum retention_look store_retention(struct store *s, const struct clocks *now, uint32_t days,
                                    bool begins, struct store_error *err)
{
	struct retention *r = &s->retention;
	if (!r->loaded)
		load(s);
	bool first = !r->looked || r->good_ms == 0, changed = false;
	int much = 0;
	mind_agreement(r, now);
	if (r->waits == RETENTION_CLOCK && !retention_doubts(s, now->wall_ms)) {
		r->waits = RETENTION_GOES; /* the clock was corrected */
		changed = true;
	} else if (r->waits != RETENTION_GOES && r->agreed_ms >= DAY_MS) {
		end_wait(r, now);
		changed = true;
	} else if (r->waits == RETENTION_GOES && !r->granted && retention_doubts(s, now->wall_ms)) {
		changed = wait(s, RETENTION_CLOCK);
	}
	if (r->waits != RETENTION_CLOCK && !r->granted && begins && (days || s->room_retentions.some))
		much = look_at_rooms(s, now->wall_ms, days);
	if (much == 1 && r->waits == RETENTION_GOES) {
		changed = wait(s, RETENTION_MUCH);
	} else if (much == 0 && r->waits == RETENTION_MUCH && begins) {
		r->waits = RETENTION_GOES; /* the room is gone, or keeps its lines */
		changed = true;
	}
	bool hour = now->boot_ms - r->noted_ms >= CLOCK_SAVE_MS;
	/* A good time is noted once an hour, or if there is none yet. */
	if (r->waits == RETENTION_GOES && (r->good_ms == 0 || (hour && !first) || r->granted))
		r->good_ms = now->wall_ms;
	if (much < 0 || ((changed || first || hour) && !note(s, now))) {
		store_fail(s, err);
		return RETENTION_FAILS;
	}
	if (much == 2)
		return RETENTION_LOOKS;
	return r->waits == RETENTION_GOES ? RETENTION_MAY : RETENTION_MAY_NOT;
}

bool store_retention_over(struct store *s, const struct clocks *now, struct store_error *err)
{
	if (!s->retention.granted)
		return true;
	s->retention.granted = false;
	return note(s, now) || store_fail(s, err);
}

enum retention_why store_retention_why(const struct store *s, uint32_t *room)
{
	*room = s->retention.room;
	return s->retention.waits;
}
