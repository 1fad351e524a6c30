/*
 * The schema, its versions, and the text of every statement.
 *
 * A migration is one string of SQL that takes the database from the version
 * that is its index to the next, in one transaction with its user_version.
 * Released entries are never edited; a change is a new entry at the end.
 */
#include "chatd/store/db/store_db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	APPLICATION_ID = 0x63686174, /* "chat" */
	HEADER_BYTES = 100,          /* of an SQLite file; sqlite.org/fileformat.html, 1.3 */
	HEADER_VERSION_AT = 60,      /* user_version, big-endian */
	HEADER_APPLICATION_AT = 68,  /* application_id, big-endian */
	JOURNAL_HEADER_BYTES = 28,   /* of a rollback journal; the same, 3.1 */
	JOURNAL_PAGES_AT = 16,       /* pages that the file had before, big-endian */
};

static const char *const migrations[] = {
	/* 0 to 1: the lines. The index carries the rowid, so it orders a room's lines. */
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE rooms(id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
	" topic TEXT NOT NULL DEFAULT '');"
	"CREATE TABLE messages(id INTEGER PRIMARY KEY, room INTEGER NOT NULL,"
	" sender TEXT NOT NULL, time_ms INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" body TEXT NOT NULL);"
	"CREATE INDEX messages_room ON messages(room);",

	/* 1 to 2: what people have seen, and the full-text index, which then catches up.
	 * The room's number is a word of its own column: a search in one room jumps over
	 * the other rooms' lines instead of reading them. Nothing ranks, so no sizes.
	 * Merging a little later than by default makes indexing a tenth faster and keeps
	 * its longest step below 20 ms. */
	"CREATE TABLE seen(key TEXT NOT NULL, room INTEGER NOT NULL, last_id INTEGER NOT NULL,"
	" PRIMARY KEY(key, room)) WITHOUT ROWID;"
	"CREATE INDEX seen_last ON seen(last_id);"
	"CREATE VIRTUAL TABLE search USING fts5(body, room, content='messages',"
	" content_rowid='id', columnsize=0, tokenize='unicode61 remove_diacritics 2');"
	"INSERT INTO search(search, rank) VALUES('automerge', 8);",

	/* 2 to 3: what the core keeps in memory beside rooms and lines. */
	("CREATE TABLE facts(kind INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
	 " PRIMARY KEY(kind, key)) WITHOUT ROWID;"),

	/* 3 to 4: what those who have power have done. */
	"CREATE TABLE audit(id INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, who TEXT NOT NULL,"
	" what TEXT NOT NULL);",

	/* 4 to 5: and the command line that takes it back. */
	"ALTER TABLE audit ADD COLUMN undo TEXT NOT NULL DEFAULT '';",

	/* 5 to 6: how long a room's lines are kept; 0: as configured. */
	"ALTER TABLE rooms ADD COLUMN keep_days INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE rooms ADD COLUMN keep_lines INTEGER NOT NULL DEFAULT 0;",

	/* 6 to 7: rooms that were removed and whose lines are not all gone yet. */
	"CREATE TABLE going(room INTEGER PRIMARY KEY);",

	/* 7 to 8: whose share of the acts each is; 0: of those who keep order everywhere, and of
	 * versions that did not know. */
	"ALTER TABLE audit ADD COLUMN share INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX audit_share ON audit(share);"
	"CREATE INDEX audit_old ON audit(time_ms) WHERE share <> 0;",

	/* 8 to 9: the full-text index goes by words in their folded form (fold.h), by the
	 * tokenizer that is registered as chatd's. It is empty then, and is filled in steps. */
	"DROP TABLE search;"
	"CREATE VIRTUAL TABLE search USING fts5(body, room, content='messages',"
	" content_rowid='id', columnsize=0, tokenize='chatd');"
	"INSERT INTO search(search, rank) VALUES('automerge', 8);",

	/* 9 to 10: which of the lines up to last_id were not shown (ranges.h), and which record
	 * told it. */
	"ALTER TABLE seen ADD COLUMN gaps TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE seen ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;"
	"UPDATE seen SET seq = last_id;",

	/* 10 to 11: whose lines are being deleted: those with after < id <= up_to. */
	"CREATE TABLE erasing(up_to INTEGER PRIMARY KEY, key TEXT NOT NULL, after INTEGER NOT NULL,"
	" since_ms INTEGER NOT NULL);",
};

