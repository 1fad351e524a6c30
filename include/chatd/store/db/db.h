/*
 * One SQLite connection: its statements, running them, and what went wrong, in words.
 *
 * Knows nothing of the database's contents, except a table `meta` of numbers by name. A connection
 * belongs to one thread at a time.
 */
#ifndef CHATD_STORE_DB_DB_H
#define CHATD_STORE_DB_DB_H

#include "chatd/store/db/error.h"
#include "chatd/store/db/statements.h"

#include <sqlite3.h>
#include <stdint.h>

enum { DB_BUSY_MS = 2000 }; /* how long to wait for another program's lock */

/* All zero: not connected. */
struct db {
	sqlite3 *sqlite;         /* the connection */
	sqlite3_stmt *stmt[SQL_COUNT]; /* prepared at first use, for the connection's life */
	int error;               /* the first error of db_stmt, db_step, db_text or db_number since
	                          * this was set to SQLITE_OK; for callers that check it after many
	                          * steps */
	uint64_t words;          /* of lines that were added to the full-text index or removed from
	                          * it, which index_merge_due has not dealt with */
	bool doubted;            /* true once a sync has failed: what was written may not be on the
	                          * disk, because the system forgets what it could not write */
};

/* Connects to the file at path. writes: this is the connection that saves lines. ":memory:" is a private
 * database. False: err says why; db must still be closed. */
bool db_open(struct db *db, const char *path, bool writes, struct store_error *err);
/* Finalizes its statements and closes the connection. */
void db_close(struct db *db);

/* The statement, reset; earlier bindings stay. NULL: it could not be prepared. */
sqlite3_stmt *db_stmt(struct db *db, enum statement sql);
/* sqlite3_step; an error is noted in db->error. */
int db_step(struct db *db, sqlite3_stmt *st);
/* Runs a statement that returns no rows, and resets it. */
bool db_run(sqlite3_stmt *st);
/* A text of st's current row; "" for an SQL NULL, which only a damaged database has. NULL if memory
 * ran out, which is noted in db->error. */
const char *db_text(struct db *db, sqlite3_stmt *st, int column);
/* The first column of the statement's first row; none if there is no row, or on error. */
int64_t db_number(struct db *db, sqlite3_stmt *st, int64_t none);
/* The same for SQL that is not among the statements because it rarely runs. */
int64_t db_number_of(struct db *db, const char *sql, int64_t none);

/* A number of the table meta; none if that name is not in it. */
int64_t db_meta(struct db *db, const char *key, int64_t none);
bool db_meta_set(struct db *db, const char *key, int64_t value);

/* Begins a transaction with SQL_BEGIN or SQL_BEGIN_READ. One that could not be ended, if memory ran
 * out for example, is rolled back first. */
bool db_begin(struct db *db, enum statement begin);
/* Resets all statements and rolls back what is open. */
void db_rollback(struct db *db);

/* Describes in err what SQLite last reported. A failed sync leaves the connection doubted. Must be
 * called before db_rollback. */
void db_explain(struct db *db, struct store_error *err);

/* An id as SQLite stores it: its numbers are signed. */
static inline int64_t db_id(uint64_t id)
{
	return id > INT64_MAX ? INT64_MAX : (int64_t)id;
}

#endif
