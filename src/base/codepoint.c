/*
 * Code points: decoding them from UTF-8, and classifying them.
 *
 * Owns nothing. Ranges that utf8proc's tables (Unicode 15) do not have are listed here by number.
 */
#include "chatd/base/codepoint.h"

#include <utf8proc.h>

int32_t cp_decode(const unsigned char *s, const unsigned char *end, size_t *n)
{
	unsigned char low = 0x80, high = 0xBF;  /* of the second byte */
	size_t want, i;
	int32_t cp;

	*n = s < end;
	if (s == end)
		return CP_ILL;
	if (s[0] < 0x80)
		return s[0];
	want = cp_bytes(s[0]);
	if (want == 0)
		return CP_ILL;
	cp = s[0] & (0xFF >> (want + 1));
	/* Overlong forms, surrogates and code points beyond U+10FFFF all show in the second byte
	 * (Unicode 15, table 3-7). */
	if (s[0] == 0xE0)
		low = 0xA0;
	else if (s[0] == 0xED)
		high = 0x9F;
	else if (s[0] == 0xF0)
		low = 0x90;
	else if (s[0] == 0xF4)
		high = 0x8F;
	for (i = 1; i < want; i++) {
		*n = i;
		if (s + i == end || s[i] < low || s[i] > high)
			return CP_ILL;
		cp = cp << 6 | (s[i] & 0x3F);
		low = 0x80;
		high = 0xBF;
	}
	*n = want;
	return cp;
}

static bool category_is_mark_or_letter(utf8proc_propval_t c)
{
	return (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO) ||
	       c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC;
}

bool cp_is_pict(int32_t cp, const utf8proc_property_t *p)
{
	return p->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ||
	       (p->category == UTF8PROC_CATEGORY_CN && cp_within(cp, 0x1F000, 0x1FFFD));
}

int cp_blank_columns(int32_t cp, const utf8proc_property_t *p)
{
	/* Ideographic space; Braille without dots, and blank hieroglyphs and a blank note. */
	if (cp == 0x3000)
		return 2;
	return p->category == UTF8PROC_CATEGORY_ZS || cp == 0x2800 || cp == 0x13441 || cp == 0x13442 ||
	       cp == 0x1D159;
}

bool cp_joins_before(int32_t cp, const utf8proc_property_t *p)
{
	return p->category == UTF8PROC_CATEGORY_MN || p->category == UTF8PROC_CATEGORY_ME ||
	       cp_within(cp, 0x1160, 0x11FF) || cp_within(cp, 0xD7B0, 0xD7FB);
}

bool cp_is_styling(int32_t cp)
{
	return cp == 0xFE0F || cp_within(cp, 0x1F3FB, 0x1F3FF);
}

bool cp_is_selector(int32_t cp)
{
	return cp_within(cp, 0xFE00, 0xFE0F) || cp_within(cp, 0xE0100, 0xE01EF);
}

bool cp_is_ideograph(int32_t cp)
{
	return cp_within(cp, 0x3400, 0x4DBF) || cp_within(cp, 0x4E00, 0x9FFF) ||
	       cp_within(cp, 0xF900, 0xFAFF) || cp_within(cp, 0x20000, 0x3FFFD);
}

int cp_joined_script(int32_t cp)
{
	if (cp < 0x600 || !category_is_mark_or_letter(utf8proc_get_property(cp)->category))
		return 0;
	if (cp <= 0x7BF || cp_within(cp, 0x870, 0x8FF) || cp_within(cp, 0xFB50, 0xFDFF) ||
	    cp_within(cp, 0xFE70, 0xFEFC))
		return 1;
	return cp_within(cp, 0x900, 0xDFF) ? 2 : 0;
}

bool cp_is_hidden(int32_t cp, const utf8proc_property_t *p)
{
	switch (p->category) {
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return true;
	case UTF8PROC_CATEGORY_CN:
		/* Noncharacters, and code points reserved for invisible characters. */
		return (cp & 0xFFFE) == 0xFFFE || cp_within(cp, 0xFDD0, 0xFDEF) ||
		       cp == 0x2065 || cp_within(cp, 0xFFF0, 0xFFF8) ||
		       cp_within(cp, 0xE0000, 0xE0FFF);
	default:
		return p->ignorable;
	}
}

bool cp_is_blank(int32_t cp)
{
	return cp < 0x80 ? cp == ' ' : cp_blank_columns(cp, utf8proc_get_property(cp)) > 0;
}

bool cp_is_unseen(int32_t cp)
{
	return cp_is_hidden(cp, utf8proc_get_property(cp));
}

bool cp_parts(int32_t a, int32_t b, int32_t *state)
{
	return utf8proc_grapheme_break_stateful(a, b, state);
}

bool cp_begins_mark(const char *s, const char *end)
{
	size_t n;
	int32_t cp = cp_decode((const unsigned char *)s, (const unsigned char *)end, &n);
	utf8proc_category_t category = cp == CP_ILL ? UTF8PROC_CATEGORY_CN : utf8proc_category(cp);

	return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}
