/*
 * Moderation by events and effects: who is removed when, and who may do it.
 */
#include "chat_help.h"

#include "chatd/core/moderation/moderation.h"
#include "chatd/core/people/name.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/eject.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum { MANY = 1500 };

/* Signs the session in this slot in to an account of its name. */
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

static void joins_from(uint32_t slot, const char *addr)
{
	char name[3] = {(char)('a' + slot), '\n', '\0'};

	step((struct event){.kind = EVENT_CONNECTED, .conn = id(slot), .connected.from = where(addr)});
	sends(slot, name);
}

/* The last moderation action, as recorded in the audit. */
static struct {
	struct row row;
	char *undo, *sender, *body;
} last;

static void forget_act(void)
{
	free(last.undo);
	free(last.sender);
	free(last.body);
	memset(&last, 0, sizeof last);
}

static void notes_act(void)
{
	const struct effect *effects;
	size_t n;

	effects = chat_effects(chat, &n);
	for (size_t i = 0; i < n; i++) {
		const struct record *r = &effects[i].record;

		if (effects[i].kind != EFFECT_APPEND || r->kind != RECORD_AUDIT)
			continue;
		forget_act();
		last.undo = strdup(r->audit.changed);
		last.sender = strdup(r->audit.actor);
		last.body = strdup(r->audit.text);
		last.row = (struct row){.id = r->seq, .time_ms = r->time_ms, .kind = RECORD_AUDIT,
		                        .room_name = "", .changed = last.undo, .sender = last.sender,
		                        .body = last.body};
	}
}

/* Does something that is a moderation action. */
static void acts(uint32_t slot, const char *line)
{
	uint64_t before = last.row.id;

	sends(slot, line);
	notes_act();
	assert_true(last.row.id != before);
}

/* Takes back the action in that row, and notes the action that this was. */
static void undoes_row(uint32_t slot, struct row row)
{
	char line[32];

	snprintf(line, sizeof line, "/undo #A%" PRIu64 "\n", row.id);
	sends(slot, line);
	assert_has("QUERY");
	rows_come(id(slot), (struct rows){.kind = QUERY_AUDIT, .row = &row, .n = 1});
	notes_act();
}

static void undoes(uint32_t slot)
{
	undoes_row(slot, last.row);
}

/* A copy of the last action, which the caller frees with act_free. */
static struct row act_kept(void)
{
	struct row row = last.row;

	row.changed = strdup(last.undo);
	row.sender = strdup(last.sender);
	row.body = strdup(last.body);
	return row;
}

static void act_free(struct row *row)
{
	free((char *)row->changed);
	free((char *)row->sender);
	free((char *)row->body);
}

static int done(void **state)
{
	forget_act();
	return end(state);
}

/* a owns ops, b is its operator, c has an account, d is a guest; all of them are there. */
static void in_ops(void)
{
	for (uint32_t slot = 0; slot < 4; slot++) {
		joins(slot);
		if (slot < 3)
			signs_in(slot, ROLE_ACCOUNT);
		sends(slot, "/join ops\n");
	}
	assert_true(membership_give(chat, session(0)->room, "a", ROOM_OWNER));
	assert_true(membership_give(chat, session(0)->room, "b", ROOM_OPERATOR));
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
	assert_has("-- You cannot do that to a, who is the owner of the room.");
	sends(1, "/kick e\n");
	assert_has("-- You cannot do that to e, who is a moderator.");
	sends(0, "/mute e\n");
	assert_has("-- You cannot do that to e, who is a moderator.");
	sends(2, "/kick d\n");
	assert_has("-- Only the operators of ops can do that.");
	sends(4, "/mute a 1m\n");
	assert_has("-- a is muted in ops until");
	sends(0, "/kick b\n");
	assert_has("-- b was removed from ops.");
	sends(1, "/ban --in=ops c\n");
	assert_has("-- c is banned from ops (#B");
	sends(1, "/ban --everywhere d\n");
	assert_has("-- Only moderators can do that for the whole chat, or for general, the lobby.");
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
	assert_has("-- You cannot do that to a, who is an administrator.");
	sends(0, "/disconnect a\n");
	assert_has("-- You cannot disconnect yourself.");
	sends(0, "/disconnect b\n");
	assert_has("CLOSE 1\n");
}

static void test_a_block_spares_who_keeps_order_there(void **state)
{
	(void)state;
	in_ops();
	joins_from(4, "203.0.113.4");
	signs_in(4, ROLE_MODERATOR);
	sends(4, "/ban --in=ops --all 192.0.2.0/24\n");
	assert_has("It affects c, d.");
	assert_ptr_equal(session(0)->room, room_by_key(chat, "ops"));
	assert_ptr_equal(session(2)->room, chat->rooms.lobby);
	assert_ptr_equal(session(3)->room, chat->rooms.lobby);
	sends(2, "/join ops\n");
	assert_has("-- You are banned from ops by e. Ask e, or a, who owns the room.");
}

/* -- addresses ---------------------------------------------------------------------------- */

