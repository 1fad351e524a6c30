/*
 * The line being typed on a terminal in character mode.
 *
 * Owns the line with its cursor, what else readline keeps (the kill buffer, the history), and pastes. A
 * paste is collected until its end, because only then it is known whether it is one line, which becomes
 * part of the line, or several: then the line is all of them, divided by LF, and is held (lines > 0).
 */
#include "chatd/core/terminal/editor.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/codepoint.h"
#include "chatd/core/terminal/cleared.h"
#include "chatd/core/terminal/grapheme.h"
#include "chatd/core/terminal/keys.h"
#include "chatd/core/terminal/recall.h"

/* A paste that comes. */
struct pasted {
	struct cleared text;  /* all of it, or while hidden its first line; lines divided by one LF */
	uint32_t lines;       /* in it that are not empty, dropped ones included */
	bool in_line;         /* the last of them has not ended */
	bool too_long;        /* nothing more is kept */
	bool dropped;         /* nor is anything to become of it */
};

/* The kill buffer. */
struct kill {
	struct cleared text;  /* what ctrl-Y brings back */
	bool joins;           /* the last key filled it: the next one adds to that */
};

/* Where in the history the line is. */
struct walk {
	struct recall lines;  /* the history */
	uint32_t back;        /* so many lines back; 0: the line is not out of it */
	struct cleared begun; /* the line that was begun before; empty while back is 0 */
};

struct editor {
	struct keys keys;      /* the input, on its way to keys */
	struct cleared line;   /* the line, or the held paste, after what was said of it */
	size_t cursor;         /* in it, where the next character goes; before any other key it is
	                        * moved to the end of a grapheme (cursor_whole) */
	uint32_t lines;        /* of the held paste, that are still to be said; 0: no paste is held */
	size_t before, behind; /* of the held paste: bytes of it that were typed, before and behind what was
	                        * pasted */
	size_t said;           /* bytes of line that are said, and the one behind them */
	bool given;            /* the line that was returned last is among these */
	bool enter_left;       /* the Enter that was to say the rest comes again */
	bool hidden;           /* a password is typed */
	unsigned tabs;         /* Tabs in a row */
	struct cleared taken;  /* the line that was returned last, unless it is given */
	struct pasted pasted;  /* the paste that comes, while keys.paste */
	struct kill kill;      /* cut text */
	struct walk walk;      /* lines typed before */
	char summary[64];      /* of the held paste: what is shown */
};

struct editor *editor_new(void)
{
	return mem_zero(1, sizeof(struct editor));
}

size_t editor_bytes_max(void)
{
	size_t line = LINE_BYTES_LIMIT + CLEARED_SPARE + 1;

	/* A held paste, another one that comes, and one of them while it grows; lines: killed, begun and
	 * returned. */
	return sizeof(struct editor) + 3 * (PASTE_BYTES_MAX + CLEARED_SPARE + 1) + 3 * line +
	       2 * (EDITOR_HISTORY_BYTES + CLEARED_SPARE + 1);
}

/* -- the line ---------------------------------------------------------------------- */

/* Bytes that may be added. */
static size_t room(const struct editor *e, uint32_t bytes_max)
{
	size_t limit = bytes_max < LINE_BYTES_LIMIT ? bytes_max : LINE_BYTES_LIMIT;

	return e->line.len < limit ? limit - e->line.len : 0;
}

/* Where the cursor is for all but text. What was typed may be joined with what follows, so that it would
 * be inside a grapheme; but the characters of a flag or an emoji that is put before another one have to
 * come together first. */
static size_t cursor_whole(const struct editor *e)
{
	return grapheme_ceil(e->line.data, e->line.len, e->cursor);
}

static void insert(struct editor *e, const char *text, size_t len)
{
	cleared_insert(&e->line, e->cursor, text, len);
	e->cursor += len;
}

static void erase(struct editor *e, size_t from, size_t to)
{
	cleared_remove(&e->line, from, to);
	e->cursor = from;
}

