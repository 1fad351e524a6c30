/* A name is registered while more people have names like it than one step has room for. */
#define CHAT_SLOTS 410
#include "chat_help.h"

#include "chatd/core/people/confusable.h"
#include "chatd/core/people/session.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum { ALIKE = 400 };

#define REGISTERED "lllllllll"

/* How many guests have a name with this skeleton. */
static uint32_t alike(uint64_t look)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ALIKE; i++) {
		const struct session *s = chat_session(chat, id(i));

		n += s != NULL && s->state == SESSION_CHAT && s->presence.skeletons[0] == look;
	}
	return n;
}

static void test_all_of_them_lose_it(void **state)
{
	char line[] = REGISTERED "\n", shown[NAME_SKELETON_BYTES_MAX + 1], from[32];
	uint32_t left = 0;
	uint64_t look;

	(void)state;
	skeleton_of(REGISTERED, false, shown);
	look = skeleton_hash(shown);
	for (uint32_t i = 0; i < ALIKE; i++, now_ms += 1000) {
		for (uint32_t k = 0; k < sizeof REGISTERED - 1; k++)
			line[k] = (i >> k & 1) != 0 ? 'l' : '1';
		snprintf(from, sizeof from, "10.%u.%u.1", i / 256, i % 256);
		step((struct event){.kind = EVENT_CONNECTED, .conn = id(i), .connected.from = where(from)});
		sends(i, line);
		stored(chat->records.seq);
	}
	assert_int_equal(alike(look), ALIKE);
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(ALIKE),
	                    .connected = {.from = where("unix"), .user = REGISTERED}});
	assert_has("You are " REGISTERED ", in general");
	assert_has("SEND 0 \"-- " REGISTERED " is now a registered name, and yours looks like it, so you "
	           "are ");
	for (int i = 0; i < 10 && chat_due_ms(chat) <= now_ms; i++) {
		stored(chat->records.seq);
		tick(0);
		if (strstr(seen.data, "-- " REGISTERED " is now a registered name, and yours looks like it, so "
		                      "this connection ends here. Connect again with another name.") != NULL)
			left++;
	}
	assert_int_equal(left, 1);
	assert_int_equal(alike(look), 0);
	for (uint32_t i = 0; i < ALIKE; i++)
		left += chat_session(chat, id(i)) != NULL && chat_session(chat, id(i))->state == SESSION_CHAT;
	/* Most of them only got another name. */
	assert_in_range(left, ALIKE / 2, ALIKE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_of_them_lose_it, begin, end),
	};

	return cmocka_run_group_tests_name("confusable names", tests, NULL, NULL);
}
