/* Text broken into rows that fit a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "chatd/base/wrap.h"

/* The rows of text, with "|" between them. */
static void assert_rows(const char *text, size_t columns, const char *want)
{
	char rows[256] = "";

	while (*text != '\0') {
		size_t n = wrap_row(text, strlen(text), columns);

		assert_true(n > 0 && n <= strlen(text));
		strncat(rows, text, n);
		text += n + strspn(text + n, " ");
		if (*text != '\0')
			strcat(rows, "|");
	}
	assert_string_equal(rows, want);
}

static void test_what_fits_is_one_row(void **state)
{
	(void)state;
	assert_rows("ten column", 10, "ten column");
	assert_rows("  indented", 10, "  indented");
	assert_rows("äöü äöü äö", 10, "äöü äöü äö");
	assert_rows("", 10, "");
}

static void test_rows_end_between_words(void **state)
{
	(void)state;
	assert_rows("ten columns", 10, "ten|columns");
	assert_rows("a bc def ghij klmno", 5, "a bc|def|ghij|klmno");
	assert_rows("聊天室 聊天室 聊", 10, "聊天室|聊天室 聊");
	assert_rows("ends in blanks    ", 8, "ends in|blanks");
}

static void test_a_longer_word_is_left_whole(void **state)
{
	(void)state;
	assert_rows("a /resume.of.twenty.columns b", 8, "a|/resume.of.twenty.columns|b");
	assert_rows("/resume.of.twenty.columns", 8, "/resume.of.twenty.columns");
}

static void test_a_stamp_is_one_word(void **state)
{
	(void)state;
	assert_rows("until [2026-11-24 20:14:05] by alice", 20, "until|[2026-11-24 20:14:05]|by alice");
	assert_rows("[2026-11-24", 5, "[2026-11-24");
}

/* The rows of a list break between its fields, unless that leaves most of a row empty. */
static void test_fields_stay_together(void **state)
{
	(void)state;
	assert_rows("den  12 people  the topic of den", 24, "den  12 people|the topic of den");
	assert_rows("d  a long field that goes on", 15, "d  a long field|that goes on");
}

/* The last row is a sentence, not an odd word, where that takes no further row. */
static void test_the_last_row_begins_a_sentence(void **state)
{
	(void)state;
	assert_rows("It is done now. /undo takes it back.", 30, "It is done now.|/undo takes it back.");
	assert_rows("It is done now; /undo takes it back.", 30, "It is done now;|/undo takes it back.");
	assert_rows("You are banned: pills. Ask others", 24, "You are banned: pills.|Ask others");
	assert_rows("So. It has been done now for you", 30, "So. It has been done now for|you");
	assert_rows("It is done now. /undo, which is a command, takes back what you did", 30,
	            "It is done now. /undo, which|is a command, takes back what|you did");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_fits_is_one_row),
		cmocka_unit_test(test_rows_end_between_words),
		cmocka_unit_test(test_a_longer_word_is_left_whole),
		cmocka_unit_test(test_a_stamp_is_one_word),
		cmocka_unit_test(test_fields_stay_together),
		cmocka_unit_test(test_the_last_row_begins_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
