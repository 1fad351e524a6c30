/*
 * Access to rooms, as far as the order of events matters: what a search is told to hide, and people
 * who are removed while an answer is on its way.
 */
#include "chat_help.h"

#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* Registers; the store's threads answer. */
static void registers(uint32_t slot)
{
	sends(slot, "/register correct horse\n");
	rows_come(id(slot), (struct rows){.kind = QUERY_HASH, .hash.text = "$hash"});
}

static int rooms_begin(void **state)
{
	begin(state);
	config.rate_lines = 0;
	chat_configure(chat, &config);
	for (uint32_t i = 0; i < 3; i++)
		joins(i);
	registers(0);
	registers(1);
	sends(0, "/join den\n"); /* room 7 */
	sends(0, "hello\n");
	return 0;
}

/* The key of the last query, and who asked it. */
static const char *hidden(void)
{
	size_t n;
	const struct effect *e = chat_effects(chat, &n);

	while (n-- > 0)
		if (e[n].kind == EFFECT_QUERY)
			return query_key(&e[n].query);
	return "(no query)";
}

static void answer(uint32_t slot)
{
	rows_come(id(slot), (struct rows){.kind = QUERY_SEARCH});
}

static void test_a_search_hides_nothing_while_all_is_open(void **state)
{
	(void)state;
	sends(1, "/search hello\n");
	assert_string_equal(hidden(), "");
}

static void test_a_search_hides_closed_rooms(void **state)
{
	char until[64];

	(void)state;
	sends(0, "/room private on\n");
	sends(1, "/search hello\n");
	assert_string_equal(hidden(), "7");
	answer(1);
	sends(0, "/search hello\n");
	assert_string_equal(hidden(), "");
	answer(0);
	/* For a member: what was said up to the invitation. */
	snprintf(until, sizeof until, "7:%" PRIu64, chat_session(chat, id(0))->room->lines.last_id);
	sends(0, "/invite b\n");
	sends(1, "/search hello\n");
	assert_string_equal(hidden(), until);
	answer(1);
	sends(0, "/invite c\n");
	sends(2, "/search hello\n");
	assert_string_equal(hidden(), until);
	answer(2);
	sends(0, "/room open-history on\n");
	sends(1, "/search hello\n");
	assert_string_equal(hidden(), "");
	answer(1);
	sends(0, "/uninvite b\n");
	sends(1, "/search hello\n");
	assert_string_equal(hidden(), "7");
	answer(1);
	sends(0, "/room private off\n");
	sends(1, "/search hello\n");
	assert_string_equal(hidden(), "");
}

static void test_the_past_of_a_member_begins_with_the_invitation(void **state)
{
	char range[64];
	uint64_t last = chat_session(chat, id(0))->room->lines.last_id;

	(void)state;
	sends(0, "/room private on\n");
	sends(0, "/invite b\n");
	sends(1, "/join den\n");
	snprintf(range, sizeof range, "room 7 %" PRIu64 "..", last);
	assert_has(range);
	rows_come(id(1), (struct rows){.kind = QUERY_REPLAY});
	sends(1, "/history before #1000\n");
	assert_has(range);
}

/* A question about the room is void then, and nobody reads its answer. */
static void test_who_waits_is_put_out_all_the_same(void **state)
{
	struct session *b = chat_session(chat, id(1));
	uint64_t old;

	(void)state;
	sends(0, "/room private on\n");
	sends(0, "/invite b\n");
	sends(1, "/join den\n");
	assert_true(b->replay.held);
	old = questions[1][QUERY_REPLAY];
	sends(0, "/uninvite b\n");
	assert_has("SEND 1 \"-- den is private and you are no longer invited; you are back in general.");
	assert_has("UNSUBSCRIBE 1");
	assert_has("SUBSCRIBE 1 feed 0");
	assert_ptr_equal(b->room, chat_session(chat, id(2))->room);
	assert_null(b->presence.ejection);
	rows_come(id(1), (struct rows){.kind = QUERY_REPLAY, .number = old});
	assert_effects("");
}

static void test_lines_that_are_not_kept_need_no_disk(void **state)
{
	(void)state;
	sends(1, "/join den\n");
	rows_come(id(1), (struct rows){.kind = QUERY_REPLAY});
	sends(0, "/room history off\n");
	step((struct event){.kind = EVENT_STORE_FAILED, .failure.reason = "the disk is full"});
	sends(0, "still here\n");
	assert_effects("PUBLISH feed 2 #0 \"" STAMP "[a]:still here\\n\"\nSKIP 0 feed 2\n");
	sends(2, "not here\n");
	assert_has("SEND 2 \"-- Not sent: nothing can be saved");
	sends(0, "/room history on\n");
	assert_has("SEND 0 \"-- Nothing can be saved at present (the disk is full).");
	sends(0, "/op b\n");
	assert_has("SEND 0 \"-- Nothing can be saved");
}

/* Numbers, names and hashes of what is saved for a room that nobody has said anything in. */
static void test_an_owned_room_is_known_before_its_first_line(void **state)
{
	(void)state;
	sends(1, "/join attic\n");
	assert_has("kind 3 room 8 ref 0 \"\"\n");
	assert_has("kind 6 room 0 ref 2 \"name=attic number=8 made=");
	assert_has("role=owner");
	sends(1, "/room days 7\n");
	assert_has("kind 9 room 8 ref 30064771072 \"\"\n");
	sends(1, "/leave\n");
	assert_has("kind 6 room 0 ref 2 \"\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_search_hides_nothing_while_all_is_open,
		                                rooms_begin, end),
		cmocka_unit_test_setup_teardown(test_a_search_hides_closed_rooms, rooms_begin, end),
		cmocka_unit_test_setup_teardown(test_the_past_of_a_member_begins_with_the_invitation,
		                                rooms_begin, end),
		cmocka_unit_test_setup_teardown(test_who_waits_is_put_out_all_the_same,
		                                rooms_begin, end),
		cmocka_unit_test_setup_teardown(test_lines_that_are_not_kept_need_no_disk, rooms_begin,
		                                end),
		cmocka_unit_test_setup_teardown(test_an_owned_room_is_known_before_its_first_line,
		                                rooms_begin, end),
	};

	return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
