/*
 * Passwords as the core handles them: prepared, sent to be checked, counted.
 *
 * A secret is in the input line, in a dialogue or in a step's arena, and is cleared in all
 * three once it is used.
 */
#ifndef CHATD_CORE_ENTRY_PASSWORD_H
#define CHATD_CORE_ENTRY_PASSWORD_H

#include "chatd/core/people/account.h"
#include "chatd/core/state/question.h"

struct room;

/* A password as it is checked: NFC (RFC 8265, 4.2.2), so that it is the same however a
 * terminal composes it. The caller clears and frees it. */
char *password_prepare(const char *typed);
/* The password may be used; otherwise s has been told why not. */
bool password_fits(struct chat *c, struct session *s, const char *password);

/* Asks the store's threads about a secret of a (NULL: of no account). s waits, and `then` gets the
 * answer. The account may change meanwhile: question.h. */
struct question *password_ask(struct chat *c, struct session *s, question_then *then,
                              const struct account *a, enum query_kind kind, const char *secret,
                              const char *against);
/* Has a typed password checked against the account's hash and codes. a NULL: there is no such account,
 * which must look the same. False: not now, and s has been told. */
bool password_check(struct chat *c, struct session *s, question_then *then, struct account *a,
                    const char *typed);
/* Takes the answer. True: it was right, and a code is used up; in a cluster, all nodes use it up at one point, with
 * the sign-in (dialogue.code) or by ACT_CODE. Otherwise it counts as a wrong try. */
bool password_was_right(struct chat *c, struct session *s, struct question *q,
                        const struct rows *rows);
/* Uses up the one-time code of a with this hash, and tells s how many are left. False: it was used before; s was
 * told. */
bool password_code_use(struct chat *c, struct session *s, struct account *a, const char *hash);
/* ACT_CODE. */
void password_code_apply(struct chat *c, struct session *s, const char *fields);
/* The same for the digits of the second step; in a cluster they are used up with the sign-in (dialogue.step). */
bool password_check_code(struct chat *c, struct session *s, question_then *then, struct account *a,
                         const char *digits);
bool password_code_was_right(struct chat *c, struct session *s, struct question *q,
                             const struct rows *rows);
/* And for the password of a room. If the room's password has changed meanwhile the answer is false, as
 * if it had been wrong. */
bool password_check_room(struct chat *c, struct session *s, question_then *then, struct room *r,
                         const char *typed);
bool password_room_was_right(struct chat *c, struct session *s, struct question *q, struct room *r,
                             const struct rows *rows);

#endif
