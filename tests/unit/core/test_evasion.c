/*
 * Ways round moderation and access: what people might try who are muted, banned or kept out.
 */
#include "chat_help.h"

#include "chatd/core/moderation/moderation.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static struct session *session(uint32_t slot)
{
	return chat_session(chat, id(slot));
}

/* Signs the session in this slot in to an account of its name. */
static void signs_in(uint32_t slot, enum role role)
{
	struct session *s = session(slot);
	struct account *a = account_new(chat, s->nick, s->key, "", "");

	a->role = role;
	a->session = s;
	s->account = a;
}

/* a owns ops (room 7), b is its operator, c has an account, d is a guest; all of them are there. */
static int ops_begin(void **state)
{
	begin(state);
	for (uint32_t slot = 0; slot < 4; slot++) {
		joins(slot);
		if (slot < 3)
			signs_in(slot, ROLE_ACCOUNT);
		sends(slot, "/join ops\n");
	}
	assert_true(membership_give(chat, session(0)->room, "b", ROOM_OPERATOR));
	return 0;
}

/* The answer with the room's last line comes for the session that asked. */
static void line_comes(uint32_t slot, const char *sender)
{
	struct row row = {.id = session(slot)->room->lines.last_id,
	                  .time_ms = wall(),
	                  .kind = RECORD_SAY,
	                  .room_name = "ops",
	                  .sender = sender,
	                  .body = "old"};

	rows_come(id(slot), (struct rows){.kind = QUERY_LAST, .row = &row, .n = 1});
}

/* -- bans ------------------------------------------------------------------------------------ */

static void test_a_ban_that_comes_while_the_password_is_asked(void **state)
{
	(void)state;
	sends(3, "/leave\n");
	sends(0, "/room password open sesame\n");
	rows_come(id(0), (struct rows){.kind = QUERY_HASH, .hash.text = "$hash"});
	sends(3, "/join ops\n");
	assert_has("[PASSWORD]: ");
	sends(0, "/ban d\n");
	sends(3, "open sesame\n");
	rows_come(id(3), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	assert_has("-- You are banned from ops by a.");
	assert_ptr_equal(session(3)->room, chat->rooms.lobby);
}

static void test_nobody_ends_what_hits_themselves(void **state)
{
	(void)state;
	sends(0, "/mute b\n");
	sends(1, "/unmute b\n");
	assert_has("-- You cannot lift your own mute.");
	sends(1, "hello\n");
	assert_has("-- Not sent: a has muted you in ops.");
	sends(0, "/ban b\n");
	assert_ptr_equal(session(1)->room, chat->rooms.lobby);
	sends(1, "/unban --in=ops b\n");
	assert_has("-- You cannot lift your own ban.");
	sends(1, "/join ops\n");
	assert_has("-- You are banned from ops by a.");
	sends(0, "/unban b\n");
	assert_has("-- The ban on b from ops is lifted.");
}

static void test_who_is_banned_reads_nothing_of_a_closed_room(void **state)
{
	const struct effect *e;
	size_t n;

	(void)state;
	sends(0, "/room private on\n");
	sends(0, "/ban c\n");
	assert_ptr_equal(session(2)->room, chat->rooms.lobby);
	sends(2, "/search hello\n");
	e = chat_effects(chat, &n);
	assert_int_equal(e[n - 1].kind, EFFECT_QUERY);
	assert_string_equal(e[n - 1].query.search.hidden, "7");
}

static void test_a_preview_tells_operators_how_many_in_their_own_room(void **state)
{
	(void)state;
	joins(4);
	session(0)->from.ip[12] = 10;
	sends(0, "/ban --preview 192.0.2.0/24\n");
	assert_has("-- Only moderators can ban addresses.");
	sends(0, "/ban --preview d\n");
	assert_has("-- It would affect 1 person here.\\n");
	session(0)->account->role = ROLE_MODERATOR;
	sends(0, "/ban --preview --everywhere 192.0.2.0/24\n");
	assert_has("-- It would affect 4 people here: b, c, d, e\\n");
}

/* -- speaking ---------------------------------------------------------------------------------- */

static void test_who_may_not_speak_has_no_last_word(void **state)
{
	(void)state;
	sends(0, "/room moderated on\n");
	sends(3, "/quit spam spam\n");
	assert_has("d has left our chat\\n");
}

static void test_who_may_not_speak_gives_no_reason_for_a_deletion(void **state)
{
	char line[64];

	(void)state;
	sends(3, "hello\n");
	sends(0, "/mute d\n");
	snprintf(line, sizeof line, "/delete #%" PRIu64 " spam spam\n",
	         session(3)->room->lines.last_id);
	sends(3, line);
	line_comes(3, "d");
	assert_has("d has deleted their own line #");
	assert_has_not("spam");
}

static void test_who_may_not_speak_sets_no_topic(void **state)
{
	(void)state;
	sends(0, "/room moderated on\n");
	sends(3, "/topic spam spam\n");
	assert_has("-- Not sent: ops is moderated;");
	sends(0, "/room moderated off\n");
	sends(0, "/slow 30\n");
	sends(3, "/topic once\n");
	assert_has("d has set the topic: once");
	sends(3, "/topic twice\n");
	assert_has("-- Not sent: slow mode is on in ops (one line every 30 s).");
	/* A topic can be removed even so, as that says nothing. */
	sends(0, "/topic -\n");
	assert_has("a has removed the topic");
}

static void test_who_may_not_speak_is_not_away_with_a_word(void **state)
{
	(void)state;
	sends(0, "/mute d\n");
	sends(3, "/away spam\n");
	assert_has("-- Not sent: a has muted you in ops.");
	sends(3, "/away\n");
	assert_has("-- You are marked as away.");
}

static void test_a_guest_takes_no_name_in_a_lockdown(void **state)
{
	(void)state;
	session(2)->account->role = ROLE_MODERATOR;
	sends(2, "/lockdown 10m\n");
	sends(3, "/nick spam\n");
	assert_has("-- Name not changed: ");
	assert_string_equal(session(3)->nick, "d");
}

static void test_who_is_muted_everywhere_invites_in_silence(void **state)
{
	(void)state;
	joins(4);
	signs_in(4, ROLE_MODERATOR);
	sends(4, "/mute --everywhere a\n");
	sends(3, "/leave\n");
	sends(0, "/invite d\n");
	assert_has("SEND 0 ");
	assert_has_not("SEND 3 ");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, ops_begin, end)
	const struct CMUnitTest tests[] = {
		CASE(test_a_ban_that_comes_while_the_password_is_asked),
		CASE(test_nobody_ends_what_hits_themselves),
		CASE(test_who_is_banned_reads_nothing_of_a_closed_room),
		CASE(test_a_preview_tells_operators_how_many_in_their_own_room),
		CASE(test_who_may_not_speak_has_no_last_word),
		CASE(test_who_may_not_speak_gives_no_reason_for_a_deletion),
		CASE(test_who_may_not_speak_sets_no_topic),
		CASE(test_who_may_not_speak_is_not_away_with_a_word),
		CASE(test_a_guest_takes_no_name_in_a_lockdown),
		CASE(test_who_is_muted_everywhere_invites_in_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
