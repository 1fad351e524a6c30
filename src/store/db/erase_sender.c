/*
 * Deleting all lines of a person, because their account is deleted.
 *
 * There is no index by sender, because this is rare and lines are not: the record puts a row into
 * the table `erasing`, and the lines from the account's creation to the record are looked through
 * in steps between commits, even after a restart. The row says how far that has come, and is
 * committed with the deletions on the way. Owns nothing.
 */
#include "chatd/store/db/erase_sender.h"

#include "chatd/base/bytes.h"
#include "chatd/store/db/index_parts.h"
#include "chatd/store/db/lines.h"
#include "chatd/store/db/state.h"

#include <stdlib.h>
#include <string.h>

enum { LOOKED = 16 };      /* lines looked at in a step, for each that it deletes: most are others' */

/* A row of erasing. */
struct erasing {
	uint64_t up_to;          /* the record, and the last line that it may hit */
	uint64_t after;          /* lines up to this one were looked at */
	int64_t since_ms;        /* earlier ones are not the account's */
	char *key;               /* owned; whose lines to delete */
};

/* The work of one step. */
struct erased {
	int looked, n;           /* lines looked at, and deleted */
	uint64_t last;           /* the last one looked at */
	uint32_t *room;          /* owned; rooms of these, each once */
	int rooms;
};

bool erase_save(struct store *s, const struct record *r)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_ERASING_ADD);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, (int64_t)r->seq);
	sqlite3_bind_text(st, 2, r->erase.key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, (int64_t)r->erase.after_id);
	sqlite3_bind_int64(st, 4, r->erase.since_ms);
	s->erasure.some = true;
	return db_run(st);
}

bool store_erases(const struct store *s)
{
	return s->erasure.some;
}

/* The next one to do. False: error; key NULL: there is none. */
static bool erasing_get(struct store *s, struct erasing *e)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_ERASING_GET);
	int rc;
	*e = (struct erasing){ .key = NULL };
	if (!st)
		return false;
	rc = db_step(&s->db, st);
	if (rc == SQLITE_ROW) {
		const char *key = db_text(&s->db, st, 1);
		e->up_to = (uint64_t)sqlite3_column_int64(st, 0);
		e->key = key ? mem_strdup(key) : NULL;
		e->after = (uint64_t)sqlite3_column_int64(st, 2);
		e->since_ms = sqlite3_column_int64(st, 3);
	}
	sqlite3_reset(st);
	return rc == SQLITE_DONE || e->key;
}

static bool line_go(struct store *s, struct erased *d, uint64_t id)
{
	int64_t room = lines_delete(s, id, 0);
	if (room <= 0)
		return false;
	lines_note_room(d->room, &d->rooms, (uint32_t)room);
	return true;
}

/* Looks at the next lines, and deletes up to max of them. */
static bool lines_go(struct store *s, const struct erasing *e, int max, store_same *same,
                     struct erased *d)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_ERASING_LINES);
	uint64_t *id = mem_alloc((size_t)max * sizeof(*id));
	int rc = SQLITE_ERROR;
	bool ok;
	if (st) {
		sqlite3_bind_int64(st, 1, (int64_t)e->after);
		sqlite3_bind_int64(st, 2, (int64_t)e->up_to);
		sqlite3_bind_int(st, 3, max * LOOKED);
		while (d->n < max && (rc = db_step(&s->db, st)) == SQLITE_ROW) {
			const char *sender = db_text(&s->db, st, 1);
			d->looked++;
			d->last = (uint64_t)sqlite3_column_int64(st, 0);
			if (sender && sqlite3_column_int64(st, 2) >= e->since_ms && same(sender, e->key))
				id[d->n++] = d->last;
		}
		sqlite3_reset(st);
	}
	ok = rc == SQLITE_DONE || rc == SQLITE_ROW;
	for (int i = 0; ok && i < d->n; i++)
		ok = line_go(s, d, id[i]);
	free(id);
	return ok;
}

/* What was seen under that name says nothing about its next user. */
static bool erasing_end(struct store *s, const struct erasing *e)
{
	sqlite3_stmt *seen = db_stmt(&s->db, SQL_SEEN_ERASE), *end = db_stmt(&s->db, SQL_ERASING_END);
	if (!seen || !end)
		return false;
	sqlite3_bind_text(seen, 1, e->key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(seen, 2, (int64_t)e->up_to);
	sqlite3_bind_int64(end, 1, (int64_t)e->up_to);
	bool ok = db_run(seen) && db_run(end) && wipe_note(s);
	sqlite3_clear_bindings(seen);
	return ok;
}

static bool erasing_move(struct store *s, const struct erasing *e, uint64_t after)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_ERASING_MOVE);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, (int64_t)e->up_to);
	sqlite3_bind_int64(st, 2, (int64_t)after);
	return db_run(st);
}

static bool erase_step(struct store *s, int rows, store_same *same, struct erasing *e, struct erased *d)
{
	if (!transaction_begin_unsynced(s) || !erasing_get(s, e))
		return false;
	if (!e->key)
		return db_run(db_stmt(&s->db, SQL_COMMIT));
	if (!lines_go(s, e, rows, same, d))
		return false;
	bool over = d->n < rows && d->looked < rows * LOOKED;
	return (over ? erasing_end(s, e) : erasing_move(s, e, d->last)) &&
	       lines_filter_empty_rooms(s, d->room, &d->rooms) &&
	       /* The highest number must outlive its line. */
	       (d->n == 0 || (db_meta_set(&s->db, "last_seq", (int64_t)s->transaction.saved.seq) &&
	                      index_merge_due(s))) &&
	       db_run(db_stmt(&s->db, SQL_COMMIT));
}

int store_erase(struct store *s, int rows, store_same *same, void (*emptied)(void *ctx, uint32_t room),
                void *ctx, struct store_error *err)
{
	struct erasing e = { .key = NULL };
	struct erased d = { .room = NULL };
	if (!s->erasure.some)
		return 0;
	d.room = mem_alloc((size_t)rows * sizeof(*d.room));
	s->db.error = SQLITE_OK;
	bool ok = erase_step(s, rows, same, &e, &d);
	if (!ok)
		store_fail(s, err);
	else
		s->erasure.some = e.key != NULL;
	if (ok && d.n > 0)
		s->transaction.meta_seq = s->transaction.saved.seq;
	for (int i = 0; ok && i < d.rooms; i++)
		emptied(ctx, d.room[i]);
	free(d.room);
	free(e.key);
	return !ok ? -1 : s->erasure.some ? d.looked + 1 : 0;
}
