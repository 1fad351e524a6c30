/*
 * Answers to queries, except search.c's and backup.c's.
 *
 * A query reads in one transaction, so its parts agree with each other.
 */
#include "chatd/store/db/query.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/store/db/backup.h"
#include "chatd/base/clock.h"
#include "chatd/store/db/lines.h"
#include "chatd/store/db/search.h"
#include "chatd/store/db/state.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

enum {
	QUICK_WAITS = 20,  /* how many times its processor time a quick query may wait for the disk
	                    * and the processor */
};

/* -- ranges ------------------------------------------------------------------- */

/* The first line of the room at or after id `at`. False: there is none. */
static bool range_probe(struct store *s, uint32_t room, uint64_t at, uint64_t *id, int64_t *time_ms)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_LINE_ROOM_NEXT);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, room);
	sqlite3_bind_int64(st, 2, (int64_t)at);
	bool found = db_step(&s->db, st) == SQLITE_ROW;
	if (found) {
		*id = (uint64_t)sqlite3_column_int64(st, 0);
		*time_ms = sqlite3_column_int64(st, 1);
	}
	sqlite3_reset(st);
	return found;
}

/*
 * Bisects the ids to where times pass bound_ms: lines up to *low are earlier, lines from *high on
 * are not, as far as the lines looked at show.
 */
static void range_halve(struct store *s, uint32_t room, int64_t bound_ms, uint64_t *low,
                        uint64_t *high)
{
	while (*high - *low > 1) {
		uint64_t mid = *low + (*high - *low) / 2, id = 0;
		int64_t time_ms = 0;
		if (range_probe(s, room, mid, &id, &time_ms) && id < *high && time_ms < bound_ms)
			*low = id;
		else
			*high = mid;
	}
}

/*
 * Narrows q's ids by its times, because there is no index by time. Times grow
 * with ids, except that a line may be earlier than one before it by up to
 * back_ms (the clock was set back). So all lines before one that is back_ms too
 * early are too early, and all after one that is back_ms too late are too late.
 * What is left is still filtered by time.
 */
static void range_narrow(struct store *s, struct query *q)
{
	int64_t back_ms = db_meta(&s->db, "time_back_ms", 0), bound_ms;
	uint64_t low = q->after_id, high = q->before_id;
	if (!__builtin_sub_overflow(q->since_ms, back_ms, &bound_ms)) {
		range_halve(s, q->room, bound_ms, &low, &high);
		q->after_id = low;
	}
	low = q->after_id;
	high = q->before_id;
	if (!__builtin_add_overflow(q->until_ms, back_ms, &bound_ms) && q->until_ms < INT64_MAX) {
		range_halve(s, q->room, bound_ms, &low, &high);
		q->before_id = high;
	}
}

static void range_answer(struct store *s, const struct query *query, struct answer *a)
{
	struct query q = *query;
	if (q.before_id > INT64_MAX)
		q.before_id = INT64_MAX;
	if (q.since_ms > INT64_MIN || q.until_ms < INT64_MAX)
		range_narrow(s, &q);
	bool last = q.kind == QUERY_LAST || q.kind == QUERY_REPLAY;
	sqlite3_stmt *st = db_stmt(&s->db, last ? SQL_LINES_LAST : SQL_LINES_FIRST);
	int rc = SQLITE_ERROR;
	if (st) {
		lines_bind_range(st, q.room, q.after_id, q.before_id, q.limit + 1);
		sqlite3_bind_int64(st, 4, q.since_ms);
		sqlite3_bind_int64(st, 5, q.until_ms);
		while ((rc = db_step(&s->db, st)) == SQLITE_ROW) {
			if (a->rows.n < q.limit && answer_add(a, s, st, false))
				continue;
			a->rows.more = true;
			break;
		}
	}
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		answer_broken(a, s, "The history took too long to read.");
	if (st)
		sqlite3_reset(st);
	if (last)
		answer_reverse(a);
}

static void audit_answer(struct store *s, const struct query *q, struct answer *a)
{
	bool all = !q->audit.of_share;
	sqlite3_stmt *st = db_stmt(&s->db, all ? SQL_AUDIT_LAST : SQL_AUDIT_SHARE);
	int rc = SQLITE_ERROR;
	if (st) {
		if (!all)
			sqlite3_bind_int64(st, 5, (int64_t)q->audit.share);
		sqlite3_bind_int64(st, 1, db_id(q->before_id));
		sqlite3_bind_text(st, 2, q->audit.words, -1, SQLITE_STATIC);
		sqlite3_bind_int64(st, 3, (int64_t)q->limit + 1);
		sqlite3_bind_int(st, 4, RECORD_AUDIT);
		while ((rc = db_step(&s->db, st)) == SQLITE_ROW) {
			if (a->rows.n < q->limit && answer_add(a, s, st, false))
				continue;
			a->rows.more = true;
			break;
		}
		sqlite3_reset(st);
	}
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		answer_broken(a, s, "The audit took too long to read.");
	answer_reverse(a);
}

/* What the asker had seen of the room. */
static void seen_get(struct store *s, const struct query *q, struct rows *rows)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_SEEN_GET);
	if (!st)
		return;
	sqlite3_bind_text(st, 1, q->replay.key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, q->room);
	if (db_step(&s->db, st) == SQLITE_ROW) {
		rows->replay.seen_id = (uint64_t)sqlite3_column_int64(st, 0);
		const char *gaps = db_text(&s->db, st, 1);
		rows->replay.gaps = ranges_read(gaps ? gaps : "");
		rows->replay.back = (uint64_t)sqlite3_column_int64(st, 2) > q->replay.marked_after;
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
}

