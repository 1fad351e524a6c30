/*
 * Order by events and effects: who is put out when, and who may do it.
 */
#include "chat_help.h"

#include "chatd/core/name.h"
#include "chatd/core/order.h"
#include "chatd/core/room.h"
#include "chatd/core/session.h"

enum { CROWD = 1500 };

/* The session in this slot is signed in to an account of its name from here on. */
static void signs_in(uint32_t slot, enum role role)
{
	struct session *s = chat_session(chat, id(slot));
	struct account *a = account_new(chat, s->nick, s->key, "", "");

	a->role = role;
	a->session = s;
	s->account = a;
}

static struct session *session(uint32_t slot)
{
	return chat_session(chat, id(slot));
}

/* a owns ops, b is its operator, c has an account, d is a guest; all are there. */
static void in_ops(void)
{
	for (uint32_t slot = 0; slot < 4; slot++) {
		joins(slot);
		if (slot < 3)
			signs_in(slot, ROLE_ACCOUNT);
		sends(slot, "/join ops\n");
	}
	assert_true(grant_give(chat, session(0)->room, "a", ROOM_OWNER));
	assert_true(grant_give(chat, session(0)->room, "b", ROOM_OPERATOR));
}

/* -- power ------------------------------------------------------------------------------- */

static void test_nobody_acts_on_who_has_as_much_power(void **state)
{
	(void)state;
	in_ops();
	joins(4);
	signs_in(4, ROLE_MODERATOR);
	sends(4, "/join ops\n");
	sends(1, "/ban a\n");
	assert_has("-- Not done: a is the owner here.");
	sends(1, "/kick e\n");
	assert_has("-- Not done: e is a moderator.");
	sends(0, "/mute e\n");
	assert_has("-- Not done: e is a moderator.");
	sends(2, "/kick d\n");
	assert_has("-- Not done: that is for the operators of ops.");
	sends(4, "/mute a 1m\n");
	assert_has("-- a is muted in ops until");
	sends(0, "/kick b\n");
	assert_has("-- b is put out of ops.");
	sends(1, "/ban --in=ops c\n");
	assert_has("-- c is banned from ops (#B");
	sends(1, "/ban --everywhere d\n");
	assert_has("-- Not done: what holds everywhere, or keeps people out of general, is for moderators.");
}

static void test_admins_act_on_one_another(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	joins(2);
	signs_in(0, ROLE_ADMIN);
	signs_in(1, ROLE_ADMIN);
	signs_in(2, ROLE_MODERATOR);
	sends(2, "/disconnect a\n");
	assert_has("-- Not done: a is an admin.");
	sends(0, "/disconnect a\n");
	assert_has("-- Not done: that is you.");
	sends(0, "/disconnect b\n");
	assert_has("CLOSE 1\n");
}

static void test_a_block_spares_who_keeps_order_there(void **state)
{
	struct address block;

	(void)state;
	in_ops();
	assert_true(address_parse("192.0.2.0/24", &block));
	/* b comes from elsewhere, and bans where the others come from. */
	session(1)->from.ip[0] = 10;
	sends(1, "/ban 192.0.2.0/24\n");
	assert_has("It hits now: c, d.");
	assert_ptr_equal(session(0)->room, room_by_key(chat, "ops"));
	assert_ptr_equal(session(2)->room, chat->lobby);
	assert_ptr_equal(session(3)->room, chat->lobby);
	sends(2, "/join ops\n");
	assert_has("-- You are banned from ops by b. Ask b, or a, who owns the room.");
}

/* -- being put out ------------------------------------------------------------------------ */

static void test_who_waits_for_an_answer_is_put_out_without_it(void **state)
{
	struct row row = {.id = 1, .kind = RECORD_SAY, .room_name = "ops", .sender = "a", .body = "old"};
	uint64_t number;

	(void)state;
	in_ops();
	sends(0, "hello\n");
	sends(3, "/history\n");
	assert_has("QUERY 3");
	number = questions[3][QUERY_LAST];
	sends(0, "/kick d\n");
	assert_has("-- d is put out of ops.");
	assert_has("-- a has put you out of ops.");
	assert_has("UNSUBSCRIBE 3\n");
	assert_has("SUBSCRIBE 3 feed 0\n");
	assert_has("RESUME 3\n");
	assert_ptr_equal(session(3)->room, chat->lobby);
	sends(3, "elsewhere\n");
	assert_int_not_equal(taken, 0);
	/* What it had asked about ops is not answered elsewhere. */
	rows_come(id(3), (struct rows){.kind = QUERY_LAST, .number = number, .row = &row, .n = 1});
	assert_effects("");
}

static void test_who_waits_and_ends_leaves_nothing(void **state)
{
	uint64_t number;

	(void)state;
	in_ops();
	sends(0, "hello\n");
	sends(3, "/history\n");
	number = questions[3][QUERY_LAST];
	happens(EVENT_CLOSED, 3);
	connected((struct conn_id){3, 2});
	rows_come((struct conn_id){3, 2}, (struct rows){.kind = QUERY_LAST, .number = number});
	assert_effects("");
}

static void test_out_of_the_chat_waits_for_nothing(void **state)
{
	(void)state;
	in_ops();
	signs_in(3, ROLE_ACCOUNT);
	chat->accounts->role = ROLE_MODERATOR;
	sends(0, "hello\n");
	sends(3, "/history\n");
	sends(0, "/kick d\n");
	sends(0, "/disconnect d\n");
	assert_has("CLOSE 3\n");
	assert_null(session(3));
	assert_null(chat->order->outs);
}

