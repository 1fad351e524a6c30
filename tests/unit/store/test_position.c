/*
 * A position in the database: saved with the records before it, whatever happens, and in every copy.
 */
#include "store_file.h"

#include "chatd/base/bounds.h"
#include "chatd/store/db/import.h"
#include "chatd/store/db/outside.h"

#include <inttypes.h>
#include <sqlite3.h>

#include "fake_disk.h"

#define CLUSTER "c0ffee"

static const char *database(void)
{
	return folder_file(folder, "chat.db");
}

static struct store_cluster cluster_of(struct store *s)
{
	struct store_cluster c;
	struct store_error err;

	if (!store_cluster(s, &c, &err))
		fail_msg("%s", err.text);
	return c;
}

static bool save_group(struct store *s, const struct record *r, size_t n, const char *position,
                       struct store_error *err)
{
	return store_begin(s, err) && store_save(s, r, n, err) &&
	       store_save_position(s, CLUSTER, position, err) && store_commit(s, err);
}

static void group_saved(struct store *s, const struct record *r, size_t n, const char *position)
{
	struct store_error err;

	if (!save_group(s, r, n, position, &err))
		fail_msg("%s", err.text);
}

/* -- what is saved ------------------------------------------------------------------------- */

static void a_database_is_of_no_cluster_at_first(void **state)
{
	struct store_error err;
	bool is = true;

	(void)state;
	assert_true(store_is_of_cluster(store, &is, &err));
	assert_false(is);
	assert_string_equal(cluster_of(store).id, "");
	assert_string_equal(cluster_of(store).position, "");
}

static void a_position_is_there_after_a_restart(void **state)
{
	struct store_error err;
	struct record r = line_of(1, 1, "alice", "x");
	bool is = false;

	(void)state;
	group_saved(store, &r, 1, "7-0");
	r.seq = 2;
	group_saved(store, &r, 1, "8-1 b=3");
	restart();
	assert_string_equal(cluster_of(store).id, CLUSTER);
	assert_string_equal(cluster_of(store).position, "8-1 b=3");
	assert_true(store_is_of_cluster(store, &is, &err));
	assert_true(is);
	/* And whoever only reads. */
	struct store *reader = store_open_reader(database(), &err);
	assert_non_null(reader);
	assert_string_equal(cluster_of(reader).position, "8-1 b=3");
	store_close(reader);
}

static uint64_t newest_id;
static int64_t newest_ms;

static void see_room(void *ctx, const struct saved_room *r)
{
	(void)ctx;
	if (r->room == 1) {
		newest_id = r->last_id;
		newest_ms = r->last_ms;
	}
}

/* Nodes delete old lines each in its own time, and go on from the same line all the same. */
static void a_room_has_its_newest_line_when_that_is_deleted(void **state)
{
	struct record r = {.seq = 1, .kind = RECORD_ROOM, .room = 1, .room_name = "ops"};
	struct store_error err;

	(void)state;
	group_saved(store, &r, 1, "6-0");
	r = line_of(2, 1, "alice", "x");
	group_saved(store, &r, 1, "7-0");
	r = line_of(3, 1, "alice", "y");
	r.time_ms = 12345;
	group_saved(store, &r, 1, "8-0");
	for (uint64_t id = 3; id >= 2; id--) {
		r = (struct record){.seq = 7 - id, .kind = RECORD_DELETE, .room = 1, .room_name = "ops",
		                    .deletion = {.line_id = id, .by = "alice", .why = ""}};
		group_saved(store, &r, 1, id == 3 ? "9-0" : "9-1");
		restart();
		newest_id = 0;
		assert_true(store_rooms(store, see_room, NULL, &err));
		assert_int_equal(newest_id, 3);
		assert_int_equal(newest_ms, 12345);
	}
}