/* What the asker has missed of the room, not counting what is in the answer. */
static int64_t missed_count(struct store *s, const struct query *q, const struct answer *a)
{
	uint64_t before = a->rows.n ? a->row[0].id : q->before_id;
	struct ranges missed = a->rows.replay.gaps;
	ranges_add(&missed, a->rows.replay.seen_id, before);
	ranges_drop_up_to(&missed, q->after_id);
	ranges_drop_from(&missed, before);
	return lines_count(s, q->room, q->replay.nick, &missed);
}

static void replay_answer(struct store *s, const struct query *query, struct answer *a)
{
	struct query q = *query;
	q.since_ms = INT64_MIN;
	q.until_ms = INT64_MAX;
	seen_get(s, &q, &a->rows);
	range_answer(s, &q, a);
	int64_t missed = a->rows.replay.seen_id ? missed_count(s, &q, a) : 0;
	a->rows.replay.missed = missed > 0 ? (uint32_t)missed : 0;
}

/* -- how large the database is, and may become ------------------------------------ */

int64_t store_bytes(struct store *s)
{
	return db_number_of(&s->db, "PRAGMA page_count", 0) * db_number_of(&s->db, "PRAGMA page_size", 0);
}

uint64_t store_free_bytes(struct store *s, uint64_t enough)
{
	struct statvfs disk;
	if (s->lock_fd < 0 || fstatvfs(s->lock_fd, &disk) < 0)
		return UINT64_MAX;
	uint64_t outside = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (outside >= enough)
		return outside;
	int64_t inside = db_number_of(&s->db, "PRAGMA freelist_count", 0) *
	                 db_number_of(&s->db, "PRAGMA page_size", 0);
	return outside + (uint64_t)inside;
}

static struct rows *stats_answer(struct store *s, const struct query *q)
{
	const char *path = sqlite3_db_filename(s->db.sqlite, "main");
	struct rows rows = { .stats.database_bytes = (uint64_t)store_bytes(s) };
	struct bytes wal = { 0 };
	struct statvfs disk;
	struct stat st;
	bytes_printf(&wal, "%s-wal", path ? path : "");
	if (stat(wal.data, &st) == 0)
		rows.stats.wal_bytes = (uint64_t)st.st_size;
	if (path && statvfs(path, &disk) == 0)
		rows.stats.free_bytes = (uint64_t)disk.f_bavail * (uint64_t)disk.f_frsize;
	enum retention_why why = retention_saved_why(s);
	if (why != RETENTION_GOES)
		rows.stats.waits = why == RETENTION_CLOCK ? OLD_LINES_WAIT_CLOCK : OLD_LINES_WAIT_MUCH;
	if (why == RETENTION_MUCH)
		rows.stats.room = (uint32_t)db_meta(&s->db, "old_room", 0);
	bytes_release(&wal);
	return rows_of(q, &rows);
}

/* -- all kinds ------------------------------------------------------------------- */

static struct answer *lines_answer(struct store *s, const struct query *q, int ms)
{
	struct answer *a = answer_new(q);
	struct query bounded = *q;
	if (bounded.limit < 1)
		bounded.limit = 1;
	if (bounded.limit > ROWS_MAX)
		bounded.limit = ROWS_MAX;
	s->bounds.deadline_ms = clock_ms(CLOCK_MONOTONIC) + ms;
	s->db.error = SQLITE_OK;
	if (!db_begin(&s->db, SQL_BEGIN_READ))
		answer_broken(a, s, "The history took too long to read.");
	else if (q->kind == QUERY_SEARCH)
		search_answer(s, &bounded, a);
	else if (q->kind == QUERY_UNREAD)
		unread_answer(s, &bounded, a);
	else if (q->kind == QUERY_AUDIT)
		audit_answer(s, &bounded, a);
	else if (remove_has(s, q->room))
		; /* there is no such room any more */
	else if (q->kind == QUERY_REPLAY)
		replay_answer(s, &bounded, a);
	else
		range_answer(s, &bounded, a);
	/* Any of many steps may have failed: an incomplete answer is no answer. */
	if (s->db.error && !a->error)
		answer_broken(a, s, "The history took too long to read.");
	s->bounds.deadline_ms = 0;
	if (!sqlite3_get_autocommit(s->db.sqlite))
		db_run(db_stmt(&s->db, SQL_COMMIT));
	answer_finish(a);
	return a;
}

struct rows *store_query(struct store *s, const struct query *q)
{
	if (q->kind == QUERY_STATS)
		return stats_answer(s, q);
	if (q->kind == QUERY_BACKUP)
		return backup_answer(s, q);
	return &lines_answer(s, q, query_is_search(q->kind) ? SEARCH_MS_MAX : QUERY_MS_MAX)->rows;
}

struct rows *store_query_within(struct store *s, const struct query *q, int cpu_ms)
{
	s->bounds.quick_until_ms = clock_ms(CLOCK_MONOTONIC) + cpu_ms;
	s->bounds.cpu_deadline_ms = clock_ms(CLOCK_THREAD_CPUTIME_ID) + cpu_ms;
	struct answer *a = lines_answer(s, q, cpu_ms * QUICK_WAITS);
	s->bounds.cpu_deadline_ms = 0;
	if (!a->late)
		return &a->rows;
	rows_release(&a->rows);
	return NULL;
}
