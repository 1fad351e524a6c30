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
 * NICK_CHARS_MAX (ROOM_CHARS_MAX) code points, letters and digits of scripts in use today (UTS 39's
 * recommended identifiers, and scripts of limited use) with their marks, at most NAME_MARKS_MAX on
 * one letter and NAME_ACCENTS_MAX of those that can go on any letter, and _ - . | ^; not only
 * punctuation; of one script, or Latin with Chinese, Japanese or Korean; digits of one kind; not what
 * commands would take for a flag, nor what a control character is shown as. A nick must not be or look
 * like a reserved one, even with punctuation around it, nor be an address. False: why is a sentence
 * without its end ("a name cannot have spaces; use _ instead"), fit to be shown: it never repeats
 * unsanitized input.
 */
bool name_check(enum name_kind kind, const char *name, size_t len,
                char key[NAME_KEY_BYTES_MAX + 1], char *why, size_t why_size);

/*
 * The key of a name, current or former: its NFKC case folding (Unicode 15, D147; utf8proc),
 * NUL-terminated. Two names are the same exactly if their keys are equal. Everything with a name is
 * found by its key, even if today's rules would refuse the name. False: it cannot be one (empty, too
 * long, with a blank, not UTF-8); key is "" then.
 */
bool name_key(const char *name, size_t len, char key[NAME_KEY_BYTES_MAX + 1]);
/* name is a spelling of the one with this key. */
bool name_is(const char *name, const char *key);

/*
 * The next piece of text, from *at on, that may be a name: a run of the characters that names can have,
 * with at least one letter or digit. Returns its length and sets *at to where it begins; 0: there is
 * none. Without a case or form of its own: text may be a key. Names that today's rules refuse may be cut
 * in pieces.
 */
size_t name_next(const char *text, size_t len, size_t *at);
/* How many of the len bytes at the beginning (at the end) of such a piece are signs, which may be
 * punctuation. */
size_t name_signs_before(const char *piece, size_t len);
size_t name_signs_behind(const char *piece, size_t len);

/* Whether a name that was allowed once, perhaps under other rules, may stay in use: it has 1 to
 * bytes_max bytes and no blank, and is fit to be shown. */
bool name_kept(const char *name, size_t bytes_max);

/*
 * Turns any text into a name that name_check allows, close to what was typed: "mary ann!" becomes
 * "mary_ann". "guest" (or "room") if nothing is left, or nothing that may be used. At most max_chars
 * code points, so that a number can be appended.
 */
void name_mend(enum name_kind kind, const char *typed, size_t len, size_t max_chars,
               char out[NAME_BYTES_MAX + 1]);

#endif