/* The column is one of numbers; neither a text of digits nor a long one becomes something else. */
static void any_text_is_a_position(void **state)
{
	char longest[POSITION_BYTES_MAX + 1];
	const char *const texts[] = { "007", "1e3", "18446744073709551616", " 5", "ä \xf0\x9f\x98\x80", longest };

	(void)state;
	memset(longest, 'p', POSITION_BYTES_MAX);
	longest[POSITION_BYTES_MAX] = '\0';
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct record r = line_of(i + 1, 1, "alice", "x");

		group_saved(store, &r, 1, texts[i]);
		restart();
		assert_string_equal(cluster_of(store).position, texts[i]);
	}
}

static void what_is_no_position_is_damage(void **state)
{
	static const char *const values[] = { "x''", "x'4100'", "zeroblob(5000)", "''" };
	struct store_error err;
	struct store_cluster c;
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		snprintf(text, sizeof text, "INSERT OR REPLACE INTO meta VALUES('position', %s)", values[i]);
		execute_in(database(), text);
		assert_false(store_cluster(store, &c, &err));
		assert_non_null(strstr(err.text, "damaged"));
	}
}

static void another_cluster_is_refused(void **state)
{
	struct record r = line_of(1, 1, "alice", "x");
	struct store_error err;

	(void)state;
	group_saved(store, &r, 1, "1-0");
	restart();
	r.seq = 2;
	assert_true(store_begin(store, &err));
	assert_true(store_save(store, &r, 1, &err));
	assert_false(store_save_position(store, "other", "9-9", &err));
	assert_string_equal(err.text, "the database belongs to another cluster");
	assert_false(store_move_position(store, "other", "9-9", &err));
	assert_int_equal(store_last_seq(store), 1);
	group_saved(store, &r, 1, "2-0");
	assert_string_equal(cluster_of(store).id, CLUSTER);
	assert_string_equal(cluster_of(store).position, "2-0");
}

static void what_is_rolled_back_has_no_position(void **state)
{
	struct record r = line_of(1, 1, "alice", "x");
	struct store_error err;

	(void)state;
	assert_true(store_begin(store, &err));
	assert_true(store_save(store, &r, 1, &err));
	assert_true(store_save_position(store, CLUSTER, "1-0", &err));
	store_fail(store, &err);
	assert_string_equal(cluster_of(store).id, "");
	assert_string_equal(cluster_of(store).position, "");
	/* The id has to be saved again. */
	group_saved(store, &r, 1, "1-0");
	assert_string_equal(cluster_of(store).id, CLUSTER);
}

/* The last record of a group may leave no trace of its number; the next start must count on from it
 * all the same, as the other nodes do. */
static void numbers_go_on_from_the_position(void **state)
{
	struct record r[2] = { line_of(1, 1, "alice", "x"), record_as(2, 1, RECORD_SEEN, "alice", 1, "") };
	struct store_error err;

	(void)state;
	group_saved(store, r, 2, "1-0");
	/* As after kill -9: a connection that is not closed. */
	execute_in(database(), "SELECT 1");
	struct store *other = store_open_reader(database(), &err);
	assert_non_null(other);
	assert_int_equal(store_last_seq(other), 2);
	store_close(other);
}

static void a_position_moves_by_itself(void **state)
{
	struct record r = line_of(1, 1, "alice", "x");
	struct store_error err;

	(void)state;
	assert_true(store_move_position(store, CLUSTER, "1-0", &err));
	assert_string_equal(cluster_of(store).position, "1-0");
	assert_string_equal(cluster_of(store).id, CLUSTER);
	group_saved(store, &r, 1, "2-0");
	assert_true(store_move_position(store, CLUSTER, "3-0", &err));
	restart();
	assert_string_equal(cluster_of(store).position, "3-0");
	assert_int_equal(store_last_seq(store), 1);
}

/* -- copies ---------------------------------------------------------------------------------- */

