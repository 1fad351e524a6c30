/* As many watches as there can be end in one step: the step has room for what comes of it. */
#define CHAT_SLOTS 1400
#include "chat_help.h"

enum { MUD_CLIENTS = 150, LETTERS = 61 };

/* A name of letters of four bytes each. */
static const char *long_name(uint32_t n)
{
	static char name[LETTERS * 4 + 8];
	size_t len = 0;

	for (int i = 0; i < LETTERS; i++)
		len += (size_t)snprintf(name + len, sizeof name - len, "𠀀");
	snprintf(name + len, sizeof name - len, "%u", n);
	return name;
}

static void comes(uint32_t slot, bool mud)
{
	char name[20], from[40];

	snprintf(from, sizeof from, "10.%u.%u.1", slot % 250, slot / 250);
	if (mud)
		mud_client_comes(slot, from);
	else
		step((struct event){.kind = EVENT_CONNECTED, .conn = id(slot), .connected.from = where(from)});
	snprintf(name, sizeof name, "user%u\n", slot);
	sends(slot, name);
	now_ms += 10;
}

static void types(uint32_t slot, const char *command, uint32_t room)
{
	char line[LETTERS * 4 + 40];

	snprintf(line, sizeof line, "%s %s\n", command, long_name(room));
	sends(slot, line);
}

static int many_begin(void **state)
{
	begin(state);
	config.rate_lines = config.rate_bytes = 0;
	chat_configure(chat, &config);
	comes(0, false);
	sends(0, "/register correct horse\n");
	rows_come(id(0), (struct rows){.kind = QUERY_HASH, .hash.text = "$hash"});
	for (uint32_t i = 1; i < 16; i++) {
		comes(i, false);
		types(i, "/join", i);
	}
	types(0, "/join", 0);
	for (uint32_t i = 16; i < SLOTS; i++) {
		comes(i, i < 16 + MUD_CLIENTS);
		for (uint32_t room = 0; room < (i < 16 + MUD_CLIENTS ? 16 : 1); room++)
			types(i, "/watch", room);
	}
	return 0;
}

/* How many watches ended in the last step. */
static uint32_t ended(void)
{
	uint32_t n = 0;

	for (const char *at = seen.data; (at = strstr(at, "UNWATCH ")) != NULL; at++)
		n++;
	return n;
}

static void test_a_room_becomes_private(void **state)
{
	uint32_t n;

	(void)state;
	/* Lists that had no room so far. */
	for (int i = 0; i < 100; i++)
		tick(1);
	assert_effects("");
	sends(0, "/room private on\n");
	n = ended();
	sends(0, "hello\n");
	assert_int_equal(n + ended(), SLOTS - 16);
	for (int i = 0; i < 100; i++)
		tick(1);
	assert_effects("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_room_becomes_private, many_begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
