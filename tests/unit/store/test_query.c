/*
 * Questions to the history: replay, ranges by id and time, catching up.
 */
#include "store_help.h"

#include "chatd/base/bounds.h"

static struct store *store;

static int store_setup(void **state)
{
	(void)state;
	store = store_in(":memory:");
	return 0;
}

static int store_teardown(void **state)
{
	(void)state;
	store_close(store);
	return 0;
}

static const char *ask(const struct query *q)
{
	return ids_of(store_query(store, q));
}

static void seen(uint64_t seq, uint32_t room, const char *key, uint64_t id)
{
	struct record r = record_as(seq, room, RECORD_SEEN, key, id, "");
	save_all(store, &r, 1);
}

static void the_last_lines_come_oldest_first(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 5);
	save_lines(store, 2, 6, 8);
	save_lines(store, 1, 9, 10);
	struct query q = query_of(QUERY_LAST, 1, 4);
	assert_string_equal(ask(&q), "4 5 9 10 more");
	q.limit = 7;
	assert_string_equal(ask(&q), "1 2 3 4 5 9 10");
	q.room = 3;
	assert_string_equal(ask(&q), "");
	q.room = 2;
	assert_string_equal(ask(&q), "6 7 8");
}

static void ids_bound_a_range_on_both_sides(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 20);
	struct query q = query_of(QUERY_FIRST, 1, 3);
	q.after_id = 5;
	assert_string_equal(ask(&q), "6 7 8 more");
	q.before_id = 9;
	assert_string_equal(ask(&q), "6 7 8");
	q.before_id = 8;
	assert_string_equal(ask(&q), "6 7");
	q.kind = QUERY_LAST;
	q.limit = 1;
	assert_string_equal(ask(&q), "7 more");
	q.after_id = 19;
	q.before_id = UINT64_MAX;
	assert_string_equal(ask(&q), "20");
	q.after_id = UINT64_MAX;
	assert_string_equal(ask(&q), "");
}

static void times_bound_a_range_on_both_sides(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 40);
	save_lines(store, 2, 41, 60);
	struct query q = query_of(QUERY_FIRST, 1, 2);
	q.since_ms = NOON_MS + 10 * 1000; /* line n is said at NOON + n seconds */
	assert_string_equal(ask(&q), "10 11 more");
	q.until_ms = NOON_MS + 12 * 1000;
	assert_string_equal(ask(&q), "10 11");
	q.until_ms = NOON_MS + 11 * 1000 + 1;
	assert_string_equal(ask(&q), "10 11");
	q.until_ms = NOON_MS + 11 * 1000;
	assert_string_equal(ask(&q), "10");
	q.kind = QUERY_LAST;
	q.until_ms = NOON_MS + 30 * 1000;
	assert_string_equal(ask(&q), "28 29 more");
	q.until_ms = INT64_MAX;
	assert_string_equal(ask(&q), "39 40 more");
	q.since_ms = NOON_MS + 40 * 1000;
	assert_string_equal(ask(&q), "40");
	q.since_ms = NOON_MS + 41 * 1000;
	assert_string_equal(ask(&q), "");
	q.since_ms = INT64_MIN;
	q.until_ms = NOON_MS;
	assert_string_equal(ask(&q), "");
}

/* Every range of a history whose clock went back now and then, against a plain filter. */
static void times_find_their_lines_after_the_clock_went_back(void **state)
{
	(void)state;
	enum { LINES = 60 };
	int64_t at[LINES + 1], now = 0;
	for (int i = 1; i <= LINES; i++) {
		now += i == 20 ? -12 : i == 33 ? -7 : i == 34 ? -9 : i * 7 % 3;
		at[i] = now;
		struct record r = line_of((uint64_t)i, 1, "a", "x");
		r.time_ms = NOON_MS + now;
		save_all(store, &r, 1);
	}
	for (int64_t since = -25; since < 60; since += 3) {
		for (int64_t until = since; until < 60; until += 2) {
			char expected[512] = "";
			for (int i = 1; i <= LINES; i++)
				if (at[i] >= since && at[i] < until)
					sprintf(expected + strlen(expected), "%s%d",
					        *expected ? " " : "", i);
			struct query q = query_of(QUERY_FIRST, 1, 100);
			q.since_ms = NOON_MS + since;
			q.until_ms = NOON_MS + until;
			assert_string_equal(ask(&q), expected);
			q.kind = QUERY_LAST;
			assert_string_equal(ask(&q), expected);
		}
	}
}

