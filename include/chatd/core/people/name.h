/*
 * Names of people and rooms: what is allowed, and when two are the same.
 */
#ifndef CHATD_CORE_PEOPLE_NAME_H
#define CHATD_CORE_PEOPLE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "chatd/base/bounds.h"

enum name_kind { NAME_NICK, NAME_ROOM };

/*
 * Checks whether a name of len bytes may be taken, and makes its key (name_key). Allowed: 1 to
 * NICK_CHARS_MAX (ROOM_CHARS_MAX) code points, letters and digits of the scripts of today (UTS 39's
 * recommended identifiers, and scripts of limited use) with their marks, at most NAME_MARKS_MAX on
 * one letter and NAME_ACCENTS_MAX of those that go on any letter, and _ - . | ^; not only
 * punctuation; of one script, beside which Latin may stand if it is Chinese, Japanese or Korean;
 * digits of one kind; not what commands would take for a flag, nor what a control character is
 * shown as; for a nick none that is or looks like a reserved one, also with signs round it, nor an
 * address. False: why is a sentence without its end ("a nick has no spaces"), fit to be shown: it
 * never repeats unsanitized input.
 */
bool name_check(enum name_kind kind, const char *name, size_t len,
                char key[NAME_KEY_BYTES_MAX + 1], char *why, size_t why_size);

/*
 * The key of what is or was a name: it under NFKC case folding (Unicode 15, D147; utf8proc),
 * NUL-terminated. Two names are the same exactly if their keys are. By it everything is found that
 * has a name, also one that nobody may take today: accounts and rooms outlive the rules. False: it
 * can be none (empty, too long, with a blank, no UTF-8), and key is "".
 */
bool name_key(const char *name, size_t len, char key[NAME_KEY_BYTES_MAX + 1]);
/* name is a spelling of the one with this key. */
bool name_is(const char *name, const char *key);

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
