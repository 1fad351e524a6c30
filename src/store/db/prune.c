/*
 * Deleting old lines, and those beyond a room's limit.
 *
 * In steps, each a transaction of its own and short, so that the lines that wait meanwhile are not
 * held up. None of them is fsynced: losing one costs work that is done again, never a line.
 */
#include "chatd/store/db/prune.h"

#include "chatd/base/bytes.h"
#include "chatd/base/clock.h"
#include "chatd/store/db/index_parts.h"
#include "chatd/store/db/lines.h"
#include "chatd/store/db/state.h"

#include <stdlib.h>

enum {
	OLDEST_SCANNED_MAX = 20000, /* lines looked at for old ones in one step; more than one
	                             * step deletes, for lines whose times are out of order */
	COUNT_ROOMS_STEP = 500,     /* rooms that one step of counting looks at */
};

/* The lines that one step deletes. */
struct prune {
	int64_t *id;        /* of the lines */
	int n;              /* how many */
	int max;            /* as many as fit */
	uint32_t *room;     /* rooms that lost lines, each once */
	int rooms;          /* how many */
	struct room_retention *retention; /* owned; retentions of them: rooms with settings of their
	                                   * own */
	size_t retentions;
	bool again;         /* true if it must look further */
};

/* True if the room has days of its own. */
static bool prune_room_has_days(const struct prune *p, uint32_t room)
{
	const struct room_retention *k = room_retention_find(p->retention, p->retentions, room);
	return k && k->days;
}

static bool prune_collect_old(struct store *s, struct prune *p, int64_t before_ms)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_LINES_OLDEST);
	if (!st)
		return false;
	int scan = p->max > OLDEST_SCANNED_MAX ? p->max : OLDEST_SCANNED_MAX, seen = 0;
	sqlite3_bind_int(st, 1, scan);
	sqlite3_bind_int64(st, 2, (int64_t)s->room_retentions.passed_id);
	int rc = SQLITE_DONE;
	bool all_kept = true;
	while (p->n < p->max && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		int64_t time_ms = sqlite3_column_int64(st, 1);
		seen++;
		if (prune_room_has_days(p, (uint32_t)sqlite3_column_int64(st, 2))) {
			if (all_kept)
				s->room_retentions.passed_id = (uint64_t)sqlite3_column_int64(st, 0);
			continue;
		}
		all_kept = false;
		if (time_ms < before_ms)
			p->id[p->n++] = sqlite3_column_int64(st, 0);
		else if (time_ms - s->transaction.saved.time_back_ms >= before_ms)
			break; /* no later line is older than before_ms */
	}
	sqlite3_reset(st);
	/* As far as it looked, there were only lines to keep, or old ones that are deleted now. */
	p->again = rc == SQLITE_DONE && seen == scan && (all_kept || p->n > 0);
	return rc == SQLITE_DONE || rc == SQLITE_ROW;
}

/* Lines of one room that are older than its own days. */
static bool prune_collect_days(struct store *s, struct prune *p, const struct room_retention *k)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_LINES_FIRST);
	if (!st)
		return false;
	int64_t before_ms = clock_ms(CLOCK_REALTIME) - k->days * DAY_MS;
	lines_bind_range(st, k->room, 0, UINT64_MAX, (uint32_t)(p->max - p->n));
	int rc = SQLITE_DONE;
	while (p->n < p->max && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (sqlite3_column_int64(st, 1) >= before_ms)
			break;
		p->id[p->n++] = sqlite3_column_int64(st, 0);
	}
	sqlite3_reset(st);
	return rc == SQLITE_DONE || rc == SQLITE_ROW;
}

/* The oldest lines of a room that has more than lines_max. */
static bool prune_collect_room(struct store *s, struct prune *p, uint32_t room,
                               uint64_t lines_max)
{
	int64_t lines = known_rooms_lines(&s->rooms, room);
	if (lines < 0 || (uint64_t)lines <= lines_max)
		return true;
	int64_t extra = lines - (int64_t)lines_max;
	sqlite3_stmt *st = db_stmt(&s->db, SQL_LINES_FIRST);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, room);
	sqlite3_bind_int64(st, 2, 0);
	sqlite3_bind_int64(st, 3, INT64_MAX);
	sqlite3_bind_int64(st, 4, INT64_MIN);
	sqlite3_bind_int64(st, 5, INT64_MAX);
	sqlite3_bind_int64(st, 6, extra < p->max - p->n ? extra : p->max - p->n);
	int rc;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		p->id[p->n++] = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return rc == SQLITE_DONE;
}

static bool prune_collect_rooms(struct store *s, struct prune *p, uint64_t lines_max)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_ROOM_IDS);
	int rc = SQLITE_DONE;
	bool ok = st != NULL;
	if (st)
		sqlite3_bind_int64(st, 1, 0);
	while (ok && p->n < p->max && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		uint32_t room = (uint32_t)sqlite3_column_int64(st, 0);
		const struct room_retention *k = room_retention_find(p->retention, p->retentions, room);
		uint64_t most = k && k->lines ? k->lines : lines_max;
		ok = most == 0 || prune_collect_room(s, p, room, most);
	}
	if (st)
		sqlite3_reset(st);
	return ok && (rc == SQLITE_DONE || rc == SQLITE_ROW);
}

static bool prune_line(struct store *s, struct prune *p, int64_t id)
{
	int64_t room = lines_delete(s, (uint64_t)id, 0);
	if (room <= 0)
		return false;
	lines_note_room(p->room, &p->rooms, (uint32_t)room);
	return true;
}

