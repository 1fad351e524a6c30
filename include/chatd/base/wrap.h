/*
 * Text broken into rows that fit a terminal.
 */
#ifndef CHATD_BASE_WRAP_H
#define CHATD_BASE_WRAP_H

#include <stddef.h>

enum {
	WRAP_COLUMNS = 78,   /* of a row in all, so that it fits a terminal of 80 */
	WRAP_INDENT_MAX = 6, /* of the rows that follow the first */
};

/*
 * How many of the len bytes of sanitized text (with a NUL behind it) a row of so many columns takes
 * (more than WRAP_INDENT_MAX): all of them, or as many words as fit, one at least: a longer word is
 * left whole, as is a stamp ("[2026-11-24 20:14:05]"). It ends sooner, but not in its first third,
 *   - at the last two blanks: they divide the fields of a list;
 *   - at the last end of a clause, if all that follows then fits into one more row, which would
 *     otherwise be an odd word or two, and if the row does not end with a sentence anyway.
 */
size_t wrap_row(const char *text, size_t len, size_t columns);

#endif
