/*
 * The writer's transaction: what is saved together, and what is refused alone.
 */
#include "store_help.h"

#include <signal.h>
#include <sys/resource.h>

static void what_is_not_committed_is_not_there(void **state)
{
	struct folder *f = *state;
	struct store_error err;
	struct rlimit all, none;
	struct store *s = store_in(folder_file(f, "chat.db"));
	save_line(s, 1, 1, "a", "kept");
	struct record r = line_of(2, 2, "a", "not kept");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &all);
	none = (struct rlimit){ 0, all.rlim_max };
	assert_true(store_begin(s, &err));
	assert_true(store_save(s, &r, 1, &err));
	setrlimit(RLIMIT_FSIZE, &none);
	bool ok = store_commit(s, &err);
	setrlimit(RLIMIT_FSIZE, &all);
	assert_false(ok);
	assert_int_equal(store_last_seq(s), 1);
	assert_int_equal(store_last_room(s), 1);
	/* And the same can be tried again. */
	save_line(s, 2, 2, "a", "kept now");
	assert_int_equal(store_last_room(s), 2);
	struct query q = query_of(QUERY_LAST, 2, 10);
	assert_string_equal(ids_of(store_query(s, &q)), "2");
	store_close(s);
}

static void a_record_that_is_refused_is_left_out(void **state)
{
	struct folder *f = *state;
	struct store_error err;
	struct store *s = store_in(folder_file(f, "chat.db"));
	save_lines(s, 1, 1, 3);
	struct record r = line_of(4, 1, "a", "before");
	assert_true(store_begin(s, &err));
	assert_true(store_save(s, &r, 1, &err));
	r.seq = 2; /* taken */
	r.line.body = "never";
	assert_true(store_save(s, &r, 1, &err));
	r.seq = 5;
	r.line.body = "after";
	assert_true(store_save(s, &r, 1, &err));
	r.seq = 3;
	assert_true(store_save(s, &r, 1, &err));
	assert_true(store_commit(s, &err));
	assert_int_equal(store_last_seq(s), 5);
	struct query q = query_of(QUERY_FIRST, 1, 10);
	struct rows *rows = store_query(s, &q);
	assert_int_equal(rows->n, 5);
	assert_string_equal(rows->row[1].body, "line 2");
	rows_release(rows);
	store_close(s);
}

static void nobody_emptied(void *ctx, uint32_t room)
{
	(void)ctx;
	fail_msg("room %u has lines", room);
}

/* Lines that follow one another go to the database in one statement, which a refused
 * one undoes for all of them. */
static void a_refused_record_takes_no_other_with_it(void **state)
{
	struct folder *f = *state;
	struct store_error err;
	struct store *s = store_in(folder_file(f, "chat.db"));
	save_lines(s, 1, 1, 2);
	struct record r[] = {
		line_of(3, 1, "a", "three"), line_of(4, 2, "a", "four"), line_of(2, 1, "a", "taken"),
		line_of(6, 1, "a", "six"), record_as(7, 1, RECORD_TOPIC, "a", 0, "a topic"), line_of(8, 2, "a", "eight"),
		line_of(9, 1, "a", "nine"),
	};
	assert_true(store_begin(s, &err));
	assert_true(store_save(s, r, sizeof(r) / sizeof(r[0]), &err));
	assert_true(store_commit(s, &err));
	assert_int_equal(store_last_seq(s), 9);
	struct query q = query_of(QUERY_FIRST, 1, 10);
	struct rows *rows = store_query(s, &q);
	assert_int_equal(rows->n, 5);
	assert_string_equal(rows->row[1].body, "line 2");
	assert_string_equal(rows->row[2].body, "three");
	assert_string_equal(rows->row[3].body, "six");
	assert_int_equal(rows->row[3].time_ms, r[3].time_ms);
	assert_string_equal(rows->row[4].body, "nine");
	rows_release(rows);
	q.room = 2;
	assert_string_equal(ids_of(store_query(s, &q)), "4 8");
	/* Counts went with the lines: two of five are beyond three. */
	assert_int_equal(store_count(s, 100, &err), 0);
	assert_int_equal(store_prune(s, 0, 3, 10, nobody_emptied, NULL, &err), 2);
	store_close(s);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest all[] = {
		IN_FOLDER(what_is_not_committed_is_not_there),
		IN_FOLDER(a_record_that_is_refused_is_left_out),
		IN_FOLDER(a_refused_record_takes_no_other_with_it),
	};
	return cmocka_run_group_tests_name("save", all, NULL, NULL);
}
