/* Many people who have sent their last byte and are removed from a room in one step. */
#define CHAT_SLOTS 131
#include "chat_help.h"

#include "chatd/core/people/account.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum { MANY = SLOTS - 3, HOST = SLOTS - 1 };

static int begin_many(void **state)
{
	(void)state;
	/* A lobby without history: a replay there would hold them back. */
	config = (struct chat_config){.connections_max = HOST, .line_bytes_max = 1024,
	                              .history_replay = 10, .rate_burst = 3, .login_timeout_s = 30,
	                              .command_prefix = '/'};
	now_ms = 5000000;
	chat = chat_new(&config, 100, 5);
	return 0;
}

static void account_for(uint32_t slot)
{
	struct session *s = chat_session(chat, id(slot));

	s->account = account_new(chat, s->nick, s->key, "", "");
	s->account->session = s;
}

static void test_each_ends_in_a_step_that_has_room(void **state)
{
	char text[32];

	(void)state;
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(HOST),
	                    .connected = {.from.kind = ADDRESS_HOST, .control = true}});
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(text, sizeof text, "10.0.0.%" PRIu32, i);
		step((struct event){.kind = EVENT_CONNECTED, .conn = id(i), .connected.from = where(text)});
		snprintf(text, sizeof text, "user%c%c\n", (char)('a' + i / 26), (char)('a' + i % 26));
		sends(i, text);
		account_for(i);
		sends(i, "/join den\n");
		if (i == 0)
			sends(0, "hello\n");
	}
	for (uint32_t i = 0; i < MANY; i++) {
		sends(i, "/history 5\n");
		happens(EVENT_EOF, i);
	}
	assert_int_equal(chat->people.n, MANY);
	sends(HOST, "/remove room den --yes\n");
	for (int i = 0; i < 20 && chat->people.n > 0; i++)
		tick(0);
	assert_int_equal(chat->people.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_ends_in_a_step_that_has_room, begin_many, end),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
