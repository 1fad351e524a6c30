/* Lines as one person's terminal shows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "chatd/base/columns.h"
#include "chatd/base/text.h"
#include "chatd/core/terminal/view.h"
#include "prng.h"

#define STAMP "[2026-11-29 20:14:05]"

static const uint32_t stamp_s = 1795983245; /* that stamp in UTC */

static struct view_line said(const char *text)
{
	return (struct view_line){
		.text = text, .len = strlen(text),
		.info = {.time_s = stamp_s, .kind = LINE_SAID, .name_bytes = 3},
	};
}

static struct view_line of_kind(enum line_kind kind, const char *text)
{
	struct view_line line = said(text);

	line.info.kind = (uint8_t)kind;
	return line;
}

/* What the line looks like on the terminal, on a day that was shown before. */
static void assert_view(struct view_style style, struct view_line line, const char *want)
{
	struct bytes out = {0};
	struct view_day day = {"2026-11-29"};

	view_render(&style, &day, &line, &out);
	assert_string_equal(out.data != NULL ? out.data : "", want);
	bytes_release(&out);
}

static void test_full_is_canonical(void **state)
{
	static const struct { enum line_kind kind; const char *text; } lines[] = {
		{LINE_SAID, STAMP "[bob]:hello, alice"}, {LINE_ACTION, STAMP "* bob waves"},
		{LINE_NOTICE, STAMP "[System]: bob is now rob"}, {LINE_PASSAGE, STAMP "[System]: dave has joined."},
		{LINE_PRIVATE, STAMP "[bob -> you]:psst"}, {LINE_TEXT, "-- You are bob, in general"},
		{LINE_SAID, STAMP "[bob]:"}, {LINE_SAID, STAMP "[bob]: two  blanks "},
	};
	char want[100];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct view_line line = of_kind(lines[i].kind, lines[i].text);

		if (lines[i].kind == LINE_TEXT) {
			assert_view((struct view_style){.passages = true}, line, lines[i].text);
			continue;
		}
		snprintf(want, sizeof want, "%s\n", lines[i].text);
		assert_view((struct view_style){.passages = true}, line, want);
		snprintf(want, sizeof want, "%s\r\n", lines[i].text);
		assert_view((struct view_style){.columns = 80, .passages = true, .crlf = true}, line, want);
	}
}

static void test_short_and_off(void **state)
{
	static const struct { enum line_kind kind; const char *text, *shown; } lines[] = {
		{LINE_SAID, STAMP "[bob]:hello, alice", "bob: hello, alice\n"},
		{LINE_ACTION, STAMP "* bob waves", "* bob waves\n"},
		{LINE_NOTICE, STAMP "[System]: bob is now rob", "-- bob is now rob\n"},
		{LINE_PASSAGE, STAMP "[System]: dave has joined.", "-- dave has joined.\n"},
		{LINE_PRIVATE, STAMP "[bob -> you]:psst", "[bob -> you] psst\n"},
	};
	struct view_style style = {.passages = true};
	char want[100];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		style.time = VIEW_TIME_OFF;
		assert_view(style, of_kind(lines[i].kind, lines[i].text), lines[i].shown);
		style.time = VIEW_TIME_SHORT;
		snprintf(want, sizeof want, "20:14 %s", lines[i].shown);
		assert_view(style, of_kind(lines[i].kind, lines[i].text), want);
	}
	assert_view(style, of_kind(LINE_TEXT, "-- as it is\n"), "-- as it is\n");
}

static void test_watched_rooms(void **state)
{
	struct view_line line = said(STAMP "[bob]:hello");
	struct view_style style = {.passages = true};

	(void)state;
	line.room = "ops";
	assert_view(style, line, STAMP "[ops][bob]:hello\n");
	style.time = VIEW_TIME_SHORT;
	assert_view(style, line, "20:14 [ops] bob: hello\n");
	style.time = VIEW_TIME_OFF;
	assert_view(style, line, "[ops] bob: hello\n");
	line = of_kind(LINE_PASSAGE, STAMP "[System]: dave has joined.");
	line.room = "ops";
	assert_view(style, line, "[ops] -- dave has joined.\n");
	style.time = VIEW_TIME_FULL;
	assert_view(style, line, STAMP "[ops][System]: dave has joined.\n");
}

static void test_who_comes_and_goes_can_be_left_out(void **state)
{
	struct view_style style = {.time = VIEW_TIME_SHORT};

	(void)state;
	assert_view(style, of_kind(LINE_PASSAGE, STAMP "[System]: dave has joined."), "");
	assert_view(style, of_kind(LINE_NOTICE, STAMP "[System]: bob is now rob"), "20:14 -- bob is now rob\n");
}