static void answers_are_bounded_in_bytes(void **state)
{
	(void)state;
	char *body = malloc(BODY_BYTES_MAX + 1);
	memset(body, 'x', BODY_BYTES_MAX);
	body[BODY_BYTES_MAX] = '\0';
	for (uint64_t i = 1; i <= 20; i++)
		save_line(store, i, 1, "a", body);
	size_t fit = ROWS_BYTES_MAX / BODY_BYTES_MAX;
	struct query q = query_of(QUERY_LAST, 1, 20);
	struct rows *rows = store_query(store, &q);
	assert_int_equal(rows->n, fit);
	assert_true(rows->more);
	assert_int_equal(rows->row[fit - 1].id, 20); /* the newest are kept */
	assert_string_equal(rows->row[0].body, body);
	rows_release(rows);
	q.kind = QUERY_FIRST;
	rows = store_query(store, &q);
	assert_int_equal(rows->n, fit);
	assert_true(rows->more);
	assert_int_equal(rows->row[0].id, 1); /* the oldest are */
	rows_release(rows);
	free(body);
}

static void answers_are_bounded_in_rows(void **state)
{
	(void)state;
	save_lines(store, 1, 1, ROWS_MAX + 5);
	struct query q = query_of(QUERY_FIRST, 1, UINT32_MAX);
	struct rows *rows = store_query(store, &q);
	assert_int_equal(rows->n, ROWS_MAX);
	assert_true(rows->more);
	rows_release(rows);
}

/* -- replay and catching up -------------------------------------------------------- */

static void expect_replay(const char *key, uint32_t limit, const char *ids, uint64_t seen_id,
                          uint32_t missed)
{
	struct query q = query_of(QUERY_REPLAY, 1, limit);
	q.replay.key = key;
	struct rows *rows = store_query(store, &q);
	assert_int_equal(rows->replay.seen_id, seen_id);
	assert_int_equal(rows->replay.missed, missed);
	assert_string_equal(ids_of(rows), ids);
}

static void replay_counts_what_was_missed(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 20);
	expect_replay("bob", 3, "18 19 20 more", 0, 0);
	seen(21, 1, "bob", 10);
	expect_replay("bob", 3, "18 19 20 more", 10, 7);
	expect_replay("bob", 10, "11 12 13 14 15 16 17 18 19 20 more", 10, 0);
	expect_replay("bob", 12, "9 10 11 12 13 14 15 16 17 18 19 20 more", 10, 0);
	expect_replay("carol", 3, "18 19 20 more", 0, 0);
	seen(22, 2, "bob", 20); /* another room is another matter */
	expect_replay("bob", 3, "18 19 20 more", 10, 7);
}

static void replay_ends_before_an_id(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 20);
	seen(21, 1, "bob", 5);
	struct query q = query_of(QUERY_REPLAY, 1, 3);
	q.replay.key = "bob";
	q.before_id = 15;
	q.since_ms = q.until_ms = 0; /* times are none of its business */
	struct rows *rows = store_query(store, &q);
	assert_int_equal(rows->replay.missed, 6);
	assert_string_equal(ids_of(rows), "12 13 14 more");
}

