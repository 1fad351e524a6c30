/*
 * The disk's reserve: below it the loop is told that nothing can be saved, while what still
 * comes is saved; and back when there is more. The disk is a fake one.
 */
#include "writer_help.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* What is free on it, and how often that was asked. */
static _Atomic uint64_t disk_free;
static _Atomic uint32_t disk_looks;

int __wrap_fstatvfs(int fd, struct statvfs *disk);

int __wrap_fstatvfs(int fd, struct statvfs *disk)
{
	(void)fd;
	disk_looks++;
	*disk = (struct statvfs){ .f_frsize = 1, .f_bavail = disk_free };
	return 0;
}

enum { MIB = 1 << 20 };

static int reserve_setup(void **state)
{
	disk_free = 1000ull * MIB;
	int rc = loop_setup(state);
	struct writer_limits limits = { .disk_reserve = 64 * MIB };
	if (rc == 0)
		writer_reload(loop.w, &limits, NULL);
	return rc;
}

/* A record that is no line, as orders and removals are. */
static void append_fact(const char *value)
{
	struct record r = { .seq = ++loop.seq, .kind = RECORD_FACT, .room_name = "",
	                    .fact = { FACT_BAN, "1", value } };
	assert_true(writer_append(loop.w, &r));
}

/* Until there is an event of this kind, while something is saved now and then. */
static void until_told(char kind, size_t from)
{
	while (!memchr(loop.heard + from, kind, loop.heard_n - from)) {
		append_fact("x");
		until_stored();
	}
}

static void below_it_lines_are_refused_and_all_else_saved(void **state)
{
	(void)state;
	append("there is room");
	until_stored();
	disk_free = 63 * MIB;
	until_told('F', 0);
	assert_true(loop.low);
	assert_string_equal(loop.reason, "the disk is nearly full");
	assert_string_equal(loop.advice, "63 MiB are free on the database's "
	                    "disk, and disk_reserve keeps 64 MiB free: new lines are not saved until "
	                    "there is more space");
	size_t from = loop.heard_n;
	append_fact("freed");
	until_stored();
	ask(QUERY_LAST, ""); /* the history can be read meanwhile */
	until_heard('R', from);
	assert_string_equal(loop.rows, "1");
	assert_null(memchr(loop.heard + from, 'F', loop.heard_n - from));
	assert_null(memchr(loop.heard, 'B', loop.heard_n));
}

/* With a margin, and without anything that wakes it. */
static void it_comes_back_by_itself(void **state)
{
	(void)state;
	disk_free = 10 * MIB;
	until_told('F', 0);
	disk_free = 70 * MIB; /* not enough more */
	size_t from = loop.heard_n;
	uint64_t looked = loop.seq;
	append_fact("x");
	until_stored();
	assert_null(memchr(loop.heard + from, 'B', loop.heard_n - from));
	assert_int_equal(loop.stored, looked + 1);
	disk_free = 72 * MIB;
	until_heard('B', from);
}

static void what_was_freed_inside_counts_as_well(void **state)
{
	(void)state;
	char body[8001];
	memset(body, 'x', 8000);
	body[8000] = '\0';
	for (int i = 0; i < 1000; i++)
		append(body);
	until_stored();
	disk_free = 68 * MIB;
	until_told('S', 0);
	disk_free = 66 * MIB;
	struct writer_limits limits = { .disk_reserve = 67 * MIB };
	writer_reload(loop.w, &limits, NULL);
	until_told('F', 0);
	size_t from = loop.heard_n;
	limits.disk_reserve = 64 * MIB; /* which takes 72 until it is back */
	writer_reload(loop.w, &limits, NULL);
	struct record r = line_of(++loop.seq, 1, "", "");
	r.kind = RECORD_REMOVE; /* 8 MB of lines go */
	assert_true(writer_append(loop.w, &r));
	until_heard('B', from);
}

