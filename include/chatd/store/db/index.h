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
	uint64_t reindex_to;     /* while it is being rebuilt, lines up to this id are to be in it;
	                          * 0: it is not */
	int64_t line_ns;         /* the time that a line takes, going by the last steps; 0: not known */
	bool merges_rest;        /* true while index_merge_after merges nothing */
};

/*
 * Adds up to rows lines to the index: if us is not 0, as many as should take that many microseconds, going by the
 * steps before, but at least a few. Returns how many it added, -1 on error. store_indexed is the id up to which it is
 * complete; lines beyond it are not found by a search.
 */
int store_index(struct store *s, int rows, int64_t us, struct store_error *err);
uint64_t store_indexed(struct store *s);

/*
 * Each transaction adds a part to the index, and a search has to look into all parts. So some pages of them are merged
 * in each transaction; FTS5 by itself would merge hundreds at a time. Both functions need an open transaction.
 */
/* Merges that many pages; a negative number begins to merge all parts into one. 1: there was something to merge;
 * 0: there was not; -1: error. */
int index_merge(struct store *s, int pages);
/* Merges as many pages as are due in a transaction that has added or removed that many lines. False: error. */
bool index_merge_after(struct store *s, int lines);

/* Off: nothing is merged meanwhile, because that takes space before it frees any. It begins as on. */
void store_merge_index(struct store *s, bool on);

/* The index is being rebuilt: searches do not wait for it. */
bool store_reindexes(const struct store *s);

/* Empties the index if words were folded differently when it was made; store_index then rebuilds it
 * in steps. */
bool index_check(struct store *s, struct store_error *err);
/* Removes the line in get's current row (SQL_LINE_GET) from the index, which needs its text because
 * it keeps no copy. A line that is not indexed yet never will be. */
bool index_forget(struct store *s, uint64_t id, struct sqlite3_stmt *get);

#endif
