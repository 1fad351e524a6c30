/*
 * Upkeep: the full-text index follows the lines, old lines go, the WAL is
 * copied into the database.
 *
 * Each step is a transaction of its own and short, so that the lines that wait
 * meanwhile are not held up. None of them is fsynced: losing one costs work
 * that is done again, never a line.
 */
#include "chatd/store/db/store_db.h"

#include "chatd/base/bytes.h"
#include "chatd/base/fold.h"
#include "chatd/base/log.h"
#include "chatd/store/db/clock.h"

#include <stdlib.h>

enum {
	OLDEST_SCANNED_MAX = 20000, /* lines looked at for old ones in one step; more than one
	                             * step deletes, for lines whose times are out of order */
	COUNT_ROOMS_STEP = 500,     /* rooms that one step of counting looks at */
};

/* -- the full-text index ----------------------------------------------------- */

uint64_t store_indexed(struct store *s)
{
	/* Numbers beyond the last line were given to records that are not searched for. */
	return s->indexed >= s->transaction.saved.line_id ? s->transaction.saved.seq : s->indexed;
}

/* Returns the number of lines taken; -1: error. *last is the last one's id. One
 * statement for all of them: a statement's beginning and end cost as much as a line. */
static int index_lines(struct store *s, int rows, uint64_t *last)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_FTS_ADD);
	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, (int64_t)s->indexed);
	sqlite3_bind_int(st, 2, rows);
	if (!db_run(st))
		return -1;
	int n = sqlite3_changes(s->db.sqlite);
	if (n > 0)
		*last = (uint64_t)sqlite3_last_insert_rowid(s->db.sqlite);
	return n;
}

int store_index(struct store *s, int rows, struct store_error *err)
{
	if (s->indexed >= s->transaction.saved.line_id)
		return 0;
	uint64_t last = s->transaction.saved.line_id;
	if (!transaction_begin_unsynced(s)) {
		store_fail(s, err);
		return -1;
	}
	int n = index_lines(s, rows, &last);
	if (n >= 0 && n < rows)
		last = s->transaction.saved.line_id; /* also where the last lines were pruned first */
	if (n < 0 || !db_meta_set(&s->db, "indexed", (int64_t)last) ||
	    !db_run(db_stmt(&s->db, SQL_COMMIT))) {
		store_fail(s, err);
		return -1;
	}
	s->indexed = last;
	return n;
}

bool store_reindexes(const struct store *s)
{
	return s->indexed < s->reindex_to;
}

bool store_index_check(struct store *s, struct store_error *err)
{
	s->reindex_to = (uint64_t)db_meta(&s->db, "reindex_to", 0);
	if (db_meta(&s->db, "fold", 0) == fold_version())
		return true;
	if (!db_begin(&s->db, SQL_BEGIN) ||
	    sqlite3_exec(s->db.sqlite, "INSERT INTO search(search) VALUES('delete-all')", NULL, NULL, NULL) !=
	    SQLITE_OK ||
	    !db_meta_set(&s->db, "fold", fold_version()) || !db_meta_set(&s->db, "indexed", 0) ||
	    !db_meta_set(&s->db, "reindex_to", (int64_t)s->transaction.saved.line_id) ||
	    !db_run(db_stmt(&s->db, SQL_COMMIT)))
		return store_fail(s, err);
	s->indexed = 0;
	s->reindex_to = s->transaction.saved.line_id;
	if (s->reindex_to > 0)
		log_info("rebuilding the full-text index, because words are compared differently now; until "
		         "it is done, searches say how much is missing");
	return true;
}

/* -- deleting a line ------------------------------------------------------------ */

/* Takes the line that get's row shows out of the index, which must be told what it said:
 * it keeps no copy of its own. A line that it has not come to yet it will not meet. */
