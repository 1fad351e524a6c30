/* Fingerprints as text. Owns nothing. */

#include "chatd/base/fingerprint.h"

#include <ctype.h>
#include <string.h>

char *fingerprint_show(const struct fingerprint *f, char text[FINGERPRINT_TEXT_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < FINGERPRINT_BYTES; i++) {
		text[2 * i] = digits[f->sha256[i] >> 4];
		text[2 * i + 1] = digits[f->sha256[i] & 15];
	}
	text[FINGERPRINT_TEXT_BYTES - 1] = '\0';
	return text;
}

int fingerprint_digits(const char *text)
{
	int n = 0;

	for (; *text != '\0'; text++) {
		/* Colons stand between bytes, or after the last one that was copied. */
		if (*text == ':' && n > 0 && n % 2 == 0 && text[-1] != ':')
			continue;
		if (!isxdigit((unsigned char)*text) || ++n >= FINGERPRINT_TEXT_BYTES)
			return 0;
	}
	return n;
}

static int next_digit(const char **text)
{
	int c;

	while (**text == ':')
		++*text;
	c = tolower((unsigned char)*(*text)++);
	return isdigit(c) ? c - '0' : c - 'a' + 10;
}

bool fingerprint_parse(const char *text, struct fingerprint *f)
{
	if (fingerprint_digits(text) != 2 * FINGERPRINT_BYTES)
		return false;
	for (int i = 0; i < FINGERPRINT_BYTES; i++) {
		int high = next_digit(&text);

		f->sha256[i] = (uint8_t)(high << 4 | next_digit(&text));
	}
	return true;
}

bool fingerprint_begins(const struct fingerprint *f, const char *text)
{
	int n = fingerprint_digits(text);

	for (int i = 0; i < n; i++)
		if (next_digit(&text) != (i % 2 == 0 ? f->sha256[i / 2] >> 4 : f->sha256[i / 2] & 15))
			return false;
	return n > 0;
}
