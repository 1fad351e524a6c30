/*
 * Names of people and rooms: what is allowed, and when two are the same.
 */
#ifndef CHATD_CORE_NAME_H
#define CHATD_CORE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "chatd/base/bounds.h"

enum name_kind { NAME_NICK, NAME_ROOM };

/*
 * Checks a name of len bytes and makes its key: the name under NFKC case folding
 * (Unicode 15, D147; utf8proc), NUL-terminated. Two names are the same exactly
 * if their keys are. Allowed: 1 to NICK_CHARS_MAX (ROOM_CHARS_MAX) code points,
 * letters and digits of any script (with their combining marks, at most
 * NAME_MARKS_MAX in a row, none at the start) and _ - . | ^; not only
 * punctuation; no mixture of Latin, Greek and Cyrillic letters, which look alike;
 * for a nick none that is reserved, also with signs round it, nor what commands would take
 * for a flag or an address. False: why is a sentence
 * without its end ("a nick has no spaces"), fit to be shown: it never repeats
 * unneutralised input.
 */
bool name_check(enum name_kind kind, const char *name, size_t len,
                char key[NAME_KEY_BYTES_MAX + 1], char *why, size_t why_size);

/* What was a name once, under rules that may have changed, may go on being one: it has 1 to bytes_max
 * bytes and no blank, and is fit to be shown. */
bool name_kept(const char *name, size_t bytes_max);

/*
 * Makes of anything a name that name_check allows, close to what was typed:
 * "mary ann!" becomes "mary_ann". "guest" (or "room") if nothing is left, or
 * nothing that may be used. At most max_chars code points, so that a number
 * can be put behind it.
 */
void name_mend(enum name_kind kind, const char *typed, size_t len, size_t max_chars,
               char out[NAME_BYTES_MAX + 1]);

#endif
