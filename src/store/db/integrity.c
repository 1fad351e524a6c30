/*
 * Checking a database. Owns the copy that is looked at.
 */
#include "chatd/store/db/integrity.h"

#include "chatd/store/db/state.h"
#include "chatd/store/db/tokenizer.h"

#include <stdio.h>
#include <string.h>

/* What is missing from the index, because chatd has not come that far yet, is not wrong with it. */
#define FORGET_UNINDEXED "DELETE FROM messages WHERE id > coalesce((SELECT value FROM meta" \
	" WHERE key = 'indexed'), 0)"
/* rank 1: compared with the lines themselves; fts5.html, 6.6. */
#define CHECK_INDEX "INSERT INTO search(search, rank) VALUES('integrity-check', 1)"

struct inspection {
	sqlite3 *copy;           /* owned; a private file that SQLite removes */
	void (*problem)(void *ctx, const char *what);
	void *ctx;
	bool damaged;
};

static void inspection_tell(struct inspection *i, const char *what)
{
	i->damaged = true;
	i->problem(i->ctx, what);
}

static bool is_damage(int rc)
{
	return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
}

/* The copy is made in one go: steps would begin again whenever chatd writes. */
static int copy_make(struct inspection *i, struct store *s)
{
	sqlite3_backup *b;
	int rc;
	sqlite3_free(sqlite3_temp_directory);
	sqlite3_temp_directory = sqlite3_mprintf("%s", s->location.folder);
	rc = sqlite3_open_v2("", &i->copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
	                     NULL);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_extended_result_codes(i->copy, 1);
	b = sqlite3_backup_init(i->copy, "main", s->db.sqlite, "main");
	if (!b)
		return sqlite3_errcode(i->copy);
	rc = sqlite3_backup_step(b, -1);
	if (rc == SQLITE_DONE)
		return sqlite3_backup_finish(b);
	sqlite3_backup_finish(b);
	return rc;
}

static int pages_check(struct inspection *i)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(i->copy, "PRAGMA integrity_check(100)", -1, &st, NULL);
	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const char *said = (const char *)sqlite3_column_text(st, 0);
		if (said && strcmp(said, "ok") != 0)
			inspection_tell(i, said);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int index_check_copy(struct inspection *i)
{
	int rc;
	if (!tokenizer_register(i->copy, NULL))
		return SQLITE_NOMEM;
	rc = sqlite3_exec(i->copy, FORGET_UNINDEXED, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(i->copy, CHECK_INDEX, NULL, NULL, NULL);
	if (!is_damage(rc))
		return rc;
	inspection_tell(i, "the full-text index does not agree with the lines");
	return SQLITE_OK;
}

enum integrity integrity_check(struct store *s, void (*problem)(void *ctx, const char *what), void *ctx,
                               struct store_error *err)
{
	struct inspection i = { .problem = problem, .ctx = ctx };
	int rc = copy_make(&i, s);
	if (rc == SQLITE_OK)
		rc = pages_check(&i);
	/* What is wrong with the pages would be found in the index once more. */
	if (rc == SQLITE_OK && !i.damaged)
		rc = index_check_copy(&i);
	if (is_damage(rc)) {
		inspection_tell(&i, sqlite3_errstr(rc));
	} else if (rc != SQLITE_OK) {
		store_error_set(err, "cannot check a copy of the database in its folder: %s",
		                (rc & 0xff) == SQLITE_FULL ? "the disk is full" : sqlite3_errstr(rc));
	}
	sqlite3_close(i.copy);
	return i.damaged ? INTEGRITY_DAMAGED : rc == SQLITE_OK ? INTEGRITY_SOUND : INTEGRITY_UNKNOWN;
}
