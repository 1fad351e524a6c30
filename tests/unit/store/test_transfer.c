/*
 * Exports and imports: what is exported and imported again is the same database; a running chatd is not
 * held up; and a file that is wrong in any way is refused, with its line, and leaves nothing.
 */
#include "store_file.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/core/people/name.h"
#include "chatd/store/db/export.h"
#include "chatd/store/db/import.h"
#include "chatd/store/db/outside.h"
#include "chatd/store/db/transfer.h"

#include <inttypes.h>
#include <sqlite3.h>

#define HEADER "{\"kind\":\"header\",\"format\":\"chatd-export\",\"version\":1,\"schema\":11," \
	"\"by\":\"a test\",\"time_ms\":1,\"scope\":\"whole\"}\n"
#define ROOM "{\"kind\":\"room\",\"id\":1,\"name\":\"general\",\"topic\":\"\",\"keep_days\":0,\"keep_lines\":0}\n"
#define LINE(id) "{\"kind\":\"line\",\"id\":" id ",\"room\":1,\"time_ms\":5,\"sender\":\"bob\",\"type\":\"say\"," \
	"\"body\":\"hi\"}\n"
#define END(n) "{\"kind\":\"end\",\"records\":" n "}\n"

/* -- a database as rows of text ----------------------------------------------------------------- */

static const char *path_of(const char *name)
{
	return folder_file(folder, name);
}

static void sql_of(const char *name, const char *sql)
{
	execute_in(path_of(name), sql);
}

/* All rows, with a line for each; to be freed. */
static char *rows_of_table(const char *name, const char *sql)
{
	struct bytes all = { 0 };
	sqlite3 *db;
	sqlite3_stmt *st;

	assert_int_equal(sqlite3_open(path_of(name), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(st); i++)
			bytes_printf(&all, "%s%d:%s", i ? "|" : "", sqlite3_column_type(st, i),
			             (const char *)sqlite3_column_text(st, i));
		bytes_puts(&all, "\n");
	}
	sqlite3_finalize(st);
	sqlite3_close(db);
	return all.data ? all.data : mem_strdup("");
}

static void same_tables(const char *one, const char *other)
{
	static const char *const tables[] = {
		"SELECT id, name, topic, keep_days, keep_lines FROM rooms ORDER BY id",
		"SELECT id, room, sender, time_ms, kind, body FROM messages ORDER BY id",
		"SELECT kind, key, value FROM facts ORDER BY kind, key",
		"SELECT id, time_ms, who, what, undo, share FROM audit ORDER BY id",
		"SELECT key, room, last_id, gaps, seq FROM seen ORDER BY key, room",
		"SELECT key, value FROM meta WHERE key NOT IN ('wal') AND key NOT LIKE 'clock%' AND key NOT LIKE 'old_%'"
		" ORDER BY key",
		"SELECT room FROM going",
		"SELECT * FROM erasing",
		"PRAGMA user_version",
		/* No table is left out above. */
		"SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search%'",
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		char *a = rows_of_table(one, tables[i]), *b = rows_of_table(other, tables[i]);

		if (strcmp(a, b) != 0)
			fail_msg("%s:\n%s\nand\n%s", tables[i], a, b);
		free(a);
		free(b);
	}
}

/* -- exporting ------------------------------------------------------------------------------------ */

static struct bytes exported;

static bool take(void *ctx, const char *p, size_t n)
{
	(void)ctx;
	assert_int_equal(p[n - 1], '\n');
	bytes_append(&exported, p, n);
	return true;
}

static const struct export_wish everything = { .same = name_is, .by = "a test", .now_ms = 1, .write = take };

static const char *export_as(const struct export_wish *w, struct export_result *r)
{
	struct store_error err;
	bool running = false;
	struct store *s = outside_open(path_of("chat.db"), &running, &err);

	if (!s)
		fail_msg("%s", err.text);
	assert_true(running);
	bytes_clear(&exported);
	if (store_export(s, w, r, &err) != EXPORT_DONE)
		fail_msg("%s", err.text);
	store_close(s);
	return exported.len > 0 ? exported.data : "";
}

/* -- importing ------------------------------------------------------------------------------------ */

