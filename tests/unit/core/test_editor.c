/* The line being typed: keys in, lines out, and what is shown meanwhile. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/core/terminal/editor.h"

#define ESC "\x1B"
#define UP ESC "[A"
#define DOWN ESC "[B"
#define RIGHT ESC "[C"
#define LEFT ESC "[D"
#define PASTE ESC "[200~"
#define PASTED ESC "[201~"
#define FAMILY "👨‍👩‍👧"

/* -- memory that is given back --------------------------------------------------- */

static const char *secret; /* no memory that is freed may have it; NULL: not watched */
static size_t freed;       /* pieces of memory that were freed while watched */

void __wrap_free(void *p);
void __real_free(void *p);

void __wrap_free(void *p)
{
	if (secret != NULL && p != NULL) {
		freed++;
		assert_null(memmem(p, malloc_usable_size(p), secret, strlen(secret)));
	}
	__real_free(p);
}

/* -- typing ------------------------------------------------------------------------ */

/* A person at a terminal. */
struct person {
	struct editor *e;
	uint32_t bytes_max;
	int64_t now_ms;
	struct bytes log;  /* what editor_take returned, in order */
	bool full;         /* the last of it was EDITOR_FULL, which may come more often if the input is cut */
};

static struct person person_new(uint32_t bytes_max)
{
	return (struct person){.e = editor_new(), .bytes_max = bytes_max, .now_ms = 1};
}

static void person_end(struct person *p)
{
	editor_free(p->e);
	bytes_release(&p->log);
}

static void log_result(struct person *p, enum editor_result r, const char *text, size_t len)
{
	static const char *const names[] = {
		[EDITOR_TAB] = "{tab}", [EDITOR_INTERRUPT] = "{C}", [EDITOR_EOF] = "{D}",
		[EDITOR_REDRAW] = "{L}", [EDITOR_FULL] = "{full}", [EDITOR_PASTE_TOO_LONG] = "{too long}",
	};

	if (r == EDITOR_LINE) {
		assert_int_equal(strlen(text), len);
		bytes_printf(&p->log, "[%s]", text);
	} else if (r != EDITOR_FULL || !p->full) {
		bytes_puts(&p->log, names[r]);
	}
	p->full = r == EDITOR_FULL;
}

/* One piece of input. */
static void type_piece(struct person *p, const char *in, size_t len)
{
	/* Exactly as large, so that the sanitizer sees a read past the end. */
	char *piece = malloc(len ? len : 1);
	const char *at = piece, *end = piece + len, *text;
	enum editor_result r;
	size_t n;

	assert_non_null(piece);
	if (len > 0)
		memcpy(piece, in, len);
	while ((r = editor_take(p->e, &at, end, p->bytes_max, p->now_ms, &text, &n)) != EDITOR_MORE) {
		assert_true(at >= piece && at <= end);
		log_result(p, r, text, n);
		editor_taken(p->e);
	}
	assert_ptr_equal(at, end);
	assert_null(text);
	free(piece);
}

static void type(struct person *p, const char *in)
{
	type_piece(p, in, strlen(in));
}

/* What was returned since, and what is shown, with | for the cursor. */
static void is(struct person *p, const char *expected)
{
	size_t len, cursor;
	const char *shown = editor_shown(p->e, &len, &cursor);

	assert_int_equal(strlen(shown), len);
	assert_true(cursor <= len);
	bytes_append(&p->log, shown, cursor);
	bytes_puts(&p->log, "|");
	bytes_append(&p->log, shown + cursor, len - cursor);
	assert_string_equal(p->log.data, expected);
	bytes_clear(&p->log);
	p->full = false;
}

/* Cut in two or into single bytes, the input comes to the same. */
static void edits(uint32_t bytes_max, const char *in, const char *expected)
{
	size_t len = strlen(in);
	struct person p;

	for (size_t i = 0; i <= len; i++) {
		p = person_new(bytes_max);
		type_piece(&p, in, i);
		type_piece(&p, in + i, len - i);
		is(&p, expected);
		person_end(&p);
	}
	p = person_new(bytes_max);
	for (size_t i = 0; i < len; i++)
		type_piece(&p, in + i, 1);
	is(&p, expected);
	person_end(&p);
}

#define EDITS(in, expected) edits(64, in, expected)

