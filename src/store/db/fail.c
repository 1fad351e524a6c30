/*
 * What went wrong in the database, in words for whoever runs chatd, and the way back from it.
 */
#include "chatd/store/db/store_db.h"

#include "chatd/base/guard.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void store_error_set(struct store_error *err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	err->lasting = false;
	/* SQLite's own words quote what stands in the file. */
	guard_text(err->text, strlen(err->text));
}

static void store_rollback(struct store *s)
{
	for (int i = 0; i < SQL_COUNT; i++)
		if (s->stmt[i])
			sqlite3_reset(s->stmt[i]);
	if (!sqlite3_get_autocommit(s->db))
		store_run(store_stmt(s, SQL_ROLLBACK));
	/* Rows and counts of the batch may be among what is remembered. */
	store_forget_rooms(s);
	s->batch = s->saved;
}

static bool errno_says_full(int e)
{
	return e == ENOSPC || e == EDQUOT;
}

/* What the system said when the connection failed last; SQLite often keeps it with
 * the file alone: the WAL, or else the database. 0: not known. */
static int system_errno(struct store *s)
{
	int e = sqlite3_system_errno(s->db);
	sqlite3_file *wal = NULL;
	if (!e && sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) ==
	    SQLITE_OK && wal && wal->pMethods)
		wal->pMethods->xFileControl(wal, SQLITE_FCNTL_LAST_ERRNO, &e);
	if (!e)
		sqlite3_file_control(s->db, "main", SQLITE_FCNTL_LAST_ERRNO, &e);
	return e;
}

bool store_fail(struct store *s, struct store_error *err)
{
	int rc = sqlite3_errcode(s->db), e = system_errno(s);
	const char *said = sqlite3_errmsg(s->db);
	/* Other steps may have gone well since the one that failed. */
	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE) {
		rc = s->error;
		said = sqlite3_errstr(rc);
	}
	s->doubted |= rc == SQLITE_IOERR_FSYNC;
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
		store_error_set(err, "the database or its folder cannot be written to%s%s",
		                e ? ": " : "", e ? strerror(e) : "");
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		store_error_set(err, "the database is damaged (%s); chatd(8), BACKUP, says how to go back "
		                "to a copy", said);
		break;
	default:
		store_error_set(err, "the database reports: %s", said);
	}
	store_rollback(s);
	return false;
}