/* Into a database of its own. False: err. */
static bool import_text(const char *name, const char *text, size_t len, struct import_result *r,
                        struct store_error *err)
{
	struct store *s = store_in(path_of(name));
	struct import *i = import_begin(s, r, err);
	bool ok = i;

	while (ok && len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;
		/* A copy of its own size, so that a read beyond it is found. */
		char *line = malloc(n + (n == 0));

		memcpy(line, text, n);
		ok = import_line(i, line, n, err);
		free(line);
		n += end != NULL;
		text += n;
		len -= n;
	}
	if (ok)
		ok = import_end(i, NULL, NULL, err);
	else
		import_abort(i);
	store_close(s);
	return ok;
}

/* -- a database with everything --------------------------------------------------------------------- */

static void put_fact(uint64_t seq, int kind, const char *key, const char *value)
{
	save_kind(seq, 0, RECORD_FACT, key, (uint64_t)kind, value);
}

static void fill(void)
{
	struct record topic = record_as(20, 2, RECORD_TOPIC, "bob", 0, "the \"topic\" \\ of ops");
	struct record kept = { .seq = 21, .kind = RECORD_RETENTION, .room = 2, .time_ms = NOON_MS,
	                       .room_name = "ops", .retention = { 30, 5000 } };

	save_lines(store, 1, 1, 10);
	save_kind(11, 2, RECORD_SAY, "Ünïcödé", 0, "é 中 😀 \xe2\x80\x8d \\ \" / \t");
	save_kind(12, 2, RECORD_ACTION, "bob", 0, "waves");
	save_kind(13, 2, RECORD_GAP, "System", 0, "3 lines are missing");
	save_kind(14, 1, RECORD_SEEN, "bob", 9, "2 5");
	save_all(store, &topic, 1);
	save_all(store, &kept, 1);
	put_fact(30, FACT_ACCOUNT, "bob", "nick=Bob role=admin hash=$y$j9T$abc codes=%0Ax why=100%25%7F");
	put_fact(31, FACT_ROOM, "ops", "name=ops number=2 topic=a%20b topic-lock=1");
	put_fact(32, FACT_BAN, "00000000000000000032", "target=guest who=eve key=eve until=5");
	put_fact(33, FACT_MUTE, "00000000000000000033", "target=block from=192.0.2.0/24");
	put_fact(34, FACT_FILTER, "spam*", "by=bob at=5");
	put_fact(35, FACT_INVITE, "ops bob", "role=owner room=2");
	put_fact(36, FACT_MAIL, "bob 00000000000000000036", "from=eve text=hi%20there");
	put_fact(37, FACT_REPORT, "00000000000000000037", "state=open line=3 why=rude");
	/* Of no form that chatd writes: kept as they are. */
	put_fact(38, FACT_STATE, "odd", "a=1  b=2");
	put_fact(39, FACT_STATE, "odder", "plain words, and = signs");
	put_fact(40, FACT_STATE, "oddest", "a=1 a=2");
	put_fact(41, FACT_STATE, "lower", "a=%0a");
	put_fact(42, FACT_STATE, "none", "=x");
	save_kind(43, 0, RECORD_AUDIT, "bob", 0, "did something");
	save_kind(44, 0, RECORD_AUDIT, "eve", 1, "did more");
	index_all(store);
	sql_of("chat.db", "INSERT INTO facts VALUES(77, 'later', 'x=y');"
	       "UPDATE audit SET share = -5 WHERE id = 44; UPDATE audit SET undo = 'undo=role was=1' WHERE id = 43;"
	       "INSERT OR REPLACE INTO meta VALUES('clock', 1700000000000), ('old_room', 2)");
}

