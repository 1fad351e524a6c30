/* The input line at the bottom of a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "chatd/core/terminal/screen.h"
#include "chatd/core/terminal/view.h"
#include "prng.h"
#include "terminal_model.h"

static struct screen_input input_of(const char *prompt, const char *text, size_t cursor)
{
	return (struct screen_input){prompt, strlen(prompt), text, strlen(text), cursor};
}

static struct screen_input at_end(const char *prompt, const char *text)
{
	return input_of(prompt, text, strlen(text));
}

/* -- byte for byte ------------------------------------------------------------------------ */

static void assert_drawn(struct screen s, struct screen_input input, const char *want)
{
	struct bytes out = {0};

	screen_draw(&s, &input, &out);
	assert_string_equal(out.data != NULL ? out.data : "", want);
	bytes_release(&out);
}

static void assert_edited(struct screen s, struct screen_input before, struct screen_input now, const char *want)
{
	struct bytes out = {0};

	screen_draw(&s, &before, &out);
	bytes_clear(&out);
	screen_edited(&s, &before, &now, &out);
	assert_string_equal(out.data != NULL ? out.data : "", want);
	bytes_release(&out);
}

static void test_drawing(void **state)
{
	const struct screen s = {.columns = 20};

	(void)state;
	assert_drawn(s, at_end("", ""), "");
	assert_drawn(s, at_end("[ops] ", "hello"), "[ops] hello");
	assert_drawn(s, input_of("[ops] ", "hello", 2), "[ops] hello\033[3D");
	assert_drawn(s, input_of("", "hello", 0), "hello\r");
	assert_drawn(s, at_end("[ops] ", "hello, hello!"), "[ops] hello, hello!");
	assert_drawn(s, at_end("[ops] ", "hello, hello!!"), "[ops] hello, hello!\r\n!");
	assert_drawn(s, input_of("[ops] ", "hello, hello!!", 1), "[ops] hello, hello!\r\n!\r\033[A\033[7C");
	/* A wide character that does not fit goes to the next row. */
	assert_drawn(s, at_end("[ops] ", "聊天室聊天室聊"), "[ops] 聊天室聊天室\r\n聊");
	/* A mark without its letter would stay on the prompt. */
	assert_drawn(s, at_end("[ops] ", "\xCC\x81"), "[ops] \xEF\xBF\xBD");
	/* Nothing is known: 80 columns. */
	assert_drawn((struct screen){0}, at_end("> ", "hello"), "> hello");
}

static void test_appending(void **state)
{
	const struct screen s = {.columns = 20};

	(void)state;
	assert_edited(s, at_end("> ", "hell"), at_end("> ", "hello"), "o");
	assert_edited(s, at_end("> ", ""), at_end("> ", "聊"), "聊");
	assert_edited(s, at_end("> ", "0123456789012345"), at_end("> ", "01234567890123456"), "6");
	assert_edited(s, at_end("> ", "01234567890123456"), at_end("> ", "012345678901234567"), "\r\n7");
	assert_edited(s, at_end("> ", "e"), at_end("> ", "e\xCC\x81"), "\033[De\xCC\x81");
	assert_edited(s, at_end("> ", "hello"), at_end("> ", "hello"), "");
}

static void test_moving(void **state)
{
	const struct screen s = {.columns = 20};
	const char *text = "hello, hello, hello, hello";

	(void)state;
	assert_edited(s, at_end("> ", "hello"), input_of("> ", "hello", 4), "\033[D");
	assert_edited(s, input_of("> ", "hello", 4), at_end("> ", "hello"), "\033[C");
	assert_edited(s, at_end("> ", "聊天"), input_of("> ", "聊天", 3), "\033[2D");
	/* Inside of a character: at its beginning. */
	assert_edited(s, at_end("> ", "聊天"), input_of("> ", "聊天", 4), "\033[2D");
	assert_edited(s, at_end("> ", text), input_of("> ", text, 0), "\r\033[A\033[2C");
	assert_edited(s, input_of("> ", text, 0), at_end("> ", text), "\r\033[B\033[9C");
	assert_edited(s, input_of("> ", text, 16), input_of("> ", text, 17), "\r\033[B");
}

