/*
 * Framing: splits bytes, which come in pieces of any size, into lines.
 *
 * Owns one connection's unfinished line. Its state follows from two fields:
 *   partial  len   means
 *   NULL     0     nothing is held
 *   set      > 0   the line so far
 *   set      0     a line that was returned (or erased): freed at the next call
 *   NULL     > 0   the line is too long: its bytes are counted and dropped until
 *                  it ends, even if the limit is raised in the meantime
 *
 * Until it is known how lines end, a CR ends a line at once, because clients that send CR alone
 * wait for the answer; what follows the CR then shows how lines end. Once they are known to end
 * with LF, CRs at the end of the input are not counted yet, because they may belong to the line's
 * end.
 */
#include "chatd/core/input/line.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/codepoint.h"

enum {
	LINE_WINDOW = 256,      /* bytes searched at once for a line's end. Searching all of the
	                         * input for an LF would be quadratic if lines end with CR NUL */
	ERASE_WINDOW = 64,      /* bytes before the end in which the last grapheme is searched for */
	CRS_MAX = 2,            /* most CRs that belong to the LF after them */
	KEY_INTERRUPT = 0x03,
	KEY_END = 0x04,
	KEY_BS = 0x08,
	KEY_KILL = 0x15,
	KEY_ESC = 0x1B,
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

/* The length of the text, of n > 0 bytes, without its last grapheme (UAX #29). */
static uint64_t erased(const char *text, uint64_t n)
{
	const unsigned char *s = (const unsigned char *)text, *end = s + n, *at = end - 1, *last;
	int32_t before = 0, cp, state = 0;
	size_t len;

	/* An ASCII character always begins a grapheme. */
	while (at > s && end - at < ERASE_WINDOW && *at >= 0x80)
		at--;
	for (int i = 0; i < 3 && at > s && (*at & 0xC0) == 0x80; i++)
		at--;
	for (last = at; at < end; at += len, before = cp) {
		cp = cp_decode(at, end, &len);
		if (before == 0 || before == CP_ILL || cp == CP_ILL ||
		    cp_parts(before, cp, &state)) {
			last = at;
			state = 0;
		}
	}
	return (uint64_t)(last - s);
}

/* Removes each BS and DEL from the text, and the grapheme that it erases. Returns the new
 * length. */
static uint64_t erase_all(char *text, uint64_t n)
{
	uint64_t out = 0;

	for (uint64_t i = 0; i < n; i++) {
		if (text[i] != KEY_BS && text[i] != KEY_DEL)
			text[out++] = text[i];
		else if (out > 0)
			out = erased(text, out);
	}
	return out;
}

/* Finishes the line; its last n bytes are at p and not kept yet. */
static enum line_result line_finish(struct line *l, const char *p, size_t n, uint32_t bytes_max,
                                    const char **text, uint64_t *len)
{
	*len = l->len + n;
	*text = NULL;
	l->crs = 0;
	if (line_is_dropped(l) || *len > bytes_max) {
		line_drop(l);
		l->len = 0;
		return LINE_TOO_LONG;
	}
	if (l->len > 0) {
		line_keep(l, p, n, bytes_max);
		p = l->partial;
	}
	if (*len > 0 && (memchr(p, KEY_BS, *len) || memchr(p, KEY_DEL, *len))) {
		if (l->len == 0)
			line_keep(l, p, n, bytes_max);
		p = l->partial;
		*len = erase_all(l->partial, *len);
	}
	*text = p;
	l->len = 0;
	return LINE_READY;
}

/* Erases the last grapheme, unless the line is too long and therefore was not kept. */
static void line_erase(struct line *l)
{
	if (l->partial && l->len > 0)
		l->len = erased(l->partial, l->len);
}

/* The first byte from p on that is not plain text; end if there is none. */
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

/* Handles an editing key. All of the line so far is kept in l. */
static enum line_result line_edit(struct line *l, char key)
{
	switch (key) {
	case KEY_BS:
	case KEY_DEL:
		line_erase(l);
		return LINE_MORE;
	case KEY_END:
		/* What was typed before ^D is left for line_last. */
		return LINE_END;
	default:
		line_drop(l);
		l->len = 0;
		return key == KEY_INTERRUPT ? LINE_INTERRUPT : LINE_MORE;
	}
}

/* A line was just taken: moves *p past one more byte, or two, if they still belong to its end.
 * True: they are a line of their own, an empty one. */
static bool line_after(struct line *l, const char **p, const char *end)
{
	enum line_after after = l->after;
	bool alone = l->apart && *p + 1 == end;

	l->after = AFTER_NONE;
	l->apart = false;
	if (after == AFTER_LF) {
		*p += **p == '\r';
		return false;
	}
	if (**p == '\n' || (after == AFTER_CR && **p == '\0')) {
		if (l->ends == ENDS_UNKNOWN)
			l->ends = ENDS_LF;
		++*p;
		return false;
	}
	if (after == AFTER_CR && (**p != '\r' || l->ends != ENDS_UNKNOWN)) {
		l->ends = ENDS_CR;
		return false;
	}
	/* A second CR: part of CR CR LF, or an empty line. If it was typed by itself, answer it at
	 * once. */
	if (after == AFTER_CR && alone) {
		++*p;
		l->after = AFTER_CR;
		l->apart = true;
		return true;
	}
	if (after == AFTER_CR && *p + 1 == end) {
		++*p;
		l->after = AFTER_CR_CR;
		return false;
	}
	if (after == AFTER_CR && (*p)[1] == '\n') {
		l->ends = ENDS_LF;
		*p += 2;
		return false;
	}
	l->ends = ENDS_CR;
	l->after = after == AFTER_CR_CR ? AFTER_CR : AFTER_NONE;
	return after == AFTER_CR_CR;
}

/* p is at a CR or LF that ends the line. Sets l->after, and takes whatever else of the line's end
 * is already there, so that it does not look like more input after the line. Returns where the next
 * line begins. */
static const char *line_end(struct line *l, const char *p, const char *end)
{
	bool lf = *p++ == '\n';
	const char *next = p;

	l->after = lf ? AFTER_LF : AFTER_CR;
	l->apart = p == end;
	if (lf && l->ends == ENDS_UNKNOWN)
		l->ends = ENDS_LF;
	/* An empty line is left to the next call. */
	if (p < end && !line_after(l, &next, end))
		return next;
	return p;
}

/* Handles CRs at p, perhaps after some that were held back, if lines end with LF. True: they end
 * the line, and *next is after its end. Otherwise *next is after the CRs: if the input ends there
 * they are held back, and if not they are text. */
static bool line_crs(struct line *l, const char *p, const char *end, const char **next)
{
	int n = l->crs;

	while (p < end && n < CRS_MAX && *p == '\r') {
		p++;
		n++;
	}
	*next = p;
	if (p == end) {
		l->crs = (uint8_t)n;
		return false;
	}
	if (*p != '\n' && *p != '\0')
		return false;
	*next = *p == '\n' ? line_end(l, p, end) : p + 1;
	return true;
}

void line_taken(struct line *l)
{
	if (l->len == 0)
		line_drop(l);
}

enum line_result line_next(struct line *l, const char **in, const char *end, uint32_t bytes_max,
                           bool edit, const char **text, uint64_t *len)
{
	const char *run, *p = *in, *next;  /* from run to p: text that is not kept yet */
	enum line_result r;

	assert(bytes_max <= LINE_BYTES_LIMIT);
	*text = NULL;
	*len = 0;
	line_taken(l);
	while (p < end && l->after != AFTER_NONE)
		if (line_after(l, &p, end)) {
			*in = p;
			return line_finish(l, p, 0, bytes_max, text, len);
		}
	run = p;
	if (l->crs > 0 && p < end) {
		if (line_crs(l, p, end, in))
			return line_finish(l, p, 0, bytes_max, text, len);
		p = *in;
		if (p == end)
			return LINE_MORE;
		for (; l->crs > 0; l->crs--)
			line_keep(l, "\r", 1, bytes_max);
	}
	while ((p = line_find(p, end, edit)) < end) {
		if (*p == '\n' || (*p == '\r' && l->ends != ENDS_LF)) {
			*in = line_end(l, p, end);
			return line_finish(l, run, (size_t)(p - run), bytes_max, text, len);
		}
		if (*p == '\r') {
			if (line_crs(l, p, end, &next)) {
				*in = next;
				return line_finish(l, run, (size_t)(p - run), bytes_max, text, len);
			}
			if (l->crs > 0)
				break;
			p = next;
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

bool line_is_keys(const char *text, uint64_t len)
{
	const char *p = text, *end = text + len;

	while (p < end) {
		if (*p++ != KEY_ESC || p == end)
			return false;
		if (*p == '[') {
			for (p++; p < end && *p >= ' ' && *p < '@';)
				p++;
		} else if (*p == 'O' && p + 1 < end) {
			p++;
		}
		if (p == end || *p < '@' || *p > '~')
			return false;
		p++;
	}
	return len > 0;
}

bool line_begun(const struct line *l)
{
	return l->len > 0;
}

enum line_result line_last(struct line *l, uint32_t bytes_max, const char **text, uint64_t *len)
{
	*text = NULL;
	*len = 0;
	/* CRs that were held back were the first part of a line's end. */
	l->crs = 0;
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
