/* Keys out of bytes, however those are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <utf8proc.h>

#include "chatd/base/bytes.h"
#include "chatd/core/terminal/keys.h"
#include "prng.h"

#define ILL "\xEF\xBF\xBD"
#define ESC "\x1B"
#define PASTE ESC "[200~"
#define PASTED ESC "[201~"

static const char *const names[] = {
	[KEY_ENTER] = "enter", [KEY_TAB] = "tab", [KEY_BACKSPACE] = "backspace",
	[KEY_DELETE] = "delete", [KEY_LEFT] = "left", [KEY_RIGHT] = "right", [KEY_UP] = "up",
	[KEY_DOWN] = "down", [KEY_HOME] = "home", [KEY_END] = "end", [KEY_WORD_LEFT] = "word-left",
	[KEY_WORD_RIGHT] = "word-right", [KEY_WORD_DELETE] = "word-delete",
	[KEY_WORD_RUBOUT] = "word-rubout", [KEY_KILL] = "kill", [KEY_RUBOUT] = "rubout",
	[KEY_YANK] = "yank", [KEY_TRANSPOSE] = "transpose", [KEY_REDRAW] = "redraw",
	[KEY_INTERRUPT] = "interrupt", [KEY_EOF] = "eof", [KEY_PASTE_BEGIN] = "paste",
	[KEY_PASTE_END] = "pasted", [KEY_NONE] = "none",
};

/* Adds the keys of one piece to log: text as it is, <a name> for others. */
static void feed(struct keys *k, const char *in, size_t len, int64_t now_ms, struct bytes *log)
{
	/* Exactly as large, so that the sanitizer sees a read past the end. */
	char *piece = malloc(len ? len : 1);
	const char *p = piece, *end = piece + len, *text;
	enum key key;
	size_t n;

	assert_non_null(piece);
	if (len > 0)
		memcpy(piece, in, len);
	while ((key = keys_next(k, &p, end, now_ms, &text, &n)) != KEY_MORE) {
		assert_true(p >= piece && p <= end);
		if (key == KEY_TEXT) {
			assert_true(n > 0);
			bytes_append(log, text, n);
		} else {
			assert_null(text);
			bytes_printf(log, "<%s>", names[key]);
		}
	}
	assert_ptr_equal(p, end);
	free(piece);
}

static void is(const struct bytes *log, const char *expected)
{
	assert_string_equal(log->data ? log->data : "", expected);
	assert_int_equal(log->len, strlen(expected));
}

/* Cut in two, in three or into single bytes, the input gives the same keys. */
static void gives(bool latin1, const char *in, size_t len, const char *expected)
{
	struct bytes log = {0};
	struct keys k;

	for (size_t i = 0; i <= len; i++) {
		for (size_t j = i; j <= len; j++) {
			bytes_clear(&log);
			k = (struct keys){.latin1 = latin1};
			feed(&k, in, i, 1, &log);
			feed(&k, in + i, j - i, 1, &log);
			feed(&k, in + j, len - j, 1, &log);
			is(&log, expected);
		}
	}
	bytes_clear(&log);
	k = (struct keys){.latin1 = latin1};
	for (size_t i = 0; i < len; i++)
		feed(&k, in + i, 1, 1, &log);
	is(&log, expected);
	bytes_release(&log);
}

#define GIVES(in, expected) gives(false, in, sizeof(in) - 1, expected)
#define LATIN1(in, expected) gives(true, in, sizeof(in) - 1, expected)

static void test_text(void **state)
{
	(void)state;
	GIVES("", "");
	GIVES("hello, you", "hello, you");
	GIVES("Grüße 你好 👨‍👩‍👧 🇩🇪 नमस्ते e\xCC\x81", "Grüße 你好 👨‍👩‍👧 🇩🇪 नमस्ते e\xCC\x81");
	/* Joiners, selectors and tags stay, other hidden characters go. */
	GIVES("a\xE2\x80\x8D" "b\xE2\x80\x8C" "c❤\xEF\xB8\x8F🏴\xF3\xA0\x81\xA7\xF3\xA0\x81\xBF",
	      "a\xE2\x80\x8D" "b\xE2\x80\x8C" "c❤\xEF\xB8\x8F🏴\xF3\xA0\x81\xA7\xF3\xA0\x81\xBF");
	GIVES("a\xE2\x80\xAE" "b\xE2\x80\x8B\xC2\xAD\xEF\xBB\xBF\xF0\xAF\xBF\xBF" "c",
	      "a<none>b<none><none><none><none>c");
	GIVES("a\xC2\x9B" "b\xC2\x85", "a<none>b<none>");
}

