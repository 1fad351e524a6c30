/*
 * Is the database's file still where it was, and if not, can it be put there again?
 *
 * SQLite goes on writing to a file that was removed, and all of that is lost with the process. So
 * the writer checks before each transaction. If nothing is at the path any more, everything is
 * written to a new file next to it, which then gets the old one's name; a file that somebody else
 * has put there is never overwritten.
 *
 * SQLite checks for itself, when a connection is closed, whether the file has moved; then it leaves
 * the file with the WAL's name alone.
 */
#include "chatd/store/db/recovery.h"

#include "chatd/base/log.h"
#include "chatd/store/db/files.h"
#include "chatd/store/db/schema.h"
#include "chatd/store/db/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Appended to the path: the name of a complete new file with everything saved. */
#define FINISHED "-whole"

bool store_is_intact(struct store *s)
{
	return !s->location.path || (!s->db.doubted && location_is_kept(&s->location));
}

void store_check_again(struct store *s)
{
	s->location.doubted = true;
}

bool store_replaced(const struct store *s)
{
	return s->location.path && location_check(s->location.path, &s->location.file) == LOCATION_OTHER;
}

void store_doubt(struct store *s)
{
	s->db.doubted = true;
}

/* -- a new file ------------------------------------------------------------------------ */

/* The new file being made. */
struct rebuild {
	struct store *s;       /* borrowed: the store whose database it will be */
	char *path;            /* owned: its name until it is complete */
	int fd;                /* open, and locked; -1: not made yet */
	const char *what;      /* what has happened, for messages */
	struct store_error *err;
};

static bool rebuild_fail(const struct rebuild *r, int e)
{
	const struct location *p = &r->s->location;
	bool other = e == EACCES && location_check(p->folder, &p->in) == LOCATION_OTHER;
	if (e == ENOENT || e == ENOTDIR)
		store_error_set(r->err, "the database's folder is gone");
	else if (other)
		store_error_set(r->err, "the database's folder was replaced by another");
	else
		store_error_set(r->err, "%s, and the database cannot be rewritten: %s",
		                r->what, e == ENOSPC || e == EDQUOT ? "the disk is full"
		                                                    : strerror(e));
	if (other)
		store_error_advise(r->err, "restart chatd");
	return false;
}

/* Anything left by a chatd that was killed is ours to remove. A journal that stayed would be played back into the new
 * file. Returns an errno, or 0. */
static int rebuild_remove(const struct rebuild *r)
{
	char *journal = files_beside(r->path, "-journal");
	int e = files_remove(journal), other = files_remove(r->path);
	free(journal);
	return e ? e : other;
}

/* Creates it empty, which SQLite treats as missing. Locked before it has its final name. */
static bool rebuild_create(struct rebuild *r)
{
	int e = rebuild_remove(r);
	if (e != 0)
		return rebuild_fail(r, e);
	r->fd = open(r->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, STORE_FILE_MODE);
	if (r->fd < 0)
		return rebuild_fail(r, errno);
	return flock(r->fd, LOCK_EX | LOCK_NB) == 0 || rebuild_fail(r, errno);
}

static bool rebuild_fill(struct rebuild *r)
{
	struct store *s = r->s;
	sqlite3_stmt *st = NULL;
	struct store_error why;
	/* If the old file was only moved away, it should be complete where it is now. */
	sqlite3_wal_checkpoint_v2(s->db.sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	bool ok = sqlite3_prepare_v2(s->db.sqlite, "VACUUM main INTO ?1", -1, &st, NULL) == SQLITE_OK &&
	          sqlite3_bind_text(st, 1, r->path, -1, SQLITE_STATIC) == SQLITE_OK &&
	          sqlite3_step(st) == SQLITE_DONE;
	if (!ok) {
		store_fail(s, &why);
		char *cause = store_error_cause(&why);
		store_error_set(r->err, "%s, and the database cannot be rewritten: %.300s",
		                r->what, cause);
		free(cause);
		if (why.advice > 0)
			store_error_advise(r->err, "%s", why.text + why.advice);
	}
	sqlite3_finalize(st);
	sqlite3_db_release_memory(s->db.sqlite);
	return ok && (fsync(r->fd) == 0 || rebuild_fail(r, errno));
}

/* Removes the files next to a database, which must not meet another one: SQLite would mix the two. Returns an errno, or
 * 0 if they are gone. */
static int sides_remove(const char *path)
{
	static const char *const ends[] = { "-journal", "-wal", "-shm" };
	int e = 0;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && e == 0; i++) {
		char *side = files_beside(path, ends[i]);
		e = files_remove(side);
		free(side);
	}
	return e;
}

