/*
 * A copy of the database next to it, made while chatd goes on running: QUERY_BACKUP.
 *
 * VACUUM INTO reads in one transaction, so the copy is the database of one moment. It is written
 * under the name DATABASE-part, flushed to the disk, and only then renamed to the name asked for.
 * Nothing that exists is overwritten.
 */
#include "chatd/store/db/backup.h"

#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/store/db/answer.h"
#include "chatd/base/clock.h"
#include "chatd/store/db/files.h"
#include "chatd/store/db/state.h"
#include "chatd/store/db/wal_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SYNC_STEP_BYTES = 8 << 20, /* bytes flushed to the disk at once: commits run in between, and
	                            * a shutdown need not wait for more */
};

/* A copy being made. */
struct backup {
	struct store *s;          /* borrowed: the store to copy */
	struct bytes part, path;  /* owned; its path before and after it is renamed */
	int fd;                   /* open, and locked, so that nobody else writes to the part; -1: not made yet */
	int64_t bytes;            /* its size */
	char why[600];            /* if it failed: a sentence to follow a colon */
};

static bool backup_fail(struct backup *b, const char *what, int e)
{
	snprintf(b->why, sizeof(b->why), "%s: %s.", what, e == ENOSPC || e == EDQUOT
	         ? "the disk is full" : strerror(e));
	return false;
}

static bool backup_interrupted(struct backup *b)
{
	if (!__atomic_load_n(&b->s->bounds.interrupted, __ATOMIC_RELAXED))
		return false;
	snprintf(b->why, sizeof(b->why), "the server is shutting down.");
	return true;
}

/* Sets the paths. False: the database is not in a file. */
static bool backup_names(struct backup *b, const char *name)
{
	const char *database = sqlite3_db_filename(b->s->db.sqlite, "main"), *end;
	if (!database || *database == '\0') {
		snprintf(b->why, sizeof(b->why), "the database is in memory, not in a file.");
		return false;
	}
	end = strrchr(database, '/');
	bytes_printf(&b->part, "%s-part", database);
	bytes_append(&b->path, database, end ? (size_t)(end + 1 - database) : 0);
	bytes_puts(&b->path, name);
	if (access(b->path.data, F_OK) == 0) {
		snprintf(b->why, sizeof(b->why), "a file with that name already exists. "
		         "Choose another name.");
		return false;
	}
	return true;
}

/* Removes the part, and its journal, which must not meet another file of that name. Returns an errno, or 0. */
static int backup_remove(struct backup *b)
{
	struct bytes journal = { 0 };
	int e, other;
	bytes_printf(&journal, "%s-journal", b->part.data);
	e = files_remove(journal.data);
	other = files_remove(b->part.data);
	bytes_release(&journal);
	return e ? e : other;
}

/* Locks the part that fd has open. False: somebody else is making one; they have it locked, or have renamed it, or made
 * another by now. */
static bool backup_lock(struct backup *b, int fd)
{
	struct file_id id = { 0 };
	struct stat st;
	if (fstat(fd, &st) == 0)
		id = (struct file_id){ .dev = st.st_dev, .ino = st.st_ino };
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && location_check(b->part.data, &id) == LOCATION_SAME)
		return true;
	snprintf(b->why, sizeof(b->why), "another backup of this database is being made. Wait until it is done.");
	return false;
}

/* SQLite treats an empty file as missing, and keeps its permissions. A part that nobody has locked was left by somebody
 * who was killed. There may be several who make one: "chatd admin backup" holds no lock on the database. */
