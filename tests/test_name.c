/* Which names are allowed, which are the same, and how a bad one is mended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/core/name.h"
#include "chatd/core/text.h"

static uint64_t seed = 1;

static unsigned rnd(unsigned below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % below;
}

static void allows(enum name_kind kind, const char *name, const char *expected)
{
	char key[NAME_KEY_BYTES_MAX + 1], why[128] = "";
	bool ok = name_check(kind, name, strlen(name), key, why, sizeof why);

	assert_string_equal(why, "");
	assert_true(ok);
	assert_string_equal(key, expected);
}

static void refuses(enum name_kind kind, const char *name, size_t len, const char *expected)
{
	char key[NAME_KEY_BYTES_MAX + 1], why[128] = "";

	assert_false(name_check(kind, name, len, key, why, sizeof why));
	assert_string_equal(why, expected);
}

#define REFUSES(kind, name, why) refuses(kind, name, sizeof(name) - 1, why)

static void test_allowed(void **state)
{
	(void)state;
	allows(NAME_NICK, "ann", "ann");
	allows(NAME_NICK, "x", "x");
	allows(NAME_NICK, "7of9", "7of9");
	allows(NAME_NICK, "_-.|^a", "_-.|^a");
	allows(NAME_NICK, "bot", "bot");
	allows(NAME_NICK, "Günther", "günther");
	allows(NAME_NICK, "Маша", "маша");
	allows(NAME_NICK, "小明", "小明");
	allows(NAME_NICK, "नमस्ते", "नमस्ते");
	allows(NAME_NICK, "ที่นี่", "ที่นี่");
	allows(NAME_NICK, "١٢٣", "١٢٣");
	allows(NAME_ROOM, "system", "system");
	allows(NAME_ROOM, "dev-ops.2", "dev-ops.2");
}

static void test_same_name(void **state)
{
	(void)state;
	allows(NAME_NICK, "ANN", "ann");
	allows(NAME_NICK, "Ａｎｎ", "ann");
	allows(NAME_NICK, "STRASSE", "strasse");
	allows(NAME_NICK, "Straße", "strasse");
	allows(NAME_NICK, "re\xCC\x81my", "rémy");
	allows(NAME_NICK, "ﬁn", "fin");
	allows(NAME_NICK, "ΣΊΣΥΦΟΣ", "σίσυφοσ");
	allows(NAME_NICK, "σίσυφος", "σίσυφοσ");
	allows(NAME_NICK, "ｶﾞ", "ガ");
	allows(NAME_NICK, "-ann", "-ann");
	allows(NAME_NICK, "1.2.3", "1.2.3");
	allows(NAME_ROOM, "192.0.2.1", "192.0.2.1");
}

static void test_refused(void **state)
{
	(void)state;
	REFUSES(NAME_NICK, "", "a nick has at least one letter or digit");
	REFUSES(NAME_NICK, "^_^", "a nick has at least one letter or digit");
	REFUSES(NAME_ROOM, "...", "a room's name has at least one letter or digit");
	REFUSES(NAME_NICK, "mary ann", "a nick has no spaces; use _ instead");
	REFUSES(NAME_NICK, "mary\xC2\xA0" "ann", "a nick has no spaces; use _ instead");
	REFUSES(NAME_NICK, "a\x1B[1m", "a nick has no control characters");
	REFUSES(NAME_NICK, "a\0b", "a nick has no control characters");
	REFUSES(NAME_NICK, "a\xC2\x9B", "a nick has no control characters");
	REFUSES(NAME_NICK, "a\xE2\x80\x8B", "a nick has no invisible characters");
	REFUSES(NAME_NICK, "a\xE2\x80\xAE", "a nick has no invisible characters");
	REFUSES(NAME_NICK, "\xE3\x85\xA4", "a nick has no invisible characters");
	REFUSES(NAME_NICK, "a\xEF\xB8\x8F", "a nick has no invisible characters");
	REFUSES(NAME_NICK, "caf\xE9", "a nick has to be UTF-8; this is not");
	REFUSES(NAME_NICK, "a\xED\xA0\x80", "a nick has to be UTF-8; this is not");
	REFUSES(NAME_NICK, "/me", "a nick has only letters, digits and _ - . | ^");
	REFUSES(NAME_NICK, "a@b", "a nick has only letters, digits and _ - . | ^");
	REFUSES(NAME_NICK, "😀", "a nick has only letters, digits and _ - . | ^");
	REFUSES(NAME_NICK, "a²", "a nick has only letters, digits and _ - . | ^");
	REFUSES(NAME_NICK, "\xE2\xA0\x80", "a nick has only letters, digits and _ - . | ^");
	REFUSES(NAME_ROOM, "#ops", "a room's name has no #; leave it out");
	/* Commands would take these for something else. */
	REFUSES(NAME_NICK, "--everywhere", "a nick does not begin with --");
	REFUSES(NAME_NICK, "192.0.2.1", "a nick is no address");
	/* A letter, but a mark when folded, or spaces. */
	REFUSES(NAME_NICK, "ﾞ", "a nick has accents only on letters and digits");
	REFUSES(NAME_NICK, "ﷺ", "a nick has only letters, digits and _ - . | ^");
}

