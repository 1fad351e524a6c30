/*
 * Framing: bytes in any pieces to lines.
 *
 * Owns one connection's unfinished line. What is held says all:
 *   partial  len   means
 *   NULL     0     nothing is held
 *   set      > 0   the line so far
 *   set      0     a line that was handed out (or erased): freed at the next call
 *   NULL     > 0   the line is too long; its bytes are counted and dropped, and
 *                  that stays so until it ends, also when the limit is raised
 * A CR at the end of the input is not counted yet: it may belong to the line's
 * end. So the lines are the same however the input is cut.
 */
#include "chatd/core/line.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"

enum {
	LINE_WINDOW = 256,      /* bytes searched at once for a line's end. Searching all of the
	                         * input for an LF would be quadratic where CR NUL ends lines */
	KEY_INTERRUPT = 0x03,
	KEY_END = 0x04,
	KEY_BS = 0x08,
	KEY_KILL = 0x15,
	KEY_DEL = 0x7F,
};

static void line_drop(struct line *l)
{
	/* It may have been a password. */
	if (l->partial)
		explicit_bzero(l->partial, LINE_BYTES_LIMIT + 1);
	free(l->partial);
	l->partial = NULL;
}

static bool line_is_dropped(const struct line *l)
{
	return !l->partial && l->len > 0;
}

/* Keeps n more bytes of the line, or only counts them. */
static void line_keep(struct line *l, const char *p, size_t n, uint32_t bytes_max)
{
	if (n == 0)
		return;
	if (line_is_dropped(l) || l->len + n > bytes_max) {
		line_drop(l);
	} else {
		if (!l->partial)
			l->partial = mem_alloc(LINE_BYTES_LIMIT + 1);
		memcpy(l->partial + l->len, p, n);
	}
	l->len += n;
}

/* The line ends; n bytes of it are at p, not kept yet. */
static enum line_result line_finish(struct line *l, const char *p, size_t n, uint32_t bytes_max,
                                    const char **text, uint64_t *len)
{
	*len = l->len + n;
	*text = NULL;
	l->cr = false;
	if (line_is_dropped(l) || *len > bytes_max) {
		line_drop(l);
		l->len = 0;
		return LINE_TOO_LONG;
	}
	if (l->len > 0) {
		line_keep(l, p, n, bytes_max);
		p = l->partial;
	}
	*text = p;
	l->len = 0;
	return LINE_READY;
}

/* Takes the last character back. Of a line that is too long there is none to take. */
static void line_erase(struct line *l)
{
	uint64_t n;

	if (!l->partial || l->len == 0)
		return;
	for (n = 1; n < 4 && n < l->len; n++)
		if (((unsigned char)l->partial[l->len - n] & 0xC0) != 0x80)
			break;
	/* Not one character but stray bytes: they were not typed as one either. */
	if (((unsigned char)l->partial[l->len - n] & 0xC0) != 0xC0)
		n = 1;
	l->len -= n;
}

/* The first byte from p that is not simply text; or end. */
static const char *line_find(const char *p, const char *end, bool edit)
{
	const char *lf, *cr;
	size_t n;

	if (edit) {
		while (p < end && *p != '\n' && *p != '\r' && *p != KEY_INTERRUPT &&
		       *p != KEY_END && *p != KEY_BS && *p != KEY_KILL && *p != KEY_DEL)
			p++;
		return p;
	}
	for (; p < end; p += n) {
		n = end - p < LINE_WINDOW ? (size_t)(end - p) : LINE_WINDOW;
		lf = memchr(p, '\n', n);
		cr = memchr(p, '\r', lf ? (size_t)(lf - p) : n);
		if (cr || lf)
			return cr ? cr : lf;
	}
	return end;
}

/* A key that edits. The line so far is kept in l, all of it. */
static enum line_result line_edit(struct line *l, char key)
{
	switch (key) {
	case KEY_BS:
	case KEY_DEL:
		line_erase(l);
		return LINE_MORE;
	case KEY_END:
		/* What was typed before it is left for line_last. */
		return LINE_END;
	default:
		line_drop(l);
		l->len = 0;
		return key == KEY_INTERRUPT ? LINE_INTERRUPT : LINE_MORE;
	}
}

enum line_result line_next(struct line *l, const char **in, const char *end, uint32_t bytes_max,
                           bool edit, const char **text, uint64_t *len)
{
	const char *run = *in, *p = *in;  /* run to p: text that is neither kept nor used */
	enum line_result r;

	assert(bytes_max <= LINE_BYTES_LIMIT);
	*text = NULL;
	*len = 0;
	if (l->len == 0)
		line_drop(l);
	if (l->cr && p < end) {
		if (*p == '\n' || *p == '\0') {
			*in = p + 1;
			return line_finish(l, p, 0, bytes_max, text, len);
		}
		l->cr = false;
		line_keep(l, "\r", 1, bytes_max);
	}
	while ((p = line_find(p, end, edit)) < end) {
		if (*p == '\n') {
			*in = p + 1;
			return line_finish(l, run, (size_t)(p - run), bytes_max, text, len);
		}
		if (*p == '\r') {
			l->cr = p + 1 == end;
			if (l->cr)
				break;
			if (p[1] == '\n' || p[1] == '\0') {
				*in = p + 2;
				return line_finish(l, run, (size_t)(p - run), bytes_max, text, len);
			}
			p++;
			continue;
		}
		line_keep(l, run, (size_t)(p - run), bytes_max);
		run = p + 1;
		r = line_edit(l, *p++);
		if (r != LINE_MORE) {
			*in = p;
			return r;
		}
	}
	line_keep(l, run, (size_t)(p - run), bytes_max);
	*in = end;
	return LINE_MORE;
}

bool line_begun(const struct line *l)
{
	return l->len > 0;
}

enum line_result line_last(struct line *l, uint32_t bytes_max, const char **text, uint64_t *len)
{
	*text = NULL;
	*len = 0;
	/* A CR that waits was the first half of a line's end. */
	l->cr = false;
	if (l->len == 0) {
		line_drop(l);
		return LINE_MORE;
	}
	return line_finish(l, NULL, 0, bytes_max, text, len);
}

void line_release(struct line *l)
{
	line_drop(l);
	*l = (struct line){ 0 };
}
