/*
 * One SQLite connection: its statements, running them, and what went wrong, in words.
 *
 * Knows nothing of what the database holds, but that there is a table `meta` of numbers by
 * name. A connection belongs to one thread at a time.
 */
#ifndef CHATD_STORE_DB_DB_H
#define CHATD_STORE_DB_DB_H

#include "chatd/store/db/error.h"
#include "chatd/store/db/statements.h"

#include <sqlite3.h>
#include <stdint.h>

enum { DB_BUSY_MS = 2000 }; /* how long another program's lock is waited for */

/* All zero: not connected. */
struct db {
	sqlite3 *sqlite;         /* the connection */
	sqlite3_stmt *stmt[SQL_COUNT]; /* prepared at first use, for the connection's life */
	int error;               /* what SQLite said first since this was set to SQLITE_OK, of what
	                          * db_stmt, db_step, db_text and db_number did; for callers that look
	                          * at it at the end of many steps */
	bool doubted;            /* true once a sync has failed: what was written may not be on the
	                          * disk, for the system forgets what it could not write */
};

/* Connects to the file; path is a whole one, or as the configuration has it. ":memory:" is a
 * private one. False: err says why, and db is to be closed all the same. */
bool db_open(struct db *db, const char *path, struct store_error *err);
/* Ends its statements and the connection. */
void db_close(struct db *db);

/* The statement, reset; what was bound to it before is bound still. NULL: it could not be
 * prepared. */
sqlite3_stmt *db_stmt(struct db *db, enum statement sql);
/* sqlite3_step; an error is noted in db->error. */
int db_step(struct db *db, sqlite3_stmt *st);
/* Runs a statement that gives no rows, and resets it. */
bool db_run(sqlite3_stmt *st);
/* A text of the row that it shows; "" for a NULL, which only a damaged database has. Where there is
 * no memory for it NULL, and that is noted. */
const char *db_text(struct db *db, sqlite3_stmt *st, int column);
/* The first column of the statement's first row; otherwise, also on error, none. */
int64_t db_number(struct db *db, sqlite3_stmt *st, int64_t none);
/* The same for SQL that is not among the statements because it runs seldom. */
int64_t db_number_of(struct db *db, const char *sql, int64_t none);

/* A number of the table meta; none where it has none of that name. */
int64_t db_meta(struct db *db, const char *key, int64_t none);
bool db_meta_set(struct db *db, const char *key, int64_t value);

/* Begins a transaction by SQL_BEGIN or SQL_BEGIN_READ. One that could not be ended, for want of
 * memory say, is rolled back first. */
bool db_begin(struct db *db, enum statement begin);
/* Resets all statements and rolls back what is open. */
void db_rollback(struct db *db);

/* Writes a sentence for what SQLite last reported. A sync that failed leaves the connection
 * doubted. To be called before db_rollback. */
void db_explain(struct db *db, struct store_error *err);

/* An id as SQLite has numbers, which are signed. */
static inline int64_t db_id(uint64_t id)
{
	return id > INT64_MAX ? INT64_MAX : (int64_t)id;
}

#endif
