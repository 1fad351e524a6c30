/*
 * Answers and their questions: late, twice, in another order, for a slot that somebody else has now;
 * and the end of the input while a question waits.
 */
#include "chat_help.h"

#include "chatd/core/people/account.h"
#include "chatd/core/people/session.h"
#include "chatd/core/state/question.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/state/state.h"

static struct session *session(uint32_t slot)
{
	return chat->people.sessions[slot];
}

/* Slots 0 to 3: alice, who has the room ops, and the guests bob, carol and dave. */
static int begin_people(void **state)
{
	static const char *const names[] = {"alice\n", "bob\n", "carol\n", "dave\n"};

	begin(state);
	for (uint32_t slot = 0; slot < 4; slot++) {
		connected(id(slot));
		sends(slot, names[slot]);
	}
	sends(0, "/register correct horse\n");
	rows_come(id(0), (struct rows){.kind = QUERY_HASH, .hash.text = "$y$hash"});
	assert_has("alice is yours");
	sends(0, "hello\n");
	stored(chat->records.seq);
	sends(0, "/join ops\n");
	return 0;
}

/* -- the end of the input ----------------------------------------------------------------- */

/* A guest who has typed "/register pw" without the line end is moved to the lobby, where a replay is
 * asked for, and half-closes at that moment: the command must not run before the replay has come. */
static void test_what_was_begun_waits_for_the_answer(void **state)
{
	(void)state;
	sends(1, "/join ops\n");
	sends(1, "/register correct horse");
	sends(0, "/kick bob\n");
	assert_true(session(1)->replay.held);
	happens(EVENT_EOF, 1);
	assert_has_not("QUERY 1");
	rows_come(id(1), (struct rows){.kind = QUERY_REPLAY});
	assert_has("QUERY 1 kind 8 ");
	assert_non_null(session(1)->questions);
	rows_come(id(1), (struct rows){.kind = QUERY_HASH, .hash.text = "$y$other"});
	assert_has("bob is yours");
	assert_has("CLOSE 1");
	assert_null(session(1));
}

static void test_what_was_begun_waits_for_the_rate_limit(void **state)
{
	(void)state;
	config.rate_lines = 1;
	config.rate_burst = 2;
	chat_configure(chat, &config);
	sends(1, "one\ntwo\nthree\n");
	assert_true(taken < strlen("one\ntwo\nthree\n"));
	assert_true(session(1)->input.throttle.on);
	/* The server offers the rest again; the core has the unfinished line. */
	sends(1, "");
	now_ms += 5000;
	tick(0);
	sends(1, "three\nfour");
	happens(EVENT_EOF, 1);
	for (int i = 0; i < 100 && session(1) != NULL; i++)
		tick(100);
	assert_null(session(1));
	assert_int_equal(chat->status.counts.lines, 5); /* hello, and these four */
}

static void test_the_end_waits_for_a_slow_reader_with_a_line_begun(void **state)
{
	(void)state;
	sends(1, "last words");
	happens(EVENT_SLOW, 1);
	happens(EVENT_EOF, 1);
	assert_has_not("PUBLISH");
	happens(EVENT_DRAINED, 1);
	assert_has("last words");
	assert_has("CLOSE 1");
}

static void test_without_a_line_begun_a_slow_reader_ends_at_once(void **state)
{
	(void)state;
	happens(EVENT_SLOW, 1);
	happens(EVENT_EOF, 1);
	assert_has("CLOSE 1");
}

/* -- whose answer it is ---------------------------------------------------------------------- */

static void test_an_answer_that_comes_twice_is_taken_once(void **state)
{
	struct row row = {.id = 101, .kind = RECORD_SAY, .room_name = "general", .sender = "alice",
	                  .body = "hello"};
	struct rows rows = {.kind = QUERY_LAST, .row = &row, .n = 1};

	(void)state;
	sends(1, "/history\n");
	rows.number = questions[1][QUERY_LAST];
	rows_come(id(1), rows);
	assert_has("[alice]:hello");
	rows_come(id(1), rows);
	assert_effects("");
	/* Nor does it answer the next question. */
	sends(1, "/history\n");
	rows_come(id(1), rows);
	assert_effects("");
	assert_true(session_waits(session(1)));
	rows.number = 0;
	rows_come(id(1), rows);
	assert_has("[alice]:hello");
}

static void test_an_answer_finds_no_other_in_the_slot(void **state)
{
	uint64_t number;

	(void)state;
	sends(1, "/register correct horse\n");
	number = questions[1][QUERY_HASH];
	happens(EVENT_CLOSED, 1);
	connected((struct conn_id){1, 2});
	rows_come(id(1), (struct rows){.kind = QUERY_HASH, .number = number, .hash.text = "$y$h"});
	assert_effects("");
	rows_come((struct conn_id){1, 2}, (struct rows){.kind = QUERY_HASH, .number = number,
	                                                .hash.text = "$y$h"});
	assert_effects("");
	assert_int_equal(chat->people.accounts.n, 1);
}