static void test_addresses_are_for_moderators(void **state)
{
	static const char *const tries[] = {
		"/ban 192.0.2.0/24\n", "/ban --preview 192.0.2.1\n", "/ban --all --preview ::/0\n",
		"/ban --name 192.0.2.1 1d\n",
	};

	(void)state;
	in_ops();
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		sends(0, tries[i]);
		assert_has("-- Only moderators can ban addresses.");
		assert_has_not("It would hit");
		assert_has_not("APPEND");
	}
	sends(0, "/unban 192.0.2.0/24\n");
	assert_has("-- There is no ban on 192.0.2.0/24 that you could lift.");
}

/* The operators of a room do not learn which address a moderator has banned from it. */
static void test_a_moderators_address_is_not_told_in_the_room(void **state)
{
	(void)state;
	in_ops();
	joins_from(4, "203.0.113.4");
	signs_in(4, ROLE_MODERATOR);
	acts(4, "/ban --in=ops 198.51.100.7\n");
	sends(1, "/bans\n");
	assert_has("1 banned from ops:");
	assert_has(" an address, for good  by e ");
	assert_has_not("198.51");
	sends(1, "/unban 198.51.100.7\n");
	assert_has("-- There is no ban on 198.51.100.7 that you could lift.");
	sends(4, "/bans --in=ops\n");
	assert_has(" 198.51.100.7, for good  by e ");
	/* They may lift it, by its number; the record tells no more, and they may not restore it. */
	undoes(1);
	assert_has("-- The ban on an address from ops is lifted.");
	assert_has_not("198.51");
	undoes(1);
	assert_has("lifted the ban on an address from ops");
	assert_has("-- Only moderators can ban addresses.");
	assert_has_not("198.51");
	undoes(4);
	assert_has("-- 198.51.100.7 is banned from ops (#B");
}

static void test_more_than_the_one_who_is_named_is_said_before(void **state)
{
	(void)state;
	in_ops();
	joins(4);
	sends(4, "/join ops\n");
	joins_from(5, "203.0.113.5");
	sends(5, "/join ops\n");
	/* d and e are guests of one address, f of another. */
	sends(0, "/ban d 1d spam\n");
	assert_has("-- Nothing has changed: that would also affect 1 person at the same address.\\n");
	assert_has("-- /ban --all ... does it anyway; /ban --name ... applies to the name only.");
	assert_has_not("APPEND");
	assert_has_not(" e");
	sends(0, "/ban --preview d\n");
	assert_has("-- It would affect 2 people here.\\n");
	sends(0, "/mute d\n");
	assert_has("-- Nothing has changed: that would also affect 1 person at the same address.\\n");
	sends(0, "/ban f\n");
	assert_has("-- f is banned from ops (#B");
	assert_has("It affects f.");
	sends(0, "/mute --name d\n");
	assert_has("-- d is muted in ops (#B");
	assert_has("It affects d.");
	sends(4, "hello\n");
	assert_has("PUBLISH");
	sends(0, "/mute --all d\n");
	assert_has("This replaces #B");
	assert_has("It affects 2 people here.");
	sends(4, "hello\n");
	assert_has("-- Not sent: a has muted you in ops.");
	sends(0, "/ban --name d\n");
	assert_ptr_equal(session(3)->room, chat->rooms.lobby);
	assert_ptr_equal(session(4)->room, room_by_key(chat, "ops"));
	/* Moderators see who. */
	chat->people.accounts.by_key->role = ROLE_MODERATOR;
	sends(0, "/ban --everywhere d\n");
	assert_has("-- Nothing has changed: that would also affect 1 person at the same address: e\\n");
	sends(0, "/ban --everywhere --all d\n");
	assert_has("It affects d, e.");
	assert_has("CLOSE 3\n");
	assert_has("CLOSE 4\n");
	assert_null(session(4));
}

static void test_a_guest_of_a_shared_address_is_banned_by_name(void **state)
{
	static const char *const shared[] = {"127.0.0.1", "::1", "unix", "10.1.2.3"};
	struct chat_config with = config;

	(void)state;
	with.address_exempt = "10.0.0.0/8";
	chat_free(chat);
	chat = chat_new(&with, 100, 5);
	joins(0);
	signs_in(0, ROLE_ADMIN);
	for (uint32_t i = 0; i < 4; i++) {
		joins_from(1, shared[i]);
		joins_from(2, shared[i]);
		joins_from(3, "198.51.100.9");
		sends(0, "/ban --preview b\n");
		assert_has("-- It would apply to the name only, because others may share the address.");
		assert_has("-- It would affect 1 person here: b\\n");
		acts(0, "/ban b 1h spam\n");
		assert_has("name counts, because others may share the address. It affects b.");
		assert_has("CLOSE 1\n");
		assert_has_not("CLOSE 2\n");
		assert_has_not("CLOSE 3\n");
		assert_non_null(session(2));
		assert_non_null(session(3));
		/* Nor does it keep out people who connect from there later. */
		happens(EVENT_CLOSED, 2);
		joins_from(2, shared[i]);
		assert_has("-- You are c");
		happens(EVENT_CLOSED, 2);
		happens(EVENT_CLOSED, 3);
		sends(0, "/unban b\n");
		assert_has("-- The ban on b from this chat is lifted.");
	}
}