static void test_lines(void **state)
{
	(void)state;
	EDITS("", "|");
	EDITS("hello", "hello|");
	EDITS("hello\r\nyou\nthere\r", "[hello][you][there]|");
	EDITS("\r\n\n", "[][]|");
	EDITS("a\x03" "b\x0C" "c\t\t\r", "{C}{L}{tab}{tab}[bc]|");
	EDITS("\x04" "a\x04\x7F\x04", "{D}{D}|");
}

static void test_moves(void **state)
{
	(void)state;
	EDITS("abc" LEFT LEFT "x", "ax|bc");
	EDITS("abc" LEFT LEFT LEFT LEFT RIGHT "x", "ax|bc");
	EDITS("abc" ESC "OD" ESC "OC" ESC "OC", "abc|");
	EDITS("abc\x01x\x05y", "xabcy|");
	EDITS("abc" ESC "[1~x" ESC "[4~y", "xabcy|");
	EDITS("abc" ESC "OHx" ESC "OFy", "xabcy|");
	EDITS("abc\x02\x02x\x06y", "axby|c");
	EDITS("one two-three" ESC "b" ESC "bx", "one x|two-three");
	EDITS("one two" ESC "[1;5D" ESC "[1;3D" ESC "[1;5D" ESC "[1;5Cx", "onex| two");
	EDITS("ünï ü.2 " ESC "b" ESC "b" ESC "f", "ünï ü|.2 ");
	EDITS("  a" ESC "b" ESC "bx", "x|  a");
	EDITS("a  " ESC "fx", "a  x|");
	EDITS("ab\xE3\x80\x80" "cd" ESC "b" ESC "b" ESC "fx", "abx|\xE3\x80\x80" "cd");
}

static void test_graphemes(void **state)
{
	(void)state;
	EDITS("a" FAMILY "🇩🇪e\xCC\x81" LEFT LEFT LEFT, "a|" FAMILY "🇩🇪e\xCC\x81");
	EDITS("a" FAMILY "🇩🇪e\xCC\x81\x7F\x7F\x7F", "a|");
	EDITS("a" FAMILY "b" LEFT LEFT ESC "[3~", "a|b");
	EDITS("한글你好" LEFT "\x7F" LEFT "\x04", "한|好");
	/* Two flags, whatever comes before. */
	EDITS("x🇩🇪🇫🇷" LEFT "\x7F", "x|🇫🇷");
	/* A mark joins what it is typed behind. */
	EDITS("ae" LEFT "\x02x" RIGHT "\xCC\x81", "xa\xCC\x81|e");
	EDITS("e\xCC\x81\x02" "a", "a|e\xCC\x81");
	/* What is joined with what follows takes the cursor along, but for what is typed at once. */
	EDITS("\xCC\x81\x01" "e", "e\xCC\x81|");
	EDITS("\xCC\x81\x01" "e" LEFT, "|e\xCC\x81");
	EDITS("🇫🇷\x01🇩🇪", "🇩🇪|🇫🇷");
	EDITS("👧\x01👨‍👩‍", FAMILY "|");
	EDITS("🇩x🇪" LEFT "\x7F", "🇩🇪|");
	EDITS("🇩x🇪" LEFT "\x7F\x7F", "|");
}

static void test_erases(void **state)
{
	(void)state;
	EDITS("abc\x7F\b", "a|");
	EDITS("\x7F\x04\x1B[3~a\x01\x7F", "{D}|a");
	EDITS("abc\x01\x04\x1B[3~", "|c");
	EDITS("one two three" ESC "b\x0B", "one two |");
	EDITS("one two three" ESC "b\x15", "|three");
	EDITS("one two-three  \x17", "one |");
	EDITS("one two\x17\x17\x17", "|");
	EDITS("one two" ESC "\x7F", "one |");
	EDITS("one, two\x01" ESC "d" ESC "d", "|");
	EDITS("one, two\x01" ESC "[3;5~", "|, two");
	/* All of a mark on a blank goes. */
	EDITS("a \xCC\x81\x17\x17", "|");
}

