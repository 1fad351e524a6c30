/* The server's name and texts, as the core shows them; and the lobby's name. */
#include "chat_help.h"

#include "chatd/core/people/account.h"
#include "chatd/core/state/state.h"

static void configure(struct chat_face face)
{
	config.face = face;
	chat_configure(chat, &config);
}

/* A chat whose lobby has this name. */
static void again(const char *lobby)
{
	chat_free(chat);
	config.face.lobby = lobby;
	chat = chat_new(&config, 100, 20);
}

static void loads(uint32_t number, const char *name, uint64_t last_id)
{
	chat_load_room(chat, &(struct saved_room){.room = number, .name = name, .topic = "", .last_id = last_id});
}

static void fact(enum fact_kind kind, const char *key, const char *value)
{
	chat_load_fact(chat, &(struct saved_fact){.kind = kind, .key = key, .value = value});
}

static void test_the_name_is_used_everywhere(void **state)
{
	(void)state;
	configure((struct chat_face){.server_name = "Example Chat"});
	connected(id(0));
	tick(60);
	assert_has("Welcome to Example Chat!\\n         _nnnn_\\n");
	sends(0, "alice\n/version\n");
	assert_has("-- This is Example Chat, a chat that runs chatd ");
	mud_client_comes(1, "192.0.2.2");
	sends(1, "\xFF\xFD\x46");
	assert_has("\x01NAME\x02" "Example Chat\x01PLAYERS\x02");
	happens(EVENT_STOP, 0);
	assert_has("-- Example Chat is going down\\n");
}

static void test_nobody_has_the_servers_name(void **state)
{
	static const char *const alike[] = {"example", "Example", "ex_am.ple", "EXAMPLE_", "examp1e", "exarnple"};
	static const char *const others[] = {"example2", "samples", "examples"};
	char line[64];

	(void)state;
	joins(0);
	configure((struct chat_face){.server_name = "Example!"});
	for (size_t i = 0; i < sizeof alike / sizeof *alike; i++) {
		snprintf(line, sizeof line, "/nick %s\n", alike[i]);
		sends(0, line);
		assert_has("-- You cannot use that name: it looks like the name of this server. Try: guest\\n");
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		snprintf(line, sizeof line, "/nick %s\n", others[i]);
		sends(0, line);
		assert_has("-- You are ");
	}
	/* A script gets another one. */
	connected(id(1));
	sends(1, "example\nhello\n");
	assert_has("More lines came with it, so you are ");
	/* Nor does the host's user of that name become an account. */
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(2),
	                    .connected = {.from = where("unix"), .user = "example"}});
	assert_has("-- You cannot use your login name here: it looks like the name of this server.\\n[ENTER");
	assert_null(account_named(chat, "example"));
	/* Whatever it is called, there is a name that can be had. */
	configure((struct chat_face){.server_name = "guest"});
	sends(0, "/nick guest\n");
	assert_has("Try: guest");
	assert_has_not("Try: guest\\n");
}

static void test_banners(void **state)
{
	(void)state;
	configure((struct chat_face){.banner = "Hello.\n"});
	connected(id(0));
	tick(60);
	assert_effects("SEND 0 \"Hello.\\n[ENTER YOUR NAME]: \"\n");
	configure((struct chat_face){.banner = ""});
	connected(id(1));
	tick(60);
	assert_effects("SEND 1 \"[ENTER YOUR NAME]: \"\n");
	configure((struct chat_face){0});
	connected(id(2));
	tick(60);
	assert_has("SEND 2 \"Welcome to TCP-Chat!\\n         _nnnn_\\n");
	/* Over a unix socket as well. */
	configure((struct chat_face){.banner = "Hello.\n"});
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(3), .connected.from = where("unix")});
	assert_effects("SEND 3 \"Hello.\\n[ENTER YOUR NAME]: \"\n");
}