enum { SCHEMA_VERSION = sizeof(migrations) / sizeof(migrations[0]) };

#define LINE "SELECT id, time_ms, kind, room, sender, body FROM messages "
#define ACTS "SELECT id, time_ms, ?4, 0, who, what, undo FROM audit WHERE id < ?1 "
#define OF_WORD "AND (?2 = '' OR lower(who) = lower(?2) OR instr(lower(what), lower(?2)) > 0) "
#define RANGE "WHERE room = ?1 AND id > ?2 AND id < ?3 AND time_ms >= ?4 AND time_ms < ?5 "

static const char *const statements[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_BEGIN_READ] = "BEGIN",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_META_GET] = "SELECT value FROM meta WHERE key = ?1",
	[SQL_META_SET] = "INSERT INTO meta(key, value) VALUES(?1, ?2)"
	                 " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
	[SQL_ROOM_ADD] = "INSERT OR IGNORE INTO rooms(id, name) VALUES(?1, ?2)",
	[SQL_ROOM_NAME] = "SELECT name FROM rooms WHERE id = ?1",
	[SQL_ROOM_TOPIC] = "UPDATE rooms SET topic = ?2 WHERE id = ?1",
	[SQL_ROOM_KEEP] = "UPDATE rooms SET keep_days = ?2, keep_lines = ?3 WHERE id = ?1",
	[SQL_ROOM_KEEPS] = "SELECT id, keep_days, keep_lines FROM rooms"
	                   " WHERE keep_days > 0 OR keep_lines > 0 ORDER BY id",
	[SQL_ROOM_IDS] = "SELECT id FROM rooms WHERE id >= ?1 ORDER BY id",
	[SQL_ROOM_LIST] = "SELECT r.id, r.name, r.topic, m.id, m.time_ms FROM rooms r"
	                  " JOIN messages m ON m.id ="
	                  " (SELECT max(id) FROM messages WHERE room = r.id) ORDER BY r.id",
	[SQL_ROOM_NEWEST] = "SELECT max(id) FROM messages WHERE room = ?1",
	[SQL_ROOM_COUNT] = "SELECT count(*) FROM messages WHERE room = ?1",
	[SQL_ROOM_LAST] = "SELECT max(id) FROM rooms",
	[SQL_ROOM_DROP] = "DELETE FROM rooms WHERE id = ?1",
	[SQL_GOING_ADD] = "INSERT OR IGNORE INTO going(room) VALUES(?1)",
	[SQL_GOING_HAS] = "SELECT 1 FROM going WHERE room = ?1",
	[SQL_GOING_ROOMS] = "SELECT room FROM going ORDER BY room",
	[SQL_GOING_LINES] = "SELECT m.id FROM going g CROSS JOIN messages m ON m.room = g.room"
	                    " LIMIT ?1",
	[SQL_GOING_SEEN] = "SELECT key, room, room IN (SELECT room FROM going) FROM seen"
	                   " WHERE (key, room) > (?1, ?2) ORDER BY key, room LIMIT ?3",
	[SQL_GOING_END] = "DELETE FROM going",
	[SQL_LINE_ADD] = "INSERT INTO messages(id, room, sender, time_ms, kind, body)"
	                 " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_LINES_ADD] = "INSERT INTO messages(id, room, sender, time_ms, kind, body)"
	                  " SELECT id, room, sender, time_ms, kind, body FROM lines",
	[SQL_LINE_GET] = LINE "WHERE id = ?1",
	[SQL_LINE_LAST] = "SELECT id, time_ms FROM messages ORDER BY id DESC LIMIT 1",
	[SQL_LINE_DELETE] = "DELETE FROM messages WHERE id = ?1",
	[SQL_LINE_COUNT] = "SELECT count(*), max(id) FROM (SELECT id FROM messages"
	                   " WHERE room = ?1 AND id > ?2 ORDER BY id LIMIT ?3)",
	[SQL_LINE_AT] = "SELECT time_ms FROM messages WHERE room = ?1 ORDER BY id LIMIT 1 OFFSET ?2",
	[SQL_LINE_ROOM_NEXT] = "SELECT id, time_ms FROM messages WHERE room = ?1 AND id >= ?2"
	                       " ORDER BY id LIMIT 1",
	[SQL_LINES_FIRST] = LINE RANGE "ORDER BY id LIMIT ?6",
	[SQL_LINES_LAST] = LINE RANGE "ORDER BY id DESC LIMIT ?6",
	[SQL_LINES_OLDEST] = "SELECT id, time_ms, room FROM messages WHERE id > ?2"
	                     " ORDER BY id LIMIT ?1",
	[SQL_LINES_MISSED] = "SELECT min(count(*), ?4) FROM (SELECT sender FROM messages"
	                     " WHERE room = ?1 AND id > ?2 AND id < ?3 LIMIT ?4 * 10)"
	                     " WHERE sender <> ?5 COLLATE NOCASE",
	[SQL_SEEN_GET] = "SELECT last_id, gaps, seq FROM seen WHERE key = ?1 AND room = ?2",
	[SQL_SEEN_ROOMS] = "SELECT room, last_id, gaps FROM seen WHERE key = ?1 AND seq > ?2"
	                   " AND room NOT IN (SELECT room FROM going)",
	[SQL_SEEN_DROP] = "DELETE FROM seen WHERE key = ?1 AND room = ?2",
	[SQL_SEEN_ERASE] = "DELETE FROM seen WHERE key = ?1 AND seq <= ?2",
	[SQL_ERASING_ADD] = "INSERT INTO erasing(up_to, key, after, since_ms) VALUES(?1, ?2, ?3, ?4)",
	[SQL_ERASING_GET] = "SELECT up_to, key, after, since_ms FROM erasing ORDER BY up_to LIMIT 1",
	[SQL_ERASING_LINES] = "SELECT id, sender, time_ms FROM messages WHERE id > ?1 AND id <= ?2"
	                      " ORDER BY id LIMIT ?3",
	[SQL_ERASING_MOVE] = "UPDATE erasing SET after = ?2 WHERE up_to = ?1",
	[SQL_ERASING_END] = "DELETE FROM erasing WHERE up_to = ?1",
	[SQL_SEEN_ROW] = "SELECT last_id, 0, 0, room, '', '' FROM seen WHERE key = ?1 AND room = ?2",
	[SQL_SEEN_SET] = "INSERT INTO seen(key, room, last_id, gaps, seq)"
	                 " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(key, room) DO UPDATE SET"
	                 " last_id = excluded.last_id, gaps = excluded.gaps, seq = excluded.seq"
	                 " WHERE excluded.last_id >= last_id",
	[SQL_SEEN_PRUNE] = "DELETE FROM seen WHERE (key, room) IN (SELECT key, room FROM seen"
	                   " WHERE last_id < (SELECT coalesce(min(id), 0) FROM messages)"
	                   " AND last_id < (SELECT value FROM meta WHERE key = 'pruned')"
	                   " ORDER BY last_id LIMIT ?1)",
	[SQL_FACT_SET] = "INSERT INTO facts(kind, key, value) VALUES(?1, ?2, ?3)"
	                 " ON CONFLICT(kind, key) DO UPDATE SET value = excluded.value",
	[SQL_AUDIT_ADD] = "INSERT INTO audit(id, time_ms, who, what, undo, share)"
	                  " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_AUDIT_TRIM] = "DELETE FROM audit WHERE share = ?1 AND id <= (SELECT id FROM audit"
	                   " WHERE share = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
	[SQL_AUDIT_END] = "DELETE FROM audit WHERE id IN (SELECT id FROM audit"
	                  " WHERE share <> 0 AND time_ms < ?1 ORDER BY time_ms LIMIT ?2)",
	[SQL_AUDIT_OLD] = "DELETE FROM audit WHERE time_ms < ?1 AND id IN (SELECT id FROM audit"
	                  " WHERE share = 0 ORDER BY id LIMIT ?2)",
	[SQL_AUDIT_LAST] = ACTS OF_WORD "ORDER BY id DESC LIMIT ?3",
	[SQL_AUDIT_SHARE] = ACTS "AND share = ?5 " OF_WORD "ORDER BY id DESC LIMIT ?3",
	[SQL_FACT_DROP] = "DELETE FROM facts WHERE kind = ?1 AND key = ?2",
	[SQL_FACTS] = "SELECT kind, key, value FROM facts WHERE kind > 0 AND kind < ?1"
	              " ORDER BY kind, key",
	[SQL_FTS_ADD] = "INSERT INTO search(rowid, body, room) SELECT id, body, room FROM messages"
	                " WHERE id > ?1 ORDER BY id LIMIT ?2",
	[SQL_FTS_DELETE] = "INSERT INTO search(search, rowid, body, room)"
	                   " VALUES('delete', ?1, ?2, ?3)",
	[SQL_FTS_MERGE] = "INSERT INTO search(search, rank) VALUES('merge', ?1)",
	[SQL_FTS_FIND] = "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid < ?2"
	                 " ORDER BY rowid DESC LIMIT ?3",
	[SQL_FTS_COUNT] = "SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ?1"
	                  " AND rowid > ?2 AND rowid < ?3 LIMIT ?4)",
};