/* What is longer than anything that is written is passed in several steps, of whole code points. */
static void test_long(void **state)
{
	struct person p = person_new(LINE_BYTES_LIMIT);
	size_t len, cursor, before = 0;
	int steps;

	(void)state;
	for (int i = 0; i < 300; i++)
		type(&p, "a");
	type(&p, "\x17");
	editor_text(p.e, &len, &cursor);
	assert_int_equal(len, 44);
	type(&p, "\x19" ESC "b" ESC "b" ESC "f");
	editor_text(p.e, &len, &cursor);
	assert_int_equal(cursor, 256);
	type(&p, "\x03" "a");
	for (int i = 0; i < 100; i++)
		type(&p, "\xCC\x81");
	for (steps = 0, cursor = 201; cursor > 0; steps++) {
		type(&p, LEFT);
		before = cursor;
		editor_text(p.e, &len, &cursor);
		assert_true(cursor < before && (cursor == 0 || cursor % 2 == 1));
	}
	assert_in_range(steps, 2, 10);
	for (steps = 0; cursor < 201; steps++) {
		type(&p, RIGHT);
		before = cursor;
		editor_text(p.e, &len, &cursor);
		assert_true(cursor > before && cursor % 2 == 1);
	}
	assert_in_range(steps, 2, 10);
	type(&p, "\x14\x7F\x7F\x7F\x7F\x7F\x7F\x7F\x7F");
	editor_text(p.e, &len, &cursor);
	assert_int_equal(len, 0);
	person_end(&p);
}

static void test_transposes(void **state)
{
	(void)state;
	EDITS("abc\x14", "acb|");
	EDITS("abc" LEFT "\x14\x14", "abc|");
	EDITS("abc\x01\x14", "|abc");
	EDITS("a\x14\x14", "a|");
	EDITS("\x14", "|");
	EDITS("a" FAMILY "\x14", FAMILY "a|");
	EDITS("x🇩🇪e\xCC\x81y" LEFT LEFT "\x14", "xe\xCC\x81🇩🇪|y");
}

static void test_kills(void **state)
{
	(void)state;
	EDITS("one two\x17\x19\x19", "one twotwo|");
	EDITS("\x19" "a", "a|");
	/* One after the other they join, on both sides. */
	EDITS("one two three\x17\x17\x01\x19", "two three|one ");
	EDITS("one two three" ESC "b\x17\x0B\r\x19", "[one ]two three|");
	EDITS("one two three\x01" ESC "d" ESC "d\x0B\x19", "one two three|");
	EDITS("one two" ESC "b\x15\x15\x0B\x0B\x19", "one two|");
	/* Another key between, and they do not. */
	EDITS("one two\x17" LEFT RIGHT "\x17\x19", "one |");
	EDITS("one two\x17x\x7F\x17\x19", "one |");
	EDITS("abc\x17\x0C\rx\x17\x19\x19", "{L}[]xx|");
	/* Characters are not cut. */
	EDITS("x" FAMILY LEFT "\x0B\x19\x19", "x" FAMILY FAMILY "|");
}

static void test_full(void **state)
{
	(void)state;
	edits(4, "abcdefgh", "{full}abcd|");
	edits(4, "abcüdü", "{full}abcd|");
	edits(4, "abcd\x7Fü\x7Fü", "{full}abü|");
	edits(4, "abc\x01ü", "{full}|abc");
	edits(4, "abc\x15\x19\x19\r", "{full}[abc]|");
	edits(4, FAMILY "\r", "{full}[👨]|");
	edits(0, "a\r", "{full}[]|");
	edits(4, PASTE "abcde" PASTED "ab", "{full}ab|");
	edits(4, "ab" PASTE "abc" PASTED PASTE "cd" PASTED, "{full}abcd|");
}

/* Lowered while a line is longer, and beyond what any may be. */
static void test_bytes_max(void **state)
{
	struct person p = person_new(64);

	(void)state;
	type(&p, "abcdef");
	p.bytes_max = 3;
	type(&p, "x\x01y");
	is(&p, "{full}|abcdef");
	type(&p, "\x04\x04\x04\x04z\x04\r");
	is(&p, "[zf]|");
	p.bytes_max = UINT32_MAX;
	for (int i = 0; i < LINE_BYTES_LIMIT; i++)
		type(&p, "a");
	is(&p, (type(&p, "\x01\x0B"), "|"));
	type(&p, "\x19" "b");
	assert_string_equal(p.log.data, "{full}");
	assert_true(editor_begun(p.e));
	person_end(&p);
}

static void remember(struct person *p, const char *text)
{
	editor_remember(p->e, text, strlen(text));
}

