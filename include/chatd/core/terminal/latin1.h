/*
 * Text for terminals whose charset is ISO 8859-1: there a byte is a column.
 */
#ifndef CHATD_CORE_TERMINAL_LATIN1_H
#define CHATD_CORE_TERMINAL_LATIN1_H

#include <stddef.h>

/* The character for a grapheme: its letter without the marks on it, or '?' if the charset has none.
 * Never a control character. */
char latin1_of(const char *grapheme, size_t len);

/* Writes UTF-8 text to dst, which has room for as many bytes, and returns how many there are. */
size_t latin1_write(char *dst, const char *text, size_t len);

#endif