static void store_note(struct store *s, int rc)
{
	if (s->error == SQLITE_OK)
		s->error = rc;
}

sqlite3_stmt *store_stmt(struct store *s, enum store_sql sql)
{
	sqlite3_stmt *st = s->stmt[sql];
	if (st) {
		sqlite3_reset(st);
		return st;
	}
	if (sqlite3_prepare_v3(s->db, statements[sql], -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) !=
	    SQLITE_OK) {
		store_note(s, sqlite3_errcode(s->db));
		return NULL;
	}
	s->stmt[sql] = st;
	return st;
}

int store_step(struct store *s, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		store_note(s, rc);
	return rc;
}

const char *store_text(struct store *s, sqlite3_stmt *st, int column)
{
	if (sqlite3_column_type(st, column) == SQLITE_NULL)
		return "";
	const char *text = (const char *)sqlite3_column_text(st, column);
	if (!text)
		store_note(s, SQLITE_NOMEM);
	return text;
}

bool store_run(sqlite3_stmt *st)
{
	if (!st)
		return false;
	int rc = sqlite3_step(st);
	sqlite3_reset(st);
	return rc == SQLITE_DONE || rc == SQLITE_ROW;
}

bool store_run_begin(struct store *s, enum store_sql begin)
{
	if (!sqlite3_get_autocommit(s->db) && !store_run(store_stmt(s, SQL_ROLLBACK)))
		return false;
	return store_run(store_stmt(s, begin));
}