static void test_history(void **state)
{
	struct person p = person_new(64);

	(void)state;
	type(&p, UP DOWN "a" UP DOWN);
	is(&p, "a|");
	remember(&p, "one");
	remember(&p, "two");
	remember(&p, "two");
	remember(&p, "");
	type(&p, UP);
	is(&p, "two|");
	type(&p, UP);
	is(&p, "one|");
	type(&p, ESC "OAx" DOWN);
	is(&p, "two|");
	type(&p, "\x0E" DOWN);
	is(&p, "a|");
	type(&p, "\x15\x10\x10" LEFT "x\r");
	is(&p, "[onxe]|");
	/* It starts from the newest again, and what was begun is gone. */
	type(&p, UP DOWN);
	is(&p, "|");
	type(&p, "b" UP "\x03" DOWN);
	is(&p, "{C}|");
	/* A line comes in while one is shown. */
	type(&p, UP UP);
	remember(&p, "three");
	type(&p, DOWN);
	is(&p, "two|");
	type(&p, DOWN DOWN);
	is(&p, "|");
	person_end(&p);
}

static void test_history_bounds(void **state)
{
	struct person p = person_new(LINE_BYTES_LIMIT);
	char line[EDITOR_HISTORY_BYTES + 1];
	size_t len, cursor;

	(void)state;
	for (int i = 0; i < 2 * EDITOR_HISTORY_LINES; i++) {
		snprintf(line, sizeof line, "line %d", i);
		remember(&p, line);
	}
	for (int i = 0; i < 2 * EDITOR_HISTORY_LINES; i++)
		type(&p, UP);
	snprintf(line, sizeof line, "line %d|", EDITOR_HISTORY_LINES);
	is(&p, line);
	/* The line shown makes room: the oldest that is left comes next. */
	remember(&p, "x");
	type(&p, DOWN);
	snprintf(line, sizeof line, "line %d|", EDITOR_HISTORY_LINES + 1);
	is(&p, line);
	/* Of one that has just the bytes all others are dropped; a longer one is not kept. */
	type(&p, "\x03");
	memset(line, 'a', sizeof line);
	editor_remember(p.e, line, EDITOR_HISTORY_BYTES - 1);
	editor_remember(p.e, line, EDITOR_HISTORY_BYTES);
	editor_remember(p.e, "a\0b", 3);
	type(&p, UP UP UP "\r" UP "\x15\x04");
	assert_int_equal(p.log.len, strlen("{C}[") + EDITOR_HISTORY_BYTES - 1 + strlen("]{D}"));
	bytes_clear(&p.log);
	remember(&p, "b");
	type(&p, UP);
	is(&p, "|");
	type(&p, DOWN UP);
	is(&p, "b|");
	type(&p, DOWN);
	is(&p, "|");
	/* Two that have just the bytes, with what ends each, and one byte more. */
	for (size_t more = 0; more < 2; more++) {
		memset(line, 'c', sizeof line);
		editor_remember(p.e, line, EDITOR_HISTORY_BYTES / 2 - 1);
		memset(line, 'd', sizeof line);
		editor_remember(p.e, line, EDITOR_HISTORY_BYTES / 2 - 1 + more);
		type(&p, UP UP UP LEFT "\x0B\x15");
		type(&p, "\x19");
		assert_memory_equal(editor_shown(p.e, &len, &cursor), more ? "d" : "c", 1);
		type(&p, "\x03");
	}
	person_end(&p);
}

static void test_hidden(void **state)
{
	struct person p = person_new(64);

	(void)state;
	remember(&p, "one");
	type(&p, "abc\x15" "begun");
	editor_hide(p.e, true);
	assert_false(editor_begun(p.e));
	type(&p, "\x19" UP "hunter\t2" LEFT "\x04" "3\x17" "pass\x01word\x0Bs\r");
	remember(&p, "hunter2");
	is(&p, "[words]|");
	type(&p, "xyz\x15\r\x19\r" PASTE "\nhunter2\nthree\nfour" PASTED "\r\x04");
	is(&p, "[][][hunter2]{D}|");
	type(&p, "hunter");
	is(&p, "|");
	editor_hide(p.e, true);
	type(&p, "2\r");
	is(&p, "[hunter2]|");
	type(&p, "hunter2");
	editor_hide(p.e, false);
	type(&p, "\x19" "a" UP UP);
	is(&p, "one|");
	/* A paste that began before is not a password. */
	type(&p, "\x03" PASTE "one\ntw");
	editor_hide(p.e, true);
	type(&p, "o\nthree" PASTED "p\r");
	is(&p, "{C}[p]|");
	edits(4, PASTE "abcde" PASTED, "{full}|");
	type(&p, PASTE);
	for (int i = 0; i < PASTE_BYTES_MAX; i++)
		type(&p, i % 2 == 0 ? "ab" : "\n");
	type(&p, PASTED "\r");
	is(&p, "[ab]|");
	person_end(&p);
}

