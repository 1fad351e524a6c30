/*
 * Finding out whether the WAL next to a database belongs to it.
 */
#ifndef CHATD_STORE_DB_WAL_MARK_H
#define CHATD_STORE_DB_WAL_MARK_H

#include "chatd/store/db/error.h"
#include "chatd/store/db/wal_frames.h"

struct store;

/* What tells whether a WAL belongs to a database; see wal_mark.c. */
struct wal_mark {
	unsigned char salts[WAL_SALTS_BYTES]; /* of the WAL that has the last mark; all 0: none
	                                       * has */
	int pages;               /* pages in that WAL when the mark was written */
	bool moves;              /* the mark is being written */
};

/* To be called before SQLite opens the database at path. False: there is a WAL next to it, but no file, or an empty one,
 * and SQLite would delete the WAL; err says what to do. */
bool wal_has_database(const char *path, struct store_error *err);
/* To be called before anything is written to s->db. False: the WAL next to its file does not belong
 * to it, and err says what to do. Neither file is changed. */
bool wal_mark_check(struct store *s, struct store_error *err);
/* To be called after each commit of the connection that writes, in its WAL hook. A mark that could
 * not be written is not an error: the next commit tries again. */
void wal_mark_committed(struct store *s, int pages);
/* Marks the copy of a database at path as a database of its own, to which no WAL of the original
 * belongs. Does not sync it. False: it could not be marked. */
bool wal_mark_copy(const char *path);

#endif