/* The date is shown when it is not the one shown last; by what is left out it is not. */
static void test_the_day(void **state)
{
	struct view_style style = {.time = VIEW_TIME_SHORT};
	struct view_line line = said(STAMP "[bob]:one");
	struct view_day day = {0};
	struct bytes out = {0};

	(void)state;
	view_render(&style, &day, &line, &out);
	line = said(STAMP "[bob]:two");
	view_render(&style, &day, &line, &out);
	line = of_kind(LINE_PASSAGE, "[2026-11-30 00:00:00][System]: dave has joined.");
	view_render(&style, &day, &line, &out);
	line = of_kind(LINE_TEXT, "-- a reply\n");
	view_render(&style, &day, &line, &out);
	line = said("[2026-11-30 00:00:01][bob]:three");
	view_render(&style, &day, &line, &out);
	line = said("[2026-11-29 23:59:59][bob]:an old one");
	view_render(&style, &day, &line, &out);
	assert_string_equal(out.data,
	                    "-- 2026-11-29\n20:14 bob: one\n20:14 bob: two\n-- a reply\n"
	                    "-- 2026-11-30\n00:00 bob: three\n-- 2026-11-29\n23:59 bob: an old one\n");
	bytes_release(&out);
}

static void assert_zoned(uint32_t time_s, int32_t offset_s, const char *stamp)
{
	struct view_style style = {.zoned = true, .zone = {.offset_s = offset_s}};
	struct view_line line = said("[0000-00-00 00:00:00][bob]:x");
	char want[40];

	line.info.time_s = time_s;
	snprintf(want, sizeof want, "%s[bob]:x\n", stamp);
	assert_view(style, line, want);
}

static void test_zones(void **state)
{
	struct view_style style = {.zoned = true, .time = VIEW_TIME_SHORT, .zone = {.offset_s = 14 * 3600}};

	(void)state;
	assert_zoned(stamp_s, 0, STAMP);
	assert_zoned(stamp_s, 3600, "[2026-11-29 21:14:05]");
	assert_zoned(stamp_s, 4 * 3600, "[2026-11-30 00:14:05]");
	assert_zoned(stamp_s, -(20 * 3600 + 14 * 60 + 6), "[2026-11-28 23:59:59]");
	assert_zoned(0, 0, "[1970-01-01 00:00:00]");
	assert_zoned(0, -12 * 3600, "[1969-12-31 12:00:00]");
	assert_zoned(951782400, 0, "[2000-02-29 00:00:00]");
	assert_zoned(1709251199, 0, "[2024-02-29 23:59:59]");
	assert_zoned(1709251200, 0, "[2024-03-01 00:00:00]");
	assert_zoned(4107542400, 0, "[2100-03-01 00:00:00]");
	assert_zoned(UINT32_MAX, 14 * 3600, "[2106-02-07 20:28:15]");
	assert_view(style, said(STAMP "[bob]:x"), "-- 2026-11-30\n10:14 bob: x\n");
}

/* Against the C library, for many times. */
static void test_dates(void **state)
{
	struct prng p = {14};

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint32_t s = (uint32_t)prng_next(&p);
		time_t t = (time_t)s;
		struct tm tm;
		char stamp[40];

		gmtime_r(&t, &tm);
		strftime(stamp, sizeof stamp, "[%Y-%m-%d %H:%M:%S]", &tm);
		assert_zoned(s, 0, stamp);
	}
}

static void test_mentions(void **state)
{
	struct view_style style = {.time = VIEW_TIME_SHORT};
	struct view_line line = said(STAMP "[bob]:hello, alice");

	(void)state;
	line.marked = true;
	assert_view(style, line, ">> 20:14 bob: hello, alice\n");
	style.bell = true;
	assert_view(style, line, "\a>> 20:14 bob: hello, alice\n");
	style.time = VIEW_TIME_FULL;
	style.bell = false;
	assert_view(style, line, ">> " STAMP "[bob]:hello, alice\n");
	line.marked = false;
	style.bell = true;
	assert_view(style, line, STAMP "[bob]:hello, alice\n");
	line = said(STAMP "[bob -> you]:psst");
	line.info.kind = LINE_PRIVATE;
	assert_view(style, line, "\a" STAMP "[bob -> you]:psst\n");
	/* Out of the history, nothing rings. */
	line.info.old = true;
	assert_view(style, line, STAMP "[bob -> you]:psst\n");
	line = said(STAMP "[bob]:hello, alice");
	line.info.old = line.marked = true;
	assert_view(style, line, ">> " STAMP "[bob]:hello, alice\n");
}

