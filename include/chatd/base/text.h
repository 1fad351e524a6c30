/*
 * UTF-8 from strangers, made safe to show.
 */
#ifndef CHATD_BASE_TEXT_H
#define CHATD_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes src to dst (at least len * TEXT_EXPANSION + 1 bytes) so that it cannot control a
 * terminal or deceive a reader, and returns the length; dst is NUL-terminated. What is valid and
 * harmless is copied unchanged.
 *   - bytes that are not UTF-8: U+FFFD for each maximal ill-formed part
 *     (Unicode 15, 3.9, "substitution of maximal subparts")
 *   - a tab: four spaces
 *   - more than 32 columns of blanks of any kind, with more text after them: their number,
 *     <37 spaces>
 *   - C0 and DEL: ^[ ^? and so on; C1, bidi controls, zero-width and other
 *     invisible characters (categories Cc, Cf, Zl, Zp; Hangul fillers): <U+202E>
 *   - combining marks beyond the eighth on one letter: <U+0301>
 *   - joiners and variation selectors inside an emoji, tags after U+1F3F4, and
 *     joiners between letters of the scripts that are spelt with them (Arabic,
 *     Indic: RFC 5892 A.1, A.2) pass.
 */
size_t text_sanitize(char *dst, const char *src, size_t len);

/* Code points in valid UTF-8. */
size_t text_chars(const char *s, size_t len);

/* Bytes of the first n code points of sanitized text (all, if it has fewer); less if that would cut
 * something in half (text_whole). */
size_t text_prefix(const char *s, size_t len, size_t n);

/* Bytes of sanitized text that fit into so many columns of a terminal (all, if it is narrower),
 * likewise. */
size_t text_fit(const char *s, size_t len, size_t columns);

/* How many of the first len bytes of sanitized text to keep so that they end with something whole:
 * no part of a character, no joiner that has lost what it joins, and no tags without their end. */
size_t text_whole(const char *s, size_t len);

/* True if text_sanitize would leave it unchanged. */
bool text_is_shown(const char *s, size_t len);

/* The text sanitized, and cut to at most bytes_max bytes, as a new string that the caller owns. For
 * text from where others may have written it. */
char *text_shown(const char *s, size_t bytes_max);

/* Forms in which texts are compared or kept (Unicode, UAX #15). */
enum text_form {
	FORM_BARE,        /* without accents */
	FORM_BARE_FOLDED, /* and without case */
	FORM_NAME,        /* NFKC, without case: names with the same form are one name */
	FORM_PASSWORD,    /* NFC: the same however a keyboard composes it */
};

/* The text in that form, which the caller frees. NULL: it is not UTF-8. */
char *text_form(const char *text, enum text_form form);

#endif
