/*
 * Checkpoints. When they are due is decided by wal_copy.c.
 */
#include "chatd/store/db/checkpoint.h"

#include "chatd/store/db/files.h"
#include "chatd/store/db/state.h"

#include <stdlib.h>
#include <sys/stat.h>

bool store_checkpoint(struct store *s)
{
	int pages, copied;
	int rc = sqlite3_wal_checkpoint_v2(s->db.sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
	s->wal_copied = rc == SQLITE_OK && copied > 0 ? copied : 0;
	return rc != SQLITE_IOERR_FSYNC;
}

/* Returns SQLite's code. What a failed sync has lost may still be in the WAL, so it must not start again then. */
static int checkpoint_all(struct store *s, int mode)
{
	if (s->db.doubted)
		return SQLITE_IOERR_FSYNC;
	sqlite3_busy_timeout(s->db.sqlite, 0);
	int rc = sqlite3_wal_checkpoint_v2(s->db.sqlite, NULL, mode, NULL, NULL);
	sqlite3_busy_timeout(s->db.sqlite, DB_BUSY_MS);
	s->db.doubted |= rc == SQLITE_IOERR_FSYNC;
	return rc;
}

bool store_checkpoint_last(struct store *s)
{
	return checkpoint_all(s, SQLITE_CHECKPOINT_RESTART) == SQLITE_OK;
}

enum wal_emptied store_wal_empty(struct store *s)
{
	int rc = checkpoint_all(s, SQLITE_CHECKPOINT_TRUNCATE);
	if (rc == SQLITE_OK)
		s->wal_pages = 0;
	return rc == SQLITE_OK ? WAL_EMPTIED
	     : rc == SQLITE_BUSY || rc == SQLITE_LOCKED ? WAL_IN_USE : WAL_EMPTY_FAILS;
}

int64_t store_wal_bytes(struct store *s)
{
	struct stat st = { .st_size = 0 };
	char *path = s->location.path ? files_beside(s->location.path, "-wal") : NULL;
	if (path && stat(path, &st) != 0)
		st.st_size = 0;
	free(path);
	return st.st_size;
}

int store_wal_copied(struct store *s)
{
	return s->wal_copied;
}

int store_wal_pages(struct store *s)
{
	return s->wal_pages;
}
