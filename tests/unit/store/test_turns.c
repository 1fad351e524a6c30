/*
 * Whose turn it is: a share that asks much holds up each other one by one question, and
 * takes no more than its seats.
 */
#include "writer_help.h"

#include "chatd/base/bytes.h"
#include "chatd/store/threads/turns.h"
#include "chatd/store/threads/writer_state.h"

#include <sched.h>

/* -- the queues by share ---------------------------------------------------------- */

/* Posts a question of that share, known by its number. */
static void post(struct turns *t, uint64_t share, uint64_t number)
{
	struct query q = query_of(QUERY_SEARCH, 1, 1);

	q.share = share;
	q.number = number;
	query_set(&q, "a key", "some words");
	turns_post(t, request_new(&q));
}

/* The numbers of the next n, in the order in which they are served. */
static const char *served(struct turns *t, int n)
{
	static char text[256];
	size_t len = 0;

	text[0] = '\0';
	for (int i = 0; i < n; i++) {
		struct request *a = turns_take(t);
		assert_non_null(a);
		assert_string_equal(query_key(&a->query), "a key");
		assert_string_equal(query_text(&a->query), "some words");
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%lu", i ? " " : "",
		                        (unsigned long)a->query.number);
		request_free(a);
	}
	return text;
}

static void shares_are_served_in_turn_and_each_in_order(void **state)
{
	struct turns t;

	(void)state;
	turns_init(&t);
	assert_false(turns_ready(&t));
	assert_null(turns_take(&t));
	for (uint64_t i = 1; i <= 4; i++)
		post(&t, 7, 70 + i);
	post(&t, 8, 81);
	post(&t, 9, 91);
	post(&t, 8, 82);
	assert_true(turns_ready(&t));
	assert_string_equal(served(&t, 7), "71 81 91 72 82 73 74");
	assert_false(turns_ready(&t));
	assert_null(turns_take(&t));
	turns_release(&t);
}

static void a_new_share_waits_for_one_question_of_each(void **state)
{
	struct turns t;

	(void)state;
	turns_init(&t);
	for (uint64_t i = 1; i <= 9; i++)
		post(&t, 7, 70 + i);
	for (uint64_t i = 1; i <= 9; i++)
		post(&t, 8, 80 + i);
	assert_string_equal(served(&t, 3), "71 81 72");
	post(&t, 9, 91);
	assert_string_equal(served(&t, 3), "82 73 91");
	post(&t, 9, 92); /* that it was served just now gives it no better place */
	assert_string_equal(served(&t, 3), "83 74 92");
	turns_release(&t); /* and frees those that wait */
}

static void the_servers_own_are_a_share_as_well(void **state)
{
	struct turns t;

	(void)state;
	turns_init(&t);
	for (uint64_t i = 1; i <= 3; i++)
		post(&t, 0, i);
	post(&t, 5, 51);
	assert_string_equal(served(&t, 4), "1 51 2 3");
	turns_release(&t);
}

/* -- the seats ------------------------------------------------------------------------ */

static void a_share_has_so_many_seats(void **state)
{
	struct seats s = { .max = 20, .share_max = 3 };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(seats_take(&s, 7));
	assert_false(seats_take(&s, 7));
	assert_true(seats_take(&s, 8));
	seats_give_back(&s, 7);
	assert_true(seats_take(&s, 7));
	assert_false(seats_take(&s, 7));
	seats_release(&s);
}

/* The passwords of one address leave seats for those of others, in as many as there are connections. */
static void passwords_of_one_address_leave_seats(void **state)
{
	struct seats s = { .max = CONNECTIONS_DEFAULT, .share_max = SECRETS_SHARE_MAX };

	(void)state;
	for (int i = 0; i < SECRETS_SHARE_MAX; i++)
		assert_true(seats_take(&s, 7));
	assert_false(seats_take(&s, 7));
	assert_true(seats_take(&s, 8));
	seats_give_back(&s, 7);
	assert_true(seats_take(&s, 7));
	seats_release(&s);
}

