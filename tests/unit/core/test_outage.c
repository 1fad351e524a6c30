/* The core while nothing can be saved: lines are refused, or talk goes on. */
#include "chat_help.h"

#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/report.h"
#include "chatd/core/people/account.h"
#include "chatd/core/rooms/removal.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static int begin_talking(void **state)
{
	begin(state);
	config.talks_unsaved = true;
	config.rate_burst = 10000;
	chat_configure(chat, &config);
	return 0;
}

static void fails(const char *reason)
{
	step((struct event){.kind = EVENT_STORE_FAILED, .failure.reason = reason});
}

static void disk_is_low(void)
{
	step((struct event){.kind = EVENT_STORE_FAILED,
	                    .failure = {"the disk is nearly full", "12 MiB are free"}});
	happens(EVENT_STORE_LOW, 0);
}

static void what_waits_is_shown_where_talk_goes_on(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(0, "waits\n");
	assert_has_not("SHOW");
	fails("the disk is full");
	assert_effects("SEND_ALL \"-- Nothing can be saved at present (the disk is full), but talk "
	               "goes on: what is said now may be missing from the history. You will be told "
	               "here when it works again.\\n\"\nSHOW\n");
	/* The line waits to be saved, and is shown at once. */
	sends(0, "late\n");
	assert_has("APPEND #103 kind 1 room 6 ref 0 \"late\"\nPUBLISH feed 0 #103");
	assert_has("SHOW");
	step((struct event){.kind = EVENT_STORE_BACK});
	assert_effects("SEND_ALL \"-- Lines are saved again; nothing is missing.\\n\"\n");
	sends(0, "after\n");
	assert_has_not("SHOW");
}

static void what_finds_no_room_is_counted_and_its_gap_recorded(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(0, "waits\n");
	fails("the disk is full");
	happens(EVENT_STORE_FULL, 0);
	assert_effects("");
	sends(0, "one\n");
	assert_has_not("APPEND");
	assert_has("PUBLISH feed 0 #0 \"" STAMP "[a]:one\\n\"");
	now_ms += 65000;
	sends(1, "two\n/me is three\n");
	assert_int_equal(chat_unmarked(chat), 3);
	now_ms += 1000;
	step((struct event){.kind = EVENT_STORE_BACK});
	assert_effects("SEND_ALL \"-- Lines are saved again. 3 could not be; the history shows where "
	               "they are missing.\\n\"\nAPPEND #103 kind 10 room 6 ref 0 \"3 lines said here "
	               "between 20:14:05 and 20:15:10 could not be saved\"\nPUBLISH feed 0 #103 "
	               "\"[2026-11-22 20:15:11][System]: 3 lines said here between 20:14:05 and "
	               "20:15:10 could not be saved\\n\"\n");
	assert_int_equal(chat_unmarked(chat), 0);
	tick(0);
	assert_has_not("SEND");
	assert_has_not("PUBLISH");
}

/* It has a history, although none of it can be read yet. */
static void a_room_whose_lines_all_wait_keeps_them(void **state)
{
	(void)state;
	joins(0);
	fails("the disk is full");
	sends(0, "waits\n");
	joins(1);
	assert_has("QUERY 1 kind 0 room 6 0..103 after 100");
	rows_come(id(1), (struct rows){.kind = QUERY_REPLAY});
	assert_has("-- What has been said here since saving failed is not in the history yet.");
	assert_int_equal(chat->rooms.lobby->lines.last_id, 102);
}

/* The record of an action that was saved can be read, whatever else cannot. */
static void an_act_that_is_saved_is_looked_up_in_an_outage(void **state)
{
	struct session *s;

	(void)state;
	joins(0);
	s = chat->people.sessions[0];
	s->account = account_new(chat, s->nick, s->key, "", "");
	s->account->role = ROLE_ADMIN;
	sends(0, "/filter add darn\n");
	fails("the disk is full");
	sends(0, "/undo #A100\n");
	assert_has("after 100\n");
	happens(EVENT_STORE_LOW, 0);
	rows_come(id(0), (struct rows){.kind = QUERY_AUDIT});
	sends(0, "/undo #A100\n");
	assert_has_not("after 100\n");
}

/* Some moderation frees space, so it is saved; things that grow are refused. */
static void where_the_disk_is_low_orders_are_saved(void **state)
{
	(void)state;
	joins(0);
	disk_is_low();
	assert_effects("");
	sends(0, "one\n");
	assert_has("Not sent: nothing can be saved at present (the disk is nearly full).");
	assert_has_not("APPEND");
	/* The action is about to be saved, so a question waits for it. */
	assert_int_equal(outage_readable(chat, chat->records.stored_seq + 1),
	                 chat->records.stored_seq + 1);
	/* A topic is saved like a line. */
	sends(0, "/topic two\n");
	assert_has("Not sent: nothing can be saved at present (the disk is nearly full).");
	assert_has_not("APPEND");
	assert_true(emit_can_save(chat, chat->people.sessions[0]));
	fails("the disk is full");
	assert_false(emit_can_save(chat, chat->people.sessions[0]));
	happens(EVENT_STORE_LOW, 0);
	step((struct event){.kind = EVENT_STORE_BACK});
	sends(0, "two\n");
	assert_has("APPEND");
	fails("the disk is full");
	assert_false(emit_can_save(chat, chat->people.sessions[0]));
}

