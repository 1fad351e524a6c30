/*
 * How wide text is on a terminal, by what people take for one character: graphemes (UAX #29).
 *
 * Text is sanitized UTF-8 (text.h), but any bytes are safe: what is not UTF-8 counts as the U+FFFD
 * that would be shown for it, and each ASCII byte is one column.
 */
#ifndef CHATD_BASE_COLUMNS_H
#define CHATD_BASE_COLUMNS_H

#include <stddef.h>

/* The columns of a grapheme are 0 to 2, but up to this in scripts whose signs have a place of their
 * own. More of them than any word is spelt with count as further graphemes. */
enum { GRAPHEME_COLUMNS_MAX = 4 };

/* The bytes of the grapheme that s begins with, with its columns; 0 and 0 at the end. */
size_t text_grapheme(const char *s, size_t len, size_t *columns);

/* Columns of all of it. */
size_t text_columns(const char *s, size_t len);

/* Bytes of the graphemes that fit into so many columns; in *used, unless it is NULL, the columns
 * that they take. */
size_t text_fit_columns(const char *s, size_t len, size_t columns, size_t *used);

#endif