int64_t store_number(struct store *s, sqlite3_stmt *st, int64_t none)
{
	if (!st)
		return none;
	bool found = store_step(s, st) == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL;
	int64_t value = found ? sqlite3_column_int64(st, 0) : none;
	sqlite3_reset(st);
	return value;
}

int64_t store_meta(struct store *s, const char *key, int64_t none)
{
	sqlite3_stmt *st = store_stmt(s, SQL_META_GET);
	if (!st)
		return none;
	sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
	return store_number(s, st, none);
}

bool store_meta_set(struct store *s, const char *key, int64_t value)
{
	sqlite3_stmt *st = store_stmt(s, SQL_META_SET);
	if (!st)
		return false;
	sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, value);
	return store_run(st);
}

static uint32_t header_u32(const unsigned char *header, size_t at)
{
	return (uint32_t)header[at] << 24 | (uint32_t)header[at + 1] << 16 |
	       (uint32_t)header[at + 2] << 8 | header[at + 3];
}

static bool version_fail(const char *path, int64_t version, struct store_error *err)
{
	store_error_set(err, "%s was written by a newer chatd (its schema is version %lld, this "
	                "chatd knows %d); use that one", path, (long long)version, SCHEMA_VERSION);
	err->lasting = true;
	return false;
}

/* The file was empty when the transaction began that its journal is of: its first, in
 * which a start was killed or lost its power. SQLite takes it back. */