/* What waits for its turn is done as well: it frees space, or completes a moderation action. */
static void where_the_disk_is_low_what_is_removed_goes(void **state)
{
	struct room *r;

	(void)state;
	joins(0);
	fails("the disk is nearly full");
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_REPORT,
	               .key = "00000000000000000007", .value = "state=open line=5 by=b by_key=b"});
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_MAIL, .key = "nobody 7", .value = "text=x"});
	r = room_new(chat, "den", "den", 9);
	r->stored = true;
	removal_mark(chat, r, "keeper");
	assert_int_equal(reports_resolve(chat, NULL, NULL, "keeper", ""), 1);
	tick(2000);
	assert_has_not("APPEND");
	happens(EVENT_STORE_LOW, 0);
	assert_true(chat_due_ms(chat) <= now_ms);
	tick(2000);
	assert_has(" kind 11 room 9");
	assert_has(" kind 6 room 0 ref 7 \"\"");
	assert_has("state=resolved");
}

static void where_the_disk_is_low_talk_goes_on_and_is_counted(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	disk_is_low();
	sends(0, "one\n");
	assert_has_not("APPEND");
	assert_has("PUBLISH feed 0 #0 \"" STAMP "[a]:one\\n\"");
	step((struct event){.kind = EVENT_STORE_BACK});
	assert_has("1 line said here at 20:14:05 could not be saved");
}

/* The line that comes first after the gap must be behind it. */
static void a_gap_comes_before_what_is_said_after_it(void **state)
{
	(void)state;
	joins(0);
	fails("the disk is full");
	happens(EVENT_STORE_FULL, 0);
	sends(0, "lost\n");
	/* So many records wait that no gap is recorded yet. */
	chat->records.seq += 5000;
	step((struct event){.kind = EVENT_STORE_BACK});
	assert_has_not("APPEND");
	assert_true(chat_due_ms(chat) > now_ms);
	sends(0, "after\n");
	assert_has("APPEND #5102 kind 10 room 6 ref 0 \"1 line said here at 20:14:05 could not be "
	           "saved\"\n");
	assert_has("APPEND #5103 kind 1 room 6 ref 0 \"after\"\n");
}

static void a_gap_that_had_to_wait_is_recorded_when_others_are_saved(void **state)
{
	(void)state;
	joins(0);
	fails("the disk is full");
	happens(EVENT_STORE_FULL, 0);
	sends(0, "lost\n");
	chat->records.seq += 5000;
	step((struct event){.kind = EVENT_STORE_BACK});
	stored(5100);
	assert_has("kind 10 room 6");
}

/* How many gaps the last step has recorded. */
static size_t gaps_seen(void)
{
	size_t n = 0;

	for (const char *p = seen.data; (p = strstr(p, "kind 10 ")) != NULL; p++)
		n++;
	return n;
}

/* More rooms than one step has effects for; the rest follow in the next ticks. */
static void every_room_has_its_gap(void **state)
{
	(void)state;
	size_t gaps;
	joins(0);
	joins(1);
	/* Nobody else may make that many. */
	chat_session(chat, id(0))->trusted = true;
	fails("the disk is full");
	happens(EVENT_STORE_FULL, 0);
	for (int i = 0; i < 1500; i++) {
		char text[64];
		snprintf(text, sizeof text, "/join room%d\n", i);
		sends(0, text);
		rows_come(id(0), (struct rows){.kind = QUERY_REPLAY});
		sends(0, "lost\n");
	}
	assert_int_equal(chat_unmarked(chat), 1500);
	step((struct event){.kind = EVENT_STORE_BACK});
	gaps = gaps_seen();
	for (int i = 0; i < 20; i++) {
		stored(chat->records.seq);
		gaps += gaps_seen();
		if (chat_due_ms(chat) > now_ms)
			break;
		tick(0);
		gaps += gaps_seen();
	}
	assert_int_equal(gaps, 1500);
	assert_int_equal(chat_unmarked(chat), 0);
}

static void the_days_are_named_where_there_are_two(void **state)
{
	(void)state;
	joins(0);
	fails("the disk is full");
	happens(EVENT_STORE_FULL, 0);
	sends(0, "lost\n");
	now_ms += 24 * 3600000;
	sends(0, "lost\n");
	step((struct event){.kind = EVENT_STORE_BACK});
	assert_has("\"2 lines said here between 2026-11-22 20:14:05 and 2026-11-23 20:14:05 could "
	           "not be saved\"");
}

