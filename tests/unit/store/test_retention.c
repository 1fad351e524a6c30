/*
 * Whether lines may go because they are old: the clock, rooms that would lose much, and who says
 * that they may.
 */
#include "store_help.h"

#include <sqlite3.h>

#include "chatd/base/bounds.h"

static struct folder *folder;
static struct store *store;
static uint64_t seq;
static struct clocks now;

static const int64_t hour_ms = 3600000, day_ms = 86400000;

static int store_setup(void **state)
{
	int rc = folder_setup(state);
	folder = *state;
	seq = 0;
	now = (struct clocks){ NOON_MS, 1000000 };
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

/* Lines said one after the other, the first this many days ago. */
static void said(uint32_t room, int n, int days_ago)
{
	struct record *r = calloc((size_t)n, sizeof(*r));
	for (int i = 0; i < n; i++) {
		r[i] = line_of(++seq, room, "alice", "line");
		r[i].time_ms = now.wall_ms - days_ago * day_ms + i;
	}
	save_all(store, r, (size_t)n);
	free(r);
}

static enum retention_look look(uint32_t days)
{
	struct store_error err = { .text = "" };
	enum retention_look look;
	do
		look = store_retention(store, &now, days, true, &err);
	while (look == RETENTION_LOOKS);
	assert_string_equal(err.text, "");
	return look;
}

/* Both clocks go on, with a look every minute or so. */
static void goes_on(int64_t ms)
{
	for (int64_t gone_ms = 0; gone_ms < ms; gone_ms += hour_ms / 4) {
		now.wall_ms += hour_ms / 4;
		now.boot_ms += hour_ms / 4;
		look(30);
	}
}

static enum retention_why why(void)
{
	uint32_t room;
	return store_retention_why(store, &room);
}

static void allow(void)
{
	struct record r = line_of(++seq, 0, "", "");
	r.kind = RECORD_PRUNE;
	r.time_ms = now.wall_ms;
	save_all(store, &r, 1);
}

static void over(void)
{
	struct store_error err;
	assert_true(store_retention_over(store, &now, &err));
}

static void a_clock_that_jumps_is_not_believed(void **state)
{
	(void)state;
	said(1, 10, 1);
	assert_int_equal(look(30), RETENTION_MAY);
	goes_on(2 * hour_ms);
	now.wall_ms += CLOCK_AHEAD_DAYS * day_ms + hour_ms;
	assert_int_equal(look(30), RETENTION_MAY_NOT);
	assert_int_equal(why(), RETENTION_CLOCK);
	/* It was put right. */
	now.wall_ms -= 7 * day_ms;
	assert_int_equal(look(30), RETENTION_MAY);
	/* Back is no harm: nothing becomes old. */
	now.wall_ms -= 365 * day_ms;
	assert_int_equal(look(30), RETENTION_MAY);
}

static void a_clock_that_was_wrong_at_the_start_is_not_believed(void **state)
{
	(void)state;
	said(1, 10, 0);
	now.wall_ms += 365 * day_ms;
	/* Nothing was ever noted: the newest line tells the time. */
	assert_int_equal(look(30), RETENTION_MAY_NOT);
	restart();
	assert_int_equal(look(30), RETENTION_MAY_NOT);
	now.wall_ms -= 365 * day_ms;
	restart();
	assert_int_equal(look(30), RETENTION_MAY);
}

static void a_wrong_clock_is_not_noted_as_good(void **state)
{
	(void)state;
	look(30);
	goes_on(2 * hour_ms);
	now.wall_ms += 30 * day_ms;
	goes_on(5 * hour_ms);
	restart();
	now.boot_ms = 5000;
	assert_int_equal(look(30), RETENTION_MAY_NOT);
}

static void a_day_of_clocks_that_agree_is_enough(void **state)
{
	(void)state;
	look(30);
	goes_on(2 * hour_ms);
	now.wall_ms += 30 * day_ms;
	goes_on(20 * hour_ms);
	assert_int_equal(why(), RETENTION_CLOCK);
	/* The machine is restarted: its other clock begins again. */
	restart();
	now.boot_ms = 5000;
	now.wall_ms += hour_ms / 2;
	goes_on(3 * hour_ms);
	assert_int_equal(why(), RETENTION_CLOCK);
	/* What went on since the last note, up to an hour, is not counted. */
	goes_on(3 * hour_ms);
	assert_int_equal(why(), RETENTION_GOES);
	assert_int_equal(look(30), RETENTION_MAY);
}

static void clocks_that_part_begin_the_day_again(void **state)
{
	(void)state;
	look(30);
	goes_on(2 * hour_ms);
	now.wall_ms += 30 * day_ms;
	goes_on(23 * hour_ms);
	now.wall_ms += hour_ms;
	goes_on(23 * hour_ms);
	assert_int_equal(why(), RETENTION_CLOCK);
	goes_on(2 * hour_ms);
	assert_int_equal(why(), RETENTION_GOES);
}

static void a_room_does_not_lose_much_at_once(void **state)
{
	uint32_t room;
	(void)state;
	look(30);
	said(1, 9 * OLD_LINES_MUCH, 1);
	said(2, OLD_LINES_MUCH + 1, 40);
	assert_int_equal(look(50), RETENTION_MAY);
	assert_int_equal(look(30), RETENTION_MAY_NOT);
	assert_int_equal(store_retention_why(store, &room), RETENTION_MUCH);
	assert_int_equal(room, 2);
	restart();
	assert_int_equal(look(30), RETENTION_MAY_NOT);
	/* The configuration was wrong. */
	assert_int_equal(look(0), RETENTION_MAY);
	assert_int_equal(look(30), RETENTION_MAY_NOT);
	allow();
	assert_int_equal(look(30), RETENTION_MAY);
	restart();
	assert_int_equal(look(30), RETENTION_MAY);
	/* That was for one time. */
	over();
	assert_int_equal(look(30), RETENTION_MAY_NOT);
	goes_on(day_ms + hour_ms);
	assert_int_equal(look(30), RETENTION_MAY);
}

static void a_tenth_of_a_large_room_may_go(void **state)
{
	(void)state;
	look(30);
	said(1, OLD_LINES_MUCH + 1, 40);
	said(1, 9 * OLD_LINES_MUCH, 1);
	assert_int_equal(look(30), RETENTION_MAY_NOT);
	said(1, 200, 1);
	assert_int_equal(look(30), RETENTION_MAY);
}

static void a_rooms_own_days_are_looked_at_too(void **state)
{
	struct record r = record_as(900000, 1, RECORD_RETENTION, "", (uint64_t)30 << 32, "");
	(void)state;
	look(0);
	said(1, OLD_LINES_MUCH + 1, 40);
	assert_int_equal(look(0), RETENTION_MAY);
	seq = r.seq;
	save_all(store, &r, 1);
	assert_int_equal(look(0), RETENTION_MAY_NOT);
	assert_int_equal(store_prune(store, INT64_MIN, 0, 10, NULL, NULL, &(struct store_error){ .text = "" }), 0);
	allow();
	assert_int_equal(look(0), RETENTION_MAY);
}

/* The numbers of another program, or of a damaged file. */
static void set_all(const char *value)
{
	static const char *const keys[] = {"clock", "clock_seen", "clock_agreed", "old_wait", "old_room", "old_granted"};
	sqlite3 *db;
	char sql[128];

	store_close(store);
	assert_int_equal(sqlite3_open(folder_file(folder, "chat.db"), &db), SQLITE_OK);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO meta VALUES('%s', %s)", keys[i], value);
		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	}
	sqlite3_close(db);
	store = store_in(folder_file(folder, "chat.db"));
}

