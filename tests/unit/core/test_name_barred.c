/*
 * Names that a rule has barred since they were taken: nobody may take them now, but people and rooms
 * that have one are still found by it.
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
	assert_has("You cannot use that name: it looks like \"system\", which is reserved");
	connected(id(2));
	tick(1000);
	sends(2, "5ystem\n");
	assert_has("5ystem is registered. Please type its password");
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
	assert_has("You can see what 5ystem says again");
	sends(2, "/mute --everywhere 5ystem 1h noise\n");
	sends(0, "hello\n");
	assert_has("Not sent: ");
	sends(2, "/unmute --everywhere 5ystem\n");
	sends(0, "hello\n");
	assert_has("[5ystem]:hello");
	sends(2, "/role 5ystem moderator\n");
	assert_has("5ystem is now a moderator.");
	sends(2, "/ban --everywhere 5ystem\n");
	assert_has("CLOSE 0");
	sends(2, "/unban --everywhere 5ystem\n");
	assert_has_not("Nothing has changed");
}

/* chatd calls the host's administrator that in its messages, so nobody else can have the name. */
static void test_host_is_who_administers_it(void **state)
{
	(void)state;
	joins(0);
	sends(0, "/nick host\n");
	assert_has("You cannot use that name: \"host\" is reserved.");
	sends(0, "/nick the.host\n");
	assert_has("You cannot use that name: it looks like \"host\", which is reserved");
	comes(1, NULL, true);
	sends(1, "/nick host\n");
	assert_has("You are host, in general");
	sends(1, "/nick Host\n");
	assert_has("You are Host now.");
	sends(1, "/nick host2\n");
	assert_has("You cannot use that name: it looks like \"host\", which is reserved");
}

static void test_names_that_were_free(void **state)
{
	static const char *const names[] = {"host", "help", "the.host", "system2", "root2"};
	char line[64];

	(void)state;
	joins(2);
	for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
		load(names[i]);
		comes(0, names[i], false);
		snprintf(line, sizeof line, "You are %s, in general", names[i]);
		assert_has(line);
		snprintf(line, sizeof line, "/whois %s\n", names[i]);
		sends(2, line);
		snprintf(line, sizeof line, "-- %s", names[i]);
		assert_has(line);
		happens(EVENT_CLOSED, 0);
		happens(EVENT_RELEASED, 0);
	}
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
	assert_has("You are in " OLD_ROOM ".");
	joins(1);
	sends(1, "/join " OLD_ROOM "2\n");
	assert_has("You cannot use that name: ");
}

/* No number can be appended to a name that ends in digits of another script. */
static void test_digits_of_another_script(void **state)
{
	static const char *const names[] = {
		"\u0639\u0644\u064a\u0663", "\u0930\u093e\u092e\u0969", "\u0995\u09ae\u09b2\u09e7",
		"\u0e01\u0e02\u0e04\u0e53", "\u0a15\u0a2e\u0a32\u0a67", "\u0ba4\u0bae\u0bbf\u0be7",
		"\u06a9\u0645\u0644\u06f3",
	};
	char line[64];

	(void)state;
	for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(line, sizeof line, "%s\n", names[i]);
		connected(id(2 * i));
		tick(1000);
		sends(2 * i, line);
		assert_has("in general");
		connected(id(2 * i + 1));
		tick(1000);
		sends(2 * i + 1, line);
		assert_has("is taken. Try: guest");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_digits_of_another_script, begin, end),
		cmocka_unit_test_setup_teardown(test_account_signs_in, begin, end),
		cmocka_unit_test_setup_teardown(test_account_is_found, begin, end),
		cmocka_unit_test_setup_teardown(test_host_is_who_administers_it, begin, end),
		cmocka_unit_test_setup_teardown(test_names_that_were_free, begin, end),
		cmocka_unit_test_setup_teardown(test_room_is_found, begin, end),
	};

	return cmocka_run_group_tests_name("barred names", tests, NULL, NULL);
}
