/* What is in a database. Owns nothing. */
#include "chatd/store/db/inventory.h"

#include "chatd/store/db/state.h"

#include <sys/stat.h>

static uint64_t file_bytes(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

bool inventory_numbers(struct store *s, struct inventory_numbers *n, struct store_error *err)
{
	struct db *db = &s->db;
	db->error = SQLITE_OK;
	if (!db_begin(db, SQL_BEGIN_READ))
		return store_fail(s, err);
	*n = (struct inventory_numbers){
		.lines = (uint64_t)db_number_of(db, "SELECT count(*) FROM messages", 0),
		.rooms = (uint64_t)db_number_of(db, "SELECT count(*) FROM rooms", 0),
		.actions = (uint64_t)db_number_of(db, "SELECT count(*) FROM audit", 0),
		.first_ms = db_number_of(db, "SELECT time_ms FROM messages ORDER BY id LIMIT 1", 0),
		.last_ms = db_number_of(db, "SELECT time_ms FROM messages ORDER BY id DESC LIMIT 1", 0),
		.unindexed = (uint64_t)db_number_of(db, "SELECT count(*) FROM messages WHERE id >"
		                                    " coalesce((SELECT value FROM meta WHERE key = 'indexed'), 0)", 0),
		.database_bytes = file_bytes(s->location.path),
		.wal_bytes = file_bytes(s->location.wal_path),
	};
	return (!db->error && db_run(db_stmt(db, SQL_COMMIT))) || store_fail(s, err);
}

/* Calls back for each row of the SQL; text may be NULL. */
static bool each_row(struct store *s, const char *sql, const char *text,
                     bool (*each)(struct store *s, sqlite3_stmt *row, const void *to), const void *to,
                     struct store_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db.sqlite, sql, -1, &st, NULL);
	bool ok = rc == SQLITE_OK && (!text || sqlite3_bind_text(st, 1, text, -1, SQLITE_STATIC) == SQLITE_OK);
	while (ok && (rc = sqlite3_step(st)) == SQLITE_ROW)
		ok = each(s, st, to);
	ok = ok && rc == SQLITE_DONE;
	if (!ok)
		store_fail(s, err);
	sqlite3_finalize(st);
	return ok;
}

struct rooms_to {
	void (*each)(void *ctx, const struct inventory_room *r);
	void *ctx;
};

static bool room_row(struct store *s, sqlite3_stmt *row, const void *to)
{
	const struct rooms_to *t = to;
	struct inventory_room r = {
		.number = (uint32_t)sqlite3_column_int64(row, 0), .name = db_text(&s->db, row, 1),
		.topic = db_text(&s->db, row, 2), .lines = (uint64_t)sqlite3_column_int64(row, 3),
		.last_ms = sqlite3_column_int64(row, 4),
	};
	if (r.name && r.topic)
		t->each(t->ctx, &r);
	return r.name && r.topic;
}

bool inventory_rooms(struct store *s, void (*each)(void *ctx, const struct inventory_room *r), void *ctx,
                     struct store_error *err)
{
	const struct rooms_to to = { each, ctx };
	return each_row(s, "SELECT id, name, topic, (SELECT count(*) FROM messages WHERE room = rooms.id),"
	                " (SELECT time_ms FROM messages WHERE room = rooms.id ORDER BY id DESC LIMIT 1)"
	                " FROM rooms ORDER BY id", NULL, room_row, &to, err);
}

struct actions_to {
	void (*each)(void *ctx, const struct inventory_action *a);
	void *ctx;
};

static bool action_row(struct store *s, sqlite3_stmt *row, const void *to)
{
	const struct actions_to *t = to;
	struct inventory_action a = {
		.id = (uint64_t)sqlite3_column_int64(row, 0), .time_ms = sqlite3_column_int64(row, 1),
		.who = db_text(&s->db, row, 2), .what = db_text(&s->db, row, 3),
	};
	if (a.who && a.what)
		t->each(t->ctx, &a);
	return a.who && a.what;
}

bool inventory_actions(struct store *s, void (*each)(void *ctx, const struct inventory_action *a),
                       void *ctx, struct store_error *err)
{
	const struct actions_to to = { each, ctx };
	return each_row(s, "SELECT id, time_ms, who, what FROM audit ORDER BY id", NULL, action_row, &to, err);
}

struct marks_to {
	void (*each)(void *ctx, const struct inventory_mark *m);
	void *ctx;
};

static bool mark_row(struct store *s, sqlite3_stmt *row, const void *to)
{
	const struct marks_to *t = to;
	struct inventory_mark m = { db_text(&s->db, row, 0), (uint64_t)sqlite3_column_int64(row, 1) };
	if (m.room)
		t->each(t->ctx, &m);
	return m.room;
}

bool inventory_marks(struct store *s, const char *key,
                     void (*each)(void *ctx, const struct inventory_mark *m), void *ctx,
                     struct store_error *err)
{
	const struct marks_to to = { each, ctx };
	return each_row(s, "SELECT r.name, s.last_id FROM seen s JOIN rooms r ON r.id = s.room"
	                " WHERE s.key = ?1 ORDER BY r.id", key, mark_row, &to, err);
}

bool inventory_said(struct store *s, store_same *same, const char *key, uint64_t up_to, int64_t before_ms,
                    uint64_t *lines, struct store_error *err)
{
	sqlite3_stmt *st = NULL;
	const char *sql = up_to > 0 ? "SELECT sender FROM messages WHERE id <= ?1"
	                            : "SELECT sender FROM messages WHERE time_ms < ?1";
	int rc = sqlite3_prepare_v2(s->db.sqlite, sql, -1, &st, NULL);
	*lines = 0;
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(st, 1, up_to > 0 ? (int64_t)up_to : before_ms);
	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const char *sender = db_text(&s->db, st, 0);
		*lines += sender && same(sender, key);
		rc = sender ? SQLITE_OK : SQLITE_NOMEM;
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE || store_fail(s, err);
}