static bool schema_was_empty(const char *path)
{
	static const unsigned char magic[] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7 };
	unsigned char header[JOURNAL_HEADER_BYTES];
	char journal[PATH_MAX];
	int n = snprintf(journal, sizeof(journal), "%s-journal", path), fd;
	ssize_t got;
	if (n < 0 || (size_t)n >= sizeof(journal))
		return false;
	fd = open(journal, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return false;
	got = pread(fd, header, sizeof(header), 0);
	close(fd);
	return got == (ssize_t)sizeof(header) && memcmp(header, magic, sizeof(magic)) == 0 &&
	       header_u32(header, JOURNAL_PAGES_AT) == 0;
}

/* The first transaction of a new file writes the application_id, in rollback mode;
 * so a file of ours shows it in its bytes even where all else is still in the WAL. */
bool schema_check_file(int fd, const char *path, bool *fresh, struct store_error *err)
{
	unsigned char header[HEADER_BYTES];
	ssize_t n = pread(fd, header, sizeof(header), 0);
	if (n < 0) {
		store_error_set(err, "%s cannot be read: %s", path, strerror(errno));
		return false;
	}
	*fresh = n == 0 || schema_was_empty(path);
	if (*fresh)
		return true;
	if (n < HEADER_BYTES || memcmp(header, "SQLite format 3", 16) != 0) {
		store_error_set(err, "%s is not a database; it was left as it is", path);
		return false;
	}
	if (header_u32(header, HEADER_APPLICATION_AT) != APPLICATION_ID) {
		store_error_set(err, "%s is the database of another program, not chatd's; "
		                "it was left as it is", path);
		return false;
	}
	uint32_t version = header_u32(header, HEADER_VERSION_AT);
	return version <= SCHEMA_VERSION || version_fail(path, version, err);
}

static bool schema_step(struct store *s, int version)
{
	char tail[128];
	snprintf(tail, sizeof(tail), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
	         APPLICATION_ID, version + 1);
	return sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
	       sqlite3_exec(s->db, migrations[version], NULL, NULL, NULL) == SQLITE_OK &&
	       sqlite3_exec(s->db, tail, NULL, NULL, NULL) == SQLITE_OK;
}

/* Not kept among the statements: it runs once. */
static int64_t schema_pragma(struct store *s, const char *sql)
{
	sqlite3_stmt *st = NULL;
	if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK)
		return -1;
	int64_t value = store_number(s, st, -1);
	sqlite3_finalize(st);
	return value;
}

bool schema_migrate(struct store *s, const char *path, bool fresh, struct store_error *err)
{
	int64_t version = schema_pragma(s, "PRAGMA user_version");
	if (version < 0)
		return store_fail(s, err);
	/* The bytes of the file may be older than what its WAL says. */
	if (version > SCHEMA_VERSION)
		return version_fail(path, version, err);
	if (version == 0 && !fresh) {
		store_error_set(err, "%s has no schema version; it is not chatd's", path);
		return false;
	}
	/* Each step deletes its journal, and that must be on the disk before anything else is:
	 * one that came back after a power cut would be rolled back into what came later. */
	if (sqlite3_exec(s->db, "PRAGMA synchronous = EXTRA", NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(s, err);
	for (; version < SCHEMA_VERSION; version++)
		if (!schema_step(s, (int)version))
			return store_fail(s, err);
	if (sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(s, err);
	return true;
}
