/*
 * Does the WAL that lies beside a database belong to it?
 */
#ifndef CHATD_STORE_DB_WAL_MARK_H
#define CHATD_STORE_DB_WAL_MARK_H

#include "chatd/store/db/error.h"

struct store;

enum { WAL_SALTS_BYTES = 8 };

/* What tells whether a WAL belongs to a database; see wal_mark.c. */
struct wal_mark {
	unsigned char salts[WAL_SALTS_BYTES]; /* of the WAL that has the last mark; 0: none has */
	int pages;               /* in it, when that was written */
	bool moves;              /* it is being written */
};

/* s->db is to be written to, and nothing was yet: false if the WAL that lies beside its file does
 * not belong to it, and err says what to do. Neither is changed. */
bool wal_mark_check(struct store *s, struct store_error *err);
/* After each commit of the connection that writes, within its hook. That a mark could not be
 * written is no error: the next commit tries again. */
void wal_mark_committed(struct store *s, int pages);
/* The copy of a database at path is another from here on, to which no WAL of the first belongs. It is
 * not brought to the disk. False: that could not be done. */
bool wal_mark_copy(const char *path);

#endif
