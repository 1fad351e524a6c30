/*
 * UTF-8 from strangers, made safe to show.
 *
 * Decides what a reader's terminal gets to see. Keeps nothing between calls, and uses only
 * utf8proc's tables (Unicode 15); code points that they do not know yet pass, because next year's
 * emoji are among them.
 */
#include "chatd/base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/codepoint.h"
#include "chatd/base/columns.h"

#define BYTES_OF(b) (UINT64_C(0x0101010101010101) * (b))

enum {
	CP_ZWNJ = 0x200C,
	CP_ZWJ = 0x200D,
	CP_FLAG = 0x1F3F4,      /* waving black flag, which tags turn into a region's */
	CP_TAG_END = 0xE007F,
	MARKS_MAX = 8,          /* marks on one letter that pass: no spelling has more, and a stack
	                         * of them is drawn over the lines above and below */
	BLANKS_MAX = 32,        /* columns of blanks in a row that pass: more could put what follows
	                         * at the start of a line on the reader's terminal, where it would
	                         * look like chatd's own messages */
	TAGS_MAX = 7,           /* the longest id of a subdivision, UTS 35, 3.6.5; more would be an
	                         * invisible text */
};

/* What comes just before, as far as it matters to a joiner. */
enum pict {
	PICT_NO,
	PICT_BARE,              /* an emoji */
	PICT_STYLED,            /* an emoji and its selector or skin tone */
};

struct scan {
	const unsigned char *in; /* the next byte to read */
	const unsigned char *end;
	char *out;               /* where the next byte goes */
	int32_t prev;            /* the code point before, if it passed unchanged; 0 if not */
	enum pict pict;
	int marks;               /* combining marks just before, in a row */
	bool blanks;             /* there may be too many blanks in a row */
};

static bool is_nonspacing(utf8proc_propval_t category)
{
	return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME;
}

static int blank_columns(int32_t cp)
{
	if (cp < 0x80)
		return cp == ' ';
	return cp_blank_columns(cp, utf8proc_get_property(cp));
}

/* A variation selector needs something before it that it can vary. In ASCII that is only what
 * keycaps are made of, and not the characters at which commands are split, after which the selector
 * would be left alone. */
static bool selector_passes(const struct scan *s, int32_t cp)
{
	utf8proc_propval_t c;

	if (cp >= 0xE0100)
		return cp_is_ideograph(s->prev);
	if (s->prev < 0x80 && s->prev != '#' && s->prev != '*' && !cp_within(s->prev, '0', '9'))
		return false;
	c = utf8proc_get_property(s->prev)->category;
	if (is_nonspacing(c))
		return false;
	return c != UTF8PROC_CATEGORY_CF && blank_columns(s->prev) == 0;
}

static bool joiner_passes(const struct scan *s, int32_t cp, const unsigned char *after)
{
	size_t n;
	int32_t next = cp_decode(after, s->end, &n);
	int script;

	if (next == CP_ILL)
		return false;
	if (cp == CP_ZWJ && s->pict != PICT_NO && cp_is_pict(next, utf8proc_get_property(next)))
		return true;
	script = cp_joined_script(s->prev);
	return script != 0 && script == cp_joined_script(next);
}

static void put(struct scan *s, const void *p, size_t n)
{
	memcpy(s->out, p, n);
	s->out += n;
}

/* Four to six digits, as Unicode writes code points. */
static void put_name(struct scan *s, int32_t cp)
{
	int shift = cp > 0xFFFFF ? 20 : cp > 0xFFFF ? 16 : 12;

	put(s, "<U+", 3);
	for (; shift >= 0; shift -= 4)
		*s->out++ = "0123456789ABCDEF"[cp >> shift & 0xF];
	*s->out++ = '>';
}

/*
 * Copies printable ASCII, which is most of a chat, as far as it goes: eight bytes at a time. A
 * byte's top bit in the test says that it is over 0x7F, under 0x20, or DEL; it may be set wrongly
 * only above one that is, so a word without any is clean. A word that is not clean is written all
 * the same, and then overwritten: there is room, as dst has four bytes for each one left. If there
 * are more than BLANKS_MAX blanks in a row, three words in a row are all blanks.
 */
