/* Typing with chatd's editor, and without it again, as telnet clients do. */
#include "chat_help.h"

/* Enter is CR NUL for telnet (RFC 854), of which the editor needs only the CR. */
static void test_enter_has_two_bytes(void **state)
{
	(void)state;
	terminal_comes(0, "192.0.2.1");
	/* They are no more lines: the name is asked for again. */
	sends_all(0, "bo b\r\0");
	assert_has("a name cannot have spaces");
	assert_has_not("More lines");
	sends_all(0, "bob\r\0");
	assert_has("You are bob");
}

static void test_the_editor_ends(void **state)
{
	(void)state;
	joins(1);
	terminal_comes(0, "192.0.2.1");
	sends_all(0, "bob\r\0");
	sends_all(0, "/tty off\r\0");
	sends(0, "/who\r\n");
	assert_has("2 people in general");
	sends_all(0, "/tty\r\0");
	sends(0, "\xFF\xFD\x01\xFF\xFD\x03");
	/* The second byte comes late. */
	sends(0, "/tty off\r");
	sends_all(0, "\0");
	sends(0, "/who\r\n");
	assert_has("2 people in general");
	assert_has_not("^@");
}

static void test_a_screen_reader_gets_no_editor(void **state)
{
	(void)state;
	terminal_comes(0, "192.0.2.1");
	sends_all(0, "bob\r\0");
	sends_all(0, "/set reader on\r\0");
	sends(0, "/tty\r\n");
	assert_has("/set reader off comes first");
	assert_has_not("\xFF\xFB\x01");
}

/* How many texts of the last step were for that connection and had bytes, with that in them. */
static bool is_sent(uint32_t slot, const char *part)
{
	size_t n;
	const struct effect *effects = chat_effects(chat, &n);

	for (size_t i = 0; i < n; i++)
		if (effects[i].kind == EFFECT_SEND && effects[i].conn.slot == slot && effects[i].len > 0 &&
		    memmem(effects[i].text, effects[i].len, part, strlen(part)) != NULL)
			return true;
	return false;
}

/* What was typed stays on the screen if nothing comes of it; otherwise it comes back by itself. */
static void test_what_is_refused_stays(void **state)
{
	(void)state;
	config.rate_lines = 0;
	chat_configure(chat, &config);
	joins(1);
	terminal_comes(0, "192.0.2.1");
	sends_all(0, "bob\r\0");
	sends(0, "hello\r");
	assert_false(is_sent(0, "[general] hello"));
	sends(0, "/me waves\r");
	assert_false(is_sent(0, "[general] /me"));
	sends(0, "/msg b psst\r");
	assert_true(is_sent(0, "To b: psst"));
	assert_false(is_sent(0, "[general] /msg"));
	sends(0, "/msg nobody psst\r");
	assert_true(is_sent(0, "[general] /msg nobody psst\r\n"));
	sends(0, "/me\r");
	assert_true(is_sent(0, "[general] /me\r\n"));
	/* What may be a password does not. */
	sends(0, "/register short\r");
	sends(0, "correct horse\r");
	assert_true(is_sent(0, "it may be one too"));
	assert_false(is_sent(0, "correct horse"));
}

static void test_arrow_keys(void **state)
{
	(void)state;
	terminal_comes(0, "192.0.2.1");
	sends_all(0, "bob\r\0");
	sends_all(0, "/tty off\r\0");
	sends(0, "\x1b[A\r\n");
	assert_has("/tty lets chatd edit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_enter_has_two_bytes, begin, end),
		cmocka_unit_test_setup_teardown(test_the_editor_ends, begin, end),
		cmocka_unit_test_setup_teardown(test_a_screen_reader_gets_no_editor, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_refused_stays, begin, end),
		cmocka_unit_test_setup_teardown(test_arrow_keys, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
