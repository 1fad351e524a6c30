/*
 * A terminal at chatd's editor, from the keys to the screen, with any bytes and at any size.
 *
 * Keys go through the editor, lines of others through view_render, and what is sent for both to a model of a
 * terminal. After each of them the model's screen is well-formed: above the input line stands what view_render
 * made, and nothing of it is lost or doubled; the input line is what drawing it on an empty screen shows; the
 * cursor is in its place. The first three bytes choose the size and the style; then each piece says what
 * it is.
 *
 *	clang -fsanitize=fuzzer,...    a libFuzzer target
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/columns.h"
#include "chatd/base/text.h"
#include "chatd/base/time_format.h"
#include "chatd/core/terminal/editor.h"
#include "chatd/core/terminal/screen.h"
#include "chatd/core/terminal/view.h"
#include "terminal_model.h"

enum {
	INPUT_MAX = 4096,
	LINE_MAX_BYTES = 400,   /* of what is typed */
	SAID_MAX = 255,         /* of what others say, before it is sanitized */
	TALK_ROWS_MAX = 4000,        /* of the conversation: then it is enough */
};

/* Unlike assert, it also checks in a build with NDEBUG. */
#define CHECK(x) ((x) ? (void)0 : check_failed(#x, __LINE__))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Noreturn void check_failed(const char *what, int line)
{
	fprintf(stderr, "fuzz_tty.c:%d: %s\n", line, what);
	abort();
}

struct tty {
	struct editor *editor;
	struct screen screen;
	struct view_style style;
	struct view_day day;
	struct model all;       /* the terminal */
	struct model talk;      /* the same, if nobody typed anything */
	char drawn[LINE_BYTES_LIMIT + 1]; /* the line on the screen */
	size_t drawn_len, drawn_cursor;
	int64_t now_ms;
};

static const char mark[] = "[ops] ";

static struct screen_input input_of(const char *text, size_t len, size_t cursor)
{
	return (struct screen_input){mark, sizeof mark - 1, text, len, cursor};
}

static void write_to(struct model *m, const struct bytes *out)
{
	if (out->len > 0)
		model_write(m, out->data, out->len);
	CHECK(m->fault[0] == '\0');
}

/* Row y of a shows what row `at` of b does. */
static void check_row(const struct model *a, int y, const struct model *b, int at)
{
	static char one[MODEL_ROW_BYTES], other[MODEL_ROW_BYTES];

	model_row(a, y, one);
	model_row(b, at, other);
	if (strcmp(one, other) != 0)
		fprintf(stderr, "row %d is\n|%s|, and should be\n|%s|\n", y, one, other);
	CHECK(strcmp(one, other) == 0);
}

static void check(const struct tty *t)
{
	struct screen fresh = {.columns = t->screen.columns, .rows = t->screen.rows, .top = t->screen.top};
	struct model alone = model_begin(t->all.columns, t->all.rows, NULL);
	struct screen_input input = input_of(t->drawn, t->drawn_len, t->drawn_cursor);
	struct bytes out = {0};
	int begin = t->talk.y;

	CHECK(t->talk.x == 0);
	for (int y = begin > 60 ? begin - 60 : 0; y < begin; y++)
		check_row(&t->all, y, &t->talk, y);
	alone.grapheme = text_grapheme;
	screen_draw(&fresh, &input, &out);
	write_to(&alone, &out);
	for (int y = 0; y < alone.n || begin + y < t->all.n; y++)
		check_row(&t->all, begin + y, &alone, y);
	CHECK(t->all.y == begin + alone.y && t->all.x == alone.x && t->all.pending == alone.pending);
	CHECK(!t->all.dim);
	bytes_release(&out);
	model_end(&alone);
}

/* Shows what is typed now; erased: nothing of it is on the screen. */
static void draw(struct tty *t, bool erased)
{
	struct screen_input before = input_of(t->drawn, t->drawn_len, t->drawn_cursor), now;
	static char text[LINE_BYTES_LIMIT + 1];
	struct bytes out = {0};
	size_t len, cursor;
	const char *shown = editor_shown(t->editor, &len, &cursor);

	memcpy(text, shown, len + 1);
	now = input_of(text, len, cursor);
	if (erased)
		screen_draw(&t->screen, &now, &out);
	else
		screen_edited(&t->screen, &before, &now, &out);
	write_to(&t->all, &out);
	memcpy(t->drawn, text, len + 1);
	t->drawn_len = len;
	t->drawn_cursor = cursor;
	bytes_release(&out);
}

