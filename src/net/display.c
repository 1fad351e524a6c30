/*
 * What terminals are sent. Owns struct display.
 */

#include "chatd/net/display.h"

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/core/terminal/gmcp.h"
#include "chatd/core/terminal/screen.h"
#include "chatd/net/server.h"
#include "chatd/net/watched.h"

/* Bracketed paste, as xterm introduced it: what is pasted comes between two sequences of its own. */
static const char paste_on[] = "\033[?2004h", paste_off[] = "\033[?2004l";
static const char clear_screen[] = "\033[H\033[2J";

/* What somebody is typing, as it is drawn. */
struct typed {
	char *text;             /* owned; the prompt and the line behind it; NULL: nothing */
	uint32_t len, prompt, cursor; /* bytes of both together, bytes of the prompt, and bytes of the
	                         * line before the cursor */
};

struct display {
	struct view_style style; /* how lines are shown */
	struct view_day day;    /* the day shown last */
	struct screen screen;   /* where the typed line is on the screen */
	struct typed drawn;     /* what is there */
	struct typed wanted;    /* what is to be there, while changed */
	bool changed;           /* wanted was set */
	bool clear;             /* the screen is to be cleared first */
	bool pastes;            /* the terminal was told to mark what is pasted */
	bool more_drawn;        /* the prompt on the screen says so */
	bool more;              /* an answer is not shown any further until a line is entered */
	uint32_t page_rows;     /* rows of answers that were shown since the last line was entered */
	bool ending;            /* it becomes plain once all is sent */
	char *room, *left;      /* owned; names of the room they are in, and of the last before, for
	                         * channels; NULL: not known */
	uint32_t nmarks;        /* of marks */
	struct display_mark {
		const struct feed *feed;
		uint64_t pos;   /* of a line in it that mentions the person */
	} marks[DISPLAY_MARKS]; /* oldest first */
};

_Static_assert(sizeof(struct display) <= DISPLAY_STATE_BYTES, "as it is counted (memory.c)");

/* It may be a secret that was typed where none was asked for. */
static void typed_clear(struct typed *t)
{
	if (t->text != NULL)
		explicit_bzero(t->text, t->len);
	free(t->text);
	*t = (struct typed){0};
}

/* more: there is more of an answer, which the prompt says. */
static struct screen_input typed_input(const struct typed *t, bool more)
{
	static const char prompt[] = VIEW_MORE;

	return (struct screen_input){
		.prompt = more ? prompt : t->text, .prompt_len = more ? sizeof prompt - 1 : t->prompt,
		.text = t->text != NULL ? t->text + t->prompt : NULL, .len = t->len - t->prompt,
		.cursor = t->cursor,
	};
}

/* -- what the core says ------------------------------------------------------------------------ */

void display_room(struct connection *c, const struct effect *e)
{
	struct display *d = c->display;

	if (d == NULL || !d->style.channels || e->text == NULL)
		return;
	free(d->room);
	d->room = mem_strdup(e->text);
}

void display_leave(struct connection *c)
{
	struct display *d = c->display;

	if (d == NULL)
		return;
	free(d->left);
	d->left = d->room;
	d->room = NULL;
}

void display_style(struct server *s, struct connection *c, const struct effect *e)
{
	const struct view_style *style = &e->view;
	struct display *d = c->display;

	if (d == NULL) {
		d = c->display = mem_zero(1, sizeof *d);
		d->screen.columns = style->columns;
		outqueue_view(&c->out, true);
	}
	d->style = *style;
	d->style.zoned = style->zone_name != NULL;
	d->ending = false;
	display_room(c, e);
	/* Drawn again, which also makes the change of modes known to the terminal. */
	if (!d->changed && d->drawn.text != NULL) {
		d->wanted = d->drawn;
		d->wanted.text = mem_alloc(d->drawn.len + 1);
		memcpy(d->wanted.text, d->drawn.text, d->drawn.len);
	}
	d->changed = true;
	connection_mark_dirty(s, c);
}

void display_plain(struct server *s, struct connection *c)
{
	if (c->display == NULL)
		return;
	c->display->ending = true;
	connection_mark_dirty(s, c);
}

void display_input(struct server *s, struct connection *c, const struct effect *e)
{
	struct display *d = c->display;

	if (d == NULL)
		return;
	typed_clear(&d->wanted);
	d->wanted = (struct typed){
		.text = mem_alloc(e->len + 1), .len = (uint32_t)e->len,
		.prompt = e->input.prompt_bytes, .cursor = e->input.cursor,
	};
	memcpy(d->wanted.text, e->text, e->len);
	d->changed = true;
	d->clear |= e->input.clear;
	connection_mark_dirty(s, c);
}

