/*
 * Names that a rule has barred since they were taken: nobody may take them now, and whoever and
 * whatever has one goes on being found by it.
 */
#include "chat_help.h"

#define OLD_ROOM "\u043eps\U00013441"

static void load(const char *key)
{
	char value[200];

	snprintf(value, sizeof value, "nick=%s role=account made=1 host=1", key);
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_ACCOUNT, .key = key, .value = value});
}

static void comes(uint32_t slot, const char *user, bool trusted)
{
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(slot),
	                    .connected = {.from = where("unix"), .user = user, .control = trusted}});
}

static void test_account_signs_in(void **state)
{
	(void)state;
	load("5ystem");
	comes(0, "5ystem", false);
	assert_has("You are 5ystem, in general");
	/* It may be spelt another way, and given up. */
	sends(0, "/nick 5YSTEM\n");
	assert_has("You are 5YSTEM now.");
	joins(1);
	sends(1, "/nick 5ystem\n");
	assert_has("That name will not do: it looks like \"system\", which is reserved");
	connected(id(2));
	tick(1000);
	sends(2, "5ystem\n");
	assert_has("5ystem is registered. Please give its password");
}

static void test_account_is_found(void **state)
{
	(void)state;
	load("5ystem");
	comes(0, "5ystem", false);
	joins(1);
	comes(2, NULL, true);
	sends(1, "/msg 5ystem hello\n");
	assert_has("SEND 0 \"" STAMP "[b -> you]:hello\\n\"");
	sends(1, "/whois 5YSTEM\n");
	assert_has("-- 5ystem");
	sends(1, "/ignore 5ystem\n");
	assert_has("You no longer see what 5ystem says");
	sends(1, "/unignore 5ystem\n");
	assert_has("You see again what 5ystem says");
	sends(2, "/mute --everywhere 5ystem 1h noise\n");
	sends(0, "hello\n");
	assert_has("Not sent: ");
	sends(2, "/unmute --everywhere 5ystem\n");
	sends(0, "hello\n");
	assert_has("[5ystem]:hello");
	sends(2, "/role 5ystem moderator\n");
	assert_has("5ystem is now: moderator.");
	sends(2, "/ban --everywhere 5ystem\n");
	assert_has("CLOSE 0");
	sends(2, "/unban --everywhere 5ystem\n");
	assert_has_not("Not done");
}

static void test_room_is_found(void **state)
{
	(void)state;
	chat_load_room(chat, &(struct saved_room){.room = 3, .name = OLD_ROOM, .topic = "",
	                                          .last_id = 90});
	joins(0);
	sends(0, "/who " OLD_ROOM "\n");
	assert_has("Nobody is in " OLD_ROOM ".");
	sends(0, "/join #" OLD_ROOM "\n");
	assert_has("You are in " OLD_ROOM "; nobody else is here.");
	joins(1);
	sends(1, "/join " OLD_ROOM "2\n");
	assert_has("That name will not do: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_account_signs_in, begin, end),
		cmocka_unit_test_setup_teardown(test_account_is_found, begin, end),
		cmocka_unit_test_setup_teardown(test_room_is_found, begin, end),
	};

	return cmocka_run_group_tests_name("barred names", tests, NULL, NULL);
}
