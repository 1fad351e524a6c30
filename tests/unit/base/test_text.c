/* What a reader's terminal gets to see of what strangers type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <utf8proc.h>

#include "chatd/base/bounds.h"
#include "chatd/base/text.h"

#define ILL "\xEF\xBF\xBD"

/* The sanitized text, in memory of exactly the size that the contract requires. */
static char *neutral(const char *s, size_t len, size_t *n)
{
	char *dst = malloc(len * TEXT_EXPANSION + 1);

	assert_non_null(dst);
	*n = text_sanitize(dst, s, len);
	assert_true(*n <= len * TEXT_EXPANSION);
	assert_int_equal(dst[*n], '\0');
	assert_int_equal(strlen(dst), *n);
	return dst;
}

static void shows(const char *in, size_t len, const char *expected)
{
	size_t n;
	char *out = neutral(in, len, &n);

	assert_string_equal(out, expected);
	free(out);
}

#define SHOWS(in, expected) shows(in, sizeof(in) - 1, expected)
#define SAME(in) shows(in, sizeof(in) - 1, in)

static void test_passes(void **state)
{
	(void)state;
	SAME("");
	SAME("hello, world ~ {ok}");
	SAME("Grüße, привет, 你好, سلام, नमस्ते, ไทย");
	SAME("e\xCC\x81 stays decomposed");
	SAME("\xE2\xA0\x80 braille blank");
	SAME("no\xC2\xA0" "break");
	SAME("\xF3\xB0\x80\x80 private use");
	SAME(ILL);
}

static void test_controls(void **state)
{
	(void)state;
	SHOWS("a\tb", "a    b");
	SHOWS("\x1B[31mred", "^[[31mred");
	SHOWS("\x1B]0;title\x07", "^[]0;title^G");
	SHOWS("a\0b", "a^@b");
	SHOWS("a\r\nb", "a^M^Jb");
	SHOWS("\x7F", "^?");
	SHOWS("\x1F", "^_");
	SHOWS("\xC2\x9B" "31m", "<U+009B>31m");
	SHOWS("\xC2\x85", "<U+0085>");
}

static void test_invisible(void **state)
{
	(void)state;
	SHOWS("evil\xE2\x80\xAEgpj.exe", "evil<U+202E>gpj.exe");
	SHOWS("\xE2\x80\x8B", "<U+200B>");
	SHOWS("a\xC2\xAD" "b", "a<U+00AD>b");
	SHOWS("\xE2\x80\xA8", "<U+2028>");
	SHOWS("\xE3\x85\xA4", "<U+3164>");
	SHOWS("\xEF\xBE\xA0", "<U+FFA0>");
	SHOWS("\xEF\xBB\xBFhi", "<U+FEFF>hi");
	SHOWS("\xEF\xBF\xBE", "<U+FFFE>");
	SHOWS("\xF0\x9D\x85\xB3", "<U+1D173>");
	SHOWS("\xF4\x8F\xBF\xBF", "<U+10FFFF>");
}

/* Unicode 15, tables 3-8 to 3-11. */
static void test_ill_formed(void **state)
{
	(void)state;
	SHOWS("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82" "A", ILL ILL ILL ILL ILL ILL ILL ILL "A");
	SHOWS("\xED\xA0\x80\xED\xBF\xBF\xED\xAF" "A", ILL ILL ILL ILL ILL ILL ILL ILL "A");
	SHOWS("\xF4\x91\x92\x93\xFF" "A\x80\xBF" "B", ILL ILL ILL ILL ILL "A" ILL ILL "B");
	SHOWS("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF" "A", ILL ILL ILL ILL "A");
	SHOWS("caf\xE9", "caf" ILL);
	SHOWS("\xF0\x9F\x98", ILL);
	SHOWS("\xE2\x82\x1B", ILL "^[");
}

static void test_emoji(void **state)
{
	(void)state;
	SAME("👨‍👩‍👧‍👦 ❤️‍🔥 🏳️‍🌈 🏴‍☠️ 👩🏽‍🚀 🕵🏻‍♂️ 👁️‍🗨️ 🐦‍⬛");
	SAME("1️⃣ #️⃣ ❤️ ☎︎ 🇩🇪");
	SAME("🫱🏻‍🫲🏿");
	SAME("\xF0\x9F\xAB\xA9 of Unicode 16");
	SAME("🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏴󠁵󠁳󠁣󠁡󠁿");
	/* A joiner with nothing to join, one after another, or between letters. */
	SHOWS("👨‍", "👨<U+200D>");
	SHOWS("👨‍a", "👨<U+200D>a");
	SHOWS("‍👨", "<U+200D>👨");
	SHOWS("👨‍‍👩", "👨<U+200D><U+200D>👩");
	SHOWS("👨🏽🏽‍👩", "👨🏽🏽<U+200D>👩");
	SHOWS("a‍b", "a<U+200D>b");
	SHOWS("pay‌pal", "pay<U+200C>pal");
}

