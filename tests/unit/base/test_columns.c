/* How wide text is on a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <utf8proc.h>

#include "chatd/base/codepoint.h"
#include "chatd/base/columns.h"
#include "chatd/base/text.h"
#include "prng.h"

static void assert_columns(const char *text, size_t columns)
{
	size_t n = text_columns(text, strlen(text));

	if (n != columns)
		fail_msg("'%s' has %zu columns, not %zu", text, n, columns);
}

static void test_columns(void **state)
{
	(void)state;
	assert_columns("", 0);
	assert_columns("hello", 5);
	assert_columns("hello, hello, hello", 19);
	assert_columns("käse straße łódź", 16);
	assert_columns("ka\xCC\x88se", 4);
	assert_columns("聊天室", 6);
	assert_columns("한국어", 6);
	assert_columns("ｗｉｄｅ", 8);
	assert_columns("привет", 6);
	assert_columns("สวัสดี", 4);
	assert_columns("שלום", 4);
	assert_columns("مرحبا", 5);
	assert_columns("“…”—", 4);
	assert_columns("　", 2);
}

static void test_emoji(void **state)
{
	(void)state;
	assert_columns("🎉", 2);
	assert_columns("🎉🎉🎉", 6);
	assert_columns("❤", 1);
	assert_columns("❤\xEF\xB8\x8F", 2);
	assert_columns("x❤\xEF\xB8\x8Fx", 4);
	assert_columns("👍🏽", 2);
	assert_columns("☝🏽", 2);
	assert_columns("👩\xE2\x80\x8D👩\xE2\x80\x8D👧", 2);
	assert_columns("❤\xE2\x80\x8D🔥", 2);
	assert_columns("🏳\xEF\xB8\x8F\xE2\x80\x8D🌈!", 3);
	assert_columns("🇩🇪", 2);
	assert_columns("🇩🇪🇫🇷", 4);
	assert_columns("🇩", 1);
	assert_columns("🇩🇪🇫", 3);
	assert_columns("1\xEF\xB8\x8F\xE2\x83\xA3", 2);
	assert_columns("1\xE2\x83\xA3", 2);
	assert_columns("🏴\xF3\xA0\x81\xA7\xF3\xA0\x81\xA2\xF3\xA0\x81\xB3\xF3\xA0\x81\xA3"
	               "\xF3\xA0\x81\xB4\xF3\xA0\x81\xBF", 2);
	/* VS15 asks for text, but terminals leave the cell as it is. */
	assert_columns("🎉\xEF\xB8\x8E", 2);
	/* U+1FAE9 and U+1F6D8 came after utf8proc's tables. */
	assert_columns("\xF0\x9F\xAB\xA9", 2);
}

static void test_what_terminals_differ_about(void **state)
{
	(void)state;
	assert_columns("a\xC2\xADz", 3);         /* soft hyphen */
	assert_columns("हिन्दी", 5);              /* signs with a place of their own: 1, without: 0 */
	assert_columns("น้ำ", 2);                 /* SARA AM */
	assert_columns("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", 2); /* han, letter by letter */
	assert_columns("\xCC\x81", 0);
	assert_columns("a\xEE\x80\x80", 2);      /* private use */
	assert_columns("§±×÷", 4);               /* ambiguous */
}

static void test_bytes_that_are_not_utf8(void **state)
{
	(void)state;
	assert_columns("\xFF", 1);
	assert_columns("a\xC3", 2);
	assert_columns("\xF0\x9F\x8E", 1);
	assert_columns("\xE8\x81\xE8\x81\x8A", 3);
	assert_columns("\x80\x80\xCC\x81", 2);
}

static void test_graphemes(void **state)
{
	static const char text[] = "ae\xCC\x81👩\xE2\x80\x8D👧聊🇩🇪 \xFFz";
	static const struct { size_t bytes, columns; } want[] = {
		{1, 1}, {3, 1}, {11, 2}, {3, 2}, {8, 2}, {1, 1}, {1, 1}, {1, 1},
	};
	size_t at = 0, columns;

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		assert_int_equal(text_grapheme(text + at, sizeof text - 1 - at, &columns), want[i].bytes);
		assert_int_equal(columns, want[i].columns);
		at += want[i].bytes;
	}
	assert_int_equal(at, sizeof text - 1);
	assert_int_equal(text_grapheme(text + at, 0, &columns), 0);
	assert_int_equal(columns, 0);
	/* One letter with more signs than any has: no grapheme is wider than a terminal. */
	assert_int_equal(text_grapheme("काााााा", 21, &columns), 4 * 3);
	assert_int_equal(columns, GRAPHEME_COLUMNS_MAX);
	assert_columns("काााााा", 7);
}