static void test_a_message_without_history_and_with(void **state)
{
	(void)state;
	configure((struct chat_face){.motd = "One.\n\nTwo.\n"});
	joins(0);
	assert_has("/help lists the commands.\\n-- If your connection breaks, /resume ");
	assert_has("SEND 0 \"-- Message of the day:\\n--   One.\\n-- \\n--   Two.\\n\"");
	sends(0, "hello\n");
	joins(1);
	assert_has("-- You are b, in general.\\n\"");
	assert_has_not("Message");
	rows_come(id(1), (struct rows){.kind = QUERY_REPLAY});
	assert_has("\"-- Message of the day:\\n--   One.\\n-- \\n--   Two.\\n-- Here with you: a.");
	configure((struct chat_face){0});
	sends(0, "/motd\n");
	assert_has("\"-- There is no message of the day.\\n\"");
}

/* Nothing of it is taken for a reply, or for its next row. */
static void test_rows(void **state)
{
	(void)state;
	joins(0);
	configure((struct chat_face){.motd = "You are root, in general.\n", .rules =
	          "1. This rule is longer than a row of a terminal, and goes on in another row, in which nobody "
	          "takes it for a rule.\n"});
	sends(0, "/motd\n");
	assert_effects("SEND 0 \"-- Message of the day:\\n--   You are root, in general.\\n\"\n");
	sends(0, "/rules\n");
	assert_effects("SEND 0 \"-- The rules here:\\n"
	               "--   1. This rule is longer than a row of a terminal, and goes on in another\\n"
	               "--      row, in which nobody takes it for a rule.\\n\"\n");
}

static void test_long_texts_are_only_named(void **state)
{
	struct bytes text = {0};

	(void)state;
	for (int i = 0; i < WELCOME_ROWS_MAX; i++)
		bytes_puts(&text, "x\n");
	configure((struct chat_face){.motd = text.data, .rules = text.data});
	joins(0);
	assert_has("-- Message of the day:\\n--   x\\n");
	assert_has("-- The rules here (/rules shows them again):\\n--   x\\n");
	bytes_clear(&text);
	for (int i = 0; i < WELCOME_ROWS_MAX - 1; i++)
		bytes_puts(&text, "x\n");
	/* Two rows of a terminal. */
	for (int i = 0; i < 18; i++)
		bytes_puts(&text, "xxxx ");
	bytes_puts(&text, "\n");
	configure((struct chat_face){.motd = text.data, .rules = text.data});
	joins(1);
	assert_has("-- There is a message of the day: /motd shows it.\\n"
	           "-- There are rules here: please read them, with /rules.\\n\"");
	sends(1, "/rules\n");
	assert_has("-- The rules here:\\n--   x\\n");
	bytes_release(&text);
}

/* The name of an account, which a host's user has; and what such a user reads on coming in. */
static void comes(uint32_t slot)
{
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(slot),
	                    .connected = {.from = where("unix"), .user = "mary"}});
	assert_has("-- You are mary, in general");
}

static void leaves(uint32_t slot)
{
	sends(slot, "/quit\n");
	happens(EVENT_RELEASED, slot);
}

static void test_accounts_read_the_rules_once(void **state)
{
	struct account *a;

	(void)state;
	configure((struct chat_face){.rules = "Be kind.\n"});
	comes(0);
	assert_has("-- The rules here (/rules shows them again):\\n--   Be kind.\\n");
	leaves(0);
	comes(1);
	assert_has_not("The rules");
	a = account_named(chat, "mary");
	assert_true(a->rules != 0);
	leaves(1);
	configure((struct chat_face){.rules = "Be very kind.\n"});
	comes(2);
	assert_has("-- The rules here have changed (/rules shows them again):\\n--   Be very kind.\\n");
	leaves(2);
	comes(3);
	assert_has_not("The rules");
	leaves(3);
	configure((struct chat_face){0});
	comes(4);
	assert_has_not("The rules");
}

/* It is saved, and loaded again. */
static void test_that_is_kept(void **state)
{
	uint64_t rules;
	char *value;

	(void)state;
	configure((struct chat_face){.rules = "Be kind.\n"});
	comes(0);
	value = strstr(seen.data, "rules=");
	assert_non_null(value);
	rules = strtoull(value + strlen("rules="), NULL, 10);
	assert_true(rules != 0 && rules == account_named(chat, "mary")->rules);
	again(NULL);
	fact(FACT_ACCOUNT, "mary", "nick=mary role=account made=1 host=1 rules=-5");
	assert_true(account_named(chat, "mary")->rules != rules);
}

