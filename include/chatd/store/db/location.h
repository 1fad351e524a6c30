/*
 * Where a connection's database lies: which files were at its paths when it was opened.
 *
 * SQLite goes on with a file that was removed or moved away, so somebody has to look.
 */
#ifndef CHATD_STORE_DB_LOCATION_H
#define CHATD_STORE_DB_LOCATION_H

#include <stdbool.h>
#include <sys/types.h>

struct store;

/* What a file is, whatever it is called. */
struct file_id {
	dev_t dev;
	ino_t ino;               /* 0: not known */
};

/* All zero: nowhere. */
struct location {
	char *path, *wal_path, *shm_path; /* owned, like the next */
	char *folder;            /* with its slash */
	struct file_id file, wal, shm, in; /* the four */
};

enum location_check {
	LOCATION_SAME,     /* the file is there, or that cannot be known */
	LOCATION_EMPTY,    /* nothing is there */
	LOCATION_OTHER,    /* something else is */
};

/* What is at the path of a file that was `id`. */
enum location_check location_check(const char *path, const struct file_id *id);
/* Of what is at the path now; all zero: nothing. */
struct file_id location_file(const char *path);

/* Takes note of where s->db lies. */
void location_note(struct store *s);
void location_release(struct store *s);

#endif