static bool replaced_fail(struct store_error *err)
{
	store_error_set(err, "the database file was replaced by another");
	store_error_advise(err, "put the old one back; or save what chatd has with /backup, stop chatd, "
	                   "and put that copy in its place");
	return false;
}

/* Renames finished to path; returns an errno, or 0. over: replaces what is there, because it is
 * ours. */
static int finished_rename(const char *finished, const char *path, bool over)
{
	if (over)
		return rename(finished, path) == 0 ? 0 : errno;
	return files_rename_new(finished, path);
}

/*
 * Gives it the database's name, unless another file is there by now. The WAL there must not meet
 * the new file, but may be the only place with the last lines; so before it is removed, the new
 * file gets a name, on the disk, by which the next start would recognize it (recovery_finish).
 */
static bool rebuild_install(struct rebuild *r)
{
	const struct location *p = &r->s->location;
	enum location_check spot = location_check(p->path, &p->file);
	char *finished = files_beside(p->path, FINISHED);
	int e = spot == LOCATION_OTHER ? EEXIST : 0;
	if (e == 0 && (rename(r->path, finished) != 0 || !files_sync_folder(p->folder)))
		e = errno;
	if (e == 0)
		e = sides_remove(p->path);
	if (e == 0 && !files_sync_folder(p->folder))
		e = errno;
	if (e == 0)
		e = finished_rename(finished, p->path, spot == LOCATION_SAME);
	if (e == EEXIST)
		unlink(finished);
	free(finished);
	if (e == EEXIST)
		return replaced_fail(r->err);
	return e == 0 || rebuild_fail(r, e);
}

/* The number of the newest record that a database has, with its WAL; -1: that cannot be read. A newer
 * position without a record does not count: going back to an older one does no harm. */
static int64_t newest_record(const char *path)
{
	static const char sql[] = "SELECT max(coalesce((SELECT max(id) FROM messages), 0),"
	                          " coalesce((SELECT value FROM meta WHERE key = 'last_seq'), 0))";
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	int64_t newest = -1;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) {
		sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
			newest = sqlite3_column_int64(st, 0);
	}
	sqlite3_finalize(st);
	sqlite3_close(db);
	return newest;
}

/* Keeps chatds from the database there as long as *fd is open, which is the caller's, or -1. False: one runs on it.
 * What it could not finish yet is its own. */
static bool no_chatd_runs(const char *path, int *fd)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return *fd < 0 || flock(*fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

bool recovery_finish(const char *path, struct store_error *err)
{
	char *finished = files_beside(path, FINISHED), *folder = files_folder(path);
	struct stat ours, there;
	int fd = open(finished, O_RDWR | O_CLOEXEC | O_NOCTTY), old = -1;
	bool ok = fd < 0 && errno == ENOENT;
	if (fd < 0 && !ok) {
		store_error_set(err, "cannot open %s, which may hold the newest records: %s", finished,
		                strerror(errno));
	} else if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		store_error_set_in_use(err, path);
	} else if (fd >= 0 && fstat(fd, &ours) == 0 && files_owned(finished, &ours, err)) {
		bool over = stat(path, &there) == 0;
		if (over && there.st_dev == ours.st_dev && there.st_ino == ours.st_ino) {
			/* chatd ended within files_rename_new. The WAL there belongs to this
			 * file. */
			bool linked = lstat(path, &there) != 0 || S_ISLNK(there.st_mode);
			ok = !linked && unlink(finished) == 0 && files_sync_folder(folder);
			if (linked)
				store_error_set(err, "%s is a link to %s, a name that chatd uses for itself: rename "
				                "that file to %s", path, finished, path);
			else if (!ok)
				store_error_set(err, "cannot remove %s, a second name of the database: %s",
				                finished, strerror(errno));
		} else if (over && !no_chatd_runs(path, &old)) {
			store_error_set_in_use(err, path);
		} else if (over && newest_record(path) > newest_record(finished)) {
			log_warnx("ignoring %s, written when the database was removed or in doubt: the database "
			          "has newer records. It is a copy of what had been saved then; remove it if "
			          "you do not need it", finished);
			ok = true;
		} else {
			errno = sides_remove(path);
			ok = errno == 0 && files_sync_folder(folder) &&
			     (errno = finished_rename(finished, path, over)) == 0;
			if (ok)
				files_sync_folder(folder);
			if (ok)
				log_warnx("finished rewriting the database, which an earlier chatd had begun");
			else
				store_error_set(err, "cannot put %s, which holds everything saved, in the place of %s: "
				                "%s", finished, path, strerror(errno));
		}
	}
	if (old >= 0)
		close(old);
	if (fd >= 0)
		close(fd);
	free(finished);
	free(folder);
	return ok;
}