static void numbers_that_no_chatd_writes_are_survived(void **state)
{
	static const char *const values[] = {"123456789", "3", "-1", "4611686018427387904", "9223372036854775807",
	                                     "-9223372036854775807 - 1", "4294967297", "'text'"};

	(void)state;
	said(1, 50, 1);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct query q = query_of(QUERY_STATS, 0, 1);
		struct rows *rows;

		set_all(values[i]);
		goes_on(hour_ms);
		assert_true(why() == RETENTION_GOES || why() == RETENTION_CLOCK || why() == RETENTION_MUCH);
		set_all(values[i]);
		rows = store_query(store, &q);
		assert_int_equal(rows->stats.waits, OLD_LINES_GO);
		rows_release(rows);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(numbers_that_no_chatd_writes_are_survived),
		TEST(a_clock_that_jumps_is_not_believed),
		TEST(a_clock_that_was_wrong_at_the_start_is_not_believed),
		TEST(a_wrong_clock_is_not_noted_as_good),
		TEST(a_day_of_clocks_that_agree_is_enough),
		TEST(clocks_that_part_begin_the_day_again),
		TEST(a_room_does_not_lose_much_at_once),
		TEST(a_tenth_of_a_large_room_may_go),
		TEST(a_rooms_own_days_are_looked_at_too),
	};
	return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
