/*
 * The core by its events and effects: what a conversation cannot show, because
 * it is about order, about what comes late, and about time.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "chatd/base/bytes.h"
#include "chatd/core/chat.h"

enum { SLOTS = 64 };

#define STAMP "[2026-11-22 20:14:05]"

static struct chat_config config;
static struct chat *chat;
static int64_t now_ms;
static struct bytes seen;  /* the effects of the last step, a line each */
static size_t taken;       /* of the last bytes */

static int begin(void **state)
{
	(void)state;
	config = (struct chat_config){
		.connections_max = SLOTS, .line_bytes_max = 1024, .history_replay = 10,
		.rate_burst = 3, .login_timeout_s = 30, .command_prefix = '/',
	};
	now_ms = INT64_C(1795378445000);
	chat = chat_new(&config, 100, 5);
	return 0;
}

static int end(void **state)
{
	(void)state;
	chat_free(chat);
	bytes_release(&seen);
	return 0;
}

/* -- events in, effects out ---------------------------------------------------------- */

static void put_text(const char *p, size_t n)
{
	bytes_puts(&seen, " \"");
	for (size_t i = 0; i < n; i++)
		bytes_printf(&seen, p[i] == '\n' ? "\\n" : p[i] == '\r' ? "\\r" : "%c", p[i]);
	bytes_puts(&seen, "\"");
}

static void put_effect(const struct effect *e)
{
	static const char *const names[] = {
		"SEND", "SEND_ALL", "PUBLISH", "SKIP", "SUBSCRIBE", "RELEASE", "UNSUBSCRIBE", "RESUME",
		"CLOSE", "APPEND", "QUERY",
	};

	bytes_puts(&seen, names[e->kind]);
	if (e->kind == EFFECT_PUBLISH)
		bytes_printf(&seen, " feed %u #%" PRIu64, e->feed, e->seq);
	else if (e->kind == EFFECT_APPEND)
		bytes_printf(&seen, " #%" PRIu64 " kind %d room %u ref %" PRIu64 " \"%s\"", e->record.seq,
		             (int)e->record.kind, e->record.room, e->record.ref, e->record.body);
	else if (e->kind == EFFECT_QUERY)
		bytes_printf(&seen, " %u kind %d room %u %" PRIu64 "..%" PRIu64 " after %" PRIu64,
		             e->query.conn.slot, (int)e->query.kind, e->query.room, e->query.after_id,
		             e->query.before_id, e->query.after_seq);
	else if (e->kind != EFFECT_SEND_ALL)
		bytes_printf(&seen, " %u", e->conn.slot);
	if (e->kind == EFFECT_SKIP || e->kind == EFFECT_SUBSCRIBE)
		bytes_printf(&seen, " feed %u", e->feed);
	if (e->text != NULL && e->kind <= EFFECT_PUBLISH)
		put_text(e->text, e->len);
	bytes_puts(&seen, "\n");
}

static void step(struct event e)
{
	const struct effect *effects;
	size_t n;

	e.now_ms = now_ms;
	chat_step(chat, &e);
	taken = e.bytes.taken;
	bytes_clear(&seen);
	bytes_puts(&seen, "");
	effects = chat_effects(chat, &n);
	for (size_t i = 0; i < n; i++)
		put_effect(&effects[i]);
}

static struct conn_id id(uint32_t slot)
{
	return (struct conn_id){slot, 1};
}

static void connected(struct conn_id conn)
{
	step((struct event){.kind = EVENT_CONNECTED, .conn = conn, .addr = "192.0.2.1:4242"});
}

static void sends(uint32_t slot, const char *text)
{
	step((struct event){.kind = EVENT_BYTES, .conn = id(slot),
	                    .bytes = {.data = text, .len = strlen(text)}});
}

static void happens(enum event_kind kind, uint32_t slot)
{
	step((struct event){.kind = kind, .conn = id(slot)});
}

static void stored(uint64_t seq)
{
	step((struct event){.kind = EVENT_STORED, .stored = {.seq = seq}});
}

static void tick(int64_t ms)
{
	now_ms += ms;
	step((struct event){.kind = EVENT_TICK});
}

static void rows_come(struct conn_id conn, struct rows rows)
{
	rows.conn = conn;
	step((struct event){.kind = EVENT_ROWS, .conn = conn, .rows = &rows});
}

/* Comes and is named a, b, c, ...; the lobby is room 6, its feeds are 0 and 1. */
static void joins(uint32_t slot)
{
	char name[3] = {(char)('a' + slot), '\n', '\0'};

	connected(id(slot));
	sends(slot, name);
}

#define assert_effects(text) assert_string_equal(seen.data, text)

static void assert_has(const char *part)
{
	if (strstr(seen.data, part) == NULL)
		fail_msg("no %s in:\n%s", part, seen.data);
}

static void assert_has_not(const char *part)
{
	if (strstr(seen.data, part) != NULL)
		fail_msg("%s in:\n%s", part, seen.data);
}

/* -- order -------------------------------------------------------------------------------- */

