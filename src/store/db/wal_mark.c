/*
 * Finding out whether the WAL next to a database belongs to it.
 *
 * SQLite does not check: it uses whatever the WAL has in place of the file's own pages. If a copy
 * was put in the database's place and the old WAL left where it was, the result is half of the one
 * and half of the other, and once it has been checkpointed both are lost. So chatd keeps a row in
 * meta: an id that no backup shares, a count that grows with each WAL and each MARK_PAGES pages,
 * and its value when the present WAL began (base). The row, and the page that leads to it, are
 * written early in each WAL. SQLite only ever copies pages of the WAL into the file; so whatever
 * chatd was doing when it was killed, the row in the file itself has a count between base and the
 * one in the WAL. A file with another id or count does not belong to this WAL.
 *
 * If either lacks a valid row, nothing is known, and nothing is refused.
 */
#include "chatd/store/db/wal_mark.h"

#include "chatd/base/bytes.h"
#include "chatd/store/db/files.h"
#include "chatd/store/db/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	MARK_PAGES = 128,          /* pages written between two marks in one WAL: a mark takes two
	                            * pages */
	MARK_BYTES = 4 * 16 + 3,   /* of the row's text */
};

#define MARK_FORM "%016" PRIx64 "-%016" PRIx64 "-%016" PRIx64
#define MARK_GET "SELECT value FROM meta WHERE key = 'wal'"

struct wal_mark_row {
	uint64_t id, base, count;
};

enum found { FOUND_MARK, FOUND_NONE, FOUND_UNKNOWN };

/* Checksum of the text: a row torn by a power cut is not valid. */
static uint64_t wal_mark_sum(const char *text)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);
	for (; *text; text++)
		sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return sum;
}

/* Always of the same length, so that the row stays in place in its page. */
static void wal_mark_text(const struct wal_mark_row *m, char text[MARK_BYTES + 1])
{
	int n = snprintf(text, MARK_BYTES + 1, MARK_FORM, m->id, m->base, m->count);
	snprintf(text + n, (size_t)(MARK_BYTES + 1 - n), "-%016" PRIx64, wal_mark_sum(text));
}

static bool wal_mark_parse(const char *text, struct wal_mark_row *m)
{
	char written[MARK_BYTES + 1];
	if (!text || sscanf(text, "%16" SCNx64 "-%16" SCNx64 "-%16" SCNx64, &m->id, &m->base,
	                    &m->count) != 3)
		return false;
	wal_mark_text(m, written);
	return strcmp(text, written) == 0;
}

static enum found wal_mark_find(sqlite3 *db, struct wal_mark_row *m)
{
	enum found found = FOUND_UNKNOWN;
	sqlite3_stmt *st = NULL;
	if (sqlite3_prepare_v2(db, MARK_GET, -1, &st, NULL) == SQLITE_OK) {
		int rc = sqlite3_step(st);
		if (rc == SQLITE_DONE)
			found = FOUND_NONE;
		else if (rc == SQLITE_ROW && wal_mark_parse((const char *)sqlite3_column_text(st, 0), m))
			found = FOUND_MARK;
	}
	sqlite3_finalize(st);
	return found;
}

static bool wal_mark_put(sqlite3 *db, const struct wal_mark_row *m)
{
	char text[MARK_BYTES + 1], sql[200];
	wal_mark_text(m, text);
	snprintf(sql, sizeof(sql), "INSERT INTO meta(key, value) VALUES('wal', '%s')"
	         " ON CONFLICT(key) DO UPDATE SET value = excluded.value", text);
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static void wal_mark_new_id(struct wal_mark_row *m)
{
	sqlite3_randomness(sizeof(m->id), &m->id);
}

/* -- while it is written to ------------------------------------------------------------- */

/* False: there is no WAL. */
static bool salts_read(sqlite3 *db, unsigned char salts[WAL_SALTS_BYTES])
{
	sqlite3_file *wal = NULL;
	return sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) == SQLITE_OK &&
	       wal_frames_salts(wal, salts);
}

