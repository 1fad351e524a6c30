/*
 * The full-text index follows the lines.
 *
 * In steps, each a transaction of its own and short, so that the lines that wait meanwhile are not
 * held up. None of them is fsynced: losing one costs work that is done again, never a line.
 */
#include "chatd/store/db/index.h"

#include "chatd/base/clock.h"
#include "chatd/base/fold.h"
#include "chatd/base/log.h"
#include "chatd/store/db/index_parts.h"
#include "chatd/store/db/state.h"

enum {
	INDEX_ROWS_LEAST = 8,  /* lines of a step, however little time it has */
	LINE_NS = 4000,        /* the time of a line, until one is known */
	LINE_NS_SLOWLY = 8,    /* it falls by one part in this many of the difference, where lines take less */
};

uint64_t store_indexed(struct store *s)
{
	/* Numbers beyond the last line belong to records that are not searched. */
	return s->index.indexed >= s->transaction.saved.line_id ? s->transaction.saved.seq : s->index.indexed;
}

/* Takes the lines after *last. Returns their number; -1: error. One statement for all of them: its beginning and end
 * cost as much as a line, and FTS5 makes a part of the index of what each has brought. */
static int index_lines(struct store *s, int rows, uint64_t *last)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_FTS_ADD);
	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, (int64_t)*last);
	sqlite3_bind_int(st, 2, rows);
	if (!db_run(st))
		return -1;
	int n = sqlite3_changes(s->db.sqlite);
	if (n > 0)
		*last = (uint64_t)sqlite3_last_insert_rowid(s->db.sqlite);
	if (n < rows)
		*last = s->transaction.saved.line_id; /* even if the last lines were pruned first */
	return n;
}

/* The same, as many as go into that time if they are like those before. */
static int index_within(struct store *s, int rows, int64_t us, uint64_t *last)
{
	int64_t begin_us = clock_us(CLOCK_MONOTONIC), before = s->index.line_ns;
	int64_t fit = us * 1000 / (before > 0 ? before : LINE_NS);
	if (fit < INDEX_ROWS_LEAST)
		fit = INDEX_ROWS_LEAST;
	int n = index_lines(s, fit < rows ? (int)fit : rows, last);
	if (n < INDEX_ROWS_LEAST)
		return n;
	int64_t ns = (clock_us(CLOCK_MONOTONIC) - begin_us) * 1000 / n;
	/* Longer lines may follow shorter ones at any time. */
	s->index.line_ns = ns > before ? ns : before - (before - ns) / LINE_NS_SLOWLY;
	return n;
}

int store_index(struct store *s, int rows, int64_t us, struct store_error *err)
{
	if (s->index.indexed >= s->transaction.saved.line_id)
		return 0;
	uint64_t last = s->index.indexed;
	if (!transaction_begin_unsynced(s)) {
		store_fail(s, err);
		return -1;
	}
	int n = us > 0 ? index_within(s, rows, us, &last) : index_lines(s, rows, &last);
	if (n < 0 || !index_merge_due(s) || !db_meta_set(&s->db, "indexed", (int64_t)last) ||
	    !db_run(db_stmt(&s->db, SQL_COMMIT))) {
		store_fail(s, err);
		return -1;
	}
	s->index.indexed = last;
	return n;
}

bool store_reindexes(const struct store *s)
{
	return s->index.indexed < s->index.reindex_to;
}

bool index_check(struct store *s, struct store_error *err)
{
	s->index.reindex_to = (uint64_t)db_meta(&s->db, "reindex_to", 0);
	if (db_meta(&s->db, "fold", 0) == fold_version())
		return true;
	if (!db_begin(&s->db, SQL_BEGIN) ||
	    sqlite3_exec(s->db.sqlite, "INSERT INTO search(search) VALUES('delete-all')", NULL, NULL, NULL) !=
	    SQLITE_OK ||
	    !db_meta_set(&s->db, "fold", fold_version()) || !db_meta_set(&s->db, "indexed", 0) ||
	    !db_meta_set(&s->db, "reindex_to", (int64_t)s->transaction.saved.line_id) ||
	    !db_run(db_stmt(&s->db, SQL_COMMIT)))
		return store_fail(s, err);
	s->index.indexed = 0;
	s->index.reindex_to = s->transaction.saved.line_id;
	if (s->index.reindex_to > 0)
		log_info("rebuilding the full-text index, because this chatd compares words differently; "
		         "until it is finished, searches say how much is missing");
	return true;
}

bool index_forget(struct store *s, uint64_t id, sqlite3_stmt *get)
{
	if (id > s->index.indexed)
		return true;
	sqlite3_stmt *st = db_stmt(&s->db, SQL_FTS_DELETE);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, (int64_t)id);
	const char *body = db_text(&s->db, get, 5);
	if (!body)
		return false;
	sqlite3_bind_text(st, 2, body, sqlite3_column_bytes(get, 5), SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, sqlite3_column_int64(get, 3));
	return db_run(st);
}