static void test_paste_of_one_line(void **state)
{
	(void)state;
	EDITS("ab" LEFT PASTE "one two" PASTED, "aone two|b");
	EDITS("ab" LEFT PASTE "one\r\n" PASTED "x", "aonex|b");
	EDITS("ab" LEFT PASTE "\n\none\n\n\n" PASTED, "aone|b");
	EDITS(PASTE PASTED PASTE "\r\n\r\n" PASTED, "|");
	EDITS(PASTE "a\tb\x03\x04" UP "c" PASTED, "a    b[Ac|");
	EDITS("e" PASTE "\xCC\x81" PASTED LEFT, "|e\xCC\x81");
	EDITS(PASTE "one" PASTED "\x15" PASTE "two" PASTED "\x19\r", "[twoone]|");
}

static void test_paste_of_lines(void **state)
{
	(void)state;
	EDITS(PASTE "one\ntwo" PASTED, "2 lines pasted: Enter sends them, ctrl-C drops them|");
	EDITS(PASTE "one\ntwo\n\n\n three\n" PASTED "\rx", "[one][two][ three]x|");
	EDITS(PASTE "one\r\ntwo\r\n" PASTED "\r\n", "[one][two]|");
	EDITS("ab" LEFT PASTE "one\ntwo" PASTED "\nx", "[aone][twob]x|");
	EDITS("ab" LEFT PASTE "\none\ntwo\n" PASTED "\nx", "[a][one][two][b]x|");
	EDITS(PASTE "one\ntwo" PASTED "\x03\r", "{C}[]|");
	/* What was typed before stays. */
	EDITS("ab" LEFT PASTE "one\ntwo" PASTED PASTE "three" PASTED "\x03" "x\r", "[axb]|");
	EDITS("ab" LEFT PASTE "one\ntwo" PASTED "\x03\x03\r", "{C}[]|");
	/* Other keys do nothing. */
	EDITS(PASTE "one\ntwo" PASTED "abc\x7F\x04\x01\x15\x19\t" LEFT UP ESC "d\r", "[one][two]|");
	EDITS(PASTE "one\ntwo" PASTED "\x0C\r", "{L}[one][two]|");
	/* Another paste comes behind it. */
	EDITS("a\x01" PASTE "one\ntwo" PASTED PASTE "three" PASTED PASTE "\nfour\nfive" PASTED,
	      "4 lines pasted: Enter sends them, ctrl-C drops them|");
	EDITS("a\x01" PASTE "one\ntwo" PASTED PASTE "three" PASTED PASTE "\nfour\nfive" PASTED "\r",
	      "[one][twothree][four][fivea]|");
	/* Lines longer than a line may be are the caller's matter. */
	edits(4, PASTE "onetwo\nthreefour" PASTED "\r", "[onetwo][threefour]|");
	/* The keypad's. */
	EDITS(PASTE "one\ntwo" PASTED ESC "OMx", "[one][two]x|");
}

