/*
 * The schema and its versions.
 *
 * A migration is one string of SQL that takes the database from the version
 * that is its index to the next, in one transaction with its user_version.
 * Released entries are never edited; a change is a new entry at the end.
 */
#include "chatd/store/db/schema.h"

#include "chatd/store/db/index_parts.h"
#include "chatd/store/db/state.h"

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

	/* 2 to 3: what the core keeps in memory besides rooms and lines. */
	("CREATE TABLE facts(kind INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
	 " PRIMARY KEY(kind, key)) WITHOUT ROWID;"),

	/* 3 to 4: actions of moderators and administrators. */
	"CREATE TABLE audit(id INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, who TEXT NOT NULL,"
	" what TEXT NOT NULL);",

	/* 4 to 5: and the command line that undoes each. */
	"ALTER TABLE audit ADD COLUMN undo TEXT NOT NULL DEFAULT '';",

	/* 5 to 6: how long a room's lines are kept; 0: as configured. */
	"ALTER TABLE rooms ADD COLUMN keep_days INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE rooms ADD COLUMN keep_lines INTEGER NOT NULL DEFAULT 0;",

	/* 6 to 7: removed rooms whose lines are not all deleted yet. */
	"CREATE TABLE going(room INTEGER PRIMARY KEY);",

	/* 7 to 8: the share of each action; 0: from moderators and administrators, or from an older
	 * chatd. */
	"ALTER TABLE audit ADD COLUMN share INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX audit_share ON audit(share);"
	"CREATE INDEX audit_old ON audit(time_ms) WHERE share <> 0;",

	/* 8 to 9: the full-text index uses folded words (fold.h), through chatd's own tokenizer. It
	 * starts empty, and is filled in steps. */
	"DROP TABLE search;"
	"CREATE VIRTUAL TABLE search USING fts5(body, room, content='messages',"
	" content_rowid='id', columnsize=0, tokenize='chatd');"
	"INSERT INTO search(search, rank) VALUES('automerge', 8);",

	/* 9 to 10: which of the lines up to last_id were not shown (ranges.h), and the record that
	 * said so. */
	"ALTER TABLE seen ADD COLUMN gaps TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE seen ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;"
	"UPDATE seen SET seq = last_id;",

	/* 10 to 11: whose lines are being deleted: those with after < id <= up_to. */
	"CREATE TABLE erasing(up_to INTEGER PRIMARY KEY, key TEXT NOT NULL, after INTEGER NOT NULL,"
	" since_ms INTEGER NOT NULL);",

	/* 11 to 12: in a cluster, the newest of the room's lines, if that was deleted; otherwise 0. All nodes go on from
	 * the same one, whatever each has deleted by then. */
	"ALTER TABLE rooms ADD COLUMN last_id INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE rooms ADD COLUMN last_ms INTEGER NOT NULL DEFAULT 0;",

	/* 12 to 13: index.c merges the parts of the index, eight of a level at a time. Only if that is far behind does FTS5
	 * merge a whole level at once (crisismerge). */
	"INSERT INTO search(search, rank) VALUES('automerge', 0);"
	"INSERT INTO search(search, rank) VALUES('usermerge', 8);"
	"INSERT INTO search(search, rank) VALUES('crisismerge', 64);",
};

enum {
	SCHEMA_VERSION = sizeof(migrations) / sizeof(migrations[0]),
	SCHEMA_SEARCH = 2, /* the first that has the full-text index */
};

static uint32_t header_u32(const unsigned char *header, size_t at)
{
	return (uint32_t)header[at] << 24 | (uint32_t)header[at + 1] << 16 |
	       (uint32_t)header[at + 2] << 8 | header[at + 3];
}

static bool version_fail(const char *path, int64_t version, struct store_error *err)
{
	store_error_set(err, "%s was written by a newer chatd (its schema is version %lld; this "
	                "chatd knows %d)", path, (long long)version, SCHEMA_VERSION);
	store_error_advise(err, "use the newer one");
	err->lasting = true;
	return false;
}

/* The file was empty when the transaction of its journal began: the first one, interrupted by a
 * kill or a power cut. SQLite rolls it back. */
static bool schema_was_empty(const char *path)
{
	static const unsigned char magic[] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7 };
	unsigned char header[JOURNAL_HEADER_BYTES];
	char journal[PATH_MAX];
	int n = snprintf(journal, sizeof(journal), "%s-journal", path), fd;
	ssize_t got;
	if (n < 0 || (size_t)n >= sizeof(journal))
		return false;
	fd = open(journal, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return false;
	got = pread(fd, header, sizeof(header), 0);
	close(fd);
	return got == (ssize_t)sizeof(header) && memcmp(header, magic, sizeof(magic)) == 0 &&
	       header_u32(header, JOURNAL_PAGES_AT) == 0;
}

/* The first transaction of a new file writes the application_id, in rollback mode; so the bytes of
 * our files show it even if everything else is still in the WAL. */
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
		store_error_set(err, "%s is not a database; it was left unchanged", path);
		return false;
	}
	if (header_u32(header, HEADER_APPLICATION_AT) != APPLICATION_ID) {
		store_error_set(err, "%s is the database of another program, not chatd's; "
		                "it was left unchanged", path);
		return false;
	}
	uint32_t version = header_u32(header, HEADER_VERSION_AT);
	return version <= SCHEMA_VERSION || version_fail(path, version, err);
}

int schema_version(void)
{
	return SCHEMA_VERSION;
}

bool schema_is_current(struct store *s, const char *path, struct store_error *err)
{
	int64_t version = db_number_of(&s->db, "PRAGMA user_version", -1);
	if (version < 0)
		return store_fail(s, err);
	if (version > SCHEMA_VERSION)
		return version_fail(path, version, err);
	if (version == SCHEMA_VERSION)
		return true;
	store_error_set(err, "%s was written by an older chatd (its schema is version %lld, this chatd's "
	                "is %d)", path, (long long)version, SCHEMA_VERSION);
	store_error_advise(err, "start this chatd on it once, which brings it up to date");
	return false;
}

static bool schema_step(struct store *s, int version)
{
	char tail[128];
	snprintf(tail, sizeof(tail), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
	         APPLICATION_ID, version + 1);
	return sqlite3_exec(s->db.sqlite, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
	       sqlite3_exec(s->db.sqlite, migrations[version], NULL, NULL, NULL) == SQLITE_OK &&
	       sqlite3_exec(s->db.sqlite, tail, NULL, NULL, NULL) == SQLITE_OK;
}

bool schema_migrate(struct store *s, const char *path, bool fresh, struct store_error *err)
{
	int64_t version = db_number_of(&s->db, "PRAGMA user_version", -1);
	if (version < 0)
		return store_fail(s, err);
	/* The file itself may be older than its WAL. */
	if (version > SCHEMA_VERSION)
		return version_fail(path, version, err);
	if (version == 0 && !fresh) {
		store_error_set(err, "%s has no schema version, so it is not chatd's", path);
		return false;
	}
	/* Each step deletes its journal, and that must reach the disk before anything else does: a
	 * journal that reappeared after a power cut would be rolled back over later data. */
	if (sqlite3_exec(s->db.sqlite, "PRAGMA synchronous = EXTRA", NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(s, err);
	if (version >= SCHEMA_SEARCH && !index_make_readable(s))
		return store_fail(s, err);
	for (; version < SCHEMA_VERSION; version++)
		if (!schema_step(s, (int)version))
			return store_fail(s, err);
	if (sqlite3_exec(s->db.sqlite, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(s, err);
	return true;
}
