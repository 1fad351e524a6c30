/*
 * Code points: decoding them from UTF-8, and classifying them.
 */
#ifndef CHATD_BASE_CODEPOINT_H
#define CHATD_BASE_CODEPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CP_ILL = -1 };  /* no code point: ill-formed bytes, or the end */

/*
 * The code point at s, with its length in bytes in *n; or CP_ILL, with the length of the maximal
 * ill-formed subpart, for which one U+FFFD stands. At the end: CP_ILL and 0.
 */
int32_t cp_decode(const unsigned char *s, const unsigned char *end, size_t *n);

static inline bool cp_within(int32_t cp, int32_t first, int32_t last)
{
	return cp >= first && cp <= last;
}

/* Bytes of a code point in UTF-8, by the first of them; 0: it begins none. */
static inline size_t cp_bytes(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xC2 || lead > 0xF4)
		return 0;
	return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* It is blank, or, without being blank, cannot be seen: cp_blank_columns and cp_is_hidden for
 * callers that have no entry of utf8proc. */
bool cp_is_blank(int32_t cp);
bool cp_is_unseen(int32_t cp);

struct utf8proc_property_struct;

/* p is utf8proc's entry for cp. */

/* An emoji, even one newer than utf8proc's Unicode: their blocks are reserved. */
bool cp_is_pict(int32_t cp, const struct utf8proc_property_struct *p);
/* It has an effect without being visible, or is not assigned. */
bool cp_is_hidden(int32_t cp, const struct utf8proc_property_struct *p);

/* The columns that a blank takes on a terminal; 0: it is not blank. */
int cp_blank_columns(int32_t cp, const struct utf8proc_property_struct *p);
/* It takes no column, because it is drawn onto the character before it: marks, and the vowels and
 * finals of Hangul written letter by letter. */
bool cp_joins_before(int32_t cp, const struct utf8proc_property_struct *p);

/* The emoji variation selector, or a skin tone. */
bool cp_is_styling(int32_t cp);
bool cp_is_selector(int32_t cp);
bool cp_is_ideograph(int32_t cp);
/* The group of scripts whose spelling needs joiners between its letters; 0: none. */
int cp_joined_script(int32_t cp);

/* A grapheme ends between a and b (UAX #29). *state is 0 if a begins one, and is carried from pair
 * to pair. */
bool cp_parts(int32_t a, int32_t b, int32_t *state);

/* The code point at s is a combining mark. */
bool cp_begins_mark(const char *s, const char *end);

#endif
