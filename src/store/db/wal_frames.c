/*
 * A VFS that writes the WAL's frames of a transaction together (sqlite.org/vfs.html; the frames: fileformat.html, 4.1).
 *
 * Only a file that is opened as a WAL is ours; for others SQLite calls the default VFS directly.
 */
#include "chatd/store/db/wal_frames.h"

#include <string.h>

enum {
	HEADER_BYTES = 24,        /* of a frame */
	COMMITS_AT = 4,           /* offset there of the database's size after a commit; 0 in all other frames */
	COMMITS_BYTES = 4,        /* of that size */
	SALTS_AT = 8,             /* offset there of the WAL's salts */
	FILE_SALTS_AT = 16,       /* their offset in the file's own header */
	HELD_MAX = 0x1ffff,       /* bytes: SQLite's VFS for unix writes no more at one time */
};

/* A WAL. The default VFS's file is behind it. */
struct wal_file {
	sqlite3_file base;        /* first: SQLite's part */
	sqlite3_file *real;
	char *held;               /* HELD_MAX bytes; NULL: nothing may be held */
	int bytes;                /* of held, still to be written */
	sqlite3_int64 at;         /* where the first of them belongs */
	sqlite3_int64 read_at;    /* where it was read last; -1: nowhere yet */
	bool commits;             /* the last header was of a frame that ends a transaction */
	bool salted;              /* a header has been written; */
	unsigned char salts[WAL_SALTS_BYTES]; /* the last one's salts */
};

static struct wal_file *wal_of(sqlite3_file *f)
{
	return (struct wal_file *)f;
}

/* On an error nothing is held any more: the transaction must be undone, which SQLite does after an error of a write. */
static int held_write(struct wal_file *w)
{
	int bytes = w->bytes;
	w->bytes = 0;
	return bytes == 0 ? SQLITE_OK : w->real->pMethods->xWrite(w->real, w->held, bytes, w->at);
}

static void header_note(struct wal_file *w, const void *header)
{
	static const char none[COMMITS_BYTES];
	w->commits = memcmp((const char *)header + COMMITS_AT, none, sizeof(none)) != 0;
	w->salted = true;
	memcpy(w->salts, (const char *)header + SALTS_AT, sizeof(w->salts));
}

static int wal_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
	struct wal_file *w = wal_of(f);
	int rc = SQLITE_OK;
	if (at != w->at + w->bytes || w->bytes + n > HELD_MAX)
		rc = held_write(w);
	if (rc != SQLITE_OK)
		return rc;
	if (n == HEADER_BYTES)
		header_note(w, from);
	/* A header that SQLite writes again, after reading the frame, has no page after it, not even the last one. */
	bool again = n == HEADER_BYTES && at == w->read_at;
	if (!w->held || n > HELD_MAX || again)
		return w->real->pMethods->xWrite(w->real, from, n, at);
	if (w->bytes == 0)
		w->at = at;
	memcpy(w->held + w->bytes, from, (size_t)n);
	w->bytes += n;
	return n != HEADER_BYTES && w->commits ? held_write(w) : SQLITE_OK;
}

static int wal_close(sqlite3_file *f)
{
	struct wal_file *w = wal_of(f);
	int rc = held_write(w), closed = w->real->pMethods->xClose(w->real);
	sqlite3_free(w->held);
	return rc != SQLITE_OK ? rc : closed;
}

/* The others see what is held in its place. */

static int wal_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	struct wal_file *w = wal_of(f);
	int rc = held_write(w);
	w->read_at = at;
	/* If the disk is full, SQLite may undo only the statement, and later commit without what was held. */
	if (rc != SQLITE_OK)
		return SQLITE_IOERR_WRITE;
	return w->real->pMethods->xRead(w->real, to, n, at);
}

static int wal_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	struct wal_file *w = wal_of(f);
	int rc = held_write(w);
	return rc != SQLITE_OK ? rc : w->real->pMethods->xTruncate(w->real, size);
}

static int wal_sync(sqlite3_file *f, int flags)
{
	struct wal_file *w = wal_of(f);
	int rc = held_write(w);
	return rc != SQLITE_OK ? rc : w->real->pMethods->xSync(w->real, flags);
}

static int wal_size(sqlite3_file *f, sqlite3_int64 *size)
{
	struct wal_file *w = wal_of(f);
	int rc = held_write(w);
	return rc != SQLITE_OK ? rc : w->real->pMethods->xFileSize(w->real, size);
}