static void copy_ascii(struct scan *s)
{
	const unsigned char *in = s->in, *const begin = in, *const end = s->end;
	char *out = s->out;
	int blank = 0;
	uint64_t w;

	while (end - in >= 8) {
		memcpy(&w, in, 8);
		memcpy(out, &w, 8);
		if ((w | (w - BYTES_OF(0x20)) | (w + BYTES_OF(1))) & BYTES_OF(0x80))
			break;
		if (w != BYTES_OF(0x20))
			blank = 0;
		else if (++blank == BLANKS_MAX / 8 - 1)
			s->blanks = true;
		in += 8;
		out += 8;
	}
	while (in < end && *in >= 0x20 && *in < 0x7F)
		*out++ = (char)*in++;
	if (in > begin) {
		s->prev = in[-1];
		s->pict = PICT_NO;
		s->marks = 0;
	}
	s->in = in;
	s->out = out;
}

/* Tags after a flag pass as a whole or not at all: digits and small letters, and their end. */
static void copy_tags(struct scan *s)
{
	const unsigned char *p = s->in;
	size_t n, tags;
	int32_t cp;

	for (tags = 0; tags <= TAGS_MAX; tags++) {
		cp = cp_decode(p, s->end, &n);
		p += n;
		if (cp == CP_TAG_END && tags > 0) {
			put(s, s->in, (size_t)(p - s->in));
			s->in = p;
			s->prev = CP_TAG_END;
			s->pict = PICT_NO;
			return;
		}
		if (!cp_within(cp, 0xE0030, 0xE0039) && !cp_within(cp, 0xE0061, 0xE007A))
			return;
	}
}

static void put_control(struct scan *s, unsigned char c)
{
	char shown[2] = { '^', (char)(c ^ 0x40) };

	if (c == '\t')
		put(s, "    ", 4);
	else
		put(s, shown, 2);
	s->blanks |= c == '\t';
}

static bool mark_is_too_many(struct scan *s, utf8proc_propval_t category)
{
	if (!is_nonspacing(category)) {
		s->marks = 0;
		return false;
	}
	return ++s->marks > MARKS_MAX;
}

/* One character that is not printable ASCII. */
static void step(struct scan *s)
{
	const unsigned char *at = s->in;
	const utf8proc_property_t *p;
	enum pict pict = PICT_NO;
	bool passes = true;
	size_t n;
	int32_t cp;

	cp = cp_decode(at, s->end, &n);
	s->in += n;
	if (cp == CP_ILL) {
		put(s, "\xEF\xBF\xBD", 3);
		passes = false;
	} else if (cp < 0x80) {
		put_control(s, (unsigned char)cp);
		passes = false;
	} else {
		p = utf8proc_get_property(cp);
		if (cp_is_selector(cp))
			passes = selector_passes(s, cp);
		else if (cp == CP_ZWJ || cp == CP_ZWNJ)
			passes = joiner_passes(s, cp, s->in);
		else
			passes = !cp_is_hidden(cp, p) && !mark_is_too_many(s, p->category);
		if (passes)
			put(s, at, n);
		else
			put_name(s, cp);
		s->blanks |= passes && (cp_blank_columns(cp, p) != 0 ||
		                        (cp_joins_before(cp, p) && blank_columns(s->prev) != 0));
		if (passes && cp_is_styling(cp))
			pict = s->pict == PICT_BARE ? PICT_STYLED : PICT_NO;
		else if (passes && cp_is_pict(cp, p))
			pict = PICT_BARE;
	}
	s->prev = passes ? cp : 0;
	s->pict = pict;
	if (passes && cp == CP_FLAG)
		copy_tags(s);
}

/* The columns of the blanks in a row at s, with their bytes in *n. Marks drawn onto blanks, which
 * are often invisible, do not end the row. */
static size_t blanks_at(const unsigned char *s, const unsigned char *end, size_t *n)
{
	size_t columns = 0, len;
	int width;
	int32_t cp;

	for (*n = 0; s + *n < end; *n += len) {
		cp = cp_decode(s + *n, end, &len);
		width = blank_columns(cp);
		if (width == 0 && (columns == 0 || !cp_joins_before(cp, utf8proc_get_property(cp))))
			break;
		columns += (size_t)width;
	}
	return columns;
}

/* Replaces too many blanks in a row by their number, except at the end, where they push nothing
 * away. Works in place, as the words are shorter. Returns the length. */