static void test_marks(void **state)
{
	(void)state;
	allows(NAME_NICK, "x\xCC\x82\xCC\xA3y\xCC\x82\xCC\xA3", "x\xCC\xA3\xCC\x82ỵ\xCC\x82");
	REFUSES(NAME_NICK, "x\xCC\x80\xCC\x81\xCC\x82",
	        "a nick has at most 2 accents on one letter");
	REFUSES(NAME_NICK, "\xCC\x80x", "a nick has accents only on letters and digits");
	REFUSES(NAME_NICK, "x_\xCC\x80", "a nick has accents only on letters and digits");
	REFUSES(NAME_NICK, "x\xE2\x83\x9D", "a nick has only letters, digits and _ - . | ^");
}

static void test_length(void **state)
{
	char name[NAME_BYTES_MAX * 2];
	size_t i;

	(void)state;
	memset(name, 'x', sizeof name);
	refuses(NAME_NICK, name, 40, "a nick has at most 32 characters; this has 40");
	refuses(NAME_NICK, name, 33, "a nick has at most 32 characters; this has 33");
	refuses(NAME_ROOM, name, 65, "a room's name has at most 64 characters; this has 65");
	refuses(NAME_ROOM, name, 512, "a room's name has at most 64 characters; this has 512");
	name[32] = '\0';
	allows(NAME_NICK, name, name);
	/* Sixty-four of the longest, U+20000. */
	for (i = 0; i < 64; i++)
		memcpy(name + i * 4, "\xF0\xA0\x80\x80", 5);
	allows(NAME_ROOM, name, name);
	refuses(NAME_NICK, name, 33 * 4, "a nick has at most 32 characters; this has 33");
	memset(name, 0x80, sizeof name);
	refuses(NAME_NICK, name, sizeof name, "a nick has to be UTF-8; this is not");
}

static void test_reserved(void **state)
{
	(void)state;
	REFUSES(NAME_NICK, "System", "the nick \"system\" is reserved; choose another");
	REFUSES(NAME_NICK, "ｓｙｓｔｅｍ", "the nick \"system\" is reserved; choose another");
	REFUSES(NAME_NICK, "chatd", "the nick \"chatd\" is reserved; choose another");
	REFUSES(NAME_NICK, "ADMIN", "the nick \"admin\" is reserved; choose another");
	REFUSES(NAME_NICK, "you", "the nick \"you\" is reserved; choose another");
	REFUSES(NAME_NICK, "_System_", "the nick \"system\" is reserved; choose another");
	REFUSES(NAME_NICK, "admin-", "the nick \"admin\" is reserved; choose another");
	allows(NAME_NICK, "system_2", "system_2");
	allows(NAME_NICK, "ecosystem", "ecosystem");
}

#define MIXED "a nick has letters of one script; Latin, Greek and Cyrillic ones look alike"

static void test_scripts_that_look_alike(void **state)
{
	(void)state;
	REFUSES(NAME_NICK, "S\u0443stem", MIXED); /* Cyrillic u */
	REFUSES(NAME_NICK, "\u0430lice", MIXED);  /* Cyrillic a */
	REFUSES(NAME_NICK, "\u03bfps", MIXED);    /* Greek omicron */
	allows(NAME_NICK, "\u0430\u043b\u0438\u0441\u0430", "\u0430\u043b\u0438\u0441\u0430");
	allows(NAME_NICK, "tanaka\u7530\u4e2d", "tanaka\u7530\u4e2d");
}

