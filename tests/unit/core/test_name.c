/* Which names are allowed, which are the same, and how a bad one is corrected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/base/text.h"
#include "chatd/core/people/name.h"

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
	REFUSES(NAME_NICK, "", "a name needs at least one letter or digit");
	REFUSES(NAME_NICK, "^_^", "a name needs at least one letter or digit");
	REFUSES(NAME_ROOM, "...", "a room's name needs at least one letter or digit");
	REFUSES(NAME_NICK, "mary ann", "a name cannot have spaces; use _ instead");
	REFUSES(NAME_NICK, "mary\xC2\xA0" "ann", "a name cannot have spaces; use _ instead");
	REFUSES(NAME_NICK, "a\x1B[1m", "a name cannot have control characters");
	REFUSES(NAME_NICK, "a\0b", "a name cannot have control characters");
	REFUSES(NAME_NICK, "a\xC2\x9B", "a name cannot have control characters");
	REFUSES(NAME_NICK, "a\xE2\x80\x8B", "a name cannot have invisible characters");
	REFUSES(NAME_NICK, "a\xE2\x80\xAE", "a name cannot have invisible characters");
	REFUSES(NAME_NICK, "\xE3\x85\xA4", "a name cannot have invisible characters");
	REFUSES(NAME_NICK, "a\xEF\xB8\x8F", "a name cannot have invisible characters");
	REFUSES(NAME_NICK, "caf\xE9", "a name must be UTF-8, and this is not");
	REFUSES(NAME_NICK, "a\xED\xA0\x80", "a name must be UTF-8, and this is not");
	REFUSES(NAME_NICK, "/me", "a name can only have letters, digits and _ - . | ^");
	REFUSES(NAME_NICK, "a@b", "a name can only have letters, digits and _ - . | ^");
	REFUSES(NAME_NICK, "😀", "a name can only have letters, digits and _ - . | ^");
	REFUSES(NAME_NICK, "a²", "a name can only have letters, digits and _ - . | ^");
	REFUSES(NAME_NICK, "\xE2\xA0\x80", "a name can only have letters, digits and _ - . | ^");
	REFUSES(NAME_ROOM, "#ops", "a room's name cannot have a #; leave it out");
	/* Commands would mistake these for something else. */
	REFUSES(NAME_NICK, "--everywhere", "a name cannot begin with --");
	REFUSES(NAME_ROOM, "--preview", "a room's name cannot begin with --");
	REFUSES(NAME_NICK, "192.0.2.1", "a name cannot be an address");
	/* A letter, but a mark when folded, or spaces. */
	REFUSES(NAME_NICK, "ﾞ", "a name can have accents only on letters and digits");
	REFUSES(NAME_NICK, "ﷺ", "a name can only have letters, digits and _ - . | ^");
}

static void test_marks(void **state)
{
	(void)state;
	allows(NAME_NICK, "x\xCC\x82\xCC\xA3y\xCC\x82\xCC\xA3", "x\xCC\xA3\xCC\x82ỵ\xCC\x82");
	REFUSES(NAME_NICK, "x\xCC\x80\xCC\x81\xCC\x82",
	        "a name can have at most 2 accents on one letter");
	/* Also between other marks, and on a letter of another script. */
	REFUSES(NAME_NICK, "ก\u0300\u0301\u0302", "a name can have at most 2 accents on one letter");
	REFUSES(NAME_NICK, "x\u0301\u0301", "a name cannot have the same accent twice on one letter");
	REFUSES(NAME_NICK, "ကွှုံ့ိ", "a name can have at most 4 marks on one letter");
	REFUSES(NAME_NICK, "ก็็", "a name cannot have the same accent twice on one letter");
	REFUSES(NAME_NICK, "\xCC\x80x", "a name can have accents only on letters and digits");
	REFUSES(NAME_NICK, "x_\xCC\x80", "a name can have accents only on letters and digits");
	REFUSES(NAME_NICK, "x\xE2\x83\x9D", "a name can only have letters, digits and _ - . | ^");
}

static void test_length(void **state)
{
	char name[NAME_BYTES_MAX * 2];
	size_t i;

	(void)state;
	memset(name, 'x', sizeof name);
	refuses(NAME_NICK, name, 40, "a name has at most 32 characters, and this has 40");
	refuses(NAME_NICK, name, 33, "a name has at most 32 characters, and this has 33");
	refuses(NAME_ROOM, name, 65, "a room's name has at most 64 characters, and this has 65");
	refuses(NAME_ROOM, name, 512, "a room's name has at most 64 characters, and this has 512");
	name[32] = '\0';
	allows(NAME_NICK, name, name);
	/* Sixty-four of the longest, U+20000. */
	for (i = 0; i < 64; i++)
		memcpy(name + i * 4, "\xF0\xA0\x80\x80", 5);
	allows(NAME_ROOM, name, name);
	refuses(NAME_NICK, name, 33 * 4, "a name has at most 32 characters, and this has 33");
	memset(name, 0x80, sizeof name);
	refuses(NAME_NICK, name, sizeof name, "a name must be UTF-8, and this is not");
}

