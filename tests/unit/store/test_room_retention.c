/*
 * Rooms that say themselves how long their lines are kept.
 */
#include "store_help.h"

#include "chatd/base/clock.h"

static struct folder *folder;
static struct store *store;
static uint64_t seq;

static const int64_t day_ms = 24 * 3600 * 1000;

static int store_setup(void **state)
{
	int rc = folder_setup(state);
	folder = *state;
	seq = 0;
	store = rc ? NULL : store_in(folder_file(folder, "chat.db"));
	return rc;
}

static int store_teardown(void **state)
{
	store_close(store);
	return folder_teardown(state);
}

static void restart(void)
{
	store_close(store);
	store = store_in(folder_file(folder, "chat.db"));
}

/* A line said this many days ago. */
static void said(uint32_t room, int days_ago)
{
	struct record r = line_of(++seq, room, "alice", "line");
	r.time_ms = clock_ms(CLOCK_REALTIME) - days_ago * day_ms;
	save_all(store, &r, 1);
}

static void keep(uint32_t room, uint32_t days, uint32_t lines)
{
	struct record r = record_as(++seq, room, RECORD_RETENTION, "", (uint64_t)days << 32 | lines, "");
	save_all(store, &r, 1);
}

static void nobody_emptied(void *ctx, uint32_t room)
{
	(void)ctx;
	(void)room;
}

/* With these limits of days and lines for all rooms; 0: no limit. */
static int prune(int days, uint64_t lines, int rows)
{
	struct store_error err = { .text = "" };
	int64_t before_ms = days ? clock_ms(CLOCK_REALTIME) - days * day_ms : INT64_MIN;
	while (store_count(store, 1000, &err) > 0)
		;
	int n = store_prune(store, before_ms, lines, rows, nobody_emptied, NULL, &err);
	assert_string_equal(err.text, "");
	return n;
}

static const char *lines(uint32_t room)
{
	struct query q = query_of(QUERY_LAST, room, 500);
	return ids_of(store_query(store, &q));
}

static void a_room_keeps_longer_than_the_others(void **state)
{
	(void)state;
	keep(1, 100, 0);
	said(1, 90);    /* 2 */
	said(2, 80);    /* 3 */
	said(1, 70);    /* 4 */
	said(2, 5);     /* 5 */
	assert_int_equal(prune(30, 0, 100), 1);
	assert_string_equal(lines(1), "2 4");
	assert_string_equal(lines(2), "5");
	assert_int_equal(prune(30, 0, 100), 0);
	/* It says so after a restart, too. */
	restart();
	assert_true(store_has_room_retention(store));
	assert_int_equal(prune(30, 0, 100), 0);
	assert_string_equal(lines(1), "2 4");
	/* Until it does so no more: what was passed over goes. */
	keep(1, 0, 0);
	assert_int_equal(prune(30, 0, 100), 2);
	assert_string_equal(lines(1), "");
	assert_false(store_has_room_retention(store));
}

static void a_room_keeps_shorter_than_the_others(void **state)
{
	(void)state;
	said(1, 20);    /* 1 */
	said(2, 20);    /* 2 */
	said(1, 5);     /* 3 */
	keep(1, 10, 0);
	assert_int_equal(prune(0, 0, 100), 1);
	assert_string_equal(lines(1), "3");
	assert_string_equal(lines(2), "2");
}

static void a_room_says_how_many_lines_it_keeps(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		said(1, 0); /* 1, 4, 7, ... */
		said(2, 0);
		said(3, 0);
	}
	keep(1, 0, 2);
	keep(2, 0, 5);
	assert_int_equal(prune(0, 0, 100), 4 + 1);
	assert_string_equal(lines(1), "13 16");
	assert_string_equal(lines(2), "5 8 11 14 17");
	assert_string_equal(lines(3), "3 6 9 12 15 18");
	/* The settings for all rooms apply to the others. */
	assert_int_equal(prune(0, 3, 100), 3);
	assert_string_equal(lines(1), "13 16");
	assert_string_equal(lines(2), "5 8 11 14 17");
	assert_string_equal(lines(3), "12 15 18");
}

/* More kept lines than one look takes in stand before one that is old. */
static void many_kept_lines_are_passed_over_in_steps(void **state)
{
	(void)state;
	struct store_error err;
	int calls = 0, n;
	keep(1, 20000, 0);
	assert_true(store_begin(store, &err));
	for (int i = 0; i < 20100; i++) {
		struct record r = line_of(++seq, 1, "alice", "kept");
		assert_true(store_save(store, &r, 1, &err));
	}
	assert_true(store_commit(store, &err));
	said(2, 40);
	said(2, 1);
	while ((n = prune(30, 0, 10)) == 10)
		assert_true(++calls < 5);
	assert_int_equal(n, 1);
	assert_string_equal(lines(2), "20103");
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(a_room_keeps_longer_than_the_others),
		WITH_STORE(a_room_keeps_shorter_than_the_others),
		WITH_STORE(a_room_says_how_many_lines_it_keeps),
		WITH_STORE(many_kept_lines_are_passed_over_in_steps),
	};
	return cmocka_run_group_tests_name("room retention", tests, NULL, NULL);
}
