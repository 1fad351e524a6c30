/*
 * The store's threads, as the loop sees them: saving, waking, asking.
 */
#include "writer_help.h"

#include "chatd/store/threads/writer_state.h"

#include <sched.h>
#include <time.h>

/* -- saving --------------------------------------------------------------------- */

static void lines_are_stored_and_said_so(void **state)
{
	(void)state;
	append("one");
	append("two");
	until_stored();
	append("three");
	until_stored();
	assert_int_equal(loop.stored, 3);
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 3);
	assert_false(folder_has(loop.folder, "chat.db-wal"));
}

static void stop_saves_all_that_waits(void **state)
{
	(void)state;
	for (int i = 0; i < 10000; i++)
		append("x");
	assert_true(stop(1000)); /* nobody was woken */
	assert_int_equal(lines_saved(), 10000);
}

static void a_full_queue_says_so_and_empties(void **state)
{
	(void)state;
	char body[8001];
	memset(body, 'x', 8000);
	body[8000] = '\0';
	struct record r = line_of(0, 1, "alice", body);
	assert_false(writer_pressed(loop.w));
	for (r.seq = 1; writer_append(loop.w, &r); r.seq++)
		loop.seq = r.seq;
	assert_true(writer_pressed(loop.w));
	until_stored();
	/* The loop is told nothing after this, so there must be room by now. */
	assert_false(writer_pressed(loop.w));
	append("there is room again");
	until_stored();
	uint64_t n = loop.seq;
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), n);
}

static void the_numbers_go_on_from_the_last_start(void **state)
{
	(void)state;
	struct store_error err;
	assert_int_equal(store_last_seq(writer_store(loop.w)), 0);
	append("one");
	until_stored();
	assert_true(stop(1000));
	assert_non_null(start(NULL, &err));
	assert_int_equal(store_last_seq(writer_store(loop.w)), 1);
	assert_int_equal(store_last_room(writer_store(loop.w)), 1);
}

/* -- waking ----------------------------------------------------------------------- */

/* Many short sleeps on both sides: each lost wake-up would hang. */
static void no_wake_up_is_lost(void **state)
{
	(void)state;
	for (int i = 0; i < 3000; i++) {
		append("ping");
		if (i % 3 == 0)
			ask(QUERY_LAST, "");
		if (i % 5 == 0)
			sched_yield();
		if (i % 3 == 0)
			until_heard('R', loop.heard_n);
		until_stored();
	}
	assert_int_equal(loop.stored, 3000);
}

static void a_stream_of_lines_is_stored(void **state)
{
	(void)state;
	for (int i = 0; i < 60000; i++) {
		struct record r = line_of(loop.seq + 1, 1, "alice", "some words in a line");
		while (!writer_append(loop.w, &r))
			loop_turn();
		loop.seq++;
		if (i % 97 == 0)
			loop_wake();
	}
	until_stored();
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 60000);
}

static void a_thread_is_named_once_until_it_sleeps_again(void **state)
{
	(void)state;
	int fds[WRITER_WAKE_MAX], n = 0;
	struct record r = line_of(0, 1, "", "");
	r.kind = RECORD_ROOM; /* no line: nothing is indexed later, which would wake it */
	assert_int_equal(writer_wake_fds(loop.w, fds), 0);
	for (;;) {
		r.seq = ++loop.seq;
		assert_true(writer_append(loop.w, &r));
		n = writer_wake_fds(loop.w, fds);
		if (n)
			break; /* it slept; where it was awake it finds the record itself */
		until_stored();
	}
	assert_int_equal(n, 1);
	r.seq = ++loop.seq;
	assert_true(writer_append(loop.w, &r));
	int again[WRITER_WAKE_MAX];
	assert_int_equal(writer_wake_fds(loop.w, again), 0);
	uint64_t one = 1;
	assert_int_equal(write(fds[0], &one, sizeof(one)), sizeof(one));
	until_stored();
}

static void the_event_fd_is_written_once_per_sleep(void **state)
{
	(void)state;
	struct store_error err;
	struct pollfd p = { .fd = writer_event_fd(loop.w), .events = POLLIN };
	struct store *other = store_open_reader(folder_file(loop.folder, "chat.db"), &err);
	struct query q = query_of(QUERY_LAST, 1, 1);
	char wanted[16];
	uint64_t count;
	for (int i = 1; i <= 20; i++) {
		append("x");
		loop_wake();
		snprintf(wanted, sizeof(wanted), i == 1 ? "%d" : "%d more", i);
		while (strcmp(ids_of(store_query(other, &q)), wanted) != 0)
			sched_yield();
	}
	store_close(other);
	assert_int_equal(poll(&p, 1, -1), 1);
	assert_int_equal(read(p.fd, &count, sizeof(count)), sizeof(count));
	assert_int_equal(count, 1);
	struct writer_event e;
	while (writer_next(loop.w, &e))
		hear(&e);
	append("after the sleep");
	until_stored();
}

/* -- asking ------------------------------------------------------------------------- */

static void a_query_sees_what_was_appended_before_it(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		size_t from = loop.heard_n;
		char wanted[16];
		append("hello");
		ask(QUERY_LAST, "");
		until_heard('R', from);
		snprintf(wanted, sizeof(wanted), "%d", i + 1);
		assert_non_null(strstr(loop.rows, wanted));
		/* And the loop knows that it is stored before it gets rows that show it. */
		assert_int_equal(loop.stored, loop.seq);
		assert_int_equal(loop.heard[from], 'S');
	}
}