static void test_editing(void **state)
{
	const struct screen s = {.columns = 20};

	(void)state;
	assert_edited(s, at_end("> ", "hello"), at_end("> ", "hell"), "\033[D\033[K");
	assert_edited(s, input_of("> ", "hllo", 1), input_of("> ", "hello", 2), "ello\033[3D");
	assert_edited(s, input_of("> ", "hello", 1), input_of("> ", "hllo", 1), "llo\033[K\033[3D");
	assert_edited(s, at_end("> ", "hello"), at_end("> ", ""), "\033[5D\033[K");
	/* Two rows become one, and a row its other half. */
	assert_edited(s, at_end("> ", "012345678901234567"), at_end("> ", "01234567890123456"),
	              "\r\033[A\033[19C\033[J");
	assert_edited(s, at_end("> ", "hello"), at_end("[ops] ", "hello"), "\r[ops] hello");
}

static void test_erasing(void **state)
{
	struct screen s = {.columns = 20};
	struct screen_input input = input_of("> ", "hello, hello, hello, hello, hello", 20);
	struct bytes out = {0};

	(void)state;
	screen_erase(&s, &out);
	assert_int_equal(out.len, 0);
	screen_draw(&s, &input, &out);
	bytes_clear(&out);
	screen_erase(&s, &out);
	assert_string_equal(out.data, "\r\033[A\033[J");
	bytes_clear(&out);
	screen_erase(&s, &out);
	assert_int_equal(out.len, 0);
	/* With nothing drawn an edit draws. */
	input = at_end("> ", "x");
	screen_edited(&s, &input, &input, &out);
	assert_string_equal(out.data, "> x");
	bytes_release(&out);
}

static void test_what_must_not_reach_a_terminal(void **state)
{
#define BAD "\xEF\xBF\xBD"
	const struct screen s = {.columns = 40};
	char zalgo[300] = "x";

	(void)state;
	assert_drawn(s, at_end("> ", "a\033[2Jb"), "> a" BAD "[2Jb");
	assert_drawn(s, at_end("> ", "\t\r\n\x7F\a"), "> " BAD BAD BAD BAD BAD);
	assert_drawn(s, at_end("> ", "\xC2\x9B" "31m"), "> " BAD "31m");
	assert_drawn(s, at_end("> ", "a\xE2\x80\xAE" "b\xE2\x80\x8B"), "> a" BAD "b" BAD);
	assert_drawn(s, at_end("> ", "\xFF\xC3"), "> " BAD BAD);
	assert_drawn(s, at_end("\033> ", ""), BAD "> ");
	for (int i = 0; i < 100; i++)
		strcat(zalgo, "\xCC\x81");
	assert_drawn(s, at_end("> ", zalgo), "> " BAD);
	zalgo[1 + 2 * 9] = '\0';
	assert_drawn(s, at_end("> ", zalgo), "> " BAD);
	zalgo[1 + 2 * 8] = '\0';
	assert_drawn(s, input_of("", zalgo, 0), "x\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81\r");
}

static void test_joiners(void **state)
{
	const struct screen s = {.columns = 40};

	(void)state;
	assert_drawn(s, at_end("", "👩\xE2\x80\x8D👩\xE2\x80\x8D👧"), "👩\xE2\x80\x8D👩\xE2\x80\x8D👧");
	/* While it is being typed */
	assert_drawn(s, at_end("", "👩\xE2\x80\x8D"), "👩");
	assert_drawn(s, at_end("", "\xD9\x85\xDB\x8C\xE2\x80\x8C"), "\xD9\x85\xDB\x8C");
	assert_drawn(s, at_end("", "\xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xAE"), "\xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xAE");
	assert_edited(s, at_end("", "👩\xE2\x80\x8D"), at_end("", "👩\xE2\x80\x8D👧"), "\r👩\xE2\x80\x8D👧");
	assert_drawn(s, at_end("", "a\xE2\x80\x8D"), "a");
	assert_drawn(s, at_end("", "\xE2\x80\x8D"), BAD);
}

