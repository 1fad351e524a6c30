/* Text for terminals whose charset is ISO 8859-1. Owns nothing. */
#include "chatd/core/terminal/latin1.h"

#include <stdint.h>

#include "chatd/base/codepoint.h"
#include "chatd/base/columns.h"

char latin1_of(const char *grapheme, size_t len)
{
	const unsigned char *s = (const unsigned char *)grapheme;
	size_t n;
	int32_t cp = cp_decode(s, s + len, &n);

	/* The soft hyphen is a hyphen on some terminals, and nothing on others. */
	if (cp_within(cp, 0x20, 0x7E) || (cp_within(cp, 0xA0, 0xFF) && cp != 0xAD))
		return (char)cp;
	return '?';
}

size_t latin1_write(char *dst, const char *text, size_t len)
{
	size_t n = 0, at = 0, bytes, columns;

	while (at < len) {
		unsigned char a = (unsigned char)text[at], b = at + 1 < len ? (unsigned char)text[at + 1] : 0;

		/* Without looking for marks: those that follow will stand alone, and have no
		 * columns. */
		if (a < 0x80) {
			dst[n++] = (char)a;
			at++;
		} else if (a == 0xC3 && (b & 0xC0) == 0x80) {
			dst[n++] = (char)(b | 0x40);
			at += 2;
		} else {
			bytes = text_grapheme(text + at, len - at, &columns);
			if (columns > 0)
				dst[n++] = latin1_of(text + at, bytes);
			at += bytes;
		}
	}
	return n;
}
