/* Tab: what the word before the cursor can become. */
#include "chat_help.h"

static char shown[2048]; /* what a typed on the input line last */

/* a, whose client sends each key, types. Afterwards the line is dropped by ctrl-C. */
static void types(const char *keys)
{
	const struct effect *effects;
	size_t n;

	sends(0, keys);
	effects = chat_effects(chat, &n);
	for (size_t i = 0; i < n; i++)
		if (effects[i].kind == EFFECT_INPUT)
			snprintf(shown, sizeof shown, "%.*s", (int)effects[i].len, effects[i].text);
}

static void check(const char *keys, const char *expected)
{
	types(keys);
	if (strncmp(shown, "[general] ", 10) != 0 || strcmp(shown + 10, expected) != 0)
		fail_msg("%s: %s, not %s", keys, shown, expected);
	now_ms += 1000;
	types("\x03");
	now_ms += 1000;
}

static int begin_typing(void **state)
{
	begin(state);
	config.rate_lines = config.rate_bytes = 0;
	chat_configure(chat, &config);
	joins(0);
	connected(id(1));
	sends(1, "bob\n");
	connected(id(2));
	sends(2, "Barbara\n");
	connected(id(3));
	sends(3, "carol\n");
	sends(0, "/tty\n");
	return 0;
}

static void test_commands(void **state)
{
	(void)state;
	check("/whoi\t", "/whois ");
	check("/WHOI\t", "/whois ");
	check("/mention\t", "/mentions ");
	check("/his\tx", "/history x");
	check("/h\t", "/h");
	check("/nosuch\t", "/nosuch");
	check("/whoi\x1b[H\t", "/whoi");
	check("/help roo\t", "/help room");
	/* What a guest may not do is not offered, and its arguments are not. */
	check("/shutd\t", "/shutd");
	check("/shutdown n\t", "/shutdown n");
}

static void test_a_second_tab_lists(void **state)
{
	(void)state;
	types("/h\t\t");
	assert_has("help  highlight  history  hold");
	types("\x03");
	types("/msg \t");
	assert_has_not("bob");
	types("\t");
	assert_has("bob");
	assert_has("carol");
	types("\x03");
}

static void test_names(void **state)
{
	(void)state;
	check("bo\t", "bob: ");
	check("hello bo\t", "hello bob ");
	check("hello BO\t!", "hello bob !");
	check("/msg bo\t", "/msg bob ");
	check("/msg bob hello c\t", "/msg bob hello carol ");
	check("/me hugs ca\t", "/me hugs carol ");
	check("b\t", "b");
	/* In the middle of a line, a blank that is there is not doubled. */
	check("hello bo you\x1b[D\x1b[D\x1b[D\x1b[D\tX", "hello bobX you");
	/* Oneself is not offered. */
	check("a\t", "a");
	check("//msg bo\t", "//msg bob ");
}

static void test_who_spoke_last_comes_first(void **state)
{
	(void)state;
	now_ms += 1000;
	sends(3, "first\n");
	now_ms += 1000;
	sends(2, "second\n");
	now_ms += 1000;
	check("\t", "Barbara: ");
	types("b\t\t");
	assert_has("Barbara  bob");
	types("\x03");
	now_ms += 1000;
	sends(1, "third\n");
	now_ms += 1000;
	check("\t", "bob: ");
	types("b\t\t");
	assert_has("bob  Barbara");
}

static void test_rooms_and_settings(void **state)
{
	(void)state;
	sends(1, "/join operations\n");
	check("/join op\t", "/join operations ");
	check("/watch general op\t", "/watch general operations ");
	check("/set \t", "/set ");
	check("/set ti\t", "/set time ");
	check("/set time s\t", "/set time short ");
	check("/set time s\ti", "/set time short i");
	check("/help acc\t", "/help account ");
	check("/say --i\top\t", "/say --in=op");
	check("/room topic\t", "/room topic-lock ");
	check("/room topic-lock o\t", "/room topic-lock o");
	check("/room password o\t", "/room password o");
	types("/watch operations\n");
	check("/say --in=o\tx", "/say --in=operations x");
	check("/unwatch o\t", "/unwatch operations ");
	check("/unwatch g\t", "/unwatch g");
}

/* A room that somebody may not see, and who is in it. */
static void test_nothing_is_told(void **state)
{
	(void)state;
	sends(1, "/register correct horse\n");
	rows_come(id(1), (struct rows){.kind = QUERY_HASH, .hash.text = "$hash"});
	sends(1, "/join secret\n");
	check("/join sec\t", "/join secret ");
	sends(1, "/room private on\n");
	check("/join sec\t", "/join sec");
	check("/who sec\t", "/who sec");
	check("/msg bo\t", "/msg bo");
	sends(0, "/ignore carol\n");
	check("/msg ca\t", "/msg ca");
	check("/unignore ca\t", "/unignore carol ");
}

/* Each Tab is paid for. */
static void test_tabs_cost(void **state)
{
	static char tabs[60000];

	(void)state;
	config.rate_lines = config.rate_burst = 10;
	config.rate_bytes = 1000;
	chat_configure(chat, &config);
	memset(tabs, '\t', sizeof tabs - 1);
	sends(0, tabs);
	assert_in_range(taken, 1, 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_commands, begin_typing, end),
		cmocka_unit_test_setup_teardown(test_a_second_tab_lists, begin_typing, end),
		cmocka_unit_test_setup_teardown(test_names, begin_typing, end),
		cmocka_unit_test_setup_teardown(test_who_spoke_last_comes_first, begin_typing, end),
		cmocka_unit_test_setup_teardown(test_rooms_and_settings, begin_typing, end),
		cmocka_unit_test_setup_teardown(test_nothing_is_told, begin_typing, end),
		cmocka_unit_test_setup_teardown(test_tabs_cost, begin_typing, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
