/*
 * Lines on their way into the database, as a table that SQL can read.
 *
 * `lines` is an eponymous virtual table (sqlite.org/vtab.html, 2.1.2) over the
 * records that store_save was called with. One INSERT ... SELECT from it saves a
 * run of them: a statement's beginning and end, and the way from the root to the
 * last leaf, are paid once and not for each line. Owns nothing but its cursors.
 */
#include "chatd/store/db/lines_table.h"

#include "chatd/base/bytes.h"
#include "chatd/store/db/state.h"

#include <stdlib.h>

struct lines_vtab {
	sqlite3_vtab base;      /* first: SQLite's part */
	struct store *store;    /* whose lines it shows */
};

struct lines_cursor {
	sqlite3_vtab_cursor base; /* first: SQLite's part */
	size_t at;              /* index into lines_table.record */
};

enum column { COLUMN_ID, COLUMN_ROOM, COLUMN_SENDER, COLUMN_TIME, COLUMN_KIND, COLUMN_BODY };

static int lines_connect(sqlite3 *db, void *store, int argc, const char *const *argv,
                         sqlite3_vtab **table, char **error)
{
	struct lines_vtab *t;
	int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(id, room, sender, time_ms, kind, body)");
	(void)argc;
	(void)argv;
	(void)error;
	if (rc != SQLITE_OK)
		return rc;
	t = mem_zero(1, sizeof(*t));
	t->store = store;
	*table = &t->base;
	return SQLITE_OK;
}

static int lines_disconnect(sqlite3_vtab *table)
{
	free(table);
	return SQLITE_OK;
}

/* There is one way to read it: all of it, in order. */
static int lines_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	(void)info;
	return SQLITE_OK;
}

static int lines_open(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor)
{
	struct lines_cursor *c = mem_zero(1, sizeof(*c));
	(void)table;
	*cursor = &c->base;
	return SQLITE_OK;
}

static int lines_close(sqlite3_vtab_cursor *cursor)
{
	free(cursor);
	return SQLITE_OK;
}

static int lines_filter(sqlite3_vtab_cursor *cursor, int number, const char *name, int argc,
                        sqlite3_value **argv)
{
	(void)number;
	(void)name;
	(void)argc;
	(void)argv;
	((struct lines_cursor *)cursor)->at = 0;
	return SQLITE_OK;
}

static int lines_next(sqlite3_vtab_cursor *cursor)
{
	((struct lines_cursor *)cursor)->at++;
	return SQLITE_OK;
}

static int lines_eof(sqlite3_vtab_cursor *cursor)
{
	return ((struct lines_cursor *)cursor)->at >=
	       ((struct lines_vtab *)cursor->pVtab)->store->lines_table.n;
}

static int lines_column(sqlite3_vtab_cursor *cursor, sqlite3_context *ctx, int column)
{
	const struct store *s = ((struct lines_vtab *)cursor->pVtab)->store;
	const struct record *r = &s->lines_table.record[((struct lines_cursor *)cursor)->at];
	switch (column) {
	case COLUMN_ID:
		sqlite3_result_int64(ctx, (int64_t)r->seq);
		break;
	case COLUMN_ROOM:
		sqlite3_result_int64(ctx, r->room);
		break;
	case COLUMN_SENDER:
		sqlite3_result_text(ctx, r->line.sender, -1, SQLITE_STATIC);
		break;
	case COLUMN_TIME:
		sqlite3_result_int64(ctx, r->time_ms);
		break;
	case COLUMN_KIND:
		sqlite3_result_int(ctx, (int)r->kind);
		break;
	case COLUMN_BODY:
		sqlite3_result_text(ctx, r->line.body, -1, SQLITE_STATIC);
		break;
	}
	return SQLITE_OK;
}

static int lines_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *id)
{
	*id = (sqlite3_int64)((struct lines_cursor *)cursor)->at;
	return SQLITE_OK;
}

bool lines_table_make(struct store *s)
{
	static const sqlite3_module module = {
		.xConnect = lines_connect, .xDisconnect = lines_disconnect,
		.xBestIndex = lines_best_index, .xOpen = lines_open, .xClose = lines_close,
		.xFilter = lines_filter, .xNext = lines_next, .xEof = lines_eof,
		.xColumn = lines_column, .xRowid = lines_rowid,
	};
	return sqlite3_create_module(s->db.sqlite, "lines", &module, s) == SQLITE_OK;
}