/* A right password of an account that is dropped meanwhile, and registered by somebody else. */
static void test_a_password_opens_no_later_account_of_the_name(void **state)
{
	(void)state;
	sends(1, "/login alice correct horse\n");
	sends(0, "/drop correct horse\n");
	rows_come(id(0), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	assert_has("Your account alice is deleted.");
	sends(0, "/nick elsewhere\n");
	sends(2, "/nick alice\n");
	sends(2, "/register victims secret\n");
	rows_come(id(2), (struct rows){.kind = QUERY_HASH, .hash.text = "$y$victims"});
	assert_has("alice is yours");
	rows_come(id(1), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	assert_has("SEND 1 \"-- That account no longer exists.");
	assert_null(session(1)->account);
	assert_ptr_equal(session(2)->account, chat->people.accounts.by_key);
}

static void test_an_old_password_opens_nothing(void **state)
{
	(void)state;
	sends(1, "/login alice correct horse\n");
	sends(0, "/passwd correct horse battery staple\n");
	sends(0, "/passwd correcthorse battery-staple\n");
	rows_come(id(0), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	rows_come(id(0), (struct rows){.kind = QUERY_HASH, .hash.text = "$y$new"});
	assert_has("Your password has been changed.");
	rows_come(id(1), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	assert_has("SEND 1 \"-- The password of that account was just changed. Please start again.");
	assert_null(session(1)->account);
	assert_false(session_waits(session(1)));
	assert_has("RESUME 1");
}

/* -- one-time codes --------------------------------------------------------------------------- */

static void has_three_codes(struct account *a)
{
	struct account_terms t = account_terms(a);

	t.codes = "$5$one\n$5$two\n$5$three";
	account_apply(chat, a, &t);
}

static void test_a_code_is_good_once_however_many_checks_overlap(void **state)
{
	struct account *a = chat->people.accounts.by_key;

	(void)state;
	has_three_codes(a);
	sends(1, "/login alice code\n");
	sends(2, "/login alice code\n");
	rows_come(id(1), (struct rows){.kind = QUERY_CHECK, .check = {true, 2}});
	assert_has("You are alice now.");
	assert_string_equal(a->secrets.codes, "$5$one\n$5$three");
	rows_come(id(2), (struct rows){.kind = QUERY_CHECK, .check = {true, 2}});
	assert_has("SEND 2 \"-- That code was already used.");
	assert_null(session(2)->account);
	/* And no other code is used up in its place. */
	assert_string_equal(a->secrets.codes, "$5$one\n$5$three");
}

static void test_another_code_meanwhile_is_no_matter(void **state)
{
	struct account *a = chat->people.accounts.by_key;

	(void)state;
	has_three_codes(a);
	sends(1, "/login alice one\n");
	sends(2, "/login alice three\n");
	rows_come(id(1), (struct rows){.kind = QUERY_CHECK, .check = {true, 1}});
	assert_string_equal(a->secrets.codes, "$5$two\n$5$three");
	rows_come(id(2), (struct rows){.kind = QUERY_CHECK, .check = {true, 3}});
	assert_has("You are alice now.");
	assert_string_equal(a->secrets.codes, "$5$two");
}

/* -- a room's password -------------------------------------------------------------------------- */

static void test_a_rooms_old_password_lets_nobody_in(void **state)
{
	(void)state;
	sends(0, "/room password open sesame\n");
	rows_come(id(0), (struct rows){.kind = QUERY_HASH, .hash.text = "$y$first"});
	sends(1, "/join ops open sesame\n");
	assert_has("QUERY 1");
	sends(0, "/room password close sesame\n");
	rows_come(id(0), (struct rows){.kind = QUERY_HASH, .hash.text = "$y$second"});
	rows_come(id(1), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	assert_has("Wrong password.");
	assert_ptr_equal(session(1)->room, chat->rooms.lobby);
}

/* -- names ---------------------------------------------------------------------------------------- */

static void test_a_name_that_has_changed_is_not_registered(void **state)
{
	struct session *s = session(1);

	(void)state;
	sends(1, "/register correct horse\n");
	session_rename(chat, s, "bob2", "bob2");
	rows_come(id(1), (struct rows){.kind = QUERY_HASH, .hash.text = "$y$hash"});
	assert_has("Your name is bob2 now.");
	assert_int_equal(chat->people.accounts.n, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin_people, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_was_begun_waits_for_the_answer),
		TEST(test_what_was_begun_waits_for_the_rate_limit),
		TEST(test_the_end_waits_for_a_slow_reader_with_a_line_begun),
		TEST(test_without_a_line_begun_a_slow_reader_ends_at_once),
		TEST(test_an_answer_that_comes_twice_is_taken_once),
		TEST(test_an_answer_finds_no_other_in_the_slot),
		TEST(test_a_password_opens_no_later_account_of_the_name),
		TEST(test_an_old_password_opens_nothing),
		TEST(test_a_code_is_good_once_however_many_checks_overlap),
		TEST(test_another_code_meanwhile_is_no_matter),
		TEST(test_a_rooms_old_password_lets_nobody_in),
		TEST(test_a_name_that_has_changed_is_not_registered),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
