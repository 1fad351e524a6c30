/*
 * The disk that fails: SQLite's side of it, and the decision what fails when.
 *
 * What is on the disk, and what a power cut leaves of it, is fake_files.c's.
 */
#include "fake_disk.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "fake_files.h"
#include "prng.h"

/* An open file: ours, then the system's. */
struct handle {
	sqlite3_file head;      /* first: what SQLite knows */
	struct file *file;      /* NULL: a temporary one */
	sqlite3_file *real;     /* behind this struct */
};

static struct {
	sqlite3_vfs vfs;        /* ours */
	sqlite3_vfs *real;      /* the system's */
	struct prng prng;
	uint64_t ops, count[DISK_OPS], faults;
	enum disk_fault fault;
	uint64_t fail_at;       /* operation that fails; 0: none */
	uint64_t stop_at;       /* operation amid which it stops; 0: none */
	enum disk_end stop_how;
	bool stopped;
} disk;

static const int error_of[DISK_OPS] = {
	[DISK_OPEN] = SQLITE_CANTOPEN,
	[DISK_READ] = SQLITE_IOERR_READ,
	[DISK_WRITE] = SQLITE_IOERR_WRITE,
	[DISK_TRUNCATE] = SQLITE_IOERR_TRUNCATE,
	[DISK_SYNC] = SQLITE_IOERR_FSYNC,
	[DISK_SIZE] = SQLITE_IOERR_FSTAT,
	[DISK_LOCK] = SQLITE_IOERR_LOCK,
	[DISK_DELETE] = SQLITE_IOERR_DELETE,
	[DISK_ACCESS] = SQLITE_IOERR_ACCESS,
	[DISK_SHM] = SQLITE_IOERR_SHMMAP,
	[DISK_SHM_LOCK] = SQLITE_BUSY,
	[DISK_RENAME] = SQLITE_IOERR,
};

/* -- what fails ------------------------------------------------------------------------ */

uint64_t disk_ops(void)
{
	return disk.ops;
}

uint64_t disk_count(enum disk_op op)
{
	return disk.count[op];
}

uint64_t disk_faults(void)
{
	return disk.faults;
}

void disk_set_fault(enum disk_fault fault)
{
	disk.fault = fault;
}

void disk_fail_at(uint64_t n)
{
	disk.fail_at = n;
}

void disk_stop_at(uint64_t n, enum disk_end end)
{
	disk.stop_at = n == 0 ? 0 : disk.ops + n;
	disk.stop_how = end;
}

void disk_stop(enum disk_end end)
{
	if (disk.stopped)
		return;
	disk.stopped = true;
	disk.stop_at = 0;
	disk.stop_how = end;
	files_freeze(end == DISK_POWER_CUT, &disk.prng);
}

bool disk_stopped(void)
{
	return disk.stopped;
}

enum disk_end disk_stopped_how(void)
{
	return disk.stop_how;
}

void disk_recover(void)
{
	disk_stop(DISK_KILLED);
	files_thaw();
	disk.stopped = false;
	disk.fault = DISK_WELL;
}

static bool fails(enum disk_op op)
{
	switch (disk.fault) {
	case DISK_FULL:
		return op == DISK_WRITE;
	case DISK_BROKEN:
		return op == DISK_WRITE || op == DISK_SYNC;
	case DISK_FLAKY:
		/* SQLite takes an error of these two for "no": no fault that a disk has. */
		return op != DISK_ACCESS && op != DISK_SHM_LOCK && prng_chance(&disk.prng, 10);
	default:
		return false;
	}
}

/* An operation begins: SQLITE_OK, or the error that it is to end with. */
static int begin(enum disk_op op)
{
	if (disk.stopped)
		return error_of[op];
	disk.ops++;
	disk.count[op]++;
	if (disk.ops == disk.fail_at || fails(op)) {
		disk.faults++;
		if (disk.fault != DISK_FULL)
			return error_of[op];
		errno = ENOSPC;
		return SQLITE_FULL;
	}
	if (disk.ops != disk.stop_at)
		return SQLITE_OK;
	/* A write is stopped in its midst: see on_write. */
	if (op != DISK_WRITE)
		disk_stop(disk.stop_how);
	return op == DISK_WRITE ? SQLITE_OK : error_of[op];
}

bool disk_call_fails(enum disk_op op)
{
	return begin(op) != SQLITE_OK;
}

/* -- a file ---------------------------------------------------------------------------- */

static struct handle *handle_of(sqlite3_file *f)
{
	return (struct handle *)f;
}

#define REAL(f) (handle_of(f)->real)

static int on_close(sqlite3_file *f)
{
	return REAL(f)->pMethods->xClose(REAL(f));
}

static int on_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	int rc = begin(DISK_READ);

	return rc != SQLITE_OK ? rc : REAL(f)->pMethods->xRead(REAL(f), to, n, at);
}

static int on_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
	int rc = begin(DISK_WRITE);
	bool last = rc == SQLITE_OK && disk.ops == disk.stop_at;

	if (rc != SQLITE_OK)
		return rc;
	if (last)
		n = (int)prng_below(&disk.prng, (uint32_t)n + 1);
	if (n > 0)
		rc = REAL(f)->pMethods->xWrite(REAL(f), from, n, at);
	if (rc == SQLITE_OK && n > 0 && handle_of(f)->file != NULL)
		file_note_write(handle_of(f)->file, from, (size_t)n, (size_t)at);
	if (last)
		disk_stop(disk.stop_how);
	return last ? SQLITE_IOERR_WRITE : rc;
}