/* Enter is offered as often as it takes, and whatever is done in between. */
static void test_paste_said_slowly(void **state)
{
	static const char *const enters[] = {"\r\nx", "\nx", ESC "OMx"};
	struct person p = person_new(64);
	const char *text;
	size_t n, cursor;

	(void)state;
	for (size_t i = 0; i < sizeof enters / sizeof enters[0]; i++) {
		const char *in = enters[i], *end = in + strlen(in);

		type(&p, PASTE "one\ntwo\n\nthree\n" PASTED);
		/* The sequence was cut. */
		if (i == 2) {
			type(&p, ESC "O");
			in += 2;
		}
		assert_int_equal(editor_take(p.e, &in, end, 64, p.now_ms, &text, &n), EDITOR_LINE);
		assert_string_equal(text, "one");
		assert_int_equal(n, 3);
		is(&p, "2 lines pasted: Enter sends them, ctrl-C drops them|");
		assert_string_equal(editor_text(p.e, &n, &cursor), "two\nthree\n");
		assert_string_equal(text, "one");
		p.now_ms += 100000;
		assert_int_equal(editor_take(p.e, &in, end, 64, p.now_ms, &text, &n), EDITOR_LINE);
		assert_string_equal(text, "two");
		editor_taken(p.e);
		editor_taken(p.e);
		is(&p, "1 line pasted: Enter sends it, ctrl-C drops it|");
		assert_true(editor_begun(p.e));
		assert_ptr_not_equal(in, end - 1);
		assert_int_equal(editor_take(p.e, &in, end, 64, p.now_ms, &text, &n), EDITOR_LINE);
		assert_string_equal(text, "three");
		assert_ptr_equal(in, end - 1);
		assert_false(editor_begun(p.e));
		assert_int_equal(editor_take(p.e, &in, end, 64, p.now_ms, &text, &n), EDITOR_MORE);
		is(&p, "x|");
		type(&p, "\x15");
	}
	person_end(&p);
}

/* What is left of the paste is dropped: its Enter does nothing more, and the next one does. */
static void test_paste_dropped_while_said(void **state)
{
	const char enters[] = "\r\n\rx", *end = enters + sizeof enters - 1, *text;
	size_t n;

	(void)state;
	for (int way = 0; way < 2; way++) {
		struct person p = person_new(64);
		const char *in = enters;

		type(&p, PASTE "one\ntwo\nthree" PASTED);
		assert_int_equal(editor_take(p.e, &in, end, 64, 1, &text, &n), EDITOR_LINE);
		if (way == 0)
			editor_clear(p.e);
		else
			editor_hide(p.e, true);
		assert_string_equal(text, "one");
		assert_false(editor_begun(p.e));
		editor_taken(p.e);
		assert_int_equal(editor_take(p.e, &in, end, 64, 1, &text, &n), EDITOR_LINE);
		assert_string_equal(text, "");
		assert_int_equal(editor_take(p.e, &in, end, 64, 1, &text, &n), EDITOR_MORE);
		type(&p, "\r");
		is(&p, "[x]|");
		person_end(&p);
	}
}

/* An Enter that is not offered again. */
static void test_paste_left_while_said(void **state)
{
	struct person p = person_new(64);
	const char *in = "\r", *text;
	size_t n;

	(void)state;
	type(&p, "ab" LEFT PASTE "one\ntwo\nthree" PASTED);
	assert_int_equal(editor_take(p.e, &in, in + 1, 64, 1, &text, &n), EDITOR_LINE);
	assert_string_equal(text, "aone");
	type(&p, PASTE "\nfour" PASTED "\r");
	is(&p, "[two][three][fourb]|");
	type(&p, PASTE "one\ntwo" PASTED);
	in = "\r";
	assert_int_equal(editor_take(p.e, &in, in + 1, 64, 1, &text, &n), EDITOR_LINE);
	type(&p, "\x03" "x\r");
	is(&p, "{C}[x]|");
	person_end(&p);
}