/* -- being removed ------------------------------------------------------------------------ */

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
	assert_has("-- d was removed from ops.");
	assert_has("-- a removed you from ops.");
	assert_has("UNSUBSCRIBE 3\n");
	assert_has("SUBSCRIBE 3 feed 0\n");
	assert_has("RESUME 3\n");
	assert_ptr_equal(session(3)->room, chat->rooms.lobby);
	sends(3, "elsewhere\n");
	assert_int_not_equal(taken, 0);
	/* A question about ops is not answered in another room. */
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
	chat->people.accounts.by_key->role = ROLE_MODERATOR;
	sends(0, "hello\n");
	sends(3, "/history\n");
	sends(0, "/kick d\n");
	sends(0, "/disconnect d\n");
	assert_has("CLOSE 3\n");
	assert_null(session(3));
	assert_null(chat->rooms.ejections.first);
}

static void test_many_are_put_out_in_as_many_steps_as_it_takes(void **state)
{
	struct chat_config many = config;
	int steps = 1;

	many.connections_max = MANY + 1;
	/* They all connect at once. */
	many.address_exempt = "192.0.2.0/24";
	chat_free(chat);
	chat = chat_new(&many, 100, 5);
	for (uint32_t slot = 0; slot <= MANY; slot++) {
		char name[16];

		snprintf(name, sizeof name, "n%u\n", slot);
		connected(id(slot));
		sends(slot, name);
	}
	(void)state;
	signs_in(0, ROLE_MODERATOR);
	session(0)->from.ip[0] = 10;
	sends(0, "/ban --all 192.0.2.0/24 1d all of you\n");
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
	step((struct event){.kind = EVENT_STORE_FAILED, .failure.reason = "the disk is full"});
	sends(0, "/ban d\n");
	assert_has("-- Nothing can be saved at present (the disk is full).");
	tick(60000);
	assert_has_not("APPEND");
	/* The ban is over all the same. */
	sends(2, "/join ops\n");
	assert_has("-- You are in ops");
	step((struct event){.kind = EVENT_STORE_BACK});
	assert_true(chat_due_ms(chat) > now_ms);
	tick(1000);
	assert_has("kind 6 room 0 ref 3 \"\"");
	assert_int_equal(chat->rooms.bans.n[BAN_ENTRY], 0);
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
	assert_int_equal(chat->rooms.bans.n[BAN_ENTRY] + chat->rooms.bans.n[BAN_SPEECH], 0);
	assert_true(chat->moderation.guards == 0);
}

/* -- shares ------------------------------------------------------------------------------- */

/* That many bans of b's making, in the room. */
static void bans(struct room *r, uint32_t from, uint32_t n, bool keeper)
{
	for (uint32_t i = from; i < from + n; i++) {
		char name[16];
		struct ban b = {.kind = BAN_ENTRY, .target = BAN_ACCOUNT, .who = name, .key = name, .by = "b",
		                .by_key = "b", .why = "", .at_ms = wall(), .keeper = keeper};

		snprintf(name, sizeof name, "x%u", i);
		ban_add(chat, r, &b);
		/* One step has room for a limited number of effects. */
		chat->output.n = 0;
		chat->output.arena_len = 0;
	}
}

static struct room *room_of(const char *name, const char *owner)
{
	struct room *r = room_new(chat, name, name, 0);

	r->set.permanent = true;
	if (owner != NULL)
		assert_true(membership_give(chat, r, owner, ROOM_OWNER));
	chat->output.n = 0;
	chat->output.arena_len = 0;
	return r;
}

static void test_a_room_has_so_many_bans_and_no_more(void **state)
{
	(void)state;
	in_ops();
	bans(session(0)->room, 0, BANS_ROOM_MAX, false);
	sends(0, "/ban c\n");
	assert_has("-- Cannot ban: the list is full (200 bans in this room).");
	/* The same for a guest. */
	sends(0, "/ban d\n");
	assert_has("-- Cannot ban: the list is full (200 bans in this room).");
	sends(0, "/bans\n");
	assert_has("200 banned from ops:");
	assert_has("-- and 160 more.");
	/* A moderator still can. */
	joins_from(4, "203.0.113.4");
	signs_in(4, ROLE_MODERATOR);
	sends(4, "/ban --in=ops c\n");
	assert_has("-- c is banned from ops (#B");
	bans(session(0)->room, BANS_ROOM_MAX, BANS_ROOM_RESERVE - 1, true);
	sends(4, "/ban --in=ops d\n");
	assert_has("-- Cannot ban: the list is full (250 bans in this room).");
	/* And one command empties the list, in as many steps as it takes. */
	sends(0, "/unban all\n");
	assert_has("-- This would lift 250 bans from ops: ");
	assert_has(" and 240 more.\\n-- Nothing has changed yet. /unban all --yes lifts them; that "
	           "cannot be undone.\\n");
	assert_has_not("APPEND");
	sends(0, "/unban all --yes\n");
	assert_has("-- Lifted 250 bans from ops. That cannot be undone.");
	sends(2, "/join ops\n");
	assert_has("-- You are in ops");
	for (int i = 0; chat_due_ms(chat) <= now_ms && i < 100; i++)
		tick(0);
	assert_int_equal(chat->rooms.bans.n[BAN_ENTRY], 0);
	sends(0, "/unban all\n");
	assert_has("-- There is no ban from ops that you could lift.");
}