static void a_few_shares_do_not_take_all_seats(void **state)
{
	struct seats s = { .max = 20, .share_max = 8 };

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_true(seats_take(&s, 7));
	for (int i = 0; i < 2; i++)
		assert_true(seats_take(&s, 8));
	assert_false(seats_take(&s, 8)); /* half are taken */
	for (uint64_t share = 10; share < 20; share++) {
		assert_true(seats_take(&s, share));
		assert_false(seats_take(&s, share));
	}
	assert_false(seats_take(&s, 30)); /* and now all are */
	assert_false(seats_take(&s, 0));
	for (uint64_t share = 10; share < 20; share++)
		seats_give_back(&s, share);
	seats_give_back(&s, 7);
	assert_true(seats_take(&s, 8));
	seats_release(&s);
}

static void the_servers_own_have_all_seats(void **state)
{
	struct seats s = { .max = 20, .share_max = 3 };

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_true(seats_take(&s, 0));
	assert_false(seats_take(&s, 0));
	for (int i = 0; i < 20; i++)
		seats_give_back(&s, 0);
	assert_int_equal(s.taken, 0);
	seats_release(&s);
}

/* -- over the threads ------------------------------------------------------------------ */

static bool asks(enum query_kind kind, const char *words, uint64_t share, uint64_t number)
{
	struct query q = query_of(kind, 1, 5);

	query_set(&q, kind == QUERY_CHECK ? "*" : "", words);
	q.share = share;
	q.number = number;
	q.after_seq = loop.seq;
	return writer_query(loop.w, &q);
}

/* Takes n answers and returns of which questions, in order. */
static const char *answered(int n)
{
	static char text[512];
	size_t len = 0;
	struct writer_event e;

	text[0] = '\0';
	for (int i = 0; i < n; ) {
		struct pollfd p = { .fd = writer_event_fd(loop.w), .events = POLLIN };
		uint64_t count;
		loop_wake();
		assert_int_equal(poll(&p, 1, -1), 1);
		assert_int_equal(read(p.fd, &count, sizeof(count)), sizeof(count));
		while (writer_next(loop.w, &e)) {
			if (e.kind == WRITER_ROWS)
				len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%lu",
				                        i++ ? " " : "", (unsigned long)e.rows->number);
			writer_event_release(&e);
		}
	}
	return text;
}

static void another_share_is_served_next(void **state)
{
	(void)state;
	append("hello");
	until_stored();
	/* Nobody is woken before all of them wait. */
	for (uint64_t i = 1; i <= 4; i++)
		assert_true(asks(QUERY_SEARCH, "hello", 7, 70 + i));
	assert_false(asks(QUERY_SEARCH, "hello", 7, 75));
	assert_true(asks(QUERY_SEARCH, "hello", 8, 81));
	assert_string_equal(answered(5), "71 81 72 73 74");
	assert_true(asks(QUERY_SEARCH, "hello", 7, 76)); /* the seats are free again */
	assert_string_equal(answered(1), "76");
}

static void what_is_too_much_is_refused_at_once(void **state)
{
	(void)state;
	int taken = 0;

	for (uint64_t i = 1; i <= 900; i++)
		taken += asks(QUERY_CHECK, "a password", 7, i);
	assert_int_equal(taken, QUERIES_MAX / 2);
	assert_true(asks(QUERY_CHECK, "a password", 8, 1000));
	assert_true(asks(QUERY_HASH, "a password", 0, 1001));
	/* Two threads take from one row: it is the second or third that is begun. Other programs may keep one of the two
	 * from going on while the other answers more; but not all that came before. */
	const char *first = answered(QUERIES_MAX / 4);
	assert_non_null(strstr(first, "1000"));
	assert_non_null(strstr(first, "1001"));
	assert_true(stop(1000)); /* and those that still wait hold nothing up */
	assert_string_not_equal(writer_sorry(QUERY_CHECK), writer_sorry(QUERY_SEARCH));
}

