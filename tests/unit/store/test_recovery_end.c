/*
 * chatd ends while its database is being rebuilt: the next start finishes that.
 */
#include "store_help.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "chatd/store/db/recovery.h"

/* A whole database of `last` lines under that name. */
static void make(struct folder *f, const char *name, uint64_t last)
{
	struct store *s = store_in(folder_file(f, "made.db"));
	char made[512];

	save_lines(s, 1, 1, last);
	store_close(s);
	strcpy(made, f->file);
	assert_int_equal(rename(made, folder_file(f, name)), 0);
}

static void age(struct folder *f, const char *name, int seconds)
{
	struct timespec t[2];

	clock_gettime(CLOCK_REALTIME, &t[0]);
	t[0].tv_sec -= seconds;
	t[1] = t[0];
	assert_int_equal(utimensat(AT_FDCWD, folder_file(f, name), t, 0), 0);
}

static void assert_lines(struct folder *f, uint64_t last)
{
	struct store *s = store_in(folder_file(f, "chat.db"));

	assert_int_equal(store_last_seq(s), last);
	store_close(s);
}

static void what_is_whole_takes_its_place(void **state)
{
	struct folder *f = *state;

	make(f, "chat.db", 1);
	make(f, "chat.db-whole", 3);
	age(f, "chat.db", 10);
	/* A WAL of the old one would spoil it. */
	close(open(folder_file(f, "chat.db-wal"), O_WRONLY | O_CREAT, 0600));
	assert_lines(f, 3);
	assert_false(folder_has(f, "chat.db-whole"));
}

static void also_where_there_is_none(void **state)
{
	struct folder *f = *state;

	make(f, "chat.db-whole", 3);
	assert_lines(f, 3);
}

/* What has the newer records is taken, whatever the times of the files are. */
static void what_has_more_is_taken(void **state)
{
	struct folder *f = *state;

	make(f, "chat.db-whole", 3);
	make(f, "chat.db", 5);
	age(f, "chat.db", 10);
	assert_lines(f, 5);
	assert_true(folder_has(f, "chat.db-whole"));
	make(f, "chat.db", 1);
	age(f, "chat.db-whole", 10);
	assert_lines(f, 3);
	assert_false(folder_has(f, "chat.db-whole"));
}

/* chatd ended between giving the new file its name and taking the old one from it, as it does where
 * the filesystem cannot rename without replacing: both names are one file, whose WAL is its own. */
static void two_names_of_one_file_become_one(void **state)
{
	struct folder *f = *state;
	char whole[512];

	make(f, "chat.db", 3);
	strcpy(whole, folder_file(f, "chat.db-whole"));
	assert_int_equal(link(folder_file(f, "chat.db"), whole), 0);
	close(open(folder_file(f, "chat.db-wal"), O_WRONLY | O_CREAT, 0600));
	assert_true(recovery_finish(folder_file(f, "chat.db"), &(struct store_error){ .text = "" }));
	assert_false(folder_has(f, "chat.db-whole"));
	assert_true(folder_has(f, "chat.db-wal"));
	assert_lines(f, 3);
}

/* The only name of a file is not taken for its second one. */
static void a_link_to_it_is_no_second_name(void **state)
{
	struct folder *f = *state;
	struct store_error err = { .text = "" };
	char whole[512];

	make(f, "chat.db-whole", 3);
	strcpy(whole, folder_file(f, "chat.db-whole"));
	assert_int_equal(symlink("chat.db-whole", folder_file(f, "chat.db")), 0);
	assert_null(store_open(folder_file(f, "chat.db"), DURABILITY_COMMIT, &err));
	assert_non_null(strstr(err.text, "chat.db is a link to "));
	assert_int_equal(rename(whole, folder_file(f, "chat.db")), 0);
	assert_lines(f, 3);
}

/* And a link to the database is only a link. */
static void a_link_to_the_database_is_removed(void **state)
{
	struct folder *f = *state;

	make(f, "chat.db", 3);
	assert_int_equal(symlink("chat.db", folder_file(f, "chat.db-whole")), 0);
	assert_lines(f, 3);
	assert_false(folder_has(f, "chat.db-whole"));
}

/* That it cannot be opened does not mean that it is not there. */
static void what_cannot_be_opened_is_said(void **state)
{
	struct folder *f = *state;
	struct store_error err = { .text = "" };

	assert_int_equal(mkdir(folder_file(f, "chat.db-whole"), 0700), 0);
	assert_null(store_open(folder_file(f, "chat.db"), DURABILITY_COMMIT, &err));
	assert_non_null(strstr(err.text, "-whole, which may hold the newest records: "));
	assert_int_equal(rmdir(folder_file(f, "chat.db-whole")), 0);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(what_is_whole_takes_its_place),
		WITH_FOLDER(also_where_there_is_none),
		WITH_FOLDER(what_has_more_is_taken),
		WITH_FOLDER(two_names_of_one_file_become_one),
		WITH_FOLDER(a_link_to_it_is_no_second_name),
		WITH_FOLDER(a_link_to_the_database_is_removed),
		WITH_FOLDER(what_cannot_be_opened_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