static void a_backup_has_the_position_of_its_lines(void **state)
{
	struct query q = { .kind = QUERY_BACKUP, .backup = { "copy.db" } };
	struct store_error err;
	struct record r = line_of(1, 1, "alice", "x");

	(void)state;
	struct store *reader = store_open_reader(database(), &err);
	assert_non_null(reader);
	group_saved(store, &r, 1, "seq 1");
	struct rows *rows = store_query(reader, &q);
	assert_null(rows->error);
	rows_release(rows);
	r.seq = 2;
	group_saved(store, &r, 1, "seq 2");
	store_close(reader);
	struct store *copy = store_in(folder_file(folder, "copy.db"));
	assert_string_equal(cluster_of(copy).id, CLUSTER);
	assert_string_equal(cluster_of(copy).position, "seq 1");
	assert_int_equal(store_last_seq(copy), 1);
	/* It is a database of that cluster, and goes on. */
	group_saved(copy, &r, 1, "seq 2");
	store_close(copy);
}

static void a_database_that_is_rebuilt_keeps_it(void **state)
{
	struct store_error err;
	struct record r = line_of(1, 1, "alice", "x");

	(void)state;
	group_saved(store, &r, 1, "seq 1");
	assert_int_equal(unlink(database()), 0);
	assert_false(store_is_intact(store));
	assert_true(store_rebuild(store, &err));
	assert_string_equal(cluster_of(store).position, "seq 1");
	r.seq = 2;
	group_saved(store, &r, 1, "seq 2");
	restart();
	assert_string_equal(cluster_of(store).id, CLUSTER);
	assert_string_equal(cluster_of(store).position, "seq 2");
	assert_int_equal(store_last_seq(store), 2);
}

static void on_emptied(void *ctx, uint32_t room)
{
	(void)ctx;
	assert_int_equal(room, 1);
}

static void retention_and_the_index_leave_it(void **state)
{
	struct record r = line_of(1, 1, "alice", "some words");
	struct store_error err;

	(void)state;
	group_saved(store, &r, 1, "seq 1");
	r.seq = 2;
	group_saved(store, &r, 1, "seq 2");
	index_all(store);
	while (store_count(store, 1000, &err) > 0)
		;
	assert_int_equal(store_prune(store, NOON_MS * 2, 0, 100, on_emptied, NULL, &err), 2);
	while (store_wipes(store) && store_wipe(store, 100, &err) == WIPE_GOES_ON)
		;
	restart();
	assert_string_equal(cluster_of(store).position, "seq 2");
	assert_int_equal(store_last_seq(store), 2);
}

/* Of lines, nothing; but there is somebody who will bring them. */
static void nothing_is_imported_into_a_node(void **state)
{
	struct import_result result;
	struct store_error err;

	(void)state;
	assert_true(store_move_position(store, CLUSTER, "0-0", &err));
	assert_null(import_begin(store, &result, &err));
	assert_non_null(strstr(err.text, "this database belongs to a cluster"));
	assert_string_equal(cluster_of(store).position, "0-0");
}

/* -- a disk that stops --------------------------------------------------------------------------- */

enum {
	GROUPS = 6,
	GROUP = 5,              /* records of each; the last leaves no trace but its number */
	POINTS_MAX = 5000,
};

static void group_make(uint64_t first, struct record r[GROUP])
{
	for (uint64_t i = 0; i + 1 < GROUP; i++)
		r[i] = line_of(first + i, 1 + (uint32_t)i % 2, "alice", "a line of a group");
	r[GROUP - 1] = record_as(first + GROUP - 1, 1, RECORD_SEEN, "alice", first, "");
}

/* Saves groups until the disk stops, at its operation k, and now and then a position alone; returns
 * how many records were said to be saved. */
static uint64_t groups_live(const char *path, enum disk_end end, uint64_t k)
{
	struct store_error err;
	struct store *s = store_open(path, end == DISK_KILLED ? DURABILITY_COMMIT : DURABILITY_SYNC, &err);
	struct record r[GROUP];
	uint64_t acked = 0, seq = 0;
	char position[64];

	assert_non_null(s);
	disk_stop_at(k, end);
	while (seq < GROUPS * GROUP) {
		group_make(seq + 1, r);
		seq += GROUP;
		snprintf(position, sizeof position, "seq %" PRIu64, seq);
		if (!save_group(s, r, GROUP, position, &err))
			break;
		acked = seq;
		snprintf(position, sizeof position, "seq %" PRIu64 " and on", seq);
		if ((seq / GROUP) % 2 == 0 && !store_move_position(s, CLUSTER, position, &err))
			break;
		if ((seq / GROUP) % 2 == 1)
			store_checkpoint(s);
	}
	store_close(s);
	return acked;
}