static void test_paste_bounds(void **state)
{
	struct person p = person_new(LINE_BYTES_LIMIT);
	char shown[100];
	int lines = 0;

	(void)state;
	/* 10,000 lines: more than fit, and then as many as do. */
	type(&p, "abc" LEFT PASTE);
	for (int i = 0; i < 10000; i++)
		type(&p, "line\r");
	type(&p, PASTED);
	is(&p, "{too long}ab|c");
	type(&p, "\x0B\x15" PASTE);
	for (int i = 0; i < 10000; i++)
		type(&p, "ab\r");
	type(&p, PASTED);
	is(&p, "10000 lines pasted: Enter sends them, ctrl-C drops them|");
	type(&p, "\r");
	for (size_t i = 0; i < p.log.len; i += 4, lines++)
		assert_memory_equal(p.log.data + i, "[ab]", 4);
	assert_int_equal(lines, 10000);
	bytes_clear(&p.log);
	/* To the byte, with what is around it. */
	for (int more = 0; more < 2; more++) {
		type(&p, "abc" LEFT PASTE "\n");
		for (int i = 0; i < PASTE_BYTES_MAX - 3 - 3 + more; i++)
			type(&p, "x");
		type(&p, "\ny" PASTED);
		snprintf(shown, sizeof shown, "%s|%s",
		         more ? "{too long}ab" : "3 lines pasted: Enter sends them, ctrl-C drops them",
		         more ? "c" : "");
		is(&p, shown);
		type(&p, "\x03\x03");
		bytes_clear(&p.log);
	}
	/* The same with nothing around it. */
	for (int more = 0; more < 2; more++) {
		type(&p, PASTE "\n\n");
		for (int i = 0; i < PASTE_BYTES_MAX - 3 + more; i++)
			type(&p, "x");
		type(&p, "\ny" PASTED);
		is(&p, more ? "{too long}|" : "2 lines pasted: Enter sends them, ctrl-C drops them|");
		type(&p, "\x03\x03");
		bytes_clear(&p.log);
	}
	/* A held one stays if there is no room for another. */
	type(&p, PASTE "one\ntwo" PASTED PASTE);
	for (int i = 0; i < PASTE_BYTES_MAX; i++)
		type(&p, "x");
	type(&p, PASTED "\r");
	is(&p, "{too long}[one][two]|");
	/* One line that is longer than all that is kept. */
	type(&p, "a" PASTE);
	for (int i = 0; i < PASTE_BYTES_MAX + 1; i++)
		type(&p, "x");
	type(&p, PASTED "b\r");
	is(&p, "{full}[ab]|");
	/* Nothing but line ends. */
	type(&p, PASTE);
	for (int i = 0; i < 100000; i++)
		type(&p, "\n");
	type(&p, PASTED "b\r");
	is(&p, "[b]|");
	person_end(&p);
}

static void test_paste_without_end(void **state)
{
	struct person p = person_new(64);

	(void)state;
	type(&p, "a" PASTE "one\ntwo");
	assert_true(editor_begun(p.e));
	is(&p, "a|");
	p.now_ms += 1000;
	type(&p, "\x03");
	is(&p, "{C}|");
	type(&p, "x\r");
	is(&p, "[x]|");
	/* What still comes of it when it is dropped is dropped, too. */
	type(&p, "a" PASTE "one\ntwo");
	editor_clear(p.e);
	assert_false(editor_begun(p.e));
	type(&p, "three\nfour" PASTED "x\r");
	is(&p, "[x]|");
	person_end(&p);
}

static void test_tabs(void **state)
{
	struct person p = person_new(64);

	(void)state;
	assert_int_equal(editor_tabs(p.e), 0);
	type(&p, "a\t");
	assert_int_equal(editor_tabs(p.e), 1);
	assert_true(editor_replace(p.e, 0, 1, "alice", 5, 64));
	type(&p, "\t");
	assert_int_equal(editor_tabs(p.e), 2);
	type(&p, LEFT);
	assert_int_equal(editor_tabs(p.e), 0);
	type(&p, "\t\t");
	type(&p, PASTE "one\ntwo" PASTED "\t");
	assert_int_equal(editor_tabs(p.e), 0);
	type(&p, "\x03\t");
	assert_int_equal(editor_tabs(p.e), 1);
	editor_hide(p.e, true);
	type(&p, "\t");
	assert_int_equal(editor_tabs(p.e), 0);
	person_end(&p);
}

static void test_replace(void **state)
{
	struct person p = person_new(10);
	size_t len, cursor;

	(void)state;
	type(&p, "/msg a x" LEFT LEFT);
	assert_string_equal(editor_text(p.e, &len, &cursor), "/msg a x");
	assert_int_equal(len, 8);
	assert_int_equal(cursor, 6);
	assert_true(editor_replace(p.e, 5, 6, "bob", 3, 10));
	is(&p, "/msg bob| x");
	assert_false(editor_replace(p.e, 5, 8, "alice", 5, 10));
	is(&p, "/msg bob| x");
	assert_true(editor_replace(p.e, 5, 8, "e", 1, 10));
	assert_true(editor_replace(p.e, 6, 8, "\xCC\x81", 2, 10));
	is(&p, "/msg e\xCC\x81|");
	/* Beyond the limit it may become shorter. */
	assert_true(editor_replace(p.e, 0, 5, "/me", 3, 2));
	assert_false(editor_replace(p.e, 0, 3, "/msg", 4, 2));
	assert_true(editor_replace(p.e, 0, 6, "", 0, 2));
	is(&p, "|");
	assert_false(editor_begun(p.e));
	type(&p, PASTE "one\ntwo" PASTED);
	assert_false(editor_replace(p.e, 0, 0, "x", 1, 10));
	person_end(&p);
}

