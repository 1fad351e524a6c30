/*
 * Graphemes (UAX #29) and words of a line: the steps of a cursor.
 *
 * All positions are byte offsets of whole code points in valid UTF-8 without control characters. So that no
 * text makes a step expensive, a grapheme of more than GRAPHEME_LONG code points may be taken for
 * several, and so may a word of more than GRAPHEME_WORD_LONG.
 */
#ifndef CHATD_CORE_TERMINAL_GRAPHEME_H
#define CHATD_CORE_TERMINAL_GRAPHEME_H

#include <stddef.h>

enum {
	GRAPHEME_LONG = 20,       /* a family of four, each with a skin tone, has 11 */
	GRAPHEME_WORD_LONG = 256, /* an address is sometimes so long */
};

/* The end of the grapheme that begins at `at`; len at the end. */
size_t grapheme_end(const char *s, size_t len, size_t at);

/* The beginning of the grapheme before `at`, where one ends; 0 at the beginning. */
size_t grapheme_begin(const char *s, size_t len, size_t at);

/* The last end of a grapheme at or before `at`, and the first at or behind it. */
size_t grapheme_floor(const char *s, size_t len, size_t at);
size_t grapheme_ceil(const char *s, size_t len, size_t at);

/* Where the word before or at `at` begins, and where the one at or behind it ends: letters and digits,
 * of any script; all that is not ASCII and not blank counts as one. */
size_t grapheme_word_begin(const char *s, size_t len, size_t at);
size_t grapheme_word_end(const char *s, size_t len, size_t at);

/* Where what is not blank before `at` begins, and the blanks between them are passed. */
size_t grapheme_blank_begin(const char *s, size_t len, size_t at);

#endif
