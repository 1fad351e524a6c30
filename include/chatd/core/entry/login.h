/*
 * Entering the chat: the name, and the password if the name belongs to an account.
 */
#ifndef CHATD_CORE_ENTRY_LOGIN_H
#define CHATD_CORE_ENTRY_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/people/account.h"

struct bytes;
struct chat;
struct session;
struct room;

/* If the certificate of s signs in to an account, tells it how, before it is asked for a name. */
void login_offer(struct chat *c, const struct session *s);

/* A line at the prompt that is a name, or empty. A certificate signs in without a password, to its account if that is
 * named or none is. May end the session. */
void login_name(struct chat *c, struct session *s, const char *text);

/* The same for a guest's name that all nodes have now. more: other lines came with it. */
void login_enter(struct chat *c, struct session *s, const char *name, bool more);

/* s, whose node was cut off, had signed in to a before, and comes back in: to the room with this number, if it may. */
void login_return(struct chat *c, struct session *s, struct account *a, uint32_t room);

/* ACT_SIGN_IN: the node of s has seen the proof. */
void login_sign_in_apply(struct chat *c, struct session *s, const char *fields);

/* What other nodes have to know of somebody who comes in (session_begin_remote). */
void login_put_person(struct bytes *b, const struct session *s);
/* What s has set and an account of its own would keep, as fields of an act; and taking them, for somebody of another
 * node. */
void login_put_own(struct bytes *b, const struct session *s);
void login_take_own(struct chat *c, struct session *s, const char *fields);

/* s wants to sign in to the account of this name: asks for the password, or checks the one given;
 * without one its certificate will do. s may be at the prompt or in the chat. */
void login_as(struct chat *c, struct session *s, const char *name, const char *password);

/* At the prompt: signs a user of the host in to the account of their login name, which is made if
 * there is none. False: that cannot be done, and s has been told. */
bool login_host(struct chat *c, struct session *s, const char *user);

/* The account is new: guests whose names look like its own get other names. Those that this step has
 * no room for are disconnected in the next steps. */
void login_clear_name(struct chat *c, const struct account *a);

/* A guest comes back under a name that it may use, to its room (NULL: the lobby). back_seq: see struct
 * session. */
void login_resume(struct chat *c, struct session *s, const char *nick, const char *key,
                  struct room *r, uint64_t back_seq);
/* Ends connections that have given no name in time. */
void login_tick(struct chat *c);
int64_t login_due_ms(const struct chat *c);

#endif