/* Writes the first page as well, so that the row can be found whatever file is under the WAL. */
static bool wal_mark_move(sqlite3 *db, bool begins)
{
	struct wal_mark_row m = { 0 };
	sqlite3_stmt *st = NULL;
	char sql[64];
	bool ok;
	if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return false;
	if (wal_mark_find(db, &m) != FOUND_MARK) {
		m = (struct wal_mark_row){ 0 };
		wal_mark_new_id(&m);
	}
	if (begins)
		m.base = m.count;
	m.count++;
	ok = wal_mark_put(db, &m) &&
	     sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK &&
	     sqlite3_step(st) == SQLITE_ROW;
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d; COMMIT", ok ? sqlite3_column_int(st, 0) : 0);
	sqlite3_finalize(st);
	return ok && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

void wal_mark_committed(struct store *s, int pages)
{
	struct wal_mark *w = &s->wal_mark;
	unsigned char salts[WAL_SALTS_BYTES];
	bool begins;
	if (w->moves || !salts_read(s->db.sqlite, salts))
		return;
	begins = memcmp(salts, w->salts, sizeof(salts)) != 0;
	if (!begins && pages - w->pages < MARK_PAGES)
		return;
	w->moves = true;
	if (wal_mark_move(s->db.sqlite, begins)) {
		memcpy(w->salts, salts, sizeof(salts));
		w->pages = pages;
	} else if (sqlite3_extended_errcode(s->db.sqlite) == SQLITE_IOERR_FSYNC) {
		s->db.doubted = true;
	}
	if (!sqlite3_get_autocommit(s->db.sqlite))
		sqlite3_exec(s->db.sqlite, "ROLLBACK", NULL, NULL, NULL);
	w->moves = false;
}

/* -- before it is opened ---------------------------------------------------------------- */

static bool has_bytes(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && st.st_size > 0;
}

bool wal_has_database(const char *path, struct store_error *err)
{
	char *wal = files_beside(path, "-wal");
	bool ok = has_bytes(path) || !has_bytes(wal);
	if (!ok) {
		store_error_set(err, "%s has no database next to it. Put %s back, or, for a new database, move the -wal and "
		                "-shm files away, and start again", wal, path);
		store_error_advise(err, "they may hold the last lines of the old database (see BACKUP in chatd(8))");
		err->lasting = true;
	}
	free(wal);
	return ok;
}

/* Opens the file without its WAL. NULL: that is not possible. */
static sqlite3 *open_alone(const char *path)
{
	struct bytes uri = { 0 };
	sqlite3 *db = NULL;
	bytes_puts(&uri, "file:");
	for (; *path; path++)
		bytes_printf(&uri, strchr("?#%", *path) ? "%%%02x" : "%c", (unsigned char)*path);
	bytes_puts(&uri, "?immutable=1");
	if (sqlite3_open_v2(uri.data, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
	                    NULL) != SQLITE_OK) {
		sqlite3_close(db);
		db = NULL;
	}
	bytes_release(&uri);
	return db;
}

/* True if the file's pages of meta are not torn. */
static bool meta_is_sound(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	bool ok = sqlite3_prepare_v2(db, "PRAGMA integrity_check('meta')", -1, &st, NULL) == SQLITE_OK &&
	          sqlite3_step(st) == SQLITE_ROW;
	const char *said = ok ? (const char *)sqlite3_column_text(st, 0) : NULL;
	ok = said && strcmp(said, "ok") == 0;
	sqlite3_finalize(st);
	return ok;
}

static bool belongs(const char *path, const struct wal_mark_row *with_wal)
{
	struct wal_mark_row file = { 0 };
	sqlite3 *db = open_alone(path);
	enum found found = db ? wal_mark_find(db, &file) : FOUND_UNKNOWN;
	bool ok;
	if (found == FOUND_MARK)
		ok = file.id == with_wal->id && file.count >= with_wal->base && file.count <= with_wal->count;
	else /* before its first mark it had no row */
		ok = found == FOUND_UNKNOWN || with_wal->base == 0 || !meta_is_sound(db);
	sqlite3_close(db);
	return ok;
}

bool wal_mark_check(struct store *s, struct store_error *err)
{
	const char *path = sqlite3_db_filename(s->db.sqlite, "main");
	struct wal_mark_row m;
	if (!path || *path == '\0')
		return true;
	if (wal_mark_find(s->db.sqlite, &m) == FOUND_MARK && !belongs(path, &m)) {
		store_error_set(err, "%s-wal does not belong to the database next to it. If you "
		                "restored the database from a copy, move the -wal and -shm files away and "
		                "start again", path);
		store_error_advise(err, "they may hold the last lines of the old database (see BACKUP in "
		                   "chatd(8))");
		err->lasting = true;
		return false;
	}
	if (!salts_read(s->db.sqlite, s->wal_mark.salts))
		memset(s->wal_mark.salts, 0, sizeof(s->wal_mark.salts));
	/* An existing WAL may have no mark yet. */
	s->wal_mark.pages = -MARK_PAGES;
	return true;
}

/* -- copies ------------------------------------------------------------------------------ */

bool wal_mark_copy(const char *path)
{
	struct wal_mark_row m = { 0 };
	sqlite3 *db = NULL;
	/* The caller syncs it when the copy is complete. */
	bool ok = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
	          SQLITE_OK && sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL) == SQLITE_OK;
	if (ok && wal_mark_find(db, &m) == FOUND_MARK) {
		wal_mark_new_id(&m);
		ok = wal_mark_put(db, &m);
	}
	return sqlite3_close(db) == SQLITE_OK && ok;
}
