/*
 * Is the database's file still where it was, and if not, can it be put there again?
 *
 * SQLite goes on writing into a file that was removed, and all of that is gone with the process.
 * So the writer looks before each transaction. Where nothing is at the path any more, everything
 * is written into a new file beside it, which is then called as the old one was; nothing that
 * somebody else has put there is ever written over.
 *
 * SQLite looks for itself, when a connection ends, whether the file has moved; then it leaves
 * what has the WAL's name alone.
 */
#include "chatd/store/db/recovery.h"

#include "chatd/base/bytes.h"
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

/* Behind the path, of a file that is written and has all that was saved. */
#define FINISHED "-whole"

bool store_is_intact(const struct store *s)
{
	const struct location *p = &s->location;
	return !p->path || (!s->db.doubted && location_check(p->path, &p->file) == LOCATION_SAME &&
	                    location_check(p->wal_path, &p->wal) == LOCATION_SAME &&
	                    location_check(p->shm_path, &p->shm) == LOCATION_SAME);
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

/* The new file while it is made. */
struct rebuild {
	struct store *s;       /* borrowed: whose database it is to be */
	char *path;            /* owned: what it is called until it has everything */
	int fd;                /* open, and locked; -1: not made yet */
	const char *what;      /* has happened, for which all this is done */
	struct store_error *err;
};

static bool rebuild_fail(const struct rebuild *r, int e)
{
	const struct location *p = &r->s->location;
	if (e == ENOENT || e == ENOTDIR)
		store_error_set(r->err, "the database's folder is gone");
	else if (e == EACCES && location_check(p->folder, &p->in) == LOCATION_OTHER)
		store_error_set(r->err, "the database's folder was replaced by another; restart chatd");
	else
		store_error_set(r->err, "%s, and the database cannot be rewritten: %s",
		                r->what, e == ENOSPC || e == EDQUOT ? "the disk is full"
		                                                    : strerror(e));
	return false;
}

/* What a chatd that was killed has left of one is ours to remove. */
static void rebuild_remove(const struct rebuild *r)
{
	char *journal = files_beside(r->path, "-journal");
	unlink(journal);
	unlink(r->path);
	free(journal);
}

/* Empty, which SQLite takes for none. Locked before it has its name. */
static bool rebuild_create(struct rebuild *r)
{
	rebuild_remove(r);
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
	/* If it was only moved away, it is to be whole where it lies now. */
	sqlite3_wal_checkpoint_v2(s->db.sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	bool ok = sqlite3_prepare_v2(s->db.sqlite, "VACUUM main INTO ?1", -1, &st, NULL) == SQLITE_OK &&
	          sqlite3_bind_text(st, 1, r->path, -1, SQLITE_STATIC) == SQLITE_OK &&
	          sqlite3_step(st) == SQLITE_DONE;
	if (!ok) {
		store_fail(s, &why);
		store_error_set(r->err, "%s, and the database cannot be rewritten: %.300s",
		                r->what, why.text);
	}
	sqlite3_finalize(st);
	sqlite3_db_release_memory(s->db.sqlite);
	return ok && (fsync(r->fd) == 0 || rebuild_fail(r, errno));
}

/* What lies beside a database and must not meet another one. */
static void sides_remove(const char *path)
{
	static const char *const ends[] = { "-journal", "-wal", "-shm" };
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char *side = files_beside(path, ends[i]);
		unlink(side);
		free(side);
	}
}

static bool replaced_fail(struct store_error *err)
{
	store_error_set(err, "the database file was replaced by another; put the old one back; or "
	                "save what chatd has with /backup, stop chatd, and put that copy in its place");
	return false;
}

/* From finished to path; an errno, or 0. Over what is there only where that is ours. */
static int finished_rename(const char *finished, const char *path, bool over)
{
	if (over)
		return rename(finished, path) == 0 ? 0 : errno;
	return files_rename_new(finished, path);
}

/*
 * Calls it as the database is called, unless something else is there by now. The WAL that lies
 * there must not meet the new file, and may be all that has the last lines; so before it goes the
 * new one has a name, on the disk, by which the next start would know it (recovery_finish).
 */
static bool rebuild_install(struct rebuild *r)
{
	const struct location *p = &r->s->location;
	enum location_check spot = location_check(p->path, &p->file);
	char *finished = files_beside(p->path, FINISHED);
	int e = spot == LOCATION_OTHER ? EEXIST : 0;
	if (e == 0 && (rename(r->path, finished) != 0 || !files_sync_folder(p->folder)))
		e = errno;
	if (e == 0) {
		sides_remove(p->path);
		e = files_sync_folder(p->folder) ? 0 : errno;
	}
	if (e == 0)
		e = finished_rename(finished, p->path, spot == LOCATION_SAME);
	if (e == EEXIST)
		unlink(finished);
	free(finished);
	if (e == EEXIST)
		return replaced_fail(r->err);
	return e == 0 || rebuild_fail(r, e);
}

/* The number of the newest record that a database has, with its WAL; -1: that cannot be read. */
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

bool recovery_finish(const char *path, struct store_error *err)
{
	char *finished = files_beside(path, FINISHED), *folder = files_folder(path);
	struct stat ours, there;
	int fd = open(finished, O_RDWR | O_CLOEXEC | O_NOCTTY);
	bool ok = fd < 0 && errno == ENOENT;
	if (fd < 0 && !ok) {
		store_error_set(err, "cannot open %s, which may hold the newest records: %s", finished,
		                strerror(errno));
	} else if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		store_error_set(err, "the database %s is already used by another chatd", path);
	} else if (fd >= 0 && fstat(fd, &ours) == 0 && files_owned(finished, &ours, err)) {
		bool over = stat(path, &there) == 0;
		if (over && there.st_dev == ours.st_dev && there.st_ino == ours.st_ino) {
			/* chatd ended within files_rename_new. The WAL there is this file's. */
			ok = unlink(finished) == 0 && files_sync_folder(folder);
			if (!ok)
				store_error_set(err, "cannot remove %s, a second name of the database: %s",
				                finished, strerror(errno));
		} else if (over && newest_record(path) > newest_record(finished)) {
			log_warnx("ignoring %s, written when the database was removed or in doubt: the database "
			          "has newer records. It is a copy of what had been saved then; remove it if "
			          "you do not need it", finished);
			ok = true;
		} else {
			sides_remove(path);
			files_sync_folder(folder);
			ok = finished_rename(finished, path, over) == 0;
			files_sync_folder(folder);
			if (ok)
				log_warnx("finished rewriting the database, which an earlier chatd had begun");
			else
				store_error_set(err, "cannot rename %s, which holds everything saved, to %s: %s",
				                finished, path, strerror(errno));
		}
	}
	if (fd >= 0)
		close(fd);
	free(finished);
	free(folder);
	return ok;
}

/* After the first read its WAL is there. */
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
		/* It is whole, and stays, and is ours; but it is not what this connection writes to. */
		s->location.file = location_file(s->location.path);
		s->db.doubted = true;
		close(s->lock_fd);
		s->lock_fd = r->fd;
		r->fd = -1;
		return false;
	}
	s->transaction.synced = s->db.doubted = false;
	s->wal_pages = 0;
	/* Closed after the last of this thread's connections to it. */
	close(s->lock_fd);
	s->lock_fd = r->fd;
	r->fd = -1;
	location_note(s);
	sqlite3_db_config(s->db.sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	return true;
}

/*
 * Something else is where the database was. Our WAL beside it would be taken for its own, and
 * spoil it; so what the WAL has goes into the old file, wherever that is by now, and the WAL's
 * name goes. If the old file comes back it lacks its WAL, and is written anew.
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
