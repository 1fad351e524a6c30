/*
 * What may reach a reader's terminal, decided independently: by ICU's tables and not by those of
 * src/base/text.c, which is what this is held against.
 *
 * Text is valid UTF-8 without control characters but the ends of lines; nothing in it is hidden
 * (general category Cf, Zl, Zp, default ignorable code points, noncharacters) but what scripts and
 * emoji need in their places: a joiner between two characters beyond ASCII, a variation selector
 * behind what it varies, the tags of a region's flag. So many marks stand on one character at the most.
 */
#ifndef CHATD_TESTS_SHOWN_H
#define CHATD_TESTS_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <unicode/uchar.h>

enum {
	SHOWN_MARKS_MAX = 8,    /* docs/protocol.md */
	SHOWN_TAGS_MAX = 7,
	SHOWN_FLAG = 0x1F3F4,
	SHOWN_TAG_END = 0xE007F,
};

/* Code point at p, its bytes in *n; -1: ill-formed (Unicode 15, table 3-7). */
static inline int32_t shown_decode(const unsigned char *p, size_t left, size_t *n)
{
	static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	int32_t cp;

	*n = p[0] < 0x80 ? 1 : p[0] < 0xC0 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF8 ? 4 : 0;
	if (*n == 0 || *n > left)
		return -1;
	if (*n == 1)
		return p[0];
	cp = p[0] & (0x7F >> *n);
	for (size_t i = 1; i < *n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return -1;
		cp = cp << 6 | (p[i] & 0x3F);
	}
	return cp < least[*n] || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF) ? -1 : cp;
}

/* What stood before. */
struct shown {
	int32_t before;  /* 0: the line's beginning */
	int marks;       /* in a row */
	int tags;        /* since a flag; -1: there is none */
};

static inline bool shown_is_selector(int32_t cp)
{
	return (cp >= 0xFE00 && cp <= 0xFE0F) || (cp >= 0xE0100 && cp <= 0xE01EF);
}

/* NULL: cp may stand here, with next behind it (0: nothing). */
static inline const char *shown_char(struct shown *s, int32_t cp, int32_t next)
{
	int8_t type = u_charType(cp);
	bool mark = type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK;

	if (cp < 0x20 || cp == 0x7F)
		return "a control character";
	if (type == U_CONTROL_CHAR)
		return "a C1 control";
	if (s->tags >= 0 && (cp == SHOWN_TAG_END || (cp >= 0xE0030 && cp <= 0xE0039) ||
	                     (cp >= 0xE0061 && cp <= 0xE007A))) {
		s->tags = cp == SHOWN_TAG_END ? -1 : s->tags + 1;
		return s->tags > SHOWN_TAGS_MAX ? "more tags than a region has" : NULL;
	}
	if (s->tags > 0)
		return "tags without an end";
	if (cp == 0x200C || cp == 0x200D)
		return s->before >= 0x80 && next >= 0x80 && s->before != 0x200C && s->before != 0x200D
			? NULL : "a joiner with nothing to join";
	if (shown_is_selector(cp))
		return s->before > 0x20 && !u_hasBinaryProperty(s->before, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)
			? NULL : "a selector with nothing to vary";
	if (type == U_FORMAT_CHAR || type == U_LINE_SEPARATOR || type == U_PARAGRAPH_SEPARATOR)
		return "a format character";
	if (u_hasBinaryProperty(cp, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
		return "an ignorable character";
	if ((cp & 0xFFFE) == 0xFFFE || (cp >= 0xFDD0 && cp <= 0xFDEF))
		return "a noncharacter";
	s->marks = mark ? s->marks + 1 : 0;
	return s->marks > SHOWN_MARKS_MAX ? "a stack of marks" : NULL;
}

/*
 * What is wrong with text that goes to a terminal, and at which byte; NULL: nothing. Lines end
 * with LF, or with CR LF.
 */
static inline const char *shown_problem(const char *text, size_t len, size_t *at)
{
	const unsigned char *p = (const unsigned char *)text;
	struct shown s = {.tags = -1};
	size_t n, m;

	for (*at = 0; *at < len; *at += n) {
		int32_t cp = shown_decode(p + *at, len - *at, &n);
		int32_t next = *at + n < len ? shown_decode(p + *at + n, len - *at - n, &m) : 0;
		const char *why;

		if (cp < 0)
			return "ill-formed UTF-8";
		if (cp == '\n' || (cp == '\r' && next == '\n')) {
			if (s.tags > 0)
				return "tags without an end";
			s = (struct shown){.tags = -1};
			continue;
		}
		why = shown_char(&s, cp, next);
		if (why != NULL)
			return why;
		s.before = cp;
		if (cp == SHOWN_FLAG)
			s.tags = 0;
		else if (s.tags == 0)
			s.tags = -1;
	}
	return s.tags > 0 ? "tags without an end" : NULL;
}

/* Says on stderr what is wrong, with what stands round it in hexadecimal. */
static inline void shown_tell(const char *where, const char *why, const char *text, size_t len,
                              size_t at)
{
	size_t from = at > 24 ? at - 24 : 0, to = at + 24 < len ? at + 24 : len;

	fprintf(stderr, "%s: %s at byte %zu of %zu:", where, why, at, len);
	for (size_t i = from; i < to; i++)
		fprintf(stderr, text[i] > ' ' && text[i] < 0x7F ? "%s%c" : "%s%02x", i == at ? " >" : " ",
		        (unsigned char)text[i]);
	fprintf(stderr, "\n");
}

#endif
