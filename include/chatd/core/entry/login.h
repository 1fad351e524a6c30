/*
 * Coming in: the name, and the password where the name belongs to an account.
 */
#ifndef CHATD_CORE_ENTRY_LOGIN_H
#define CHATD_CORE_ENTRY_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/people/account.h"

struct chat;
struct session;
struct room;

/* A line at the prompt that is a name, or empty. May end the session. */
void login_name(struct chat *c, struct session *s, const char *text);

/* Wants to be the bearer of this name's account: asks for the password, or checks the one
 * given. s may be at the prompt or a guest in the chat. */
void login_as(struct chat *c, struct session *s, const char *name, const char *password);

/* s has shown that it is the account's bearer: it takes the name, and the place of who bears
 * it. */
void login_signed_in(struct chat *c, struct session *s, struct account *a);

/* At the prompt: a user of the host, by login name, is signed in to the account of that name,
 * which is made if there is none. False: it cannot be, and s was told. */
bool login_host(struct chat *c, struct session *s, const char *user);

/* The account is new: guests whose names look like its own are given others; those for whom this
 * step has no room are put out in the next ones. */
void login_clear_name(struct chat *c, const struct account *a);

/* A guest comes back: under a name that it may bear, to its room (NULL: the lobby); back_seq: see struct
 * session. */
void login_resume(struct chat *c, struct session *s, const char *nick, const char *key,
                  struct room *r, uint64_t back_seq);
/* Something is due: names that were not given in time. */
void login_tick(struct chat *c);
int64_t login_due_ms(const struct chat *c);

#endif