static void a_new_configuration_is_taken_in_the_middle(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(0, "waits\n");
	fails("disk full");
	assert_has("so lines are not sent");
	config.talks_unsaved = true;
	chat_configure(chat, &config);
	assert_true(chat_due_ms(chat) <= now_ms);
	tick(0);
	assert_has("but talk goes on");
	assert_has("SHOW");
	sends(0, "said\n");
	assert_has("PUBLISH feed 0 #103");
	config.talks_unsaved = false;
	chat_configure(chat, &config);
	tick(0);
	assert_has("so lines are not sent");
	assert_has_not("SHOW");
	sends(0, "refused\n");
	assert_has("Not sent");
	assert_true(chat_due_ms(chat) > now_ms);
}

/* Everyone is told once: with everybody, or on connecting. */
static void each_is_told_once(void **state)
{
	(void)state;
	joins(0);
	connected(id(1));
	fails("disk full");
	sends(1, "b\n");
	assert_has("-- You are b");
	assert_has_not("Nothing can be saved");
	joins(2);
	assert_has("-- Nothing can be saved at present (disk full), so lines are not sent.");
	fails("another reason");
	assert_effects("");
	joins(3);
	assert_has("(another reason)");
	/* In the next outage all who are connected are told with everybody. */
	connected(id(4));
	step((struct event){.kind = EVENT_STORE_BACK});
	fails("disk full");
	sends(4, "e\n");
	assert_has("-- You are e");
	assert_has_not("Nothing can be saved");
}

static void a_notice_is_for_those_who_keep_order(void **state)
{
	struct account admin = {.role = ROLE_ADMIN}, other = {.role = ROLE_ACCOUNT};
	(void)state;
	joins(0);
	joins(1);
	joins(2);
	chat->people.sessions[1]->account = &other;
	chat->people.sessions[2]->account = &admin;
	step((struct event){.kind = EVENT_NOTICE, .notice = "the file was written anew"});
	chat->people.sessions[1]->account = chat->people.sessions[2]->account = NULL;
	assert_effects("SEND 2 \"-- To administrators: the file was written anew\\n\"\n");
}

/* People who can repair it are told how; the others only what has happened. */
static void what_to_do_is_not_for_everybody(void **state)
{
	struct account admin = {.role = ROLE_ADMIN};
	(void)state;
	joins(0);
	joins(1);
	chat->people.sessions[1]->account = &admin;
	step((struct event){.kind = EVENT_STORE_FAILED,
	                    .failure = {"the file was replaced; so it seems", "put the old one back"}});
	chat->people.sessions[1]->account = NULL;
	assert_effects("SEND_ALL \"-- Nothing can be saved at present (the file was replaced; so it seems), so "
	               "lines are not sent. You will be told here when it works again.\\n\"\n"
	               "SEND 1 \"-- To administrators: put the old one back\\n\"\n");
}

static void lines_that_wait_are_said_to_wait(void **state)
{
	(void)state;
	joins(0);
	sends(0, "waits\n");
	fails("the disk is full");
	assert_has("so lines are not sent; the most recent ones are waiting, and will be sent later.");
}

/* Its use could not be saved, and the code would be valid again after a restart. */
static void no_code_is_taken_meanwhile(void **state)
{
	const struct effect *e;
	size_t n;

	(void)state;
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_ACCOUNT, .key = "alice",
	                                          .value = "nick=alice role=account made=1 hash=x "
	                                                   "codes=y%0Az"});
	joins(1);
	fails("the disk is full");
	connected(id(0));
	sends(0, "alice\n");
	sends(0, "code-code-code\n");
	e = chat_effects(chat, &n);
	for (; n > 0 && e->kind != EFFECT_QUERY; n--)
		e++;
	assert_true(n > 0);
	assert_int_equal(e->query.kind, QUERY_CHECK);
	assert_string_equal(e->query.check.hashes, "x");
	rows_come(id(0), (struct rows){.kind = QUERY_CHECK});
	assert_has("-- While nothing can be saved, one-time codes are not accepted: each could be used twice.");
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, begin, end)
#define TALKING(test) cmocka_unit_test_setup_teardown(test, begin_talking, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TALKING(what_waits_is_shown_where_talk_goes_on),
		TALKING(what_finds_no_room_is_counted_and_its_gap_recorded),
		TALKING(a_room_whose_lines_all_wait_keeps_them),
		TALKING(a_gap_comes_before_what_is_said_after_it),
		TALKING(a_gap_that_had_to_wait_is_recorded_when_others_are_saved),
		TALKING(every_room_has_its_gap),
		TALKING(the_days_are_named_where_there_are_two),
		ONE(a_new_configuration_is_taken_in_the_middle),
		ONE(each_is_told_once),
		ONE(a_notice_is_for_those_who_keep_order),
		ONE(what_to_do_is_not_for_everybody),
		ONE(lines_that_wait_are_said_to_wait),
		ONE(no_code_is_taken_meanwhile),
		ONE(an_act_that_is_saved_is_looked_up_in_an_outage),
		ONE(where_the_disk_is_low_orders_are_saved),
		ONE(where_the_disk_is_low_what_is_removed_goes),
		TALKING(where_the_disk_is_low_talk_goes_on_and_is_counted),
	};

	setenv("TZ", "UTC0", 1);
	return cmocka_run_group_tests_name("outage", tests, NULL, NULL);
}