static bool index_forget(struct store *s, uint64_t id, sqlite3_stmt *get)
{
	if (id > s->indexed)
		return true;
	sqlite3_stmt *st = db_stmt(&s->db, SQL_FTS_DELETE);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, (int64_t)id);
	const char *body = db_text(&s->db, get, 5);
	if (!body)
		return false;
	sqlite3_bind_text(st, 2, body, sqlite3_column_bytes(get, 5), SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, sqlite3_column_int64(get, 3));
	return db_run(st);
}

int64_t store_line_delete(struct store *s, uint64_t id, uint32_t room)
{
	sqlite3_stmt *get = db_stmt(&s->db, SQL_LINE_GET), *drop = db_stmt(&s->db, SQL_LINE_DELETE);
	if (!get || !drop)
		return -1;
	sqlite3_bind_int64(get, 1, (int64_t)id);
	int rc = sqlite3_step(get);
	uint32_t of = rc == SQLITE_ROW ? (uint32_t)sqlite3_column_int64(get, 3) : 0;
	bool found = rc == SQLITE_ROW && (!room || room == of);
	bool ok = rc == SQLITE_DONE || rc == SQLITE_ROW;
	if (found)
		ok = index_forget(s, id, get);
	if (!ok)
		return -1; /* what went wrong is still to be told; the rollback resets it */
	sqlite3_reset(get);
	if (!found)
		return 0;
	sqlite3_bind_int64(drop, 1, (int64_t)id);
	if (!db_run(drop))
		return -1;
	known_rooms_lose_line(&s->rooms, of);
	return of;
}

/* -- pruning ------------------------------------------------------------------ */

/* The lines that one step deletes. */
struct prune {
	int64_t *id;        /* of the lines */
	int n;              /* how many */
	int max;            /* as many as fit */
	uint32_t *room;     /* rooms that lost lines, each once */
	int rooms;          /* how many */
	struct keep *keep;  /* owned; keeps of them: rooms that say themselves what is kept */
	size_t keeps;
	bool again;         /* true where it must look further */
};

/* The room says itself how old its lines become. */
static bool prune_room_has_days(const struct prune *p, uint32_t room)
{
	const struct keep *k = keep_of(p->keep, p->keeps, room);
	return k && k->days;
}

static bool prune_collect_old(struct store *s, struct prune *p, int64_t before_ms)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_LINES_OLDEST);
	if (!st)
		return false;
	int scan = p->max > OLDEST_SCANNED_MAX ? p->max : OLDEST_SCANNED_MAX, seen = 0;
	sqlite3_bind_int(st, 1, scan);
	sqlite3_bind_int64(st, 2, (int64_t)s->kept_id);
	int rc = SQLITE_DONE;
	bool all_kept = true;
	while (p->n < p->max && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		int64_t time_ms = sqlite3_column_int64(st, 1);
		seen++;
		if (prune_room_has_days(p, (uint32_t)sqlite3_column_int64(st, 2))) {
			if (all_kept)
				s->kept_id = (uint64_t)sqlite3_column_int64(st, 0);
			continue;
		}
		all_kept = false;
		if (time_ms < before_ms)
			p->id[p->n++] = sqlite3_column_int64(st, 0);
		else if (time_ms - s->transaction.saved.time_back_ms >= before_ms)
			break; /* no later line is older than before_ms */
	}
	sqlite3_reset(st);
	/* Nothing but kept lines, or old ones that go now, as far as it looked. */
	p->again = rc == SQLITE_DONE && seen == scan && (all_kept || p->n > 0);
	return rc == SQLITE_DONE || rc == SQLITE_ROW;
}

/* Lines of one room that are older than its own days. */
static bool prune_collect_days(struct store *s, struct prune *p, const struct keep *k)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_LINES_FIRST);
	if (!st)
		return false;
	int64_t before_ms = clock_ms(CLOCK_REALTIME) - (int64_t)k->days * 24 * 3600 * 1000;
	range_bind(st, k->room, 0, UINT64_MAX, (uint32_t)(p->max - p->n));
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
		const struct keep *k = keep_of(p->keep, p->keeps, room);
		uint64_t most = k && k->lines ? k->lines : lines_max;
		ok = most == 0 || prune_collect_room(s, p, room, most);
	}
	if (st)
		sqlite3_reset(st);
	return ok && (rc == SQLITE_DONE || rc == SQLITE_ROW);
}