static void test_one_account_has_a_share_of_the_bans(void **state)
{
	struct room *r, *other;

	(void)state;
	in_ops();
	for (uint32_t i = 0; i < BANS_OWNER_MAX / 100; i++) {
		char name[16];

		snprintf(name, sizeof name, "r%u", i);
		bans(room_of(name, "a"), 0, 100, false);
	}
	sends(0, "/ban c\n");
	assert_has("-- Cannot ban: the list is full (500 bans in the rooms of this owner).");
	sends(0, "/mute c\n");
	assert_has("-- c is muted in ops");
	/* Nor by people who own none of the rooms; and other owners' rooms have their own share. */
	sends(1, "/ban c\n");
	assert_has("-- Cannot ban: the list is full (500 bans");
	other = room_of("other", "c");
	sends(2, "/ban --in=other d\n");
	assert_has("-- d is banned from other (#B");
	/* Nobody gets more bans than their share by accepting a room. */
	bans(other, 0, 50, false);
	sends(2, "/transfer --in=other a\n");
	sends(0, "/accept other\n");
	assert_has("-- With other there would be 551 bans in your rooms; the maximum is 500.");
	/* If nobody owns the room, they count in the share of the person who sets them. */
	for (uint32_t i = 0; i < BANS_OWNER_MAX / 100; i++) {
		char name[16];

		snprintf(name, sizeof name, "n%u", i);
		bans(room_of(name, NULL), 0, 100, false);
	}
	r = room_of("nobodys", NULL);
	assert_true(membership_give(chat, r, "b", ROOM_OPERATOR));
	assert_true(membership_give(chat, r, "c", ROOM_OPERATOR));
	sends(1, "/ban --in=nobodys d\n");
	assert_has("-- Cannot ban: the list is full (500 bans by you in rooms without an owner).");
	sends(2, "/ban --in=nobodys d\n");
	assert_has("-- d is banned from nobodys (#B");
}

static void test_rooms_leave_place_for_what_holds_everywhere(void **state)
{
	char name[16];

	(void)state;
	in_ops();
	joins_from(4, "203.0.113.4");
	signs_in(4, ROLE_MODERATOR);
	/* Everything that rooms may have, except what is reserved for moderators. */
	for (uint32_t i = 0; i < (BANS_ROOMS_MAX - BANS_ROOMS_RESERVE) / 100; i++) {
		snprintf(name, sizeof name, "r%u", i);
		bans(room_of(name, NULL), 0, 100, true);
	}
	sends(0, "/ban c\n");
	assert_has("-- Cannot ban: the list is full (7,000 bans in all rooms).");
	sends(4, "/ban --in=ops c\n");
	assert_has("-- c is banned from ops (#B");
	bans(room_of("more", NULL), 0, 200, true);
	for (uint32_t i = 0; i < 8; i++) {
		snprintf(name, sizeof name, "s%u", i);
		bans(room_of(name, NULL), 0, i < 7 ? 100 : 99, true);
	}
	sends(4, "/ban --in=ops d\n");
	assert_has("-- Cannot ban: the list is full (8,000 bans in all rooms).");
	sends(4, "/ban --everywhere c\n");
	assert_has("-- c is banned from this chat (#B");
	bans(NULL, 0, BANS_EVERYWHERE_MAX - 1, true);
	sends(4, "/ban --everywhere --all d\n");
	assert_has("-- Cannot ban: the list is full (2,000 bans everywhere).");
	sends(4, "/unban --everywhere all\n");
	assert_has("-- Nothing has changed yet. /unban --everywhere all --yes lifts them; ");
	sends(4, "/unban --everywhere all --yes\n");
	assert_has("-- Lifted 2000 bans from this chat.");
	for (int i = 0; chat_due_ms(chat) <= now_ms && i < 100; i++)
		tick(0);
	assert_int_equal(chat->rooms.bans.everywhere[BAN_ENTRY].n, 0);
	assert_int_equal(chat->rooms.bans.n[BAN_ENTRY], BANS_ROOMS_MAX);
	sends(4, "/ban --everywhere --all d\n");
	assert_has("-- d is banned from this chat (#B");
}

/* -- accounts ------------------------------------------------------------------------------ */

/* What /register does, without the hash. */
static void registers(uint32_t slot)
{
	char line[] = "/register correct horse\n";

	sends(slot, line);
	assert_has("QUERY");
	rows_come(id(slot), (struct rows){.kind = QUERY_HASH, .hash.text = "$hash"});
	assert_has(" is yours now: nobody else can use that name");
}