static void a_search_sees_what_was_appended_before_it(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		size_t from = loop.heard_n;
		char body[32], wanted[32];
		snprintf(body, sizeof(body), "word%d", i);
		append(body);
		ask(QUERY_SEARCH, body);
		until_heard('R', from);
		snprintf(wanted, sizeof(wanted), i ? "%d %d*" : "%.0d%d*", i, i + 1);
		assert_string_equal(loop.rows, wanted);
	}
}

/* Asks for what is said next: the answer waits until that is saved. */
static bool ask_ahead(enum query_kind kind)
{
	struct query q = query_of(kind, 1, 5);
	query_set(&q, "", "hello");
	q.after_seq = loop.seq + 1;
	return writer_query(loop.w, &q);
}

static void until_answered(size_t n)
{
	size_t answered = 0;
	while (answered < n) {
		loop_turn();
		answered = 0;
		for (size_t i = 0; i < loop.heard_n; i++)
			answered += loop.heard[i] == 'R';
	}
}

static void no_replay_waits_for_a_search(void **state)
{
	(void)state;
	append("hello");
	until_stored();
	size_t from = loop.heard_n;
	assert_true(ask_ahead(QUERY_SEARCH));
	ask(QUERY_LAST, "");
	until_heard('R', from);
	assert_string_equal(loop.rows, "1");
	append("hello");
	until_answered(2);
	assert_string_equal(loop.rows, "1 2* 1* 2");
}

static void so_many_are_taken_and_no_more(enum query_kind kind, int max)
{
	int taken = 0;
	while (taken <= max && ask_ahead(kind))
		taken++;
	assert_int_equal(taken, max);
	/* Where one kind is full there is still room for the other. */
	assert_true(ask_ahead(kind == QUERY_SEARCH ? QUERY_LAST : QUERY_SEARCH));
	append("hello");
	until_answered((size_t)max + 1);
	size_t from = loop.heard_n;
	assert_true(ask_ahead(kind));
	append("hello");
	until_heard('R', from);
	assert_string_equal(loop.rows, kind == QUERY_SEARCH ? "1 2* 1* 2" : "1 2");
}

static void too_many_searches_are_not_taken(void **state)
{
	(void)state;
	so_many_are_taken_and_no_more(QUERY_SEARCH, SEARCHES_WAITING_MAX);
}

static void too_many_queries_are_not_taken(void **state)
{
	(void)state;
	so_many_are_taken_and_no_more(QUERY_REPLAY, QUERIES_MAX);
}

static void ask_secret(enum query_kind kind, uint32_t slot, const char *key, const char *words)
{
	struct query q = query_of(kind, 0, 0);
	q.conn.slot = slot;
	query_set(&q, key, words);
	q.after_seq = loop.seq + 1; /* which these do not wait for */
	assert_true(writer_query(loop.w, &q));
}

static void passwords_are_hashed_and_checked(void **state)
{
	(void)state;
	size_t from = loop.heard_n;
	char hash[2][512];
	for (uint32_t i = 0; i < 2; i++) {
		ask_secret(QUERY_HASH, i, "", "hunter2");
		until_heard('R', from);
		from = loop.heard_n;
		strcpy(hash[i], loop.hash);
	}
	assert_string_not_equal(hash[0], hash[1]);
	for (uint32_t i = 0; i < 20; i++) /* more than one at a time at each thread */
		ask_secret(QUERY_CHECK, i, hash[i / 2 % 2], i % 4 == 3 ? "hunter1" : "hunter2");
	until_answered(22);
	assert_int_equal(loop.ok, 2 + 15);
}

/* Of all threads. */
static int64_t cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* What waits is many times the work of what runs. */
static void stop_waits_for_no_row_of_hashes(void **state)
{
	(void)state;
	int64_t before_us = cpu_us();
	ask_secret(QUERY_HASH, 0, "", "hunter2");
	until_heard('R', loop.heard_n);
	int64_t one_us = cpu_us() - before_us;
	before_us = cpu_us();
	for (uint32_t i = 0; i < QUERIES_MAX; i++)
		ask_secret(QUERY_HASH, i, "", "hunter2");
	loop_wake();
	assert_true(stop(1000));
	assert_true(cpu_us() - before_us < QUERIES_MAX / 2 * one_us);
}

static void bad_words_are_answered_with_a_sentence(void **state)
{
	(void)state;
	ask(QUERY_SEARCH, "???");
	until_heard('R', 0);
	assert_non_null(strstr(loop.rows, "Nothing to search for"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOOP(lines_are_stored_and_said_so),
		WITH_LOOP(stop_saves_all_that_waits),
		WITH_LOOP(a_full_queue_says_so_and_empties),
		WITH_LOOP(the_numbers_go_on_from_the_last_start),
		WITH_LOOP(no_wake_up_is_lost),
		WITH_LOOP(a_stream_of_lines_is_stored),
		WITH_LOOP(a_thread_is_named_once_until_it_sleeps_again),
		WITH_LOOP(the_event_fd_is_written_once_per_sleep),
		WITH_LOOP(a_query_sees_what_was_appended_before_it),
		WITH_LOOP(a_search_sees_what_was_appended_before_it),
		WITH_LOOP(no_replay_waits_for_a_search),
		WITH_LOOP(too_many_searches_are_not_taken),
		WITH_LOOP(too_many_queries_are_not_taken),
		WITH_LOOP(passwords_are_hashed_and_checked),
		WITH_LOOP(stop_waits_for_no_row_of_hashes),
		WITH_LOOP(bad_words_are_answered_with_a_sentence),
	};
	return cmocka_run_group_tests_name("writer", tests, group_setup, NULL);
}