static void test_selectors(void **state)
{
	(void)state;
	SHOWS("\xEF\xB8\x8F", "<U+FE0F>");
	SHOWS("a \xEF\xB8\x8F", "a <U+FE0F>");
	SHOWS("\u2800\uFE0F", "\u2800<U+FE0F>");
	SHOWS("a\t\xEF\xB8\x8F", "a    <U+FE0F>");
	SHOWS("❤️️", "❤️<U+FE0F>");
	SHOWS("\x1B\xEF\xB8\x8F", "^[<U+FE0F>");
	SAME("葛󠄀");
	SHOWS("葛󠄀󠄁", "葛󠄀<U+E0101>");
	SHOWS("x󠄀", "x<U+E0100>");
}

static void test_tags(void **state)
{
	(void)state;
	SHOWS("\xF3\xA0\x81\xA1", "<U+E0061>");
	SHOWS("x\xF3\xA0\x81\xA1\xF3\xA0\x81\xBF", "x<U+E0061><U+E007F>");
	SHOWS("🏴\xF3\xA0\x81\xBF", "🏴<U+E007F>");
	SHOWS("🏴\xF3\xA0\x81\xA1", "🏴<U+E0061>");
	SHOWS("🏴\xF3\xA0\x81\xA1 \xF3\xA0\x81\xBF", "🏴<U+E0061> <U+E007F>");
	/* Eight of them would be a message. */
	SHOWS("🏴\xF3\xA0\x81\xA1\xF3\xA0\x81\xA1\xF3\xA0\x81\xA1\xF3\xA0\x81\xA1"
	      "\xF3\xA0\x81\xA1\xF3\xA0\x81\xA1\xF3\xA0\x81\xA1\xF3\xA0\x81\xA1\xF3\xA0\x81\xBF",
	      "🏴<U+E0061><U+E0061><U+E0061><U+E0061><U+E0061><U+E0061><U+E0061><U+E0061>"
	      "<U+E007F>");
	/* A second helping behind a flag that is complete. */
	SHOWS("🏴\xF3\xA0\x81\xA1\xF3\xA0\x81\xBF\xF3\xA0\x81\xA1\xF3\xA0\x81\xBF",
	      "🏴\xF3\xA0\x81\xA1\xF3\xA0\x81\xBF<U+E0061><U+E007F>");
}

static void test_joiners_of_scripts(void **state)
{
	(void)state;
	SAME("می‌خواهم");
	SAME("क्‍ष র‍্য");
	SHOWS("می‌ خواهم", "می<U+200C> خواهم");
	SHOWS("می‌‌خواهم", "می<U+200C><U+200C>خواهم");
	SHOWS("م‌क", "م<U+200C>क");
	SHOWS("‌م", "<U+200C>م");
	SHOWS("م‌", "م<U+200C>");
}

#define TEN "          "
#define THIRTY_TWO TEN TEN TEN "  "
#define WIDE_TEN "\u3000\u3000\u3000\u3000\u3000\u3000\u3000\u3000\u3000\u3000"

