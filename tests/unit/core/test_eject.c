/* More people are removed from a room than one step has room for. */
#define CHAT_SLOTS 604
#include "chat_help.h"

#include "chatd/core/state/state.h"

enum { MANY = 600, HOST = SLOTS - 1 };

static uint32_t asked(void)
{
	uint32_t n = 0;

	for (const char *at = seen.data; (at = strstr(at, "QUERY ")) != NULL; at++)
		n++;
	return n;
}

/* Each asks for the replay of the lobby. While the rest waits for the tick, an answer removes nobody:
 * if the store refused them all, the questions waiting would grow with each answer. */
static void test_an_answer_puts_out_no_more(void **state)
{
	uint32_t first, all;
	char text[32];

	(void)state;
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(HOST),
	                    .connected = {.from.kind = ADDRESS_HOST, .control = true}});
	for (uint32_t i = 0; i <= MANY; i++) {
		snprintf(text, sizeof text, "10.0.%" PRIu32 ".%" PRIu32, i / 256, i % 256);
		step((struct event){.kind = EVENT_CONNECTED, .conn = id(i), .connected.from = where(text)});
		snprintf(text, sizeof text, "user%c%c\n", (char)('a' + i / 26), (char)('a' + i % 26));
		sends(i, text);
		if (i == 0)
			sends(i, "hello\n");
		else
			rows_come(id(i), (struct rows){.kind = QUERY_REPLAY});
		sends(i, i == MANY ? "Something new\n" : "/join den\n");
		stored(chat->records.seq);
	}
	sends(HOST, "/remove room den --yes\n");
	first = all = asked();
	assert_in_range(first, 1, MANY - 1);
	for (uint32_t i = 0; i < first; i++) {
		rows_come(id(i), (struct rows){.kind = QUERY_REPLAY, .error = "Nobody reads it."});
		assert_int_equal(asked(), 0);
	}
	while (chat_due_ms(chat) <= now_ms) {
		tick(0);
		all += asked();
	}
	assert_int_equal(all, MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_answer_puts_out_no_more, begin, end),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