static void what_comes_back_is_the_same(void **state)
{
	struct export_result r;
	struct import_result in;
	struct store_error err;
	char *first;

	(void)state;
	fill();
	first = mem_strdup(export_as(&everything, &r));
	assert_int_equal(r.lines, 13);
	assert_int_equal(r.mended, 0);
	assert_null(strstr(first, "\"clock"));
	assert_null(strstr(first, "\"old_"));
	assert_non_null(strstr(first, "\"value\":{\"nick\":\"Bob\",\"role\":\"admin\",\"hash\":\"$y$j9T$abc\","
	                       "\"codes\":\"\\u000ax\",\"why\":\"100%\\u007f\"}"));
	assert_non_null(strstr(first, "\"topic\":\"a b\",\"topic-lock\":\"1\"}"));
	assert_non_null(strstr(first, "\"key\":\"oddest\",\"value\":\"a=1 a=2\""));
	if (!import_text("copy.db", first, strlen(first), &in, &err))
		fail_msg("%s", err.text);
	assert_int_equal(in.lines, 13);
	assert_int_equal(in.rooms, 2);
	assert_int_equal(in.accounts, 1);
	/* What a start notes for itself, and both have started. */
	store_close(store);
	store_close(store_in(path_of("copy.db")));
	store = store_in(path_of("chat.db"));
	same_tables("chat.db", "copy.db");
	/* A second time round, from the copy. */
	store_close(store);
	store = store_in(path_of("copy.db"));
	struct query q = query_of(QUERY_SEARCH, 0, 50);
	q.search.words = "waves";
	struct rows *rows = store_query(store, &q);
	assert_int_equal(rows->n, 3);
	rows_release(rows);
	assert_int_equal(store_index(store, 10, 0, &err), 0);
	free(first);
}

/* -- while a chatd runs -------------------------------------------------------------------------------- */

static uint64_t next_seq;
static int writes;

/* Whoever takes the export is slow; chatd saves a line and starts its WAL again meanwhile. */
static bool take_slowly(void *ctx, const char *p, size_t n)
{
	sqlite3 *db;
	int frames, done, rc;

	save_line(store, next_seq++, 1, "late", "too late for the export");
	assert_int_equal(sqlite3_open(path_of("chat.db"), &db), SQLITE_OK);
	/* Before it has read something, it does not know that there is a WAL. */
	assert_int_equal(sqlite3_exec(db, "SELECT count(*) FROM rooms", NULL, NULL, NULL), SQLITE_OK);
	rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &frames, &done);
	assert_int_equal(rc, SQLITE_OK);
	assert_int_equal(frames, 0);
	sqlite3_close(db);
	writes++;
	return take(ctx, p, n);
}

static void nobody_waits_for_a_slow_reader(void **state)
{
	struct export_wish w = everything;
	struct export_result r;

	(void)state;
	save_lines(store, 1, 1, 10000);
	next_seq = 10001;
	writes = 0;
	w.write = take_slowly;
	assert_null(strstr(export_as(&w, &r), "too late"));
	assert_int_equal(r.lines, 10000);
	assert_true(writes >= 4);
}

static void what_is_being_deleted_is_left_out(void **state)
{
	struct export_result r;
	struct record gone = { .seq = 30, .kind = RECORD_REMOVE, .room = 2, .time_ms = NOON_MS, .room_name = "ops" };

	(void)state;
	save_lines(store, 1, 1, 3);
	save_line(store, 4, 1, "Eve", "erased one");
	save_line(store, 5, 2, "bob", "in a removed room");
	save_kind(6, 2, RECORD_SEEN, "bob", 5, "");
	save_kind(7, 1, RECORD_SEEN, "eve", 3, "");
	save_all(store, &gone, 1);
	save_kind(31, 0, RECORD_ERASE, "eve", 0, "0");
	save_line(store, 32, 1, "eve", "another eve");
	export_as(&everything, &r);
	assert_int_equal(r.lines, 4);
	assert_null(strstr(exported.data, "erased one"));
	assert_null(strstr(exported.data, "removed room"));
	assert_null(strstr(exported.data, "\"ops\""));
	assert_null(strstr(exported.data, "\"seen\""));
	assert_non_null(strstr(exported.data, "another eve"));
}

