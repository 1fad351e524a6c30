/*
 * The history's connection: opening, closing, and what was saved last.
 *
 * Owns the file's lock. Knows nothing of threads. What the writer saves is in save.c, maintenance
 * of the index and the file in index.c and prune.c, reading in query.c.
 */
#include "chatd/store/db/store.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/store/db/files.h"
#include "chatd/store/db/schema.h"
#include "chatd/store/db/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum {
	OPEN_TRIES = 6,       /* to open the file or to make it, in turn */
	LOCK_TRIES = 100,     /* to lock it, */
	LOCK_WAIT_MS = 10,    /* with this between them */
};

/* -- opening ---------------------------------------------------------------- */

static void path_fail(const char *path, int e, struct store_error *err)
{
	if (e == ENOENT || e == ENOTDIR)
		store_error_set(err, "the folder of the database %s does not exist", path);
	else if (e == EISDIR)
		store_error_set(err, "%s is a folder, not a database", path);
	else
		store_error_set(err, "cannot write to the database %s: %s", path, strerror(e));
	if (e == ENOENT || e == ENOTDIR)
		store_error_advise(err, "create it, or choose another path");
}

/* Opens the file; *made says that it is new. Somebody else may make or delete it at the same moment. */
static int file_open(const char *path, bool *made)
{
	int fd = -1;
	*made = false;
	errno = ENOENT;
	for (int i = 0; i < OPEN_TRIES && fd < 0 && (errno == ENOENT || errno == EEXIST); i++) {
		*made = i % 2 != 0;
		fd = *made ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, STORE_FILE_MODE)
		           : open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
		if (*made && fd < 0 && errno == ENOENT)
			break; /* there is no such folder */
	}
	return fd;
}

/* The locked file still has that name: whoever had the lock before may have deleted it. */
static bool file_is_at(int fd, const char *path, struct stat *st)
{
	struct file_id id = { 0 };
	if (fstat(fd, st) == 0)
		id = (struct file_id){ .dev = st->st_dev, .ino = st->st_ino };
	return location_check(path, &id) == LOCATION_SAME;
}

/* Takes the lock if it is free. False: errno is EBUSY if a chatd has it, and EAGAIN if it is shared: then
 * a command that reads the database holds it, for a moment (outside.c). */
static bool lock_take(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno == EWOULDBLOCK)
		errno = flock(fd, LOCK_SH | LOCK_NB) == 0 ? EAGAIN : EBUSY;
	return false;
}

static void lock_wait(void)
{
	const struct timespec t = { .tv_nsec = LOCK_WAIT_MS * 1000000L };
	nanosleep(&t, NULL);
}

/* Opens and locks the file; *made says that it is new, and that nobody else has written to it. */
static int file_lock(const char *path, bool *made, struct store_error *err)
{
	struct stat st = { .st_size = 0 };
	int fd, e;
	for (int tries = 1;; tries++) {
		fd = file_open(path, made);
		if (fd < 0) {
			path_fail(path, errno, err);
			return -1;
		}
		e = lock_take(fd) ? 0 : errno;
		if (e == 0 && file_is_at(fd, path, &st)) {
			*made = *made && st.st_size == 0;
			return fd;
		}
		close(fd);
		if ((e != 0 && e != EAGAIN) || tries == LOCK_TRIES)
			break;
		lock_wait();
	}
	if (e == EBUSY || e == EAGAIN || e == 0)
		store_error_set_in_use(err, path);
	else
		store_error_set(err, "cannot lock the database %s: %s", path, strerror(e));
	return -1;
}

/* Deletes a database that nobody else has used, under its lock. The file itself goes last: from then on
 * others may have a new one of that name. */
static void files_unmake(const char *path)
{
	static const char *const ends[] = { "-wal", "-shm", "" };
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char *file = files_beside(path, ends[i]);
		unlink(file);
		free(file);
	}
}

/* No clock shows times beyond the bound, and sums of a few of them do not overflow. */
static int64_t time_bounded(int64_t ms)
{
	return ms < 0 ? 0 : ms > TIME_MS_MAX ? TIME_MS_MAX : ms;
}

/* Numbers count up from 1, so larger ones were not made by counting, and counting on from them
 * would overflow. */