static void walk_end(struct editor *e)
{
	cleared_release(&e->walk.begun);
	e->walk.back = 0;
}

/* The line that is returned, as a whole: it stays where it is in memory. */
static const char *give_line(struct editor *e, size_t *len)
{
	*len = e->line.len;
	cleared_move(&e->taken, &e->line);
	e->cursor = 0;
	walk_end(e);
	return e->taken.data != NULL ? e->taken.data : "";
}

static void drop(struct editor *e)
{
	e->enter_left |= e->said > 0;
	if (e->given)
		cleared_move(&e->taken, &e->line);
	cleared_release(&e->line);
	cleared_release(&e->pasted.text);
	walk_end(e);
	e->given = false;
	e->said = e->cursor = 0;
	e->lines = 0;
	e->pasted.dropped = true;
}

void editor_taken(struct editor *e)
{
	cleared_release(&e->taken);
	if (e->given)
		explicit_bzero(e->line.data, e->said);
	e->given = false;
}

void editor_clear(struct editor *e)
{
	drop(e);
	e->kill.joins = false;
}

void editor_hide(struct editor *e, bool hidden)
{
	if (hidden == e->hidden)
		return;
	e->hidden = hidden;
	editor_clear(e);
	cleared_release(&e->kill.text);
}

void editor_latin1(struct editor *e, bool latin1)
{
	e->keys.latin1 = latin1;
}

void editor_free(struct editor *e)
{
	if (e == NULL)
		return;
	drop(e);
	cleared_release(&e->taken);
	cleared_release(&e->kill.text);
	recall_release(&e->walk.lines);
	explicit_bzero(e, sizeof *e);
	free(e);
}

/* -- a held paste ------------------------------------------------------------------ */

static uint32_t count_lines(const char *text, size_t len)
{
	uint32_t lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += text[i] != '\n' && (i == 0 || text[i - 1] == '\n');
	return lines;
}

static void summarize(struct editor *e)
{
	bool one = e->lines == 1;

	snprintf(e->summary, sizeof e->summary, "%u line%s pasted: Enter sends %s, ctrl-C drops %s", e->lines,
	         one ? "" : "s", one ? "it" : "them", one ? "it" : "them");
}

/* The paste becomes part of what is held, or of the line, which is held then. */
static void hold(struct editor *e, struct cleared *paste)
{
	size_t at = e->cursor, len = e->line.len;

	if (e->lines == 0) {
		e->before = at;
		e->behind = len - at;
	} else if (e->said > 0) {
		e->before = 0; /* it was said */
	}
	/* What follows the cursor is a part of the last line, so no more than that was said. */
	if (at > e->said)
		cleared_insert(paste, 0, e->line.data + e->said, at - e->said);
	e->cursor = paste->len;
	if (len > at)
		cleared_insert(paste, paste->len, e->line.data + at, len - at);
	e->said = 0;
	cleared_move(&e->line, paste);
	e->lines = count_lines(e->line.data, e->line.len);
	summarize(e);
	walk_end(e);
}

/* The paste's next line. True: there are more. */
static bool say(struct editor *e, const char **text, size_t *len)
{
	char *begin = e->line.data + e->said, *end;

	while (*begin == '\n')
		begin++;
	end = strchrnul(begin, '\n');
	*text = begin;
	*len = (size_t)(end - begin);
	e->said = (size_t)(end - e->line.data) + (*end == '\n');
	*end = '\0';
	if (--e->lines > 0) {
		e->given = true;
		summarize(e);
		return true;
	}
	e->said = 0;
	give_line(e, &(size_t){0});
	return false;
}

/* Drops what was pasted, and leaves what was typed. */
static void let_go(struct editor *e)
{
	size_t behind = e->behind;

	cleared_remove(&e->line, e->before, e->line.len - behind);
	e->cursor = e->before;
	e->lines = 0;
	/* And another paste that has not ended. */
	cleared_release(&e->pasted.text);
	e->pasted.dropped = true;
}