/* Its WAL exists after the first read. */
static bool rebuild_settle(struct store *s, struct store_error *err)
{
	uint64_t indexed;
	if (!schema_migrate(s, s->location.path, false, err) || !connect_writer(s, err))
		return false;
	s->db.error = SQLITE_OK;
	indexed = (uint64_t)db_meta(&s->db, "indexed", 0);
	if (s->db.error)
		return store_fail(s, err);
	s->index.indexed = indexed;
	return true;
}

static bool rebuild_switch(struct rebuild *r)
{
	struct store *s = r->s;
	if (!connect_again(s, rebuild_settle, r->err)) {
		/* It is complete, stays, and is ours; but this connection does not write to it. */
		s->location.file = location_file(s->location.path);
		s->db.doubted = true;
		close(s->lock_fd);
		s->lock_fd = r->fd;
		r->fd = -1;
		return false;
	}
	s->transaction.synced = s->db.doubted = false;
	s->wal_pages = 0;
	/* Closed only after this thread's last connection to it. */
	close(s->lock_fd);
	s->lock_fd = r->fd;
	r->fd = -1;
	location_note(s);
	location_watch(&s->location);
	sqlite3_db_config(s->db.sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	return true;
}

/*
 * Another file is where the database was. Our WAL next to it would be taken for its own, and damage
 * it; so the WAL is checkpointed into the old file, wherever that is by now, and its name removed.
 * If the old file comes back it lacks its WAL, and is rebuilt.
 */
static void replaced_leave(struct store *s)
{
	const struct location *p = &s->location;
	int frames = 0, copied = -1;
	char *shm;
	if (p->wal.ino == 0 || location_check(p->wal_path, &p->wal) != LOCATION_SAME ||
	    sqlite3_wal_checkpoint_v2(s->db.sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied) !=
	    SQLITE_OK || frames != copied)
		return;
	shm = files_beside(p->path, "-shm");
	unlink(p->wal_path);
	unlink(shm);
	free(shm);
}

bool store_rebuild(struct store *s, struct store_error *err)
{
	enum location_check spot = location_check(s->location.path, &s->location.file);
	struct rebuild r = {
		.s = s, .fd = -1, .err = err,
		.what = spot != LOCATION_SAME ? "the database file was removed"
		      : s->db.doubted ? "the disk may have lost writes"
		                   : "the database's WAL was removed",
	};
	if (spot == LOCATION_OTHER) {
		replaced_leave(s);
		return replaced_fail(err);
	}
	r.path = files_beside(s->location.path, "-new");
	bool ok = rebuild_create(&r) && rebuild_fill(&r) && rebuild_install(&r);
	if (ok) {
		files_sync_folder(s->location.folder);
		ok = rebuild_switch(&r);
	} else if (r.fd >= 0) {
		rebuild_remove(&r);
	}
	if (ok)
		store_error_set(err, "%s; everything saved was written to a new file: %.300s",
		                r.what, s->location.path);
	if (r.fd >= 0)
		close(r.fd);
	free(r.path);
	return ok;
}