static void test_a_rooms_ban_keeps_nobody_from_an_account(void **state)
{
	(void)state;
	in_ops();
	joins(4);
	sends(4, "/join ops\n");
	joins_from(5, "203.0.113.5");
	sends(0, "/ban --all d\n");
	assert_ptr_equal(session(4)->room, chat->rooms.lobby);
	/* From the banned address, with the banned name, and neither. */
	registers(4);
	registers(3);
	registers(5);
	sends(3, "/join ops\n");
	assert_has("-- You are banned from ops by a.");
	sends(4, "/join ops\n");
	assert_has("-- You are banned from ops by a.");
	sends(5, "/join ops\n");
	assert_has("-- You are in ops");
	/* An account that existed before is not affected. */
	sends(2, "/leave\n");
	sends(2, "/join ops\n");
	assert_has("-- You are in ops");
	/* One command of the operator lets them in again; undone, it is as before. */
	acts(0, "/unban d\n");
	sends(4, "/join ops\n");
	assert_has("-- You are in ops");
	sends(4, "/leave\n");
	undoes(0);
	assert_has("-- d is banned from ops (#B");
	sends(4, "/join ops\n");
	assert_has("-- You are banned from ops by a.");
}

static void test_an_account_from_before_is_not_counted_with_a_guest(void **state)
{
	(void)state;
	in_ops();
	joins(4);
	sends(4, "/join ops\n");
	registers(4);
	sends(0, "/ban --preview d\n");
	assert_has("-- It would affect 1 person here.\\n");
	sends(0, "/ban d\n");
	assert_has("It affects d.");
	assert_ptr_equal(session(4)->room, session(0)->room);
}

static void test_a_rooms_ban_is_of_the_room(void **state)
{
	(void)state;
	in_ops();
	joins_from(4, "203.0.113.5");
	sends(0, "/room private on\n");
	/* A ban or mute in a room where people are not does not hold their name, nor tell them of the
	 * room. */
	sends(0, "/ban --name e\n");
	sends(4, "/nick free\n");
	assert_has_not("ops");
	assert_string_equal(session(4)->nick, "free");
	sends(0, "/mute --name free\n");
	sends(4, "/nick freer\n");
	assert_has_not("ops");
	assert_string_equal(session(4)->nick, "freer");
	sends(0, "/ban c\n");
	sends(2, "/nick passing\n");
	assert_has_not("ops");
	assert_string_equal(session(2)->nick, "passing");
	/* In the room where they are muted, people keep their name. */
	sends(0, "/mute d\n");
	sends(3, "/nick other\n");
	assert_has("-- You are muted in ops, by a, and must keep your name until that ends.");
}

static void test_who_went_on_to_another_room_is_put_out_of_it_too(void **state)
{
	struct room *r;

	(void)state;
	in_ops();
	r = session(0)->room;
	sends(3, "/leave\n");
	/* The mark for a room that the person has left is still there. */
	eject_mark(chat, session(3), r, "told", "why");
	eject_mark(chat, session(3), chat->rooms.lobby, "told now", "why");
	assert_int_equal(session(3)->presence.ejection->room, chat->rooms.lobby->number);
	/* There is one mark for a room, and removal from the chat outranks it. */
	eject_mark(chat, session(3), chat->rooms.lobby, "told again", "why");
	assert_string_equal(session(3)->presence.ejection->told, "told now");
	eject_mark(chat, session(3), NULL, "out", "why");
	eject_mark(chat, session(3), r, "told", "why");
	assert_int_equal(session(3)->presence.ejection->room, 0);
	eject_forget(chat, session(3));
}

/* A room of which nothing was saved loses its number at the next start, but not if an action names
 * it. */
static void test_an_act_keeps_the_number_of_its_room(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(0, "/join den\n");
	signs_in(0, ROLE_MODERATOR);
	assert_false(session(0)->room->stored);
	acts(0, "/ban --in=den --name b\n");
	assert_true(session(0)->room->stored);
	assert_has("kind 3 room 7");
}

static void test_what_holds_everywhere_keeps_from_an_account(void **state)
{
	(void)state;
	in_ops();
	joins(4);
	chat->people.accounts.by_key->role = ROLE_MODERATOR;
	sends(0, "/mute --everywhere --all d\n");
	sends(4, "/register correct horse\n");
	assert_has("-- You are muted everywhere, by a, and cannot register until that ends.");
}

/* -- what is taken back -------------------------------------------------------------------- */

static void test_acts_are_taken_back_by_who_could_do_it(void **state)
{
	struct row ban, filter;

	(void)state;
	in_ops();
	joins_from(4, "203.0.113.4");
	signs_in(4, ROLE_ADMIN);
	acts(1, "/ban c\n");
	ban = act_kept();
	acts(4, "/filter add darn\n");
	filter = act_kept();
	/* Others do not learn that it exists; its author is told what it was; the owner may undo it,
	 * but does not. */
	undoes_row(2, ban);
	assert_has("-- There is no moderation action #A");
	assert_has("RESUME 2\n");
	undoes_row(0, filter);
	assert_has("-- There is no moderation action #A");
	undoes_row(1, ban);
	assert_has(" (b banned c from ops (#B");
	assert_has("-- The ban on c from ops is lifted.");
	undoes(0);
	assert_has("Taking back #A");
	assert_has_not("(b ended");
	assert_has("-- c is banned from ops (#B");
	undoes_row(4, filter);
	assert_has("-- darn is no longer blocked.");
	/* A later account of an author's name is not the author. */
	assert_true(membership_has(membership_of(room_by_key(chat, "ops"), "b"), ROOM_OPERATOR));
	account_by_key(chat, "b")->made.at_ms++;
	membership_take(chat, room_by_key(chat, "ops"), "b", ROOM_OPERATOR);
	undoes_row(1, ban);
	assert_has("-- There is no moderation action #A");
	act_free(&ban);
	act_free(&filter);
}

