/*
 * The input line at the bottom of a terminal.
 *
 * Prompt and text are walked through glyph by glyph, each of which is placed in a row of the input.
 * A window of these rows is on the screen. Owns nothing but what struct screen says is drawn.
 */
#include "chatd/core/terminal/screen.h"

#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/codepoint.h"
#include "chatd/base/columns.h"
#include "chatd/base/text.h"
#include "chatd/core/terminal/latin1.h"

enum {
	GLYPH_BYTES_MAX = 64,   /* a longer grapheme is drawn as U+FFFD; a family with skin tones has
	                         * 41 bytes */
	JOINER_BYTES = 3,       /* of ZWJ and ZWNJ */
};

static const char replacement[] = "\xEF\xBF\xBD";

/* What is drawn for one grapheme of the input. */
struct glyph {
	const char *drawn;      /* for the terminal: in the input, or `byte`, or a literal */
	size_t drawn_len;       /* bytes of that */
	size_t columns;         /* that it takes */
	size_t row, column;     /* where it is placed */
	char byte;              /* in Latin-1 */
};

/* -- glyphs ------------------------------------------------------------------------------- */

/* The first n bytes of s can be shown as they are, with what follows them: a joiner needs it. */
static bool is_harmless(const char *s, size_t n, size_t len)
{
	UNCLEARED char safe[(GLYPH_BYTES_MAX + 4) * TEXT_EXPANSION + 1];
	const unsigned char *next = (const unsigned char *)s + n;
	size_t more;

	if (n > GLYPH_BYTES_MAX)
		return false;
	cp_decode(next, (const unsigned char *)s + len, &more);
	return text_sanitize(safe, s, n + more) >= n && memcmp(safe, s, n) == 0;
}

static bool ends_with_joiner(const char *s, size_t n)
{
	return n > JOINER_BYTES && memcmp(s + n - JOINER_BYTES, "\xE2\x80", 2) == 0 &&
	       ((unsigned char)s[n - 1] & 0xFE) == 0x8C;
}

/* To a terminal the n bytes of s would be one grapheme with what stands behind them: two regional indicators, say,
 * are a flag. */
static bool joins(const char *s, size_t n, const char *behind, size_t len)
{
	char both[GLYPH_BYTES_MAX + 4];
	size_t more, columns;

	if (len == 0)
		return false;
	cp_decode((const unsigned char *)behind, (const unsigned char *)behind + len, &more);
	memcpy(both, s, n);
	memcpy(both + n, behind, more);
	return text_grapheme(both, n + more, &columns) != n;
}

static void glyph_replace(struct glyph *g)
{
	g->drawn = replacement;
	g->drawn_len = sizeof replacement - 1;
	g->columns = 1;
}

/* What is drawn for the grapheme that s begins with, of which it returns the bytes. */
static size_t glyph_of(const struct screen *s, const char *text, size_t len, struct glyph *g)
{
	size_t n = text_grapheme(text, len, &g->columns), shown = n;

	g->drawn = text;
	g->drawn_len = n;
	if (n == 1 && text[0] >= 0x20 && text[0] < 0x7F)
		return n;
	if (s->latin1) {
		g->byte = latin1_of(text, n);
		g->drawn = &g->byte;
		g->drawn_len = g->columns = 1;
		return n;
	}
	/* A mark without a letter would be drawn on what is before it, and stay there. */
	if (g->columns > 0 && is_harmless(text, n, len))
		return n;
	/* A joiner that has nothing to join yet is left out: it cannot be seen anyway. */
	while (ends_with_joiner(text, shown))
		shown -= JOINER_BYTES;
	g->drawn_len = shown;
	if (shown < n && g->columns > 0 && is_harmless(text, shown, shown) && !joins(text, shown, text + n, len - n))
		return n;
	glyph_replace(g);
	return n;
}

/* -- rows --------------------------------------------------------------------------------- */

/* A walk through prompt and text. */
struct walk {
	const struct screen *screen;
	const struct screen_input *input;
	size_t width;           /* columns of a row */
	size_t at;              /* bytes of prompt and text behind it */
	size_t row, column;     /* where the next glyph goes, if it fits there */
	const char *last;       /* what was drawn last, last_len bytes; NULL: nothing, or Latin-1 */
	size_t last_len;
	bool met;               /* the cursor is behind it, */
	size_t cursor_row, cursor_column; /* and was there */
};

