/*
 * Finding sessions, accounts and rooms: by slot, key or number.
 *
 * This is below everything that knows what a session, an account or a room does. What a typed name
 * means, and the reply if nobody has that name, is for the files above.
 */
#ifndef CHATD_CORE_STATE_TABLES_H
#define CHATD_CORE_STATE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/core/event.h"
#include "chatd/core/people/account.h"

struct chat;
struct session;
struct room;

/* Part of struct chat: how many of the names here are of each shape, so that most words of a line are
 * known to be no name without hashing them. */
enum { NAME_SHAPES = 4096 };
struct name_shapes {
	uint32_t n[NAME_SHAPES];    /* by name_shape of their keys */
};

/* What a key of len bytes, more than 0, begins and ends with, and its length, as an index. */
static inline uint32_t name_shape(const char *key, size_t len)
{
	uint32_t first = (unsigned char)key[0], middle = (unsigned char)key[len / 2],
	         last = (unsigned char)key[len - 1];

	return (first * 67 + last * 29 + middle * 7 + (uint32_t)len) % NAME_SHAPES;
}

/* The session, or NULL if the id is of one that is gone. */
struct session *chat_session(struct chat *c, struct conn_id id);
/* It is at the prompt, in the chat, or the host. */
bool session_lives(const struct session *s);
/* And it has its connection: in a cluster somebody who is going lives until all nodes have that they went. */
bool session_is_here(const struct session *s);
/* The session whose name has this key; NULL: none. */
struct session *session_by_key(const struct chat *c, const char *key);

/* Puts s into the table of names by its key; takes it out. */
void session_list(struct chat *c, struct session *s);
void session_unlist(struct chat *c, struct session *s);
/* s ignores the person whose name has this key. */
bool session_ignores(const struct session *s, const char *key);

/* The role of s: that of its account; people who administer the host are administrators. */
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