static void test_reserved(void **state)
{
	(void)state;
	REFUSES(NAME_NICK, "System", "\"system\" is reserved");
	REFUSES(NAME_NICK, "ｓｙｓｔｅｍ", "\"system\" is reserved");
	REFUSES(NAME_NICK, "chatd", "\"chatd\" is reserved");
	REFUSES(NAME_NICK, "ADMIN", "\"admin\" is reserved");
	REFUSES(NAME_NICK, "you", "\"you\" is reserved");
	REFUSES(NAME_NICK, "_System_", "\"system\" is reserved");
	REFUSES(NAME_NICK, "admin-", "\"admin\" is reserved");
	allows(NAME_NICK, "ecosystem", "ecosystem");
}

#define MIXED "a name can only have letters of one script, or Latin with Chinese, Japanese or Korean"

static void test_scripts_that_look_alike(void **state)
{
	(void)state;
	REFUSES(NAME_NICK, "\u0405ystem", MIXED); /* Cyrillic dze */
	REFUSES(NAME_ROOM, "\u043eps", "a room's name can only have letters of one script, or Latin with "
	        "Chinese, Japanese or Korean");
	REFUSES(NAME_NICK, "\u13DAystem", MIXED); /* Cherokee du */
	REFUSES(NAME_NICK, "\uA4E2ystem", MIXED); /* Lisu sa */
	REFUSES(NAME_NICK, "p\u0430ul", MIXED);   /* Cyrillic a */
	REFUSES(NAME_NICK, "\u03bfps", MIXED);    /* Greek omicron */
	REFUSES(NAME_NICK, "\u0585ps", MIXED);    /* Armenian oh */
	allows(NAME_NICK, "\u0430\u043b\u0438\u0441\u0430", "\u0430\u043b\u0438\u0441\u0430");
	allows(NAME_NICK, "tanaka\u7530\u4e2d", "tanaka\u7530\u4e2d");
	allows(NAME_NICK, "anna_\uC548\uB098", "anna_\uC548\uB098");
	allows(NAME_NICK, "ken\u3051\u3093\u30b1\u30f3\u7530", "ken\u3051\u3093\u30b1\u30f3\u7530");
}

/* The reason is cut to the buffer, and never written past its end. */
static void test_little_room_for_why(void **state)
{
	char key[NAME_KEY_BYTES_MAX + 1], why[8];

	(void)state;
	assert_false(name_check(NAME_NICK, "a b", 3, key, why, sizeof why));
	assert_string_equal(why, "a name ");
}

/* People's names in scripts in use today, even with several marks on a letter. */
static void test_names_of_people(void **state)
{
	static const char *const names[] = {
		"ကျော်", "မျိုး", "စိုး", "လှိုင်", "နှုန်း", "བསྒྲུབས", "འབྲུག", "སྐྱིད", "ឈ្មោះ", "សុខា", "ស្រី",
		"प्रिया", "श्रीनिवास", "สมชาย", "น้ำทิพย์", "ທ້າວ", "Nguyễn", "Trần", "ശ്രീജ", "கண்ணன்",
		"శ్రీనివాస్", "නිමල්", "კახა", "ᏣᎳᎩ", "𞤀𞤣𞤢𞤥", "ⴰⵎⴰⵣⵉⵖ", "İlker", "Ağaoğlu",
		"Håkon", "Łukasz", "محمد", "عبدالله", "مُحَمَّد", "יוסף", "გიორგი", "Արամ", "Ελένη",
		"Юлия", "Ґалаґан", "김민준", "王小明", "さくら", "サクラ", "ዮሐንስ", "އަހުމަދު", "ܝܘܣܦ",
	};
	char key[NAME_KEY_BYTES_MAX + 1], why[128];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!name_check(NAME_NICK, names[i], strlen(names[i]), key, why, sizeof why))
			fail_msg("%s: %s", names[i], why);
}

#define NOT_TODAY(cp) "a name can only have letters and digits in use today, and " cp " is not"