static void test_ill_formed(void **state)
{
	(void)state;
	GIVES("a\xFF" "b\x80\xC0\xAF", "a" ILL "b" ILL ILL ILL);
	GIVES("\xE2\x82" "b", ILL "b");
	GIVES("\xF0\x9F\x98", "");
	GIVES("\xF0\x9F\x98\xF0\x9F\x98\x80", ILL "😀");
	GIVES("\xF0\x9F\x98\r", ILL "<enter>");
	GIVES("\xF0\x9F" ESC "[D", ILL "<left>");
	GIVES("\xED\xA0\x80\xF4\x90\x80\x80\xF0\x80\x80", ILL ILL ILL ILL ILL ILL ILL ILL ILL ILL);
	GIVES("\xC3", "");
	GIVES("\xE0\x80", ILL ILL);
}

static void test_latin1(void **state)
{
	(void)state;
	LATIN1("Gr\xFC\xDF" "e \xA0\xFF", "Grüße \xC2\xA0ÿ");
	LATIN1("a\x80\x9B\xAD" "b\x1B[Dc", "a<none><none><none>b<left>c");
}

static void test_controls(void **state)
{
	(void)state;
	GIVES("\x01\x02\x03\x04\x05\x06", "<home><left><interrupt><eof><end><right>");
	GIVES("\b\x7F\t\x0B\x0C\x0E\x10", "<backspace><backspace><tab><kill><redraw><down><up>");
	GIVES("\x14\x15\x17\x19", "<transpose><rubout><word-rubout><yank>");
	GIVES("a\x07\x0F\x11\x12\x13\x16\x18\x1A\x1C\x1D\x1E\x1F",
	      "a<none><none><none><none><none><none><none><none><none><none><none><none>");
	GIVES("a\0b", "a<none>b");
}

static void test_enter(void **state)
{
	(void)state;
	GIVES("a\rb", "a<enter>b");
	GIVES("a\nb", "a<enter>b");
	GIVES("a\r\nb", "a<enter>b");
	GIVES("a\r\0b", "a<enter>b");
	GIVES("\r\r\n\n\n\r\r\0\0", "<enter><enter><enter><enter><enter><enter><none>");
	GIVES("\r\n\r\n", "<enter><enter>");
	GIVES(ESC "OM\n", "<enter><enter>");
}

/* What belongs to a CR goes with it if it is there, so that nothing seems to be behind the line. */
static void test_enter_whole(void **state)
{
	const char in[] = "\r\nx", *p = in, *text;
	struct keys k = {0};
	size_t n;

	(void)state;
	assert_int_equal(keys_next(&k, &p, in + 2, 1, &text, &n), KEY_ENTER);
	assert_ptr_equal(p, in + 2);
}

static void test_sequences(void **state)
{
	(void)state;
	GIVES(ESC "[A" ESC "[B" ESC "[C" ESC "[D", "<up><down><right><left>");
	GIVES(ESC "OA" ESC "OB" ESC "OC" ESC "OD", "<up><down><right><left>");
	GIVES("a" ESC "[Hb" ESC "[Fc", "a<home>b<end>c");
	GIVES(ESC "OH" ESC "OF", "<home><end>");
	GIVES(ESC "[1~" ESC "[4~" ESC "[7~" ESC "[8~" ESC "[3~", "<home><end><home><end><delete>");
	/* Ctrl, alt, both, shift; and the older form. */
	GIVES(ESC "[1;5D" ESC "[1;3C", "<word-left><word-right>");
	GIVES(ESC "[1;7D" ESC "[1;2C", "<word-left><right>");
	GIVES(ESC "[5D" ESC "O5C" ESC "[1D", "<word-left><word-right><left>");
	GIVES(ESC "[1;5A" ESC "[1;5H" ESC "[1;3F", "<up><home><end>");
	GIVES(ESC "[3;5~" ESC "[3;2~", "<word-delete><delete>");
	/* rxvt. */
	GIVES(ESC "Od" ESC "Oc" ESC "[d" ESC "[c", "<word-left><word-right><left><right>");
	GIVES(ESC "[3$" ESC "[3^" ESC "[7@" ESC "[8$x", "<delete><word-delete><home><end>x");
	/* With alt, as PuTTY and rxvt send it. */
	GIVES(ESC ESC "[D" ESC ESC "OC" ESC "[D", "<none><word-left><none><word-right><left>");
}

