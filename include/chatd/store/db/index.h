/*
 * The full-text index, which follows the lines in transactions of its own.
 */
#ifndef CHATD_STORE_DB_INDEX_H
#define CHATD_STORE_DB_INDEX_H

#include "chatd/store/db/error.h"

#include <stdint.h>

struct sqlite3_stmt;
struct store;

struct fulltext_index {
	uint64_t indexed;        /* lines up to this id are in it */
	uint64_t reindex_to;     /* and up to this one while it is made again; 0: it is not */
};

/*
 * Takes up to rows lines into the index. Returns how many it took, -1 on error. store_indexed is
 * the id up to which it is complete; lines beyond it are not found by a search.
 */
int store_index(struct store *s, int rows, struct store_error *err);
uint64_t store_indexed(struct store *s);
/* The index is being made again: searches do not wait for it. */
bool store_reindexes(const struct store *s);

/* Empties the index where it was made by another form of words than the present one: it is made again,
 * in the steps of store_index. */
bool index_check(struct store *s, struct store_error *err);
/* Takes the line that get's row shows (SQL_LINE_GET) out of the index, which must be told what it
 * said: it keeps no copy of its own. A line that it has not come to yet it will not meet. */
bool index_forget(struct store *s, uint64_t id, struct sqlite3_stmt *get);

#endif