/* A regional indicator that a joiner parts from the next one is not drawn beside it: to the terminal both would
 * be a flag. */
static void test_flags_and_joiners(void **state)
{
	const struct screen s = {.columns = 20};

	(void)state;
	assert_drawn(s, at_end("", "\U0001F1E8\U0001F1E8"), "\U0001F1E8\U0001F1E8");
	assert_drawn(s, at_end("", "\U0001F1E8\u200D\U0001F1E8"), "\uFFFD\U0001F1E8");
	assert_drawn(s, at_end("", "\U0001F1E8\u200Dx"), "\U0001F1E8x");
	assert_drawn(s, at_end("", "\U0001F1E8\u200D"), "\U0001F1E8");
}

/* A mark with a column of its own that has no letter would belong to the prompt's blank. */
static void test_spacing_marks(void **state)
{
	const struct screen s = {.columns = 40};

	(void)state;
	assert_drawn(s, at_end("[ops] ", "\u0E01\u0E33"), "[ops] \u0E01\u0E33");
	assert_drawn(s, at_end("[ops] ", "\u0E33x"), "[ops] \uFFFDx");
	assert_drawn(s, at_end("[ops] ", "a \u0E33x"), "[ops] a \u0E33x");
	assert_edited(s, at_end("[ops] ", "\u0E33"), at_end("[ops] ", "\u0E01\u0E33"), "\033[D\u0E01\u0E33");
}

static void test_latin1(void **state)
{
	const struct screen s = {.columns = 40, .latin1 = true};

	(void)state;
	assert_drawn(s, at_end("[caf\xC3\xA9] ", "K\xC3\xA4se 聊!"), "[caf\xE9] K\xE4se ?!");
	assert_drawn(s, input_of("", "\033\xC2\x9B\xC2\xAD\xFF🇩🇪", 0), "?????\r");
	assert_edited(s, at_end("> ", "聊"), at_end("> ", "聊天"), "?");
	assert_edited(s, at_end("> ", "聊天"), input_of("> ", "聊天", 3), "\033[D");
}

/* More rows than the screen has: a window of them. */
static void test_long_input(void **state)
{
	struct screen s = {.columns = 11, .rows = 4};
	char text[100];
	struct screen_input before, now;
	struct bytes out = {0};

	(void)state;
	for (int i = 0; i < 9; i++)
		memset(text + i * 10, 'a' + i, 10);
	text[90] = '\0';
	before = at_end("", text);
	screen_draw(&s, &before, &out);
	assert_string_equal(out.data, "gggggggggg\r\nhhhhhhhhhh\r\niiiiiiiiii");
	/* Up within the window, and beyond it */
	bytes_clear(&out);
	now = input_of("", text, 65);
	screen_edited(&s, &before, &now, &out);
	assert_string_equal(out.data, "\r\033[2A\033[5C");
	bytes_clear(&out);
	before = now;
	now = input_of("", text, 55);
	screen_edited(&s, &before, &now, &out);
	assert_string_equal(out.data, "\r\033[Jffffffffff\r\ngggggggggg\r\nhhhhhhhhhh\r\033[2A\033[5C");
	/* And the window stays where it is when lines come in. */
	bytes_clear(&out);
	screen_erase(&s, &out);
	screen_draw(&s, &now, &out);
	assert_string_equal(out.data, "\r\033[Jffffffffff\r\ngggggggggg\r\nhhhhhhhhhh\r\033[2A\033[5C");
	bytes_release(&out);
	/* Eight rows if nothing is known, and never more than the bound. */
	s = (struct screen){.columns = 11};
	screen_draw(&s, &before, &out);
	assert_int_equal(s.shown, SCREEN_ROWS_DEFAULT);
	bytes_release(&out);
	s = (struct screen){.columns = 1, .rows = 65535};
	screen_draw(&s, &before, &out);
	assert_int_equal(s.shown, 13);
	bytes_release(&out);
	{
		static char huge[20000];

		memset(huge, 'x', sizeof huge - 1);
		before = at_end("", huge);
		s = (struct screen){.columns = 65535, .rows = 65535};
		screen_draw(&s, &before, &out);
		assert_int_equal(s.shown, 41);
		screen_erase(&s, &out);
		s.columns = 20;
		screen_draw(&s, &before, &out);
		assert_int_equal(s.shown, SCREEN_ROWS_MAX);
		bytes_release(&out);
	}
}

