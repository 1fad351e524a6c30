/*
 * What is deleted leaves the database and its WAL.
 */
#include "store_help.h"

#include <sqlite3.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/store/db/index_parts.h"
#include "chatd/store/db/state.h"

static struct folder *folder;
static struct store *store;
static uint64_t seq;

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

static void say(const char *body)
{
	save_line(store, ++seq, 1, "alice", body);
	index_all(store);
}

static bool file_has(const char *name, const char *word)
{
	struct bytes b = { 0 };
	FILE *f = fopen(folder_file(folder, name), "rb");
	char buffer[4096];
	bool has;
	for (size_t n; f && (n = fread(buffer, 1, sizeof(buffer), f)) > 0; )
		bytes_append(&b, buffer, n);
	if (f)
		fclose(f);
	has = b.len > 0 && memmem(b.data, b.len, word, strlen(word)) != NULL;
	bytes_release(&b);
	return has;
}

/* In the tail of what a word of the index shares with the one before it, too. */
static bool is_there(const char *word)
{
	return file_has("chat.db", word) || file_has("chat.db-wal", word);
}

static void delete_line(uint64_t id)
{
	struct record r = record_as(++seq, 1, RECORD_DELETE, "", id, "");
	save_all(store, &r, 1);
}

static enum wipe_step wipe(void)
{
	struct store_error err = { .text = "" };
	enum wipe_step step = WIPE_GOES_ON;
	for (int i = 0; i < 10000 && step == WIPE_GOES_ON; i++)
		step = store_wipe(store, 4, &err);
	assert_string_equal(err.text, "");
	return step;
}

static void much_is_said(void)
{
	char line[80];
	for (int i = 0; i < 300; i++) {
		snprintf(line, sizeof(line), "word%d other%d and some more of %d", i * 7919 % 1000, i, i / 3);
		say(line);
	}
}

static void a_deleted_line_leaves_the_file(void **state)
{
	(void)state;
	much_is_said();
	say("the zyzzyva eats");
	uint64_t id = seq;
	much_is_said();
	assert_true(is_there("zyzzyva"));
	assert_false(store_wipes(store));
	delete_line(id);
	assert_true(store_wipes(store));
	/* Without more it stays for long. */
	assert_true(is_there("zyzzyva"));
	assert_int_equal(wipe(), WIPE_DONE);
	assert_false(store_wipes(store));
	assert_false(is_there("zyzzyva"));
	assert_true(is_there("word"));
}

static void it_goes_on_after_a_restart(void **state)
{
	(void)state;
	say("the zyzzyva eats");
	uint64_t id = seq;
	much_is_said();
	delete_line(id);
	assert_int_equal(store_wipe(store, 1, &(struct store_error){ .text = "" }), WIPE_GOES_ON);
	store_close(store);
	store = store_in(folder_file(folder, "chat.db"));
	assert_true(store_wipes(store));
	assert_int_equal(wipe(), WIPE_DONE);
	assert_false(is_there("zyzzyva"));
	store_close(store);
	store = store_in(folder_file(folder, "chat.db"));
	assert_false(store_wipes(store));
}

/* Whoever goes on deleting does not keep in the file what others have deleted. */
static void it_comes_to_its_end_while_more_is_deleted(void **state)
{
	struct store_error err = { .text = "" };
	enum wipe_step step = WIPE_GOES_ON;
	(void)state;
	say("the zyzzyva eats");
	uint64_t id = seq;
	much_is_said();
	delete_line(id);
	for (uint64_t i = id + 1; i < id + 300 && step == WIPE_GOES_ON; i++) {
		step = store_wipe(store, 4, &err);
		if (step == WIPE_GOES_ON)
			delete_line(i);
	}
	assert_int_equal(step, WIPE_DONE);
	assert_false(is_there("zyzzyva"));
	/* The rest is another pass. */
	assert_true(store_wipes(store));
	assert_int_equal(wipe(), WIPE_DONE);
	assert_false(store_wipes(store));
}

