/* The skeletons of names, and which letters a name may have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "chatd/core/people/confusable.h"
#include "chatd/core/people/name.h"

static const char *look(const char *name, bool as_written)
{
	static char out[NAME_SKELETON_BYTES_MAX + 1];
	char key[NAME_KEY_BYTES_MAX + 1], why[160];

	assert_true(name_check(NAME_NICK, name, strlen(name), key, why, sizeof why));
	skeleton_of(as_written ? name : key, as_written, out);
	return out;
}

static void assert_alike(const char *a, const char *b)
{
	char first[NAME_SKELETON_BYTES_MAX + 1];

	strcpy(first, look(a, false));
	assert_string_equal(first, look(b, false));
}

static void test_confusable_names_look_alike(void **state)
{
	(void)state;
	assert_alike("alice", "ALICE");
	assert_alike("alice", "a1ice");
}

static void test_as_written(void **state)
{
	(void)state;
	assert_string_equal(look("aIice", true), "alice");
	assert_string_not_equal(look("aIice", false), "alice");
	assert_string_equal(look("alice", true), "alice");
	/* In capitals M and RN are not alike, but it is still the same name. */
	assert_string_equal(look("TOM", true), "torn");
	assert_string_equal(look("\u0422\u041e\u041c", true), "torn"); /* Cyrillic */
}

static void test_in_capitals(void **state)
{
	char out[NAME_SKELETON_BYTES_MAX + 1];

	(void)state;
	skeleton_in_capitals("\u0442\u043e\u043c", out); /* Cyrillic */
	assert_string_equal(out, "torn");
	skeleton_in_capitals("ali", out);
	assert_string_equal(out, "ali");
	skeleton_in_capitals("o0l1", out);
	assert_string_equal(out, "ooli");
}

/* ASCII takes a faster path, with the same result. */
static void test_ascii(void **state)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.|^";
	char alone[NAME_SKELETON_BYTES_MAX + 1], beside[NAME_SKELETON_BYTES_MAX + 1], both[8];

	(void)state;
	for (size_t i = 0; i < sizeof chars - 1; i++)
		for (int how = 0; how < 3; how++) {
			char one[2] = {chars[i], '\0'};

			if (how != 1 && chars[i] >= 'A' && chars[i] <= 'Z')
				continue;
			snprintf(both, sizeof both, "%c\u00E9", chars[i]);
			if (how == 2) {
				skeleton_in_capitals(one, alone);
				skeleton_in_capitals(both, beside);
			} else {
				skeleton_of(one, how == 1, alone);
				skeleton_of(both, how == 1, beside);
			}
			strcat(alone, "e");
			assert_string_equal(alone, beside);
		}
}

static void test_letters_of_today(void **state)
{
	(void)state;
	assert_true(confusable_is_of_today('a'));
	assert_true(confusable_is_of_today(0x13DA));   /* Cherokee: of limited use */
	assert_true(confusable_is_of_today(0x31350));  /* Han, of Unicode 15 */
	assert_false(confusable_is_of_today(0x13441)); /* hieroglyphs */
	assert_false(confusable_is_of_today(0x0251));  /* Latin, for phonetics alone */
	assert_false(confusable_is_of_today(0xE000));
	assert_true(confusable_is_accent(0x0301));
	assert_false(confusable_is_accent(0x102D));    /* a Burmese vowel */
}

static void test_names_of_other_scripts_look_alike(void **state)
{
	(void)state;
	assert_alike("coop", "соор");   /* Cyrillic */
	assert_alike("bob", "b0b");
	assert_alike("mary", "rnary");
	assert_alike("alice", "alíce");
	assert_alike("jose", "josé");
}

static void test_other_names_do_not(void **state)
{
	static const char *const names[] = {
		"alice", "alicia", "bob", "rob", "carol", "carole", "bob2", "李雷", "мария", "anna_b",
	};
	char skeletons[10][NAME_SKELETON_BYTES_MAX + 1];

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		strcpy(skeletons[i], look(names[i], false));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(skeletons[i], skeletons[j]);
	}
}

static void test_a_long_name_fits(void **state)
{
	char name[NAME_BYTES_MAX + 1] = "", out[NAME_SKELETON_BYTES_MAX + 1];

	(void)state;
	for (int i = 0; i < 32; i++)
		strcat(name, "﷽"); /* folds to eighteen letters */
	skeleton_of(name, false, out);
	assert_true(strlen(out) <= NAME_SKELETON_BYTES_MAX);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(test_confusable_names_look_alike),
		cmocka_unit_test(test_as_written),
		cmocka_unit_test(test_in_capitals),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_letters_of_today),
		cmocka_unit_test(test_names_of_other_scripts_look_alike),
		cmocka_unit_test(test_other_names_do_not),
		cmocka_unit_test(test_a_long_name_fits),
	};

	return cmocka_run_group_tests_name("confusable", all, NULL, NULL);
}