/* -- a paste that comes ------------------------------------------------------------- */

static void paste_add(struct editor *e, const char *text, size_t len)
{
	struct pasted *p = &e->pasted;

	p->too_long |= p->text.len + len > PASTE_BYTES_MAX;
	if (p->too_long || p->dropped)
		cleared_release(&p->text);
	else
		cleared_insert(&p->text, p->text.len, text, len);
}

static void paste_text(struct editor *e, const char *text, size_t len)
{
	struct pasted *p = &e->pasted;

	if (e->hidden && !p->in_line && p->lines > 0)
		return;
	p->lines += !p->in_line;
	p->in_line = true;
	paste_add(e, text, len);
}

static void paste_enter(struct editor *e)
{
	struct pasted *p = &e->pasted;

	p->in_line = false;
	if (!e->hidden && (p->text.len == 0 || p->text.data[p->text.len - 1] != '\n'))
		paste_add(e, "\n", 1);
}

static enum editor_result paste_end(struct editor *e, uint32_t bytes_max)
{
	struct cleared paste = {0};
	struct pasted p = e->pasted;
	enum editor_result result = EDITOR_MORE;

	cleared_move(&paste, &e->pasted.text);
	if (p.dropped || p.lines == 0) {
		cleared_release(&paste);
		return EDITOR_MORE;
	}
	if (p.lines > 1 || e->lines > 0) {
		if (p.too_long || e->line.len + paste.len > PASTE_BYTES_MAX)
			result = EDITOR_PASTE_TOO_LONG;
		else
			hold(e, &paste);
	} else {
		/* Line ends before and behind it are not meant: they come with a line that is marked as a
		 * whole. */
		if (!p.too_long && paste.data[0] == '\n')
			cleared_remove(&paste, 0, 1);
		if (!p.too_long && paste.data[paste.len - 1] == '\n')
			cleared_remove(&paste, paste.len - 1, paste.len);
		if (p.too_long || paste.len > room(e, bytes_max))
			result = EDITOR_FULL;
		else
			insert(e, paste.data, paste.len);
	}
	cleared_release(&paste);
	return result;
}

/* -- keys -------------------------------------------------------------------------- */

/* Adds what is typed, as far as it fits; what does not is passed over. Leaves *in, which is behind the
 * text, before what may fit again. */
static enum editor_result type(struct editor *e, const char *text, size_t len, uint32_t bytes_max,
                               const char **in)
{
	size_t left = room(e, bytes_max), fits = len < left ? len : left, next, n;

	while (fits < len && fits > 0 && ((unsigned char)text[fits] & 0xC0) == 0x80)
		fits--;
	insert(e, text, fits);
	if (fits == len)
		return EDITOR_MORE;
	left -= fits;
	for (next = fits; next < len && (n = cp_bytes((unsigned char)text[next])) > left; next += n)
		;
	*in -= len - next;
	return EDITOR_FULL;
}

/* Cuts out what is from `from` to `to`, on one side of the cursor. */
static void cut(struct editor *e, size_t from, size_t to)
{
	struct cleared *text = &e->kill.text;
	bool forward = from == e->cursor;

	if (from == to)
		return;
	if (!e->hidden) {
		if (!e->kill.joins)
			cleared_release(text);
		cleared_insert(text, forward ? text->len : 0, e->line.data + from, to - from);
		e->kill.joins = true;
	}
	erase(e, from, to);
}

static enum editor_result yank(struct editor *e, uint32_t bytes_max)
{
	if (e->kill.text.len > room(e, bytes_max))
		return EDITOR_FULL;
	insert(e, e->kill.text.data, e->kill.text.len);
	return EDITOR_MORE;
}

static void reverse(char *from, char *to)
{
	while (from < to) {
		char c = *from;

		*from++ = *--to;
		*to = c;
	}
}

