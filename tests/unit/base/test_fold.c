/* The form in which words are compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fold.h"

static struct bytes out;

static int add(void *ctx, const struct fold_token *t)
{
	const char *text = ctx;

	assert_true(t->len > 0 && t->begin < t->end && t->end <= strlen(text));
	bytes_puts(&out, out.len == 0 ? "" : t->beside ? "+" : " ");
	bytes_append(&out, t->text, t->len);
	bytes_puts(&out, t->single ? "*" : "");
	return 0;
}

static const char *folded(enum fold_mode mode, const char *text)
{
	/* Just so long, for the sanitizer to see a byte read too many. */
	size_t len = strlen(text);
	char *copy = malloc(len + 1);

	memcpy(copy, text, len + 1);
	bytes_clear(&out);
	bytes_puts(&out, "");
	assert_int_equal(fold_text(copy, len, mode, add, copy), 0);
	free(copy);
	return out.data != NULL ? out.data : "";
}

#define WORDS(text, expected) assert_string_equal(folded(FOLD_WORDS, text), expected)
#define INDEX(text, expected) assert_string_equal(folded(FOLD_INDEX, text), expected)
#define QUERY(text, expected) assert_string_equal(folded(FOLD_QUERY, text), expected)
#define SAME(a, b) \
	do { \
		char *one = mem_strdup(folded(FOLD_INDEX, a)); \
		assert_string_equal(folded(FOLD_INDEX, b), one); \
		free(one); \
	} while (0)

#define DIFFER(a, b) \
	do { \
		char *one = mem_strdup(folded(FOLD_INDEX, a)); \
		assert_string_not_equal(folded(FOLD_INDEX, b), one); \
		free(one); \
	} while (0)

static void ascii_words(void **state)
{
	(void)state;
	INDEX("", "");
	INDEX("Hello, World 42!", "hello world 42");
	INDEX("example.com can't foo_bar a-b", "example com can t foo bar a b");
	INDEX("x\xff" "y\xc3", "x y");
	INDEX("  ", "");
}

static void forms_are_one(void **state)
{
	(void)state;
	SAME("café", "cafe\xCC\x81");
	SAME("CAFÉ", "cafe");
	SAME("Straße", "STRASSE");
	SAME("ΣΊΣΥΦΟΣ", "σίσυφος");
	SAME("Ｓｅｒｖｅｒ０１", "server01");
	SAME("ﬁle", "file");
	SAME("Ørsted Łódź đ æ", "orsted lodz d ae");
	SAME("Việt", "Vie\xCC\xA3\xCC\x82t");
	SAME("한글", "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB\xE1\x84\x80\xE1\x85\xB3\xE1\x86\xAF");
	SAME("ガイド", "カ\xE3\x82\x99イト\xE3\x82\x99");
	SAME("й", "и\xCC\x86");
	/* Which is another letter. */
	DIFFER("й", "и");
	SAME("قَرَأْتُ كِتَابًا", "قرأت كتابا");
	SAME("שָׁלוֹם", "שלום");
	SAME("i\xC2\xADnvis\xE2\x80\x8Dible", "invisible");
}

static void marks_are_part_of_words(void **state)
{
	(void)state;
	WORDS("दिन अच्छा", "दिन अच्छा");
	DIFFER("दिन", "दान");
	DIFFER("मा", "म");
	/* In whatever order they were typed. */
	SAME("ক\xE0\xA6\xBC\xE0\xA7\x8D", "ক\xE0\xA7\x8D\xE0\xA6\xBC");
}

/* A mark that is no part of a letter makes no other word of it. */
static void marks_that_are_none_of_the_letters_are_left_out(void **state)
{
	(void)state;
	WORDS("\xCC\xA3" "badword x \xCC\xA3" "badword", "badword x badword");
	SAME("ду\xCC\x81рак", "дурак");
	SAME("暴\xCC\xA3力\xCC\xA3", "暴力");
	SAME("ш\xCC\xB6", "ш");
	DIFFER("ќ", "к");
	DIFFER("ё", "е");
	DIFFER("أ", "ا");
}

static void runs(void **state)
{
	(void)state;
	INDEX("猫", "猫*");
	INDEX("黒猫", "黒猫+猫");
	INDEX("使用iPhone手机", "使用+用 iphone 手机+机");
	QUERY("使用iPhone手机", "使用 iphone 手机");
	QUERY("猫", "猫*");
	QUERY("日本語", "日本 本語");
	INDEX("日本語", "日本 本語+語");
	WORDS("日本語 text", "日本語 text");
	INDEX("コーヒー", "コー ーヒ ヒー+ー");
	/* A letter has its marks with it. */
	assert_string_equal(folded(FOLD_INDEX, "ที่บ้าน"), "ที่บ้ บ้า าน+น");
	assert_null(strstr(folded(FOLD_INDEX, "ม้า"), "มา"));
}

static int stops(void *ctx, const struct fold_token *t)
{
	(void)t;
	return ++*(int *)ctx == 2 ? 7 : 0;
}

static void it_stops(void **state)
{
	static const char *const texts[] = {"one two three", "日本語", "é ü ö", "a日b"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		int n = 0;

		assert_int_equal(fold_text(texts[i], strlen(texts[i]), FOLD_INDEX, stops, &n), 7);
		assert_int_equal(n, 2);
	}
}

/* Whatever comes, it holds its bounds; and what is long is cut alike. */
static void anything(void **state)
{
	static const char *const parts[] = {"a", "Z9", "é", "e\xCC\x81\xCC\xA3", "猫", "ที่", " ", ".", "\xff", "\xe3\x81",
	                                    "\xEF\xB7\xBA", "ק\xD6\xB0", "\xE0\xA6\xBC\xE0\xA7\x8D", "한", "\xC2\xAD"};
	uint64_t seed = 1;
	char text[3000];

	(void)state;
	for (int round = 0; round < 3000; round++) {
		size_t len = 0;

		while (len < sizeof text - 20 && (seed = seed * UINT64_C(6364136223846793005) + 1) >> 54 != 0) {
			const char *part = parts[(seed >> 33) % (sizeof parts / sizeof *parts)];

			strcpy(text + len, part);
			len += strlen(part);
		}
		text[len] = '\0';
		folded((enum fold_mode)(round % 3), text);
	}
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_int_equal(strlen(folded(FOLD_INDEX, text)), FOLD_TOKEN_BYTES_MAX);
	assert_int_equal(strlen(folded(FOLD_WORDS, text)), sizeof text - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ascii_words), cmocka_unit_test(forms_are_one),
		cmocka_unit_test(marks_are_part_of_words),
		cmocka_unit_test(marks_that_are_none_of_the_letters_are_left_out), cmocka_unit_test(runs),
		cmocka_unit_test(it_stops), cmocka_unit_test(anything),
	};

	return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
