/*
 * How long a room's lines are kept, where it says so itself.
 *
 * Few rooms do, so all of them are read at each look for old lines. Owns nothing.
 */
#include "chatd/store/db/room_retention.h"

#include "chatd/base/bytes.h"
#include "chatd/store/db/state.h"

#include <stdlib.h>

bool keep_save(struct store *s, const struct record *r)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_ROOM_KEEP);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, r->room);
	sqlite3_bind_int64(st, 2, (int64_t)(r->ref >> 32));
	sqlite3_bind_int64(st, 3, (int64_t)(r->ref & UINT32_MAX));
	/* What was passed over may be old now. */
	s->room_retentions.passed_id = 0;
	s->room_retentions.some = true;
	return db_run(st);
}

bool store_keeps(const struct store *s)
{
	return s->room_retentions.some;
}

bool keep_load(struct store *s, struct keep **keeps, size_t *n)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_ROOM_KEEPS);
	struct keep *list = NULL;
	size_t cap = 0;
	int rc = SQLITE_ERROR;
	*n = 0;
	while (st && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (*n == cap) {
			cap = cap ? cap * 2 : 16;
			list = mem_resize(list, cap * sizeof(*list));
		}
		list[(*n)++] = (struct keep){
			.room = (uint32_t)sqlite3_column_int64(st, 0),
			.days = (uint32_t)sqlite3_column_int64(st, 1),
			.lines = (uint32_t)sqlite3_column_int64(st, 2),
		};
	}
	if (st)
		sqlite3_reset(st);
	*keeps = list;
	if (rc == SQLITE_DONE)
		s->room_retentions.some = *n > 0;
	return rc == SQLITE_DONE;
}

static int by_room(const void *a, const void *b)
{
	uint32_t x = ((const struct keep *)a)->room, y = ((const struct keep *)b)->room;
	return x < y ? -1 : x > y;
}

const struct keep *keep_of(const struct keep *keeps, size_t n, uint32_t room)
{
	const struct keep wanted = { .room = room };
	return n ? bsearch(&wanted, keeps, n, sizeof(*keeps), by_room) : NULL;
}
