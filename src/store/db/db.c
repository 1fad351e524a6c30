/*
 * A connection's statements, and what SQLite says when one fails.
 */
#include "chatd/store/db/db.h"

#include "chatd/store/db/tokenizer.h"
#include "chatd/store/db/wal_frames.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* -- the connection ---------------------------------------------------------- */

static void on_rollback(void *db)
{
	sqlite3_file *wal = NULL;
	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) == SQLITE_OK)
		wal_frames_drop(wal);
}

bool db_open(struct db *db, const char *path, bool writes, struct store_error *err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	if (strcmp(path, ":memory:") == 0)
		flags |= SQLITE_OPEN_CREATE;
	int rc = sqlite3_open_v2(path, &db->sqlite, flags, writes ? wal_frames_vfs() : NULL);
	if (!db->sqlite) { /* then there is no connection to ask */
		store_error_set(err, "cannot open the database: %s", sqlite3_errstr(rc));
		return false;
	}
	if (rc == SQLITE_OK) {
		sqlite3_extended_result_codes(db->sqlite, 1);
		sqlite3_busy_timeout(db->sqlite, DB_BUSY_MS);
		if (writes) {
			sqlite3_rollback_hook(db->sqlite, on_rollback, db->sqlite);
			/* index_parts.c writes a record of FTS5's. */
			sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
		}
		/* Until the file is known to be ours, closing must not checkpoint its WAL. */
		sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		if (tokenizer_register(db->sqlite, &db->words))
			return true;
	}
	db_explain(db, err);
	return false;
}

void db_close(struct db *db)
{
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(db->stmt[i]);
	int rc = sqlite3_close(db->sqlite);
	assert(rc == SQLITE_OK);
	(void)rc;
	*db = (struct db){ .sqlite = NULL };
}

/* -- statements -------------------------------------------------------------- */

static void db_note(struct db *db, int rc)
{
	if (db->error == SQLITE_OK)
		db->error = rc;
}

sqlite3_stmt *db_stmt(struct db *db, enum statement sql)
{
	sqlite3_stmt *st = db->stmt[sql];
	if (st) {
		sqlite3_reset(st);
		return st;
	}
	if (sqlite3_prepare_v3(db->sqlite, statement_text(sql), -1, SQLITE_PREPARE_PERSISTENT, &st,
	                       NULL) != SQLITE_OK) {
		db_note(db, sqlite3_errcode(db->sqlite));
		return NULL;
	}
	db->stmt[sql] = st;
	return st;
}

int db_step(struct db *db, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		db_note(db, rc);
	return rc;
}

bool db_run(sqlite3_stmt *st)
{
	if (!st)
		return false;
	int rc = sqlite3_step(st);
	sqlite3_reset(st);
	return rc == SQLITE_DONE || rc == SQLITE_ROW;
}

const char *db_text(struct db *db, sqlite3_stmt *st, int column)
{
	if (sqlite3_column_type(st, column) == SQLITE_NULL)
		return "";
	const char *text = (const char *)sqlite3_column_text(st, column);
	if (!text)
		db_note(db, SQLITE_NOMEM);
	return text;
}

int64_t db_number(struct db *db, sqlite3_stmt *st, int64_t none)
{
	if (!st)
		return none;
	bool found = db_step(db, st) == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL;
	int64_t value = found ? sqlite3_column_int64(st, 0) : none;
	sqlite3_reset(st);
	return value;
}

int64_t db_number_of(struct db *db, const char *sql, int64_t none)
{
	sqlite3_stmt *st = NULL;
	int64_t value = none;
	int rc = sqlite3_prepare_v2(db->sqlite, sql, -1, &st, NULL);
	if (rc == SQLITE_OK)
		value = db_number(db, st, none);
	else
		db_note(db, rc);
	sqlite3_finalize(st);
	return value;
}

int64_t db_meta(struct db *db, const char *key, int64_t none)
{
	sqlite3_stmt *st = db_stmt(db, SQL_META_GET);
	if (!st)
		return none;
	sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
	return db_number(db, st, none);
}

bool db_meta_set(struct db *db, const char *key, int64_t value)
{
	sqlite3_stmt *st = db_stmt(db, SQL_META_SET);
	if (!st)
		return false;
	sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, value);
	return db_run(st);
}

/* -- transactions ------------------------------------------------------------ */

bool db_begin(struct db *db, enum statement begin)
{
	if (!sqlite3_get_autocommit(db->sqlite) && !db_run(db_stmt(db, SQL_ROLLBACK)))
		return false;
	return db_run(db_stmt(db, begin));
}

void db_rollback(struct db *db)
{
	for (int i = 0; i < SQL_COUNT; i++)
		if (db->stmt[i])
			sqlite3_reset(db->stmt[i]);
	if (!sqlite3_get_autocommit(db->sqlite))
		db_run(db_stmt(db, SQL_ROLLBACK));
}

/* -- what went wrong --------------------------------------------------------- */

static bool errno_says_full(int e)
{
	return e == ENOSPC || e == EDQUOT;
}

/* The errno of the connection's last failure; SQLite often keeps it only with the file: the WAL, or
 * else the database. 0: not known. */
static int system_errno(struct db *db)
{
	int e = sqlite3_system_errno(db->sqlite);
	sqlite3_file *wal = NULL;
	if (!e && sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) ==
	    SQLITE_OK && wal && wal->pMethods)
		wal->pMethods->xFileControl(wal, SQLITE_FCNTL_LAST_ERRNO, &e);
	if (!e)
		sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_LAST_ERRNO, &e);
	return e;
}

void db_explain(struct db *db, struct store_error *err)
{
	int rc = sqlite3_errcode(db->sqlite), e = system_errno(db);
	const char *said = sqlite3_errmsg(db->sqlite);
	/* Other steps may have succeeded since the one that failed. */
	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE) {
		rc = db->error;
		said = sqlite3_errstr(rc);
	}
	db->doubted |= rc == SQLITE_IOERR_FSYNC;
	switch (rc & 0xff) {
	case SQLITE_FULL:
		store_error_set(err, "the disk is full");
		break;
	case SQLITE_IOERR:
		if (errno_says_full(e))
			store_error_set(err, "the disk is full");
		else
			store_error_set(err, "the disk reports an error: %s",
			                e ? strerror(e) : said);
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		store_error_set(err, "another program has locked the database");
		break;
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		store_error_set(err, "cannot write to the database or its folder%s%s",
		                e ? ": " : "", e ? strerror(e) : "");
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		store_error_set(err, "the database is damaged (%s)", said);
		store_error_advise(err, "BACKUP in chatd(8) explains how to restore a copy");
		break;
	default:
		store_error_set(err, "database error: %s", said);
	}
}
