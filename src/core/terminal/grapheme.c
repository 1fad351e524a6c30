/*
 * Graphemes and words of a line. Owns nothing.
 *
 * Whether a grapheme ends between two code points depends on what is before them only for emoji with
 * joiners and for flags (GB11 to GB13). So a position is found from the last one before it where none of
 * this can be, which is nearly always one code point away.
 */
#include "chatd/core/terminal/grapheme.h"

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/codepoint.h"

enum {
	CP_ZWJ = 0x200D,
	FLAG_BYTES = 4,         /* of a regional indicator; two are a flag */
};

enum kind { KIND_BLANK, KIND_LETTER, KIND_OTHER };

static int32_t cp_at(const char *s, size_t len, size_t at, size_t *n)
{
	return cp_decode((const unsigned char *)s + at, (const unsigned char *)s + len, n);
}

/* Where the code point before `at` begins; at > 0. */
static size_t before(const char *s, size_t at)
{
	do
		at--;
	while (at > 0 && ((unsigned char)s[at] & 0xC0) == 0x80);
	return at;
}

static bool is_flag(int32_t cp)
{
	return cp_within(cp, 0x1F1E6, 0x1F1FF);
}

/* Where the regional indicators begin that end with the one at `at`. */
static size_t flags_begin(const char *s, size_t at)
{
	size_t n;

	while (at >= FLAG_BYTES && is_flag(cp_at(s, at, at - FLAG_BYTES, &n)))
		at -= FLAG_BYTES;
	return at;
}

/* The last position before `at` where a grapheme begins whatever is before; or one that is just as far back
 * as grapheme_end goes, which then leads to `at` again. at > 0. */
static size_t safe(const char *s, size_t len, size_t at)
{
	size_t n, a_at, b_at = before(s, at);
	int32_t a, b = cp_at(s, len, b_at, &n);

	for (int i = 1; i < GRAPHEME_LONG && b_at > 0; i++) {
		int32_t state = 0;

		a_at = before(s, b_at);
		a = cp_at(s, len, a_at, &n);
		if (is_flag(a) && is_flag(b)) {
			size_t first = flags_begin(s, a_at);

			b_at -= (b_at - first) % (2 * FLAG_BYTES);
			if (b_at > first)
				break;
			b = a;
			continue;
		}
		if ((a < 0x80 && b < 0x80) || (a != CP_ZWJ && cp_parts(a, b, &state)))
			break;
		b = a;
		b_at = a_at;
	}
	return b_at;
}

size_t grapheme_end(const char *s, size_t len, size_t at)
{
	int32_t a, b, state = 0;
	size_t n;

	if (at == len)
		return len;
	a = cp_at(s, len, at, &n);
	at += n;
	for (int i = 1; i < GRAPHEME_LONG && at < len; i++, at += n, a = b) {
		b = cp_at(s, len, at, &n);
		if ((a < 0x80 && b < 0x80) || cp_parts(a, b, &state))
			break;
	}
	return at;
}

size_t grapheme_begin(const char *s, size_t len, size_t at)
{
	size_t begin, end;

	if (at == 0)
		return 0;
	begin = safe(s, len, at);
	while ((end = grapheme_end(s, len, begin)) < at)
		begin = end;
	return begin;
}

size_t grapheme_ceil(const char *s, size_t len, size_t at)
{
	size_t end = at;

	if (at == 0 || at == len)
		return at;
	for (end = safe(s, len, at); end < at;)
		end = grapheme_end(s, len, end);
	return end;
}

size_t grapheme_floor(const char *s, size_t len, size_t at)
{
	if (at == 0 || grapheme_ceil(s, len, at) == at)
		return at;
	return grapheme_begin(s, len, at);
}

static enum kind kind_of(int32_t cp)
{
	if (cp_is_blank(cp))
		return KIND_BLANK;
	return cp >= 0x80 || cp_within(cp, '0', '9') || cp_within(cp | 0x20, 'a', 'z') ? KIND_LETTER :
	                                                                                KIND_OTHER;
}

/* Back over what is of that kind, or over all that is not, but not too far. What belongs
 * to a letter counts as one. */
static size_t back_over(const char *s, size_t len, size_t at, enum kind kind, bool is)
{
	size_t n, p;

	for (int i = 0; i < GRAPHEME_WORD_LONG && at > 0; i++, at = p) {
		p = before(s, at);
		if ((kind_of(cp_at(s, len, p, &n)) == kind) != is)
			break;
	}
	return at;
}

static size_t on_over(const char *s, size_t len, size_t at, enum kind kind, bool is)
{
	size_t n;

	for (int i = 0; i < GRAPHEME_WORD_LONG && at < len; i++, at += n)
		if ((kind_of(cp_at(s, len, at, &n)) == kind) != is)
			break;
	return at;
}

size_t grapheme_word_begin(const char *s, size_t len, size_t at)
{
	at = back_over(s, len, at, KIND_LETTER, false);
	return grapheme_floor(s, len, back_over(s, len, at, KIND_LETTER, true));
}

size_t grapheme_word_end(const char *s, size_t len, size_t at)
{
	at = on_over(s, len, at, KIND_LETTER, false);
	return grapheme_ceil(s, len, on_over(s, len, at, KIND_LETTER, true));
}

size_t grapheme_blank_begin(const char *s, size_t len, size_t at)
{
	at = back_over(s, len, at, KIND_BLANK, true);
	return grapheme_floor(s, len, back_over(s, len, at, KIND_BLANK, false));
}
