/*
 * A database in which somebody else has written: what chatd could not go on from is refused with a
 * sentence, and all else is read as far as it goes.
 */
#include "store_help.h"

#include "chatd/base/bounds.h"
#include "chatd/core/chat.h"

#include <sqlite3.h>

static struct folder *folder;

static int setup(void **state)
{
	int rc = folder_setup(state);

	folder = *state;
	return rc;
}

static const char *file(void)
{
	return folder_file(folder, "chat.db");
}

/* Three lines in two rooms and a fact, and then what sql makes of them. */
static void make(const char *sql)
{
	struct store *s = store_in(file());
	struct record fact = {.seq = 4, .kind = RECORD_FACT, .room_name = "",
	                      .fact = {FACT_STATE, "lockdown", "until=1 by=ann"}};
	char *message = NULL;
	sqlite3 *db;

	save_line(s, 1, 1, "alice", "one");
	save_line(s, 2, 2, "alice", "two");
	save_line(s, 3, 2, "alice", "three");
	save_all(s, &fact, 1);
	store_close(s);
	assert_int_equal(sqlite3_open(file(), &db), SQLITE_OK);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	sqlite3_close(db);
}

static void refused(const char *sql, const char *sentence)
{
	struct store_error err;
	struct store *s;

	make(sql);
	s = store_open(file(), DURABILITY_COMMIT, &err);
	assert_null(s);
	assert_string_equal(err.text, sentence);
	unlink(file());
}

static void test_impossible_numbers(void **state)
{
	static const char sentence[] =
		"the database is damaged (lines or rooms in it have impossible numbers)";

	(void)state;
	refused("UPDATE messages SET id = 9223372036854775807 WHERE id = 3", sentence);
	refused("UPDATE messages SET id = -id", sentence);
	refused("UPDATE meta SET value = 9223372036854775807 WHERE key = 'last_seq'", sentence);
	refused("UPDATE meta SET value = -1 WHERE key = 'last_seq'", sentence);
	refused("INSERT OR REPLACE INTO meta VALUES('indexed', -5)", sentence);
	refused("UPDATE rooms SET id = 4294967297 WHERE id = 2", sentence);
	refused("UPDATE meta SET value = 99999999999 WHERE key = 'last_room'", sentence);
}

/* SQLite's message has the name of a table in it. */
static void test_error_is_a_line(void **state)
{
	(void)state;
	refused("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE x(' ||"
	        " char(27) || '[2J' || char(155) || char(8238) || ')', name = 'a' || char(27) || '[2J' ||"
	        " char(155) WHERE name = 'audit'",
	        "the database is damaged (malformed database schema (a?[2J?""?)); "
	        "BACKUP in chatd(8) explains how to restore a copy");
}

static void note_room(void *ctx, const struct saved_room *r)
{
	snprintf((char *)ctx + strlen(ctx), 200, "%u %s %lld;", r->room, r->name, (long long)r->last_ms);
}

static void note_fact(void *ctx, const struct saved_fact *f)
{
	snprintf((char *)ctx + strlen(ctx), 200, "%s=%s;", f->key, f->value);
}

/* What must not be NULL is, because the schema no longer says so. */
static void test_null(void **state)
{
	struct store_error err;
	struct store *s;
	char text[512] = "";
	struct query q = query_of(QUERY_LAST, 2, 10);
	struct rows *rows;

	(void)state;
	make("PRAGMA writable_schema = ON;"
	     "UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '');"
	     "PRAGMA writable_schema = RESET;"
	     "UPDATE rooms SET name = NULL, topic = NULL; UPDATE facts SET value = NULL;"
	     "UPDATE messages SET sender = NULL, body = NULL");
	s = store_in(file());
	assert_true(store_rooms(s, note_room, text, &err));
	assert_true(store_facts(s, note_fact, text, &err));
	assert_string_equal(text, "1  1700000001000;2  1700000003000;lockdown=;");
	rows = store_query(s, &q);
	assert_int_equal(rows->n, 2);
	assert_string_equal(rows->row[1].body, "");
	assert_string_equal(rows->row[1].sender, "");
	rows_release(rows);
	store_close(s);
}

/* Longer than chatd writes is cut: whoever reads an answer relies on it (event.h). */
static void test_long_text(void **state)
{
	struct query q = query_of(QUERY_LAST, 2, 10);
	struct rows *rows;
	struct store *s;

	(void)state;
	make("UPDATE messages SET sender = hex(zeroblob(5000)), body = hex(zeroblob(1000000));"
	     "UPDATE rooms SET name = hex(zeroblob(5000))");
	s = store_in(file());
	rows = store_query(s, &q);
	assert_int_equal(rows->n, 2);
	assert_int_equal(strlen(rows->row[0].body), BODY_BYTES_MAX);
	assert_int_equal(strlen(rows->row[0].sender), NAME_BYTES_MAX);
	assert_int_equal(strlen(rows->row[0].room_name), NAME_BYTES_MAX);
	rows_release(rows);
	store_close(s);
}

/* Times from beyond all calendars are no reason to overflow. */
static void test_times(void **state)
{
	struct store *s;

	(void)state;
	make("UPDATE messages SET time_ms = 9223372036854775807;"
	     "INSERT OR REPLACE INTO meta VALUES('time_back_ms', 9223372036854775807)");
	s = store_in(file());
	save_line(s, 5, 2, "alice", "four");
	store_close(s);
	unlink(file());
	make("UPDATE messages SET time_ms = -9223372036854775807 - 1");
	s = store_in(file());
	save_line(s, 5, 2, "alice", "four");
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_impossible_numbers, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_error_is_a_line, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_null, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_long_text, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_times, setup, folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
