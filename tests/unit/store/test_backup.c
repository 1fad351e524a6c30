/*
 * Copies of the database: what is in them, and what is left where they fail.
 */
#include "store_help.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "chatd/base/log.h"
#include "chatd/store/db/state.h"

static struct rows *backup(struct store *s, const char *name)
{
	struct query q = query_of(QUERY_BACKUP, 0, 1);

	q.backup.name = name;
	return store_query(s, &q);
}

/* The database of the folder, with three lines, and a connection that reads it. */
static struct store *filled(struct folder *f, struct store **writer)
{
	struct store_error err;
	struct store *reader;

	*writer = store_in(folder_file(f, "chat.db"));
	save_lines(*writer, 1, 1, 3);
	reader = store_open_reader(folder_file(f, "chat.db"), &err);
	assert_non_null(reader);
	return reader;
}

static void test_has_all(void **state)
{
	struct folder *f = *state;
	struct query q = query_of(QUERY_FIRST, 1, 10);
	struct store *writer, *reader = filled(f, &writer), *copy;
	struct stat st;
	struct rows *rows = backup(reader, "copy.db");

	assert_null(rows->error);
	assert_int_equal(stat(folder_file(f, "copy.db"), &st), 0);
	assert_int_equal(st.st_size, rows->backup.bytes);
	assert_int_equal(st.st_mode & 07777, 0600);
	rows_release(rows);
	assert_false(folder_has(f, "chat.db-part"));
	/* What is said later is not in it, and it is a database to go on with. */
	save_line(writer, 4, 1, "alice", "later");
	copy = store_in(folder_file(f, "copy.db"));
	assert_int_equal(store_last_seq(copy), 3);
	assert_string_equal(ids_of(store_query(copy, &q)), "1 2 3");
	index_all(copy);
	save_line(copy, 4, 1, "alice", "another");
	q = query_of(QUERY_SEARCH, 0, 10);
	q.search.words = "line";
	assert_string_equal(ids_of(store_query(copy, &q)), "2 3* 4 1 2* 3 1* 2");
	store_close(copy);
	store_close(reader);
	store_close(writer);
}

static void test_reads_on_and_writes_nothing(void **state)
{
	struct folder *f = *state;
	struct query q = query_of(QUERY_FIRST, 1, 10);
	struct store *writer, *reader = filled(f, &writer);

	rows_release(backup(reader, "copy.db"));
	assert_string_equal(ids_of(store_query(reader, &q)), "1 2 3");
	assert_int_not_equal(sqlite3_exec(reader->db.sqlite, "DELETE FROM messages", NULL, NULL, NULL),
	                     SQLITE_OK);
	store_close(reader);
	store_close(writer);
}

static void test_never_over_a_file(void **state)
{
	struct folder *f = *state;
	struct store *writer, *reader = filled(f, &writer);
	struct stat st;
	struct rows *rows;
	int fd = open(folder_file(f, "letter"), O_WRONLY | O_CREAT, 0600);

	assert_int_equal(write(fd, "to my aunt", 10), 10);
	close(fd);
	rows = backup(reader, "letter");
	assert_string_equal(rows->error, "a file with that name already exists. Choose another name.");
	rows_release(rows);
	assert_int_equal(stat(folder_file(f, "letter"), &st), 0);
	assert_int_equal(st.st_size, 10);
	store_close(reader);
	store_close(writer);
}

/* A chatd that was killed has left one. */
static void test_takes_the_place_of_a_broken_one(void **state)
{
	struct folder *f = *state;
	struct store *writer, *reader = filled(f, &writer);
	struct rows *rows;
	int fd = open(folder_file(f, "chat.db-part"), O_WRONLY | O_CREAT, 0600);

	assert_int_equal(write(fd, "half", 4), 4);
	close(fd);
	fd = open(folder_file(f, "chat.db-part-journal"), O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "half", 4), 4);
	close(fd);
	rows = backup(reader, "copy.db");
	assert_null(rows->error);
	rows_release(rows);
	assert_false(folder_has(f, "chat.db-part"));
	assert_false(folder_has(f, "chat.db-part-journal"));
	store_close(reader);
	store_close(writer);
}

/* Somebody else, such as another "chatd admin backup" of a stopped chatd's database, is just making one. */
static void test_two_at_once(void **state)
{
	static const char half[] = "theirs";
	struct folder *f = *state;
	struct store *writer, *reader = filled(f, &writer);
	struct rows *rows;
	char is[sizeof half] = "";
	int fd = open(folder_file(f, "chat.db-part"), O_RDWR | O_CREAT, 0600);

	assert_int_equal(write(fd, half, sizeof half), sizeof half);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	rows = backup(reader, "copy.db");
	assert_string_equal(rows->error, "another backup of this database is being made. Wait until it is done.");
	rows_release(rows);
	assert_false(folder_has(f, "copy.db"));
	assert_true(folder_has(f, "chat.db-part"));
	assert_int_equal(pread(fd, is, sizeof is, 0), sizeof half);
	assert_string_equal(is, half);
	close(fd);
	/* They were killed. */
	rows = backup(reader, "copy.db");
	assert_null(rows->error);
	rows_release(rows);
	assert_false(folder_has(f, "chat.db-part"));
	store_close(reader);
	store_close(writer);
}

static void test_interrupted(void **state)
{
	struct folder *f = *state;
	struct store *writer, *reader = filled(f, &writer);
	struct rows *rows;

	store_interrupt(reader);
	rows = backup(reader, "copy.db");
	assert_string_equal(rows->error, "the server is shutting down.");
	rows_release(rows);
	assert_false(folder_has(f, "copy.db"));
	assert_false(folder_has(f, "chat.db-part"));
	store_close(reader);
	store_close(writer);
}

static void test_figures(void **state)
{
	struct folder *f = *state;
	struct query q = query_of(QUERY_STATS, 0, 1);
	struct store *writer, *reader = filled(f, &writer);
	struct rows *rows = store_query(reader, &q);

	assert_null(rows->error);
	assert_true(rows->stats.database_bytes > 4096 && rows->stats.database_bytes % 4096 == 0);
	assert_true(rows->stats.wal_bytes > 0 && rows->stats.free_bytes > 0);
	assert_int_equal(rows->stats.waits, OLD_LINES_GO);
	rows_release(rows);
	store_close(reader);
	store_close(writer);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_has_all),
		IN_FOLDER(test_reads_on_and_writes_nothing),
		IN_FOLDER(test_never_over_a_file),
		IN_FOLDER(test_takes_the_place_of_a_broken_one),
		IN_FOLDER(test_two_at_once),
		IN_FOLDER(test_interrupted),
		IN_FOLDER(test_figures),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