/* Marks of what was seen mean nothing once all those lines are gone. (People who left before
 * anything was said have seen less than the first line, so everything is new to them.) */
static int prune_seen(struct store *s, int rows)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_SEEN_PRUNE);
	if (!st)
		return -1;
	sqlite3_bind_int(st, 1, rows);
	return db_run(st) ? sqlite3_changes(s->db.sqlite) : -1;
}

static bool prune_lines(struct store *s, struct prune *p, int from)
{
	lines_sort(p->id + from, p->n - from);
	for (int i = from; i < p->n; i++)
		if (!prune_line(s, p, p->id[i]))
			return false;
	return true;
}

/* Returns how many lines it deleted, -1: error. Old lines are deleted before those beyond the limit
 * are looked for, so that no line counts twice. */
static int prune_all(struct store *s, struct prune *p, int64_t before_ms, uint64_t lines_max)
{
	if (s->room_retentions.some && !room_retention_load(s, &p->retention, &p->retentions))
		return -1;
	if (before_ms > INT64_MIN && !prune_collect_old(s, p, before_ms))
		return -1;
	bool goes = s->retention.waits == RETENTION_GOES;
	for (size_t i = 0; goes && i < p->retentions && p->n < p->max; i++)
		if (p->retention[i].days && !prune_collect_days(s, p, &p->retention[i]))
			return -1;
	if (!prune_lines(s, p, 0))
		return -1;
	int old = p->n;
	if ((lines_max || p->retentions) && old < p->max &&
	    (!prune_collect_rooms(s, p, lines_max) || !prune_lines(s, p, old)))
		return -1;
	int64_t last = 0;
	for (int i = 0; i < p->n; i++)
		last = p->id[i] > last ? p->id[i] : last;
	if (last > db_meta(&s->db, "pruned", 0) && !db_meta_set(&s->db, "pruned", last))
		return -1;
	int seen = p->n < p->max ? prune_seen(s, p->max - p->n) : 0;
	if (seen < 0 || !lines_filter_empty_rooms(s, p->room, &p->rooms))
		return -1;
	if (p->n && !wipe_note_pruned(s))
		return -1;
	/* The highest number must outlive its line. */
	if (p->n && (!db_meta_set(&s->db, "last_seq", (int64_t)s->transaction.saved.seq) || !index_merge_due(s)))
		return -1;
	return p->again ? p->max : p->n + seen;
}

/* Goes on counting a room, by up to max lines. Returns by how many, 0 if it was counted already;
 * with fewer than max it is now. -1: error. */
static int room_count(struct store *s, uint32_t number, int max)
{
	struct known_room *room = known_rooms_find(&s->rooms, number);
	if (room && room->lines >= 0)
		return 0;
	sqlite3_stmt *st = db_stmt(&s->db, SQL_LINE_COUNT);
	if (!st)
		return -1;
	if (!room)
		room = known_rooms_add(&s->rooms, number, -1);
	sqlite3_bind_int64(st, 1, number);
	sqlite3_bind_int64(st, 2, (int64_t)room->counted_id);
	sqlite3_bind_int(st, 3, max);
	if (sqlite3_step(st) != SQLITE_ROW)
		return -1;
	int n = sqlite3_column_int(st, 0);
	if (n > 0)
		room->counted_id = (uint64_t)sqlite3_column_int64(st, 1);
	sqlite3_reset(st);
	room->counted += n;
	if (n < max)
		room->lines = room->counted;
	return n;
}

/* Counting reads the whole index of the rooms' lines once, so it goes in steps and
 * before the transaction that prunes: no line waits for it. */
int store_count(struct store *s, int lines, struct store_error *err)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_ROOM_IDS);
	int rc = SQLITE_ERROR, n = 0;
	if (st)
		sqlite3_bind_int64(st, 1, s->rooms.count_from);
	for (int rooms = 0; st && lines > 0 && rooms < COUNT_ROOMS_STEP; rooms++) {
		rc = sqlite3_step(st);
		if (rc != SQLITE_ROW)
			break;
		uint32_t room = (uint32_t)sqlite3_column_int64(st, 0);
		n = room_count(s, room, lines);
		if (n < 0)
			break;
		s->rooms.count_from = n < lines ? room + 1 : room;
		lines -= n;
	}
	if (n < 0 || (rc != SQLITE_ROW && rc != SQLITE_DONE)) {
		store_fail(s, err);
		return -1;
	}
	sqlite3_reset(st);
	if (rc == SQLITE_DONE)
		s->rooms.count_from = 0; /* if all are known, the next look at them is quick */
	return rc == SQLITE_ROW;
}

int store_prune(struct store *s, int64_t before_ms, uint64_t lines_per_room, int rows,
                void (*emptied)(void *ctx, uint32_t room), void *ctx, struct store_error *err)
{
	struct prune p = { .max = rows };
	p.id = mem_alloc((size_t)rows * sizeof(*p.id));
	p.room = mem_alloc((size_t)rows * sizeof(*p.room));
	s->db.error = SQLITE_OK;
	int n = -1;
	if (transaction_begin_unsynced(s))
		n = prune_all(s, &p, before_ms, lines_per_room);
	if (n < 0 || !db_run(db_stmt(&s->db, SQL_COMMIT))) {
		store_fail(s, err);
		n = -1;
	}
	if (n > 0 && p.n)
		s->transaction.meta_seq = s->transaction.saved.seq;
	for (int i = 0; n > 0 && i < p.rooms; i++)
		emptied(ctx, p.room[i]);
	free(p.retention);
	free(p.id);
	free(p.room);
	return n;
}