static void only_a_part(void **state)
{
	struct export_wish w = everything;
	struct export_result r;
	struct import_result in;
	struct store_error err;

	(void)state;
	fill();
	w.room_key = "ops";
	export_as(&w, &r);
	assert_int_equal(r.lines, 3);
	assert_null(strstr(exported.data, "lobby"));
	assert_null(strstr(exported.data, "\"account\""));
	assert_false(import_text("part.db", exported.data, exported.len, &in, &err));
	assert_string_equal(err.text, "line 1: this export has only some lines (--room or --since), and no "
	                    "accounts");
	w.text = true;
	setenv("TZ", "UTC", 1);
	assert_string_equal(export_as(&w, &r),
	                    "[2023-11-14 22:13:31][Ünïcödé][ops]:é 中 😀 <U+200D> \\ \" /     \n"
	                    "[2023-11-14 22:13:32][bob][ops]:* bob waves\n"
	                    "[2023-11-14 22:13:33][System][ops]: 3 lines are missing\n");
	w.room_key = NULL;
	w.since = true;
	w.since_ms = NOON_MS + 12000;
	export_as(&w, &r);
	assert_int_equal(r.lines, 2);
	w.sender_key = "bob";
	w.text = w.since = false;
	export_as(&w, &r);
	assert_int_equal(r.lines, 1);
	assert_non_null(strstr(exported.data, "\"room\":\"ops\""));
	assert_null(strstr(exported.data, "header"));
}

static void a_room_that_is_not_there(void **state)
{
	struct export_wish w = everything;
	struct export_result r;
	struct store_error err;
	bool running;
	struct store *s = outside_open(path_of("chat.db"), &running, &err);

	(void)state;
	w.room_key = "nowhere";
	assert_int_equal(store_export(s, &w, &r, &err), EXPORT_FAILED);
	assert_string_equal(err.text, "no room of that name has any lines");
	store_close(s);
}

static bool take_nothing(void *ctx, const char *p, size_t n)
{
	(void)ctx;
	(void)p;
	(void)n;
	return false;
}

static void what_cannot_be_written(void **state)
{
	struct export_wish w = everything;
	struct export_result r;
	struct store_error err;
	bool running;
	struct store *s;

	(void)state;
	fill();
	s = outside_open(path_of("chat.db"), &running, &err);
	w.write = take_nothing;
	assert_int_equal(store_export(s, &w, &r, &err), EXPORT_UNWRITTEN);
	/* The connection can be used again. */
	w.write = take;
	assert_int_equal(store_export(s, &w, &r, &err), EXPORT_DONE);
	store_close(s);
}

static void what_is_not_utf8_is_mended(void **state)
{
	struct export_result r;
	struct import_result in;
	struct store_error err;

	(void)state;
	save_lines(store, 1, 1, 2);
	sql_of("chat.db", "UPDATE messages SET body = CAST(x'41ff42' AS TEXT) WHERE id = 2");
	export_as(&everything, &r);
	assert_int_equal(r.mended, 1);
	assert_non_null(strstr(exported.data, "\"A\xef\xbf\xbd" "B\""));
	assert_true(import_text("copy.db", exported.data, exported.len, &in, &err));
}

static void what_is_not_to_be_read(void **state)
{
	struct store_error err;
	bool running;

	(void)state;
	assert_null(outside_open(path_of("none.db"), &running, &err));
	assert_non_null(strstr(err.text, "there is no database "));
	store_close(store);
	store = NULL;
	sql_of("chat.db", "PRAGMA user_version = 10");
	assert_null(outside_open(path_of("chat.db"), &running, &err));
	assert_non_null(strstr(err.text, "was written by an older chatd (its schema is version 10"));
	sql_of("chat.db", "PRAGMA user_version = 99");
	assert_null(outside_open(path_of("chat.db"), &running, &err));
	assert_non_null(strstr(err.text, "was written by a newer chatd"));
	sql_of("other.db", "CREATE TABLE t(x)");
	assert_null(outside_open(path_of("other.db"), &running, &err));
	assert_non_null(strstr(err.text, "the database of another program"));
}

static void nothing_is_left_beside_a_stopped_one(void **state)
{
	struct store_error err;
	bool running = true;
	struct store *s;

	(void)state;
	save_lines(store, 1, 1, 10);
	store_close(store);
	store = NULL;
	s = outside_open(path_of("chat.db"), &running, &err);
	assert_non_null(s);
	assert_false(running);
	/* It is read without its lock: a chatd can start meanwhile. */
	store = store_in(path_of("chat.db"));
	save_line(store, 11, 1, "bob", "x");
	store_close(store);
	store = NULL;
	store_close(s);
	assert_false(folder_has(folder, "chat.db-wal"));
	assert_false(folder_has(folder, "chat.db-shm"));
}

