/*
 * Passwords as the core handles them: prepared, sent to be checked, counted.
 *
 * A secret is in the input line, in a dialogue or in a step's arena, and is cleared in all
 * three once it is used.
 */
#ifndef CHATD_CORE_PASSWORD_H
#define CHATD_CORE_PASSWORD_H

#include "chatd/core/account.h"

/* A password as it is checked: NFC (RFC 8265, 4.2.2), so that it is the same however a
 * terminal composes it. The caller clears and frees it. */
char *password_prepare(const char *typed);
/* Fit to be one; otherwise s was told why not. */
bool password_fits(struct chat *c, struct session *s, const char *password);

/* Asks the store's threads about a secret. s waits for the answer. */
void password_ask(struct chat *c, struct session *s, enum session_asked asked, enum query_kind kind,
                const char *secret, const char *against);
/* Checks a typed password against the account's hash and codes; false: not now, s was told. */
bool password_check(struct chat *c, struct session *s, enum session_asked asked,
                  struct account *a, const char *typed);
/* The same against the hash of a room's password; the answer is for password_was_right with
 * no account. */
bool password_check_room(struct chat *c, struct session *s, enum session_asked asked,
                         const char *hash, const char *typed);
/* The answer to that. True: it was right; a code is used up. Otherwise it is counted. */
bool password_was_right(struct chat *c, struct session *s, struct account *a,
                      const struct rows *rows);

#endif
