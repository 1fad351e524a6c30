/*
 * How far people have read: saved from what has arrived, while they are here and when they leave; and
 * what they are shown when they come back.
 */
#include "chat_help.h"

#include "chatd/base/bounds.h"
#include "chatd/core/state/state.h"

enum { ROUND_MS = 60000, STEP_MS = 1000 };

/* A round, in which everybody is asked; `all`: its effects. */
static struct bytes all;

static void a_round(void)
{
	bytes_clear(&all);
	bytes_puts(&all, "\n");
	for (int i = 0; i <= ROUND_MS / STEP_MS; i++) {
		tick(STEP_MS);
		bytes_puts(&all, seen.data);
	}
}

static int end_all(void **state)
{
	bytes_release(&all);
	has_arrived = (struct arrival){0};
	return end(state);
}

#define assert_all(text) \
	do { \
		if (strstr(all.data, text) == NULL) \
			fail_msg("no %s in:\n%s", text, all.data); \
	} while (false)
#define assert_none(text) assert_null(strstr(all.data, text))

static struct row said(uint64_t number, const char *sender)
{
	return (struct row){.id = number, .time_ms = wall(), .kind = RECORD_SAY, .room = 6,
	                    .room_name = "general", .sender = sender, .body = "text"};
}

/* -- while they are here -------------------------------------------------------------------------- */

static void test_it_is_saved_once_a_minute(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(0, "hello\n");
	stored(chat->records.seq);
	a_round();
	assert_all("APPEND #103 kind 5 room 6 ref 102 \"\"\n");
	assert_all("APPEND #104 kind 5 room 6 ref 102 \"\"\n");
	/* If there is nothing new, nobody is asked. */
	a_round();
	assert_none("kind 5");
	assert_true(chat->rooms.seen.left == 0);
	sends(1, "hello yourself\n");
	stored(chat->records.seq);
	a_round();
	assert_all(" kind 5 room 6 ref 105 \"\"\n");
}

static void test_what_has_not_arrived_is_asked_for_again(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(1, "1\n2\n3\n");
	stored(chat->records.seq);
	has_arrived = (struct arrival){.what = ARRIVED_NOTHING};
	a_round();
	assert_none("kind 5");
	has_arrived = (struct arrival){ARRIVED_UP_TO, 103};
	a_round();
	assert_all("ref 103 \"\"\n");
	assert_none("ref 104 \"\"\n");
	has_arrived = (struct arrival){0};
	a_round();
	assert_all("ref 104 \"\"\n");
}

static void test_what_catchup_has_shown_is_saved(void **state)
{
	struct row row = said(103, "b"), first = said(101, "b");

	(void)state;
	joins(1);
	sends(1, "1\n2\n3\n");
	stored(chat->records.seq);
	joins(0);
	rows_come(id(0), (struct rows){.kind = QUERY_REPLAY, .row = &row, .n = 1, .replay.seen_id = 100,
	                               .replay.missed = 2});
	assert_has("-- 2 more unread lines: /catchup shows them.");
	a_round();
	assert_all("ref 104 \"100 103\"\n");
	sends(0, "/catchup\n");
	rows_come(id(0), (struct rows){.kind = QUERY_FIRST, .row = &first, .n = 1, .more = true});
	assert_has("-- There are more: /catchup again.");
	a_round();
	assert_all("ref 104 \"101 103\"\n");
	sends(0, "/catchup\n");
	rows_come(id(0), (struct rows){.kind = QUERY_FIRST, .row = &first, .n = 1});
	assert_has("-- That is all you missed.");
	a_round();
	assert_all("ref 104 \"\"\n");
}

static void test_nothing_is_saved_before_the_replay(void **state)
{
	(void)state;
	joins(1);
	sends(1, "1\n");
	stored(chat->records.seq);
	joins(0);
	a_round();
	assert_none("ref 101 \"\"\nAPPEND");
	happens(EVENT_CLOSED, 0);
	assert_has_not("kind 5");
}

/* -- coming back ------------------------------------------------------------------------------------ */