/* -- files that are wrong --------------------------------------------------------------------------------- */

static void refuses(const char *text, const char *why)
{
	struct import_result r;
	struct store_error err = { .text = "" };
	char *left;

	if (import_text("wrong.db", text, strlen(text), &r, &err))
		fail_msg("%s was taken", text);
	assert_string_equal(err.text, why);
	assert_true(r.blames_file);
	left = rows_of_table("wrong.db", "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM rooms) +"
	                     " (SELECT count(*) FROM facts) + (SELECT count(*) FROM seen)");
	assert_string_equal(left, "1:0\n");
	free(left);
}

static void what_is_no_export(void **state)
{
	(void)state;
	refuses("", "line 0: the file ends here, without its end record: it is not complete");
	refuses("hello\n", "line 1: this is not a JSON object");
	refuses("\n", "line 1: this is not a JSON object");
	refuses("[1]\n", "line 1: this is not a JSON object");
	refuses("7\n", "line 1: this is not a JSON object");
	refuses("null\n", "line 1: this is not a JSON object");
	refuses("{}\n", "line 1: this is not an export of chatd's: it has no header");
	refuses(ROOM, "line 1: this is not an export of chatd's: it has no header");
	refuses("{\"kind\":\"header\",\"format\":\"other\",\"version\":1,\"schema\":1,\"by\":\"x\",\"time_ms\":1,"
	        "\"scope\":\"whole\"}\n", "line 1: this is not an export of chatd's");
	refuses("{\"kind\":\"header\",\"version\":2}\n",
	        "line 1: this export is of version 2; this chatd knows version 1");
	refuses("{\"kind\":\"header\",\"format\":\"chatd-export\",\"version\":1,\"schema\":1,\"by\":\"x\","
	        "\"time_ms\":1,\"scope\":\"most\"}\n", "line 1: the header has an unknown scope");
	refuses("{\"kind\":\"header\",\"format\":\"chatd-export\"}\n", "line 1: the header has no \"version\"");
	refuses(HEADER HEADER, "line 2: a second header");
	refuses(HEADER, "line 1: the file ends here, without its end record: it is not complete");
	refuses(HEADER ROOM, "line 2: the file ends here, without its end record: it is not complete");
	refuses(HEADER ROOM END("2"), "line 3: the file should have 2 records before its end, and has 1");
	refuses(HEADER END("0") ROOM, "line 3: something follows the end of the export");
	refuses(HEADER END("0") "\n", "line 3: something follows the end of the export");
}

static void records_that_are_wrong(void **state)
{
	(void)state;
	refuses(HEADER "{\"kind\":\"thing\"}\n", "line 2: unknown kind \"thing\"");
	refuses(HEADER "{\"kind\":7}\n", "line 2: the record has no kind");
	refuses(HEADER "{\"id\":7}\n", "line 2: the record has no kind");
	refuses(HEADER "{\"kind\":\"room\",\"kind\":\"room\"}\n", "line 2: the member \"kind\" is there twice");
	refuses(HEADER "{\"kind\":\"room\",\"Kind\":1}\n", "line 2: no record has a member \"Kind\"");
	refuses(HEADER "{\"kind\":\"room\",\"\":1}\n", "line 2: no record has a member \"\"");
	refuses(HEADER "{\"kind\":\"end\",\"records\":0,\"more\":1}\n",
	        "line 2: the end has a member \"more\", which this chatd does not know");
	refuses(HEADER "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1}\n",
	        "line 2: more members than any record has");
	refuses(HEADER "{\"kind\":\"room\",\"id\":1,\"name\":\"x\",\"topic\":\"\",\"keep_days\":0}\n",
	        "line 2: the room has no \"keep_lines\"");
	refuses(HEADER ROOM ROOM, "line 3: there is another room with this id before it");
	refuses(HEADER ROOM LINE("4") LINE("4"), "line 4: there is another line with this id before it");
	refuses(HEADER LINE("4"), "line 2: line: its room does not come before it");
	refuses(HEADER "{\"kind\":\"meta\",\"name\":\"wal\",\"value\":1}\n",
	        "line 2: meta: there is no such name, or its value is too large");
	refuses(HEADER "{\"kind\":\"meta\",\"name\":\"last_room\",\"value\":536870913}\n",
	        "line 2: meta: there is no such name, or its value is too large");
	refuses(HEADER ROOM "{\"kind\":\"line\",\"id\":3,\"room\":1,\"time_ms\":5,\"sender\":\"bob\",\"type\":\"sing\","
	        "\"body\":\"hi\"}\n", "line 3: the line has an unknown type");
	refuses(HEADER "{\"kind\":\"fact\",\"number\":3,\"key\":\"x\",\"value\":\"y\"}\n",
	        "line 2: \"number\" is 3, and must be 12 to 2147483647");
}

