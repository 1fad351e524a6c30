/*
 * Which names people may have, and which to suggest in place of one that they cannot. A name must be
 * one (name.h), not belong to an account or look like one that does, have no forbidden word, and not
 * be in use.
 */
#ifndef CHATD_CORE_ENTRY_NAMING_H
#define CHATD_CORE_ENTRY_NAMING_H

#include <stdbool.h>

#include "chatd/base/bounds.h"

struct chat;
struct session;

/* A free name close to what was typed, into out. If that is taken, or looks like a registered name, a
 * number follows that makes it look different. */
void session_name_suggest(const struct chat *c, const char *typed, char out[NAME_BYTES_MAX + 1],
                          char key[NAME_KEY_BYTES_MAX + 1]);

/* True, and key is filled, if s may use the name; otherwise why not, a sentence without its full stop. */
bool session_name_is_free(const struct chat *c, const struct session *s, const char *nick,
                          char key[NAME_KEY_BYTES_MAX + 1], char problem[NAME_PROBLEM_BYTES_MAX]);

/* Checks a name that s wants: true, and key is filled, if s may use it. Otherwise tells s why not, and
 * which names it could take. */
bool session_may_be_named(struct chat *c, struct session *s, const char *nick, char *key);

#endif