static void test_who_comes_back_is_shown_what_is_new(void **state)
{
	struct row row[] = {said(91, "b"), said(92, "b"), said(93, "b"), said(94, "b"), said(95, "b"),
	                    said(96, "A"), said(97, "b")};

	(void)state;
	chat_load_room(chat, &(struct saved_room){.room = 6, .name = "general", .topic = "",
	                                          .last_id = 97});
	joins(0);
	rows_come(id(0), (struct rows){.kind = QUERY_REPLAY, .row = row, .n = 7, .replay.seen_id = 95,
	                               .replay.back = true});
	/* Its own lines are not new to it. */
	assert_has("SEND 0 \"-- 1 new line in general, with what came before:\\n" STAMP "[b]:text\\n" STAMP
	           "[b]:text\\n" STAMP "[b]:text\\n" STAMP "[A]:text\\n" STAMP "[b]:text\\n-- End");
	/* A newcomer is shown all of it, even if somebody had the name before. */
	joins(1);
	rows_come(id(1), (struct rows){.kind = QUERY_REPLAY, .row = row, .n = 7, .replay.seen_id = 95});
	assert_has("-- The last 7 lines said in general:");
	joins(2);
	rows_come(id(2), (struct rows){.kind = QUERY_REPLAY, .row = row, .n = 7, .replay.seen_id = 97,
	                               .replay.back = true});
	assert_has("-- Nothing new in general. Its last lines:\\n" STAMP "[b]:text\\n" STAMP "[A]:text\\n" STAMP
	           "[b]:text\\n-- End");
}

#define ALICE "nick=alice role=account made=1 hash=x last0=1/192.0.2.1"

/* alice signs in on the connection slot, gen. */
static void alice_signs_in(uint32_t slot)
{
	connected(id(slot));
	sends(slot, "alice\n");
	sends(slot, "password\n");
	rows_come(id(slot), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
}

static void test_what_did_not_arrive_at_the_old_connection_is_news(void **state)
{
	(void)state;
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_ACCOUNT, .key = "alice", .value = ALICE});
	alice_signs_in(0);
	joins(1);
	sends(1, "1\n2\n3\n");
	stored(chat->records.seq);
	has_arrived = (struct arrival){ARRIVED_UP_TO, chat->records.seq - 2};
	alice_signs_in(2);
	/* It is saved before the replay is asked for, which waits for it. */
	assert_has("CLOSE 0\n");
	assert_has(" kind 5 room 6 ref 103 \"\"\n");
	assert_has("QUERY 2 kind 0 room 6 0..106 after 106\n");
}

static void test_nor_at_the_guests_who_comes_back_with_a_code(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(1, "1\n2\n3\n");
	stored(chat->records.seq);
	has_arrived = (struct arrival){ARRIVED_UP_TO, 101};
	connected(id(2));
	sends(2, "/resume 22222-22222\n");
	assert_has("You came back on another connection, so this one ends here.");
	assert_has(" kind 5 room 6 ref 101 \"\"\n");
	assert_has("-- You are a, in general.");
	assert_has("QUERY 2 kind 0 room 6 0..105 after 105\n");
}

/* -- what is not known is not overwritten -------------------------------------------------------------- */

static void test_a_replay_that_cannot_be_read_marks_nothing(void **state)
{
	(void)state;
	chat_load_room(chat, &(struct saved_room){.room = 6, .name = "general", .topic = "", .last_id = 97});
	joins(0);
	rows_come(id(0), (struct rows){.kind = QUERY_REPLAY, .error = "Busy."});
	a_round();
	assert_none("kind 5");
	sends(0, "/quit\n");
	assert_has_not("kind 5");
}

/* But it is asked for again, and then what has been read is saved. */
static void test_and_it_is_asked_again(void **state)
{
	struct row row = said(96, "b");

	(void)state;
	chat_load_room(chat, &(struct saved_room){.room = 6, .name = "general", .topic = "", .last_id = 97});
	joins(0);
	rows_come(id(0), (struct rows){.kind = QUERY_REPLAY, .error = "Busy."});
	for (int i = 0; i < 2; i++) {
		tick(5000);
		assert_has("QUERY 0 kind 0 room 6");
		if (i == 0)
			rows_come(id(0), (struct rows){.kind = QUERY_REPLAY, .error = "Busy."});
	}
	rows_come(id(0), (struct rows){.kind = QUERY_REPLAY, .row = &row, .n = 1, .replay.seen_id = 95});
	assert_has("-- 1 unread line: /catchup shows it.");
	a_round();
	assert_all("kind 5 room 6 ref 97 \"95 98\"\n");
}

/* Lines that a slow connection has skipped stay unread under its next name. */
static void test_skipped_lines_outlive_a_change_of_name(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(1, "1\n2\n3\n");
	stored(chat->records.seq);
	step((struct event){.kind = EVENT_SKIPPED, .conn = id(0), .skipped = {.lines = 2, .first_id = 102}});
	assert_has("-- 2 lines skipped while your connection was slow; /catchup shows them");
	sends(0, "/nick c\n");
	rows_come(id(0), (struct rows){.kind = QUERY_REPLAY});
	a_round();
	assert_all("kind 5 room 6 ref 104 \"101 105\"\n");
	sends(0, "/catchup\n");
	assert_has_not("missed nothing");
}