static void numbers_that_are_wrong(void **state)
{
	(void)state;
	refuses(HEADER ROOM LINE("0"), "line 3: \"id\" is 0, and must be 1 to 2305843009213693952");
	refuses(HEADER ROOM LINE("-1"), "line 3: \"id\" is -1, and must be 1 to 2305843009213693952");
	refuses(HEADER ROOM LINE("2305843009213693953"),
	        "line 3: \"id\" is 2305843009213693953, and must be 1 to 2305843009213693952");
	refuses(HEADER ROOM LINE("99999999999999999999"), "line 3: \"id\" is not a whole number");
	refuses(HEADER ROOM LINE("1.0"), "line 3: \"id\" is not a whole number");
	refuses(HEADER ROOM LINE("1e3"), "line 3: \"id\" is not a whole number");
	refuses(HEADER ROOM LINE("\"1\""), "line 3: \"id\" is not a whole number");
	refuses(HEADER ROOM LINE("null"), "line 3: \"id\" is not a whole number");
	refuses(HEADER ROOM LINE("true"), "line 3: \"id\" is not a whole number");
	refuses(HEADER ROOM LINE("NaN"), "line 3: this is not a JSON object");
	refuses(HEADER ROOM LINE("01"), "line 3: this is not a JSON object");
	refuses(HEADER ROOM LINE("0x10"), "line 3: this is not a JSON object");
}

static void texts_that_are_wrong(void **state)
{
	struct bytes text = { 0 };

	(void)state;
	refuses(HEADER "{\"kind\":\"filter\",\"key\":\"a\\u0000b\",\"value\":\"x\"}\n",
	        "line 2: no text may have a NUL (\\u0000)");
	refuses(HEADER "{\"kind\":\"filter\",\"key\":\"a\\ud800\",\"value\":\"x\"}\n",
	        "line 2: \"key\" is not Unicode text");
	refuses(HEADER "{\"kind\":\"filter\",\"key\":\"a\xff\",\"value\":\"x\"}\n", "line 2: this is not UTF-8 text");
	refuses(HEADER "{\"kind\":\"filter\",\"key\":\"\",\"value\":\"x\"}\n", "line 2: \"key\" is empty");
	refuses(HEADER "{\"kind\":\"filter\",\"key\":\"a\",\"value\":\"\"}\n", "line 2: \"value\" is empty");
	refuses(HEADER "{\"kind\":\"filter\",\"key\":\"a\",\"value\":{}}\n", "line 2: the value is empty");
	refuses(HEADER "{\"kind\":\"filter\",\"key\":\"a\",\"value\":[1]}\n", "line 2: \"value\" is not a text");
	refuses(HEADER "{\"kind\":\"filter\",\"key\":{\"a\":\"b\"},\"value\":\"x\"}\n", "line 2: \"key\" is not a text");
	refuses(HEADER "{\"kind\":\"filter\",\"key\":\"a\",\"value\":{\"b\":1}}\n",
	        "line 2: value: \"b\" must be a text that is not empty");
	refuses(HEADER "{\"kind\":\"filter\",\"key\":\"a\",\"value\":{\"b\":\"\"}}\n",
	        "line 2: value: \"b\" must be a text that is not empty");
	refuses(HEADER "{\"kind\":\"filter\",\"key\":\"a\",\"value\":{\"b c\":\"x\"}}\n",
	        "line 2: the value has a member \"b c\", which is no name");
	refuses(HEADER "{\"kind\":\"filter\",\"key\":\"a\",\"value\":{\"b\":\"x\",\"b\":\"y\"}}\n",
	        "line 2: value: the member \"b\" is there twice");
	refuses(HEADER "{\"kind\":\"filter\",\"key\":\"a\",\"value\":{\"b\":\"\\udc00\"}}\n",
	        "line 2: value: \"b\" is not Unicode text");
	bytes_puts(&text, HEADER "{\"kind\":\"filter\",\"key\":\"a\",\"value\":{\"b\":\"");
	for (int i = 0; i < BODY_BYTES_MAX; i++)
		bytes_puts(&text, "x");
	bytes_puts(&text, "\"}}\n");
	refuses(text.data, "line 2: the value is longer than 16384 bytes");
	bytes_clear(&text);
	bytes_puts(&text, HEADER);
	for (int i = 0; i <= IMPORT_LINE_BYTES_MAX; i++)
		bytes_puts(&text, " ");
	refuses(text.data, "line 2: longer than 262144 bytes");
	bytes_release(&text);
}

