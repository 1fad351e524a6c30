/*
 * The core by its events and effects: order, late answers and time, which a conversation cannot show.
 */
#include "chatd/base/bounds.h"
#include "chatd/core/commands/table.h"
#include "chat_help.h"

/* -- order -------------------------------------------------------------------------------- */

#define HELP "/help lists the commands.\\n-- If your connection breaks, /resume 22222-22222 brings you " \
	"back.\\n\"\n"

static void test_a_newcomer_reads_before_it_is_subscribed(void **state)
{
	(void)state;
	connected(id(0));
	assert_int_equal(seen.len, 0);
	tick(GREETING_MS);
	assert_has("[ENTER YOUR NAME]: ");
	sends(0, "a\n");
	assert_effects("SEND 0 \"-- You are a, in general; nobody else is here yet. " HELP
	               "SUBSCRIBE 0 feed 0\nRELEASE 0\n");
	connected(id(1));
	tick(GREETING_MS);
	sends(1, "b\n");
	assert_effects("SEND 1 \"-- You are b, in general with a. " HELP
	               "PUBLISH feed 0 #0 \"" STAMP "[System]: \"b\" has joined our chat\\n\"\n"
	               "SUBSCRIBE 1 feed 0\nRELEASE 1\n");
}

/* Where chatd speaks telnet on some port, guests with nc are told once. */
static void test_a_newcomer_is_told_of_telnet(void **state)
{
	(void)state;
	config.telnet_port = 2323;
	chat_configure(chat, &config);
	connected(id(0));
	tick(GREETING_MS);
	sends(0, "a\n");
	assert_has("-- To edit what you type, connect with: telnet HOST 2323, or rlwrap nc.");
	sends(0, "\033[A\n");
	assert_has("connect with: telnet HOST 2323");
	sends(0, "/join ops\n");
	assert_has_not("telnet");
}

static void test_a_line_is_saved_first_and_not_for_its_speaker(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(0, "hello\n");
	assert_effects("APPEND #101 kind 3 room 6 ref 0 \"\"\nAPPEND #102 kind 1 room 6 ref 0 \"hello\"\n"
	               "PUBLISH feed 0 #102 \"" STAMP "[a]:hello\\n\"\nSKIP 0 feed 0\n");
	/* The store knows the room now. */
	sends(1, "/me waves\n");
	assert_effects("APPEND #103 kind 2 room 6 ref 0 \"waves\"\n"
	               "PUBLISH feed 0 #103 \"" STAMP "* b waves\\n\"\nSKIP 1 feed 0\n");
	assert_int_equal(chat_unstored(chat), 3);
	stored(102);
	assert_int_equal(chat_unstored(chat), 1);
	assert_effects("");
}

static void test_a_line_is_published_for_both_ends_of_line(void **state)
{
	(void)state;
	joins(0);
	connected(id(1));
	sends(1, "\xff\xfb\x1f" "b\r\n");
	assert_has("SUBSCRIBE 1 feed 1\n");
	sends(0, "hello\n");
	assert_has("PUBLISH feed 1 #102 \"" STAMP "[a]:hello\\r\\n\"\n");
	assert_has_not("PUBLISH feed 0");
	joins(2);
	sends(1, "hi\r\n");
	assert_has("PUBLISH feed 0 #103 \"" STAMP "[b]:hi\\n\"\n");
	assert_has_not("PUBLISH feed 1");
	sends(0, "both\n");
	assert_has("PUBLISH feed 0 #104 \"" STAMP "[a]:both\\n\"\nSKIP 0 feed 0\n"
	           "PUBLISH feed 1 #104 \"" STAMP "[a]:both\\r\\n\"\n");
}

static void test_who_ignores_is_skipped_right_after_the_line(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	joins(2);
	sends(2, "/ignore a\n");
	sends(0, "hello\n");
	assert_has("PUBLISH feed 0 #102 \"" STAMP "[a]:hello\\n\"\nSKIP 0 feed 0\nSKIP 2 feed 0\n");
	/* The same goes for a notice with somebody's words in it; other notices are for everybody. */
	sends(0, "/topic Release\n");
	assert_has("set the topic: Release\\n\"\nSKIP 0 feed 0\nSKIP 2 feed 0\n");
	sends(0, "/join ops\n");
	assert_has("a has left this room");
	assert_has_not("SKIP 2");
}

static void test_who_moves_leaves_before_it_comes(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(1, "/join ops\n");
	assert_effects("UNSUBSCRIBE 1\n"
	               "PUBLISH feed 0 #0 \"" STAMP "[System]: b has left this room\\n\"\n"
	               "SEND 1 \"-- You are in ops, which is new; nobody else is here yet. /leave goes "
	               "back to general.\\n\"\nSUBSCRIBE 1 feed 2\nRELEASE 1\n");
}