/* Older versions recorded a command line with names in it. */
static void test_what_an_older_version_recorded_is_not_run(void **state)
{
	static const char *const lines[] = {
		"unban --in=ops d", "role b admin", "filter add undo=role", "ban --everywhere c 5m undo=ban",
		"room --in=ops private on", " undo=role account=b is=account was=admin",
	};

	(void)state;
	in_ops();
	chat->people.accounts.by_key->role = ROLE_ADMIN;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		undoes_row(0, (struct row){.id = 7, .kind = RECORD_AUDIT, .room_name = "",
		                           .changed = lines[i], .sender = "b",
		                           .body = "did it"});
		assert_has("-- #A7 (b did it) cannot be taken back: an older version of chatd recorded "
		           "it.");
		assert_has_not("APPEND");
	}
	undoes_row(0, (struct row){.id = 7, .kind = RECORD_AUDIT, .room_name = "",
	                           .changed = "undo=wish", .sender = "b",
	                           .body = "did it"});
	assert_has("-- Cannot undo: a newer version of chatd recorded that");
}

static void test_bans_are_restored_as_they_were(void **state)
{
	struct row first, second;
	const struct ban *b;

	(void)state;
	in_ops();
	acts(0, "/ban c 2h spam and more\n");
	first = act_kept();
	now_ms += 60000;
	acts(1, "/ban c 1d again\n");
	second = act_kept();
	/* The first is no longer in force. */
	undoes_row(0, first);
	assert_has("-- Cannot undo: there is no ban #B");
	undoes_row(0, second);
	b = session(0)->room->bans[BAN_ENTRY].first;
	assert_null(b->list_next);
	assert_string_equal(b->by, "a");
	assert_string_equal(b->why, "spam and more");
	assert_int_equal(b->at_ms, wall() - 60000);
	assert_int_equal(b->until_ms, wall() - 60000 + 2 * 3600000);
	/* Again: it undoes the undo. */
	undoes(0);
	b = session(0)->room->bans[BAN_ENTRY].first;
	assert_string_equal(b->why, "again");
	acts(0, "/unban c\n");
	act_free(&first);
	first = act_kept();
	sends(0, "/ban c\n");
	undoes_row(0, first);
	assert_has("-- Cannot undo: there is a newer one.");
	sends(0, "/unban c\n");
	now_ms += INT64_C(86400000);
	undoes_row(0, first);
	assert_has("-- Cannot undo: it would have ended by now.");
	act_free(&first);
	act_free(&second);
}

static void test_a_restored_ban_hits_nobody_else(void **state)
{
	struct row act;

	(void)state;
	in_ops();
	acts(0, "/ban c\n");
	acts(0, "/unban c\n");
	act = act_kept();
	/* Somebody else has that name now. */
	account_by_key(chat, "c")->made.at_ms++;
	undoes_row(0, act);
	assert_has("-- Cannot undo: that account is gone, and another has its name.");
	act_free(&act);
	/* Other people connect from the guest's address now. */
	acts(0, "/ban d\n");
	acts(0, "/unban d\n");
	joins(4);
	sends(4, "/join ops\n");
	undoes(0);
	assert_has("-- Nothing has changed: that would also affect 1 person at the same address.");
	assert_int_equal(session(0)->room->bans[BAN_ENTRY].n, 0);
	assert_ptr_equal(session(4)->room, session(0)->room);
}

static void test_undo_goes_back_to_the_beginning(void **state)
{
	struct row ban, offer;
	uint64_t number;

	(void)state;
	in_ops();
	acts(0, "/ban c\n");
	ban = act_kept();
	number = session(0)->room->bans[BAN_ENTRY].first->number;
	/* Even if the lifted ban still waits to be forgotten. */
	acts(0, "/unban c\n");
	undoes(0);
	assert_int_equal(session(0)->room->bans[BAN_ENTRY].first->number, number);
	now_ms += 60000;
	undoes_row(0, ban);
	assert_int_equal(session(0)->room->bans[BAN_ENTRY].n, 0);
	acts(0, "/transfer c\n");
	offer = act_kept();
	now_ms += 60000;
	acts(0, "/transfer -\n");
	now_ms += 60000;
	undoes(0);
	assert_has("-- ops is offered to c, who has until [");
	assert_int_equal(session(0)->room->offer.at_ms, wall() - 120000);
	undoes_row(0, offer);
	assert_has("-- ops is no longer offered to c.");
	now_ms += OFFER_MS;
	undoes(0);
	assert_has("-- Cannot undo: that offer would have ended by now. Nothing has changed.");
	act_free(&ban);
	act_free(&offer);
}