static size_t clamp(size_t n, size_t least, size_t most)
{
	return n < least ? least : n > most ? most : n;
}

static size_t columns_of(uint16_t columns)
{
	return columns == 0 ? SCREEN_COLUMNS_DEFAULT
	                    : clamp(columns, SCREEN_COLUMNS_LEAST, SCREEN_COLUMNS_MAX);
}

/* Rows that the input may take: a row is left for what others say. */
static size_t rows_most(const struct screen *s)
{
	return s->rows == 0 ? SCREEN_ROWS_DEFAULT : clamp(s->rows, 2, SCREEN_ROWS_MAX + 1) - 1;
}

static struct walk walk_begin(const struct screen *s, const struct screen_input *input)
{
	return (struct walk){.screen = s, .input = input, .width = columns_of(s->columns) - 1};
}

static void walk_meet(struct walk *w)
{
	w->met = true;
	w->cursor_row = w->row;
	w->cursor_column = w->column;
}

/* Places the next glyph. False: there is none, and the cursor has been met. */
static bool walk_step(struct walk *w, struct glyph *g)
{
	const struct screen_input *in = w->input;
	bool typed = w->at >= in->prompt_len;
	size_t at = typed ? w->at - in->prompt_len : w->at, len, n;
	const char *text;

	if (typed && at >= in->len) {
		if (!w->met)
			walk_meet(w);
		return false;
	}
	text = typed ? in->text + at : in->prompt + at;
	len = typed ? in->len - at : in->prompt_len - at;
	n = glyph_of(w->screen, text, len, g);
	/* Nor is one that belongs to a letter drawn behind what is none of its own, such as the prompt. */
	if (w->last != NULL && (unsigned char)*text >= 0x80 && joins(w->last, w->last_len, text, len))
		glyph_replace(g);
	w->last = w->screen->latin1 || g->drawn_len > GLYPH_BYTES_MAX ? NULL : g->drawn;
	w->last_len = g->drawn_len;
	if (w->column + g->columns > w->width) {
		w->row++;
		w->column = 0;
	}
	if (typed && !w->met && in->cursor < at + n)
		walk_meet(w);
	g->row = w->row;
	g->column = w->column;
	w->column += g->columns;
	w->at += n;
	return true;
}

/* To the end, where the row is the input's last. */
static struct walk walk_end(struct walk w)
{
	struct glyph g;

	while (walk_step(&w, &g))
		;
	return w;
}

/* The first row that is shown, with as little scrolling as possible. */
static size_t window_top(const struct screen *s, const struct walk *end)
{
	size_t most = rows_most(s), rows = end->row + 1, top = s->top;

	if (rows <= most)
		return 0;
	if (end->cursor_row < top)
		top = end->cursor_row;
	else if (end->cursor_row >= top + most)
		top = end->cursor_row - most + 1;
	return top < rows - most ? top : rows - most;
}

/* -- drawing ------------------------------------------------------------------------------ */

/* Where the terminal's cursor is, in rows of the input. */
struct pen {
	struct screen *screen;
	struct bytes *out;
	size_t row, column;
	size_t drawn_end;       /* the row after the last that was on the screen before */
};

/* CSI n and that letter; 1 is what n is without a number. */
static void control(struct bytes *out, size_t n, char letter)
{
	if (n == 1)
		bytes_printf(out, "\033[%c", letter);
	else if (n > 1)
		bytes_printf(out, "\033[%zu%c", n, letter);
}

static void pen_move(struct pen *p, size_t row, size_t column)
{
	if (row != p->row || column == 0) {
		/* From the left, so that a difference about a character's width stays in its row.
		 * */
		if (p->column != 0)
			bytes_puts(p->out, "\r");
		p->column = 0;
	}
	if (row < p->row)
		control(p->out, p->row - row, 'A');
	else
		control(p->out, row - p->row, 'B');
	if (column < p->column)
		control(p->out, p->column - column, 'D');
	else
		control(p->out, column - p->column, 'C');
	p->row = row;
	p->column = column;
}

