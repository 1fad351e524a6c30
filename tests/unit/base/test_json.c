/* JSON: what is written is JSON, whatever the texts are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chatd/base/json.h"

static void text_is(const char *value, const char *expected, bool utf8)
{
	struct bytes b = {0};

	json_begin(&b, NULL);
	assert_int_equal(json_text(&b, "t", value), utf8);
	json_end(&b);
	assert_string_equal(b.data, expected);
	bytes_release(&b);
}

static void test_members(void **state)
{
	struct bytes b = {0};

	(void)state;
	json_begin(&b, NULL);
	json_text(&b, "name", "bob");
	json_number(&b, "least", INT64_MIN);
	json_begin(&b, "in");
	json_end(&b);
	json_begin(&b, "of");
	json_bool(&b, "yes", true);
	json_bool(&b, "no", false);
	json_end(&b);
	json_end(&b);
	assert_string_equal(b.data, "{\"name\":\"bob\",\"least\":-9223372036854775808,\"in\":{},"
	                            "\"of\":{\"yes\":true,\"no\":false}}");
	bytes_release(&b);
}

static void test_texts(void **state)
{
	(void)state;
	text_is("", "{\"t\":\"\"}", true);
	text_is("a \"b\" \\ c/", "{\"t\":\"a \\\"b\\\" \\\\ c/\"}", true);
	text_is("\x01\n\x1f\x7f", "{\"t\":\"\\u0001\\u000a\\u001f\\u007f\"}", true);
	text_is("é 中 😀", "{\"t\":\"é 中 😀\"}", true);
	/* Controls of a terminal, and what ends a line for some readers. */
	text_is("\xc2\x9b\xe2\x80\xa8\xe2\x80\xa9", "{\"t\":\"\\u009b\\u2028\\u2029\"}", true);
}

/* Nothing that turns other text around, or cannot be seen, reaches a terminal. */
static void test_what_a_terminal_hides(void **state)
{
	(void)state;
	text_is("\xe2\x80\xae" "evil\xe2\x81\xa6", "{\"t\":\"\\u202eevil\\u2066\"}", true);
	text_is("b\xe2\x80\x8b\xc2\xad\xd8\x9c", "{\"t\":\"b\\u200b\\u00ad\\u061c\"}", true);
	text_is("\xef\xbb\xbf\xef\xbf\xbe", "{\"t\":\"\\ufeff\\ufffe\"}", true);
	/* Tags, and the last code point of all. */
	text_is("\xf3\xa0\x81\x81\xf4\x8f\xbf\xbf", "{\"t\":\"\\udb40\\udc41\\udbff\\udfff\"}", true);
	text_is("\xf0\x9d\x85\xb3", "{\"t\":\"\\ud834\\udd73\"}", true);
}

static void test_what_is_not_utf8(void **state)
{
	(void)state;
	text_is("a\xff" "b", "{\"t\":\"a\xef\xbf\xbd" "b\"}", false);
	text_is("\xe4\xb8", "{\"t\":\"\xef\xbf\xbd\"}", false);
	text_is("\xed\xa0\x80\"", "{\"t\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\\"\"}", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_what_a_terminal_hides),
		cmocka_unit_test(test_what_is_not_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
