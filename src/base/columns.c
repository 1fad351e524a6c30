/*
 * How wide text is on a terminal.
 *
 * Terminals agree on most characters, and differ on the rest: older ones (xterm, PuTTY) add up code
 * points, newer ones draw graphemes. What is counted here is what both show where they agree, and
 * otherwise the larger number where it decides whether text fits:
 *   - marks without a place of their own (Mn, Me) and format characters: 0
 *   - marks with one (Mc: vowel signs of Indic scripts): 1 each, as xterm, PuTTY and VTE have it
 *   - vowels and finals of Hangul that is written letter by letter: 0, as its first letter has 2
 *   - wide and fullwidth characters (UAX #11): 2; ambiguous ones and private use: 1
 *   - U+00AD, the soft hyphen: 1, as terminals show it
 *   - emoji: 2 if wide, or made an emoji by VS16, by a skin tone or by joining, keycaps too. VS15
 *     makes none narrower
 *   - flags: 2; one regional indicator alone: 1
 *   - emoji newer than utf8proc's Unicode: 2, as they will be.
 *
 * utf8proc is asked once what each code point is, for 256 of them at a time: a byte each, in tables
 * that are made when they are needed, and never change or are freed; all together have 1.1 MiB.
 */
#include "chatd/base/columns.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "chatd/base/bytes.h"
#include "chatd/base/codepoint.h"

enum {
	CP_VS16 = 0xFE0F,
	CP_KEYCAP = 0x20E3,
	PAGE = 256,             /* code points in one table */
	PAGES = 0x110000 / PAGE,
};

/* What a code point is where graphemes end (UAX #29, table 2). */
enum kind {
	KIND_OTHER,             /* ends one before and after it, but for those that join any */
	KIND_ENDS,              /* Control, CR, LF, and what is not UTF-8 */
	KIND_PREPEND,
	KIND_JOINS,             /* Extend, SpacingMark */
	KIND_ZWJ,
	KIND_FLAG,              /* Regional_Indicator */
	KIND_PICT,              /* Extended_Pictographic */
	KIND_L, KIND_V, KIND_T, KIND_LV, KIND_LVT, /* Hangul */
	KIND_BITS = 4,
};

/* A code point's byte: its kind, and above that its columns. */
#define SIGN(kind, columns) ((uint8_t)((kind) | (columns) << KIND_BITS))

static const uint8_t *_Atomic pages[PAGES];

static size_t columns_of(int32_t cp, const utf8proc_property_t *p)
{
	if (cp_joins_before(cp, p))
		return 0;
	switch (p->category) {
	case UTF8PROC_CATEGORY_MC:
		return 1;
	case UTF8PROC_CATEGORY_CF:
		return cp == 0xAD;
	case UTF8PROC_CATEGORY_CN:
		return cp_is_pict(cp, p) ? 2 : p->charwidth;
	default:
		return p->charwidth;
	}
}

static enum kind kind_of(const utf8proc_property_t *p)
{
	switch (p->boundclass) {
	case UTF8PROC_BOUNDCLASS_CR:
	case UTF8PROC_BOUNDCLASS_LF:
	case UTF8PROC_BOUNDCLASS_CONTROL:
		return KIND_ENDS;
	case UTF8PROC_BOUNDCLASS_EXTEND:
	case UTF8PROC_BOUNDCLASS_SPACINGMARK:
		return KIND_JOINS;
	case UTF8PROC_BOUNDCLASS_PREPEND:
		return KIND_PREPEND;
	case UTF8PROC_BOUNDCLASS_ZWJ:
		return KIND_ZWJ;
	case UTF8PROC_BOUNDCLASS_REGIONAL_INDICATOR:
		return KIND_FLAG;
	case UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC:
		return KIND_PICT;
	case UTF8PROC_BOUNDCLASS_L:
		return KIND_L;
	case UTF8PROC_BOUNDCLASS_V:
		return KIND_V;
	case UTF8PROC_BOUNDCLASS_T:
		return KIND_T;
	case UTF8PROC_BOUNDCLASS_LV:
		return KIND_LV;
	case UTF8PROC_BOUNDCLASS_LVT:
		return KIND_LVT;
	default:
		return KIND_OTHER;
	}
}