static void test_a_restored_block_hits_whom_it_hit(void **state)
{
	(void)state;
	in_ops();
	joins_from(4, "203.0.113.4");
	joins_from(5, "203.0.113.5");
	joins_from(6, "198.51.100.6");
	signs_in(6, ROLE_MODERATOR);
	acts(6, "/ban --everywhere --all 203.0.113.0/24\n");
	acts(6, "/unban --everywhere 203.0.113.0/24\n");
	joins_from(4, "203.0.113.4");
	joins_from(5, "203.0.113.5");
	undoes(6);
	assert_has("-- 203.0.113.0/24 is banned from this chat (#B");
	assert_null(session(4));
	assert_null(session(5));
}

static void test_a_moderators_ban_is_restored_within_the_operators_share(void **state)
{
	struct row act;

	(void)state;
	in_ops();
	bans(session(0)->room, 0, BANS_ROOM_MAX, false);
	joins_from(4, "203.0.113.4");
	signs_in(4, ROLE_MODERATOR);
	sends(4, "/ban --in=ops c\n");
	acts(0, "/unban c\n");
	act = act_kept();
	undoes_row(0, act);
	assert_has("-- Cannot ban: the list is full (200 bans in this room).");
	undoes_row(4, act);
	assert_has("-- c is banned from ops (#B");
	act_free(&act);
}

static void test_a_role_goes_back_to_the_very_account(void **state)
{
	struct row act;

	(void)state;
	in_ops();
	chat->people.accounts.by_key->role = ROLE_ADMIN;
	acts(0, "/role c moderator\n");
	act = act_kept();
	undoes_row(0, act);
	assert_has("-- c has no role any more.");
	undoes_row(0, act);
	assert_has("-- Cannot undo: the role has since been changed.");
	undoes(0);
	assert_has("-- c is now a moderator.");
	account_by_key(chat, "c")->made.at_ms++;
	undoes_row(0, act);
	assert_has("-- Cannot undo: that account is gone.");
	act_free(&act);
}

static void test_memberships_go_back_to_whom_they_were_of(void **state)
{
	struct row act;

	(void)state;
	in_ops();
	acts(0, "/op c\n");
	act = act_kept();
	undoes_row(1, act);
	assert_has("-- Only the owner of ops, a, can do that.");
	undoes_row(2, act);
	assert_has("-- c is no longer an operator of ops.");
	undoes_row(0, act);
	assert_has("-- Cannot undo: it has since been taken away.");
	act_free(&act);
	acts(0, "/voice c\n");
	account_by_key(chat, "c")->made.at_ms++;
	undoes(0);
	assert_has("-- Cannot undo: the person it was about is gone.");
	account_by_key(chat, "c")->made.at_ms--;
	/* Lines that a person could read stay readable. */
	sends(0, "hello\n");
	sends(0, "/room private on\n");
	assert_int_equal(membership_of(session(0)->room, "c")->since, 0);
	sends(0, "more\n");
	sends(0, "/devoice c\n");
	acts(0, "/uninvite c\n");
	assert_null(membership_of(session(0)->room, "c"));
	undoes(0);
	assert_has("-- c is invited to ops.");
	assert_int_equal(membership_of(session(0)->room, "c")->since, 0);
}

static void test_a_guests_voice_is_of_the_connection(void **state)
{
	(void)state;
	in_ops();
	now_ms += 1000;
	acts(0, "/voice d\n");
	undoes(0);
	assert_has("-- d no longer has a voice in ops.");
	undoes(0);
	assert_has("-- d has a voice in ops.");
	now_ms += 1000;
	happens(EVENT_CLOSED, 3);
	joins(3);
	sends(3, "/join ops\n");
	session(3)->member.voiced = true;
	undoes(0);
	assert_has("-- Cannot undo: the person it was about is gone.");
	assert_true(session(3)->member.voiced);
}

/* Connections over the control socket have slots after all others. */
static void test_a_guests_voice_of_the_control_socket(void **state)
{
	struct chat_config few = config;

	(void)state;
	few.connections_max = 3;
	chat_free(chat);
	chat = chat_new(&few, 100, 5);
	in_ops();
	acts(0, "/voice d\n");
	undoes(0);
	assert_has("-- d no longer has a voice in ops.");
}

static void test_settings_go_back_by_the_rooms_number(void **state)
{
	struct row act;
	struct room *r;

	(void)state;
	in_ops();
	r = session(0)->room;
	sends(0, "/room slow 30\n");
	acts(1, "/room slow 60\n");
	act = act_kept();
	undoes_row(1, act);
	assert_has("-- Slow mode is on in ops: one line every 30 s.");
	undoes_row(1, act);
	assert_has("-- Cannot undo: it has since been set again.");
	undoes(1);
	assert_has("-- Slow mode is on in ops: one line every 60 s.");
	/* Another room of that name is another room. */
	for (uint32_t slot = 0; slot < 4; slot++)
		sends(slot, "/leave\n");
	assert_null(room_by_key(chat, "ops"));
	sends(0, "/join ops\n");
	r = session(0)->room;
	r->set.slow_s = 60;
	chat->people.accounts.by_key->role = ROLE_ADMIN;
	undoes_row(0, act);
	assert_has("-- Cannot undo: that room is gone.");
	assert_int_equal(r->set.slow_s, 60);
	act_free(&act);
}