static size_t name_blanks(char *text, size_t len)
{
	const unsigned char *in = (unsigned char *)text, *end = in + len;
	size_t columns, n;
	char *out = text;

	while (in < end) {
		if (*in > 0x20 && *in < 0x80) {
			*out++ = (char)*in++;
			continue;
		}
		columns = blanks_at(in, end, &n);
		if (columns > BLANKS_MAX && in + n < end) {
			out += sprintf(out, "<%zu spaces>", columns);
			in += n;
			continue;
		}
		if (n == 0)
			cp_decode(in, end, &n);
		memmove(out, in, n);
		out += n;
		in += n;
	}
	*out = '\0';
	return (size_t)(out - text);
}

size_t text_sanitize(char *dst, const char *src, size_t len)
{
	struct scan s = {
		.in = (const unsigned char *)src,
		.end = (const unsigned char *)src + len,
		.out = dst,
	};

	while (s.in < s.end) {
		copy_ascii(&s);
		if (s.in < s.end)
			step(&s);
	}
	*s.out = '\0';
	len = (size_t)(s.out - dst);
	return s.blanks ? name_blanks(dst, len) : len;
}

size_t text_chars(const char *s, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xC0) != 0x80;
	return n;
}

size_t text_prefix(const char *s, size_t len, size_t n)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (((unsigned char)s[i] & 0xC0) != 0x80 && n-- == 0)
			return text_whole(s, i);
	return len;
}

size_t text_fit(const char *s, size_t len, size_t columns)
{
	size_t fits = text_fit_columns(s, len, columns, NULL);

	return fits == len ? len : text_whole(s, fits);
}

/* The last code point of s, which begins at *at; CP_ILL: there is only part of one. */
static int32_t cp_last(const char *s, size_t len, size_t *at)
{
	size_t i = len - 1, n;
	int32_t cp;

	while (i > 0 && len - i < 4 && ((unsigned char)s[i] & 0xC0) == 0x80)
		i--;
	cp = cp_decode((const unsigned char *)s + i, (const unsigned char *)s + len, &n);
	*at = i;
	return i + n == len ? cp : CP_ILL;
}

size_t text_whole(const char *s, size_t len)
{
	size_t at, tags;
	int32_t cp;

	while (len > 0 && ((cp = cp_last(s, len, &at)) == CP_ILL || cp == CP_ZWJ || cp == CP_ZWNJ))
		len = at;
	for (tags = len; tags > 0; tags = at) {
		cp = cp_last(s, tags, &at);
		if (!cp_within(cp, 0xE0030, 0xE007A))
			break;
	}
	return tags;
}

bool text_is_shown(const char *s, size_t len)
{
	size_t plain = 0, blanks = 0;
	char *shown;
	bool same;

	for (; plain < len && s[plain] >= 0x20 && s[plain] < 0x7F && blanks <= BLANKS_MAX; plain++)
		blanks = s[plain] == ' ' ? blanks + 1 : 0;
	if (plain == len)
		return true;
	shown = mem_alloc(len * TEXT_EXPANSION + 1);
	same = text_sanitize(shown, s, len) == len && memcmp(shown, s, len) == 0;
	free(shown);
	return same;
}

char *text_shown(const char *s, size_t bytes_max)
{
	size_t len = strnlen(s, bytes_max), n;
	char *shown = mem_alloc(len * TEXT_EXPANSION + 1);

	/* The rest is not looked at, although a row of blanks becomes shorter. */
	n = text_sanitize(shown, s, len);
	shown[n <= bytes_max ? n : text_whole(shown, bytes_max)] = '\0';
	return shown;
}

char *text_form(const char *text, enum text_form form)
{
	enum {
		STABLE = UTF8PROC_NULLTERM | UTF8PROC_STABLE,
		BARE = STABLE | UTF8PROC_COMPAT | UTF8PROC_IGNORE | UTF8PROC_STRIPMARK,
	};
	static const int options[] = {
		[FORM_BARE] = BARE | UTF8PROC_DECOMPOSE,
		[FORM_BARE_FOLDED] = BARE | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD,
		[FORM_NAME] = STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_IGNORE |
		              UTF8PROC_CASEFOLD,
		[FORM_PASSWORD] = STABLE | UTF8PROC_COMPOSE,
	};
	utf8proc_uint8_t *out = NULL;
	utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)text, 0, &out,
	                                  (utf8proc_option_t)options[form]);

	/* Any substitute could let a name, a word or a password pass, or refuse all. */
	if (n == UTF8PROC_ERROR_NOMEM)
		mem_fail();
	return n < 0 ? NULL : (char *)out;
}
