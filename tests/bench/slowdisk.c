/*
 * slowdisk: a disk slower than the talk, by LD_PRELOAD.
 *
 *     SLOWDISK_SYNC_US=50000 SLOWDISK_WRITE_US=0 LD_PRELOAD=slowdisk.so chatd ...
 *
 * Delays each fsync and fdatasync, and each pwrite, of a database (.db) or its WAL
 * (-wal) by that many microseconds. The WAL's index is memory and takes no time.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

int fsync(int fd);
int fdatasync(int fd);
ssize_t pwrite(int fd, const void *data, size_t n, off_t at);
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at);

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
	return ends_with(path, ".db") || ends_with(path, "-wal");
}

static void delay(int fd, const char *setting)
{
	const char *us = getenv(setting);
	long n = us != NULL ? atol(us) : 0;
	struct timespec wait = {.tv_sec = n / 1000000, .tv_nsec = n % 1000000 * 1000};

	if (n > 0 && is_database(fd))
		nanosleep(&wait, NULL);
}

int fsync(int fd)
{
	int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");

	delay(fd, "SLOWDISK_SYNC_US");
	return next(fd);
}

int fdatasync(int fd)
{
	int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");

	delay(fd, "SLOWDISK_SYNC_US");
	return next(fd);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	ssize_t (*next)(int, const void *, size_t, off64_t) =
		(ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");

	delay(fd, "SLOWDISK_WRITE_US");
	return next(fd, data, n, at);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	return pwrite64(fd, data, n, at);
}
