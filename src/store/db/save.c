/*
 * The records of a transaction, saved one after the other.
 */
#include "chatd/store/db/save.h"

#include "chatd/base/bounds.h"
#include "chatd/base/clock.h"
#include "chatd/base/log.h"
#include "chatd/store/db/lines.h"
#include "chatd/store/db/state.h"

#include <assert.h>
#include <stdlib.h>

/* Makes sure that the room has its row, and remembers that it has. */
static struct known_room *room_ensure(struct store *s, const struct record *r)
{
	struct known_room *room = known_rooms_find(&s->rooms, r->room);
	if (room)
		return room;
	if (s->removal.some && remove_has(s, r->room)) {
		room = known_rooms_add(&s->rooms, r->room, -1);
		room->removed = true;
		return room;
	}
	sqlite3_stmt *st = db_stmt(&s->db, SQL_ROOM_ADD);
	if (!st)
		return NULL;
	sqlite3_bind_int64(st, 1, r->room);
	sqlite3_bind_text(st, 2, r->room_name, -1, SQLITE_STATIC);
	if (!db_run(st))
		return NULL;
	room = known_rooms_add(&s->rooms, r->room, sqlite3_changes(s->db.sqlite) ? 0 : -1);
	if (s->transaction.batch.room < r->room)
		s->transaction.batch.room = r->room;
	return room;
}

/* The clock was set back while chatd was down: from here on ids and times disagree by up to
 * back_ms, and reading by time must allow for that. */
static bool clock_note_back(struct store *s, int64_t back_ms)
{
	s->transaction.batch.time_back_ms = back_ms;
	return db_meta_set(&s->db, "time_back_ms", back_ms);
}

/* A line was saved: updates the marks. */
static bool line_note(struct store *s, const struct record *r)
{
	struct known_room *room = known_rooms_find(&s->rooms, r->room);
	struct store_marks *m = &s->transaction.batch;
	assert(room); /* room_ensure comes before */
	m->line_id = r->seq;
	if (room->lines >= 0)
		room->lines++;
	if (m->time_max_ms <= r->time_ms) {
		m->time_max_ms = r->time_ms;
		return true;
	}
	int64_t back_ms = m->time_max_ms - r->time_ms;
	return back_ms <= m->time_back_ms || clock_note_back(s, back_ms);
}

static bool line_save(struct store *s, const struct record *r)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_LINE_ADD);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, (int64_t)r->seq);
	sqlite3_bind_int64(st, 2, r->room);
	sqlite3_bind_text(st, 3, r->line.sender, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 4, r->time_ms);
	sqlite3_bind_int(st, 5, (int)r->kind);
	sqlite3_bind_text(st, 6, r->line.body, -1, SQLITE_STATIC);
	return db_run(st) && line_note(s, r);
}

static bool topic_save(struct store *s, const struct record *r)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_ROOM_TOPIC);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, r->room);
	sqlite3_bind_text(st, 2, r->topic.text, -1, SQLITE_STATIC);
	return db_run(st);
}

static bool seen_save(struct store *s, const struct record *r)
{
	char gaps[RANGES_TEXT_BYTES];
	sqlite3_stmt *st = db_stmt(&s->db, SQL_SEEN_SET);
	if (!st)
		return false;
	ranges_show(&r->seen.gaps, gaps);
	sqlite3_bind_text(st, 4, gaps, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 5, (int64_t)r->seq);
	sqlite3_bind_text(st, 1, r->seen.key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, r->room);
	sqlite3_bind_int64(st, 3, (int64_t)r->seen.up_to_id);
	return db_run(st);
}

static bool fact_save(struct store *s, const struct record *r)
{
	bool gone = r->fact.value[0] == '\0';
	sqlite3_stmt *st = db_stmt(&s->db, gone ? SQL_FACT_DROP : SQL_FACT_SET);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, r->fact.kind);
	sqlite3_bind_text(st, 2, r->fact.key, -1, SQLITE_STATIC);
	if (!gone)
		sqlite3_bind_text(st, 3, r->fact.value, -1, SQLITE_STATIC);
	return db_run(st);
}

/* Deletes a few expired actions with each new one. Those in a share have an index by time; of the
 * others the oldest come first. */
static bool audit_end(struct store *s, enum statement sql, int64_t before_ms)
{
	sqlite3_stmt *st = db_stmt(&s->db, sql);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, before_ms);
	sqlite3_bind_int(st, 2, AUDIT_END_STEP);
	return db_run(st);
}

/* If the share is full, deletes its oldest. */
static bool audit_make_room(struct store *s, const struct record *r)
{
	if (r->audit.share != 0) {
		sqlite3_stmt *trim = db_stmt(&s->db, SQL_AUDIT_TRIM);
		if (!trim)
			return false;
		sqlite3_bind_int64(trim, 1, (int64_t)r->audit.share);
		sqlite3_bind_int(trim, 2, AUDIT_EACH_MAX);
		if (!db_run(trim))
			return false;
	}
	/* Nothing is deleted for its age while the clock may be wrong. */
	return retention_doubts(s, r->time_ms) ||
	       (audit_end(s, SQL_AUDIT_END, r->time_ms - AUDIT_DAYS * DAY_MS) &&
	        audit_end(s, SQL_AUDIT_OLD, r->time_ms - AUDIT_KEPT_DAYS * DAY_MS));
}

