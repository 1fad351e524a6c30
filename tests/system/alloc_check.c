/* What a round has left: whether the database is whole, and has what was seen. */
#include "alloc.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first column of the first row; "": none. */
static const char *sql(sqlite3 *db, const char *query, char out[128])
{
	sqlite3_stmt *st = NULL;

	out[0] = '\0';
	if (sqlite3_prepare_v2(db, query, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		snprintf(out, 128, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return out;
}

const char *check_database(const char *path, const struct seen *seen, bool copy)
{
	sqlite3 *db = NULL;
	const char *wrong = NULL;
	char out[128], query[160];

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
	    strcmp(sql(db, "PRAGMA integrity_check", out), "ok") != 0) {
		wrong = copy ? "the copy is damaged" : "the database is damaged";
	} else if (copy) {
		sql(db, "SELECT count(*) FROM messages WHERE body LIKE 'w%'", out);
		if (strtoul(out, NULL, 10) < seen->copied)
			wrong = "the copy lacks lines";
	} else {
		for (unsigned i = 1; i < WORDS_MAX; i++) {
			snprintf(query, sizeof query, "SELECT count(*) FROM messages WHERE body LIKE "
			         "'w%u of%%'", i);
			sql(db, query, out);
			if (seen->read[i] ? strcmp(out, "1") != 0 : out[0] > '1' || out[1] != '\0')
				wrong = "a line that was read is not saved once";
		}
		sql(db, "SELECT count(*) FROM facts WHERE key = 'alice'", out);
		if (seen->registered && strcmp(out, "0") == 0)
			wrong = "an account that was told to be there is not saved";
	}
	sqlite3_close(db);
	return wrong;
}
