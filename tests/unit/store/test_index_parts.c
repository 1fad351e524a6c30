/*
 * The full-text index stays one of few parts and few levels.
 */
#include "store_help.h"

#include "chatd/store/db/index_parts.h"
#include "chatd/store/db/state.h"

static struct folder *folder;
static struct store *store;

static int store_setup(void **state)
{
	int rc = folder_setup(state);
	folder = *state;
	store = rc ? NULL : store_in(folder_file(folder, "chat.db"));
	return rc;
}

static int store_teardown(void **state)
{
	store_close(store);
	return folder_teardown(state);
}

static int64_t parts(void)
{
	return parts_in(folder_file(folder, "chat.db"));
}

static const char *find(const char *words)
{
	struct query q = query_of(QUERY_SEARCH, 1, 3);
	query_set(&q, "", words);
	return ids_of(store_query(store, &q));
}

static void none_emptied(void *ctx, uint32_t room)
{
	(void)ctx;
	fail_msg("room %u is empty", room);
}

/* Up to eight on each of three levels. */
enum { PARTS = 24 };

/* Whatever adds or removes lines in small pieces. */
static void parts_are_merged(void **state)
{
	(void)state;
	enum { LINES = 200 };
	struct store_error err;
	save_lines(store, 1, 1, LINES);
	while (store_index(store, 1, 0, &err) == 1)
		assert_in_range(parts(), 1, PARTS);
	assert_int_equal(store_indexed(store), LINES);
	assert_int_equal(store_count(store, LINES, &err), 0);
	for (int i = 0; i < LINES / 2; i++) {
		assert_int_equal(store_prune(store, INT64_MIN, LINES / 2, 1, none_emptied, NULL, &err), 1);
		assert_in_range(parts(), 1, PARTS);
	}
	assert_string_equal(find("199"), "198 199* 200");
}

/* Lines of many words, none of which was said before, fill pages where others fill a part of one. */
static void parts_of_long_lines_too(void **state)
{
	(void)state;
	enum { STEPS = 60, LINES = 60, WORDS = 150 };
	struct store_error err;
	char body[WORDS * 7 + 1];
	uint64_t seq = 0;
	for (int i = 0; i < STEPS; i++) {
		for (int k = 0; k < LINES; k++) {
			for (int w = 0; w < WORDS; w++)
				snprintf(body + w * 7, 8, "%06x ", (unsigned)((seq * WORDS + (uint64_t)w) * 2654435761u) & 0xffffff);
			save_line(store, ++seq, 1, "alice", body);
		}
		assert_int_equal(store_index(store, LINES, 0, &err), LINES);
		assert_in_range(parts(), 1, PARTS);
	}
}

/* Each of 60 rooms loses its oldest line in one transaction, in which FTS5 ends a part where numbers fall. */
static void lines_of_many_rooms_go_in_few_parts(void **state)
{
	(void)state;
	enum { ROOMS = 60, LINES = 4 };
	struct store_error err;
	uint64_t seq = 0;
	for (int i = 0; i < LINES; i++)
		for (uint32_t room = 1; room <= ROOMS; room++)
			save_line(store, ++seq, ROOMS + 1 - room, "alice", "said in one of many rooms");
	index_all(store);
	while (store_count(store, 1000, &err) > 0)
		;
	store_pause_merging(store, true);
	int64_t before = parts();
	assert_int_equal(store_prune(store, INT64_MIN, LINES - 1, ROOMS, none_emptied, NULL, &err), ROOMS);
	assert_in_range(parts(), 1, before + 1);
}

static void rooms_are_removed_in_few_parts(void **state)
{
	(void)state;
	enum { ROOMS = 60, LINES = 4 };
	struct store_error err;
	uint64_t seq = 0;
	for (int i = 0; i < LINES; i++)
		for (uint32_t room = 1; room <= ROOMS; room++)
			save_line(store, ++seq, room, "alice", "said in one of many rooms");
	index_all(store);
	for (uint32_t room = 1; room <= ROOMS; room++) {
		struct record r = line_of(++seq, room, "", "");
		r.kind = RECORD_REMOVE;
		save_all(store, &r, 1);
	}
	store_pause_merging(store, true);
	int64_t before = parts();
	assert_int_equal(store_remove(store, ROOMS * LINES, &err), ROOMS * LINES);
	assert_in_range(parts(), 1, before + 1);
}

