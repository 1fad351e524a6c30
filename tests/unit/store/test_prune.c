/*
 * Pruning: what goes, what stays, and that the index agrees afterwards.
 */
#include "store_file.h"

#include <sqlite3.h>

#include "chatd/store/db/tokenizer.h"

static char emptied[256];

static int prune_setup(void **state)
{
	emptied[0] = '\0';
	return store_setup(state);
}

static void on_emptied(void *ctx, uint32_t room)
{
	assert_ptr_equal(ctx, &emptied);
	sprintf(emptied + strlen(emptied), "%u ", room);
}

/* before is the first line, by number, that is young enough; 0: all are. */
static int prune(uint64_t before, uint64_t lines_per_room, int rows)
{
	struct store_error err = { .text = "" };
	int n = store_prune(store, before ? NOON_MS + (int64_t)before * 1000 : INT64_MIN,
	                    lines_per_room, rows, on_emptied, &emptied, &err);
	assert_string_equal(err.text, "");
	return n;
}

static const char *lines(uint32_t room)
{
	struct query q = query_of(QUERY_LAST, room, 500);
	return ids_of(store_query(store, &q));
}

static const char *find(const char *words)
{
	struct query q = query_of(QUERY_SEARCH, 0, 10);
	q.search.words = words;
	return ids_of(store_query(store, &q));
}

/* FTS5 compares its index with every line that is there. */
static void assert_index_agrees(void)
{
	sqlite3 *db;
	char *message = NULL;
	assert_int_equal(sqlite3_open(folder_file(folder, "chat.db"), &db), SQLITE_OK);
	assert_true(tokenizer_register(db, NULL));
	if (sqlite3_exec(db, "INSERT INTO search(search, rank) VALUES('integrity-check', 1);"
	                 "PRAGMA integrity_check", NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
	sqlite3_close(db);
}

static void old_lines_go(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 10);
	save_lines(store, 2, 11, 12);
	save_lines(store, 1, 13, 14);
	index_all(store);
	assert_int_equal(prune(6, 0, 100), 5);
	assert_string_equal(lines(1), "6 7 8 9 10 13 14");
	assert_string_equal(lines(2), "11 12");
	assert_string_equal(find("3"), "");
	assert_string_equal(find("6"), "6* 7");
	assert_string_equal(emptied, "");
	assert_int_equal(prune(6, 0, 100), 0);
	assert_index_agrees();
}

static void it_goes_in_steps(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 25);
	index_all(store);
	assert_int_equal(prune(24, 0, 10), 10);
	assert_string_equal(find("10"), "");
	assert_string_equal(find("11"), "11* 12");
	assert_index_agrees();
	assert_int_equal(prune(24, 0, 10), 10);
	assert_int_equal(prune(24, 0, 10), 3);
	assert_string_equal(lines(1), "24 25");
	assert_index_agrees();
}

static void too_many_lines_go_room_by_room(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 10);
	save_lines(store, 2, 11, 13);
	save_lines(store, 3, 14, 30);
	index_all(store);
	assert_int_equal(prune(0, 4, 100), 6 + 13);
	assert_string_equal(lines(1), "7 8 9 10");
	assert_string_equal(lines(2), "11 12 13");
	assert_string_equal(lines(3), "27 28 29 30");
	/* Lines that come after they were counted are counted too. */
	save_lines(store, 1, 31, 33);
	assert_int_equal(prune(0, 4, 2), 2);
	assert_int_equal(prune(0, 4, 2), 1);
	assert_string_equal(lines(1), "10 31 32 33");
	index_all(store);
	assert_index_agrees();
}

static int count(int lines)
{
	struct store_error err = { .text = "" };
	int more = store_count(store, lines, &err);
	assert_string_equal(err.text, "");
	return more;
}

static void rooms_are_counted_in_steps_before_they_are_pruned(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 25);
	save_lines(store, 2, 26, 30);
	restart();
	index_all(store);
	assert_int_equal(prune(0, 4, 100), 0); /* not known yet, and not counted here */
	assert_int_equal(count(10), 1);
	assert_int_equal(prune(0, 4, 100), 0);
	save_line(store, 31, 1, "alice", "said meanwhile");
	assert_int_equal(count(10), 1); /* 20 of 26 */
	assert_int_equal(count(10), 1); /* all of the first, 4 of 5 */
	assert_int_equal(prune(0, 4, 100), 22);
	assert_string_equal(lines(1), "23 24 25 31");
	save_line(store, 32, 1, "alice", "and after it was counted");
	assert_int_equal(count(10), 0);
	assert_int_equal(count(1), 0);
	assert_int_equal(prune(0, 4, 100), 2);
	assert_string_equal(lines(1), "24 25 31 32");
	assert_string_equal(lines(2), "27 28 29 30");
	index_all(store);
	assert_index_agrees();
}

static void lines_that_go_while_they_are_counted_do_not_count(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 25);
	save_lines(store, 2, 26, 30);
	restart();
	assert_int_equal(count(10), 1);
	assert_int_equal(prune(8, 0, 100), 7); /* because of their age */
	while (count(10))
		;
	assert_int_equal(prune(0, 15, 100), 3);
	assert_int_equal(prune(0, 15, 100), 0);
	assert_string_equal(lines(1), "11 12 13 14 15 16 17 18 19 20 21 22 23 24 25");
}