/* The row is complete: takes away what it had more before. */
static void pen_end_row(struct pen *p, bool last)
{
	size_t row = p->row - p->screen->top;

	if (last && p->row + 1 < p->drawn_end)
		bytes_puts(p->out, "\033[J");
	else if (p->row < p->drawn_end && p->screen->widths[row] > p->column)
		bytes_puts(p->out, "\033[K");
	p->screen->widths[row] = (uint16_t)p->column;
}

/* Draws from where the pen and the walk are to the end of the window. */
static void pen_draw(struct pen *p, struct walk w, size_t end)
{
	struct glyph g;

	while (walk_step(&w, &g) && g.row < end) {
		if (g.row < p->screen->top)
			continue;
		if (g.row > p->row) {
			pen_end_row(p, false);
			bytes_puts(p->out, "\r\n");
			p->row = g.row;
			p->column = 0;
		}
		bytes_append(p->out, g.drawn, g.drawn_len);
		p->column += g.columns;
	}
	pen_end_row(p, true);
}

/* Leaves the cursor in its place. */
static void pen_finish(struct pen *p, const struct walk *end)
{
	struct screen *s = p->screen;
	size_t rows = end->row + 1 - s->top, most = rows_most(s);

	pen_move(p, end->cursor_row, end->cursor_column);
	s->drawn = true;
	s->most = (uint8_t)most;
	s->shown = (uint8_t)(rows < most ? rows : most);
	s->row = (uint8_t)(p->row - s->top);
	s->column = (uint16_t)p->column;
}

void screen_draw(struct screen *s, const struct screen_input *input, struct bytes *out)
{
	struct walk w = walk_begin(s, input), end = walk_end(w);
	struct pen p = {.screen = s, .out = out};

	s->top = (uint32_t)window_top(s, &end);
	p.row = s->top;
	pen_draw(&p, w, s->top + rows_most(s));
	pen_finish(&p, &end);
}

/* From so many rows below the first. */
static void erase(struct screen *s, size_t row, struct bytes *out)
{
	bytes_puts(out, "\r");
	control(out, row, 'A');
	bytes_puts(out, "\033[J");
	s->drawn = false;
}

void screen_erase(struct screen *s, struct bytes *out)
{
	if (s->drawn)
		erase(s, s->row, out);
}

static bool glyphs_equal(const struct glyph *a, const struct glyph *b)
{
	return a->drawn_len == b->drawn_len && memcmp(a->drawn, b->drawn, a->drawn_len) == 0;
}

void screen_edited(struct screen *s, const struct screen_input *before,
                   const struct screen_input *now, struct bytes *out)
{
	struct walk old = walk_begin(s, before), w = walk_begin(s, now), at, end;
	struct pen p = {.screen = s, .out = out};
	bool more_old, more_new;
	struct glyph a, b;

	if (!s->drawn) {
		screen_draw(s, now, out);
		return;
	}
	do {
		at = w;
		more_old = walk_step(&old, &a);
		more_new = walk_step(&w, &b);
	} while (more_old && more_new && glyphs_equal(&a, &b));
	end = walk_end(w);
	if (window_top(s, &end) != s->top || s->most != rows_most(s) || at.row < s->top) {
		screen_erase(s, out);
		screen_draw(s, now, out);
		return;
	}
	p.row = s->top + s->row;
	p.column = s->column;
	p.drawn_end = s->top + s->shown;
	if ((more_old || more_new) && at.row < s->top + rows_most(s)) {
		pen_move(&p, at.row, at.column);
		pen_draw(&p, at, s->top + rows_most(s));
	}
	pen_finish(&p, &end);
}

/* Rows that the terminal breaks a row of such a width into, beyond the first. Wide characters may
 * make them more, but not fewer. */
static size_t rows_more(size_t width, size_t columns)
{
	return width == 0 ? 0 : (width - 1) / columns;
}

void screen_resized(struct screen *s, uint16_t columns, struct bytes *out)
{
	size_t width = columns_of(columns), row = s->row;

	if (s->drawn && s->reflows && width < columns_of(s->columns)) {
		/* Behind the last character the cursor stays in its row. */
		row += s->column == s->widths[s->row] ? rows_more(s->column, width) : s->column / width;
		for (size_t i = 0; i < s->row; i++)
			row += rows_more(s->widths[i], width);
	}
	if (s->drawn)
		erase(s, row, out);
	s->columns = columns;
}