static bool audit_save(struct store *s, const struct record *r)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_AUDIT_ADD);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, (int64_t)r->seq);
	sqlite3_bind_int64(st, 2, r->time_ms);
	sqlite3_bind_text(st, 3, r->audit.actor, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 4, r->audit.text, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 5, r->audit.changed, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 6, (int64_t)r->audit.share);
	return db_run(st) && audit_make_room(s, r);
}

/* True if SQLite would refuse the record however often it is tried, and has undone only that
 * statement. Other errors may pass once the disk has room. */
static bool record_refused(struct store *s)
{
	int rc = sqlite3_errcode(s->db.sqlite) & 0xff;
	return (rc == SQLITE_CONSTRAINT || rc == SQLITE_MISMATCH || rc == SQLITE_TOOBIG) &&
	       !sqlite3_get_autocommit(s->db.sqlite);
}

static bool record_is_line(const struct record *r)
{
	return r->kind == RECORD_SAY || r->kind == RECORD_ACTION || r->kind == RECORD_GAP;
}

/* Saves a record that needs a row for its room. */
static bool room_record_save(struct store *s, const struct record *r)
{
	const struct known_room *room = room_ensure(s, r);
	if (!room || room->removed)
		return room;
	if (r->kind == RECORD_GAP)
		log_warnx("the history of %s has a gap: %s", r->room_name, r->line.body);
	if (record_is_line(r))
		return line_save(s, r);
	if (r->kind == RECORD_TOPIC)
		return topic_save(s, r);
	if (r->kind == RECORD_RETENTION)
		return room_retention_save(s, r);
	return r->kind != RECORD_SEEN || seen_save(s, r);
}

/*
 * Saves one that does not: a fact has no room, a room without a row has no lines to delete, and a
 * removed room has no row from then on. The core may use a fact's seq as its key, and the highest
 * indexed line may be the one deleted here; if these numbers were used again after a crash, a fact
 * would replace another and a line would never be found. So these numbers must be recorded.
 */
static bool plain_record_save(struct store *s, const struct record *r)
{
	s->transaction.seq_binds = true;
	if (r->kind == RECORD_FACT)
		return fact_save(s, r);
	if (r->kind == RECORD_AUDIT)
		return audit_save(s, r);
	if (r->kind == RECORD_REMOVE)
		return remove_save(s, r);
	if (r->kind == RECORD_PRUNE)
		return retention_record(s, r);
	if (r->kind == RECORD_ERASE)
		return erase_save(s, r);
	return lines_delete(s, r->deletion.line_id, r->room) >= 0 && wipe_note(s);
}

/* One record by itself. False: nothing can be saved. */
static bool record_save(struct store *s, const struct record *r)
{
	bool plain = r->kind == RECORD_FACT || r->kind == RECORD_DELETE ||
	             r->kind == RECORD_AUDIT || r->kind == RECORD_REMOVE || r->kind == RECORD_PRUNE ||
	             r->kind == RECORD_ERASE;
	bool ok = plain ? plain_record_save(s, r) : room_record_save(s, r);
	if (!ok && !record_refused(s))
		return false;
	if (!ok)
		log_errx("the database refuses record %llu, which is missing from the history: %s",
		         (unsigned long long)r->seq, sqlite3_errmsg(s->db.sqlite));
	return true;
}

/* True if one of these lines is from a room that was removed. */
static bool lines_have_gone(struct store *s, const struct record *r, size_t n)
{
	for (size_t i = 0; s->removal.some && i < n; i++) {
		const struct known_room *room = known_rooms_find(&s->rooms, r[i].room);
		if (room ? room->removed : remove_has(s, r[i].room))
			return true;
	}
	return false;
}

/* Saves consecutive lines in one statement. False: none of them is saved, and sqlite3_errcode says
 * why. */
static bool lines_save(struct store *s, const struct record *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!room_ensure(s, &r[i]))
			return false;
	s->lines_table.record = r;
	s->lines_table.n = n;
	bool ok = db_run(db_stmt(&s->db, SQL_LINES_ADD));
	s->lines_table.n = 0;
	for (size_t i = 0; ok && i < n; i++)
		ok = line_note(s, &r[i]);
	return ok;
}

static bool records_save(struct store *s, const struct record *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!record_save(s, &r[i]))
			return false;
	return true;
}

bool store_save(struct store *s, const struct record *r, size_t n, struct store_error *err)
{
	for (size_t i = 0, run; i < n; i += run) {
		for (run = 0; i + run < n && record_is_line(&r[i + run]); run++)
			;
		bool single = run <= 1 || lines_have_gone(s, r + i, run);
		bool ok = !single && lines_save(s, r + i, run);
		run += run == 0;
		/* A refused line undoes them all; then each is tried on its own to find it. */
		if (!ok && (single || record_refused(s)))
			ok = records_save(s, r + i, run);
		if (!ok)
			return store_fail(s, err);
		if (s->transaction.batch.seq < r[i + run - 1].seq)
			s->transaction.batch.seq = r[i + run - 1].seq;
	}
	return true;
}
