/*
 * The core by its events and effects: what comes late, what cannot be saved,
 * and time.
 */
#include "chat_help.h"

#include "chatd/core/state/state.h"

#include "chatd/base/bounds.h"

/* -- skipped lines ------------------------------------------------------------------------------ */

static void skipped(uint32_t lines, uint64_t first_id)
{
	step((struct event){.kind = EVENT_SKIPPED, .conn = id(0),
	                    .skipped = {.lines = lines, .first_id = first_id}});
}

static void test_skipped_lines_are_for_catchup(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(1, "1\n2\n3\n4\n");
	skipped(1, 105);
	assert_effects("SEND 0 \"-- 1 line skipped while your connection was slow; /catchup shows "
	               "it\\n\"\n");
	skipped(3, 103);
	assert_effects("SEND 0 \"-- 3 lines skipped while your connection was slow; /catchup shows "
	               "them\\n\"\n");
	sends(0, "/catchup\n");
	assert_effects("QUERY 0 kind 2 room 6 102..106 after 105\n");
	rows_come(id(0), (struct rows){.kind = QUERY_FIRST});
	sends(0, "/catchup\n");
	assert_has("SEND 0 \"-- You have missed nothing in general.");
}

/* The session ends; this is what had arrived there. */
static void goes(uint32_t slot, enum arrived what, uint64_t seq)
{
	step((struct event){.kind = EVENT_CLOSED, .conn = id(slot), .closed.arrived = {what, seq}});
}

static void test_what_never_arrived_is_not_seen(void **state)
{
	struct row row = {.id = 105, .kind = RECORD_SAY, .room = 6, .room_name = "general", .sender = "b",
	                  .body = "1"};

	(void)state;
	/* Not even the replay. */
	joins(0);
	joins(1);
	sends(1, "1\n2\n3\n4\n");
	stored(chat->records.seq);
	goes(0, ARRIVED_NOTHING, 0);
	assert_has_not("kind 5");
	/* Up to a line. */
	connected((struct conn_id){0, 2});
	step((struct event){.kind = EVENT_BYTES, .conn = {0, 2}, .bytes = {.data = "a\n", .len = 2}});
	rows_come((struct conn_id){0, 2}, (struct rows){.kind = QUERY_REPLAY, .row = &row, .n = 1,
	                                               .replay.seen_id = 102, .replay.missed = 2});
	sends(1, "5\n6\n");
	stored(chat->records.seq);
	step((struct event){.kind = EVENT_BYTES, .conn = {0, 2}, .bytes = {.data = "/catchup\n", .len = 9}});
	rows_come((struct conn_id){0, 2}, (struct rows){.kind = QUERY_FIRST, .row = &row, .n = 1});
	assert_has("That is all you missed.");
	/* Nothing that was said after /catchup has arrived, so perhaps neither has its answer. */
	step((struct event){.kind = EVENT_CLOSED, .conn = {0, 2},
	                    .closed.arrived = {ARRIVED_UP_TO, chat->records.line_seq}});
	assert_has("kind 5 room 6 ref 10");
}

static void test_who_waits_for_the_disk_is_told(void **state)
{
	(void)state;
	joins(0);
	step((struct event){.kind = EVENT_WAITS, .conn = id(0)});
	assert_effects("SEND 0 \"-- The chat is busier than it can save and send, so your lines have to wait. "
	               "Nothing is lost.\\n\"\n");
	step((struct event){.kind = EVENT_WAITS, .conn = id(1)});
	assert_effects("");
}

static void test_skipped_notices_are_not(void **state)
{
	(void)state;
	joins(0);
	skipped(2, 0);
	assert_effects("SEND 0 \"-- 2 notices skipped while your connection was slow.\\n\"\n");
	sends(0, "/catchup\n");
	assert_has("You have missed nothing");
}

static void test_what_was_said_before_one_came_is_not_skipped(void **state)
{
	(void)state;
	joins(1);
	sends(1, "1\n2\n3\n4\n");
	connected(id(0));
	sends(0, "a\n");
	rows_come(id(0), (struct rows){.kind = QUERY_REPLAY});
	sends(1, "5\n");
	/* Nobody read the feed then; it knows only that the line came after 101. */
	skipped(1, 102);
	sends(0, "/catchup\n");
	assert_effects("QUERY 0 kind 2 room 6 105..107 after 106\n");
}