static void test_alt(void **state)
{
	(void)state;
	GIVES(ESC "b" ESC "f" ESC "d", "<word-left><word-right><word-delete>");
	GIVES(ESC "B" ESC "F" ESC "D", "<word-left><word-right><word-delete>");
	GIVES(ESC "\b" ESC "\x7F", "<word-rubout><word-rubout>");
	GIVES("a" ESC "xb" ESC "0c" ESC " d", "a<none>b<none>c<none>d");
	/* Controls and characters stand for themselves. */
	GIVES(ESC "\r" ESC "\x03" ESC "ü" ESC ESC ESC "b",
	      "<none><enter><none><interrupt><none>ü<none><none><word-left>");
	GIVES(ESC, "");
}

static void test_unknown(void **state)
{
	(void)state;
	GIVES("a" ESC "[5~b" ESC "[Zc" ESC "[?1;2cd" ESC "[<0;12;13Me", "a<none>b<none>c<none>d<none>e");
	GIVES("a" ESC "[[Ab" ESC "OPc" ESC "[15~d" ESC "[[\r", "a<none>b<none>c<none>d<none><enter>");
	GIVES("a" ESC "[?2004;1$yb" ESC "[27;5;9~c" ESC "[1;2;3;4Dd", "a<none>b<none>c<left>d");
	GIVES("a" ESC "[99999999999~b" ESC "[65537;65541D" ESC "[Mc", "a<none>b<word-left><none>c");
	GIVES("a" ESC "[201~b" ESC "[$xc", "a<none>b<none>c");
	/* Broken off. */
	GIVES(ESC "[1;\rb" ESC "[" ESC "[D" ESC "[1\x03" ESC "[üz",
	      "<none><enter>b<none><left><none><interrupt><none>üz");
	GIVES(ESC "[\x7F", "<none><backspace>");
	/* Longer than any. */
	GIVES(ESC "[1234567890123456789012345678901234D", "<none>34D");
	GIVES(ESC "[12345678901234567890123456789012", "");
}

static void test_strings(void **state)
{
	char in[300] = "", expected[300] = "";

	(void)state;
	GIVES("a" ESC "]0;title\ab" ESC "]11;rgb:0/0/0" ESC "\\c", "a<none>b<none>c");
	GIVES(ESC "P>|XTerm(1)" ESC "\\a" ESC "_x" ESC "\\b" ESC "^ü\xFF" ESC "\\c" ESC "Xx\\y\ad",
	      "<none>a<none>b<none>c<none>d");
	GIVES(ESC "]0;title" ESC "[Dx", "<none><left>x");
	GIVES(ESC "]0;title\rx" ESC "Pab\x03", "<none><enter>x<none><interrupt>");
	GIVES(ESC "]ab" ESC, "");
	/* Without end. */
	memset(in, 'x', sizeof in - 1);
	memcpy(in, ESC "]", 2);
	memset(expected, 'x', sizeof in - 1 - 2 - 256);
	memmove(expected + 6, expected, sizeof in - 1 - 2 - 256);
	memcpy(expected, "<none>", 6);
	gives(false, in, sizeof in - 1, expected);
}

static void test_paste(void **state)
{
	(void)state;
	GIVES("a" PASTE "b c\rd\r\ne\nf" PASTED "g", "a<paste>b c<enter>d<enter>e<enter>f<pasted>g");
	/* No other key is in it, nor another beginning. */
	GIVES(PASTE "a\tb\x03\x04\x15\x7F" ESC "bc" ESC "[De" PASTE "f" PASTED,
	      "<paste>a    b<none><none><none><none><none>bc[De[200~f<pasted>");
	/* What looks like its end. */
	GIVES(PASTE ESC ESC "[20" ESC "[201" PASTED ESC "[D", "<paste><none>[20[201<pasted><left>");
	GIVES(PASTE "\xC3" PASTED "\xBC", "<paste>" ILL "<pasted>" ILL);
	GIVES(PASTE "\r" PASTED "\nx", "<paste><enter><pasted><enter>x");
	GIVES(PASTE "ü👨‍👩‍👧\xE2\x80\xAE\xFF" PASTED, "<paste>ü👨‍👩‍👧<none>" ILL "<pasted>");
}

