/*
 * The full-text index, which follows the lines in transactions of its own.
 */
#ifndef CHATD_STORE_DB_INDEX_H
#define CHATD_STORE_DB_INDEX_H

#include "chatd/store/db/error.h"

#include <stdint.h>

struct sqlite3_stmt;
struct store;

enum merging { MERGING_UNKNOWN, MERGING_GOES_ON, MERGING_OVER };

struct fulltext_index {
	uint64_t indexed;        /* lines up to this id are in it */
	uint64_t reindex_to;     /* while it is being rebuilt, lines up to this id are to be in it;
	                          * 0: it is not */
	int64_t line_ns;         /* the time that a line takes, going by the last steps; 0: not known */
	bool merging_paused;     /* index_merge_due merges nothing */
	enum merging merging;    /* the state of merging all parts, and the level of those that were there when it */
	int merging_level;       /* began (index_parts.c); -1: none */
};

/*
 * Adds up to rows lines to the index: if us is not 0, as many as should take that many microseconds, going by the
 * steps before, but at least a few. Returns how many it added, -1 on error. store_indexed is the id up to which it is
 * complete; lines beyond it are not found by a search.
 */
int store_index(struct store *s, int rows, int64_t us, struct store_error *err);
uint64_t store_indexed(struct store *s);

/* The index is being rebuilt: searches do not wait for it. */
bool store_reindexes(const struct store *s);

/* To be called before its first use. Empties the index if words were folded differently when it was made;
 * store_index then rebuilds it in steps. */
bool index_check(struct store *s, struct store_error *err);
/* Removes the line in get's current row (SQL_LINE_GET) from the index, which needs its text because
 * it keeps no copy. A line that is not indexed yet never will be. */
bool index_forget(struct store *s, uint64_t id, struct sqlite3_stmt *get);

#endif
