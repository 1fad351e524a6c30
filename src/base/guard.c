/* Text made harmless where it stands. Owns nothing; knows no tables but its own, as it is below
 * everything that has some. */

#include "chatd/base/guard.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Unicode 15: categories Cc, Cf, Zl, Zp, what else is ignorable by default, but for variation
 * selectors, and what is reserved for more of these. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{0x00, 0x1F}, {0x7F, 0x9F}, {0xAD, 0xAD}, {0x34F, 0x34F}, {0x600, 0x605}, {0x61C, 0x61C},
	{0x6DD, 0x6DD}, {0x70F, 0x70F}, {0x890, 0x891}, {0x8E2, 0x8E2}, {0x115F, 0x1160},
	{0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},
	{0x3164, 0x3164}, {0xFDD0, 0xFDEF}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB},
	{0x110BD, 0x110BD}, {0x110CD, 0x110CD}, {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3},
	{0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

/* Bytes of the code point at s, and it in *cp; 0: there is none. */
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

static bool is_hidden(uint32_t cp)
{
	if ((cp & 0xFFFE) == 0xFFFE)
		return true;
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
		if (cp >= hidden[i].first && cp <= hidden[i].last)
			return true;
	return false;
}

void guard_text(char *s, size_t len)
{
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		uint32_t cp = 0;

		n = decode((const unsigned char *)s + i, len - i, &cp);
		if (n > 0 && !is_hidden(cp))
			continue;
		n += n == 0;
		memset(s + i, '?', n);
	}
}
