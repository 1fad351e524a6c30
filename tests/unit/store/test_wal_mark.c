/*
 * A WAL next to a database: it is used if it belongs, whatever chatd was killed in, and refused
 * where it is another's.
 */
#include "store_file.h"

#include <sqlite3.h>

/* Copies within the folder, by another process: closing a file would drop SQLite's locks. */
static void copy(const char *from, const char *to)
{
	char command[512];

	snprintf(command, sizeof(command), "cp '%s/%s' '%s/%s'", folder->path, from, folder->path, to);
	assert_int_equal(system(command), 0);
}

/* What kill -9 would leave at this moment, as `to`. */
static void crash_as(const char *to)
{
	char wal[64];

	snprintf(wal, sizeof(wal), "%s-wal", to);
	copy("chat.db", to);
	copy("chat.db-wal", wal);
}

/* The last line that a database shows which must open. */
static uint64_t last_of(const char *name)
{
	struct store *s = store_in(folder_file(folder, name));
	uint64_t last = store_last_seq(s);

	store_close(s);
	return last;
}

static uint64_t sum_of(const char *name)
{
	FILE *f = fopen(folder_file(folder, name), "r");
	uint64_t sum = 1;
	int c;

	assert_non_null(f);
	while ((c = getc(f)) != EOF)
		sum = sum * 31 + (uint64_t)c;
	fclose(f);
	return sum;
}

/* It is refused with what is wrong and what to do, and neither it nor its WAL is changed. */
static void assert_refused(const char *name, const char *problem)
{
	struct store_error err;
	char wal[64];
	uint64_t file, beside;

	snprintf(wal, sizeof(wal), "%s-wal", name);
	file = sum_of(name);
	beside = sum_of(wal);
	assert_null(store_open(folder_file(folder, name), DURABILITY_COMMIT, &err));
	assert_non_null(strstr(err.text, problem));
	assert_true(err.lasting);
	assert_non_null(strstr(err.text, "move the -wal and -shm files away"));
	assert_int_equal(sum_of(name), file);
	assert_int_equal(sum_of(wal), beside);
}

static void assert_foreign(const char *name)
{
	assert_refused(name, "-wal does not belong to the database");
}

/* Lines from..to, a transaction for each ten. */
static void says(uint64_t from, uint64_t to)
{
	for (; from <= to; from += 10)
		save_lines(store, 1, from, from + 9);
}

/* Checkpoints the WAL, so that the next commit starts it again. */
static void next_wal(void)
{
	assert_true(store_checkpoint(store));
}

static void test_what_a_crash_leaves(void **state)
{
	uint64_t last = 0;
	char name[32];

	(void)state;
	for (int i = 0; i < 12; i++) {
		says(last + 1, last + 400);
		last += 400;
		if (i % 3 == 1)
			next_wal();
		if (i % 5 == 4)
			restart();
		save_line(store, ++last, 1, "alice", "alone");
		snprintf(name, sizeof(name), "crash%d.db", i);
		crash_as(name);
		assert_int_equal(last_of(name), last);
		/* And crashes again, before its WAL is gone. */
		last++;
		save_line(store, last, 1, "alice", "again");
		last += 9;
	}
}

/* Somebody reads, so the WAL is copied in part: the file is of a moment in the middle of it. */
static void test_half_copied(void **state)
{
	sqlite3 *reader;
	int pages;

	(void)state;
	says(1, 1000);
	assert_int_equal(sqlite3_open(folder_file(folder, "chat.db"), &reader), SQLITE_OK);
	assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM messages", NULL, NULL, NULL),
	                 SQLITE_OK);
	says(1001, 2000);
	pages = store_wal_pages(store);
	next_wal();
	says(2001, 2010);
	assert_true(store_wal_pages(store) > pages); /* it could not start again */
	crash_as("crash.db");
	assert_int_equal(last_of("crash.db"), 2010);
	assert_int_equal(sqlite3_close(reader), SQLITE_OK);
}

static void test_an_old_copy_under_a_new_wal(void **state)
{
	(void)state;
	says(1, 100);
	restart();
	says(101, 1000);
	next_wal();
	says(1001, 1010);
	next_wal();
	copy("chat.db", "old.db"); /* as it would be with chatd ended: whole */
	says(1011, 2000);
	next_wal();
	says(2001, 2500);
	copy("chat.db-wal", "old.db-wal");
	assert_foreign("old.db");
	/* As it says. */
	unlink(folder_file(folder, "old.db-wal"));
	unlink(folder_file(folder, "old.db-shm"));
	assert_int_equal(last_of("old.db"), 1010);
	/* The other way round: the WAL is the old one. */
	copy("chat.db-wal", "kept-wal");
	next_wal();
	says(2501, 3000);
	next_wal();
	says(3001, 3500);
	copy("chat.db", "new.db");
	copy("kept-wal", "new.db-wal");
	assert_foreign("new.db");
}