static void test_a_crowd_is_put_out_in_as_many_steps_as_it_takes(void **state)
{
	struct chat_config many = config;
	int steps = 1;

	many.connections_max = CROWD + 1;
	/* They come all at once. */
	many.address_exempt = "192.0.2.0/24";
	chat_free(chat);
	chat = chat_new(&many, 100, 5);
	for (uint32_t slot = 0; slot <= CROWD; slot++) {
		char name[16];

		snprintf(name, sizeof name, "n%u\n", slot);
		connected(id(slot));
		sends(slot, name);
	}
	(void)state;
	signs_in(0, ROLE_MODERATOR);
	session(0)->from.ip[0] = 10;
	sends(0, "/ban 192.0.2.0/24 1d all of you\n");
	assert_has(" and 1460 more.");
	for (; chat_due_ms(chat) <= now_ms; steps++)
		tick(0);
	assert_in_range(steps, 3, 100);
	assert_int_equal(chat_people(chat), 1);
}

/* -- what the store is told ---------------------------------------------------------------- */

static void test_what_is_over_waits_for_the_store(void **state)
{
	(void)state;
	in_ops();
	sends(0, "/ban c 1m\n");
	assert_has("kind 6 room 0 ref 3 \"target=account who=c key=c");
	step((struct event){.kind = EVENT_STORE_FAILED, .reason = "the disk is full"});
	sends(0, "/ban d\n");
	assert_has("-- Not done: nothing can be saved at present (the disk is full).");
	tick(60000);
	assert_has_not("APPEND");
	/* It is over all the same. */
	sends(2, "/join ops\n");
	assert_has("-- You are in ops");
	step((struct event){.kind = EVENT_STORE_BACK});
	assert_true(chat_due_ms(chat) > now_ms);
	tick(1000);
	assert_has("kind 6 room 0 ref 3 \"\"");
	assert_int_equal(chat->order->nbans[BAN_ENTRY], 0);
}

static void test_a_room_takes_its_bans_with_it(void **state)
{
	(void)state;
	in_ops();
	sends(0, "/ban c\n");
	sends(0, "/mute d\n");
	for (uint32_t slot = 0; slot < 4; slot++)
		happens(EVENT_CLOSED, slot);
	assert_null(room_by_key(chat, "ops"));
	assert_true(chat_due_ms(chat) <= now_ms);
	tick(0);
	assert_has("kind 6 room 0 ref 3 \"\"");
	assert_has("kind 6 room 0 ref 4 \"\"");
	assert_int_equal(chat->order->nbans[BAN_ENTRY] + chat->order->nbans[BAN_SPEECH], 0);
	assert_false(chat->guarded);
}

static void test_a_room_has_so_many_bans_and_no_more(void **state)
{
	char line[64];

	(void)state;
	in_ops();
	for (int i = 0; i < BANS_ROOM_MAX; i++) {
		snprintf(line, sizeof line, "/ban 198.51.%d.%d\n", i / 100, i % 100);
		sends(0, line);
		assert_has(" is banned from ops (#B");
	}
	sends(0, "/ban c\n");
	assert_has("-- Not done: there are 200 bans in this room, and that is the most.");
	/* One in place of another is none more. */
	sends(0, "/ban 198.51.0.7 1d\n");
	assert_has("In place of #B");
	sends(0, "/bans\n");
	assert_has("200 banned from ops:");
	assert_has("-- and 160 more.");
}

/* -- what is taken back -------------------------------------------------------------------- */

static void undone(uint32_t slot, const char *undo)
{
	struct row act = {.id = 7, .kind = RECORD_AUDIT, .room_name = undo, .sender = "b",
	                  .body = "did what it did"};

	sends(slot, "/undo #A7\n");
	assert_has("kind 3 room 0 0..8");
	rows_come(id(slot), (struct rows){.kind = QUERY_AUDIT, .row = &act, .n = 1});
}

static void test_acts_are_taken_back_by_who_could_do_it(void **state)
{
	(void)state;
	in_ops();
	sends(0, "/ban c\n");
	/* Its author reads what it was; the owner may, and does not; another hears of nothing. */
	undone(1, "mute --in=ops d");
	assert_has("-- Taking back #A7 (b did what it did):\\n\"");
	assert_has("-- d is muted in ops");
	undone(0, "unmute --in=ops d");
	assert_has("-- Taking back #A7:\\n\"");
	assert_has("-- d may speak in ops again.");
	undone(2, "unban --in=ops c");
	assert_has("-- Not done: there is no act #A7 that you could take back.");
	assert_has("RESUME 2\n");
	undone(0, "filter remove darn");
	assert_has("-- Not done: there is no act #A7 that you could take back.");
	/* What another act says is no way to run it. */
	undone(0, "ban c --in=ops");
	assert_has("-- Not done: there is no act #A7 that you could take back.");
	undone(1, "role b admin");
	assert_has("-- Not done: /role is for admins.");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(test_nobody_acts_on_who_has_as_much_power),
		CASE(test_admins_act_on_one_another),
		CASE(test_a_block_spares_who_keeps_order_there),
		CASE(test_who_waits_for_an_answer_is_put_out_without_it),
		CASE(test_who_waits_and_ends_leaves_nothing),
		CASE(test_out_of_the_chat_waits_for_nothing),
		CASE(test_a_crowd_is_put_out_in_as_many_steps_as_it_takes),
		CASE(test_what_is_over_waits_for_the_store),
		CASE(test_a_room_takes_its_bans_with_it),
		CASE(test_a_room_has_so_many_bans_and_no_more),
		CASE(test_acts_are_taken_back_by_who_could_do_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