static bool marks_check(const struct store *s, int64_t room, struct store_error *err)
{
	const struct store_marks *m = &s->transaction.saved;
	if (m->seq <= RECORD_SEQ_MAX && m->line_id <= RECORD_SEQ_MAX && s->index.indexed <= RECORD_SEQ_MAX &&
	    room >= 0 && room < ROOM_NUMBER_MAX)
		return true;
	store_error_set(err, "the database is damaged (lines or rooms in it have impossible numbers)");
	return false;
}

/* Numbers that started too low would be used twice: so false if one cannot be read. */
static bool marks_load(struct store *s, struct store_error *err)
{
	struct store_marks *m = &s->transaction.saved;
	sqlite3_stmt *st = db_stmt(&s->db, SQL_LINE_LAST);
	s->db.error = SQLITE_OK;
	m->time_back_ms = time_bounded(db_meta(&s->db, "time_back_ms", 0));
	m->time_max_ms = 0;
	if (st && db_step(&s->db, st) == SQLITE_ROW) {
		m->line_id = (uint64_t)sqlite3_column_int64(st, 0);
		/* No earlier line is further ahead of the last one than this. */
		m->time_max_ms = time_bounded(sqlite3_column_int64(st, 1)) + m->time_back_ms;
	}
	if (st)
		sqlite3_reset(st);
	s->transaction.meta_seq = (uint64_t)db_meta(&s->db, "last_seq", 0);
	m->seq = s->transaction.meta_seq > m->line_id ? s->transaction.meta_seq : m->line_id;
	int64_t room = db_number(&s->db, db_stmt(&s->db, SQL_ROOM_LAST), 0);
	int64_t meta_room = db_meta(&s->db, "last_room", 0);
	if (room < meta_room)
		room = meta_room;
	m->room = (uint32_t)room;
	s->index.indexed = (uint64_t)db_meta(&s->db, "indexed", 0);
	s->transaction.batch = *m;
	return st && !s->db.error ? marks_check(s, room, err) : store_fail(s, err);
}

/* Nobody knows rooms without lines after a start, so their rows can be deleted here, and only here;
 * their numbers stay used. In a cluster all nodes know them, and remove them by a record. */
static bool rooms_drop_dead(struct store *s, struct store_error *err)
{
	bool of_cluster;

	if (!store_is_of_cluster(s, &of_cluster, err))
		return false;
	if (of_cluster)
		return true;
	if (!db_run(db_stmt(&s->db, SQL_BEGIN)) ||
	    !db_meta_set(&s->db, "last_room", s->transaction.saved.room) ||
	    sqlite3_exec(s->db.sqlite, "DELETE FROM rooms WHERE NOT EXISTS"
	                 " (SELECT 1 FROM messages WHERE room = rooms.id)",
	                 NULL, NULL, NULL) != SQLITE_OK ||
	    !db_run(db_stmt(&s->db, SQL_COMMIT)))
		return store_fail(s, err);
	return true;
}

static bool writer_open(struct store *s, const char *path, bool fresh, struct store_error *err)
{
	if (!db_open(&s->db, path, true, err) || (!fresh && !wal_mark_check(s, err)) ||
	    !schema_migrate(s, path, fresh, err) || !connect_writer(s, err))
		return false;
	s->room_retentions.some = true; /* until the first look at them */
	if (!marks_load(s, err) || !rooms_drop_dead(s, err) || !index_check(s, err))
		return false;
	s->removal.some = db_number(&s->db, db_stmt(&s->db, SQL_GOING_ROOMS), -1) >= 0;
	s->erasure.some = true; /* until the first look */
	s->wipe.wanted = db_meta(&s->db, "wipe", 0) != 0;
	location_note(s);
	location_watch(&s->location);
	sqlite3_db_config(s->db.sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	return true;
}

/* unmake: the path of the database, which is then deleted; NULL: it stays. */
static void store_end(struct store *s, const char *unmake)
{
	if (!s)
		return;
	if (s->writer && s->transaction.saved.seq > s->transaction.meta_seq) {
		/* Keeps the numbers going if the last records were not lines. Losing this is
		 * harmless, so an error is ignored: rooms, topics and marks of what was seen are
		 * not stored by their seq. If losing it would do harm, the seq is written with the
		 * record (store_commit, and prune_all). */
		db_meta_set(&s->db, "last_seq", (int64_t)s->transaction.saved.seq);
	}
	db_close(&s->db);
	if (unmake)
		files_unmake(unmake);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	known_rooms_forget(&s->rooms);
	remove_release(s);
	location_release(s);
	free(s);
}

struct store *store_open(const char *path, enum durability durability, struct store_error *err)
{
	bool memory = strcmp(path, ":memory:") == 0, made = false, fresh = true;
	int fd = -1;
	err->text[0] = '\0';
	/* Nobody reads the statistics of SQLite's allocator, and they cost a lock each time. This
	 * only works before the process's first connection; later it fails, harmlessly. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (!memory) {
		if (!recovery_finish(path, err))
			return NULL;
		fd = file_lock(path, &made, err);
		if (fd < 0)
			return NULL;
		/* In this order: a file that is not a database of ours is left alone. */
		if (!wal_has_database(path, err) || !schema_check_file(fd, path, &fresh, err) || !files_check(fd, path, err)) {
			if (made)
				unlink(path);
			close(fd);
			return NULL;
		}
	}
	struct store *s = mem_zero(1, sizeof(*s));
	s->lock_fd = fd;
	s->transaction.sync = durability == DURABILITY_SYNC;
	s->writer = true;
	s->made = made;
	if (!writer_open(s, path, fresh, err)) {
		s->writer = false; /* closing must not write anything */
		store_end(s, made ? path : NULL);
		return NULL;
	}
	return s;
}