/* Exchanges the graphemes around the cursor, or at the end the last two. */
static void transpose(struct editor *e)
{
	char *s = e->line.data;
	size_t len = e->line.len, begin, middle, end;

	middle = e->cursor < len ? e->cursor : grapheme_begin(s, len, len);
	if (middle == 0)
		return;
	begin = grapheme_begin(s, len, middle);
	end = grapheme_end(s, len, middle);
	reverse(s + begin, s + middle);
	reverse(s + middle, s + end);
	reverse(s + begin, s + end);
	e->cursor = end;
}

/* The line becomes the one so many back in the history, or what was begun before. */
static void recall(struct editor *e, uint32_t back)
{
	struct walk *w = &e->walk;
	const char *text;
	size_t len;

	if (e->hidden || back > w->lines.count)
		return;
	if (back == 0) {
		cleared_move(&e->line, &w->begun);
	} else {
		if (w->back == 0)
			cleared_move(&w->begun, &e->line);
		cleared_release(&e->line);
		text = recall_line(&w->lines, back, &len);
		cleared_insert(&e->line, 0, text, len);
	}
	w->back = back;
	e->cursor = e->line.len;
}

void editor_remember(struct editor *e, const char *text, size_t len)
{
	struct walk *w = &e->walk;

	if (e->hidden || !recall_add(&w->lines, text, len) || w->back == 0)
		return;
	/* The line shown may have made room: then it is behind the oldest. */
	w->back = w->back < w->lines.count ? w->back + 1 : w->lines.count + 1;
}

/* A key that moves the cursor or changes the line. */
static enum editor_result edit(struct editor *e, enum key key, uint32_t bytes_max)
{
	const char *s = e->line.data;
	size_t len = e->line.len, at = e->cursor;

	switch (key) {
	case KEY_LEFT:
		e->cursor = grapheme_begin(s, len, at);
		break;
	case KEY_RIGHT:
		e->cursor = grapheme_end(s, len, at);
		break;
	case KEY_HOME:
		e->cursor = 0;
		break;
	case KEY_END:
		e->cursor = len;
		break;
	case KEY_WORD_LEFT:
		e->cursor = grapheme_word_begin(s, len, at);
		break;
	case KEY_WORD_RIGHT:
		e->cursor = grapheme_word_end(s, len, at);
		break;
	case KEY_BACKSPACE:
		erase(e, grapheme_begin(s, len, at), at);
		break;
	case KEY_DELETE:
	case KEY_EOF:
		erase(e, at, grapheme_end(s, len, at));
		break;
	case KEY_WORD_DELETE:
		cut(e, at, grapheme_word_end(s, len, at));
		break;
	case KEY_WORD_RUBOUT:
		cut(e, grapheme_blank_begin(s, len, at), at);
		break;
	case KEY_KILL:
		cut(e, at, len);
		break;
	case KEY_RUBOUT:
		cut(e, 0, at);
		break;
	case KEY_YANK:
		return yank(e, bytes_max);
	case KEY_TRANSPOSE:
		transpose(e);
		break;
	case KEY_UP:
		recall(e, e->walk.back + 1);
		break;
	case KEY_DOWN:
		if (e->walk.back > 0)
			recall(e, e->walk.back - 1);
		break;
	default:
		break;
	}
	return EDITOR_MORE;
}

static bool key_cuts(enum key key)
{
	return key == KEY_KILL || key == KEY_RUBOUT || key == KEY_WORD_DELETE || key == KEY_WORD_RUBOUT;
}

/* Of a paste that comes. */
static enum editor_result take_pasted(struct editor *e, enum key key, const char *text, size_t len)
{
	if (key == KEY_TEXT)
		paste_text(e, text, len);
	else if (key == KEY_ENTER)
		paste_enter(e);
	return EDITOR_MORE;
}

