/* Fingerprints as people and files write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "chatd/base/fingerprint.h"

#define HEX "00017f80ff9a0123456789abcdef0123456789abcdef0123456789abcdef55aa"

static struct fingerprint parsed(const char *text)
{
	struct fingerprint f;

	assert_true(fingerprint_parse(text, &f));
	return f;
}

static void test_there_and_back(void **state)
{
	struct fingerprint f = parsed(HEX);
	char text[FINGERPRINT_TEXT_BYTES];

	(void)state;
	assert_memory_equal(f.sha256, "\x00\x01\x7f\x80\xff\x9a\x01\x23", 8);
	assert_int_equal(f.sha256[31], 0xaa);
	assert_string_equal(fingerprint_show(&f, text), HEX);
}

/* As openssl x509 -fingerprint -sha256 writes it. */
static void test_colons(void **state)
{
	struct fingerprint f = parsed(HEX), g;
	char text[3 * FINGERPRINT_BYTES + 1];

	(void)state;
	for (int i = 0; i < FINGERPRINT_BYTES; i++)
		snprintf(text + 3 * i, 4, "%02X:", f.sha256[i]);
	text[sizeof text - 2] = '\0';
	g = parsed(text);
	assert_memory_equal(&f, &g, sizeof f);
}

static void test_what_is_none(void **state)
{
	static const char *const wrong[] = {"", ":", "0:", "00::01", "0g", " 00", "00 ", "-1", HEX "0", ":00", "\xff"};
	struct fingerprint f;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(fingerprint_parse(wrong[i], &f));
	for (size_t i = 2; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(fingerprint_digits(wrong[i]), 0);
	assert_false(fingerprint_parse(HEX + 1, &f));
	assert_int_equal(fingerprint_digits(HEX + 1), 63);
}

static void test_beginnings(void **state)
{
	struct fingerprint f = parsed(HEX);

	(void)state;
	assert_true(fingerprint_begins(&f, "0"));
	assert_true(fingerprint_begins(&f, "00017F8"));
	assert_true(fingerprint_begins(&f, "00:01:7f:"));
	assert_true(fingerprint_begins(&f, HEX));
	assert_false(fingerprint_begins(&f, "00017f9"));
	assert_false(fingerprint_begins(&f, "1"));
	assert_false(fingerprint_begins(&f, ""));
	assert_false(fingerprint_begins(&f, HEX "0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_colons),
		cmocka_unit_test(test_what_is_none),
		cmocka_unit_test(test_beginnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