static void test_a_newcomer_reads_before_it_is_subscribed(void **state)
{
	(void)state;
	joins(0);
	assert_effects("SEND 0 \"-- You are a, in general; nobody else is here yet. /help lists the "
	               "commands.\\n\"\nSUBSCRIBE 0 feed 0\nRELEASE 0\n");
	joins(1);
	assert_effects("SEND 1 \"-- You are b, in general with a. /help lists the commands.\\n\"\n"
	               "PUBLISH feed 0 #0 \"" STAMP "[System]: \"b\" has joined our chat\\n\"\n"
	               "SUBSCRIBE 1 feed 0\nRELEASE 1\n");
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
	sends(1, "\xff\xf1" "b\r\n");
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
	/* Notices are for all. */
	sends(0, "/topic Release\n");
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
	assert_effects("SEND 0 \"-- Goodbye, a.\\n\"\n"
	               "APPEND #103 kind 5 room 6 ref 102 \"\"\nUNSUBSCRIBE 0\n"
	               "PUBLISH feed 0 #0 \"" STAMP "[System]: a has left our chat: tea\\n\"\n"
	               "CLOSE 0\n");
	assert_int_equal(taken, 19);
	assert_int_equal(chat_people(chat), 1);
	/* And nothing is heard of it after that. */
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
	assert_effects("SEND 0 \"-- No such lines in general.\\n\"\nRESUME 0\n");
	sends(0, "second\n");
	assert_int_equal(taken, 7);
	assert_has("APPEND #103 kind 1");
}

static void test_a_replay_comes_before_what_is_live(void **state)
{
	struct row row = {.id = 90, .time_ms = now_ms, .kind = RECORD_SAY, .room = 3,
	                  .room_name = "ops", .sender = "old", .body = "text"};

	chat_load_room(chat, &(struct saved_room){.room = 3, .name = "ops", .topic = "", .last_id = 90});
	row.time_ms = now_ms;
	(void)state;
	joins(0);
	sends(0, "/join ops\n");
	assert_has("SUBSCRIBE 0 feed 2\nQUERY 0 kind 0 room 3 0..91 after 90\n");
	assert_has_not("RELEASE");
	rows_come(id(0), (struct rows){.kind = QUERY_REPLAY, .row = &row, .n = 1});
	assert_effects("SEND 0 \"-- The last line said in ops:\\n" STAMP "[old]:text\\n"
	               "-- End of history; what follows is live.\\n\"\nRELEASE 0\nRESUME 0\n");
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
	/* The slot has another: who asked was not that one. */
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

static void test_pace_takes_what_it_may_and_resumes(void **state)
{
	(void)state;
	config.rate_lines = 2;
	chat_configure(chat, &config);
	joins(0);
	sends(0, "1\n2\n3\n4\n5\n");
	/* Three at once, and a word; then one each half second. */
	assert_int_equal(taken, 6);
	assert_has("SEND 0 \"-- You send more than 2 lines a second. The rest goes out at that pace; "
	           "nothing is lost.\\n\"\n");
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
	assert_has("SEND 0 \"-- No such lines in general.\\n\"\n");
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
	/* The feed was read by nobody then and knows only that it was later than 101. */
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
	step((struct event){.kind = EVENT_STORE_FAILED, .reason = "disk full"});
	assert_effects("SEND_ALL \"-- Nothing can be saved at present (disk full), so lines are not "
	               "sent. You will read here when it works again.\\n\"\n");
	step((struct event){.kind = EVENT_STORE_FAILED, .reason = "disk full"});
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
	assert_effects("APPEND #103 kind 1 room 7 ref 0 \"again\"\n");
	/* And after it: the store has forgotten the room's name as well. */
	room_empty(7, 103);
	sends(0, "anew\n");
	assert_has("APPEND #104 kind 3 room 7 ref 0 \"\"\nAPPEND #105 kind 1 room 7");
	/* Nobody there and no history: gone, and the number is not used again. */
	sends(0, "/leave\n");
	room_empty(7, 106);
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
	connected(id(1));
	assert_int_equal(chat_due_ms(chat), now_ms + 20000);
	tick(19999);
	assert_effects("");
	tick(1);
	assert_effects("SEND 0 \"\\n-- No name for 30 seconds, so this connection ends here. Connect "
	               "again any time.\\n\"\nCLOSE 0\n");
	sends(1, "b\n");
	assert_int_equal(chat_due_ms(chat), INT64_MAX);
	tick(100000);
	assert_effects("");
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
	/* A sum of one is read as one. */
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
	assert_int_equal(chat_due_ms(chat), INT64_MAX);
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
		TEST(test_a_newcomer_reads_before_it_is_subscribed),
		TEST(test_a_line_is_saved_first_and_not_for_its_speaker),
		TEST(test_a_line_is_published_for_both_ends_of_line),
		TEST(test_who_ignores_is_skipped_right_after_the_line),
		TEST(test_who_moves_leaves_before_it_comes),
		TEST(test_the_end_comes_last),
		TEST(test_a_question_holds_up_the_lines_behind_it),
		TEST(test_a_replay_comes_before_what_is_live),
		TEST(test_an_answer_after_leaving_says_nothing),
		TEST(test_a_reply_reaches_no_later_owner_of_the_slot),
		TEST(test_pace_takes_what_it_may_and_resumes),
		TEST(test_a_slow_reader_says_nothing_until_it_has_read),
		TEST(test_half_close_waits_for_the_answer),
		TEST(test_half_close_says_the_unfinished_line),
		TEST(test_skipped_lines_are_for_catchup),
		TEST(test_skipped_notices_are_not),
		TEST(test_what_was_said_before_one_came_is_not_skipped),
		TEST(test_nothing_is_said_that_cannot_be_saved),
		TEST(test_an_emptied_room_begins_anew),
		TEST(test_a_name_must_come_in_time),
		TEST(test_many_joins_are_a_sum),
		TEST(test_a_sum_of_comings_and_goings),
		TEST(test_a_room_that_is_gone_has_no_sum),
		TEST(test_the_end_of_all),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