/* An escaped backslash before what looks like \u0000 is none of it. */
static void a_backslash_is_no_nul(void **state)
{
	static const char text[] = HEADER "{\"kind\":\"filter\",\"key\":\"a\\\\u0000\",\"value\":\"x\"}\n" END("1");
	struct import_result r;
	struct store_error err;
	char *key;

	(void)state;
	assert_true(import_text("fine.db", text, sizeof(text) - 1, &r, &err));
	key = rows_of_table("fine.db", "SELECT key FROM facts");
	assert_string_equal(key, "3:a\\u0000\n");
	free(key);
}

static void only_into_an_empty_database(void **state)
{
	static const char text[] = HEADER ROOM LINE("4") END("2");
	struct import_result r;
	struct store_error err;

	(void)state;
	assert_true(import_text("full.db", text, sizeof(text) - 1, &r, &err));
	assert_false(import_text("full.db", text, sizeof(text) - 1, &r, &err));
	assert_string_equal(err.text, "the database is not empty; import into a new one, and nothing is lost");
	assert_false(r.blames_file);
	/* One that somebody has only started chatd on is. */
	store_close(store);
	store = store_in(path_of("chat.db"));
	store_close(store);
	store = NULL;
	assert_true(import_text("chat.db", text, sizeof(text) - 1, &r, &err));
}

/* Lines whose clock was set back can still be found by their time. */
static void times_that_go_back(void **state)
{
	static const char text[] = HEADER ROOM
		"{\"kind\":\"line\",\"id\":1,\"room\":1,\"time_ms\":9000,\"sender\":\"b\",\"type\":\"say\",\"body\":\"x\"}\n"
		"{\"kind\":\"line\",\"id\":2,\"room\":1,\"time_ms\":2000,\"sender\":\"b\",\"type\":\"say\",\"body\":\"x\"}\n"
		END("3");
	struct import_result r;
	struct store_error err;
	char *back;

	(void)state;
	assert_true(import_text("back.db", text, sizeof(text) - 1, &r, &err));
	back = rows_of_table("back.db", "SELECT value FROM meta WHERE key = 'time_back_ms'");
	assert_string_equal(back, "1:7000\n");
	free(back);
}

#define META(name, value) "{\"kind\":\"meta\",\"name\":\"" name "\",\"value\":" value "}\n"

/* What another machine's clock has shown opens no way to delete old lines here. */
static void what_is_of_the_machine_is_not_imported(void **state)
{
	static const char text[] = HEADER META("clock", "5") META("clock_agreed", "4611686018427387904")
		META("clock_seen", "5") META("old_granted", "1") META("old_room", "2") META("old_wait", "123456789")
		META("pruned", "3") ROOM LINE("4") END("9");
	struct import_result r;
	struct store_error err;
	char *left;

	(void)state;
	if (!import_text("machine.db", text, sizeof(text) - 1, &r, &err))
		fail_msg("%s", err.text);
	assert_int_equal(r.records, 9);
	left = rows_of_table("machine.db", "SELECT key, value FROM meta WHERE key LIKE 'clock%' OR key LIKE 'old_%'"
	                     " OR key = 'pruned'");
	assert_string_equal(left, "3:pruned|1:3\n");
	free(left);
	refuses(HEADER "{\"kind\":\"meta\",\"name\":\"clock\",\"value\":\"x\"}\n",
	        "line 2: \"value\" is not a whole number");
	refuses(HEADER META("clock_less", "1"), "line 2: meta: there is no such name, or its value is too large");
}

