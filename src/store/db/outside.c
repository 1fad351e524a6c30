/*
 * Reading a database from outside.
 *
 * What chatd makes sure of under its lock when it opens a database (store.c) holds while it runs. If
 * none runs, the lock is held here for a moment, to find out whether the WAL next to the database
 * belongs to it. Nothing is written, except that SQLite may copy the WAL into the database, as it
 * would at the next start.
 */
#include "chatd/store/db/outside.h"

#include "chatd/base/bytes.h"
#include "chatd/store/db/files.h"
#include "chatd/store/db/schema.h"
#include "chatd/store/db/state.h"
#include "chatd/store/db/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int outside_fail(const char *path, struct store_error *err)
{
	if (errno == ENOENT || errno == ENOTDIR)
		store_error_set(err, "there is no database %s", path);
	else
		store_error_set(err, "cannot open the database %s: %s", path, strerror(errno));
	return -1;
}

/* Opens the file itself, which is then known to be a database of chatd's that is ours. */
static int outside_file(const char *path, struct store_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	bool fresh = false, ok;
	if (fd < 0)
		return outside_fail(path, err);
	ok = schema_check_file(fd, path, &fresh, err) && fstat(fd, &st) == 0 &&
	     files_owned(path, &st, err);
	if (ok && fresh)
		store_error_set(err, "the database %s is empty: no chatd has run on it", path);
	if (ok && !fresh)
		return fd;
	close(fd);
	return -1;
}

/* A rewritten database that has not got its name yet may have the newest records. */
static bool outside_is_finished(const char *path, struct store_error *err)
{
	char *left = files_beside(path, "-whole");
	bool ok = access(left, F_OK) != 0;
	if (!ok) {
		store_error_set(err, "a chatd was interrupted while it rewrote the database %s", path);
		store_error_advise(err, "start chatd on it once, which finishes that");
	}
	free(left);
	return ok;
}

static bool outside_begin(struct store *s, const char *path, bool running, struct store_error *err)
{
	if (!db_open(&s->db, path, false, err) || (!running && !wal_mark_check(s, err)))
		return false;
	/* What is left of the WAL is the database's own from here on. */
	sqlite3_db_config(s->db.sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	if (!schema_is_current(s, path, err) || !connect_reader(s, err))
		return false;
	location_note(s);
	return true;
}

struct store *outside_open(const char *path, bool *running, struct store_error *err)
{
	int fd = outside_file(path, err);
	struct store *s;
	bool ok;
	if (fd < 0)
		return NULL;
	/* Shared, so that two of us do not take each other for a chatd. */
	*running = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	s = mem_zero(1, sizeof(*s));
	s->lock_fd = fd;
	ok = (*running || outside_is_finished(path, err)) && outside_begin(s, path, *running, err);
	flock(fd, LOCK_UN);
	if (ok)
		return s;
	store_close(s);
	return NULL;
}