/* And these have nothing to do with it. */

static int wal_lock(sqlite3_file *f, int level)
{
	sqlite3_file *real = wal_of(f)->real;
	return real->pMethods->xLock(real, level);
}

static int wal_unlock(sqlite3_file *f, int level)
{
	sqlite3_file *real = wal_of(f)->real;
	return real->pMethods->xUnlock(real, level);
}

static int wal_check_lock(sqlite3_file *f, int *reserved)
{
	sqlite3_file *real = wal_of(f)->real;
	return real->pMethods->xCheckReservedLock(real, reserved);
}

static int wal_control(sqlite3_file *f, int op, void *arg)
{
	sqlite3_file *real = wal_of(f)->real;
	return real->pMethods->xFileControl(real, op, arg);
}

static int wal_sector(sqlite3_file *f)
{
	sqlite3_file *real = wal_of(f)->real;
	return real->pMethods->xSectorSize(real);
}

static int wal_traits(sqlite3_file *f)
{
	sqlite3_file *real = wal_of(f)->real;
	return real->pMethods->xDeviceCharacteristics(real);
}

/* Version 1: a WAL is not mapped, and its index belongs to the database's file. */
static const sqlite3_io_methods wal_methods = {
	.iVersion = 1, .xClose = wal_close, .xRead = wal_read, .xWrite = wal_write, .xTruncate = wal_truncate,
	.xSync = wal_sync, .xFileSize = wal_size, .xLock = wal_lock, .xUnlock = wal_unlock,
	.xCheckReservedLock = wal_check_lock, .xFileControl = wal_control, .xSectorSize = wal_sector,
	.xDeviceCharacteristics = wal_traits,
};

void wal_frames_drop(sqlite3_file *wal)
{
	if (wal && wal->pMethods == &wal_methods)
		wal_of(wal)->bytes = 0;
}

bool wal_frames_salts(sqlite3_file *wal, unsigned char salts[WAL_SALTS_BYTES])
{
	if (!wal || !wal->pMethods)
		return false;
	if (wal->pMethods == &wal_methods && wal_of(wal)->salted) {
		memcpy(salts, wal_of(wal)->salts, WAL_SALTS_BYTES);
		return true;
	}
	return wal->pMethods->xRead(wal, salts, WAL_SALTS_BYTES, FILE_SALTS_AT) == SQLITE_OK;
}

/* -- opening ------------------------------------------------------------------------------ */

static struct {
	sqlite3_vfs vfs;          /* ours */
	sqlite3_vfs *real;        /* the default one; NULL: ours is not registered */
} ours;

/* If a disk may damage what is next to what it writes, SQLite syncs in the middle of a frame, and writes the frame in
 * parts. */
static bool may_hold(sqlite3_file *real)
{
	return (real->pMethods->xDeviceCharacteristics(real) & SQLITE_IOCAP_POWERSAFE_OVERWRITE) != 0;
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags, int *got)
{
	struct wal_file *w = wal_of(f);
	int rc;
	(void)vfs;
	if ((flags & SQLITE_OPEN_WAL) == 0)
		return ours.real->xOpen(ours.real, path, f, flags, got);
	memset(w, 0, sizeof(*w));
	w->read_at = -1;
	w->real = (sqlite3_file *)(w + 1);
	rc = ours.real->xOpen(ours.real, path, w->real, flags, got);
	if (rc != SQLITE_OK)
		return rc;
	w->base.pMethods = &wal_methods;
	if (may_hold(w->real))
		w->held = sqlite3_malloc(HELD_MAX);
	return SQLITE_OK;
}

const char *wal_frames_vfs(void)
{
	static const char name[] = "chatd-wal-frames";
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);
	if (ours.real == real)
		return name;
	/* Another is the default one now: a test's. */
	if (ours.real)
		sqlite3_vfs_unregister(&ours.vfs);
	ours.vfs = *real;
	ours.vfs.szOsFile += (int)sizeof(struct wal_file);
	ours.vfs.zName = name;
	ours.vfs.pNext = NULL;
	ours.vfs.xOpen = vfs_open;
	ours.real = sqlite3_vfs_register(&ours.vfs, 0) == SQLITE_OK ? real : NULL;
	return ours.real ? name : NULL;
}
