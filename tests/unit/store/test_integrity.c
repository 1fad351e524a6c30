/* Checks of a database: what is wrong with it is found, and what is only unfinished is not. */
#include "store_file.h"

#include "chatd/base/bytes.h"
#include "chatd/store/db/integrity.h"
#include "chatd/store/db/outside.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

static struct bytes problems;

static void note(void *ctx, const char *what)
{
	(void)ctx;
	bytes_printf(&problems, "%s\n", what);
}

static enum integrity check(void)
{
	struct store_error err = { .text = "" };
	bool running;
	struct store *s = outside_open(folder_file(folder, "chat.db"), &running, &err);
	enum integrity found;

	if (!s)
		fail_msg("%s", err.text);
	bytes_clear(&problems);
	found = integrity_check(s, note, NULL, &err);
	if (found == INTEGRITY_UNKNOWN)
		fail_msg("%s", err.text);
	store_close(s);
	return found;
}

static void sql(const char *text)
{
	execute_in(folder_file(folder, "chat.db"), text);
}

static void what_is_sound(void **state)
{
	(void)state;
	assert_int_equal(check(), INTEGRITY_SOUND);
	save_lines(store, 1, 1, 500);
	/* chatd has not come that far yet. */
	assert_int_equal(check(), INTEGRITY_SOUND);
	index_all(store);
	assert_int_equal(check(), INTEGRITY_SOUND);
	save_kind(501, 1, RECORD_DELETE, "bob", 20, "");
	save_lines(store, 1, 502, 510);
	assert_int_equal(check(), INTEGRITY_SOUND);
	/* The database itself was not touched. */
	struct query q = query_of(QUERY_LAST, 1, 3);
	assert_string_equal(ids_of(store_query(store, &q)), "508 509 510 more");
}

static void an_index_that_does_not_agree(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 50);
	index_all(store);
	sql("UPDATE messages SET body = 'something else' WHERE id = 7");
	assert_int_equal(check(), INTEGRITY_DAMAGED);
	assert_string_equal(problems.data, "the full-text index does not agree with the lines\n");
	sql("UPDATE messages SET body = 'line 7' WHERE id = 7");
	assert_int_equal(check(), INTEGRITY_SOUND);
	sql("DELETE FROM messages WHERE id = 9");
	assert_int_equal(check(), INTEGRITY_DAMAGED);
}

/* Every page but the first, which says whose file it is, one at a time. */
static void pages_that_are_damaged(void **state)
{
	static const char noise[64] = "what a disk returns that has forgotten what was written to it.";
	enum { PAGE = 4096 };
	char page[PAGE];
	struct stat st;
	int fd, damaged = 0, pages = 0;

	(void)state;
	save_lines(store, 1, 1, 500);
	index_all(store);
	store_close(store);
	store = NULL;
	fd = open(folder_file(folder, "chat.db"), O_RDWR | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = PAGE; at < st.st_size; at += PAGE, pages++) {
		struct store_error err;
		bool running;
		struct store *s;

		assert_int_equal(pread(fd, page, PAGE, at), PAGE);
		assert_int_equal(pwrite(fd, noise, sizeof(noise), at), sizeof(noise));
		s = outside_open(folder_file(folder, "chat.db"), &running, &err);
		/* Without its table of numbers it is not even opened. */
		if (!s || integrity_check(s, note, NULL, &err) == INTEGRITY_DAMAGED)
			damaged++;
		store_close(s);
		assert_int_equal(pwrite(fd, page, PAGE, at), PAGE);
	}
	close(fd);
	assert_true(pages > 10);
	assert_int_equal(damaged, pages);
	assert_int_equal(check(), INTEGRITY_SOUND);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_sound),
		TEST(an_index_that_does_not_agree),
		TEST(pages_that_are_damaged),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	bytes_release(&problems);
	return failed;
}