static int on_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int rc = begin(DISK_TRUNCATE);

	if (rc == SQLITE_OK)
		rc = REAL(f)->pMethods->xTruncate(REAL(f), size);
	if (rc == SQLITE_OK && handle_of(f)->file != NULL)
		file_note_truncate(handle_of(f)->file, (size_t)size);
	return rc;
}

/* The system's own sync is left out: what is on the disk is decided here. */
static int on_sync(sqlite3_file *f, int flags)
{
	bool broken = !disk.stopped;
	int rc = begin(DISK_SYNC);

	(void)flags;
	if (handle_of(f)->file == NULL)
		return rc;
	if (rc == SQLITE_OK)
		file_note_sync(handle_of(f)->file);
	else if (broken && !disk.stopped && prng_chance(&disk.prng, 500))
		file_lose_pending(handle_of(f)->file);
	return rc;
}

static int on_size(sqlite3_file *f, sqlite3_int64 *size)
{
	int rc = begin(DISK_SIZE);

	return rc != SQLITE_OK ? rc : REAL(f)->pMethods->xFileSize(REAL(f), size);
}

static int on_lock(sqlite3_file *f, int level)
{
	int rc = begin(DISK_LOCK);

	return rc != SQLITE_OK ? rc : REAL(f)->pMethods->xLock(REAL(f), level);
}

static int on_unlock(sqlite3_file *f, int level)
{
	return REAL(f)->pMethods->xUnlock(REAL(f), level);
}

static int on_check_lock(sqlite3_file *f, int *out)
{
	return REAL(f)->pMethods->xCheckReservedLock(REAL(f), out);
}

static int on_control(sqlite3_file *f, int op, void *arg)
{
	return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}

static int on_sector(sqlite3_file *f)
{
	return REAL(f)->pMethods->xSectorSize(REAL(f));
}

static int on_device(sqlite3_file *f)
{
	return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}

static int on_shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **p)
{
	int rc = begin(DISK_SHM);

	return rc != SQLITE_OK ? rc : REAL(f)->pMethods->xShmMap(REAL(f), region, size, extend, p);
}

/* To let go of a lock always succeeds; a dead program's are let go of as well. */
static int on_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	int rc = (flags & SQLITE_SHM_UNLOCK) != 0 ? SQLITE_OK : begin(DISK_SHM_LOCK);

	return rc != SQLITE_OK ? rc : REAL(f)->pMethods->xShmLock(REAL(f), at, n, flags);
}

static void on_shm_barrier(sqlite3_file *f)
{
	REAL(f)->pMethods->xShmBarrier(REAL(f));
}

static int on_shm_unmap(sqlite3_file *f, int delete)
{
	return REAL(f)->pMethods->xShmUnmap(REAL(f), delete);
}

/* Version 2: without memory that is mapped from a file, which could not be watched. */
static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = on_close, .xRead = on_read, .xWrite = on_write, .xTruncate = on_truncate,
	.xSync = on_sync, .xFileSize = on_size, .xLock = on_lock, .xUnlock = on_unlock,
	.xCheckReservedLock = on_check_lock, .xFileControl = on_control, .xSectorSize = on_sector,
	.xDeviceCharacteristics = on_device, .xShmMap = on_shm_map, .xShmLock = on_shm_lock,
	.xShmBarrier = on_shm_barrier, .xShmUnmap = on_shm_unmap,
};

/* -- the file system ------------------------------------------------------------------- */

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags, int *out)
{
	struct handle *h = handle_of(f);
	int rc = begin(DISK_OPEN);

	(void)vfs;
	h->head.pMethods = NULL;
	if (rc != SQLITE_OK)
		return rc;
	h->real = (sqlite3_file *)(h + 1);
	h->file = NULL;
	rc = disk.real->xOpen(disk.real, path, h->real, flags, out);
	if (rc != SQLITE_OK)
		return rc;
	h->head.pMethods = &methods;
	if (path != NULL && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL |
	                              SQLITE_OPEN_WAL)) != 0)
		h->file = file_of(path);
	return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
	int rc = begin(DISK_DELETE);

	(void)vfs;
	if (rc == SQLITE_OK)
		rc = disk.real->xDelete(disk.real, path, 0);
	if (rc == SQLITE_OK)
		file_note_delete(path, sync_folder != 0);
	return rc;
}

static int on_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
	int rc = begin(DISK_ACCESS);

	(void)vfs;
	return rc != SQLITE_OK ? rc : disk.real->xAccess(disk.real, path, flags, out);
}

/* Always the same chance, so that a seed is always the same run. */
static int on_chance(sqlite3_vfs *vfs, int n, char *out)
{
	(void)vfs;
	memset(out, 0x5a, (size_t)n);
	return n;
}

/* Locks never have to be waited for here. */
static int on_sleep(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	return us;
}

void disk_install(void)
{
	disk.real = sqlite3_vfs_find(NULL);
	disk.vfs = *disk.real;
	disk.vfs.zName = "disk";
	disk.vfs.pNext = NULL;
	disk.vfs.szOsFile = (int)sizeof(struct handle) + disk.real->szOsFile;
	disk.vfs.xOpen = on_open;
	disk.vfs.xDelete = on_delete;
	disk.vfs.xAccess = on_access;
	disk.vfs.xRandomness = on_chance;
	disk.vfs.xSleep = on_sleep;
	if (sqlite3_vfs_register(&disk.vfs, 1) != SQLITE_OK)
		abort();
}

void disk_begin(uint64_t seed)
{
	files_forget();
	disk.prng.state = seed;
	disk.ops = disk.faults = disk.fail_at = disk.stop_at = 0;
	memset(disk.count, 0, sizeof disk.count);
	disk.fault = DISK_WELL;
	disk.stopped = false;
}