/* -- the store ---------------------------------------------------------------------------------- */

static void test_nothing_is_said_that_cannot_be_saved(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	step((struct event){.kind = EVENT_STORE_FAILED, .failure.reason = "disk full"});
	assert_effects("SEND_ALL \"-- Nothing can be saved at present (disk full), so lines are not "
	               "sent. You will be told here when it works again.\\n\"\n");
	step((struct event){.kind = EVENT_STORE_FAILED, .failure.reason = "disk full"});
	assert_effects("");
	sends(0, "hello\n/topic x\n/msg b still here\n");
	assert_has_not("APPEND");
	assert_has_not("PUBLISH");
	assert_has("Not sent: nothing can be saved at present (disk full)");
	assert_has("[a -> you]:still here");
	step((struct event){.kind = EVENT_STORE_BACK});
	assert_effects("SEND_ALL \"-- Lines are saved and sent again.\\n\"\n");
	step((struct event){.kind = EVENT_STORE_BACK});
	assert_effects("");
	sends(0, "hello\n");
	assert_has("PUBLISH feed 0 #102");
}

static void room_empty(uint32_t room, uint64_t up_to_seq)
{
	step((struct event){.kind = EVENT_ROOM_EMPTY,
	                    .empty = {.room = room, .up_to_seq = up_to_seq}});
}

static void test_an_emptied_room_begins_anew(void **state)
{
	(void)state;
	joins(0);
	sends(0, "/join ops\nhello\n");
	assert_has("APPEND #101 kind 3 room 7");
	/* Pruning looked before the line was said. */
	room_empty(7, 101);
	sends(0, "again\n");
	assert_effects("APPEND #104 kind 1 room 7 ref 0 \"again\"\n");
	/* Pruning looked after the line was said: the store has forgotten the room's name as well. */
	room_empty(7, 104);
	sends(0, "anew\n");
	assert_has("APPEND #105 kind 3 room 7 ref 0 \"\"\nAPPEND #106 kind 1 room 7");
	/* Nobody is there and there is no history: the room is gone, and its number is not reused. */
	sends(0, "/leave\n");
	room_empty(7, 107);
	sends(0, "/who ops\n");
	assert_has("There is no room ops.");
	sends(0, "/join ops\nhello\n");
	assert_has("kind 3 room 8");
	room_empty(7, 200);
	assert_effects("");
}

/* -- time ------------------------------------------------------------------------------------------ */

static void test_a_name_must_come_in_time(void **state)
{
	(void)state;
	connected(id(0));
	now_ms += 10000;
	tick(0);
	connected(id(1));
	tick(GREETING_MS);
	assert_int_equal(chat_due_ms(chat), now_ms + 20000 - GREETING_MS);
	now_ms -= GREETING_MS;
	tick(19999);
	assert_effects("");
	tick(1);
	assert_effects("SEND 0 \"\\n-- You gave no name for 30 seconds, so this connection ends here. Connect "
	               "again any time.\\n\"\nCLOSE 0\n");
	sends(1, "b\n");
	assert_int_equal(chat_due_ms(chat), INT64_MAX);
	tick(100000);
	assert_effects("");
}

/* If the host's clock is set, nothing takes longer or shorter for that, and dates follow the clock. */
static void test_a_clock_that_is_set_hurries_nothing(void **state)
{
	(void)state;
	joins(0);
	sends(0, "/join ops\n");
	joins(2);
	sends(2, "/join ops\n");
	connected(id(1));
	ahead_ms += 7200000;
	tick(1000);
	assert_has_not("You gave no name");
	assert_int_equal(chat_due_ms(chat), now_ms + 29000);
	ahead_ms -= 2 * 7200000;
	tick(28999);
	assert_effects("");
	sends(0, "hello\n");
	assert_has("[2026-11-22 18:14:34][a]:hello");
	tick(1);
	assert_has("You gave no name for 30 seconds");
	ahead_ms += 365 * INT64_C(86400000);
	sends(0, "hello\n");
	assert_has("[2027-11-22 18:14:35][a]:hello");
	ahead_ms -= 365 * INT64_C(86400000);
	sends(0, "hello\n");
	assert_has("[2026-11-22 18:14:35][a]:hello");
}