static void test_the_end_comes_last(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(1, "hello\n");
	sends(0, "/quit tea\nnot read\n");
	assert_effects("SEND 0 \"-- Goodbye, a. Press Enter to close.\\n\"\n"
	               /* What b said is not saved yet, and so has not been seen. */
	               "APPEND #103 kind 5 room 6 ref 100 \"\"\nUNSUBSCRIBE 0\n"
	               "PUBLISH feed 0 #0 \"" STAMP "[System]: a has left our chat: tea\\n\"\n"
	               "CLOSE 0\n");
	assert_int_equal(taken, 19);
	assert_int_equal(chat_people(chat), 1);
	/* After that it causes nothing more. */
	sends(0, "hello\n");
	assert_effects("");
	assert_int_equal(taken, 6);
	happens(EVENT_CLOSED, 0);
	assert_effects("");
}

/* -- input that waits ------------------------------------------------------------------------- */

static void test_a_question_holds_up_the_lines_behind_it(void **state)
{
	(void)state;
	joins(0);
	sends(0, "hello\n");
	sends(0, "/history\nsecond\n");
	assert_effects("QUERY 0 kind 1 room 6 0..18446744073709551615 after 102\n");
	assert_int_equal(taken, 9);
	sends(0, "second\n");
	assert_int_equal(taken, 0);
	rows_come(id(0), (struct rows){.kind = QUERY_LAST});
	assert_effects("SEND 0 \"-- No such lines in general. /history shows the newest.\\n\"\nRESUME 0\n");
	sends(0, "second\n");
	assert_int_equal(taken, 7);
	assert_has("APPEND #103 kind 1");
}

static void test_a_replay_comes_before_what_is_live(void **state)
{
	struct row row = {.id = 90, .time_ms = wall(), .kind = RECORD_SAY, .room = 3,
	                  .room_name = "ops", .sender = "old", .body = "text"};

	chat_load_room(chat, &(struct saved_room){.room = 3, .name = "ops", .topic = "", .last_id = 90});
	row.time_ms = wall();
	(void)state;
	joins(0);
	sends(0, "/join ops\n");
	assert_has("SUBSCRIBE 0 feed 2\nQUERY 0 kind 0 room 3 0..91 after 100\n");
	assert_has_not("RELEASE");
	rows_come(id(0), (struct rows){.kind = QUERY_REPLAY, .row = &row, .n = 1});
	assert_effects("SEND 0 \"-- The last line said in ops:\\n" STAMP "[old]:text\\n"
	               "-- End of history; what follows is live.\\n-- Nobody else is here.\\n\"\nRELEASE 0\nRESUME 0\n");
}

static void test_an_answer_after_leaving_says_nothing(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(1, "hello\n");
	sends(0, "/history\n");
	happens(EVENT_CLOSED, 0);
	assert_has("PUBLISH feed 0 #0 \"" STAMP "[System]: a has left our chat\\n\"\n");
	rows_come(id(0), (struct rows){.kind = QUERY_LAST});
	assert_effects("");
	/* Another connection has the slot now, and it did not ask. */
	connected((struct conn_id){0, 2});
	rows_come(id(0), (struct rows){.kind = QUERY_LAST});
	assert_effects("");
	sends(0, "for the other\n");
	assert_effects("");
}

static void test_a_reply_reaches_no_later_owner_of_the_slot(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(1, "/msg a psst\n");
	assert_has("SEND 0 \"" STAMP "[b -> you]:psst\\n\"\n");
	happens(EVENT_CLOSED, 1);
	connected((struct conn_id){1, 2});
	step((struct event){.kind = EVENT_BYTES, .conn = {1, 2},
	                    .bytes = {.data = "other\n", .len = 6}});
	sends(0, "/reply hush\n");
	assert_has("SEND 0 \"-- The person who wrote to you last has left.");
	assert_has_not("SEND 1");
}

