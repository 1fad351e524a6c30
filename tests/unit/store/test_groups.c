/*
 * Groups: the records up to a mark are saved together with its position, or not at all.
 */
#include "writer_help.h"

#include "chatd/store/threads/latest_position.h"

#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define CLUSTER "c0ffee"

static int grouped_setup(void **state)
{
	int rc = loop_setup_as(state, true);
	return rc == 0 && writer_set_cluster(loop.w, CLUSTER) ? 0 : -1;
}

static const char *database(void)
{
	return folder_file(loop.folder, "chat.db");
}

/* "seq N", as after the last record. */
static void mark(void)
{
	char position[64];
	snprintf(position, sizeof position, "seq %" PRIu64, loop.seq);
	assert_true(writer_mark(loop.w, position));
}

static void append_some(uint64_t n)
{
	while (n-- > 0)
		append("x");
}

static uint64_t commits(void)
{
	struct histogram_copy copy;
	uint64_t n = 0;
	histogram_copy(&loop.commits, &copy);
	for (int i = 0; i <= HISTOGRAM_BOUNDS; i++)
		n += copy.count[i];
	return n;
}

/* As somebody sees it who opens the database beside a chatd. */
static struct store_cluster cluster_now(void)
{
	struct store_error err;
	struct store_cluster c;
	struct store *s = store_open_reader(database(), &err);
	if (!s || !store_cluster(s, &c, &err))
		fail_msg("%s", err.text);
	store_close(s);
	return c;
}

static const char *position_now(void)
{
	static struct store_cluster c;
	c = cluster_now();
	return c.position;
}

static uint64_t lines_now(void)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	uint64_t n;
	assert_int_equal(sqlite3_open(database(), &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM messages", -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

/* Another program's rule, of which chatd knows nothing. */
static void rule(const char *sql)
{
	execute_in(database(), sql);
}

/* -- groups ------------------------------------------------------------------------------ */

static void records_wait_for_their_mark(void **state)
{
	(void)state;
	append_some(3);
	mark();
	append_some(2);
	while (loop.stored < 3)
		loop_turn();
	assert_int_equal(loop.stored, 3);
	assert_string_equal(position_now(), "seq 3");
	assert_string_equal(cluster_now().id, CLUSTER);
	mark();
	until_stored();
	assert_string_equal(position_now(), "seq 5");
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 5);
}

static void what_was_not_ended_is_not_saved(void **state)
{
	(void)state;
	append_some(3);
	mark();
	append_some(2);
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 3);
	assert_string_equal(position_now(), "seq 3");
}

/* However many records it has. */
static void a_group_is_one_transaction(void **state)
{
	(void)state;
	append_some(3 * BATCH_RECORDS_MAX + 5);
	mark();
	until_stored();
	assert_int_equal(commits(), 1);
	assert_string_equal(position_now(), "seq 12293");
	/* Each transaction takes two of these before it is full. */
	for (int i = 0; i < 4; i++) {
		append_some(3000);
		mark();
	}
	until_stored();
	assert_int_equal(commits(), 3);
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 3 * BATCH_RECORDS_MAX + 5 + 12000);
}

static void several_groups_are_one_transaction(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		append_some(2);
		mark();
	}
	until_stored();
	assert_int_equal(commits(), 1);
	assert_string_equal(position_now(), "seq 200");
}

/* A group ends exactly where a statement, and where a batch is full. */
static void groups_end_where_a_batch_does(void **state)
{
	static const uint64_t sizes[] = { 1, 127, 128, 129, BATCH_RECORDS_MAX - 1, BATCH_RECORDS_MAX,
	                                  BATCH_RECORDS_MAX + 1, BATCH_RECORDS_MAX - 128 };
	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		uint64_t before = commits();
		append_some(sizes[i]);
		mark();
		append_some(1);
		mark();
		until_stored();
		assert_int_equal(commits() - before, sizes[i] < BATCH_RECORDS_MAX ? 1 : 2);
	}
	uint64_t n = loop.seq;
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), n);
}