/* A key that is not of a paste. EDITOR_MORE: go on. *in is behind it. */
static enum editor_result take_key(struct editor *e, enum key key, uint32_t bytes_max, const char **in,
                                   const char **text, size_t *len)
{
	bool held = e->lines > 0;

	if (key != KEY_TEXT)
		e->cursor = cursor_whole(e);
	if (!key_cuts(key))
		e->kill.joins = false;
	e->tabs = key == KEY_TAB && !e->hidden && !held ? e->tabs + 1 : 0;
	switch (key) {
	case KEY_INTERRUPT:
		/* Unless part of it is said: then what was typed before it is. */
		if (held && e->said == 0 && e->before + e->behind > 0) {
			let_go(e);
			return EDITOR_MORE;
		}
		editor_clear(e);
		return EDITOR_INTERRUPT;
	case KEY_REDRAW:
		return EDITOR_REDRAW;
	case KEY_PASTE_BEGIN:
		e->pasted = (struct pasted){0};
		return EDITOR_MORE;
	case KEY_PASTE_END:
		return paste_end(e, bytes_max);
	default:
		break;
	}
	if (held)
		return EDITOR_MORE;
	switch (key) {
	case KEY_TEXT:
		return type(e, *text, *len, bytes_max, in);
	case KEY_ENTER:
		*text = give_line(e, len);
		return EDITOR_LINE;
	case KEY_TAB:
		return e->hidden ? EDITOR_MORE : EDITOR_TAB;
	case KEY_EOF:
		if (e->line.len == 0)
			return EDITOR_EOF;
		return edit(e, key, bytes_max);
	default:
		return edit(e, key, bytes_max);
	}
}

enum editor_result editor_take(struct editor *e, const char **in, const char *end, uint32_t bytes_max,
                               int64_t now_ms, const char **text, size_t *len)
{
	enum editor_result result = EDITOR_MORE;

	editor_taken(e);
	while (result == EDITOR_MORE) {
		struct keys before = e->keys;
		const char *begin = *in;
		enum key key = keys_next(&e->keys, in, end, now_ms, text, len);

		if (key == KEY_MORE)
			break;
		if (e->enter_left) {
			e->enter_left = false;
			if (key == KEY_ENTER)
				continue;
		}
		if (e->keys.paste && key != KEY_PASTE_BEGIN) {
			result = take_pasted(e, key, *text, *len);
		} else if (key == KEY_ENTER && e->lines > 0) {
			result = EDITOR_LINE;
			if (say(e, text, len)) {
				/* However late it comes again, it is this Enter. */
				e->keys = before;
				e->keys.since_ms = INT64_MAX;
				*in = begin;
			}
		} else {
			result = take_key(e, key, bytes_max, in, text, len);
		}
	}
	if (result != EDITOR_LINE) {
		*text = NULL;
		*len = 0;
	}
	return result;
}

/* -- what others see of it ---------------------------------------------------------- */

const char *editor_text(const struct editor *e, size_t *len, size_t *cursor)
{
	*len = e->line.len - e->said;
	*cursor = e->said > 0 ? 0 : cursor_whole(e);
	return e->line.data != NULL ? e->line.data + e->said : "";
}

const char *editor_shown(const struct editor *e, size_t *len, size_t *cursor)
{
	*len = *cursor = 0;
	if (e->hidden)
		return "";
	if (e->lines == 0)
		return editor_text(e, len, cursor);
	*len = *cursor = strlen(e->summary);
	return e->summary;
}

bool editor_begun(const struct editor *e)
{
	return e->line.len > 0 || e->pasted.text.len > 0;
}

unsigned editor_tabs(const struct editor *e)
{
	return e->tabs;
}

bool editor_replace(struct editor *e, size_t from, size_t to, const char *text, size_t len,
                    uint32_t bytes_max)
{
	assert(from <= to && to <= e->line.len);
	if (e->lines > 0 || (len > to - from && len - (to - from) > room(e, bytes_max)))
		return false;
	e->kill.joins = false;
	cleared_remove(&e->line, from, to);
	cleared_insert(&e->line, from, text, len);
	e->cursor = from + len;
	return true;
}