static void replay_goes_no_further_back_than_it_may(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 20);
	seen(21, 1, "bob", 5);
	struct query q = query_of(QUERY_REPLAY, 1, 3);
	q.replay.key = "bob";
	q.after_id = 12;
	struct rows *rows = store_query(store, &q);
	assert_int_equal(rows->replay.missed, 5); /* 13 to 17 */
	assert_string_equal(ids_of(rows), "18 19 20 more");
	q.after_id = 18;
	rows = store_query(store, &q);
	assert_int_equal(rows->replay.missed, 0);
	assert_string_equal(ids_of(rows), "19 20");
}

static void missed_lines_are_counted_to_a_thousand(void **state)
{
	(void)state;
	seen(1, 1, "bob", 1);
	save_lines(store, 1, 2, 1500);
	expect_replay("bob", 1, "1500 more", 1, 1000);
}

/* Of what lies before the last line seen those that were not shown are missed too; one's own lines never
 * are, whoever else has that name in another case. */
static void replay_counts_gaps_and_no_own_lines(void **state)
{
	(void)state;
	struct store_error err;
	save_lines(store, 1, 1, 20);
	struct record own = line_of(21, 1, "Bob", "mine");
	struct record mark = record_as(22, 1, RECORD_SEEN, "bob", 12, "2 6 8 10");
	assert_true(store_begin(store, &err));
	assert_true(store_save(store, &mark, 1, &err) && store_save(store, &own, 1, &err));
	assert_true(store_commit(store, &err));
	struct query q = query_of(QUERY_REPLAY, 1, 3);
	query_set(&q, "bob", "bob");
	q.replay.marked_after = 21;
	struct rows *rows = store_query(store, &q);
	assert_int_equal(rows->replay.seen_id, 12);
	assert_int_equal(rows->replay.missed, 3 + 1 + 6); /* 3 to 5, 9, 13 to 18 */
	assert_int_equal(rows->replay.gaps.n, 2);
	assert_true(rows->replay.back);
	assert_string_equal(ids_of(rows), "19 20 21 more");
	/* What the answer shows of a gap is not missed. */
	q.limit = 14;
	rows = store_query(store, &q);
	assert_int_equal(rows->replay.missed, 3);
	assert_string_equal(ids_of(rows), "8 9 10 11 12 13 14 15 16 17 18 19 20 21 more");
	/* Marked before: it is another, or was. */
	q.replay.marked_after = 22;
	q.limit = 1;
	rows = store_query(store, &q);
	assert_false(rows->replay.back);
	assert_int_equal(rows->replay.missed, 3 + 1 + 8);
	rows_release(rows);
}

static uint64_t seen_by(const char *key)
{
	struct query q = query_of(QUERY_REPLAY, 1, 1);
	q.replay.key = key;
	struct rows *rows = store_query(store, &q);
	uint64_t id = rows->replay.seen_id;
	rows_release(rows);
	return id;
}

static void seen_moves_forward_only(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 10);
	assert_int_equal(seen_by("bob"), 0);
	seen(11, 1, "bob", 7);
	assert_int_equal(seen_by("bob"), 7);
	seen(12, 1, "bob", 3);
	assert_int_equal(seen_by("bob"), 7);
	seen(13, 1, "bob", 9);
	assert_int_equal(seen_by("bob"), 9);
}

/* Acts first to last, all at one time, in a share. */
static void acts(uint64_t first, uint64_t last, uint64_t share, int64_t time_ms)
{
	struct store_error err;
	assert_true(store_begin(store, &err));
	for (uint64_t seq = first; seq <= last; seq++) {
		struct record r = record_as(seq, 0, RECORD_AUDIT, share ? "gus" : "ann", share,
		                            "muted bob in ops");
		r.time_ms = time_ms;
		assert_true(store_save(store, &r, 1, &err));
	}
	assert_true(store_commit(store, &err));
}

static const char *ask_acts(const char *share, const char *words, uint32_t limit)
{
	struct query q = query_of(QUERY_AUDIT, 0, limit);
	query_set(&q, share, words);
	return ask(&q);
}

