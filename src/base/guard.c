/* Makes text safe in place. Owns nothing; uses only its own tables, because it is below everything
 * that has others. */

#include "chatd/base/guard.h"

#include <string.h>

enum { MARKS_MAX = 8 }; /* on one character, as in text.c */

struct range {
	uint32_t first, last;
};

/* Unicode 15: categories Cc, Cf, Zl, Zp, other default-ignorable code points, and ranges reserved
 * for more of these. */
static const struct range hidden[] = {
	{0x00, 0x1F}, {0x7F, 0x9F}, {0xAD, 0xAD}, {0x34F, 0x34F}, {0x600, 0x605}, {0x61C, 0x61C},
	{0x6DD, 0x6DD}, {0x70F, 0x70F}, {0x890, 0x891}, {0x8E2, 0x8E2}, {0x115F, 0x1160},
	{0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},
	{0x3164, 0x3164}, {0xFDD0, 0xFDEF}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB},
	{0x110BD, 0x110BD}, {0x110CD, 0x110CD}, {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3},
	{0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

/* The blocks of marks that can be on any letter, and so can be stacked. */
static const struct range marks[] = {
	{0x300, 0x36F}, {0x483, 0x489}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF},
	{0xFE20, 0xFE2F},
};

/* The length of the code point at s, which goes into *cp; 0: there is none. */
static size_t decode(const unsigned char *s, size_t left, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 :
	           s[0] < 0xF5 ? 4 : 0;

	if (n == 0 || n > left)
		return 0;
	*cp = n == 1 ? s[0] : s[0] & (0x7Fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xC0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3F);
	}
	return *cp < least[n] || *cp > 0x10FFFF || (*cp >= 0xD800 && *cp <= 0xDFFF) ? 0 : n;
}

static bool among(const struct range *ranges, size_t n, uint32_t cp)
{
	for (size_t i = 0; i < n; i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last)
			return true;
	return false;
}

bool guard_hides(uint32_t cp)
{
	return (cp & 0xFFFE) == 0xFFFE || among(hidden, sizeof hidden / sizeof hidden[0], cp);
}

void guard_text(char *s, size_t len)
{
	size_t n;
	int stack = 0;

	for (size_t i = 0; i < len; i += n) {
		uint32_t cp = 0;

		n = decode((const unsigned char *)s + i, len - i, &cp);
		stack = among(marks, sizeof marks / sizeof marks[0], cp) ? stack + 1 : 0;
		if (n > 0 && !guard_hides(cp) && stack <= MARKS_MAX)
			continue;
		n += n == 0;
		memset(s + i, '?', n);
	}
}