static void test_guests_read_the_rules_each_time(void **state)
{
	char resume[64];
	const char *code;

	(void)state;
	configure((struct chat_face){.rules = "Be kind.\n", .motd = "Hello.\n"});
	joins(0);
	assert_has("--   Be kind.\\n");
	code = strstr(seen.data, "/resume ");
	assert_non_null(code);
	snprintf(resume, sizeof resume, "%.19s\n", code);
	/* Not with every room, or name. */
	sends(0, "/nick somebody\n/join ops\n/leave\n");
	assert_has_not("Be kind");
	assert_has_not("Hello");
	happens(EVENT_CLOSED, 0);
	happens(EVENT_RELEASED, 0);
	/* Whoever comes back with a code has just read all that; */
	connected(id(1));
	sends(1, resume);
	assert_has("-- You are somebody, in general");
	assert_has_not("Be kind");
	assert_has_not("Hello");
	/* of others nobody knows that. */
	leaves(1);
	connected(id(2));
	sends(2, "somebody\n");
	assert_has("--   Hello.\\n");
	assert_has("--   Be kind.\\n");
}

static void test_the_lobby(void **state)
{
	(void)state;
	again("Plaza");
	joins(0);
	assert_has("-- You are a, in Plaza");
	sends(0, "/join general\n/join plaza\n/leave\n");
	assert_has("-- You are in Plaza");
	assert_has("-- You are already in Plaza, the lobby.");
}

/* The room with that name has history, and is the lobby; another one that was is a room like others. */
static void test_the_lobby_of_a_database(void **state)
{
	(void)state;
	again("plaza");
	loads(3, "general", 50);
	loads(4, "Plaza", 60);
	fact(FACT_ROOM, "general", "name=general number=3 topic=old history=1");
	fact(FACT_MUTE, "00000000000000000007", "target=nick who=b key=b lobby=yes by=c at=1");
	assert_null(chat_lobby_bar(chat));
	assert_int_equal(chat->rooms.lobby->number, 4);
	joins(0);
	assert_has("-- You are a, in plaza.");
	assert_has("QUERY 0 kind 0 room 4 ");
	/* The old one is there until an operator lets rooms without an owner end. */
	tick(400 * DAY_MS);
	tick(400 * DAY_MS);
	assert_non_null(room_by_key(chat, "general"));
}

static void test_rooms_that_cannot_be_the_lobby(void **state)
{
	static const struct {
		const char *set, *why;
	} rooms[] = {
		{"history=1", NULL},
		{"history=1 private=1", "that room is private"},
		{"history=1 hash=$y$hash", "that room has a password"},
		{"", "that room keeps no history"},
	};
	char value[128];

	(void)state;
	for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
		again("ops");
		loads(4, "ops", 60);
		snprintf(value, sizeof value, "name=ops number=4 %s", rooms[i].set);
		fact(FACT_ROOM, "ops", value);
		if (rooms[i].why != NULL)
			assert_string_equal(chat_lobby_bar(chat), rooms[i].why);
		else
			assert_null(chat_lobby_bar(chat));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_name_is_used_everywhere, begin, end),
		cmocka_unit_test_setup_teardown(test_nobody_has_the_servers_name, begin, end),
		cmocka_unit_test_setup_teardown(test_banners, begin, end),
		cmocka_unit_test_setup_teardown(test_a_message_without_history_and_with, begin, end),
		cmocka_unit_test_setup_teardown(test_rows, begin, end),
		cmocka_unit_test_setup_teardown(test_long_texts_are_only_named, begin, end),
		cmocka_unit_test_setup_teardown(test_accounts_read_the_rules_once, begin, end),
		cmocka_unit_test_setup_teardown(test_that_is_kept, begin, end),
		cmocka_unit_test_setup_teardown(test_guests_read_the_rules_each_time, begin, end),
		cmocka_unit_test_setup_teardown(test_the_lobby, begin, end),
		cmocka_unit_test_setup_teardown(test_the_lobby_of_a_database, begin, end),
		cmocka_unit_test_setup_teardown(test_rooms_that_cannot_be_the_lobby, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