/* So many blanks put what comes behind them at the start of a terminal's next line. */
static void test_blanks(void **state)
{
	(void)state;
	SAME("a" THIRTY_TWO "b");
	SAME(THIRTY_TWO "b");
	SHOWS("a" THIRTY_TWO " b", "a<33 spaces>b");
	SHOWS(THIRTY_TWO " b", "<33 spaces>b");
	SHOWS("a" TEN TEN TEN TEN "b" TEN "c" TEN TEN TEN TEN TEN "d", "a<40 spaces>b" TEN "c<50 spaces>d");
	/* Of every kind, by their width. */
	SHOWS("a\t\t\t\t\t\t\t\tb", "a" THIRTY_TWO "b");
	SHOWS("a\t\t\t\t\t\t\t\t b", "a<33 spaces>b");
	SHOWS("a\t\t\t\t\t\t\t\t\tb", "a<36 spaces>b");
	SAME("a" WIDE_TEN "\u3000\u3000\u3000\u3000\u3000\u3000b");
	SHOWS("a" WIDE_TEN "\u3000\u3000\u3000\u3000\u3000\u3000\u2003b", "a<33 spaces>b");
	SHOWS("a" TEN "\u00A0" TEN "\u2800" TEN "\u202Fb", "a<33 spaces>b");
	SHOWS("a" TEN TEN "\U00013441" TEN "\U00013442" "\U0001D159" "b", "a<33 spaces>b");
	/* Marks on them are no end of a run: some of them nobody sees. */
	SHOWS("a" TEN "\u2D7F" TEN "\u2D7F" TEN "\u2D7F   \u2D7F" "b", "a<33 spaces>b");
	SHOWS("a \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F"
	      " \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F"
	      " \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7F \u2D7Fb",
	      "a<33 spaces>b");
	SAME("a" TEN "\u0301" TEN "b");
	/* What is seen among them ends a run. */
	SAME("a" TEN TEN "." TEN TEN "b");
	SHOWS("a" TEN TEN "\u200B" TEN TEN "b", "a" TEN TEN "<U+200B>" TEN TEN "b");
	/* Hangul vowels and finals take no room of their own either. */
	SHOWS("a" TEN TEN "\u1161" TEN "\u11FF" TEN "b", "a<40 spaces>b");
	SHOWS("a" TEN TEN "\uD7B0" TEN "\uD7FB" TEN "b", "a<40 spaces>b");
	SHOWS("a" TEN "\u1112\u1161\u11AB" TEN TEN "\u1161 b",
	      "a" TEN "\u1112\u1161\u11AB" TEN TEN "\u1161 b");
	/* At the end they push nothing anywhere; a line of blanks alone is an empty one. */
	SAME("a" TEN TEN TEN TEN);
	SAME(TEN TEN TEN TEN);
	SAME(WIDE_TEN WIDE_TEN);
	SHOWS("a" TEN TEN TEN TEN "b" TEN TEN TEN TEN, "a<40 spaces>b" TEN TEN TEN TEN);
}

/* Runs of each length at each place, by the fast path and by the other. */
static void test_runs_of_blanks_everywhere(void **state)
{
	char in[160], expected[160];

	(void)state;
	for (int at = 0; at < 20; at++)
		for (int n = 0; n < 80; n++)
			for (int kind = 0; kind < 2; kind++) {
				snprintf(in, sizeof in, "%.*s%*s%s", at, "xxxxxxxxxxxxxxxxxxxxxxxx", n, "",
				         kind == 0 ? "y" : "y\u00FC");
				if (n > 32)
					snprintf(expected, sizeof expected, "%.*s<%d spaces>%s", at,
					         "xxxxxxxxxxxxxxxxxxxxxxxx", n, kind == 0 ? "y" : "y\u00FC");
				else
					strcpy(expected, in);
				shows(in, strlen(in), expected);
				assert_int_equal(text_is_shown(in, strlen(in)), n <= 32);
				assert_true(text_is_shown(expected, strlen(expected)));
				/* And wherever it is cut. */
				for (size_t len = 0; len <= strlen(expected); len++)
					assert_true(text_is_shown(expected, text_whole(expected, len)));
			}
}

static size_t put_some(char *at)
{
	static const char *const parts[] = {
		" ", " ", TEN, TEN, THIRTY_TWO, "\t", "\u3000", "\u00A0", "\u2800", "x", "\u00FC",
		"\u200D", "\u0301", "\xFF", "<33 spaces>", "\u2D7F", "\uFE0F", "\u0648", "\U0001F468",
	};
	static uint64_t seed = 1;
	const char *s;

	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	s = parts[(seed >> 33) % (sizeof parts / sizeof *parts)];
	memcpy(at, s, strlen(s));
	return strlen(s);
}

/* Whatever is typed: what is shown is left as it is from then on, and never longer than promised. */
static void test_blanks_stay_as_shown(void **state)
{
	char in[800];
	size_t len, n;
	char *out;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		for (len = 0; len < (size_t)(round % 700);)
			len += put_some(in + len);
		out = neutral(in, len, &n);
		assert_true(text_is_shown(out, n));
		assert_null(strstr(out, THIRTY_TWO " x"));
		free(out);
	}
}

