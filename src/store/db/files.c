/*
 * Owners and permissions of the database's files: they contain hashes, secrets of the second step,
 * mail and private rooms, so only chatd's own user may read them.
 *
 * Permissions that are too wide are restricted, and that is logged; files that belong to somebody
 * else, or cannot be restricted, are refused. Checked when a database is opened to write, under its
 * lock.
 */
#include "chatd/store/db/files.h"

#include "chatd/base/bytes.h"
#include "chatd/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE_OTHERS (S_IRWXG | S_IRWXO)

bool files_owned(const char *path, const struct stat *st, struct store_error *err)
{
	if (st->st_uid == geteuid())
		return true;
	store_error_set(err, "%s belongs to another user (uid %u), who could read and change it", path,
	                st->st_uid);
	store_error_advise(err, "to make it chatd's: chown %u %s", geteuid(), path);
	return false;
}

/* Some filesystems report success without doing it. */
static bool file_narrow(int fd, const char *path, mode_t was, struct store_error *err)
{
	struct stat st;
	int e = fchmod(fd, STORE_FILE_MODE) != 0 ? errno : 0;
	if (e == 0 && fstat(fd, &st) == 0 && (st.st_mode & MODE_OTHERS) == 0) {
		log_warnx("%s had mode %04o, so other users could use it; it now has %04o", path,
		          was & 07777, STORE_FILE_MODE);
		return true;
	}
	store_error_set(err, "other users can use %s (mode %04o), and its mode cannot be changed: "
	                "%s", path, was & 07777, e ? strerror(e) : "the filesystem ignores the change");
	store_error_advise(err, "chatd needs a filesystem that keeps permissions");
	return false;
}

static bool file_check(int fd, const char *path, struct store_error *err)
{
	struct stat st;
	if (fstat(fd, &st) != 0) {
		store_error_set(err, "cannot examine %s: %s", path, strerror(errno));
		return false;
	}
	return files_owned(path, &st, err) &&
	       ((st.st_mode & MODE_OTHERS) == 0 || file_narrow(fd, path, st.st_mode, err));
}

/* Checks a file next to the database. If there is none, or it cannot be opened, nobody can read it,
 * and SQLite reports what is wrong with it. */
static bool side_check(const char *path, const char *end, struct store_error *err)
{
	struct bytes side = { 0 };
	bool ok = true;
	int fd;
	bytes_printf(&side, "%s%s", path, end);
	fd = open(side.data, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0) {
		ok = file_check(fd, side.data, err);
		close(fd);
	}
	bytes_release(&side);
	return ok;
}

/* Anyone who can write there can replace the database with a file of their own. */
static void folder_check(const char *path)
{
	char *copy = mem_strdup(path), *folder = dirname(copy);
	struct stat st;
	if (stat(folder, &st) == 0 && (st.st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH)
		log_warnx("every user of this host can write to the folder %s, and so replace the "
		          "database in it; to prevent that: chmod o-w %s", folder, folder);
	free(copy);
}

bool files_check(int fd, const char *path, struct store_error *err)
{
	/* If the path is a link, the other files are next to what it leads to. */
	char *real = realpath(path, NULL);
	const char *at = real ? real : path;
	bool ok = file_check(fd, path, err) && side_check(at, "-wal", err) &&
	          side_check(at, "-shm", err) && side_check(at, "-journal", err);
	if (ok)
		folder_check(at);
	free(real);
	return ok;
}

char *files_beside(const char *path, const char *end)
{
	struct bytes b = { 0 };
	bytes_printf(&b, "%s%s", path, end);
	return b.data;
}

char *files_folder(const char *path)
{
	char *folder = mem_strdup(strchr(path, '/') ? path : "./");
	strrchr(folder, '/')[1] = '\0';
	return folder;
}

int files_remove(const char *path)
{
	return unlink(path) == 0 || errno == ENOENT ? 0 : errno;
}

bool files_sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

int files_rename_new(const char *from, const char *to)
{
	int e = 0;
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) != 0)
		e = errno;
	/* Some filesystems do not support the flag; link(2) never replaces a file either. */
	if (e == EINVAL) {
		e = link(from, to) == 0 ? 0 : errno;
		if (e == 0)
			unlink(from);
	}
	return e;
}