static void test_rows_are_wrapped_between_words(void **state)
{
	struct view_style style = {.columns = 40, .time = VIEW_TIME_SHORT, .passages = true};

	(void)state;
	/* 39 columns are used. */
	assert_view(style, said(STAMP "[bob]:one two three four five six se"),
	            "20:14 bob: one two three four five six\n"
	            "           se\n");
	assert_view(style, said(STAMP "[bob]:one two three four five sixx"),
	            "20:14 bob: one two three four five sixx\n");
	assert_view(style, said(STAMP "[bob]:one two three four five sixxx"),
	            "20:14 bob: one two three four five\n"
	            "           sixxx\n");
	assert_view(style, said(STAMP "[bob]:one two three four five sixx   seven   "),
	            "20:14 bob: one two three four five sixx\n"
	            "           seven   \n");
	assert_view(style, said(STAMP "[bob]:one two three four five sixx      "),
	            "20:14 bob: one two three four five sixx\n");
	assert_view(style, of_kind(LINE_ACTION, STAMP "* bob one two three four five six seven"),
	            "20:14 * bob one two three four five six\n"
	            "        seven\n");
	assert_view(style, of_kind(LINE_NOTICE, STAMP "[System]: one two three four five six seven"),
	            "20:14 -- one two three four five six\n"
	            "         seven\n");
	style.time = VIEW_TIME_OFF;
	assert_view(style, said(STAMP "[bob]:聊天室 聊天室 聊天室 聊天室 聊天室 聊天室"),
	            "bob: 聊天室 聊天室 聊天室 聊天室 聊天室\n"
	            "     聊天室\n");
}

/* Where the text begins too far to the right, rows are indented less, but never as far as names. */
static void test_the_indent(void **state)
{
	struct view_style style = {.columns = 80};
	struct view_line line = said(STAMP "[bob]:the quick brown fox jumps over the lazy dog, and runs away");

	(void)state;
	assert_view(style, line, STAMP "[bob]:the quick brown fox jumps over the lazy dog, and\n"
	            "                       runs away\n");
	style.columns = 60;
	assert_view(style, line, STAMP "[bob]:the quick brown fox jumps over\n   the lazy dog, and runs away\n");
	style.time = VIEW_TIME_SHORT;
	style.columns = 30;
	assert_view(style, line, "20:14 bob: the quick brown\n        fox jumps over the\n        lazy dog, and runs\n        away\n");
}

static void test_words_that_fit_no_row_are_cut(void **state)
{
	struct view_style style = {.columns = 31, .time = VIEW_TIME_OFF};

	(void)state;
	assert_view(style, said(STAMP "[bob]:see https://example.com/a/long/path/to/some/where"),
	            "bob: see https://example.com/a\n"
	            "     /long/path/to/some/where\n");
	/* One that fits a row of its own is kept whole. */
	assert_view(style, said(STAMP "[bob]:see https://example.com/ab"),
	            "bob: see\n"
	            "     https://example.com/ab\n");
	assert_view(style, said(STAMP "[bob]:我们今天下午三点在公园见面然后一起去看电影好吗"),
	            "bob: 我们今天下午三点在公园见\n"
	            "     面然后一起去看电影好吗\n");
	assert_view(style, said(STAMP "[bob]:xe\xCC\x81xe\xCC\x81xe\xCC\x81xe\xCC\x81xe\xCC\x81xe\xCC\x81xe\xCC\x81"
	                        "xe\xCC\x81xe\xCC\x81xe\xCC\x81xe\xCC\x81xe\xCC\x81xe\xCC\x81xe\xCC\x81"),
	            "bob: xe\xCC\x81xe\xCC\x81xe\xCC\x81xe\xCC\x81xe\xCC\x81xe\xCC\x81xe\xCC\x81"
	            "xe\xCC\x81xe\xCC\x81xe\xCC\x81xe\xCC\x81xe\xCC\x81x\n     e\xCC\x81xe\xCC\x81\n");
}

static void test_the_narrowest(void **state)
{
	struct view_style style = {.columns = 1};

	(void)state;
	assert_view(style, said(STAMP "[bob]:hello, world"), "[2026-11-29 20:14:0\n   5][bob]:hello,\n   world\n");
}