/* A sentence is cut to its room, never written beyond it. */
static void test_little_room_for_why(void **state)
{
	char key[NAME_KEY_BYTES_MAX + 1], why[8];

	(void)state;
	assert_false(name_check(NAME_NICK, "a b", 3, key, why, sizeof why));
	assert_string_equal(why, "a nick ");
}

static void mends(enum name_kind kind, const char *typed, size_t max_chars, const char *expected)
{
	char out[NAME_BYTES_MAX + 1];

	name_mend(kind, typed, strlen(typed), max_chars, out);
	assert_string_equal(out, expected);
}

static void test_mend(void **state)
{
	(void)state;
	mends(NAME_NICK, "ann", 32, "ann");
	mends(NAME_NICK, "mary ann!", 32, "mary_ann");
	mends(NAME_NICK, "  mary  &  ann  ", 32, "mary_ann");
	mends(NAME_NICK, "a_ b, -c", 32, "a_b-c");
	mends(NAME_NICK, "System", 32, "guest");
	mends(NAME_NICK, "System", 6, "guest");
	mends(NAME_NICK, "me", 2, "gu");
	mends(NAME_NICK, "", 32, "guest");
	mends(NAME_NICK, "😀", 32, "guest");
	mends(NAME_NICK, "^_^", 32, "guest");
	mends(NAME_NICK, "???", 3, "gue");
	mends(NAME_ROOM, "#ops", 64, "ops");
	mends(NAME_ROOM, "##", 64, "room");
	mends(NAME_NICK, "caf\xE9", 32, "caf");
	mends(NAME_NICK, "caf\xE9 noir", 32, "caf_noir");
	mends(NAME_NICK, "\x1B[31mred", 32, "31mred");
	mends(NAME_NICK, "Zoë Müller", 5, "Zoë_M");
	mends(NAME_NICK, "Zoë Müller", 4, "Zoë");
	mends(NAME_NICK, "x\xCC\x80\xCC\x81\xCC\x82\xCC\x83y", 32, "x\xCC\x80\xCC\x81y");
	mends(NAME_NICK, "ab", 0, "a");
	mends(NAME_NICK, "abcdefghijklmnopqrstuvwxyzabcdefghijkl", 99,
	      "abcdefghijklmnopqrstuvwxyzabcdef");
}

static size_t put_random_char(char *at)
{
	static const char *const chars[] = {
		" ", "#", "_", "^", ".", "a", "Me", "op", "admin", "😀", "ä", "\xCC\x80", "ﷺ", "ﾞ",
		"\xE2\x80\x8B", "ก็", "ß", "ﬃ", "ΐ", "ﷲ", "\xFF", "\xE2\x82", "\t", "𠀀", "ͺ", "İ",
	};
	const char *s = chars[rnd(sizeof chars / sizeof *chars)];

	if (rnd(4) == 0) {
		*at = (char)rnd(256);
		return 1;
	}
	memcpy(at, s, strlen(s));
	return strlen(s);
}

/* Whatever was typed, what comes of it is allowed, short enough and needs no mending. */
static void test_mended_is_allowed(void **state)
{
	char typed[400], out[NAME_BYTES_MAX + 1], again[NAME_BYTES_MAX + 1];
	char key[NAME_KEY_BYTES_MAX + 1], why[128];
	size_t len, max_chars;
	enum name_kind kind;
	int round;

	(void)state;
	for (round = 0; round < 100000; round++) {
		kind = rnd(2) ? NAME_NICK : NAME_ROOM;
		max_chars = 1 + rnd(rnd(2) ? 70 : 8);
		for (len = 0; len < 380 && rnd(rnd(2) ? 4 : 100);)
			len += put_random_char(typed + len);
		name_mend(kind, typed, len, max_chars, out);
		assert_true(name_check(kind, out, strlen(out), key, why, sizeof why));
		assert_true(text_chars(out, strlen(out)) <= max_chars);
		name_mend(kind, out, strlen(out), max_chars, again);
		assert_string_equal(again, out);
		/* And what was allowed stays what it was. */
		if (name_check(kind, typed, len, key, why, sizeof why) &&
		    text_chars(typed, len) <= max_chars) {
			assert_int_equal(strlen(out), len);
			assert_memory_equal(out, typed, len);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_same_name),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_scripts_that_look_alike),
		cmocka_unit_test(test_little_room_for_why),
		cmocka_unit_test(test_mend),
		cmocka_unit_test(test_mended_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
