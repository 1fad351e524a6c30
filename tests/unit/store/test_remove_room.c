/*
 * A room that is removed: from then on nothing shows a line of it, and all of it goes,
 * however often chatd is ended meanwhile.
 */
#include "writer_help.h"
#include "store_file.h"

#include <sqlite3.h>

#include "chatd/store/db/tokenizer.h"

static int step(int rows)
{
	struct store_error err = { .text = "" };
	int n = store_remove(store, rows, &err);
	assert_string_equal(err.text, "");
	return n;
}

static const char *answer(enum query_kind kind, uint32_t room, const char *words)
{
	struct query q = query_of(kind, room, 10);
	query_set(&q, kind == QUERY_SEARCH ? "" : "bob", words);
	return ids_of(store_query(store, &q));
}

/* What a statement of one number says, over a connection of its own. */
static int64_t number(const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	int64_t n;
	assert_int_equal(sqlite3_open(folder_file(folder, "chat.db"), &db), SQLITE_OK);
	assert_true(tokenizer_register(db, NULL));
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

static void assert_index_agrees(void)
{
	sqlite3 *db;
	sqlite3_open(folder_file(folder, "chat.db"), &db);
	assert_true(tokenizer_register(db, NULL));
	assert_int_equal(sqlite3_exec(db, "INSERT INTO search(search, rank)"
	                              " VALUES('integrity-check', 1)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void count_room(void *ctx, const struct saved_room *r)
{
	*(uint32_t *)ctx = *(uint32_t *)ctx * 10 + r->room;
}

/* The rooms as a start tells them, as digits. */
static uint32_t rooms(void)
{
	struct store_error err;
	uint32_t all = 0;
	assert_true(store_rooms(store, count_room, &all, &err));
	return all;
}

/* Lines 1 to 4 in room 1, 5 to 8 in room 2, 9 to 10 in room 3; bob has been everywhere. */
static void fill(void)
{
	for (uint64_t i = 1; i <= 10; i++)
		save_line(store, i, i <= 4 ? 1 : i <= 8 ? 2 : 3, "alice", i % 2 ? "an apple" : "a pear");
	save_kind(11, 1, RECORD_SEEN, "bob", 1, "");
	save_kind(12, 2, RECORD_SEEN, "bob", 5, "");
	save_kind(13, 3, RECORD_SEEN, "alice", 9, "");
	save_kind(14, 2, RECORD_TOPIC, "", 0, "of fruit");
	index_all(store);
}

static void assert_not_shown(void)
{
	assert_string_equal(answer(QUERY_LAST, 2, ""), "");
	assert_string_equal(answer(QUERY_FIRST, 2, ""), "");
	assert_string_equal(answer(QUERY_REPLAY, 2, ""), "");
	assert_string_equal(answer(QUERY_SEARCH, 0, "apple"), "9* 10 2 3* 4 1* 2");
	assert_string_equal(answer(QUERY_SEARCH, 2, "apple"), "");
	struct query q = query_of(QUERY_REPLAY, 2, 10);
	q.replay.key = "bob";
	struct rows *rows = store_query(store, &q);
	assert_null(rows->error);
	assert_int_equal(rows->replay.seen_id, 0);
	assert_int_equal(rows->replay.missed, 0);
	rows_release(rows);
	q = query_of(QUERY_UNREAD, 0, 10);
	q.unread.key = "bob";
	rows = store_query(store, &q);
	assert_int_equal(rows->n, 1);
	assert_int_equal(rows->row[0].room, 1);
	rows_release(rows);
	assert_int_equal(rooms(), 13);
}

static void nothing_of_it_is_shown_from_then_on(void **state)
{
	(void)state;
	fill();
	assert_string_equal(answer(QUERY_LAST, 2, ""), "5 6 7 8");
	assert_int_equal(rooms(), 123);
	assert_false(store_removes(store));
	save_kind(15, 2, RECORD_REMOVE, "", 0, "");
	assert_true(store_removes(store));
	assert_not_shown();
	restart();
	assert_true(store_removes(store));
	assert_not_shown();
	while (step(1) > 0)
		assert_not_shown();
	assert_not_shown();
}

/* A search looks for a number of hits; hidden ones do not count. */
static void hits_behind_a_long_one_are_found(void **state)
{
	(void)state;
	save_line(store, 1, 1, "alice", "an apple");
	for (uint64_t i = 2; i <= 100; i++)
		save_line(store, i, 2, "alice", "an apple");
	index_all(store);
	save_kind(101, 2, RECORD_REMOVE, "", 0, "");
	assert_string_equal(answer(QUERY_SEARCH, 0, "apple"), "1*");
}

static void all_of_it_goes_in_steps_and_across_starts(void **state)
{
	(void)state;
	fill();
	for (uint32_t i = 0; i < 60; i++) {
		char key[16];
		snprintf(key, sizeof(key), "u%02u", i);
		save_kind(20 + i, 1 + i % 3, RECORD_SEEN, key, 5, "");
	}
	save_kind(90, 2, RECORD_REMOVE, "", 0, "");
	assert_int_equal(step(3), 3);
	assert_int_equal(number("SELECT count(*) FROM messages WHERE room = 2"), 1);
	restart();
	assert_int_equal(step(3), 1);
	for (int steps = 1; step(3) > 0; steps++) {
		assert_true(store_removes(store));
		if (steps == 2)
			restart(); /* it looks from the first mark on */
		assert_true(steps < 20);
	}
	assert_false(store_removes(store));
	assert_int_equal(number("SELECT count(*) FROM messages WHERE room = 2"), 0);
	assert_int_equal(number("SELECT count(*) FROM seen WHERE room = 2"), 0);
	assert_int_equal(number("SELECT count(*) FROM seen"), 2 + 40);
	assert_int_equal(number("SELECT count(*) FROM rooms WHERE id = 2"), 0);
	assert_int_equal(number("SELECT count(*) FROM going"), 0);
	assert_int_equal(number("SELECT count(*) FROM messages"), 6);
	assert_index_agrees();
	restart();
	assert_false(store_removes(store));
	assert_int_equal(step(3), 0);
}

static void lines_go_before_the_index_has_come_to_them(void **state)
{
	(void)state;
	fill();
	save_line(store, 20, 2, "alice", "an apple");
	save_line(store, 21, 1, "alice", "an apple");
	save_kind(22, 2, RECORD_REMOVE, "", 0, "");
	while (step(2) > 0)
		;
	index_all(store);
	assert_index_agrees();
	assert_string_equal(answer(QUERY_SEARCH, 1, "apple"), "4 21* 2 3* 4 1* 2");
}

static void its_number_is_never_used_again(void **state)
{
	(void)state;
	fill();
	save_kind(15, 3, RECORD_REMOVE, "", 0, "");
	assert_int_equal(store_last_room(store), 3);
	restart();
	assert_int_equal(store_last_room(store), 3);
	while (step(100) > 0)
		;
	restart();
	assert_int_equal(store_last_room(store), 3);
	assert_int_equal(store_last_seq(store), 15);
	/* Also where nothing of it was saved before. */
	save_kind(16, 9, RECORD_REMOVE, "", 0, "");
	restart();
	assert_int_equal(store_last_room(store), 9);
	assert_int_equal(step(10), 0);
	assert_false(store_removes(store));
}

static void what_comes_late_for_it_is_left_out(void **state)
{
	(void)state;
	fill();
	struct record r[] = {
		line_of(15, 2, "alice", "an apple"), line_of(16, 2, "alice", ""),
		line_of(17, 2, "alice", "an apple"), line_of(18, 1, "alice", "an apple"),
		record_as(19, 2, RECORD_SEEN, "bob", 8, ""),
		record_as(20, 2, RECORD_TOPIC, "alice", 0, "of trees"),
	};
	r[1].kind = RECORD_REMOVE;
	save_all(store, r, 6);
	assert_string_equal(answer(QUERY_LAST, 2, ""), "");
	assert_string_equal(answer(QUERY_LAST, 1, ""), "1 2 3 4 18");
	assert_int_equal(rooms(), 13);
	restart(); /* knows nothing of what it saved before */
	struct record late[] = {
		line_of(21, 2, "alice", "an apple"), line_of(22, 1, "alice", "an apple"),
	};
	save_all(store, late, 2);
	assert_int_equal(rooms(), 13);
	while (step(2) > 0)
		;
	assert_int_equal(number("SELECT count(*) FROM messages WHERE room = 2"), 0);
	assert_int_equal(number("SELECT count(*) FROM seen WHERE room = 2"), 0);
	assert_int_equal(number("SELECT count(*) FROM messages WHERE room = 1"), 6);
}

/* One that is taken back with its transaction has removed nothing. */
static void a_removal_that_was_not_saved_is_none(void **state)
{
	(void)state;
	struct store_error err;
	fill();
	assert_true(store_begin(store, &err));
	struct record r = line_of(15, 2, "", "");
	r.kind = RECORD_REMOVE;
	assert_true(store_save(store, &r, 1, &err));
	assert_true(store_begin(store, &err)); /* rolls back what is open */
	assert_true(store_commit(store, &err));
	assert_string_equal(answer(QUERY_LAST, 2, ""), "5 6 7 8");
	restart();
	assert_string_equal(answer(QUERY_LAST, 2, ""), "5 6 7 8");
}

/* -- over the threads ------------------------------------------------------------------- */

static void the_writer_takes_it_away(void **state)
{
	(void)state;
	folder = loop.folder;
	for (int i = 0; i < 3000; i++)
		append("an apple");
	struct record r = line_of(++loop.seq, 2, "alice", "an apple");
	assert_true(writer_append(loop.w, &r));
	until_stored();
	r = line_of(++loop.seq, 1, "", "");
	r.kind = RECORD_REMOVE;
	assert_true(writer_append(loop.w, &r));
	until_stored();
	size_t from = loop.heard_n;
	ask(QUERY_LAST, "");
	until_heard('R', from);
	assert_string_equal(loop.rows, "");
	from = loop.heard_n;
	ask(QUERY_SEARCH, "apple");
	until_heard('R', from);
	assert_string_equal(loop.rows, "");
	/* In a while, and with nothing more to wake it. */
	for (int i = 0; i < 20000 && number("SELECT count(*) FROM going") > 0; i++)
		usleep(1000);
	assert_int_equal(number("SELECT count(*) FROM going"), 0);
	assert_int_equal(number("SELECT count(*) FROM messages"), 1);
	assert_null(memchr(loop.heard, 'E', loop.heard_n)); /* no room became empty by it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_of_it_is_shown_from_then_on, store_setup,
		                                store_teardown),
		cmocka_unit_test_setup_teardown(hits_behind_a_long_one_are_found, store_setup,
		                                store_teardown),
		cmocka_unit_test_setup_teardown(all_of_it_goes_in_steps_and_across_starts, store_setup,
		                                store_teardown),
		cmocka_unit_test_setup_teardown(lines_go_before_the_index_has_come_to_them, store_setup,
		                                store_teardown),
		cmocka_unit_test_setup_teardown(its_number_is_never_used_again, store_setup,
		                                store_teardown),
		cmocka_unit_test_setup_teardown(what_comes_late_for_it_is_left_out, store_setup,
		                                store_teardown),
		cmocka_unit_test_setup_teardown(a_removal_that_was_not_saved_is_none, store_setup,
		                                store_teardown),
		WITH_LOOP(the_writer_takes_it_away),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