/* All groups up to the position, with all of their lines, and nothing behind it. */
static uint64_t groups_check(const char *path)
{
	struct store *s = store_in(path);
	struct store_cluster c = cluster_of(s);
	uint64_t last = store_last_seq(s), lines = 0;

	assert_int_equal(last % GROUP, 0);
	assert_int_equal(c.position[0] ? strtoull(c.position + 4, NULL, 10) : 0, last);
	assert_string_equal(c.id, last > 0 ? CLUSTER : "");
	for (uint32_t room = 1; room <= 2; room++) {
		struct query q = query_of(QUERY_FIRST, room, 100);
		struct rows *rows = store_query(s, &q);

		assert_null(rows->error);
		lines += rows->n;
		rows_release(rows);
	}
	assert_int_equal(lines, last / GROUP * (GROUP - 1));
	store_close(s);
	return last;
}

/* kill -9, or a power cut, amid every operation of the disk. */
static void a_group_is_whole_wherever_it_ends(void **state)
{
	struct folder *f = *state;
	uint64_t points = 0;

	for (int end = DISK_KILLED; end < DISK_ENDS; end++) {
		bool stopped = true;

		for (uint64_t k = 1; stopped && k < POINTS_MAX; k++, points++) {
			static const char *const sides[] = { "-wal", "-shm", "-journal", "" };
			char path[600], side[700];
			uint64_t acked, last;

			snprintf(path, sizeof path, "%s", folder_file(f, "crash.db"));
			for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
				snprintf(side, sizeof side, "%s%s", path, sides[i]);
				unlink(side);
			}
			disk_begin(k);
			acked = groups_live(path, (enum disk_end)end, k);
			stopped = disk_stopped();
			disk_recover();
			last = groups_check(path);
			assert_true(last >= acked);
		}
	}
	print_message("# ended amid %" PRIu64 " operations of the disk\n", points);
	assert_in_range(points, 100, 2 * POINTS_MAX);
}

static void note_room(void *ctx, const struct saved_room *r)
{
	char *to = ctx;

	sprintf(to + strlen(to), "%u %s [%s] %llu;", r->room, r->name, r->topic, (unsigned long long)r->last_id);
}

/* All nodes know a room until an act removes it, so one that has started since knows it too. */
static void rooms_without_lines_come_back_in_a_cluster(void **state)
{
	struct store_error err;
	char text[1000] = "";
	struct record r[] = {line_of(1, 2, "", ""), line_of(2, 3, "", ""), record_as(3, 3, RECORD_TOPIC, "b", 0, "nothing yet")};

	r[0].kind = r[1].kind = RECORD_ROOM;
	(void)state;
	group_saved(store, r, 3, "1-0");
	restart();
	assert_true(store_rooms(store, note_room, text, &err));
	assert_string_equal(text, "2 ops [] 0;3 other [nothing yet] 0;");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_database_is_of_no_cluster_at_first),
		TEST(a_position_is_there_after_a_restart),
		TEST(a_room_has_its_newest_line_when_that_is_deleted),
		TEST(any_text_is_a_position),
		TEST(what_is_no_position_is_damage),
		TEST(another_cluster_is_refused),
		TEST(what_is_rolled_back_has_no_position),
		TEST(numbers_go_on_from_the_position),
		TEST(a_position_moves_by_itself),
		TEST(a_backup_has_the_position_of_its_lines),
		TEST(a_database_that_is_rebuilt_keeps_it),
		TEST(retention_and_the_index_leave_it),
		TEST(nothing_is_imported_into_a_node),
		TEST(rooms_without_lines_come_back_in_a_cluster),
		cmocka_unit_test_setup_teardown(a_group_is_whole_wherever_it_ends, folder_setup,
		                                folder_teardown),
	};

	disk_install();
	return cmocka_run_group_tests_name("cluster", tests, NULL, NULL);
}