void rooms_note(uint32_t *room, int *n, uint32_t one)
{
	for (int i = *n; i-- > 0; )
		if (room[i] == one)
			return;
	room[(*n)++] = one;
}

static bool prune_line(struct store *s, struct prune *p, int64_t id)
{
	int64_t room = store_line_delete(s, (uint64_t)id, 0);
	if (room <= 0)
		return false;
	rooms_note(p->room, &p->rooms, (uint32_t)room);
	return true;
}

bool rooms_keep_emptied(struct store *s, uint32_t *room, int *n)
{
	int kept = 0;
	for (int i = 0; i < *n; i++) {
		sqlite3_stmt *st = db_stmt(&s->db, SQL_ROOM_NEWEST);
		if (!st)
			return false;
		sqlite3_bind_int64(st, 1, room[i]);
		if (db_number(&s->db, st, -1) < 0)
			room[kept++] = room[i];
	}
	*n = kept;
	return s->db.error == SQLITE_OK;
}

/* What was seen of lines that are all gone tells nothing any more. (Who left before anything
 * was said has seen less than the first line, and it is all news.) */
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
	for (int i = from; i < p->n; i++)
		if (!prune_line(s, p, p->id[i]))
			return false;
	return true;
}

/* Returns what went, -1: error. What is old goes before what is too much is looked
 * for, so that no line is counted among both. */
static int prune_all(struct store *s, struct prune *p, int64_t before_ms, uint64_t lines_max)
{
	if (s->keeps && !keep_load(s, &p->keep, &p->keeps))
		return -1;
	if (before_ms > INT64_MIN && !prune_collect_old(s, p, before_ms))
		return -1;
	bool goes = s->retention.waits == RETENTION_GOES;
	for (size_t i = 0; goes && i < p->keeps && p->n < p->max; i++)
		if (p->keep[i].days && !prune_collect_days(s, p, &p->keep[i]))
			return -1;
	if (!prune_lines(s, p, 0))
		return -1;
	int old = p->n;
	if ((lines_max || p->keeps) && old < p->max &&
	    (!prune_collect_rooms(s, p, lines_max) || !prune_lines(s, p, old)))
		return -1;
	int64_t last = 0;
	for (int i = 0; i < p->n; i++)
		last = p->id[i] > last ? p->id[i] : last;
	if (last > db_meta(&s->db, "pruned", 0) && !db_meta_set(&s->db, "pruned", last))
		return -1;
	int seen = p->n < p->max ? prune_seen(s, p->max - p->n) : 0;
	if (seen < 0 || !rooms_keep_emptied(s, p->room, &p->rooms))
		return -1;
	/* Known also to a start after a crash: see wipe.c. */
	if (p->n && !s->wipes && !db_meta_set(&s->db, "wipe", 1))
		return -1;
	/* The highest number must outlive its line. */
	if (p->n && !db_meta_set(&s->db, "last_seq", (int64_t)s->transaction.saved.seq))
		return -1;
	return p->again ? p->max : p->n + seen;
}

/* Goes on counting a room, by up to max lines. Returns by how many, 0 where it was
 * counted already; fewer than max: now it is. -1: error. */
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
		s->rooms.count_from = 0; /* where all are known, the next look at them is quick */
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
	free(p.keep);
	free(p.id);
	free(p.room);
	return n;
}

/* -- the WAL --------------------------------------------------------------------- */

bool store_checkpoint(struct store *s)
{
	int rc = sqlite3_wal_checkpoint_v2(s->db.sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return rc != SQLITE_IOERR_FSYNC;
}

int store_wal_pages(struct store *s)
{
	return s->wal_pages;
}
