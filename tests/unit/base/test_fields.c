/* "name=value" pairs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "chatd/base/fields.h"

static void assert_field(const char *fields, const char *name, const char *want)
{
	char *value = fields_get(fields, name);

	assert_string_equal(value, want);
	free(value);
}

static void test_what_is_put_comes_back(void **state)
{
	static const char *const values[] = {
		"plain", "two words", "a=b c=d", "100% sure", "%41", "line\nend\t\x7f", "Äöü 🙂", "=", " ",
	};
	struct bytes b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		bytes_clear(&b);
		fields_put(&b, "first", "x");
		fields_put(&b, "it", values[i]);
		fields_put_number(&b, "n", -5);
		assert_null(strpbrk(b.data, "\n\t"));
		assert_field(b.data, "first", "x");
		assert_field(b.data, "it", values[i]);
		assert_int_equal(fields_get_number(b.data, "n"), -5);
	}
	bytes_release(&b);
}

static void test_what_is_not_there_is_empty(void **state)
{
	struct bytes b = {0};

	(void)state;
	fields_put(&b, "none", "");
	fields_put_number(&b, "zero", 0);
	assert_int_equal(b.len, 0);
	assert_field("", "x", "");
	assert_field("ax=1 xa=2 x", "x", "");
	assert_int_equal(fields_get_number("n=abc", "n"), 0);
	assert_int_equal(fields_get_number("m=1", "n"), 0);
	bytes_release(&b);
}

static void test_a_damaged_value_is_read_as_it_stands(void **state)
{
	(void)state;
	assert_field("x=%", "x", "%");
	assert_field("x=%4", "x", "%4");
	assert_field("x=%zz", "x", "%zz");
	assert_field("x=%4g1", "x", "%4g1");
	assert_field("x=", "x", "");
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(test_what_is_put_comes_back),
		cmocka_unit_test(test_what_is_not_there_is_empty),
		cmocka_unit_test(test_a_damaged_value_is_read_as_it_stands),
	};

	return cmocka_run_group_tests_name("fields", all, NULL, NULL);
}