static const uint8_t *page_make(int32_t number)
{
	uint8_t *made = mem_alloc(PAGE);
	const uint8_t *other = NULL;

	for (int32_t i = 0; i < PAGE; i++) {
		int32_t cp = number * PAGE + i;
		const utf8proc_property_t *p = utf8proc_get_property(cp);

		made[i] = SIGN(kind_of(p), columns_of(cp, p));
	}
	/* Another thread may have been faster. */
	if (atomic_compare_exchange_strong(&pages[number], &other, made))
		return made;
	free(made);
	return other;
}

static inline uint8_t sign_of(int32_t cp)
{
	const uint8_t *page = atomic_load_explicit(&pages[cp / PAGE], memory_order_acquire);

	if (page == NULL)
		page = page_make(cp / PAGE);
	return page[cp % PAGE];
}

/* A walk through text, grapheme by grapheme. */
struct walk {
	const unsigned char *at, *end;
	int32_t cp;             /* the code point at `at` */
	size_t n;               /* its bytes; 0 at the end */
	enum kind kind;         /* its kind */
	size_t columns;         /* its columns */
};

/* Two and three bytes, which most of what is not ASCII has, without a call. */
static inline int32_t decode(const unsigned char *s, const unsigned char *end, size_t *n)
{
	if (end - s >= 2 && s[0] >= 0xC2 && s[0] < 0xE0 && (s[1] & 0xC0) == 0x80) {
		*n = 2;
		return (s[0] & 0x1F) << 6 | (s[1] & 0x3F);
	}
	if (end - s >= 3 && s[0] > 0xE0 && s[0] < 0xED && (s[1] & 0xC0) == 0x80 && (s[2] & 0xC0) == 0x80) {
		*n = 3;
		return (s[0] & 0xF) << 12 | (s[1] & 0x3F) << 6 | (s[2] & 0x3F);
	}
	return cp_decode(s, end, n);
}

static inline void walk_peek(struct walk *w)
{
	uint8_t sign = SIGN(KIND_OTHER, 1);

	if (w->at < w->end && *w->at < 0x80) {
		w->cp = *w->at;
		w->n = 1;
	} else {
		w->cp = decode(w->at, w->end, &w->n);
		sign = w->cp == CP_ILL ? SIGN(KIND_ENDS, 1) : sign_of(w->cp);
	}
	w->kind = sign & ((1 << KIND_BITS) - 1);
	w->columns = sign >> KIND_BITS;
}

/* What has been seen of a grapheme. */
struct seen {
	int32_t base;           /* its first code point */
	enum kind first, last;  /* the kinds of the first and the last */
	bool pair;              /* two regional indicators */
	bool emoji;             /* it is one, or a flag */
};

/* The grapheme ends before a code point of that kind. */
static bool ends_before(const struct seen *g, enum kind next)
{
	if (g->last == KIND_ENDS || next == KIND_ENDS)
		return true;
	if (next == KIND_JOINS || next == KIND_ZWJ || g->last == KIND_PREPEND)
		return false;
	switch (g->last) {
	case KIND_L:
		return next != KIND_L && next != KIND_V && next != KIND_LV && next != KIND_LVT;
	case KIND_LV:
	case KIND_V:
		return next != KIND_V && next != KIND_T;
	case KIND_LVT:
	case KIND_T:
		return next != KIND_T;
	case KIND_ZWJ:
		return next != KIND_PICT || g->first != KIND_PICT;
	case KIND_FLAG:
		return next != KIND_FLAG || g->pair;
	default:
		return true;
	}
}