/* Pieces with a pause between them. */
static void test_times(void **state)
{
	static const struct {
		const char *first, *second;
		int64_t pause_ms;
		const char *expected;
	} rows[] = {
		{ESC, "[D", 50, "<left>"},
		{ESC, "[D", 51, "<none>[D"},
		{ESC, "b", 51, "<none>b"},
		{ESC, "b", 50, "<word-left>"},
		{ESC ESC, "[D", 51, "<none><none>[D"},
		{ESC, ESC "[D", 51, "<none><left>"},
		{ESC, "\r", 51, "<none><enter>"},
		{ESC "[", "D", 1000, "<left>"},
		{ESC "[", "D", 1001, "<none>D"},
		{ESC "O", "D", 1001, "<none>D"},
		{ESC "[[", "A", 1001, "<none>A"},
		{ESC "]0;x", "y\a", 1000, "<none>"},
		{ESC "]0;x", "y\a", 1001, "<none>y<none>"},
		{ESC "]0;x" ESC, "\\y", 50, "<none>y"},
		{ESC "]0;x" ESC, "[D", 51, "<none>[D"},
		{"\xC3", "\xBC", 1000000, "ü"},
		{"a\r", "\nb", 1000000, "a<enter>b"},
		/* A paste may pause anywhere. */
		{PASTE "a" ESC, "[201~b", 1000000, "<paste>a<pasted>b"},
		{PASTE "a" ESC "[20", "1~b", 1000000, "<paste>a<pasted>b"},
		{PASTE "a", "b", 1000000, "<paste>ab"},
		/* Only what can have been typed ends one without its end. */
		{PASTE "a", "\x03", 501, "<paste>a<interrupt>"},
		{PASTE, "\x03", 501, "<paste><interrupt>"},
		{PASTE "\xC3", "\x03", 501, "<paste>" ILL "<none>"},
		{PASTE "a", "\x03", 500, "<paste>a<none>"},
		{PASTE "a", "\x03" "b", 501, "<paste>a<none>b"},
		{PASTE "a", "b\x03", 501, "<paste>ab<none>"},
		{PASTE "a", "\x04", 501, "<paste>a<none>"},
	};
	struct bytes log = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct keys k = {0};

		bytes_clear(&log);
		feed(&k, rows[i].first, strlen(rows[i].first), 10000, &log);
		feed(&k, rows[i].second, strlen(rows[i].second), 10000 + rows[i].pause_ms, &log);
		if (strcmp(log.data, rows[i].expected) != 0)
			fail_msg("row %zu: %s, not %s", i, log.data, rows[i].expected);
	}
	bytes_release(&log);
}

/* The time counts from the beginning of a sequence. */
static void test_drip(void **state)
{
	struct bytes log = {0};
	struct keys k = {0};

	(void)state;
	feed(&k, ESC "[", 2, 10000, &log);
	feed(&k, "1;", 2, 10600, &log);
	feed(&k, "5D", 2, 11001, &log);
	is(&log, "<none>5D");
	/* But that of an ESC from its own. */
	bytes_clear(&log);
	feed(&k, ESC "]x", 3, 20000, &log);
	feed(&k, ESC, 1, 20900, &log);
	feed(&k, "\\y", 2, 20950, &log);
	is(&log, "<none>y");
	bytes_release(&log);
}

/* Any bytes, cut anywhere: always the same keys, and text that is valid UTF-8 without controls. */
static void test_random(void **state)
{
	static const char *const parts[] = {ESC, ESC "[", "O", "200~", "201~", PASTE, PASTED, "1;5D", "3~",
		"\r", "\n", "ü", "👨‍👩‍👧", "\xE2", "\x80\xAE", "\a", "]", "P", "\\", "abc", "\x03", "\t", "[", "$"};

	(void)state;
	for (uint64_t seed = 1; seed <= 4000; seed++) {
		struct prng prng = {seed};
		struct bytes in = {0}, whole = {0}, cut = {0};
		struct keys k = {.latin1 = seed % 8 == 0}, l = k;

		for (uint32_t n = prng_below(&prng, 40); n > 0; n--) {
			char byte = (char)prng_below(&prng, 256);

			if (prng_chance(&prng, 300))
				bytes_append(&in, &byte, 1);
			else
				bytes_puts(&in, parts[prng_below(&prng, sizeof parts / sizeof parts[0])]);
		}
		feed(&k, in.data, in.len, 1, &whole);
		for (size_t at = 0, n; at < in.len; at += n) {
			n = 1 + prng_below(&prng, 6);
			n = n < in.len - at ? n : in.len - at;
			feed(&l, in.data + at, n, 1, &cut);
		}
		assert_int_equal(whole.len, cut.len);
		assert_memory_equal(whole.data ? whole.data : "", cut.data ? cut.data : "", cut.len);
		for (size_t at = 0; at < whole.len;) {
			int32_t cp;
			utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)whole.data + at,
			                                      (utf8proc_ssize_t)(whole.len - at), &cp);

			assert_true(n > 0);
			assert_int_not_equal(utf8proc_category(cp), UTF8PROC_CATEGORY_CC);
			at += (size_t)n;
		}
		bytes_release(&in);
		bytes_release(&whole);
		bytes_release(&cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_ill_formed),
		cmocka_unit_test(test_latin1),
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_enter),
		cmocka_unit_test(test_enter_whole),
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_alt),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_paste),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_drip),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