static void test_latin1(void **state)
{
	struct person p = person_new(64);

	(void)state;
	editor_latin1(p.e, true);
	type(&p, "Gr\xFC\xDF" "e\x80" LEFT "\x7F");
	is(&p, "Grü|e");
	editor_latin1(p.e, false);
	type(&p, "ß");
	is(&p, "Grüß|e");
	person_end(&p);
}

/* Wherever what was typed is moved, freed or returned from, it is cleared. */
static void test_cleared(void **state)
{
	static const char *const ways[] = {
		"hunter2\r", "hunter2\x15\x15" "abc\x15", "hunter2\x17", "hunter2\x01\x0B", "hunter2\x03",
		"hunter2\x05 and more, until it is in other memory, because there is no room in the first\x15",
		"x hunter2\x01 and more, until it is in other memory, because there is no room in the first",
		"and more, until it is in other memory, because there is no room in the first hunter2\x17\x17\x17\x15",
		"hunter2\x7F\x7F\x7F\x7F\x7F\x7F\x7F", PASTE "hunter2" PASTED "\r", PASTE "hunter2\nx" PASTED "\r",
		PASTE "x\nhunter2\ny" PASTED "\r", PASTE "x\nhunter2" PASTED "\x03", PASTE "hunter2\nx",
		"hunter2" UP, "hunter2" PASTE "x\ny" PASTED, "hunter2\x17x\x17",
	};

	(void)state;
	for (int hidden = 0; hidden < 2; hidden++) {
		for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
			const char *in = ways[i], *end = in + strlen(in), *text;
			struct editor *e = editor_new();
			enum editor_result r;
			size_t n;

			editor_hide(e, hidden == 1);
			editor_remember(e, "hunter2", 7);
			editor_remember(e, "another", 7);
			secret = "hunter2";
			freed = 0;
			do {
				r = editor_take(e, &in, end, 128, 1, &text, &n);
				editor_taken(e);
			} while (r != EDITOR_MORE);
			editor_free(e);
			secret = NULL;
			assert_true(freed > 1);
		}
	}
}

/* What is erased in the middle is not left behind the end. */
static void test_erased_is_cleared(void **state)
{
	struct person p = person_new(64);
	size_t n, cursor;
	const char *text;

	(void)state;
	type(&p, "x hunter2");
	text = editor_text(p.e, &n, &cursor);
	assert_memory_equal(text, "x hunter2", 9);
	type(&p, "\x17");
	assert_memory_equal(text, "x \0\0\0\0\0\0\0", 10);
	person_end(&p);
}

/* What has been said of a paste is cleared as soon as it is not needed. */
static void test_said_is_cleared(void **state)
{
	struct person p = person_new(64);
	const char *in = "\r", *text;
	size_t n;

	(void)state;
	type(&p, PASTE "hunter2\nx\ny" PASTED);
	assert_int_equal(editor_take(p.e, &in, in + 1, 64, 1, &text, &n), EDITOR_LINE);
	assert_string_equal(text, "hunter2");
	editor_taken(p.e);
	assert_memory_equal(text, "\0\0\0\0\0\0\0", 8);
	person_end(&p);
}

static void test_sizes(void **state)
{
	(void)state;
	editor_free(NULL);
	assert_true(editor_bytes_max() < 128 << 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_graphemes),
		cmocka_unit_test(test_erases),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_transposes),
		cmocka_unit_test(test_kills),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_bytes_max),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_history_bounds),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_paste_of_one_line),
		cmocka_unit_test(test_paste_of_lines),
		cmocka_unit_test(test_paste_said_slowly),
		cmocka_unit_test(test_paste_dropped_while_said),
		cmocka_unit_test(test_paste_left_while_said),
		cmocka_unit_test(test_paste_bounds),
		cmocka_unit_test(test_paste_without_end),
		cmocka_unit_test(test_tabs),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_latin1),
		cmocka_unit_test(test_cleared),
		cmocka_unit_test(test_erased_is_cleared),
		cmocka_unit_test(test_said_is_cleared),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