/* However many acts of one account there are: those of others stay, and are read before them. */
static void acts_of_one_share_bury_nothing(void **state)
{
	(void)state;
	acts(1, 2, 0, NOON_MS);
	acts(3, 3, 1000, NOON_MS);
	acts(4, 3 + 2 * AUDIT_EACH_MAX, 2000, NOON_MS);
	uint64_t last = 3 + 2 * AUDIT_EACH_MAX;
	assert_string_equal(ask_acts("0", "", 20), "1 2");
	assert_string_equal(ask_acts("", "ann", 20), "1 2");
	assert_string_equal(ask_acts("1000", "", 20), "3");
	char text[64];
	snprintf(text, sizeof(text), "%d %d more", (int)last - 1, (int)last);
	assert_string_equal(ask_acts("2000", "", 2), text);
	struct query q = query_of(QUERY_AUDIT, 0, ROWS_MAX);
	query_set(&q, "2000", "");
	struct rows *rows = store_query(store, &q);
	assert_int_equal(rows->n, AUDIT_EACH_MAX);
	assert_int_equal(rows->row[0].id, last - AUDIT_EACH_MAX + 1);
	rows_release(rows);
}

static void acts_in_a_share_end_after_a_year(void **state)
{
	(void)state;
	int64_t year_ms = AUDIT_DAYS * INT64_C(86400000);
	acts(1, 1, 0, NOON_MS);
	acts(2, 1 + 2 * AUDIT_END_STEP, 1000, NOON_MS);
	acts(300, 300, 2000, NOON_MS + year_ms);
	assert_string_equal(ask_acts("1000", "", 1), "201 more");
	/* A few with each that comes, of whomever: no step takes long. */
	acts(301, 301, 0, NOON_MS + year_ms + 1);
	assert_string_equal(ask_acts("1000", "", 1), "201 more");
	acts(302, 303, 2000, NOON_MS + year_ms + 1);
	assert_string_equal(ask_acts("1000", "", 1), "");
	assert_string_equal(ask_acts("", "", 9), "1 300 301 302 303");
	/* What is in nobody's share, after five. */
	acts(400, 400, 0, NOON_MS + AUDIT_KEPT_DAYS * INT64_C(86400000));
	assert_string_equal(ask_acts("0", "", 9), "1 301 400");
	acts(401, 401, 0, NOON_MS + AUDIT_KEPT_DAYS * INT64_C(86400000) + 1);
	assert_string_equal(ask_acts("0", "", 9), "301 400 401");
}

static void an_interrupted_query_says_so(void **state)
{
	(void)state;
	struct store_error err;
	struct folder *f;
	assert_int_equal(folder_setup((void **)&f), 0);
	struct store *s = store_in(folder_file(f, "chat.db"));
	save_lines(s, 1, 1, 3000);
	struct store *reader = store_open_reader(folder_file(f, "chat.db"), &err);
	store_interrupt(reader);
	struct query q = query_of(QUERY_LAST, 1, 500);
	assert_string_equal(ids_of(store_query(reader, &q)), "The history took too long to read.");
	store_close(reader);
	store_close(s);
	folder_teardown((void **)&f);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(the_last_lines_come_oldest_first),
		WITH_STORE(ids_bound_a_range_on_both_sides),
		WITH_STORE(times_bound_a_range_on_both_sides),
		WITH_STORE(times_find_their_lines_after_the_clock_went_back),
		WITH_STORE(answers_are_bounded_in_bytes),
		WITH_STORE(answers_are_bounded_in_rows),
		WITH_STORE(replay_counts_what_was_missed),
		WITH_STORE(replay_counts_gaps_and_no_own_lines),
		WITH_STORE(replay_ends_before_an_id),
		WITH_STORE(replay_goes_no_further_back_than_it_may),
		WITH_STORE(missed_lines_are_counted_to_a_thousand),
		WITH_STORE(seen_moves_forward_only),
		WITH_STORE(acts_of_one_share_bury_nothing),
		WITH_STORE(acts_in_a_share_end_after_a_year),
		cmocka_unit_test(an_interrupted_query_says_so),
	};
	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