/* While it is low nothing is said, so the WAL would not start again. */
static void a_long_wal_gives_its_space_back(void **state)
{
	enum { LINES = 2000, LOOK_US = 1000 };
	char body[4001];
	struct stat st = { .st_size = 1 };
	(void)state;
	append("there is room");
	until_stored();
	sqlite3 *reader = somebody_reads(loop.folder);
	memset(body, 'x', 4000);
	body[4000] = '\0';
	for (int i = 0; i < LINES; i++)
		append(body);
	until_stored();
	disk_free = 10 * MIB;
	until_told('F', 0);
	assert_int_equal(stat(folder_file(loop.folder, "chat.db-wal"), &st), 0);
	assert_true(st.st_size > LINES * 4000);
	sqlite3_close(reader);
	while (st.st_size > LINES * 4000) {
		usleep(LOOK_US);
		assert_int_equal(stat(folder_file(loop.folder, "chat.db-wal"), &st), 0);
	}
	size_t from = loop.heard_n;
	disk_free = 1000 * MIB;
	until_heard('B', from);
}

/* Not only what is said: orders and the index take many times their own bytes. */
static void it_looks_after_what_was_written(void **state)
{
	(void)state;
	enum { KIB = 1 << 10, FACTS = 40, LOOKS = 8 };
	struct writer_limits limits = { .disk_reserve = 256 * KIB }; /* it looks after 16 of them */
	writer_reload(loop.w, &limits, NULL);
	append_fact("a reserve");
	until_stored();
	uint32_t before = disk_looks;
	for (int i = 0; i < FACTS; i++) {
		append_fact("x");
		until_stored();
	}
	assert_in_range(disk_looks - before, LOOKS, FACTS);
}

/* Which has each in the index. */
static void say_and_find(const char *word)
{
	size_t from = loop.heard_n;
	append(word);
	until_stored();
	ask(QUERY_SEARCH, word);
	until_heard('R', from);
}

/* A merge takes room before it gives any. Lines are indexed all the same. */
static void below_it_the_index_is_not_merged(void **state)
{
	(void)state;
	enum { LINES = 30 };
	disk_free = 10 * MIB;
	until_told('F', 0);
	for (int i = 0; i < LINES; i++)
		say_and_find("said");
	assert_int_equal(parts_in(folder_file(loop.folder, "chat.db")), LINES);
	disk_free = 1000 * MIB;
	until_told('B', 0);
	say_and_find("room");
	say_and_find("more");
	assert_in_range(parts_in(folder_file(loop.folder, "chat.db")), 1, LINES / 2);
}

static void a_disk_that_is_low_at_the_start_is_found(void **state)
{
	(void)state;
	struct store_error err;
	assert_true(stop(1000));
	disk_free = 1 * MIB;
	assert_non_null(start(NULL, &err));
	struct writer_limits limits = { .disk_reserve = 64 * MIB };
	loop.heard_n = 0;
	loop.seq = loop.stored = 0;
	writer_reload(loop.w, &limits, NULL);
	until_heard('F', 0);
	limits.disk_reserve = 0; /* and none is fine */
	writer_reload(loop.w, &limits, NULL);
	until_heard('B', 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(below_it_lines_are_refused_and_all_else_saved,
		                                reserve_setup, loop_teardown),
		cmocka_unit_test_setup_teardown(it_comes_back_by_itself, reserve_setup, loop_teardown),
		cmocka_unit_test_setup_teardown(what_was_freed_inside_counts_as_well, reserve_setup,
		                                loop_teardown),
		cmocka_unit_test_setup_teardown(a_long_wal_gives_its_space_back, reserve_setup, loop_teardown),
		cmocka_unit_test_setup_teardown(it_looks_after_what_was_written, reserve_setup, loop_teardown),
		cmocka_unit_test_setup_teardown(below_it_the_index_is_not_merged, reserve_setup, loop_teardown),
		cmocka_unit_test_setup_teardown(a_disk_that_is_low_at_the_start_is_found, reserve_setup,
		                                loop_teardown),
	};

	setenv("TZ", "UTC0", 1);
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
