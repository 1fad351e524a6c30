/*
 * Unread lines: asked for when the replay has come, without holding anything back, and told in one
 * line.
 */
#include "chat_help.h"

#include "chatd/base/bounds.h"

static void load(const char *values)
{
	chat_load_room(chat, &(struct saved_room){.room = 3, .name = "ops", .topic = "",
	                                          .last_id = 90});
	chat_load_room(chat, &(struct saved_room){.room = 4, .name = "general", .topic = "",
	                                          .last_id = 95});
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_ACCOUNT, .key = "alice",
	                                          .value = values});
}

/* alice, in slot 0, gives her name and password; the replay is asked for. */
static void alice_comes(const char *values)
{
	load(values);
	connected(id(0));
	sends(0, "alice\n");
	sends(0, "password\n");
	rows_come(id(0), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	assert_has("QUERY 0 kind 0 room 4 0..96 after 100\n");
	assert_has_not("kind 5");
}

static void replay_comes(void)
{
	rows_come(id(0), (struct rows){.kind = QUERY_REPLAY});
}

#define BEFORE "nick=alice role=account made=1 hash=x last0=1/192.0.2.1"

/* What follows it. */
#define LAST "-- You last signed in 20779 days ago, from 192.0.2.1.\\n"

static struct row unread(uint32_t room, uint32_t lines, uint32_t mentions)
{
	return (struct row){.id = 1, .room = room, .room_name = "", .sender = "", .body = "",
	                    .unread = {lines, mentions}};
}

static void test_it_holds_up_nothing(void **state)
{
	struct row rows[] = {unread(3, MISSED_MAX, 1), unread(77, 9, 9), unread(4, 5, 2)};

	(void)state;
	alice_comes(BEFORE);
	replay_comes();
	assert_has("QUERY 0 kind 5 room 4 0..96 after 101\n");
	assert_has("RELEASE 0\n");
	assert_has("RESUME 0\n");
	/* What is typed meanwhile is said, and other questions are asked. */
	sends(0, "hello\n/history\nsecond\n");
	assert_int_equal(taken, 15);
	rows_come(id(0), (struct rows){.kind = QUERY_UNREAD, .row = rows, .n = 3, .more = true});
	assert_has("SEND 0 \"-- Unread: ops 1000+ lines (1 mentions you), general 5 "
	           "(2 mention you), and others.\\n" LAST "\"\n");
	/* It was not the answer to that question. */
	rows_come(id(0), (struct rows){.kind = QUERY_LAST});
	assert_has("RESUME 0\n");
}

static void test_nothing_is_said_where_nothing_is_unread(void **state)
{
	(void)state;
	alice_comes(BEFORE);
	replay_comes();
	rows_come(id(0), (struct rows){.kind = QUERY_UNREAD});
	assert_effects("SEND 0 \"" LAST "\"\n");
}

static void test_nothing_is_said_where_it_cannot_be_counted(void **state)
{
	struct row row = unread(3, 1, 0);

	(void)state;
	alice_comes(BEFORE);
	replay_comes();
	rows_come(id(0), (struct rows){.kind = QUERY_UNREAD, .row = &row, .n = 1, .error = "Late."});
	assert_effects("SEND 0 \"" LAST "\"\n");
}

static void test_who_has_signed_out_is_told_nothing(void **state)
{
	struct row row = unread(3, 1, 0);

	(void)state;
	alice_comes(BEFORE);
	replay_comes();
	sends(0, "/nick bob\n");
	assert_has("You are signed out of alice.");
	rows_come(id(0), (struct rows){.kind = QUERY_UNREAD, .row = &row, .n = 1});
	assert_effects("");
}

static void test_the_first_time_nothing_is_asked(void **state)
{
	(void)state;
	alice_comes("nick=alice role=account made=1 hash=x");
	replay_comes();
	assert_has_not("kind 5");
}

static void test_from_within_the_chat_it_is_asked_at_once(void **state)
{
	struct row row = unread(3, 1, 0);

	(void)state;
	load(BEFORE);
	joins(0);
	replay_comes();
	sends(0, "/login alice password\n");
	rows_come(id(0), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	assert_has("QUERY 0 kind 5 room 4 0..96 after 1");
	rows_come(id(0), (struct rows){.kind = QUERY_UNREAD, .row = &row, .n = 1});
	assert_effects("SEND 0 \"-- Unread: ops 1 line.\\n" LAST "\"\n");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_it_holds_up_nothing),
		TEST(test_nothing_is_said_where_nothing_is_unread),
		TEST(test_nothing_is_said_where_it_cannot_be_counted),
		TEST(test_who_has_signed_out_is_told_nothing),
		TEST(test_the_first_time_nothing_is_asked),
		TEST(test_from_within_the_chat_it_is_asked_at_once),
	};

	return cmocka_run_group_tests_name("unread", tests, NULL, NULL);
}