static void age_and_number_go_together(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 10);
	save_lines(store, 2, 11, 20);
	index_all(store);
	/* Of room 1 the first 7 are old; 3 remain, so 1 is beyond 2; of room 2 8 are. */
	assert_int_equal(prune(8, 2, 100), 16);
	assert_string_equal(lines(1), "9 10");
	assert_string_equal(lines(2), "19 20");
	assert_index_agrees();
}

static void lines_not_yet_indexed_go_as_well(void **state)
{
	(void)state;
	struct store_error err;
	save_lines(store, 1, 1, 10);
	assert_int_equal(store_index(store, 3, 0, &err), 3);
	assert_int_equal(prune(8, 0, 100), 7);
	index_all(store);
	assert_string_equal(find("line"), "9 10* 8 9* 10 8* 9");
	assert_index_agrees();
	/* And where the last lines go before they are indexed, the index is complete. */
	save_lines(store, 1, 11, 12);
	assert_int_equal(prune(13, 0, 100), 5);
	index_all(store);
	assert_int_equal(store_indexed(store), 12);
	assert_index_agrees();
}

static void an_emptied_room_is_told_and_numbers_stay_used(void **state)
{
	(void)state;
	save_lines(store, 4, 1, 3);
	save_lines(store, 2, 4, 5);
	save_lines(store, 9, 6, 7);
	index_all(store);
	assert_int_equal(prune(6, 0, 100), 5);
	assert_string_equal(emptied, "4 2 ");
	assert_int_equal(prune(8, 0, 100), 2);
	assert_string_equal(emptied, "4 2 9 ");
	store_close(store);
	store = store_in(folder_file(folder, "chat.db"));
	assert_int_equal(store_last_seq(store), 7);
	assert_int_equal(store_last_room(store), 9);
	/* The room can still be spoken in: its row comes back with the line. */
	save_line(store, 8, 4, "alice", "again");
	struct query q = query_of(QUERY_LAST, 4, 10);
	struct rows *rows = store_query(store, &q);
	assert_int_equal(rows->n, 1);
	assert_string_equal(rows->row[0].room_name, "other");
	rows_release(rows);
}

/* People who left before anything was said have not read what was said later. */
static void who_saw_nothing_is_not_forgotten_for_it(void **state)
{
	struct record r = record_as(1, 1, RECORD_SEEN, "dave", 1, "");
	(void)state;
	save_all(store, &r, 1);
	save_lines(store, 1, 2, 4);
	assert_int_equal(prune(0, 100, 100), 0);
	struct query q = query_of(QUERY_UNREAD, 0, 10);
	query_set(&q, "dave", "dave");
	struct rows *rows = store_query(store, &q);
	assert_int_equal(rows->n, 1);
	assert_int_equal(rows->row[0].unread.lines, 3);
	rows_release(rows);
}

static void what_was_seen_goes_with_the_lines(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 10);
	struct record r = record_as(11, 1, RECORD_SEEN, "bob", 3, "");
	save_all(store, &r, 1);
	r = record_as(12, 1, RECORD_SEEN, "carol", 8, "");
	save_all(store, &r, 1);
	assert_int_equal(prune(6, 0, 100), 6); /* five lines and one mark */
	struct query q = query_of(QUERY_REPLAY, 1, 100);
	q.replay.key = "bob";
	struct rows *rows = store_query(store, &q);
	assert_int_equal(rows->replay.seen_id, 0);
	rows_release(rows);
	q.replay.key = "carol";
	rows = store_query(store, &q);
	assert_int_equal(rows->replay.seen_id, 8);
	rows_release(rows);
}

/* Old lines may stand behind younger ones where the clock was set back. */
static void old_lines_go_after_the_clock_went_back(void **state)
{
	(void)state;
	for (uint64_t seq = 1; seq <= 6; seq++) {
		struct record r = line_of(seq, 1, "a", "x");
		r.time_ms = NOON_MS + (seq < 4 ? (int64_t)seq + 10 : (int64_t)seq) * 1000;
		save_all(store, &r, 1);
	}
	/* 1, 2, 3 are of seconds 11, 12, 13; 4, 5, 6 of their own. */
	assert_int_equal(prune(6, 0, 100), 2);
	assert_string_equal(lines(1), "1 2 3 6");
	store_close(store);
	store = store_in(folder_file(folder, "chat.db"));
	assert_int_equal(prune(12, 0, 100), 2);
	assert_string_equal(lines(1), "2 3");
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, prune_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(old_lines_go),
		WITH_STORE(it_goes_in_steps),
		WITH_STORE(too_many_lines_go_room_by_room),
		WITH_STORE(rooms_are_counted_in_steps_before_they_are_pruned),
		WITH_STORE(lines_that_go_while_they_are_counted_do_not_count),
		WITH_STORE(age_and_number_go_together),
		WITH_STORE(lines_not_yet_indexed_go_as_well),
		WITH_STORE(an_emptied_room_is_told_and_numbers_stay_used),
		WITH_STORE(who_saw_nothing_is_not_forgotten_for_it),
		WITH_STORE(what_was_seen_goes_with_the_lines),
		WITH_STORE(old_lines_go_after_the_clock_went_back),
	};
	return cmocka_run_group_tests_name("prune", tests, NULL, NULL);
}
