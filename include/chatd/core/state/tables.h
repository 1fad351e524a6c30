/*
 * Who and what there is: sessions, accounts and rooms, by what they are known by.
 *
 * This is below all that knows what a session, an account or a room does. What a name that was
 * typed means, and what is said where there is nobody of that name, is for those above.
 */
#ifndef CHATD_CORE_STATE_TABLES_H
#define CHATD_CORE_STATE_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/event.h"
#include "chatd/core/people/account.h"

struct chat;
struct session;
struct room;

/* The session, or NULL if the id is of one that is gone. */
struct session *chat_session(struct chat *c, struct conn_id id);
/* It is at the prompt, in the chat, or the host. */
bool session_lives(const struct session *s);
/* Who bears the name with this key; NULL: nobody. */
struct session *session_by_key(const struct chat *c, const char *key);
/* s ignores the bearer of this key. */
bool session_ignores(const struct session *s, const char *key);

/* What s may do: its account's role; whoever administers the host is an administrator. */
enum role role_of(const struct session *s);
/* "guest", "account", "moderator", "admin". */
const char *role_name(enum role r);
/* False: text is none of them. */
bool role_parse(const char *text, enum role *r);

struct account *account_by_key(const struct chat *c, const char *key);

/* Refers to a as it is now (NULL: to none), in place of what it referred to. */
void account_ref_set(struct account_ref *ref, const struct account *a);
void account_ref_clear(struct account_ref *ref);
/* The account, if it is still there; NULL: none, or it is gone. */
struct account *account_at(const struct chat *c, const struct account_ref *ref);
/* It is there and its secrets are the same as then. */
bool account_unchanged(const struct chat *c, const struct account_ref *ref);

/* A room by its key; by its number. NULL: there is none. */
struct room *room_by_key(const struct chat *c, const char *key);
struct room *room_by_number(const struct chat *c, uint32_t number);

#endif