/* Only what Unicode recommends for names: scripts in use today, and no invisible letters. */
static void test_letters_of_today(void **state)
{
	(void)state;
	REFUSES(NAME_NICK, "alice\U00013441", NOT_TODAY("U+13441"));
	REFUSES(NAME_NICK, "\U00013441", NOT_TODAY("U+13441"));
	REFUSES(NAME_NICK, "\U00010330", NOT_TODAY("U+10330")); /* Gothic */
	REFUSES(NAME_NICK, "\u0251dmin", NOT_TODAY("U+0251"));  /* Latin alpha, of phonetics */
	REFUSES(NAME_NICK, "x\u0353", NOT_TODAY("U+0353"));     /* a mark of phonetics */
	REFUSES(NAME_ROOM, "ops\U00013441", "a room's name can only have letters and digits in use today, "
	        "and U+13441 is not");
	/* Characters that fold to letters in use today are allowed. */
	allows(NAME_NICK, "\U0001D41Bob", "bob");
}

/* Digits that are alike although they count differently: 8 and the Bengali 4. */
static void test_digits_of_one_kind(void **state)
{
	(void)state;
	REFUSES(NAME_NICK, "\u0995\u09EA8", "a name can only have digits of one kind");
	REFUSES(NAME_NICK, "\u0665\u06F5", "a name can only have digits of one kind");
	allows(NAME_NICK, "\u0995\u09EA", "\u0995\u09EA");
	allows(NAME_NICK, "\u09958", "\u09958");
}

/* A control character is shown as ^ and a letter, and a name must not look as if it had one. */
static void test_controls_written_out(void **state)
{
	(void)state;
#define CONTROL "a name cannot have control characters, or what looks like one (^H)"
	REFUSES(NAME_NICK, "bob^H", CONTROL);
	REFUSES(NAME_NICK, "carol^M", CONTROL);
	REFUSES(NAME_NICK, "a^_", CONTROL);
	REFUSES(NAME_NICK, "a^^", CONTROL);
	allows(NAME_NICK, "^a", "^a");
	allows(NAME_NICK, "a^", "a^");
	allows(NAME_NICK, "a^2", "a^2");
}

static void is_reserved(const char *name, const char *word)
{
	char expected[128];

	snprintf(expected, sizeof expected, "it looks like \"%s\", which is reserved", word);
	refuses(NAME_NICK, name, strlen(name), expected);
}

static void test_looks_reserved(void **state)
{
	static const char *const free_names[] = {
		"modern", "admiral", "syste", "operator9x", "Ali", "ALI", "ali", "hero", "Modest", "sysadm",
		"mode", "mec", "opera", "Roo", "systems_a", "yous", "adminer", "badmin", "bot", "b0t", "m.e",
		"o-p", "Rooth", "Cooper", "Mel", "Melody", "Hal", "Hall", "Al", "Jody", "Robot", "Severn",
		"Stafford", "Supp", "Systema", "Consuelo", "guest", "guest2",
		"hostess", "ghost", "ghost2", "theme", "theo", "theall", "helper", "al12", "al2", "4me", "ali1",
		"them", "3com", "the-dude", "_007_", "a117", "r2d2", "1337", "007",
	};

	(void)state;
	is_reserved("Systern", "system");
	is_reserved("5ystem", "system");
	is_reserved("5y5tem", "system");
	is_reserved("5y57em", "system");
	is_reserved("Syst3rn", "system");
	is_reserved("Syst\u0117m", "system");
	is_reserved("S\u00FDstem", "system");
	is_reserved("Sys\u021Bem", "system");
	is_reserved("\u0405\u0443\u0455\u0442\u0435\u043C", "system"); /* all Cyrillic */
	is_reserved("\u0405\u0423\u0405\u0422\u0415\u041C", "system"); /* its capitals */
	is_reserved("adrnin", "admin");
	is_reserved("4dmin", "admin");
	is_reserved("adm1n", "admin");
	is_reserved("admln", "admin");
	is_reserved("adm\u0131n", "admin");
	is_reserved("aclmin", "admin");
	is_reserved("rnoderator", "moderator");
	is_reserved("m0d", "mod");
	is_reserved("r00t", "root");
	is_reserved("r007", "root");
	is_reserved("y0u", "you");
	is_reserved("m3", "me");
	is_reserved("0p", "op");
	is_reserved("n0b0dy", "nobody");
	is_reserved("aII", "all");
	is_reserved("a||", "all");
	is_reserved("al1", "all");
	is_reserved("_5ystem_", "system");
	is_reserved("sys.tem", "system");
	is_reserved("s-y-s-t-e-m", "system");
	is_reserved("ad_min", "admin");
	is_reserved("System\u02BC", "system");
	is_reserved("System\u30FC", "system");
	is_reserved("admin\u738B", "admin");
	is_reserved("h0st", "host");
	is_reserved("HOST_2", "host");
	is_reserved("the.host", "host");
	is_reserved("thehost", "host");
	is_reserved("The_Admin", "admin");
	is_reserved("the-system1", "system");
	is_reserved("system2", "system");
	is_reserved("system_2", "system");
	is_reserved("System10", "system");
	is_reserved("5ystem_1-2", "system");
	is_reserved("_sys.tem2", "system");
	is_reserved("administrator1", "administrator");
	is_reserved("root2", "root");
	is_reserved("r0072", "root");
	is_reserved("help24.7", "help");
	is_reserved("op1", "op");
	is_reserved("M0D99", "mod");
	REFUSES(NAME_NICK, "host", "\"host\" is reserved");
	REFUSES(NAME_NICK, "Help", "\"help\" is reserved");
	REFUSES(NAME_NICK, "admins", "\"admins\" is reserved");
	REFUSES(NAME_NICK, "sysop", "\"sysop\" is reserved");
	allows(NAME_ROOM, "5ystem", "5ystem");
	for (size_t i = 0; i < sizeof free_names / sizeof *free_names; i++) {
		char key[NAME_KEY_BYTES_MAX + 1], why[128];

		if (!name_check(NAME_NICK, free_names[i], strlen(free_names[i]), key, why, sizeof why))
			fail_msg("%s: %s", free_names[i], why);
	}
}