void display_mark(struct connection *c, const struct feed *f)
{
	struct display *d = c->display;

	if (d == NULL)
		return;
	if (d->nmarks == DISPLAY_MARKS) {
		d->nmarks--;
		memmove(d->marks, d->marks + 1, d->nmarks * sizeof *d->marks);
	}
	d->marks[d->nmarks++] = (struct display_mark){f, f->end - f->last_len};
}

void display_turn(struct connection *c)
{
	if (c->display != NULL)
		c->display->page_rows = 0;
}

void display_cut(struct server *s, struct connection *c, const struct effect *e)
{
	if (c->display == NULL || !c->display->more || !outqueue_cut(&c->out))
		connection_queue(s, c, e);
	display_turn(c);
	connection_mark_dirty(s, c);
}

/* -- making ------------------------------------------------------------------------------------ */

struct making_view {
	struct display *d;
	const struct feed *feed; /* of the room they are in */
	uint32_t page;          /* rows of answers to show before a line is entered; UINT32_MAX: all */
	struct bytes *out;
	bool erased;            /* what is typed is not on the screen */
	uint64_t lines;         /* taken so far, whether anything of them is shown or not */
};

static void erase(struct making_view *m)
{
	if (m->erased)
		return;
	screen_erase(&m->d->screen, m->out);
	m->erased = true;
}

/* Whether the line at this position of the feed mentions the person; marks of it and of earlier ones are
 * done with. */
static bool take_mark(struct display *d, const struct feed *f, uint64_t pos)
{
	uint32_t kept = 0;
	bool marked = false;

	for (uint32_t i = 0; i < d->nmarks; i++) {
		marked |= d->marks[i].feed == f && d->marks[i].pos == pos;
		if (d->marks[i].feed != f || d->marks[i].pos > pos)
			d->marks[kept++] = d->marks[i];
	}
	d->nmarks = kept;
	return marked;
}

static size_t end_bytes(const char *text, size_t len)
{
	size_t n = len > 0 && text[len - 1] == '\n';

	return n + (n > 0 && len > 1 && text[len - 2] == '\r');
}

/* w: where it comes from; NULL: the room they are in, or private text. */
static void show(struct making_view *m, const char *text, size_t len, struct line_info info, uint64_t pos,
                 const struct watched *w)
{
	struct display *d = m->d;
	struct view_line line = {.text = text, .len = len, .info = info, .room = w != NULL ? w->name : NULL};
	/* A line that is shown once more, out of the history, is told by no channel. */
	const char *room = w != NULL           ? w->name
	                   : pos != UINT64_MAX ? d->room
	                   : info.live         ? d->left
	                                       : NULL;

	m->lines++;
	if (info.kind == LINE_RAW) {
		bytes_append(m->out, text, len);
		return;
	}
	/* Nothing of it is shown, so that what is typed can stay where it is. */
	if (info.kind == LINE_PASSAGE && !d->style.passages)
		return;
	if (d->style.editor)
		erase(m);
	if (d->style.channels && info.kind == LINE_PRIVATE)
		room = info.unasked ? GMCP_PRIVATE : NULL;
	if (info.kind != LINE_TEXT)
		line.len -= end_bytes(text, len);
	line.marked = info.marked;
	if (d->style.zoned && !zone_holds(&d->style.zone, info.time_s))
		zone_offset_at(d->style.zone_name, info.time_s, &d->style.zone);
	if (d->style.channels && room != NULL)
		gmcp_line(&line, room, m->out);
	if (pos != UINT64_MAX && d->nmarks > 0)
		line.marked |= take_mark(d, w != NULL ? w->reader.feed : m->feed, pos);
	view_render(&d->style, &d->day, &line, m->out);
	/* The typed line begins a row of its own. */
	if (d->style.editor && m->out->len > 0 && m->out->data[m->out->len - 1] != '\n')
		bytes_puts(m->out, "\r\n");
}

static uint32_t rows_in(const char *text, size_t len)
{
	uint32_t n = 0;

	for (const char *end = text + len; (text = memchr(text, '\n', (size_t)(end - text))) != NULL; text++)
		n++;
	return n;
}

/* Shows private text as far as the page goes; returns how much that is. */
static size_t show_page(struct making_view *m, const char *text, size_t len, struct line_info info)
{
	size_t at = 0;

	while (at < len && m->d->page_rows < m->page) {
		const char *lf = info.kind == LINE_TEXT ? memchr(text + at, '\n', len - at) : NULL;
		size_t n = lf != NULL ? (size_t)(lf + 1 - text) - at : len - at, before = m->out->len;

		show(m, text + at, n, info, UINT64_MAX, NULL);
		m->d->page_rows += rows_in(m->out->data + before, m->out->len - before);
		at += n;
	}
	return at;
}

static size_t show_line(void *ctx, const char *text, size_t len, struct line_info info, uint64_t pos)
{
	struct making_view *m = ctx;

	if (pos == UINT64_MAX && m->page != UINT32_MAX && info.kind != LINE_RAW && !info.unasked)
		return show_page(m, text, len, info);
	show(m, text, len, info, pos, NULL);
	return len;
}