static void erase(struct tty *t)
{
	struct bytes out = {0};

	screen_erase(&t->screen, &out);
	write_to(&t->all, &out);
	bytes_release(&out);
}

/* -- what happens --------------------------------------------------------------------------- */

static void keys_come(struct tty *t, const char *p, size_t len)
{
	const char *in = p, *end = p + len, *text;
	size_t n;

	while (in < end) {
		enum editor_result r = editor_take(t->editor, &in, end, LINE_MAX_BYTES, t->now_ms, &text, &n);

		if (r != EDITOR_LINE)
			continue;
		editor_taken(t->editor);
		editor_remember(t->editor, "once more", 9);
	}
	t->now_ms += 20;
	draw(t, false);
}

/* Lines of others, in one turn. */
static void others_speak(struct tty *t, const char *p, size_t len, unsigned how)
{
	static char line[STAMP_BYTES + 16 + SAID_MAX * TEXT_EXPANSION + 2];
	struct bytes out = {0};
	int times = how % 3 == 0 ? 3 : 1;
	size_t n = (size_t)sprintf(line, "[2026-11-%02u 20:14:05][bob]:", 10 + how % 20);

	n += text_sanitize(line + n, p, len);
	for (int i = 0; i < times; i++) {
		struct view_line v = {.text = line, .len = n, .marked = how & 16, .room = how & 32 ? "ops" : NULL,
			              .info = {.kind = LINE_SAID, .name_bytes = 3}};

		view_render(&t->style, &t->day, &v, &out);
	}
	erase(t);
	write_to(&t->all, &out);
	write_to(&t->talk, &out);
	draw(t, true);
	bytes_release(&out);
}

static int columns_of(uint8_t byte)
{
	return VIEW_COLUMNS_LEAST + byte % (MODEL_COLUMNS_MAX - VIEW_COLUMNS_LEAST);
}

static void resize(struct tty *t, uint8_t columns, uint8_t rows)
{
	struct bytes out = {0};
	int high = 2 + rows % 40;

	/* What has gone off at the top cannot be taken back from there. */
	if (high <= t->screen.shown)
		high = t->all.rows;
	model_resize(&t->all, columns_of(columns), high);
	model_resize(&t->talk, columns_of(columns), high);
	screen_resized(&t->screen, (uint16_t)columns_of(columns), &out);
	t->screen.rows = (uint16_t)high;
	t->style.columns = t->screen.columns;
	write_to(&t->all, &out);
	draw(t, true);
	bytes_release(&out);
}

static void tty_begin(struct tty *t, uint8_t columns, uint8_t rows, uint8_t how)
{
	*t = (struct tty){
		.editor = editor_new(), .now_ms = 1000,
		.screen = {.columns = (uint16_t)columns_of(columns), .rows = (uint16_t)(2 + rows % 40)},
		.style = {.columns = (uint16_t)columns_of(columns), .time = how % 3, .colour = how / 4 % 3,
			  .bell = how & 64, .passages = true, .editor = true, .crlf = true},
	};
	t->all = model_begin(t->screen.columns, t->screen.rows, NULL);
	t->talk = model_begin(t->screen.columns, t->screen.rows, NULL);
	t->all.grapheme = t->talk.grapheme = text_grapheme;
	draw(t, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tty t;

	if (size < 4 || size > INPUT_MAX)
		return 0;
	tty_begin(&t, data[0], data[1], data[2]);
	check(&t);
	for (size_t at = 3, n; at + 2 < size && t.talk.n < TALK_ROWS_MAX; at += n) {
		uint8_t kind = data[at], len = data[at + 1];
		const char *p = (const char *)data + at + 2;

		n = len < size - at - 2 ? len : size - at - 2;
		if (kind % 8 < 5) {
			keys_come(&t, p, n);
		} else if (kind % 8 < 7) {
			others_speak(&t, p, n, kind / 8u + len);
		} else {
			resize(&t, data[at + 1], data[at + 2]);
			n = 1;
		}
		n += 2;
		check(&t);
	}
	editor_free(t.editor);
	model_end(&t.all);
	model_end(&t.talk);
	return 0;
}
