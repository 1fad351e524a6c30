/* What people with a view are told unasked does not wait for them to turn a page; what they asked for does. */
#include "chat_help.h"

/* How many of the last step's SENDs were told, and how many were asked for. */
static uint32_t told, asked;

static void count(void)
{
	size_t n;
	const struct effect *effects = chat_effects(chat, &n);

	told = asked = 0;
	for (size_t i = 0; i < n; i++) {
		told += effects[i].kind == EFFECT_SEND && effects[i].line.unasked;
		asked += effects[i].kind == EFFECT_SEND && !effects[i].line.unasked;
	}
}

static int room_begin(void **state)
{
	begin(state);
	config.rate_lines = 0;
	chat_configure(chat, &config);
	chat_load_room(chat, &(struct saved_room){.room = 3, .name = "ops", .topic = "", .last_id = 90});
	joins(0);
	return 0;
}

static void ops_is_shown(void)
{
	struct row row = {.id = 90, .time_ms = wall(), .kind = RECORD_SAY, .room = 3, .room_name = "ops",
	                  .sender = "old", .body = "hello"};

	sends(0, "/join ops\n");
	rows_come(id(0), (struct rows){.kind = QUERY_REPLAY, .row = &row, .n = 1});
	assert_has("hello");
}

static void test_the_way_into_a_room(void **state)
{
	(void)state;
	sends(0, "/tty\n");
	ops_is_shown();
	count();
	assert_int_equal(told, 3); /* the line, and what stands before and behind it */
	sends(0, "/help\n");
	count();
	assert_true(asked > 0);
	assert_int_equal(told, 0);
}

/* Without a view nobody needs to know. */
static void test_no_view(void **state)
{
	(void)state;
	ops_is_shown();
	count();
	assert_int_equal(told, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_way_into_a_room, room_begin, end),
		cmocka_unit_test_setup_teardown(test_no_view, room_begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
