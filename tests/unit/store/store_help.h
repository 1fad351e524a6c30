/*
 * What the store's tests share: a folder of their own, and records in few words.
 */
#ifndef CHATD_TESTS_STORE_HELP_H
#define CHATD_TESTS_STORE_HELP_H

#include "chatd/core/event.h"
#include "chatd/store/db/store.h"
#include "chatd/store/db/tokenizer.h"
#include "queries.h"
#include "records.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <dirent.h>

#include <cmocka.h>

#define NOON_MS 1700000000000LL /* when the tests' first line is said */

/* A folder under TMPDIR, removed with all that lies in it. */
struct folder {
	char path[128];   /* of the folder */
	char file[512];   /* what folder_file returned last */
};

__attribute__((noinline, unused))
static const char *folder_file(struct folder *f, const char *name)
{
	snprintf(f->file, sizeof(f->file), "%s/%s", f->path, name);
	return f->file;
}

static inline int folder_setup(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");
	snprintf(f->path, sizeof(f->path), "%s/chatd-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	*state = f;
	return mkdtemp(f->path) ? 0 : -1;
}

static inline int folder_teardown(void **state)
{
	struct folder *f = *state;
	DIR *d = opendir(f->path);
	for (struct dirent *e; d && (e = readdir(d)); )
		if (e->d_name[0] != '.')
			unlink(folder_file(f, e->d_name));
	if (d)
		closedir(d);
	rmdir(f->path);
	free(f);
	return 0;
}

static inline bool folder_has(struct folder *f, const char *name)
{
	return access(folder_file(f, name), F_OK) == 0;
}

static inline struct record line_of(uint64_t seq, uint32_t room, const char *sender,
                                    const char *body)
{
	return (struct record){
		.seq = seq,
		.kind = RECORD_SAY,
		.room = room,
		.time_ms = NOON_MS + (int64_t)seq * 1000,
		.room_name = room == 1 ? "lobby" : room == 2 ? "ops" : "other",
		.line = { sender, body },
	};
}

/* The same of any kind: who, number and text as record_columns has them. */
static inline struct record record_as(uint64_t seq, uint32_t room, enum record_kind kind,
                                      const char *who, uint64_t number, const char *text)
{
	struct record r = line_of(seq, room, "", "");
	record_set(&r, kind, who, number, text);
	return r;
}

/* A query for everything of a room. */
static inline struct query query_of(enum query_kind kind, uint32_t room, uint32_t limit)
{
	struct query q = {
		.kind = kind,
		.conn = { 7, 3 },
		.room = room,
		.limit = limit,
		.before_id = UINT64_MAX,
		.since_ms = INT64_MIN,
		.until_ms = INT64_MAX,
	};
	query_set(&q, "", "");
	return q;
}

/* Opens a store that must open. */
static inline struct store *store_in(const char *path)
{
	struct store_error err;
	struct store *s = store_open(path, DURABILITY_COMMIT, &err);
	if (!s)
		fail_msg("%s", err.text);
	return s;
}

/* Saves n records in one transaction. */
static inline void save_all(struct store *s, const struct record *r, size_t n)
{
	struct store_error err;
	assert_true(store_begin(s, &err));
	assert_true(store_save(s, r, n, &err));
	assert_true(store_commit(s, &err));
}

static inline void save_line(struct store *s, uint64_t seq, uint32_t room, const char *sender,
                             const char *body)
{
	struct record r = line_of(seq, room, sender, body);
	save_all(s, &r, 1);
}

/* Lines first to last of a room, "line 1" and so on. */
static inline void save_lines(struct store *s, uint32_t room, uint64_t first, uint64_t last)
{
	struct store_error err;
	assert_true(store_begin(s, &err));
	for (uint64_t seq = first; seq <= last; seq++) {
		char body[32];
		snprintf(body, sizeof(body), "line %llu", (unsigned long long)seq);
		struct record r = line_of(seq, room, "alice", body);
		assert_true(store_save(s, &r, 1, &err));
	}
	assert_true(store_commit(s, &err));
}

/* Takes all lines into the index. */
static inline void index_all(struct store *s)
{
	struct store_error err;
	int n;
	while ((n = store_index(s, 100, 0, &err)) > 0)
		;
	assert_int_equal(n, 0);
}

/* A number that a statement finds in the file; -1: none. */
static inline int64_t number_in(const char *path, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	int64_t n = -1;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_true(tokenizer_register(db, NULL));
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

/* Another program reads an older state of the file from now on, until the connection is closed. */
static inline sqlite3 *somebody_reads(struct folder *f)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(folder_file(f, "chat.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM meta", NULL, NULL, NULL), SQLITE_OK);
	return db;
}

/* Another program writes to the file. */
static inline void execute_in(const char *path, const char *sql)
{
	sqlite3 *db;
	char *problem = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_true(tokenizer_register(db, NULL));
	sqlite3_busy_timeout(db, 10000);
	if (sqlite3_exec(db, sql, NULL, NULL, &problem) != SQLITE_OK)
		fail_msg("%s: %s", sql, problem);
	sqlite3_close(db);
}

/* The parts of its full-text index. */
static inline int64_t parts_in(const char *path)
{
	return number_in(path, "SELECT count(DISTINCT segid) FROM search_idx");
}

/* The ids of an answer, "3 4 5", with a star at a hit and "more" at the end; its error
 * where there is one. Releases it. Valid until the next call. */
static inline const char *ids_of(struct rows *rows)
{
	static char text[8192];
	size_t at = 0;
	text[0] = '\0';
	for (size_t i = 0; i < rows->n && at < sizeof(text) - 32; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%llu%s", i ? " " : "",
		                       (unsigned long long)rows->row[i].id,
		                       rows->kind == QUERY_SEARCH && rows->row[i].hit ? "*" : "");
	snprintf(text + at, sizeof(text) - at, "%s%s", rows->more ? " more" : "",
	         rows->error ? rows->error : "");
	rows_release(rows);
	return text;
}

#endif