/* What cannot be saved with its position is not saved. */
static void records_need_their_position(void **state)
{
	(void)state;
	append_some(1);
	mark();
	until_stored();
	rule("CREATE TRIGGER rule BEFORE INSERT ON meta WHEN new.key = 'position'"
	     " BEGIN SELECT RAISE(ABORT, 'not this'); END");
	append_some(5);
	mark();
	until_heard('F', 0);
	assert_int_equal(lines_now(), 1);
	assert_int_equal(loop.stored, 1);
	rule("DROP TRIGGER rule");
	until_stored();
	assert_string_equal(position_now(), "seq 6");
	assert_int_equal(lines_now(), 6);
}

/* And the other way round. */
static void a_position_needs_its_records(void **state)
{
	(void)state;
	append_some(1);
	mark();
	until_stored();
	rule("CREATE TRIGGER rule BEFORE INSERT ON messages WHEN new.id = 4"
	     " BEGIN SELECT RAISE(ROLLBACK, 'not this'); END");
	append_some(5);
	mark();
	until_heard('F', 0);
	assert_string_equal(position_now(), "seq 1");
	assert_int_equal(lines_now(), 1);
	rule("DROP TRIGGER rule");
	until_stored();
	assert_string_equal(position_now(), "seq 6");
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 6);
}

static void groups_are_kept_while_the_disk_is_full(void **state)
{
	struct rlimit all, none;
	(void)state;
	append_some(1);
	mark();
	until_stored();
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &all);
	none = (struct rlimit){ 0, all.rlim_max };
	setrlimit(RLIMIT_FSIZE, &none);
	append_some(2);
	mark();
	until_heard('F', 0);
	append_some(2);
	mark();
	assert_true(writer_mark(loop.w, "seq 5 and on"));
	append_some(1); /* its group never ends */
	setrlimit(RLIMIT_FSIZE, &all);
	while (loop.stored < 5)
		loop_turn();
	assert_string_equal(position_now(), "seq 5 and on");
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 5);
}

/* Waiting records leave room for one more group, whatever that is. */
static void a_group_that_begins_fits(void **state)
{
	char position[POSITION_BYTES_MAX + 1];
	uint64_t room;
	(void)state;
	memset(position, 'p', POSITION_BYTES_MAX);
	position[POSITION_BYTES_MAX] = '\0';
	while (!writer_pressed(loop.w)) {
		append("x");
		assert_true(writer_mark(loop.w, position));
	}
	room = UNSTORED_MAX / 2 - 1;
	append_some(room);
	assert_true(writer_mark(loop.w, position));
	until_stored();
	assert_string_equal(position_now(), position);
	assert_false(writer_pressed(loop.w));
}

/* As a loop does that appends what was refused once there is room. */
static void a_full_queue_of_groups_empties(void **state)
{
	char body[4001];
	uint64_t refused = 0;
	(void)state;
	memset(body, 'x', 4000);
	body[4000] = '\0';
	for (uint64_t seq = 1; seq <= 6000; seq++) {
		struct record r = line_of(seq, 1, "alice", body);
		while (!writer_append(loop.w, &r)) {
			refused++;
			loop_turn();
		}
		loop.seq = seq;
		if (seq % 3 == 0)
			mark();
	}
	assert_true(refused > 0);
	until_stored();
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 6000);
}

static void the_chat_log_has_all_groups(void **state)
{
	char line[200];
	int n = 0;
	FILE *f;
	(void)state;
	for (int i = 0; i < 10; i++) {
		append_some(3);
		mark();
	}
	until_stored();
	assert_true(stop(1000));
	f = fopen(folder_file(loop.folder, "chat.log"), "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f))
		n++;
	fclose(f);
	assert_int_equal(n, 30);
}

/* -- marks without records ------------------------------------------------------------------- */

static void a_mark_alone_is_saved_by_itself(void **state)
{
	(void)state;
	assert_true(writer_mark(loop.w, "1-0"));
	loop_wake();
	/* Nobody is told; the alarm ends this if it never comes. */
	while (strcmp(position_now(), "1-0") != 0)
		sched_yield();
	assert_string_equal(cluster_now().id, CLUSTER);
	assert_int_equal(commits(), 0);
	append_some(1);
	mark();
	until_stored();
	assert_string_equal(position_now(), "seq 1");
	assert_true(writer_mark(loop.w, "2-0"));
	loop_wake();
	while (strcmp(position_now(), "2-0") != 0)
		sched_yield();
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 1);
}

static void a_mark_alone_is_saved_at_the_end(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++)
		assert_true(writer_mark(loop.w, i % 2 ? "odd" : "even"));
	assert_true(writer_mark(loop.w, "last"));
	assert_true(stop(1000));
	assert_string_equal(position_now(), "last");
}