#define SETTINGS(value) "{\"kind\":\"room_settings\",\"key\":\"den\",\"value\":" value "}\n"

/* Numbers at the bound of an import leave room to count on; higher ones are refused. */
static void numbers_that_leave_room(void **state)
{
	static const char text[] = HEADER META("last_seq", "2305843009213693950") META("last_room", "536870912")
		"{\"kind\":\"room\",\"id\":536870912,\"name\":\"x\",\"topic\":\"\",\"keep_days\":0,\"keep_lines\":0}\n"
		SETTINGS("{\"number\":\"536870912\"}")
		"{\"kind\":\"audit\",\"id\":2305843009213693952,\"time_ms\":1,\"who\":\"x\",\"what\":\"y\","
		"\"undo\":\"\",\"share\":0}\n"
		"{\"kind\":\"line\",\"id\":2305843009213693951,\"room\":536870912,\"time_ms\":5,\"sender\":\"bob\","
		"\"type\":\"say\",\"body\":\"hi\"}\n" END("6");
	struct import_result r;
	struct store_error err;
	struct record more;
	struct store *s;

	(void)state;
	if (!import_text("high.db", text, sizeof(text) - 1, &r, &err))
		fail_msg("%s", err.text);
	for (uint64_t seq = RECORD_SEQ_IMPORT_MAX + 1; seq < RECORD_SEQ_IMPORT_MAX + 4; seq++) {
		s = store_in(path_of("high.db"));
		assert_int_equal(store_last_seq(s), seq - 1);
		assert_int_equal(store_last_room(s), ROOM_NUMBER_IMPORT_MAX + (seq - RECORD_SEQ_IMPORT_MAX - 1));
		more = line_of(1, store_last_room(s) + 1, "bob", "more");
		more.seq = seq;
		save_all(s, &more, 1);
		store_close(s);
	}
	refuses(HEADER META("last_seq", "2305843009213693953"),
	        "line 2: \"value\" is 2305843009213693953, and must be 0 to 2305843009213693952");
	refuses(HEADER META("last_room", "536870913"),
	        "line 2: meta: there is no such name, or its value is too large");
	refuses(HEADER SETTINGS("{\"number\":\"536870913\"}"),
	        "line 2: value: \"number\" is 536870913, and must be 1 to 536870912");
	refuses(HEADER SETTINGS("\"number=1073741824  x\""),
	        "line 2: value: \"number\" is 1073741824, and must be 1 to 536870912");
	refuses(HEADER SETTINGS("{\"number\":\"-1\"}"),
	        "line 2: value: \"number\" is -1, and must be 1 to 536870912");
}

static void every_kind_has_its_place(void **state)
{
	(void)state;
	for (int i = 0; transfer_kinds[i].name; i++)
		assert_int_equal(transfer_find(transfer_kinds[i].name), i);
	assert_int_equal(transfer_find("nothing"), -1);
	assert_string_equal(transfer_kinds[TRANSFER_HEADER].name, "header");
	assert_string_equal(transfer_kinds[TRANSFER_ROOM].name, "room");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_comes_back_is_the_same),
		TEST(nobody_waits_for_a_slow_reader),
		TEST(what_is_being_deleted_is_left_out),
		TEST(only_a_part),
		TEST(a_room_that_is_not_there),
		TEST(what_cannot_be_written),
		TEST(what_is_not_utf8_is_mended),
		TEST(what_is_not_to_be_read),
		TEST(nothing_is_left_beside_a_stopped_one),
		TEST(what_is_no_export),
		TEST(records_that_are_wrong),
		TEST(numbers_that_are_wrong),
		TEST(texts_that_are_wrong),
		TEST(a_backslash_is_no_nul),
		TEST(only_into_an_empty_database),
		TEST(times_that_go_back),
		TEST(numbers_that_leave_room),
		TEST(what_is_of_the_machine_is_not_imported),
		cmocka_unit_test(every_kind_has_its_place),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	bytes_release(&exported);
	return failed;
}
