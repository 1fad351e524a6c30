/*
 * Which name somebody may have, and what to suggest in place of one that cannot be had: whether it is a
 * name at all (name.h), belongs or looks as if it belonged to an account, has a forbidden word, or is in use.
 */
#ifndef CHATD_CORE_ENTRY_NAMING_H
#define CHATD_CORE_ENTRY_NAMING_H

#include <stdbool.h>

#include "chatd/base/bounds.h"
#include "chatd/core/people/name.h"

struct chat;
struct session;

/* A free name close to what was typed, into out; a number follows where the name itself is
 * taken, or looks like one that is registered. */
void session_name_suggest(const struct chat *c, const char *typed, char out[NAME_BYTES_MAX + 1],
                          char key[NAME_KEY_BYTES_MAX + 1]);

/* True, and key is filled, if s may bear it; otherwise why not, a sentence without its end. */
bool session_name_is_free(const struct chat *c, const struct session *s, const char *nick,
                          char key[NAME_KEY_BYTES_MAX + 1], char problem[NAME_PROBLEM_BYTES_MAX]);

/* Checks a wanted nick: true, and key is filled, if s may bear it. Otherwise
 * tells s why not and which it could take. */
bool session_may_bear(struct chat *c, struct session *s, const char *nick, char *key);

#endif