/* Lines between two answers to /catchup do not show that the first has arrived. */
static void test_what_catchup_has_shown_is_unread_until_it_has_arrived(void **state)
{
	struct row row = said(104, "b"), first = said(101, "b");

	(void)state;
	joins(1);
	sends(1, "1\n2\n3\n");
	stored(chat->records.seq);
	joins(0);
	rows_come(id(0), (struct rows){.kind = QUERY_REPLAY, .row = &row, .n = 1, .replay.seen_id = 100,
	                               .replay.missed = 3});
	sends(0, "/catchup\n");
	rows_come(id(0), (struct rows){.kind = QUERY_FIRST, .row = &first, .n = 1, .more = true});
	sends(1, "4\n");
	stored(chat->records.seq);
	sends(0, "/catchup\n");
	first.id = 102;
	rows_come(id(0), (struct rows){.kind = QUERY_FIRST, .row = &first, .n = 1});
	step((struct event){.kind = EVENT_CLOSED, .conn = id(0), .closed.arrived = {ARRIVED_UP_TO, 104}});
	assert_has("kind 5 room 6 ref 104 \"100 104\"\n");
}

/* The account's own gaps come with an answer; people who leave before it comes have read nothing under
 * that name. */
static void test_signing_in_within_the_chat_marks_nothing_unknown(void **state)
{
	struct row row = said(96, "b");

	(void)state;
	chat_load_room(chat, &(struct saved_room){.room = 6, .name = "general", .topic = "", .last_id = 97});
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_ACCOUNT, .key = "alice", .value = ALICE});
	for (uint32_t slot = 0; slot < 2; slot++) {
		joins(slot);
		rows_come(id(slot), (struct rows){.kind = QUERY_REPLAY, .row = &row, .n = 1});
		sends(slot, "/login alice password\n");
		rows_come(id(slot), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
		assert_has("kind 0 room 6 0..96 after ");
		if (slot == 0) {
			sends(0, "/quit\n");
			assert_has_not("kind 5 room");
		}
	}
	/* With it they are its own. */
	row.id = 95;
	rows_come(id(1), (struct rows){.kind = QUERY_REPLAY, .row = &row, .n = 1,
	                               .replay = {.seen_id = 90, .missed = 3, .back = true}});
	assert_has("-- 4 unread lines: /catchup shows them.");
	sends(1, "/quit\n");
	assert_has(" kind 5 room 6 ref 97 \"90 96\"\n");
}

static void test_nor_does_a_guest_who_takes_up_a_name(void **state)
{
	struct row row = said(95, "b");

	(void)state;
	chat_load_room(chat, &(struct saved_room){.room = 6, .name = "general", .topic = "", .last_id = 95});
	for (uint32_t slot = 0; slot < 2; slot++) {
		joins(slot);
		rows_come(id(slot), (struct rows){.kind = QUERY_REPLAY, .row = &row, .n = 1});
	}
	happens(EVENT_CLOSED, 0);
	sends(1, "/resume 22222-22222\n");
	assert_has("-- You are a now.");
	rows_come(id(1), (struct rows){.kind = QUERY_REPLAY, .row = &row, .n = 1,
	                               .replay = {.seen_id = 90, .missed = 3, .back = true}});
	assert_has("unread lines: /catchup shows them.");
	/* And what it has seen since is saved, even if nothing more is said. */
	a_round();
	assert_all("kind 5 room 6 ref 95 \"90 95\"\n");
}

/* Nobody has read another person's line that is not saved yet. */
static void test_ones_own_line_is_no_way_past_others(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	stored(chat->records.seq);
	sends(1, "hers\n");
	sends(0, "mine\n/quit\n");
	assert_has(" kind 5 room 6 ref 103 \"100 103\"\n");
}

/* -- messages that were kept ------------------------------------------------------------------------- */

static void load_mail(void)
{
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_ACCOUNT, .key = "alice", .value = ALICE});
	chat_load_fact(chat, &(struct saved_fact){
		.kind = FACT_MAIL, .key = "alice 00000000000000000050",
		.value = "from=bob at=1 share=bob text=lunch?"});
}