static void the_newest_mark_counts(void **state)
{
	(void)state;
	append_some(1);
	mark();
	assert_true(writer_mark(loop.w, "alone"));
	until_stored();
	assert_int_equal(commits(), 1);
	assert_string_equal(position_now(), "alone");
	assert_true(writer_mark(loop.w, "before a group"));
	append_some(1);
	mark();
	until_stored();
	assert_string_equal(position_now(), "seq 2");
}

/* It must not be saved with records that come before others of its. */
static void a_mark_alone_waits_for_all_records(void **state)
{
	(void)state;
	append_some(BATCH_RECORDS_MAX);
	mark();
	append_some(1);
	mark();
	assert_true(writer_mark(loop.w, "behind all"));
	rule("CREATE TRIGGER rule BEFORE INSERT ON messages WHEN new.id > 4096"
	     " BEGIN SELECT RAISE(ROLLBACK, 'not this'); END");
	until_heard('F', 0);
	assert_int_equal(lines_now(), BATCH_RECORDS_MAX);
	assert_string_equal(position_now(), "seq 4096");
	rule("DROP TRIGGER rule");
	until_stored();
	assert_int_equal(commits(), 2);
	assert_string_equal(position_now(), "behind all");
}

static void a_mark_has_bounds(void **state)
{
	char long_text[POSITION_BYTES_MAX + 2];
	(void)state;
	memset(long_text, 'p', sizeof long_text);
	long_text[POSITION_BYTES_MAX + 1] = '\0';
	assert_false(writer_mark(loop.w, long_text));
	assert_false(writer_mark(loop.w, ""));
	append_some(1);
	assert_false(writer_mark(loop.w, long_text));
	mark();
	until_stored();
	assert_string_equal(position_now(), "seq 1");
}

/* While nothing else is saved, positions are saved less and less often. */
static void marks_alone_get_rarer(void **state)
{
	struct latest_position l = { .due_ms = 0 };
	int64_t now_ms = 5000, waits[7];
	(void)state;
	assert_false(latest_position_is_new(&l));
	assert_true(latest_position_post(&l, "a", 8));
	assert_true(latest_position_is_new(&l));
	assert_false(latest_position_post(&l, "b", 8)); /* one waking is enough */
	for (int i = 0; i < 7; i++) {
		latest_position_see(&l, now_ms);
		assert_false(latest_position_is_new(&l));
		waits[i] = l.due_ms - now_ms;
		latest_position_see(&l, now_ms + 500);
		assert_int_equal(l.due_ms - now_ms, waits[i]);
		assert_string_equal(latest_position_at(&l, 8), "b");
		latest_position_saved(&l, 8, true);
		assert_int_equal(l.due_ms, 0);
		assert_true(latest_position_post(&l, "b", 8));
	}
	static const int64_t expected[7] = { 1000, 2000, 4000, 8000, 16000, 16000, 16000 };
	assert_memory_equal(waits, expected, sizeof waits);
	/* It is for later records: it stays. */
	assert_null(latest_position_at(&l, 0));
	latest_position_saved(&l, 0, false);
	latest_position_see(&l, now_ms);
	assert_int_equal(l.due_ms - now_ms, 1000);
	assert_string_equal(latest_position_at(&l, 8), "b");
	/* It is for earlier ones: it goes. */
	assert_null(latest_position_at(&l, 16));
	latest_position_saved(&l, 16, false);
	assert_null(latest_position_at(&l, 8));
	latest_position_release(&l);
}

/* -- whose database it is ---------------------------------------------------------------------- */

static void a_database_keeps_its_cluster(void **state)
{
	struct store_error err;
	(void)state;
	assert_false(writer_set_cluster(loop.w, "another"));
	assert_false(writer_set_cluster(loop.w, ""));
	assert_true(writer_set_cluster(loop.w, CLUSTER));
	append_some(1);
	mark();
	assert_true(stop(1000));
	assert_non_null(start(NULL, &err));
	struct store_cluster c;
	assert_true(store_cluster(writer_store(loop.w), &c, &err));
	assert_string_equal(c.id, CLUSTER);
	assert_string_equal(c.position, "seq 1");
	assert_false(writer_set_cluster(loop.w, "another"));
	assert_true(writer_set_cluster(loop.w, CLUSTER));
	/* The numbers go on, and so do the positions. */
	assert_int_equal(store_last_seq(writer_store(loop.w)), 1);
	append_some(1);
	mark();
	until_stored();
	assert_string_equal(position_now(), "seq 2");
}