/* -- against a terminal ------------------------------------------------------------------- */

/* What is typed, with what is drawn for it, whose columns are in the terminal's list or 1. */
struct item {
	const char *typed;
	const char *drawn;      /* NULL: the same */
};

static const struct model_character known[] = {
	{"\xEF\xBF\xBD", 1}, {"é", 1}, {"e\xCC\x81", 1}, {"聊", 2}, {"天", 2}, {"🎉", 2}, {"🇩🇪", 2},
	{"👩\xE2\x80\x8D👧", 2}, {"❤\xEF\xB8\x8F", 2}, {"❤", 1}, {"한", 2}, {"я", 1}, {"👍🏽", 2}, {"ש", 1}, {"ｗ", 2},
	{NULL, 0},
};

static const struct item items[] = {
	{"a", NULL}, {"b", NULL}, {"c", NULL}, {" ", NULL}, {"x", NULL}, {"\033", BAD}, {"\a", BAD}, {"é", NULL}, {"я", NULL},
	{"e\xCC\x81", NULL}, {"\xE2\x80\xAE", BAD}, {"\xFF", BAD}, {"❤", NULL}, {"ש", NULL},
	/* Wide */
	{"聊", NULL}, {"天", NULL}, {"🎉", NULL}, {"🇩🇪", NULL}, {"👩\xE2\x80\x8D👧", NULL}, {"❤\xEF\xB8\x8F", NULL},
	{"한", NULL}, {"👍🏽", NULL}, {"ｗ", NULL},
};

enum {
	ITEMS_NARROW = 14,
	ITEMS = sizeof items / sizeof items[0],
	TYPED_MAX = 400,
	LOOK_ROWS = 40,         /* back, after each step */
};

struct line {
	const char *prompt;
	int items[TYPED_MAX];
	int n, cursor;          /* items, and which the cursor is before */
	char text[TYPED_MAX * 20];
};

struct session {
	struct prng prng;
	struct screen screen;
	struct model terminal;  /* what chatd writes to */
	struct model lines;     /* the same, if there were no input line */
	struct line line;
	struct bytes out;
	uint64_t seed;
	int step;
};

static const char *drawn_of(int item)
{
	return items[item].drawn != NULL ? items[item].drawn : items[item].typed;
}

static int columns_of(const char *drawn)
{
	for (const struct model_character *c = known; c->text != NULL; c++)
		if (strcmp(c->text, drawn) == 0)
			return c->columns;
	return 1;
}

static struct screen_input line_input(struct line *l)
{
	size_t len = 0, cursor = 0;

	for (int i = 0; i <= l->n; i++) {
		if (i == l->cursor)
			cursor = len;
		if (i < l->n)
			len += (size_t)sprintf(l->text + len, "%s", items[l->items[i]].typed);
	}
	l->text[len] = '\0';
	return (struct screen_input){l->prompt, strlen(l->prompt), l->text, len, cursor};
}

/* The rows that the input has, and where the cursor is in them: by the lists alone. */
struct layout {
	char rows[TYPED_MAX][MODEL_ROW_BYTES / 4];
	int n, cursor_row, cursor_column;
};