/* As no version wrote it. */
static void test_a_message_without_a_number_is_no_message(void **state)
{
	static const char *const keys[] = {"alice", "alice x", "alice 0"};

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		chat_load_fact(chat, &(struct saved_fact){.kind = FACT_ACCOUNT, .key = "alice", .value = ALICE});
		chat_load_fact(chat, &(struct saved_fact){
			.kind = FACT_MAIL, .key = keys[i], .value = "from=bob at=1 share=bob text=lunch?"});
	}
	alice_signs_in(0);
	rows_come(id(0), (struct rows){.kind = QUERY_UNREAD});
	assert_has_not("lunch?");
	a_round();
	assert_int_equal(chat->people.mail.nshown, 0);
}

static void alice_reads(uint32_t slot)
{
	alice_signs_in(slot);
	rows_come(id(slot), (struct rows){.kind = QUERY_UNREAD});
	assert_has("-- 1 message for you came while you were away:");
	assert_has("[bob -> you]:lunch?");
	assert_has_not("kind 6 room 0 ref 7");
}

static void test_a_message_is_kept_until_it_has_arrived(void **state)
{
	(void)state;
	load_mail();
	has_arrived = (struct arrival){.what = ARRIVED_NOTHING};
	alice_reads(0);
	a_round();
	assert_none("ref 7");
	/* It never did. */
	step((struct event){.kind = EVENT_CLOSED, .conn = id(0),
	                    .closed.arrived = {ARRIVED_UP_TO, chat->records.line_seq}});
	assert_has_not("ref 7");
	/* Nor does the first of two connections know of the second. */
	alice_reads(1);
	alice_reads(2);
	/* What was said later has come after it. */
	joins(3);
	sends(3, "hello\n");
	stored(chat->records.seq);
	has_arrived = (struct arrival){ARRIVED_UP_TO, chat->records.line_seq};
	a_round();
	assert_all("ref 7 \"\"\n");
	alice_signs_in(4);
	rows_come(id(4), (struct rows){.kind = QUERY_UNREAD});
	assert_has_not("came while you were away");
}

static void test_a_message_goes_with_an_end_at_which_all_has_arrived(void **state)
{
	(void)state;
	load_mail();
	alice_reads(0);
	happens(EVENT_CLOSED, 0);
	assert_has("ref 7 \"\"\n");
}

static void test_who_closes_their_input_does_not_read_it_again(void **state)
{
	(void)state;
	load_mail();
	has_arrived = (struct arrival){.what = ARRIVED_NOTHING};
	alice_reads(0);
	happens(EVENT_EOF, 0);
	assert_has_not("CLOSE");
	has_arrived = (struct arrival){0};
	tick(STEP_MS);
	assert_has("ref 7 \"\"\n");
	assert_has("CLOSE 0\n");
}

/* Nobody is waited for forever; then the message is kept. */
static void test_what_does_not_arrive_is_waited_for_for_a_while(void **state)
{
	int seconds = 0;

	(void)state;
	load_mail();
	has_arrived = (struct arrival){.what = ARRIVED_NOTHING};
	alice_reads(0);
	happens(EVENT_EOF, 0);
	do {
		tick(STEP_MS);
		assert_has_not("ref 7");
	} while (strstr(seen.data, "CLOSE 0\n") == NULL && ++seconds < 60);
	assert_in_range(seconds, 3, 6);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_it_is_saved_once_a_minute),
		TEST(test_what_has_not_arrived_is_asked_for_again),
		TEST(test_what_catchup_has_shown_is_saved),
		TEST(test_nothing_is_saved_before_the_replay),
		TEST(test_who_comes_back_is_shown_what_is_new),
		TEST(test_what_did_not_arrive_at_the_old_connection_is_news),
		TEST(test_nor_at_the_guests_who_comes_back_with_a_code),
		TEST(test_a_replay_that_cannot_be_read_marks_nothing),
		TEST(test_and_it_is_asked_again),
		TEST(test_skipped_lines_outlive_a_change_of_name),
		TEST(test_what_catchup_has_shown_is_unread_until_it_has_arrived),
		TEST(test_a_message_without_a_number_is_no_message),
		TEST(test_signing_in_within_the_chat_marks_nothing_unknown),
		TEST(test_nor_does_a_guest_who_takes_up_a_name),
		TEST(test_ones_own_line_is_no_way_past_others),
		TEST(test_who_closes_their_input_does_not_read_it_again),
		TEST(test_what_does_not_arrive_is_waited_for_for_a_while),
		TEST(test_a_message_is_kept_until_it_has_arrived),
		TEST(test_a_message_goes_with_an_end_at_which_all_has_arrived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
