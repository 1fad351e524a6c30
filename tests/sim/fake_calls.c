/*
 * What the store does to its files by itself and not through SQLite, on the disk that fails:
 * the linker puts these before the system's own (--wrap, see the Makefile).
 *
 * A new name and a removal are taken for durable at once: whoever needs that syncs the folder.
 */
#include "fake_disk.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "fake_files.h"

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __real_fsync(int fd);
int __wrap_fsync(int fd);

static int dead(void)
{
	errno = EIO;
	return -1;
}

int __wrap_rename(const char *from, const char *to)
{
	if (disk_call_fails(DISK_RENAME))
		return dead();
	if (__real_rename(from, to) != 0)
		return -1;
	file_note_rename(from, to);
	return 0;
}

int __wrap_unlink(const char *path)
{
	if (disk_call_fails(DISK_DELETE))
		return dead();
	if (__real_unlink(path) != 0)
		return -1;
	file_note_delete(path, true);
	return 0;
}

int __wrap_fsync(int fd)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	if (disk_call_fails(DISK_SYNC))
		return dead();
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n <= 0)
		return __real_fsync(fd);
	path[n] = '\0';
	file_note_sync_of(path);
	return 0;
}