static void test_rate_limit_takes_what_it_may_and_resumes(void **state)
{
	(void)state;
	config.rate_lines = 2;
	chat_configure(chat, &config);
	joins(0);
	sends(0, "1\n2\n3\n4\n5\n");
	/* Three at once, and a reply that says so; then one each half second. */
	assert_int_equal(taken, 6);
	assert_has("SEND 0 \"-- You are sending more than 2 lines a second. The rest is delayed; nothing is "
	           "lost.\\n\"\n");
	assert_has_not("RESUME");
	assert_int_equal(chat_due_ms(chat), now_ms + 500);
	sends(0, "4\n5\n");
	assert_int_equal(taken, 0);
	tick(499);
	assert_effects("");
	tick(1);
	assert_effects("RESUME 0\n");
	sends(0, "4\n5\n");
	assert_int_equal(taken, 2);
	assert_has_not("SEND");
	assert_int_equal(chat_due_ms(chat), now_ms + 500);
	/* A reload without a limit lets it go on at once. */
	config.rate_lines = 0;
	chat_configure(chat, &config);
	tick(0);
	assert_effects("RESUME 0\n");
	sends(0, "5\n");
	assert_int_equal(taken, 2);
}

static void test_a_slow_reader_says_nothing_until_it_has_read(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	happens(EVENT_SLOW, 0);
	sends(0, "hello\n");
	assert_int_equal(taken, 0);
	assert_effects("");
	sends(1, "/msg a hello\n");
	assert_has("SEND 1 \"-- Not sent: a's connection is too slow at present.");
	assert_has_not("SEND 0");
	happens(EVENT_DRAINED, 0);
	assert_effects("RESUME 0\n");
	sends(0, "hello\n");
	assert_int_equal(taken, 6);
}

static void test_half_close_waits_for_the_answer(void **state)
{
	(void)state;
	joins(0);
	sends(0, "hello\n");
	sends(0, "/history\n");
	happens(EVENT_EOF, 0);
	assert_effects("");
	rows_come(id(0), (struct rows){.kind = QUERY_LAST});
	assert_has("SEND 0 \"-- No such lines in general. /history shows the newest.\\n\"\n");
	assert_has("UNSUBSCRIBE 0\nCLOSE 0\n");
}

static void test_half_close_says_the_unfinished_line(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(0, "hel");
	sends(0, "lo");
	assert_effects("");
	happens(EVENT_EOF, 0);
	assert_has("[a]:hello\\n\"\nSKIP 0 feed 0\n");
	assert_has("CLOSE 0\n");
}

/* -- numbers of rooms ----------------------------------------------------------------------------- */

static void begin_with(uint32_t last_room)
{
	chat_free(chat);
	chat = chat_new(&config, 100, last_room);
}

/* A room's settings may say any number, and the next room counts on from there. */
static void test_a_number_of_settings_leaves_room_for_others(void **state)
{
	(void)state;
	chat_load_fact(chat, &(struct saved_fact){FACT_ROOM, "den", "name=den number=1073741824 history=1"});
	chat_load_fact(chat, &(struct saved_fact){FACT_ROOM, "pit", "name=pit number=4294967295 history=1"});
	chat_load_fact(chat, &(struct saved_fact){FACT_ROOM, "far", "name=far number=536870912 history=1"});
	joins(0);
	sends(0, "/join hall\nhello\n");
	assert_has("room 536870913");
}

static void test_no_room_has_a_number_that_cannot_be_saved(void **state)
{
	(void)state;
	begin_with(ROOM_NUMBER_MAX - ROOM_NUMBERS_LOBBY - 2);
	joins(0);
	sends(0, "/join last\nhello\n");
	assert_has("APPEND");
	sends(0, "/join more\n");
	assert_effects("SEND 0 \"-- Room not made: all numbers for rooms are used up. Only a new database has more."
	               "\\n\"\n");
	/* There is always a lobby. */
	begin_with(ROOM_NUMBER_MAX - 1);
	joins(0);
	sends(0, "hello\n/join more\n");
	assert_has("Room not made");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_newcomer_reads_before_it_is_subscribed),
		TEST(test_a_newcomer_is_told_of_telnet),
		TEST(test_a_line_is_saved_first_and_not_for_its_speaker),
		TEST(test_a_line_is_published_for_both_ends_of_line),
		TEST(test_who_ignores_is_skipped_right_after_the_line),
		TEST(test_who_moves_leaves_before_it_comes),
		TEST(test_the_end_comes_last),
		TEST(test_a_question_holds_up_the_lines_behind_it),
		TEST(test_a_replay_comes_before_what_is_live),
		TEST(test_an_answer_after_leaving_says_nothing),
		TEST(test_a_reply_reaches_no_later_owner_of_the_slot),
		TEST(test_rate_limit_takes_what_it_may_and_resumes),
		TEST(test_a_slow_reader_says_nothing_until_it_has_read),
		TEST(test_half_close_waits_for_the_answer),
		TEST(test_half_close_says_the_unfinished_line),
		TEST(test_a_number_of_settings_leaves_room_for_others),
		TEST(test_no_room_has_a_number_that_cannot_be_saved),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
