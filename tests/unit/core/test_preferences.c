/* What people set about their terminal: the table, and how it is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/core/terminal/preferences.h"

static struct preferences p;

static int nothing_set(void **state)
{
	(void)state;
	p = (struct preferences){0};
	return 0;
}

static bool set(const char *name, const char *value)
{
	int row = preference_find(name);

	assert_true(row >= 0);
	return preference_set(&p, row, value);
}

static void is(const char *name, const char *expected)
{
	char value[PREFERENCE_VALUE_BYTES];

	assert_string_equal(preference_value(&p, preference_find(name), value), expected);
}

static void test_words(void **state)
{
	(void)state;
	is("time", "default");
	assert_true(set("TIME", "Short"));
	is("time", "short");
	assert_int_equal(p.time, PREFER_TIME_SHORT);
	assert_false(set("time", "long"));
	assert_false(set("time", ""));
	is("time", "short");
	assert_true(set("color", "256"));
	is("colour", "256");
	assert_false(set("colour", "17"));
	assert_true(set("joins", "off"));
	assert_int_equal(p.passages, PREFER_OFF);
	assert_true(set("joins", "default"));
	is("joins", "default");
	assert_int_equal(preference_find("banner"), -1);
	assert_int_equal(preference_find(""), -1);
}

static void test_width(void **state)
{
	static const char *const wrong[] = {"19", "501", "0", "-80", "80x", "99999999999999999999", " 80", "", "eighty"};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(set("width", wrong[i]));
	assert_true(set("width", "20"));
	assert_true(set("width", "500"));
	is("width", "500");
	assert_true(set("width", "off"));
	assert_int_equal(p.width, 0);
}

static void test_zone(void **state)
{
	(void)state;
	assert_true(set("zone", "europe/berlin"));
	is("zone", "Europe/Berlin");
	assert_false(set("zone", "Europe/Atlantis"));
	assert_false(set("zone", "../../etc/passwd"));
	is("zone", "Europe/Berlin");
	assert_true(set("zone", "off"));
	is("zone", "default");
}

/* What is written is read again; what is no setting, or no value of it, is left out. */
static void test_kept(void **state)
{
	struct preferences before;
	struct bytes text = {0};

	(void)state;
	preferences_text(&p, &text);
	assert_int_equal(text.len, 0);
	set("time", "off");
	set("zone", "America/Argentina/ComodRivadavia");
	set("colour", "256");
	set("bell", "off");
	set("joins", "off");
	set("mentions", "off");
	set("more", "off");
	set("reader", "off");
	set("width", "500");
	before = p;
	preferences_text(&p, &text);
	assert_true(text.len <= PREFERENCES_BYTES_MAX);
	preferences_read(&p, text.data);
	assert_memory_equal(&p, &before, sizeof p);
	bytes_release(&text);
	preferences_read(&p, "time=never zork width=7 =x colour bell=on zone=");
	is("bell", "on");
	is("time", "default");
	is("width", "default");
	preferences_read(&p, "");
	is("bell", "default");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_words, nothing_set),
		cmocka_unit_test_setup(test_width, nothing_set),
		cmocka_unit_test_setup(test_zone, nothing_set),
		cmocka_unit_test_setup(test_kept, nothing_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
