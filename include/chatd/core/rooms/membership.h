/*
 * Who is what in a room.
 *
 * A grant belongs to an account, and is a fact in the store (FACT_INVITE, keyed by room and
 * account). Guests have none: what they are given ends with their session.
 */
#ifndef CHATD_CORE_ROOMS_MEMBERSHIP_H
#define CHATD_CORE_ROOMS_MEMBERSHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/hash.h"
#include "chatd/core/people/account.h"

struct chat;
struct session;
struct room;

/* Each may do what those before it may. */
enum room_role {
	ROOM_NOBODY,
	ROOM_MEMBER,    /* may come in where the room is private */
	ROOM_VOICE,     /* and speak where it is moderated */
	ROOM_OPERATOR,  /* and keep order */
	ROOM_OWNER,     /* and set what the room is like; one at the most */
};

struct membership {
	char *key;               /* owned; of the account */
	uint8_t roles;           /* bit 1 << role for each that was given: what is taken leaves what
	                          * was there before; never 0 */
	enum room_role role;     /* the highest of them */
	uint64_t since;          /* where the room is private, lines after this one are its to read */
	struct room *room;       /* in which, */
	struct account *account; /* and whose it is */
	UT_hash_handle hh;       /* in memberships.all, by key; oldest first */
	struct membership *prev, *next; /* in account.memberships */
};

/* Part of struct room: who is what in it. */
struct memberships {
	struct membership *all;     /* owned hash; n of at most MEMBERSHIPS_MAX */
	uint32_t n;
	struct membership *owner;   /* one of them; NULL: nobody owns the room */
};

/* "member", "voice", "operator", "owner". */
const char *room_role_name(enum room_role role);

/* The account's grant in the room; NULL: none. */
struct membership *membership_of(const struct room *r, const char *account_key);

/* The owner's; NULL: nobody owns the room. */
const struct membership *membership_owner(const struct room *r);
struct account *membership_owner_account(const struct room *r);

/* It was given this very role, which may not be the highest that it has; g may be NULL. */
bool membership_has(const struct membership *g, enum room_role role);

/* What s may do in r (NULL: everywhere): the one scale of power. By its membership; moderators are
 * operators everywhere, and administrators owners. On whom it may do that is another question: rank_of
 * (moderation.h). */
enum room_role membership_role(const struct room *r, const struct session *s);
/* The same for somebody who has this account (NULL: none) and role. */
enum room_role membership_role_of(const struct room *r, const struct account *a, enum role role);

/* Gives the account's bearer a role, or takes that one away; saved. False: there are MEMBERSHIPS_MAX
 * in the room, MEMBERSHIPS_OWNER_MAX in those of its owner, MEMBERSHIPS_OWNERLESS_MAX in one that
 * nobody owns, or too many in all. */
bool membership_give(struct chat *c, struct room *r, const char *account_key, enum room_role role);
/* keeper: whoever keeps order everywhere gives it, who may give more in a room that nobody owns. */
bool membership_give_by(struct chat *c, bool keeper, struct room *r, const char *account_key,
                   enum room_role role);
/* The same of one that was taken away: whoever has nothing in the room reads what they read
 * before, after the line since. */
bool membership_give_back(struct chat *c, bool keeper, struct room *r, const char *account_key,
                     enum room_role role, uint64_t since);
void membership_take(struct chat *c, struct room *r, const char *account_key, enum room_role role);

/* Rooms that the account owns. */
uint32_t membership_owned(const struct chat *c, const char *account_key);
/* People who are something in them, once for each room. */
uint32_t membership_of_owner(const struct account *a);

/* g ends, and its fact goes when there is time (forget.h). */
void membership_forget(struct chat *c, struct membership *g);
/* The room goes: the same. */
void membership_drop_room(struct chat *c, struct room *r);

/* The room is new: it is counted (share.h) for its owner or, where it has none, for who made it;
 * who that is has changed; it goes. */
void membership_count(struct chat *c, struct room *r);
void membership_recount(struct chat *c, struct room *r);
void membership_uncount(struct chat *c, struct room *r);

/* At the start, after all rooms: one as it was saved. */
void membership_load(struct chat *c, const char *key, const char *value);

#endif