static void layout_add(struct layout *l, int *column, int width, const char *drawn, bool cursor)
{
	int columns = columns_of(drawn);

	if (*column + columns > width) {
		l->rows[l->n++][0] = '\0';
		*column = 0;
	}
	if (cursor) {
		l->cursor_row = l->n - 1;
		l->cursor_column = *column;
	}
	strcat(l->rows[l->n - 1], drawn);
	*column += columns;
}

static void layout_make(struct layout *l, const struct line *line, int width)
{
	int column = 0;

	l->n = 1;
	l->rows[0][0] = '\0';
	for (const char *p = line->prompt; *p != '\0'; p++)
		layout_add(l, &column, width, (char[2]){*p}, false);
	for (int i = 0; i < line->n; i++)
		layout_add(l, &column, width, drawn_of(line->items[i]), i == line->cursor);
	if (line->cursor == line->n) {
		l->cursor_row = l->n - 1;
		l->cursor_column = column;
	}
}

static void trim(char *s)
{
	size_t n = strlen(s);

	while (n > 0 && s[n - 1] == ' ')
		n--;
	s[n] = '\0';
}

static void session_show(const struct session *s)
{
	char row[MODEL_ROW_BYTES];

	print_error("seed %llu, step %d, %d x %d\n", (unsigned long long)s->seed, s->step,
	            s->terminal.columns, s->terminal.rows);
	for (int y = s->terminal.n > 12 ? s->terminal.n - 12 : 0; y < s->terminal.n; y++)
		print_error("%s %s\n", y == s->terminal.y ? ">" : "|", model_row(&s->terminal, y, row));
}

#define CHECK(s, ok, ...) do { if (!(ok)) { session_show(s); fail_msg(__VA_ARGS__); } } while (0)

/* The terminal shows all lines, in the rows from that one on, then the input, or the window of it,
 * and nothing else; and the cursor is where it belongs. */
static void session_check(struct session *s, int from)
{
	static struct layout want;
	char row[MODEL_ROW_BYTES], other[MODEL_ROW_BYTES];
	int most = s->screen.rows == 0 ? SCREEN_ROWS_DEFAULT : s->screen.rows - 1, top, shown;

	model_write(&s->terminal, s->out.data, s->out.len);
	bytes_clear(&s->out);
	CHECK(s, s->terminal.fault[0] == '\0', "%s", s->terminal.fault);
	CHECK(s, !s->terminal.dim, "attributes are left on");
	for (int y = from < 0 ? 0 : from; y < s->lines.y; y++)
		CHECK(s, strcmp(model_row(&s->terminal, y, row), model_row(&s->lines, y, other)) == 0,
		      "row %d is '%s', not '%s'", y, row, other);
	layout_make(&want, &s->line, s->terminal.columns - 1);
	top = (int)s->screen.top;
	shown = want.n < most ? want.n : most;
	CHECK(s, top + shown <= want.n && (want.n > most || top == 0), "window %d of %d", top, want.n);
	CHECK(s, want.cursor_row >= top && want.cursor_row < top + shown, "the cursor is not shown");
	for (int i = 0; i < shown; i++) {
		trim(want.rows[top + i]);
		CHECK(s, strcmp(model_row(&s->terminal, s->lines.y + i, row), want.rows[top + i]) == 0,
		      "row %d of the input is '%s', not '%s'", top + i, row, want.rows[top + i]);
	}
	for (int y = s->lines.y + shown; y < s->terminal.n; y++)
		CHECK(s, model_row(&s->terminal, y, row)[0] == '\0', "left below: '%s'", row);
	CHECK(s, s->terminal.y == s->lines.y + want.cursor_row - top && s->terminal.x == want.cursor_column,
	      "the cursor is at %d,%d, not at %d,%d", s->terminal.x, s->terminal.y, want.cursor_column,
	      s->lines.y + want.cursor_row - top);
}