static void assert_fits(const char *text, size_t columns, const char *fits, size_t used)
{
	size_t got, n = text_fit_columns(text, strlen(text), columns, &got);

	assert_int_equal(n, strlen(fits));
	assert_memory_equal(text, fits, n);
	assert_int_equal(got, used);
	assert_int_equal(text_fit_columns(text, strlen(text), columns, NULL), n);
}

static void test_what_fits(void **state)
{
	(void)state;
	assert_fits("", 5, "", 0);
	assert_fits("hello world, hello", 0, "", 0);
	assert_fits("hello world, hello", 11, "hello world", 11);
	assert_fits("hello", 80, "hello", 5);
	assert_fits("聊天室", 5, "聊天", 4);
	assert_fits("a聊天", 2, "a", 1);
	assert_fits("hello wore\xCC\x81" "d", 10, "hello wore\xCC\x81", 10);
	assert_fits("hello wore\xCC\x81" "d", 9, "hello wor", 9);
	assert_fits("abcdefg1\xEF\xB8\x8F\xE2\x83\xA3", 8, "abcdefg", 7);
	assert_fits("🇩🇪🇫🇷", 3, "🇩🇪", 2);
	assert_fits("x👩\xE2\x80\x8D👧", 2, "x", 1);
}

/* The quick ways say what the tables say: for each code point, alone and beside others. */
static void test_every_code_point(void **state)
{
	static const int32_t beside[] = {'a', 0xE9, 0x301, 0x4E00, 0xAC00, 0x200D, 0x1F469, 0xFE0F, 0x1100};
	enum { BESIDE = sizeof beside / sizeof beside[0] };

	(void)state;
	for (int32_t cp = 0x20; cp < 0x110000; cp++) {
		unsigned char text[16];
		size_t n, columns, len;

		if (cp_within(cp, 0xD800, 0xDFFF) || cp_within(cp, 0x7F, 0x9F))
			continue;
		n = (size_t)utf8proc_encode_char(cp, text);
		assert_int_equal(text_grapheme((char *)text, n, &columns), n);
		if (cp_is_pict(cp, utf8proc_get_property(cp)) && utf8proc_category(cp) == UTF8PROC_CATEGORY_CN)
			assert_int_equal(columns, 2);
		else if (utf8proc_category(cp) != UTF8PROC_CATEGORY_MC && cp != 0xAD &&
		         !cp_joins_before(cp, utf8proc_get_property(cp)) && columns != (size_t)utf8proc_charwidth(cp))
			fail_msg("U+%04X has %zu columns", (unsigned)cp, columns);
		for (size_t i = 0; i < BESIDE; i++) {
			int32_t none = 0;

			len = n + (size_t)utf8proc_encode_char(beside[i], text + n);
			if ((text_grapheme((char *)text, len, &columns) == n) != cp_parts(cp, beside[i], &none))
				fail_msg("U+%04X and U+%04X", (unsigned)cp, (unsigned)beside[i]);
		}
	}
}

/* What fits is as many graphemes as fit, whatever the bytes. */
static void test_any_bytes(void **state)
{
	static const char *const parts[] = {
		"a", "bcdefghijklmnop", " ", "é", "e\xCC\x81", "聊", "🎉", "❤\xEF\xB8\x8F", "🇩", "\xE2\x80\x8D", "\xFF",
		"\xE8", "\xCC\x81", "한", "1\xEF\xB8\x8F\xE2\x83\xA3", "\xF0\x9F", "हि",
	};
	enum { PARTS = sizeof parts / sizeof parts[0] };
	struct prng p = {14};

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[600] = "";
		size_t len, at = 0, sum = 0, n, columns, used, limit = prng_below(&p, 60);

		for (uint32_t k = prng_below(&p, 30); k > 0; k--)
			strcat(text, parts[prng_below(&p, PARTS)]);
		len = strlen(text);
		while (at < len) {
			n = text_grapheme(text + at, len - at, &columns);
			assert_true(n > 0 && n <= len - at);
			if (sum + columns > limit)
				break;
			sum += columns;
			at += n;
		}
		assert_int_equal(text_fit_columns(text, len, limit, &used), at);
		assert_int_equal(used, sum);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_emoji),
		cmocka_unit_test(test_what_terminals_differ_about),
		cmocka_unit_test(test_bytes_that_are_not_utf8),
		cmocka_unit_test(test_graphemes),
		cmocka_unit_test(test_what_fits),
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
