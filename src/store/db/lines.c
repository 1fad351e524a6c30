/*
 * Lines in the database: ranges of them, how many there are, deleting one.
 */
#include "chatd/store/db/lines.h"

#include "chatd/base/bounds.h"
#include "chatd/store/db/index.h"
#include "chatd/store/db/state.h"

#include <stdlib.h>
#include <string.h>

void lines_bind_range(sqlite3_stmt *st, uint32_t room, uint64_t after_id, uint64_t before_id,
                      uint32_t limit)
{
	sqlite3_bind_int64(st, 1, room);
	sqlite3_bind_int64(st, 2, db_id(after_id));
	sqlite3_bind_int64(st, 3, db_id(before_id));
	sqlite3_bind_int64(st, 4, INT64_MIN);
	sqlite3_bind_int64(st, 5, INT64_MAX);
	sqlite3_bind_int64(st, 6, limit);
}

int64_t lines_count(struct store *s, uint32_t room, const char *nick, const struct ranges *in)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_LINES_MISSED);
	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, room);
	sqlite3_bind_text(st, 5, nick, -1, SQLITE_STATIC);
	int64_t count = lines_count_by(s, st, in);
	sqlite3_clear_bindings(st);
	return count;
}

int64_t lines_count_by(struct store *s, sqlite3_stmt *st, const struct ranges *in)
{
	int64_t count = 0;
	for (uint32_t i = 0; i < in->n && count < MISSED_MAX; i++) {
		sqlite3_bind_int64(st, 2, db_id(in->at[i].after));
		sqlite3_bind_int64(st, 3, db_id(in->at[i].before));
		sqlite3_bind_int64(st, 4, MISSED_MAX - count);
		int64_t n = db_number(&s->db, st, -1);
		if (n < 0)
			return -1;
		count += n;
	}
	return count;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

void lines_sort(int64_t *id, int n)
{
	qsort(id, (size_t)n, sizeof(*id), by_number);
}

int64_t lines_delete(struct store *s, uint64_t id, uint32_t room)
{
	sqlite3_stmt *get = db_stmt(&s->db, SQL_LINE_GET), *drop = db_stmt(&s->db, SQL_LINE_DELETE);
	sqlite3_stmt *last = db_stmt(&s->db, SQL_ROOM_WAS_LAST);
	if (!get || !drop || !last)
		return -1;
	sqlite3_bind_int64(get, 1, (int64_t)id);
	int rc = sqlite3_step(get);
	uint32_t of = rc == SQLITE_ROW ? (uint32_t)sqlite3_column_int64(get, 3) : 0;
	bool found = rc == SQLITE_ROW && (!room || room == of);
	bool ok = rc == SQLITE_DONE || rc == SQLITE_ROW;
	if (found)
		ok = index_forget(s, id, get);
	if (!ok)
		return -1; /* the error must still be described; the rollback resets the
		            * statement */
	int64_t time_ms = found ? sqlite3_column_int64(get, 1) : 0;
	sqlite3_reset(get);
	if (!found)
		return 0;
	sqlite3_bind_int64(drop, 1, (int64_t)id);
	sqlite3_bind_int64(last, 1, of);
	sqlite3_bind_int64(last, 2, (int64_t)id);
	sqlite3_bind_int64(last, 3, time_ms);
	if (!db_run(drop) || !db_run(last))
		return -1;
	known_rooms_lose_line(&s->rooms, of);
	return of;
}

void lines_note_room(uint32_t *room, int *n, uint32_t one)
{
	for (int i = *n; i-- > 0; )
		if (room[i] == one)
			return;
	room[(*n)++] = one;
}

bool lines_filter_empty_rooms(struct store *s, uint32_t *room, int *n)
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