/* One part or several, and fewer than are merged usually. */
static void what_is_said_meanwhile_does_not_end_it_too_early(void **state)
{
	struct store_error err = { .text = "" };
	(void)state;
	store_pause_merging(store, true); /* otherwise what is said merges this small index as well */
	for (int more = 0; more < 10; more++) {
		char line[80];
		for (int i = 0; i < 600; i++) {
			snprintf(line, sizeof(line), "word%d other%d", i, i * 7919);
			save_line(store, ++seq, 1, "alice", i == 20 ? "the zyzzyva eats" : line);
		}
		uint64_t id = seq - 579;
		assert_int_equal(store_index(store, 1000, 0, &err), 600);
		delete_line(id);
		assert_int_equal(store_wipe(store, 1, &err), WIPE_GOES_ON);
		for (int i = 0; i < more; i++)
			say("meanwhile");
		assert_int_equal(wipe(), WIPE_DONE);
		assert_false(is_there("zyzzyva"));
		delete_line(seq); /* and one part again */
		assert_int_equal(wipe(), WIPE_DONE);
	}
	assert_int_equal(number_in(folder_file(folder, "chat.db"), "SELECT v FROM search_config WHERE k = 'usermerge'"), 8);
}

static int64_t level_bytes(void)
{
	return number_in(folder_file(folder, "chat.db"), "SELECT length(block) FROM search_data WHERE id = 10");
}

/* FTS5 takes an index of more than 2,000 levels for a damaged one. */
static void it_can_be_done_any_number_of_times(void **state)
{
	enum { TIMES = 100, BYTES = 60 };
	(void)state;
	much_is_said();
	uint64_t last = seq;
	for (int i = 0; i < TIMES; i++) {
		delete_line(last - (uint64_t)i);
		assert_int_equal(wipe(), WIPE_DONE);
		assert_in_range(level_bytes(), 1, BYTES);
	}
	/* And if others are said. */
	for (int i = 0; i < TIMES; i++) {
		say("the zyzzyva eats");
		say("and so on");
		delete_line(seq - 1);
		assert_int_equal(wipe(), WIPE_DONE);
		assert_in_range(level_bytes(), 1, BYTES);
	}
}

/* Two parts after each step, for which FTS5 always has something to merge. */
static void wipe_amid_talk(void)
{
	enum { STEPS = 100 };
	struct store_error err = { .text = "" };
	enum wipe_step step = WIPE_GOES_ON;
	store_pause_merging(store, true);
	for (int i = 0; i < STEPS && step == WIPE_GOES_ON; i++) {
		step = store_wipe(store, 4, &err);
		if (step == WIPE_GOES_ON) {
			say("meanwhile");
			say("and so on");
		}
	}
	assert_int_equal(step, WIPE_DONE);
	assert_false(is_there("zyzzyva"));
}

static void it_comes_to_its_end_amid_talk(void **state)
{
	(void)state;
	much_is_said();
	say("the zyzzyva eats");
	delete_line(seq);
	wipe_amid_talk();
}

/* The index has no level yet. */
static void so_it_does_with_an_empty_index(void **state)
{
	(void)state;
	save_line(store, ++seq, 1, "alice", "the zyzzyva eats");
	delete_line(seq);
	wipe_amid_talk();
}

static int refuse(void *ctx)
{
	(void)ctx;
	return 1;
}

/* Each step once in vain, as on a full disk. */
static void a_step_that_is_undone_is_done_again(void **state)
{
	struct store_error err = { .text = "" };
	enum wipe_step step = WIPE_GOES_ON;
	(void)state;
	much_is_said();
	say("the zyzzyva eats");
	delete_line(seq);
	while (step == WIPE_GOES_ON) {
		sqlite3_commit_hook(store->db.sqlite, refuse, NULL);
		assert_int_equal(store_wipe(store, 1, &err), WIPE_FAILS);
		sqlite3_commit_hook(store->db.sqlite, NULL, NULL);
		step = store_wipe(store, 1, &err);
	}
	assert_int_equal(step, WIPE_DONE);
	assert_false(is_there("zyzzyva"));
}

static uint32_t random_state = 1;

static int random_below(int n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (int)((random_state >> 8) % (uint32_t)n);
}

/* Some lines, indexed in steps of their own or together. */
static void some_is_said(int most)
{
	struct store_error err;
	char line[80];
	for (int i = random_below(most + 1); i > 0; i--) {
		snprintf(line, sizeof(line), "again%d word%d", random_below(100), random_below(100000));
		save_line(store, ++seq, 1, "alice", line);
		if (random_below(3) == 0)
			assert_true(store_index(store, 1 + random_below(50), 0, &err) >= 0);
	}
	index_all(store);
}