static void test_lockdowns_and_ends_go_back(void **state)
{
	struct row act;
	int64_t until_ms;

	(void)state;
	in_ops();
	chat->people.accounts.by_key->role = ROLE_ADMIN;
	sends(0, "/lockdown 1h\n");
	until_ms = chat->moderation.lockdown.until_ms;
	acts(0, "/lockdown 2h\n");
	act = act_kept();
	undoes_row(0, act);
	assert_int_equal(chat->moderation.lockdown.until_ms, until_ms);
	undoes_row(0, act);
	assert_has("-- Cannot undo: the lockdown has since been changed or has ended.");
	act_free(&act);
	sends(0, "/shutdown 1h the first\n");
	acts(0, "/shutdown 2h the second\n");
	undoes(0);
	assert_int_equal(chat->status.stop_ms, now_ms + 3600000);
	assert_string_equal(chat->status.stop_why, "the first");
	acts(0, "/shutdown off\n");
	undoes(0);
	assert_int_equal(chat->status.stop_ms, now_ms + 3600000);
	act = act_kept();
	sends(0, "/shutdown 3h\n");
	undoes_row(0, act);
	assert_has("-- Cannot undo: the shutdown has since been changed or called off.");
	act_free(&act);
}

static void test_a_room_is_offered_and_never_forced(void **state)
{
	struct row act;

	(void)state;
	in_ops();
	acts(0, "/transfer c\n");
	act = act_kept();
	assert_int_equal(membership_owned(chat, "c"), 0);
	undoes_row(0, act);
	assert_has("-- ops is no longer offered to c.");
	sends(2, "/accept ops\n");
	assert_has("-- No room ops is offered to you.");
	undoes(0);
	/* The words are an old offer's even if not a millisecond of it has passed. */
	assert_has("-- ops is offered to c, who has until [");
	undoes_row(0, act);
	assert_has("-- ops is no longer offered to c.");
	sends(0, "/transfer c\n");
	/* The offer is not to a later account of the same name, and ends. */
	account_by_key(chat, "c")->made.at_ms++;
	sends(2, "/accept ops\n");
	assert_has("-- No room ops is offered to you.");
	account_by_key(chat, "c")->made.at_ms--;
	now_ms += OFFER_MS;
	sends(2, "/accept ops\n");
	assert_has("-- No room ops is offered to you.");
	sends(0, "/transfer c\n");
	acts(2, "/accept ops\n");
	assert_has("-- You now own ops.");
	assert_int_equal(membership_owned(chat, "c"), 1);
	assert_int_equal(membership_owned(chat, "a"), 0);
	/* Nor does the room go back without being accepted. */
	undoes(2);
	assert_has("-- ops is offered to a, who has 7 days to accept it.");
	assert_int_equal(membership_owned(chat, "a"), 0);
	sends(0, "/accept ops\n");
	assert_has("-- You now own ops.");
	act_free(&act);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, done)
	const struct CMUnitTest tests[] = {
		CASE(test_nobody_acts_on_who_has_as_much_power),
		CASE(test_admins_act_on_one_another),
		CASE(test_a_block_spares_who_keeps_order_there),
		CASE(test_addresses_are_for_moderators),
		CASE(test_a_moderators_address_is_not_told_in_the_room),
		CASE(test_more_than_the_one_who_is_named_is_said_before),
		CASE(test_a_guest_of_a_shared_address_is_banned_by_name),
		CASE(test_who_waits_for_an_answer_is_put_out_without_it),
		CASE(test_who_waits_and_ends_leaves_nothing),
		CASE(test_out_of_the_chat_waits_for_nothing),
		CASE(test_many_are_put_out_in_as_many_steps_as_it_takes),
		CASE(test_what_is_over_waits_for_the_store),
		CASE(test_a_room_takes_its_bans_with_it),
		CASE(test_a_room_has_so_many_bans_and_no_more),
		CASE(test_one_account_has_a_share_of_the_bans),
		CASE(test_rooms_leave_place_for_what_holds_everywhere),
		CASE(test_a_rooms_ban_keeps_nobody_from_an_account),
		CASE(test_a_rooms_ban_is_of_the_room),
		CASE(test_who_went_on_to_another_room_is_put_out_of_it_too),
		CASE(test_an_account_from_before_is_not_counted_with_a_guest),
		CASE(test_an_act_keeps_the_number_of_its_room),
		CASE(test_what_holds_everywhere_keeps_from_an_account),
		CASE(test_acts_are_taken_back_by_who_could_do_it),
		CASE(test_what_an_older_version_recorded_is_not_run),
		CASE(test_bans_are_restored_as_they_were),
		CASE(test_a_restored_ban_hits_nobody_else),
		CASE(test_undo_goes_back_to_the_beginning),
		CASE(test_a_restored_block_hits_whom_it_hit),
		CASE(test_a_moderators_ban_is_restored_within_the_operators_share),
		CASE(test_a_role_goes_back_to_the_very_account),
		CASE(test_memberships_go_back_to_whom_they_were_of),
		CASE(test_a_guests_voice_is_of_the_connection),
		CASE(test_a_guests_voice_of_the_control_socket),
		CASE(test_settings_go_back_by_the_rooms_number),
		CASE(test_lockdowns_and_ends_go_back),
		CASE(test_a_room_is_offered_and_never_forced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