static void show_watched(void *ctx, const char *text, size_t len, struct line_info info, uint64_t pos,
                         const struct watched *w)
{
	show(ctx, text, len, info, pos, w);
}

/* Rows that the prompt is broken into. */
static uint32_t prompt_rows(uint16_t columns)
{
	return columns < 2 ? 1 : (uint32_t)((sizeof(VIEW_MORE) - 2) / (columns - 1u) + 1);
}

/* How many rows of answers c is shown before it enters a line. If much waits, it is shown at once: what waits
 * must not keep its input waiting, too. */
static uint32_t page_of(const struct server *s, const struct connection *c)
{
	const struct view_style *style = &c->display->style;

	if (!style->pages || !style->editor || style->rows < DISPLAY_PAGE_LEAST || c->state != CONNECTION_OPEN ||
	    c->out.bytes > SENDQ_DRAINED_BYTES || budget_is_high(&s->conns.queues))
		return UINT32_MAX;
	return style->rows - prompt_rows(style->columns);
}

/* Brings what is typed to the screen, or takes it away. */
static void draw(struct making_view *m, bool shown)
{
	struct display *d = m->d;
	struct screen_input before = typed_input(&d->drawn, d->more_drawn), now;

	if (!d->changed && !m->erased && d->more == d->more_drawn)
		return;
	if (d->more != d->more_drawn)
		erase(m);
	d->more_drawn = d->more;
	if (d->changed) {
		now = typed_input(&d->wanted, d->more);
		if (!m->erased && shown && d->drawn.text != NULL)
			screen_edited(&d->screen, &before, &now, m->out);
		else
			erase(m);
		typed_clear(&d->drawn);
		d->drawn = d->wanted;
		d->wanted = (struct typed){0};
		d->changed = false;
	}
	now = typed_input(&d->drawn, d->more);
	if (m->erased && shown && d->drawn.text != NULL)
		screen_draw(&d->screen, &now, m->out);
}

static void set_modes(struct making_view *m, bool editor)
{
	struct display *d = m->d;

	if (editor != d->pastes)
		bytes_puts(m->out, editor ? paste_on : paste_off);
	d->pastes = editor;
	if (d->screen.columns != d->style.columns || d->screen.latin1 != d->style.latin1) {
		screen_resized(&d->screen, d->style.columns, m->out);
		m->erased = true;
	}
	d->screen.latin1 = d->style.latin1;
	d->screen.rows = d->style.rows;
	d->screen.reflows = d->style.reflows;
	if (d->clear) {
		erase(m);
		bytes_puts(m->out, clear_screen);
	}
	d->clear = false;
}

void display_make(struct server *s, struct connection *c)
{
	struct display *d = c->display;
	struct making_view m = {.d = d, .out = &s->conns.made, .page = page_of(s, c),
	                        .feed = c->out.reader.feed};
	bool over = d->ending || c->state != CONNECTION_OPEN, all;
	uint64_t before;

	if (c->out.made != NULL)
		return;
	bytes_clear(m.out);
	m.erased = d->drawn.text == NULL;
	set_modes(&m, d->style.editor && !over);
	do {
		before = m.lines;
		outqueue_take(&c->out, DISPLAY_BYTES, show_line, &m);
		d->more = d->page_rows >= m.page && outqueue_has_output(&c->out);
		all = !d->more && watched_take(s, c, DISPLAY_BYTES, show_watched, &m) &&
		      !outqueue_has_output(&c->out);
	} while (!all && !d->more && (m.out->len == 0 || d->ending) && m.lines > before);
	if (over) {
		erase(&m);
		typed_clear(&d->drawn);
		d->changed = false;
	} else {
		draw(&m, d->style.editor);
	}
	/* Marks move in the order of records, for all feeds together (fanout.c). */
	outqueue_made(&c->out, m.out->data, m.out->len,
	              c->out.watched == NULL ? c->out.reader.seq
	              : all                  ? watched_seq(c, fanout_shown(s))
	                                 : SEQ_UNKNOWN);
	if (m.out->len > 0)
		explicit_bzero(m.out->data, m.out->len);
	if (d->ending) {
		outqueue_view(&c->out, false);
		display_free(c);
	}
}

bool display_owes(const struct connection *c)
{
	const struct display *d = c->display;

	if (d == NULL || c->deaf)
		return false;
	if (watched_has_output(c))
		return true;
	return c->state == CONNECTION_OPEN ? d->changed || d->clear || d->ending
	                                   : d->pastes || d->drawn.text != NULL;
}

void display_free(struct connection *c)
{
	if (c->display == NULL)
		return;
	typed_clear(&c->display->drawn);
	typed_clear(&c->display->wanted);
	free(c->display->room);
	free(c->display->left);
	free(c->display);
	c->display = NULL;
}