/* Talk, steps and deletions in any order: what was deleted before a pass is gone after it. */
static void nothing_is_left_in_whatever_order(void **state)
{
	enum { TIMES = 60 };
	struct store_error err = { .text = "" };
	enum wipe_step step;
	(void)state;
	for (int i = 0; i < TIMES; i++) {
		some_is_said(60);
		say("the zyzzyva eats");
		uint64_t id = seq;
		some_is_said(10);
		delete_line(id);
		store_pause_merging(store, random_below(2) == 0);
		for (int k = 0; (step = store_wipe(store, 1 + random_below(3), &err)) == WIPE_GOES_ON; k++) {
			assert_in_range(k, 0, 1000);
			some_is_said(random_below(4));
			if (random_below(4) == 0)
				delete_line(1 + (uint64_t)random_below((int)id));
		}
		assert_int_equal(step, WIPE_DONE);
		assert_false(is_there("zyzzyva"));
	}
	assert_in_range(level_bytes(), 1, 200);
}

static void nobody_emptied(void *ctx, uint32_t room)
{
	(void)ctx;
	(void)room;
}

/* What goes because of its age is wiped later, also if chatd is killed before. */
static void old_lines_leave_the_file(void **state)
{
	struct store_error err = { .text = "" };
	(void)state;
	say("the zyzzyva eats");
	much_is_said();
	assert_int_equal(store_prune(store, INT64_MIN, 0, 10, nobody_emptied, NULL, &err), 0);
	while (store_count(store, 1000, &err) > 0)
		;
	assert_true(store_prune(store, INT64_MIN, 250, 100, nobody_emptied, NULL, &err) > 0);
	assert_false(store_wipes(store));
	store_close(store);
	store = store_in(folder_file(folder, "chat.db"));
	assert_true(store_wipes(store));
	assert_int_equal(wipe(), WIPE_DONE);
	assert_false(is_there("zyzzyva"));
}

static void lines_pruned_meanwhile_are_noted(void **state)
{
	struct store_error err = { .text = "" };
	(void)state;
	say("the zyzzyva eats");
	much_is_said();
	while (store_count(store, 1000, &err) > 0)
		;
	delete_line(seq / 2);
	assert_int_equal(store_wipe(store, 1, &err), WIPE_GOES_ON);
	assert_true(store_prune(store, INT64_MIN, 250, 100, nobody_emptied, NULL, &err) > 0);
	assert_int_equal(wipe(), WIPE_DONE);
	assert_false(store_wipes(store)); /* only once it is wanted, or after a restart */
	store_close(store);
	store = store_in(folder_file(folder, "chat.db"));
	assert_true(store_wipes(store));
	assert_int_equal(wipe(), WIPE_DONE);
	assert_false(is_there("zyzzyva"));
	store_close(store);
	store = store_in(folder_file(folder, "chat.db"));
	assert_false(store_wipes(store));
}

static void whoever_reads_is_waited_for(void **state)
{
	sqlite3 *db;
	(void)state;
	say("the zyzzyva eats");
	delete_line(seq);
	assert_int_equal(sqlite3_open(folder_file(folder, "chat.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT * FROM messages", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(wipe(), WIPE_WAITS);
	assert_true(store_wipes(store));
	sqlite3_close(db);
	assert_int_equal(wipe(), WIPE_DONE);
	assert_false(is_there("zyzzyva"));
}

static void a_removed_room_leaves_the_file(void **state)
{
	struct record r;
	struct store_error err;
	(void)state;
	much_is_said();
	save_line(store, ++seq, 2, "alice", "the zyzzyva eats");
	index_all(store);
	r = line_of(++seq, 2, "", "");
	r.kind = RECORD_REMOVE;
	save_all(store, &r, 1);
	while (store_remove(store, 10, &err) > 0)
		;
	assert_int_equal(wipe(), WIPE_DONE);
	assert_false(is_there("zyzzyva"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_deleted_line_leaves_the_file),
		TEST(it_goes_on_after_a_restart),
		TEST(it_comes_to_its_end_while_more_is_deleted),
		TEST(what_is_said_meanwhile_does_not_end_it_too_early),
		TEST(it_can_be_done_any_number_of_times),
		TEST(it_comes_to_its_end_amid_talk),
		TEST(so_it_does_with_an_empty_index),
		TEST(a_step_that_is_undone_is_done_again),
		TEST(nothing_is_left_in_whatever_order),
		TEST(lines_pruned_meanwhile_are_noted),
		TEST(old_lines_leave_the_file),
		TEST(whoever_reads_is_waited_for),
		TEST(a_removed_room_leaves_the_file),
	};
	return cmocka_run_group_tests_name("wipe", tests, NULL, NULL);
}