static int random_item(struct session *s)
{
	return (int)prng_below(&s->prng, s->terminal.reflows ? ITEMS_NARROW : ITEMS);
}

static void line_insert(struct line *l, int item)
{
	if (l->n == TYPED_MAX)
		return;
	memmove(l->items + l->cursor + 1, l->items + l->cursor, (size_t)(l->n - l->cursor) * sizeof l->items[0]);
	l->items[l->cursor++] = item;
	l->n++;
}

static void line_delete(struct line *l, int from, int to)
{
	memmove(l->items + from, l->items + to, (size_t)(l->n - to) * sizeof l->items[0]);
	l->n -= to - from;
	l->cursor = from;
}

static void line_change(struct session *s, struct line *l)
{
	switch (prng_below(&s->prng, 16)) {
	case 0:
		l->cursor = l->cursor > 0 ? l->cursor - 1 : 0;
		break;
	case 1:
		l->cursor = l->cursor < l->n ? l->cursor + 1 : l->n;
		break;
	case 2:
		l->cursor = (int)prng_below(&s->prng, (uint32_t)l->n + 1);
		break;
	case 3:
		l->cursor = prng_chance(&s->prng, 500) ? 0 : l->n;
		break;
	case 4:
	case 5:
		if (l->cursor > 0)
			line_delete(l, l->cursor - 1, l->cursor);
		break;
	case 6:
		if (l->cursor < l->n)
			line_delete(l, l->cursor, l->cursor + 1);
		break;
	case 7:
		line_delete(l, (int)prng_below(&s->prng, (uint32_t)l->cursor + 1), l->cursor);
		break;
	case 8:
		/* Another line of the history */
		if (prng_chance(&s->prng, 200))
			line_delete(l, 0, l->n);
		for (uint32_t k = prng_below(&s->prng, 60); k > 0; k--)
			line_insert(l, random_item(s));
		break;
	case 9:
		if (prng_chance(&s->prng, 300))
			l->prompt = (const char *[]){"> ", "[ops] ", "", "[general] "}[prng_below(&s->prng, 4)];
		break;
	default:
		line_insert(l, random_item(s));
	}
}

/* A character that is appended is sent as itself. */
static void check_appended(struct session *s, const struct line *before, bool fits)
{
	const struct line *l = &s->line;

	if (!fits || l->n != before->n + 1 || before->cursor != before->n || l->cursor != l->n ||
	    l->prompt != before->prompt || memcmp(l->items, before->items, (size_t)before->n * sizeof l->items[0]) != 0)
		return;
	CHECK(s, strcmp(s->out.data, drawn_of(l->items[l->n - 1])) == 0, "appended as '%s'", s->out.data);
}

static void step_edit(struct session *s)
{
	static struct line before;
	struct screen_input old, now;
	int room = s->terminal.columns - 1 - s->terminal.x;

	before = s->line;
	line_change(s, &s->line);
	old = line_input(&before);
	now = line_input(&s->line);
	screen_edited(&s->screen, &old, &now, &s->out);
	check_appended(s, &before, s->line.n > 0 && columns_of(drawn_of(s->line.items[s->line.n - 1])) <= room);
}

/* Lines come in, all of them in one redraw. */
static void step_lines(struct session *s)
{
	struct screen_input now = line_input(&s->line);
	struct view_style style = {
		.columns = (uint16_t)s->terminal.columns, .time = VIEW_TIME_SHORT, .crlf = true, .editor = true,
		.colour = (uint8_t)prng_below(&s->prng, 3),
	};
	struct view_day day = {"2026-11-29"};
	size_t begin;

	screen_erase(&s->screen, &s->out);
	begin = s->out.len;
	for (uint32_t k = prng_below(&s->prng, 4); k > 0; k--) {
		char text[2000] = "[2026-11-29 20:14:05][bob]:";
		struct view_line line = {.text = text, .info = {.kind = LINE_SAID, .name_bytes = 3}};

		for (uint32_t words = prng_below(&s->prng, 30); words > 0; words--)
			strcat(text, drawn_of(random_item(s)));
		line.len = strlen(text);
		view_render(&style, &day, &line, &s->out);
	}
	if (s->out.len > begin)
		model_write(&s->lines, s->out.data + begin, s->out.len - begin);
	screen_draw(&s->screen, &now, &s->out);
}

