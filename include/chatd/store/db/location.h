/*
 * The location of a connection's database: which files were at its paths when it was opened.
 *
 * SQLite goes on using a file that was removed or moved away, so chatd has to look. Where the file system says what
 * happens in a folder (inotify(7)), it looks only if something did.
 */
#ifndef CHATD_STORE_DB_LOCATION_H
#define CHATD_STORE_DB_LOCATION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct store;

/* The identity of a file, whatever its name. */
struct file_id {
	dev_t dev;
	ino_t ino;               /* 0: not known */
};

/* All zero: nowhere. */
struct location {
	char *path, *wal_path, *shm_path; /* owned, as is folder */
	char *folder;            /* with its slash */
	struct file_id file, wal, shm, in; /* the four */
	bool watched;            /* the file system reports changes to the folder and those above it */
	int watch;               /* the inotify descriptor, if watched */
	bool doubted;            /* look at the files next time, whatever was reported */
	int64_t looked_ms;       /* monotonic: when the files were last looked at */
};

enum { LOCATION_CHECK_MS = 1000 }; /* they are looked at after this time even if nothing was reported */

enum location_check {
	LOCATION_SAME,     /* the file is still there, or chatd cannot tell */
	LOCATION_EMPTY,    /* nothing is there */
	LOCATION_OTHER,    /* another file is there */
};

/* Compares what is at the path now with `id`. */
enum location_check location_check(const char *path, const struct file_id *id);
/* The identity of the file at the path now; all zero: there is none. */
struct file_id location_file(const char *path);

/* Notes the location of s->db. */
void location_note(struct store *s);
/* Watches it from now on, if that can be done. A mount may hide it without a word, so the files are looked at every
 * LOCATION_CHECK_MS even so. */
void location_watch(struct location *p);
/* The database, its WAL and its index are where they were, or chatd cannot tell. One system call if they are watched
 * and nothing has happened, otherwise a few. */
bool location_is_kept(struct location *p);
void location_release(struct store *s);

#endif