/* The rest of what is due is merged in later transactions. */
static void a_step_merges_so_much_and_no_more(void **state)
{
	(void)state;
	enum { WORDS = 1000000, MOST = 200 * 24 };
	struct store_error err;
	save_lines(store, 1, 1, 10);
	assert_int_equal(store->db.words, 0);
	store->db.words = WORDS;
	assert_int_equal(store_index(store, 10, 0, &err), 10);
	assert_in_range(store->db.words, WORDS - MOST, WORDS);
	uint32_t steps = 0;
	for (; store->db.words > 0; steps++) {
		save_line(store, 11 + steps, 1, "alice", "more");
		assert_int_equal(store_index(store, 1, 0, &err), 1);
	}
	assert_in_range(steps, WORDS / MOST, WORDS / MOST * 3);
}

static int64_t level_bytes(void)
{
	return number_in(folder_file(folder, "chat.db"), "SELECT length(block) FROM search_data WHERE id = 10");
}

/* Many wipes of a chatd that did not remove them have left it like this. Above 2,000 FTS5 reads no more. */
static void empty_levels_are_removed_at_the_start(void **state)
{
	struct store_error err;
	(void)state;
	save_lines(store, 1, 1, 100);
	while (store_index(store, 10, 0, &err) > 0) /* so many parts that there is a second level */
		;
	assert_string_equal(find("50"), "49 50* 51");
	int64_t before = level_bytes();
	store_close(store);
	store = NULL;
	/* Of 2 levels 2,102: 2,100 empty ones of two bytes each before them. */
	execute_in(folder_file(folder, "chat.db"),
	           "PRAGMA user_version = 12; UPDATE search_data SET block = CAST(substr(block, 1, 4) || x'9036' || substr(block, 6, 2) ||"
	           " zeroblob(4200) || substr(block, 8) AS BLOB) WHERE id = 10 AND hex(substr(block, 5, 1)) = '02'");
	assert_int_equal(level_bytes(), before + 4201);
	store = store_in(folder_file(folder, "chat.db"));
	assert_in_range(level_bytes(), 1, before);
	assert_string_equal(find("50"), "49 50* 51");
	save_line(store, 101, 1, "alice", "101");
	index_all(store);
	assert_string_equal(find("101"), "100 101*");
}

/* What is not understood is left as it is. */
static void levels_of_another_kind_are_left(void **state)
{
	static const char *const records[] = {
		"x'00000000' || x'ff000001' || zeroblob(500)",          /* of tables that chatd does not make */
		"x'00000000' || x'9036' || x'0101' || zeroblob(300)",   /* fewer than it says */
		"x'00000000' || x'8148' || x'0101' || x'0100' || zeroblob(398)", /* nothing to merge */
		"x'00000000' || x'8148' || x'0101' || x'00ffffffffffffffff7f' || zeroblob(390)",
		"x'00000000'",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		char sql[200];
		snprintf(sql, sizeof(sql), "UPDATE search_data SET block = CAST(%s AS BLOB) WHERE id = 10", records[i]);
		store_close(store);
		store = NULL;
		execute_in(folder_file(folder, "chat.db"), sql);
		int64_t bytes = level_bytes();
		store = store_in(folder_file(folder, "chat.db"));
		assert_int_equal(level_bytes(), bytes);
	}
}

/* Lines can still be saved. */
static void a_damaged_index_does_not_keep_the_chat_from_starting(void **state)
{
	const char *path = folder_file(folder, "chat.db");
	char damage[100];
	(void)state;
	save_lines(store, 1, 1, 100);
	index_all(store);
	store_close(store);
	store = NULL;
	int64_t root = number_in(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'search_data'");
	FILE *f = fopen(path, "r+b");
	memset(damage, 0xff, sizeof(damage));
	assert_non_null(f);
	assert_int_equal(fseek(f, (long)(root - 1) * 4096, SEEK_SET), 0);
	assert_int_equal(fwrite(damage, sizeof(damage), 1, f), 1);
	fclose(f);
	store = store_in(path);
	save_line(store, 101, 1, "alice", "and so on");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parts_are_merged),
		TEST(parts_of_long_lines_too),
		TEST(lines_of_many_rooms_go_in_few_parts),
		TEST(rooms_are_removed_in_few_parts),
		TEST(a_step_merges_so_much_and_no_more),
		TEST(empty_levels_are_removed_at_the_start),
		TEST(levels_of_another_kind_are_left),
		TEST(a_damaged_index_does_not_keep_the_chat_from_starting),
	};
	return cmocka_run_group_tests_name("index_parts", tests, NULL, NULL);
}