static void step_resize(struct session *s)
{
	struct screen_input now = line_input(&s->line);
	int columns = (int)prng_range(&s->prng, VIEW_COLUMNS_LEAST, prng_chance(&s->prng, 500) ? 40 : 100);
	int rows = (int)prng_range(&s->prng, s->screen.rows != 0 ? 3 : SCREEN_ROWS_DEFAULT + 2, 30);

	if (prng_chance(&s->prng, 300))
		columns = s->terminal.columns > VIEW_COLUMNS_LEAST ? s->terminal.columns - 1 : columns;
	/* What a terminal that becomes lower pushes out of its screen cannot be taken back. */
	while (rows <= 2 * s->screen.shown * (1 + s->terminal.columns / columns))
		rows++;
	model_resize(&s->terminal, columns, rows);
	model_resize(&s->lines, columns, rows);
	screen_resized(&s->screen, (uint16_t)columns, &s->out);
	if (s->screen.rows != 0)
		s->screen.rows = (uint16_t)(rows < SCREEN_ROWS_MAX ? rows : SCREEN_ROWS_MAX);
	screen_draw(&s->screen, &now, &s->out);
}

enum { SESSIONS = 1000, STEPS = 50 };

static void session_run(uint64_t seed, bool reflows, bool rows_known)
{
	static struct session s;
	struct screen_input now;
	int columns, rows;

	memset(&s, 0, sizeof s);
	s.seed = seed;
	s.prng.state = seed;
	columns = (int)prng_range(&s.prng, VIEW_COLUMNS_LEAST, 90);
	rows = (int)prng_range(&s.prng, rows_known ? 3 : SCREEN_ROWS_DEFAULT + 2, 30);
	s.terminal = model_begin(columns, rows, known);
	s.lines = model_begin(columns, rows, known);
	s.terminal.reflows = s.lines.reflows = reflows;
	s.screen = (struct screen){.columns = (uint16_t)columns, .reflows = reflows,
	                           .rows = (uint16_t)(rows_known ? rows : 0)};
	s.line.prompt = "[general] ";
	now = line_input(&s.line);
	bytes_puts(&s.out, "");
	screen_draw(&s.screen, &now, &s.out);
	session_check(&s, 0);
	for (s.step = 0; s.step < STEPS; s.step++) {
		uint32_t what = prng_below(&s.prng, 100);

		if (what < 80)
			step_edit(&s);
		else if (what < 95)
			step_lines(&s);
		else
			step_resize(&s);
		session_check(&s, s.lines.y - LOOK_ROWS);
	}
	session_check(&s, 0);
	model_end(&s.terminal);
	model_end(&s.lines);
	bytes_release(&s.out);
}

static void test_sessions(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SESSIONS; seed++)
		session_run(seed, false, seed % 4 != 0);
}

static void test_sessions_on_a_terminal_that_reflows(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SESSIONS; seed++)
		session_run(seed, true, seed % 4 != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drawing),
		cmocka_unit_test(test_appending),
		cmocka_unit_test(test_moving),
		cmocka_unit_test(test_editing),
		cmocka_unit_test(test_erasing),
		cmocka_unit_test(test_what_must_not_reach_a_terminal),
		cmocka_unit_test(test_joiners),
		cmocka_unit_test(test_flags_and_joiners),
		cmocka_unit_test(test_spacing_marks),
		cmocka_unit_test(test_latin1),
		cmocka_unit_test(test_long_input),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_sessions_on_a_terminal_that_reflows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