static bool backup_begin(struct backup *b)
{
	int left = open(b->part.data, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	bool ok = left < 0 || backup_lock(b, left);
	int e = ok ? backup_remove(b) : 0;
	if (left >= 0)
		close(left);
	if (e != 0)
		return backup_fail(b, "cannot remove an earlier copy that was not finished", e);
	if (!ok)
		return false;
	b->fd = open(b->part.data, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, STORE_FILE_MODE);
	if (b->fd < 0)
		return backup_fail(b, "cannot create the copy", errno);
	return backup_lock(b, b->fd);
}

static bool backup_copy(struct backup *b)
{
	sqlite3_stmt *st = NULL;
	struct store_error err;
	bool ok;
	/* A reading connection may not write anything, not even the copy. */
	if (!b->s->writer)
		sqlite3_exec(b->s->db.sqlite, "PRAGMA query_only = OFF", NULL, NULL, NULL);
	ok = sqlite3_prepare_v2(b->s->db.sqlite, "VACUUM main INTO ?1", -1, &st, NULL) == SQLITE_OK &&
	     sqlite3_bind_text(st, 1, b->part.data, -1, SQLITE_STATIC) == SQLITE_OK &&
	     sqlite3_step(st) == SQLITE_DONE;
	if (!ok) {
		store_fail(b->s, &err);
		if (!backup_interrupted(b))
			snprintf(b->why, sizeof(b->why), "cannot copy the database: %s.", err.text);
	}
	sqlite3_finalize(st);
	/* If the copy is restored next to the original's WAL, chatd must be able to tell that the
	 * WAL is not its own. */
	if (ok && !wal_mark_copy(b->part.data)) {
		snprintf(b->why, sizeof(b->why), "cannot mark the copy as a backup.");
		ok = false;
	}
	if (!b->s->writer)
		sqlite3_exec(b->s->db.sqlite, "PRAGMA query_only = ON", NULL, NULL, NULL);
	sqlite3_db_release_memory(b->s->db.sqlite);
	return ok;
}

/* Flushes it to the disk, in steps. */
static bool backup_sync(struct backup *b)
{
	const unsigned flags = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
	                       SYNC_FILE_RANGE_WAIT_AFTER;
	struct stat st;
	if (fstat(b->fd, &st) != 0)
		return backup_fail(b, "cannot examine the copy", errno);
	b->bytes = st.st_size;
	for (int64_t at = 0; at < b->bytes; at += SYNC_STEP_BYTES) {
		/* Not every filesystem can do this; fsync then does it all. */
		if (sync_file_range(b->fd, at, SYNC_STEP_BYTES, flags) != 0)
			break;
		if (backup_interrupted(b))
			return false;
	}
	if (fsync(b->fd) != 0)
		return backup_fail(b, "cannot flush the copy to the disk", errno);
	return true;
}

/* Renames the copy, unless a file of that name has appeared. */
static bool backup_name(struct backup *b)
{
	int e = files_rename_new(b->part.data, b->path.data);
	if (e == EEXIST)
		snprintf(b->why, sizeof(b->why), "a file with that name already exists. "
		         "Choose another name.");
	else if (e != 0)
		backup_fail(b, "cannot rename the copy", e);
	return e == 0;
}

static bool backup_finish(struct backup *b)
{
	char *folder;
	if (!backup_sync(b) || !backup_name(b))
		return false;
	/* The new name itself must reach the disk as well. */
	folder = files_folder(b->path.data);
	files_sync_folder(folder);
	free(folder);
	return true;
}

struct rows *backup_answer(struct store *s, const struct query *q)
{
	struct backup b = { .s = s, .fd = -1 };
	int64_t begin_ms = clock_ms(CLOCK_MONOTONIC);
	struct rows *rows;
	bool ok = backup_names(&b, q->backup.name) && backup_begin(&b);
	if (ok) {
		ok = backup_copy(&b) && !backup_interrupted(&b) && backup_finish(&b);
		if (!ok)
			backup_remove(&b);
	}
	if (ok) {
		log_info("backup: %s, %lld bytes in %lld ms", b.path.data, (long long)b.bytes,
		         (long long)(clock_ms(CLOCK_MONOTONIC) - begin_ms));
		rows = rows_of(q, &(struct rows){ .backup.bytes = (uint64_t)b.bytes });
	} else {
		log_warnx("backup: cannot back up to %s: %s", q->backup.name, b.why);
		rows = rows_sorry(q, b.why);
	}
	/* Only now: until it has its name, it is locked. */
	if (b.fd >= 0)
		close(b.fd);
	bytes_release(&b.part);
	bytes_release(&b.path);
	return rows;
}