/* The two threads for secrets take from one row: as long as one of them has a long one the
 * other answers all the rest. */
static void nobody_waits_for_one_thread_of_two(void **state)
{
	(void)state;
	struct bytes hashes = { 0 };

	for (int i = 0; i < 20; i++)
		bytes_puts(&hashes, i ? "\n*" : "*");
	struct query slow = query_of(QUERY_CHECK, 1, 1);
	query_set(&slow, hashes.data, "a password");
	slow.share = 7;
	slow.number = 70;
	assert_true(writer_query(loop.w, &slow));
	bytes_release(&hashes);
	for (uint64_t i = 1; i <= 4; i++) {
		struct query q = query_of(QUERY_CHECK, 1, 1);
		query_set(&q, "", "123456"); /* compared with no hash at all */
		q.share = 8;
		q.number = 80 + i;
		q.conn.slot = (uint32_t)i; /* whatever it is */
		assert_true(writer_query(loop.w, &q));
	}
	assert_string_equal(answered(5), "81 82 83 84 70");
}

/* A search that hides the room in which all of these are looks at each of them. */
static void say_much(int lines)
{
	for (int i = 0; i < lines; i++) {
		struct record r = line_of(loop.seq + 1, 1, "alice", "spam");
		while (!writer_append(loop.w, &r))
			loop_turn();
		loop.seq++;
	}
	append("the needle");
	until_stored();
}

static bool asks_long(uint64_t share, uint64_t number)
{
	struct query q = query_of(QUERY_SEARCH, 0, 5);

	query_set(&q, "1", "spam");
	q.share = share;
	q.number = number;
	return writer_query(loop.w, &q);
}

static void a_long_search_holds_up_no_other_share(void **state)
{
	(void)state;
	say_much(60000);
	assert_true(asks(QUERY_SEARCH, "needle", 8, 80)); /* waits for the index */
	assert_string_equal(answered(1), "80");
	for (uint64_t i = 1; i <= SEARCHES_SHARE_MAX; i++)
		assert_true(asks_long(7, 70 + i));
	assert_true(asks(QUERY_SEARCH, "needle", 8, 81));
	assert_string_equal(answered(1), "81");
	/* A long one keeps its seat while it is in the other thread. */
	assert_false(asks(QUERY_SEARCH, "needle", 7, 75));
	assert_true(asks(QUERY_SEARCH, "needle", 9, 91));
	assert_string_equal(answered(1), "91");
	assert_string_equal(answered(4), "71 72 73 74");
	assert_true(asks(QUERY_SEARCH, "needle", 7, 76));
	assert_string_equal(answered(1), "76");
}

static void it_ends_amid_long_searches(void **state)
{
	(void)state;
	say_much(10000);
	for (uint64_t i = 1; i <= 8; i++)
		assert_true(asks_long(1 + i / 4, i));
	loop_wake();
	assert_true(stop(1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_served_in_turn_and_each_in_order),
		cmocka_unit_test(a_new_share_waits_for_one_question_of_each),
		cmocka_unit_test(the_servers_own_are_a_share_as_well),
		cmocka_unit_test(a_share_has_so_many_seats),
		cmocka_unit_test(passwords_of_one_address_leave_seats),
		cmocka_unit_test(a_few_shares_do_not_take_all_seats),
		cmocka_unit_test(the_servers_own_have_all_seats),
		WITH_LOOP(another_share_is_served_next),
		WITH_LOOP(what_is_too_much_is_refused_at_once),
		WITH_LOOP(nobody_waits_for_one_thread_of_two),
		WITH_LOOP(a_long_search_holds_up_no_other_share),
		WITH_LOOP(it_ends_amid_long_searches),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