static void test_colours(void **state)
{
	struct view_style style = {.time = VIEW_TIME_SHORT, .colour = VIEW_COLOUR_16};
	struct view_line line = said(STAMP "[bob]:hi");

	(void)state;
	assert_view(style, line, "\033[2m20:14\033[0m \033[35mbob\033[0m: hi\n");
	style.colour = VIEW_COLOUR_256;
	assert_view(style, line, "\033[2m20:14\033[0m \033[38;5;160mbob\033[0m: hi\n");
	/* The same in every layout. */
	assert_view(style, of_kind(LINE_ACTION, STAMP "* bob waves"),
	            "\033[2m20:14\033[0m * \033[38;5;160mbob\033[0m waves\n");
	style.time = VIEW_TIME_FULL;
	assert_view(style, of_kind(LINE_PRIVATE, STAMP "[bob -> you]:psst"),
	            "\033[2m" STAMP "\033[0m[\033[38;5;160mbob\033[0m -> you]:psst\n");
	line.marked = true;
	assert_view(style, line, "\033[1m>> \033[0m\033[2m" STAMP "\033[0m[\033[1;38;5;160mbob\033[0m]:\033[1mhi\033[0m\n");
	assert_view(style, of_kind(LINE_TEXT, "-- plain\n"), "-- plain\n");
}

/* Attributes end with each row, and begin again after the indent. */
static void test_colours_and_rows(void **state)
{
	struct view_style style = {.columns = 20, .time = VIEW_TIME_SHORT, .colour = VIEW_COLOUR_16};
	struct view_line line = said(STAMP "[bob]:hello again");

	(void)state;
	line.marked = true;
	assert_view(style, line, "\033[1m>> \033[0m\033[2m20:14\033[0m \033[1;35mbob\033[0m: \033[1mhello\033[0m\n"
	            "   \033[1magain\033[0m\n");
}

/* Names get all of the colours, and each reads on black and on white. */
static void test_the_palette(void **state)
{
	/* The luminance of the six levels of the colour cube. */
	static const double level[] = {0, 0.1144, 0.2423, 0.4287, 0.6795, 1};
	struct view_style style = {.time = VIEW_TIME_OFF, .colour = VIEW_COLOUR_256};
	bool seen[256] = {0};
	int colours = 0;

	(void)state;
	for (int i = 100; i < 200; i++) {
		struct bytes out = {0};
		struct view_day day = {0};
		struct view_line line;
		char text[40];
		unsigned n;
		double y;

		snprintf(text, sizeof text, STAMP "[%d]:x", i);
		line = said(text);
		view_render(&style, &day, &line, &out);
		assert_int_equal(sscanf(out.data, "\033[38;5;%um", &n), 1);
		assert_in_range(n, 16, 231);
		y = 0.2126 * level[(n - 16) / 36] + 0.7152 * level[(n - 16) / 6 % 6] + 0.0722 * level[(n - 16) % 6];
		assert_true((y + 0.05) / 0.05 >= 3);
		assert_true(1.05 / (y + 0.05) >= 3);
		colours += !seen[n];
		seen[n] = true;
		bytes_release(&out);
	}
	assert_int_equal(colours, 6);
}

static void test_latin1(void **state)
{
	struct view_style style = {.time = VIEW_TIME_SHORT, .latin1 = true, .columns = 30};
	struct view_line line = said(STAMP "[bob]:Käse für 聊 und 5 € é e\xCC\x81 🇩🇪 ja");

	(void)state;
	assert_view(style, line, "20:14 bob: K\xE4se f\xFCr ? und 5 ?\n        \xE9 e ? ja\n");
	line.room = "caf\xC3\xA9";
	style.columns = 0;
	assert_view(style, line, "20:14 [caf\xE9] bob: K\xE4se f\xFCr ? und 5 ? \xE9 e ? ja\n");
	assert_view(style, of_kind(LINE_TEXT, "-- Stra\xC3\x9F" "e\n"), "-- Stra\xDF" "e\n");
}

static void test_text(void **state)
{
	struct view_style style = {.columns = 80, .crlf = true};

	(void)state;
	assert_view(style, of_kind(LINE_TEXT, ""), "");
	assert_view(style, of_kind(LINE_TEXT, "\n\n"), "\r\n\r\n");
	assert_view(style, of_kind(LINE_TEXT, "-- one\r\n-- two\n[PASSWORD]: "), "-- one\r\n-- two\r\n[PASSWORD]: ");
	style.editor = true;
	assert_view(style, of_kind(LINE_TEXT, "-- one\n[PASSWORD]: "), "-- one\r\n[PASSWORD]: \r\n");
	style.columns = 30;
	assert_view(style, of_kind(LINE_TEXT, "-- /join ROOM        goes to another room\n-- /help\n"),
	            "-- /join ROOM        goes to\r\n   another room\r\n-- /help\r\n");
}

