/*
 * Deleting rooms with all their lines.
 *
 * The record that removes a room puts its number into the table `going` and deletes its row; from
 * then on no query shows a line of it. Its lines are deleted in steps between commits, and then the
 * marks of what people have seen there, even after a restart: it is not done as long as the table
 * has the number. Owns only the position up to which those marks were looked through.
 */
#include "chatd/store/db/remove_room.h"

#include "chatd/base/bytes.h"
#include "chatd/store/db/index_parts.h"
#include "chatd/store/db/lines.h"
#include "chatd/store/db/state.h"

#include <stdlib.h>

enum {
	SEEN_LOOKED = 4,   /* marks looked at in a step, for each line that one deletes: most stay */
};

bool remove_save(struct store *s, const struct record *r)
{
	sqlite3_stmt *add = db_stmt(&s->db, SQL_GOING_ADD), *drop = db_stmt(&s->db, SQL_ROOM_DROP);
	if (!add || !drop)
		return false;
	if (s->transaction.batch.room < r->room)
		s->transaction.batch.room = r->room;
	sqlite3_bind_int64(add, 1, r->room);
	sqlite3_bind_int64(drop, 1, r->room);
	/* The number must outlive its row. */
	if (!db_run(add) || !db_run(drop) ||
	    !db_meta_set(&s->db, "last_room", s->transaction.batch.room))
		return false;
	known_rooms_remove(&s->rooms, r->room);
	s->removal.some = true;
	/* Nothing of this room has been looked for so far. */
	remove_release(s);
	return true;
}

bool remove_has(struct store *s, uint32_t room)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_GOING_HAS);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, room);
	return db_number(&s->db, st, 0) > 0;
}

bool store_removes(const struct store *s)
{
	return s->removal.some;
}

void remove_release(struct store *s)
{
	free(s->removal.key);
	s->removal.key = NULL;
	s->removal.room = 0;
}

/* Deletes up to max lines of rooms being deleted. Returns how many, -1: error. */
static int remove_lines(struct store *s, int max)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_GOING_LINES);
	int64_t *id = mem_alloc((size_t)max * sizeof(*id));
	int n = 0, rc = SQLITE_ERROR;
	if (st) {
		sqlite3_bind_int(st, 1, max);
		while (n < max && (rc = db_step(&s->db, st)) == SQLITE_ROW)
			id[n++] = sqlite3_column_int64(st, 0);
		sqlite3_reset(st);
	}
	bool ok = rc == SQLITE_DONE || rc == SQLITE_ROW;
	lines_sort(id, n);
	for (int i = 0; ok && i < n; i++)
		ok = lines_delete(s, (uint64_t)id[i], 0) >= 0;
	free(id);
	/* The highest number must outlive its line. */
	ok = ok && (n == 0 || db_meta_set(&s->db, "last_seq", (int64_t)s->transaction.saved.seq));
	return ok ? n : -1;
}

static bool remove_mark(struct store *s, const char *key, int64_t room)
{
	sqlite3_stmt *drop = db_stmt(&s->db, SQL_SEEN_DROP);
	if (!drop)
		return false;
	sqlite3_bind_text(drop, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(drop, 2, room);
	return db_run(drop);
}

/*
 * Looks at the next max marks of what people have seen, in order of key and room, and deletes those
 * of rooms being deleted: there is no index by room, because removals are rare and marks are not.
 * Returns how many it looked at, -1: error. The position only moves once the transaction is
 * committed.
 */
static int remove_marks(struct store *s, int max, char **key, int64_t *room)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_GOING_SEEN);
	int n = 0, rc = SQLITE_ERROR;
	if (!st)
		return -1;
	*key = mem_strdup(s->removal.key ? s->removal.key : "");
	*room = s->removal.room;
	sqlite3_bind_text(st, 1, *key, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(st, 2, *room);
	sqlite3_bind_int(st, 3, max);
	while ((rc = db_step(&s->db, st)) == SQLITE_ROW) {
		const char *at = db_text(&s->db, st, 0);
		if (!at)
			break;
		free(*key);
		*key = mem_strdup(at);
		*room = sqlite3_column_int64(st, 1);
		n++;
		if (sqlite3_column_int(st, 2) && !remove_mark(s, *key, *room))
			break;
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc == SQLITE_DONE ? n : -1;
}

int store_remove(struct store *s, int rows, struct store_error *err)
{
	char *key = NULL;
	int64_t room = 0;
	int marks = 0, marks_max = rows * SEEN_LOOKED;
	if (!s->removal.some)
		return 0;
	s->db.error = SQLITE_OK;
	if (!transaction_begin_unsynced(s)) {
		store_fail(s, err);
		return -1;
	}
	int lines = remove_lines(s, rows);
	if (lines == 0)
		marks = remove_marks(s, marks_max, &key, &room);
	bool done = lines == 0 && marks >= 0 && marks < marks_max;
	if (lines < 0 || marks < 0 || (lines > 0 && !index_merge_due(s)) ||
	    (done && !(db_run(db_stmt(&s->db, SQL_GOING_END)) && wipe_note(s))) ||
	    !db_run(db_stmt(&s->db, SQL_COMMIT))) {
		store_fail(s, err);
		free(key);
		return -1;
	}
	if (lines > 0)
		s->transaction.meta_seq = s->transaction.saved.seq;
	remove_release(s);
	s->removal.some = !done;
	if (lines > 0 || done) {
		free(key);
	} else {
		s->removal.key = key;
		s->removal.room = room;
	}
	return done ? 0 : lines + marks;
}