bool store_look(const char *path, struct store_error *err)
{
	struct stat st;
	bool fresh, ok;
	int fd, e;
	if (!wal_has_database(path, err))
		return false;
	if (stat(path, &st) != 0)
		return true;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	e = errno;
	/* In this order: a file that is not a database of ours must not be made private. */
	ok = (fd < 0 || schema_check_file(fd, path, &fresh, err)) && files_owned(path, &st, err);
	if (fd >= 0)
		close(fd);
	else if (ok)
		store_error_set(err, "%s cannot be read: %s", path, strerror(e));
	return ok && fd >= 0;
}

struct store *store_open_reader(const char *path, struct store_error *err)
{
	struct store *s = mem_zero(1, sizeof(*s));
	s->lock_fd = -1;
	if (!db_open(&s->db, path, false, err) || !connect_reader(s, err) || !marks_load(s, err)) {
		store_close(s);
		return NULL;
	}
	location_note(s);
	return s;
}

void store_close(struct store *s)
{
	store_end(s, NULL);
}

bool store_is_new(const struct store *s)
{
	return s->made;
}

void store_discard(struct store *s)
{
	const struct location *p = &s->location;
	store_end(s, s->made && p->path && location_check(p->path, &p->file) == LOCATION_SAME ? p->path : NULL);
}

uint64_t store_last_seq(struct store *s)
{
	return s->transaction.saved.seq;
}

uint32_t store_last_room(struct store *s)
{
	return s->transaction.saved.room;
}

/* 0, which is not a room's number, if the value does not fit. */
static uint32_t room_column(sqlite3_stmt *st, int column)
{
	int64_t room = sqlite3_column_int64(st, column);
	return room < 0 || room > UINT32_MAX ? 0 : (uint32_t)room;
}

bool store_rooms(struct store *s, void (*each)(void *ctx, const struct saved_room *r), void *ctx,
                 struct store_error *err)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_ROOM_LIST);
	int rc = SQLITE_ERROR;
	while (st && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct saved_room r = {
			.room = room_column(st, 0),
			.name = db_text(&s->db, st, 1),
			.topic = db_text(&s->db, st, 2),
			.last_id = (uint64_t)sqlite3_column_int64(st, 3),
			.last_ms = sqlite3_column_int64(st, 4),
		};
		if (!r.name || !r.topic)
			return store_fail(s, err);
		each(ctx, &r);
	}
	if (rc != SQLITE_DONE)
		return store_fail(s, err);
	sqlite3_reset(st);
	return true;
}

bool store_facts(struct store *s, void (*each)(void *ctx, const struct saved_fact *f), void *ctx,
                 struct store_error *err)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_FACTS);
	int rc = SQLITE_ERROR;
	if (st)
		sqlite3_bind_int(st, 1, FACT_KINDS);
	while (st && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct saved_fact f = {
			.kind = (enum fact_kind)sqlite3_column_int(st, 0),
			.key = db_text(&s->db, st, 1),
			.value = db_text(&s->db, st, 2),
		};
		if (!f.key || !f.value)
			return store_fail(s, err);
		each(ctx, &f);
	}
	if (rc != SQLITE_DONE)
		return store_fail(s, err);
	sqlite3_reset(st);
	return true;
}