static void no_id_is_saved_without_a_position(void **state)
{
	(void)state;
	assert_true(stop(1000));
	assert_string_equal(cluster_now().id, "");
}

static void a_writer_without_groups_leaves_it_alone(void **state)
{
	struct store_error err;
	(void)state;
	append_some(1);
	mark();
	assert_true(stop(1000));
	loop.grouped = false;
	assert_null(start(NULL, &err));
	assert_non_null(strstr(err.text, "belongs to a cluster"));
	assert_true(err.lasting);
	assert_string_equal(position_now(), "seq 1");
}

/* -- kill -9 --------------------------------------------------------------------------------------- */

enum {
	KILLS = 12,
	KILL_GROUP = 7,         /* records of each group */
	KILL_PRIME = 31,        /* the n-th is killed after so many times n commits */
};

/* Saves groups until it is killed, and says each time that some are saved. */
static void child_live(int said)
{
	struct store_error err;

	alarm(HANGING_S);
	if (!start(NULL, &err) || !writer_set_cluster(loop.w, CLUSTER))
		_exit(1);
	loop.stored = loop.seq = store_last_seq(writer_store(loop.w));
	writer_loaded(loop.w);
	for (uint64_t group = 1;; group++) {
		uint64_t stored = loop.stored;

		append_some(KILL_GROUP);
		mark();
		if (group % (1 + group / 50 % 8) == 0) /* one to eight in a transaction */
			loop_turn();
		if (loop.stored > stored &&
		    write(said, &loop.stored, sizeof loop.stored) != sizeof loop.stored)
			_exit(0);
	}
}

static void a_group_survives_kill_9_whole(void **state)
{
	uint64_t last = 0;

	(void)state;
	assert_true(stop(1000));
	for (int i = 1; i <= KILLS; i++) {
		uint64_t stored = 0;
		int fds[2], status;
		pid_t child;

		assert_int_equal(pipe(fds), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			close(fds[0]);
			child_live(fds[1]);
		}
		close(fds[1]);
		for (int n = 0; n < 1 + i * KILL_PRIME % 97; n++)
			assert_int_equal(read(fds[0], &stored, sizeof stored), sizeof stored);
		kill(child, SIGKILL);
		close(fds[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));

		struct store *s = store_in(database());
		last = store_last_seq(s);
		store_close(s);
		assert_true(last >= stored);
		assert_int_equal(last % KILL_GROUP, 0);
		assert_int_equal(strtoull(position_now() + 4, NULL, 10), last);
		assert_int_equal(lines_now(), last);
	}
	print_message("# killed %d times over %" PRIu64 " records\n", KILLS, last);
}

int main(void)
{
#define GROUPED(test) cmocka_unit_test_setup_teardown(test, grouped_setup, loop_teardown)
	const struct CMUnitTest tests[] = {
		GROUPED(records_wait_for_their_mark),
		GROUPED(what_was_not_ended_is_not_saved),
		GROUPED(a_group_is_one_transaction),
		GROUPED(several_groups_are_one_transaction),
		GROUPED(groups_end_where_a_batch_does),
		GROUPED(records_need_their_position),
		GROUPED(a_position_needs_its_records),
		GROUPED(groups_are_kept_while_the_disk_is_full),
		GROUPED(a_group_that_begins_fits),
		GROUPED(a_full_queue_of_groups_empties),
		GROUPED(the_chat_log_has_all_groups),
		GROUPED(a_mark_alone_is_saved_by_itself),
		GROUPED(a_mark_alone_is_saved_at_the_end),
		GROUPED(the_newest_mark_counts),
		GROUPED(a_mark_alone_waits_for_all_records),
		GROUPED(a_mark_has_bounds),
		cmocka_unit_test(marks_alone_get_rarer),
		GROUPED(a_database_keeps_its_cluster),
		GROUPED(no_id_is_saved_without_a_position),
		GROUPED(a_writer_without_groups_leaves_it_alone),
		GROUPED(a_group_survives_kill_9_whole),
	};
	return cmocka_run_group_tests_name("groups", tests, group_setup, NULL);
}