static void test_lines_too_short_for_their_layout(void **state)
{
	(void)state;
	for (enum line_kind kind = LINE_SAID; kind <= LINE_PRIVATE + 1; kind++) {
		struct view_line line = of_kind(kind, STAMP "[b");

		line.info.name_bytes = 255;
		assert_view((struct view_style){.passages = true, .time = VIEW_TIME_SHORT}, line, STAMP "[b\n");
		line.len = 0;
		assert_view((struct view_style){.passages = true, .time = VIEW_TIME_SHORT}, line, "");
	}
}

/*
 * Whatever the line and the terminal: no row is wider than the terminal less one, every row after
 * the first of a line is indented, attributes are reset, and without the indents, line ends and
 * attributes there is all of the text, in order.
 */
static void assert_rows(const struct view_style *style, const char *body, const struct bytes *out)
{
	size_t limit = style->columns < VIEW_COLUMNS_LEAST ? VIEW_COLUMNS_LEAST - 1 : style->columns - 1u;
	const char *at = out->data, *left = body;
	bool attributes = false;

	for (int row = 0; *at != '\0'; row++) {
		const char *end = strstr(at, "\r\n");
		char text[4000];
		size_t n = 0;

		assert_non_null(end);
		while (at < end) {
			if (*at != '\033') {
				text[n++] = *at++;
				continue;
			}
			attributes = strncmp(at, "\033[0m", 4) != 0;
			at += strcspn(at, "m") + 1;
		}
		assert_false(attributes);
		text[n] = '\0';
		if (text_columns(text, n) > limit)
			fail_msg("wider than %zu: %s", limit, text);
		if (row > 0)
			assert_memory_equal(text, "   ", 3);
		for (const char *p = text; *p != '\0'; p++) {
			while (*left == ' ' && *p != ' ')
				left++;
			if (*p == *left)
				left++;
			else
				assert_int_equal(*p, ' ');
		}
		at = end + 2;
	}
	left += strspn(left, " ");
	if (*left != '\0')
		fail_msg("lost: %s", left);
}

static void test_any_line_on_any_terminal(void **state)
{
	static const char *const words[] = {
		"a", "the", "quick", "https://example.com/some/very/long/path?and=query&more=of%20it", " ", "   ",
		"聊天室", "🎉", "👩\xE2\x80\x8D👩\xE2\x80\x8D👧", "e\xCC\x81", "हिन्दी", "काााााा", "🇩🇪", "привет", "한국어",
		"我们今天下午三点在公园见面然后一起去看电影好吗明天啊我们今天下午三点在公园见面", "\xE2\x9D\xA4\xEF\xB8\x8F",
		"ｗｉｄｅ", "น้ำ",
	};
	enum { WORDS = sizeof words / sizeof words[0] };
	struct prng p = {14};

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct view_style style = {
			.columns = (uint16_t)prng_range(&p, 1, 120), .time = VIEW_TIME_OFF, .crlf = true,
			.colour = (uint8_t)prng_below(&p, 3),
		};
		struct view_line line;
		struct view_day day = {0};
		struct bytes out = {0};
		char text[3000] = STAMP "* bob ", want[3000];

		for (uint32_t k = prng_below(&p, 30); k > 0; k--) {
			strcat(text, words[prng_below(&p, WORDS)]);
			if (prng_chance(&p, 600))
				strcat(text, " ");
		}
		line = of_kind(LINE_ACTION, text);
		line.marked = prng_chance(&p, 200);
		view_render(&style, &day, &line, &out);
		snprintf(want, sizeof want, "%s%s", line.marked ? ">> " : "", text + sizeof STAMP - 1);
		assert_rows(&style, want, &out);
		bytes_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_is_canonical),
		cmocka_unit_test(test_short_and_off),
		cmocka_unit_test(test_watched_rooms),
		cmocka_unit_test(test_who_comes_and_goes_can_be_left_out),
		cmocka_unit_test(test_the_day),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_mentions),
		cmocka_unit_test(test_rows_are_wrapped_between_words),
		cmocka_unit_test(test_the_indent),
		cmocka_unit_test(test_words_that_fit_no_row_are_cut),
		cmocka_unit_test(test_the_narrowest),
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_colours_and_rows),
		cmocka_unit_test(test_the_palette),
		cmocka_unit_test(test_latin1),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_lines_too_short_for_their_layout),
		cmocka_unit_test(test_any_line_on_any_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
