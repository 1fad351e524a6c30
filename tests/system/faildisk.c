/*
 * faildisk: a disk that reports errors, or does not answer, by LD_PRELOAD.
 *
 *     FAILDISK=/tmp/flag LD_PRELOAD=faildisk.so chatd ...
 *
 * While /tmp/flag.eio is there, each write and sync of a database, its WAL or its journal fails
 * with EIO; while /tmp/flag.erofs is, with EROFS. While /tmp/flag.hang is, it does not return.
 * Works in the sandbox: it looks with stat(2) and readlink(2) alone, and nothing of it is loaded
 * later than chatd itself.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

int fsync(int fd);
int fdatasync(int fd);
int ftruncate64(int fd, off64_t n);
int ftruncate(int fd, off_t n);
ssize_t pwrite(int fd, const void *data, size_t n, off_t at);
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at);

static bool flag_is_set(const char *end)
{
	const char *flag = getenv("FAILDISK");
	char path[4096];
	struct stat st;

	snprintf(path, sizeof path, "%s.%s", flag != NULL ? flag : "/nonexistent", end);
	return stat(path, &st) == 0;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static bool is_database(int fd)
{
	char link[64], path[4096];

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	return ends_with(path, ".db") || ends_with(path, "-wal") || ends_with(path, "-journal");
}

/* True: the call is to fail, errno says how. */
static bool fails(int fd)
{
	int e = flag_is_set("eio") ? EIO : flag_is_set("erofs") ? EROFS : 0;

	while (flag_is_set("hang") && is_database(fd))
		usleep(20000);
	if (e == 0 || !is_database(fd))
		return false;
	errno = e;
	return true;
}

int fsync(int fd)
{
	int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");

	return fails(fd) ? -1 : next(fd);
}

int fdatasync(int fd)
{
	int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");

	return fails(fd) ? -1 : next(fd);
}

int ftruncate64(int fd, off64_t n)
{
	int (*next)(int, off64_t) = (int (*)(int, off64_t))dlsym(RTLD_NEXT, "ftruncate64");

	return fails(fd) ? -1 : next(fd, n);
}

int ftruncate(int fd, off_t n)
{
	return ftruncate64(fd, n);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	ssize_t (*next)(int, const void *, size_t, off64_t) =
		(ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");

	return fails(fd) ? -1 : next(fd, data, n, at);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	return pwrite64(fd, data, n, at);
}
