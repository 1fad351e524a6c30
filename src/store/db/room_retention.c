/*
 * How long a room's lines are kept, if it has a setting of its own.
 *
 * Few rooms do, so all of them are read at each look for old lines. Owns nothing.
 */
#include "chatd/store/db/room_retention.h"

#include "chatd/base/bytes.h"
#include "chatd/store/db/state.h"

#include <stdlib.h>

bool room_retention_save(struct store *s, const struct record *r)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_ROOM_RETENTION);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, r->room);
	sqlite3_bind_int64(st, 2, r->retention.days);
	sqlite3_bind_int64(st, 3, r->retention.lines);
	/* Lines passed over before may be old now. */
	s->room_retentions.passed_id = 0;
	s->room_retentions.some = true;
	return db_run(st);
}

bool store_has_room_retention(const struct store *s)
{
	return s->room_retentions.some;
}

bool room_retention_load(struct store *s, struct room_retention **rooms, size_t *n)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_ROOM_RETENTIONS);
	struct room_retention *list = NULL;
	size_t cap = 0;
	int rc = SQLITE_ERROR;
	*n = 0;
	while (st && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (*n == cap) {
			cap = cap ? cap * 2 : 16;
			list = mem_resize(list, cap * sizeof(*list));
		}
		list[(*n)++] = (struct room_retention){
			.room = (uint32_t)sqlite3_column_int64(st, 0),
			.days = (uint32_t)sqlite3_column_int64(st, 1),
			.lines = (uint32_t)sqlite3_column_int64(st, 2),
		};
	}
	if (st)
		sqlite3_reset(st);
	*rooms = list;
	if (rc == SQLITE_DONE)
		s->room_retentions.some = *n > 0;
	return rc == SQLITE_DONE;
}

static int by_room(const void *a, const void *b)
{
	const struct room_retention *x = a, *y = b;
	return x->room < y->room ? -1 : x->room > y->room;
}

const struct room_retention *room_retention_find(const struct room_retention *rooms, size_t n,
                                                 uint32_t room)
{
	const struct room_retention wanted = { .room = room };
	return n ? bsearch(&wanted, rooms, n, sizeof(*rooms), by_room) : NULL;
}