/* Each byte value at each place of a line: the fast path ends where it has to. */
static void test_every_byte_everywhere(void **state)
{
	static const char xs[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	char in[40], shown[8], expected[96];
	int at, c;

	(void)state;
	for (at = 0; at < 40; at++) {
		for (c = 0; c < 256; c++) {
			memset(in, 'x', sizeof in);
			in[at] = (char)c;
			if (c == '\t')
				snprintf(shown, sizeof shown, "    ");
			else if (c < 0x20 || c == 0x7F)
				snprintf(shown, sizeof shown, "^%c", c ^ 0x40);
			else
				snprintf(shown, sizeof shown, c < 0x80 ? "%c" : ILL, c);
			snprintf(expected, sizeof expected, "%.*s%s%.*s", at, xs, shown,
			         39 - at, xs);
			shows(in, sizeof in, expected);
		}
	}
}

/* Each code point by itself: as it is, or by its name. Nothing that hides passes. */
static void test_every_code_point(void **state)
{
	unsigned char in[4];
	char expected[16];
	int32_t cp;
	size_t n, len;
	char *out;

	(void)state;
	for (cp = 0x80; cp <= 0x10FFFF; cp++) {
		const utf8proc_property_t *p = utf8proc_get_property(cp);

		if (cp >= 0xD800 && cp <= 0xDFFF)
			continue;
		len = (size_t)utf8proc_encode_char(cp, in);
		out = neutral((const char *)in, len, &n);
		snprintf(expected, sizeof expected, "<U+%04X>", (unsigned)cp);
		if (p->category == UTF8PROC_CATEGORY_CC || p->category == UTF8PROC_CATEGORY_CF ||
		    p->category == UTF8PROC_CATEGORY_ZL || p->category == UTF8PROC_CATEGORY_ZP ||
		    p->ignorable || (cp & 0xFFFE) == 0xFFFE || (cp >= 0xFDD0 && cp <= 0xFDEF) ||
		    (cp >= 0x2060 && cp <= 0x206F) || (cp >= 0xFFF0 && cp <= 0xFFFB) ||
		    cp >> 12 == 0xE0)
			assert_string_equal(out, expected);
		else
			assert_true(n == len && memcmp(out, in, len) == 0);
		free(out);
	}
}

static void test_counts(void **state)
{
	static const char s[] = "aä€😀z";

	(void)state;
	assert_int_equal(text_chars("", 0), 0);
	assert_int_equal(text_chars(s, sizeof s - 1), 5);
	assert_int_equal(text_prefix(s, sizeof s - 1, 0), 0);
	assert_int_equal(text_prefix(s, sizeof s - 1, 1), 1);
	assert_int_equal(text_prefix(s, sizeof s - 1, 2), 3);
	assert_int_equal(text_prefix(s, sizeof s - 1, 3), 6);
	assert_int_equal(text_prefix(s, sizeof s - 1, 4), 10);
	assert_int_equal(text_prefix(s, sizeof s - 1, 5), 11);
	assert_int_equal(text_prefix(s, sizeof s - 1, 99), 11);
}

/* What is cut ends with what is whole without the rest. */
static void test_whole(void **state)
{
	static const char family[] = "a👨‍👩", flag[] = "a🏴󠁧󠁢󠁥󠁮󠁧󠁿b";

	(void)state;
	assert_int_equal(text_whole("", 0), 0);
	assert_int_equal(text_whole("abc", 2), 2);
	assert_int_equal(text_whole("aä", 2), 1);
	assert_int_equal(text_whole("aä", 3), 3);
	for (size_t len = 5; len < 12; len++)
		assert_int_equal(text_whole(family, len), 5);
	assert_int_equal(text_whole(family, 12), 12);
	for (size_t len = 5; len < 29; len++)
		assert_int_equal(text_whole(flag, len), 5);
	assert_int_equal(text_whole(flag, 29), 29);
	assert_int_equal(text_prefix(family, sizeof family - 1, 3), 5);
	assert_int_equal(text_prefix(flag, sizeof flag - 1, 4), 5);
	assert_int_equal(text_prefix(flag, sizeof flag - 1, 9), 30);
	/* Nothing but what goes. */
	assert_int_equal(text_whole("\xE2\x80\x8D\xF0\x9F", 5), 0);
}

static void test_shown(void **state)
{
	char *text;

	(void)state;
	assert_true(text_is_shown("abc ä", 6));
	assert_false(text_is_shown("\t", 1));
	assert_false(text_is_shown("\xff", 1));
	assert_false(text_is_shown("a\xE2\x80\xAE", 4));
	text = text_shown("a\x1b[2J\xE2\x80\xAE", 100);
	assert_string_equal(text, "a^[[2J<U+202E>");
	free(text);
	text = text_shown("äöü", 5);
	assert_string_equal(text, "äö");
	free(text);
	text = text_shown("\x1b\x1b", 3);
	assert_string_equal(text, "^[^");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_invisible),
		cmocka_unit_test(test_ill_formed),
		cmocka_unit_test(test_emoji),
		cmocka_unit_test(test_selectors),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_joiners_of_scripts),
		cmocka_unit_test(test_blanks),
		cmocka_unit_test(test_runs_of_blanks_everywhere),
		cmocka_unit_test(test_blanks_stay_as_shown),
		cmocka_unit_test(test_every_byte_everywhere),
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
