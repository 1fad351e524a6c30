/*
 * Roles and invitations in rooms.
 *
 * A membership belongs to an account, and is a fact in the store (FACT_INVITE, keyed by room and
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

/* Each role includes those before it. */
enum room_role {
	ROOM_NOBODY,
	ROOM_MEMBER,    /* may come in even if the room is private */
	ROOM_VOICE,     /* and speak even if it is moderated */
	ROOM_OPERATOR,  /* and moderate */
	ROOM_OWNER,     /* and change its settings; one at most */
};

struct membership {
	char *key;               /* owned; of the account */
	uint8_t roles;           /* bit 1 << role for each role that was given: taking one leaves the
	                          * others; never 0 */
	enum room_role role;     /* the highest of them */
	uint64_t since;          /* if the room is private, it may read the lines after this one */
	struct room *room;       /* where, */
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

/* The account's membership in the room; NULL: none. */
struct membership *membership_of(const struct room *r, const char *account_key);

/* The owner's; NULL: nobody owns the room. */
const struct membership *membership_owner(const struct room *r);
struct account *membership_owner_account(const struct room *r);

/* Whether it was given this very role, which may not be its highest; g may be NULL. */
bool membership_has(const struct membership *g, enum room_role role);

/* The role of s in r (NULL: everywhere), the one scale of power: that of its membership; moderators
 * are operators everywhere, and administrators owners. Over whom s has power is another question:
 * rank_of (moderation.h). */
enum room_role membership_role(const struct room *r, const struct session *s);
/* The same for a person with this account (NULL: none) and role. */
enum room_role membership_role_of(const struct room *r, const struct account *a, enum role role);

/* Gives the account's bearer a role, or takes that one away; saved. False: there are MEMBERSHIPS_MAX
 * in the room, MEMBERSHIPS_OWNER_MAX in those of its owner, MEMBERSHIPS_OWNERLESS_MAX in one that
 * nobody owns, or too many in all. */
bool membership_give(struct chat *c, struct room *r, const char *account_key, enum room_role role);
/* keeper: given by a moderator, who may give more in a room that nobody owns. */
bool membership_give_by(struct chat *c, bool keeper, struct room *r, const char *account_key,
                        enum room_role role);
/* Gives back a role that was taken away: a person without any other role may again read the lines
 * after `since`. */
bool membership_give_back(struct chat *c, bool keeper, struct room *r, const char *account_key,
                          enum room_role role, uint64_t since);
void membership_take(struct chat *c, struct room *r, const char *account_key, enum room_role role);

/* Rooms that the account owns. */
uint32_t membership_owned(const struct chat *c, const char *account_key);
/* People with a role or an invitation in them, once for each room. */
uint32_t membership_of_owner(const struct account *a);

/* Ends g; its fact goes when there is time (forget.h). */
void membership_forget(struct chat *c, struct membership *g);
/* The same for all of a room that is removed. */
void membership_drop_room(struct chat *c, struct room *r);

/* Counts (share.h) a new room for its owner, or for its maker if it has none; counts it again after
 * that has changed; counts it no longer. */
void membership_count(struct chat *c, struct room *r);
void membership_recount(struct chat *c, struct room *r);
void membership_uncount(struct chat *c, struct room *r);

/* At the start, after all rooms: one as it was saved. */
void membership_load(struct chat *c, const char *key, const char *value);

#endif