/* /backup lays its copy out in another way, so no WAL of the database fits. */
static void test_a_backup_under_the_wal(void **state)
{
	struct query q = query_of(QUERY_BACKUP, 0, 1);
	struct rows *rows;

	(void)state;
	says(1, 500);
	q.backup.name = "copy.db";
	rows = store_query(store, &q);
	assert_null(rows->error);
	rows_release(rows);
	copy("copy.db", "kept.db");
	copy("chat.db-wal", "copy.db-wal");
	assert_foreign("copy.db");
	says(501, 600);
	copy("chat.db-wal", "copy.db-wal");
	assert_foreign("copy.db");
	assert_int_equal(last_of("kept.db"), 500);
}

static void test_of_another_database(void **state)
{
	struct store *other = store_in(folder_file(folder, "other.db"));

	(void)state;
	says(1, 500);
	save_lines(other, 1, 1, 700);
	copy("other.db", "mixed.db");
	copy("chat.db-wal", "mixed.db-wal");
	assert_true(store_checkpoint(other));
	save_lines(other, 1, 701, 800);
	copy("other.db-wal", "chat2.db-wal");
	copy("chat.db", "chat2.db");
	store_close(other);
	assert_foreign("chat2.db");
	/* In its first WAL a database has had no mark yet; and such a file is as good as empty. */
	assert_true(store_checkpoint(store));
	says(501, 600);
	copy("chat.db-wal", "mixed.db-wal");
	assert_foreign("mixed.db");
}

/* Where an older chatd has written, nothing is known. */
static void test_without_a_mark(void **state)
{
	(void)state;
	says(1, 500);
	store_close(store);
	execute_in(folder_file(folder, "chat.db"), "DELETE FROM meta WHERE key = 'wal'; PRAGMA wal_checkpoint(TRUNCATE)");
	copy("chat.db", "crash.db");
	store = store_in(folder_file(folder, "chat.db"));
	says(501, 600);
	copy("chat.db-wal", "crash.db-wal");
	assert_int_equal(last_of("crash.db"), 600);
	/* But a copy from before the marks is no state of a WAL that began with one. */
	copy("crash.db", "unused.db");
	store_close(store);
	execute_in(folder_file(folder, "crash.db"), "DELETE FROM meta WHERE key = 'wal'; PRAGMA wal_checkpoint(TRUNCATE)");
	store = store_in(folder_file(folder, "chat.db"));
	says(601, 700);
	copy("chat.db-wal", "crash.db-wal");
	assert_foreign("crash.db");
	/* Nor is anything known where the row is torn. */
	copy("chat.db", "torn.db");
	execute_in(folder_file(folder, "torn.db"), "UPDATE meta SET value = substr(value, 1, 60) || '00000' WHERE key = 'wal';"
	        "PRAGMA wal_checkpoint(TRUNCATE)");
	copy("chat.db-wal", "torn.db-wal");
	assert_int_equal(last_of("torn.db"), 700);
}

static void test_marks_are_few(void **state)
{
	int pages;

	(void)state;
	save_line(store, 1, 1, "alice", "the first");
	pages = store_wal_pages(store);
	for (uint64_t seq = 2; seq <= 11; seq++)
		save_line(store, seq, 1, "alice", "one of them");
	/* A line is two pages or three, with nothing else. */
	assert_in_range(store_wal_pages(store) - pages, 20, 30);
}

/* SQLite would delete the WAL. */
static void test_without_its_database(void **state)
{
	struct store_error err;
	char path[200];
	uint64_t wal;

	(void)state;
	says(1, 20);
	crash_as("alone.db");
	wal = sum_of("alone.db-wal");
	snprintf(path, sizeof(path), "%s", folder_file(folder, "alone.db"));
	assert_int_equal(unlink(path), 0);
	assert_false(store_look(path, &err));
	assert_non_null(strstr(err.text, "alone.db-wal has no database"));
	assert_null(store_open(path, DURABILITY_COMMIT, &err));
	assert_non_null(strstr(err.text, "alone.db-wal has no database"));
	assert_true(err.lasting);
	assert_false(folder_has(folder, "alone.db"));
	assert_int_equal(sum_of("alone.db-wal"), wal);
	assert_int_equal(fclose(fopen(path, "w")), 0); /* an empty one is none */
	assert_false(store_look(path, &err));
	assert_refused("alone.db", "alone.db-wal has no database");
	copy("chat.db", "alone.db");
	assert_int_equal(last_of("alone.db"), 20);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_a_crash_leaves),
		TEST(test_half_copied),
		TEST(test_an_old_copy_under_a_new_wal),
		TEST(test_a_backup_under_the_wal),
		TEST(test_of_another_database),
		TEST(test_without_a_mark),
		TEST(test_without_its_database),
		TEST(test_marks_are_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