static void see(struct seen *g, const struct walk *w)
{
	if (g->first == KIND_PREPEND && w->kind != KIND_JOINS && w->kind != KIND_ZWJ)
		g->first = w->kind; /* which is what it is made of, as far as joining goes */
	else if (w->kind == KIND_FLAG)
		g->pair = g->emoji = true;
	if (g->first == KIND_PICT)
		g->emoji |= cp_is_styling(w->cp) || w->kind == KIND_PICT;
	else if (g->base == '#' || g->base == '*' || cp_within(g->base, '0', '9'))
		g->emoji |= w->cp == CP_VS16 || w->cp == CP_KEYCAP;
	g->last = w->kind;
}

/* Steps over the rest of a grapheme that begins with that code point, and returns its columns. */
static size_t walk_rest(struct walk *w, int32_t base, enum kind kind, size_t columns)
{
	struct seen g = {.base = base, .first = kind, .last = kind};

	for (; w->n > 0; walk_peek(w)) {
		if ((w->kind == KIND_OTHER && g.last != KIND_PREPEND) || ends_before(&g, w->kind))
			break;
		see(&g, w);
		if (!g.emoji && columns + w->columns > GRAPHEME_COLUMNS_MAX)
			break;
		columns += w->columns;
		w->at += w->n;
	}
	return g.emoji ? 2 : columns;
}

/* Steps over a grapheme, and returns its columns. */
static inline size_t walk_step(struct walk *w)
{
	int32_t base = w->cp;
	enum kind kind = w->kind;
	size_t columns = w->columns;

	w->at += w->n;
	walk_peek(w);
	/* Most are one code point. */
	if (w->n == 0 || (w->kind == KIND_OTHER && kind != KIND_PREPEND))
		return columns;
	return walk_rest(w, base, kind, columns);
}

static inline struct walk walk_begin(const char *s, size_t len)
{
	struct walk w = {.at = (const unsigned char *)s, .end = (const unsigned char *)s + len};

	walk_peek(&w);
	return w;
}

size_t text_grapheme(const char *s, size_t len, size_t *columns)
{
	struct walk w;

	*columns = len > 0;
	if (len == 0 || ((unsigned char)s[0] < 0x80 && (len == 1 || (unsigned char)s[1] < 0x80)))
		return len > 0;
	w = walk_begin(s, len);
	*columns = walk_step(&w);
	return len - (size_t)(w.end - w.at);
}

/* How many bytes s begins with that are ASCII. */
static size_t ascii_bytes(const char *s, size_t len)
{
	size_t n = 0;
	uint64_t w;

	for (; len - n >= 8; n += 8) {
		memcpy(&w, s + n, 8);
		if (w & UINT64_C(0x8080808080808080))
			break;
	}
	while (n < len && (unsigned char)s[n] < 0x80)
		n++;
	return n;
}

/* Goes through what is not ASCII, or joined to some, as far as it fits into what is left of columns
 * after *sum, and adds its columns. Returns its bytes. */
static size_t fit_others(const char *s, size_t len, size_t columns, size_t *sum)
{
	struct walk w = walk_begin(s, len);
	const unsigned char *fits = w.at;
	size_t step;

	do {
		step = walk_step(&w);
		if (step > columns - *sum)
			break;
		*sum += step;
		fits = w.at;
	} while (w.n > 0 && (w.cp >= 0x80 || w.at + 1 == w.end || w.at[1] >= 0x80));
	return (size_t)(fits - (const unsigned char *)s);
}

size_t text_fit_columns(const char *s, size_t len, size_t columns, size_t *used)
{
	size_t at = 0, sum = 0, n, left;

	while (at < len) {
		left = len - at < columns - sum ? len - at : columns - sum;
		n = ascii_bytes(s + at, left);
		/* What follows the last may join it. */
		if (n > 0 && at + n < len && (unsigned char)s[at + n] >= 0x80)
			n--;
		at += n;
		sum += n;
		if (at == len)
			break;
		n = fit_others(s + at, len - at, columns, &sum);
		if (n == 0)
			break;
		at += n;
	}
	if (used != NULL)
		*used = sum;
	return at;
}

size_t text_columns(const char *s, size_t len)
{
	size_t used;

	text_fit_columns(s, len, SIZE_MAX, &used);
	return used;
}