static void found(const char *name, const char *expected)
{
	char key[NAME_KEY_BYTES_MAX + 1];

	assert_true(name_key(name, strlen(name), key));
	assert_string_equal(key, expected);
}

/* Names that nobody may take any more, but once had, are still found. */
static void test_key(void **state)
{
	char key[NAME_KEY_BYTES_MAX + 1] = "x", name[NAME_BYTES_MAX + 2];

	(void)state;
	found("Ann", "ann");
	found("Straße", "strasse");
	found("5ystem", "5ystem");
	found("System", "system");
	found("bob^H", "bob^h");
	found("\u0405ystem", "\u0455ystem");
	found("alice\U00013441", "alice\U00013441");
	found("Room!", "room!");
	assert_false(name_key("", 0, key));
	assert_string_equal(key, "");
	assert_false(name_key("a b", 3, key));
	assert_false(name_key("caf\xE9", 4, key));
	assert_false(name_key("a\0b", 3, key));
	assert_false(name_key("\u200B", 3, key));
	memset(name, 'x', sizeof name);
	assert_true(name_key(name, NAME_BYTES_MAX, key));
	assert_false(name_key(name, NAME_BYTES_MAX + 1, key));
	/* Sixty-four ligatures of eighteen letters. */
	for (size_t i = 0; i < 64; i++)
		memcpy(name + i * 3, "\uFDFA", 3);
	assert_false(name_key(name, 192, key));
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
	mends(NAME_NICK, "bob^H", 32, "bob");
	mends(NAME_NICK, "bo^Hb", 32, "bo_b");
	mends(NAME_NICK, "5ystem", 32, "guest");
	mends(NAME_NICK, "alice\U00013441", 32, "alice");
	mends(NAME_NICK, "ကျော်", 32, "ကျော်");
	mends(NAME_NICK, "abcdefghijklmnopqrstuvwxyzabcdefghijkl", 99,
	      "abcdefghijklmnopqrstuvwxyzabcdef");
}

static size_t put_random_char(char *at)
{
	static const char *const chars[] = {
		" ", "#", "_", "^", ".", "a", "Me", "op", "admin", "😀", "ä", "\xCC\x80", "ﷺ", "ﾞ",
		"\xE2\x80\x8B", "ก็", "ß", "ﬃ", "ΐ", "ﷲ", "\xFF", "\xE2\x82", "\t", "𠀀", "ͺ", "İ",
		"Sys", "5", "tern", "ш", "က", "ျ", "ိ", "\U00013441", "^H", "8", "৪",
	};
	const char *s = chars[rnd(sizeof chars / sizeof *chars)];

	if (rnd(4) == 0) {
		*at = (char)rnd(256);
		return 1;
	}
	memcpy(at, s, strlen(s));
	return strlen(s);
}

/* Whatever was typed, the result is allowed, short enough, and stays the same if it is corrected
 * again. */
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
		/* And a name that is allowed stays as it is. */
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
		cmocka_unit_test(test_names_of_people),
		cmocka_unit_test(test_letters_of_today),
		cmocka_unit_test(test_digits_of_one_kind),
		cmocka_unit_test(test_controls_written_out),
		cmocka_unit_test(test_looks_reserved),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_little_room_for_why),
		cmocka_unit_test(test_mend),
		cmocka_unit_test(test_mended_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
