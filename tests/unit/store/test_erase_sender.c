/*
 * What somebody has said goes with their account: all of it, nothing of others, however often chatd is
 * ended meanwhile, and it leaves the file.
 */
#include "writer_help.h"
#include "store_file.h"

#include <sqlite3.h>


static int nemptied;
static uint32_t emptied_room;

static void on_emptied(void *ctx, uint32_t room)
{
	(void)ctx;
	nemptied++;
	emptied_room = room;
}

static int step(int rows)
{
	struct store_error err = { .text = "" };
	int n = store_erase(store, rows, name_is, on_emptied, NULL, &err);
	assert_string_equal(err.text, "");
	return n;
}

static const char *lines(uint32_t room)
{
	struct query q = query_of(QUERY_LAST, room, 50);
	return ids_of(store_query(store, &q));
}

static const char *found(const char *words)
{
	struct query q = query_of(QUERY_SEARCH, 0, 50);
	q.search.words = words;
	return ids_of(store_query(store, &q));
}

/* alice and bob, in turn, from first on. */
static void talk(uint64_t first, uint64_t last)
{
	for (uint64_t seq = first; seq <= last; seq++)
		save_kind(seq, 1, RECORD_SAY, seq % 2 ? "Alice" : "bob", 0, "some words");
}

static void all_of_it_goes_and_nothing_of_others(void **state)
{
	(void)state;
	struct store_error err;
	talk(1, 10);
	save_kind(11, 1, RECORD_ACTION, "ALICE", 0, "waves");
	save_kind(12, 1, RECORD_SAY, "alice2", 0, "not her");
	save_kind(13, 2, RECORD_SAY, "alice", 0, "alone here");
	save_kind(14, 1, RECORD_SEEN, "alice", 12, "");
	assert_true(store_index(store, 100, 0, &err) >= 0);
	/* What was said before the account was made, or with an earlier one, is not its own. */
	save_kind(15, 0, RECORD_ERASE, "alice", 4, "0");
	/* Nor are lines of the next person with that name. */
	save_kind(16, 1, RECORD_SAY, "alice", 0, "another one");
	save_kind(17, 1, RECORD_SEEN, "alice", 16, "");
	assert_true(store_erases(store));
	nemptied = 0;
	while (step(100) > 0)
		;
	assert_false(store_erases(store));
	assert_string_equal(lines(1), "1 2 3 4 6 8 10 12 16");
	assert_string_equal(lines(2), "");
	assert_int_equal(nemptied, 1);
	assert_int_equal(emptied_room, 2);
	assert_string_equal(found("some"), "8 10* 12 6 8* 10 4 6* 8 3 4* 6 2 3* 4 1 2* 3 1* 2");
	assert_string_equal(found("alone"), "");
	assert_true(store_wipes(store));
	struct query q = query_of(QUERY_REPLAY, 1, 1);
	q.replay.key = "alice";
	struct rows *rows = store_query(store, &q);
	assert_int_equal(rows->replay.seen_id, 16);
	rows_release(rows);
}

static void only_what_was_said_since_it_was_made(void **state)
{
	(void)state;
	char since[24];
	talk(1, 10); /* a second apart, from NOON_MS on */
	snprintf(since, sizeof(since), "%lld", (long long)NOON_MS + 7000);
	save_kind(11, 0, RECORD_ERASE, "alice", 0, since);
	while (step(3) > 0)
		;
	assert_string_equal(lines(1), "1 2 3 4 5 6 8 10");
}

static void it_goes_on_after_a_start(void **state)
{
	(void)state;
	int steps = 0;
	talk(1, 200);
	save_kind(201, 0, RECORD_ERASE, "alice", 0, "0");
	save_kind(202, 0, RECORD_ERASE, "bob", 100, "0");
	while (step(2) > 0) {
		store_close(store);
		store = store_in(folder_file(folder, "chat.db"));
		assert_true(store_erases(store));
		steps++;
	}
	assert_true(steps >= 50);
	struct query q = query_of(QUERY_LAST, 1, 500);
	struct rows *rows = store_query(store, &q);
	assert_int_equal(rows->n, 50);
	for (size_t i = 0; i < rows->n; i++)
		assert_true(rows->row[i].id % 2 == 0 && rows->row[i].id <= 100);
	rows_release(rows);
}

/* The writer's thread does it by itself, and the chat log says so. */
static void nobody_waits_for_it(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		append("some words");
	struct record r = record_as(++loop.seq, 0, RECORD_ERASE, "alice", 0, "0");
	r.room_name = "";
	assert_true(writer_append(loop.w, &r));
	until_heard('E', 0);
	assert_int_equal(loop.empty_room, 1);
	until_logged();
	assert_true(stop(1000));
	char log[4096] = "";
	FILE *f = fopen(folder_file(loop.folder, "chat.log"), "r");
	assert_non_null(f);
	assert_true(fread(log, 1, sizeof(log) - 1, f) > 0);
	fclose(f);
	assert_non_null(strstr(log, "[System]: all lines of alice were deleted\n"));
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FILE(all_of_it_goes_and_nothing_of_others),
		WITH_FILE(only_what_was_said_since_it_was_made),
		WITH_FILE(it_goes_on_after_a_start),
		WITH_LOOP(nobody_waits_for_it),
	};
	return cmocka_run_group_tests(tests, group_setup, NULL);
}