static void test_many_joins_are_a_sum(void **state)
{
	(void)state;
	joins(0);
	/* Eight are read one by one. */
	for (uint32_t i = 1; i <= 20; i++) {
		joins(i);
		if (i <= 8)
			assert_has("has joined our chat");
		else
			assert_has_not("has joined our chat");
	}
	assert_int_equal(chat_due_ms(chat), now_ms + 1000);
	tick(999);
	assert_effects("");
	tick(1);
	assert_effects("PUBLISH feed 0 #0 \"[2026-11-22 20:14:06][System]: 12 people have joined\\n\"\n");
	assert_int_equal(chat_due_ms(chat), INT64_MAX);
}

static void test_a_sum_of_comings_and_goings(void **state)
{
	(void)state;
	for (uint32_t i = 0; i <= 10; i++)
		joins(i);
	happens(EVENT_CLOSED, 3);
	assert_has_not("has left");
	tick(1000);
	assert_effects("PUBLISH feed 0 #0 \"[2026-11-22 20:14:06][System]: 2 people have joined, 1 has "
	               "left\\n\"\n");
	/* A sum of one is shown like a single one. */
	happens(EVENT_CLOSED, 4);
	assert_has("[System]: e has left our chat");
	happens(EVENT_CLOSED, 5);
	assert_effects("UNSUBSCRIBE 5\n");
	tick(1000);
	assert_effects("PUBLISH feed 0 #0 \"[2026-11-22 20:14:07][System]: f has left\\n\"\n");
}

static void test_a_room_that_is_gone_has_no_sum(void **state)
{
	(void)state;
	for (uint32_t i = 0; i <= 10; i++) {
		joins(i);
		sends(i, "/join ops\n");
	}
	for (uint32_t i = 0; i <= 10; i++)
		happens(EVENT_CLOSED, i);
	tick(5000);
	assert_has_not("feed 2");
	/* All that is still due is forgetting the people whose connections were lost. */
	tick(2 * RESUME_MS);
	assert_int_equal(chat_due_ms(chat), INT64_MAX);
}

/* Short commands with long answers are not all answered in one turn. */
static void test_a_step_has_not_much_text(void **state)
{
	struct bytes in = {0};
	int steps = 0;

	(void)state;
	config.rate_burst = 1000;
	config.rate_lines = 1000;
	chat_configure(chat, &config);
	joins(0);
	for (int i = 0; i < 500; i++)
		bytes_puts(&in, "/help\n");
	for (size_t at = 0; at < in.len; at += taken, steps++) {
		sends(0, in.data + at);
		assert_true(taken > 0);
		assert_true(seen.len < 2 * ARENA_INPUT_BYTES);
		if (at + taken < in.len)
			assert_has("RESUME 0");
	}
	assert_true(steps > 3);
	bytes_release(&in);
}

static void test_the_end_of_all(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	step((struct event){.kind = EVENT_STOP});
	assert_effects("SEND_ALL \"-- chatd is going down\\n\"\n");
	sends(0, "hello\n");
	assert_effects("");
	happens(EVENT_CLOSED, 0);
	assert_has_not("PUBLISH");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_skipped_lines_are_for_catchup),
		TEST(test_skipped_notices_are_not),
		TEST(test_what_never_arrived_is_not_seen),
		TEST(test_who_waits_for_the_disk_is_told),
		TEST(test_what_was_said_before_one_came_is_not_skipped),
		TEST(test_nothing_is_said_that_cannot_be_saved),
		TEST(test_an_emptied_room_begins_anew),
		TEST(test_a_name_must_come_in_time),
		TEST(test_a_clock_that_is_set_hurries_nothing),
		TEST(test_many_joins_are_a_sum),
		TEST(test_a_sum_of_comings_and_goings),
		TEST(test_a_room_that_is_gone_has_no_sum),
		TEST(test_a_step_has_not_much_text),
		TEST(test_the_end_of_all),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
