/*
 * Code points: out of UTF-8, and what kind of one each is. For text.h.
 */
#ifndef CHATD_BASE_CODEPOINT_H
#define CHATD_BASE_CODEPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CP_ILL = -1 };  /* no code point: an ill-formed part, or the end */

/*
 * The code point at s and its bytes in *n; or CP_ILL, and in *n the maximal
 * subpart that one U+FFFD stands for. At the end: CP_ILL and 0.
 */
int32_t cp_decode(const unsigned char *s, const unsigned char *end, size_t *n);

static inline bool cp_within(int32_t cp, int32_t first, int32_t last)
{
	return cp >= first && cp <= last;
}

struct utf8proc_property_struct;

/* p is utf8proc's entry for cp. */

/* An emoji, also one that utf8proc's Unicode does not have yet: their block is reserved. */
bool cp_is_pict(int32_t cp, const struct utf8proc_property_struct *p);
/* It does something without being seen, or is none at all. */
bool cp_is_hidden(int32_t cp, const struct utf8proc_property_struct *p);

/* Columns that it takes on a terminal without anything to be seen there; 0: it is no blank. */
int cp_blank_columns(int32_t cp, const struct utf8proc_property_struct *p);
/* It takes no column: it is drawn onto what stands before it. Marks, and vowels and finals of
 * Hangul that is written letter by letter. */
bool cp_joins_before(int32_t cp, const struct utf8proc_property_struct *p);

/* The emoji's own selector, or a skin tone. */
bool cp_is_styling(int32_t cp);
bool cp_is_selector(int32_t cp);
bool cp_is_ideograph(int32_t cp);
/* The group of scripts whose spelling needs joiners between its letters; 0: none. */
int cp_joined_script(int32_t cp);

/* A grapheme ends between the two (UAX #29). *state is 0 where the first begins one, and goes on with
 * each pair. */
bool cp_parts(int32_t a, int32_t b, int32_t *state);

/* A mark begins at s. */
bool cp_begins_mark(const char *s, const char *end);

#endif
