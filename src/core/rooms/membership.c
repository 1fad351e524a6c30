/* Memberships. Owns struct membership; each is freed in one place (membership_end). */

#include "chatd/core/rooms/membership.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/people/forget.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum {
	KEY_BYTES_MAX = 2 * NAME_KEY_BYTES_MAX + 2,
	ROLES_ALL = (2u << ROOM_OWNER) - 1,  /* a bit for each role */
};

static const char *const role_names[] = {
	[ROOM_NOBODY] = "nobody",     [ROOM_MEMBER] = "member", [ROOM_VOICE] = "voice",
	[ROOM_OPERATOR] = "operator", [ROOM_OWNER] = "owner",
};

const char *room_role_name(enum room_role role)
{
	return role_names[role];
}

struct membership *membership_of(const struct room *r, const char *account_key)
{
	struct membership *g;

	HASH_FIND_STR(r->memberships.all, account_key, g);
	return g;
}

struct account *membership_owner_account(const struct room *r)
{
	const struct membership *owner = membership_owner(r);

	return owner != NULL ? owner->account : NULL;
}

const struct membership *membership_owner(const struct room *r)
{
	return r->memberships.owner;
}

bool membership_has(const struct membership *g, enum room_role role)
{
	return g != NULL && (g->roles & 1u << role) != 0;
}

enum room_role membership_role_of(const struct room *r, const struct account *a, enum role role)
{
	/* Administrators already have the highest role. */
	bool may_have = r != NULL && a != NULL && role != ROLE_ADMIN;
	const struct membership *g = may_have ? membership_of(r, a->key) : NULL;
	enum room_role of_membership = g != NULL ? g->role : ROOM_NOBODY;
	enum room_role of_role = role == ROLE_ADMIN       ? ROOM_OWNER
	                         : role == ROLE_MODERATOR ? ROOM_OPERATOR
	                                                  : ROOM_NOBODY;

	return of_membership > of_role ? of_membership : of_role;
}

enum room_role membership_role(const struct room *r, const struct session *s)
{
	return membership_role_of(r, s->account, role_of(s));
}

/* -- whose the room is --------------------------------------------------------------------- */

void membership_uncount(struct chat *c, struct room *r)
{
	share_give_back(c, r->made.kind, r->made.share);
}

void membership_count(struct chat *c, struct room *r)
{
	char who[SHARE_WHO_BYTES];

	r->made.kind = r->memberships.owner != NULL ? SHARE_OWNED : SHARE_ROOMS;
	r->made.share =
		share_take(c, r->made.kind,
	               r->memberships.owner != NULL ? share_who_account(r->memberships.owner->key, who)
	                                            : r->made.by);
}

void membership_recount(struct chat *c, struct room *r)
{
	membership_uncount(c, r);
	membership_count(c, r);
}

/* The roles of g have changed, or (gone) it ends: notes who owns the room now. */
static void note_owner(struct chat *c, struct room *r, struct membership *g, bool gone)
{
	struct membership *before = r->memberships.owner, *other;

	if (!gone && g->role == ROOM_OWNER) {
		r->memberships.owner = g;
	} else if (r->memberships.owner == g) {
		r->memberships.owner = NULL;
		for (other = r->memberships.all; other != NULL; other = other->hh.next)
			if (other != g && other->role == ROOM_OWNER)
				r->memberships.owner = other;
	}
	if (r->memberships.owner != before)
		membership_recount(c, r);
}

/* -- keeping ------------------------------------------------------------------------------- */

/* The key of a membership's fact. No name has a blank in it, so the blank separates the two. */
static const char *key_of(const struct room *r, const struct account *a, char key[KEY_BYTES_MAX])
{
	snprintf(key, KEY_BYTES_MAX, "%s %s", r->key, a->key);
	return key;
}

static void save_gone(struct chat *c, const struct room *r, const struct account *a)
{
	char key[KEY_BYTES_MAX];

	forget_not(c, FACT_INVITE, key_of(r, a, key));
	emit_fact(c, FACT_INVITE, key, "");
}

static void save(struct chat *c, const struct membership *g)
{
	char key[KEY_BYTES_MAX];
	struct bytes b = {0};

	forget_not(c, FACT_INVITE, key_of(g->room, g->account, key));
	fields_put(&b, "role", role_names[g->role]);
	fields_put_number(&b, "roles", g->roles);
	fields_put_number(&b, "since", (int64_t)g->since);
	fields_put_number(&b, "room", g->room->number);
	fields_put_number(&b, "made", g->account->made.at_ms);
	emit_fact(c, FACT_INVITE, key, b.data);
	bytes_release(&b);
}

static struct membership *membership_add(struct chat *c, struct room *r, struct account *a)
{
	struct membership *g = mem_zero(1, sizeof *g);

	g->key = mem_strdup(a->key);
	g->room = r;
	g->account = a;
	HASH_ADD_KEYPTR(hh, r->memberships.all, g->key, strlen(g->key), g);
	DL_APPEND(a->memberships, g);
	r->memberships.n++;
	c->rooms.nmemberships++;
	return g;
}

/* Ends and frees the membership, but leaves it in the store. */
static void membership_end(struct chat *c, struct membership *g)
{
	struct room *r = g->room;

	note_owner(c, r, g, true);
	HASH_DELETE(hh, r->memberships.all, g);
	DL_DELETE(g->account->memberships, g);
	r->memberships.n--;
	r->watchers.unverified = true;
	c->rooms.nmemberships--;
	free(g->key);
	free(g);
}

/* Ends the membership, and later, when there is time, deletes it from the store; in a cluster, before the next act. */
void membership_forget(struct chat *c, struct membership *g)
{
	char key[KEY_BYTES_MAX];

	key_of(g->room, g->account, key);
	if (c->cluster.applying && !c->stopping)
		forget_taken(c, FACT_INVITE, key);
	else
		forget_fact(c, FACT_INVITE, key);
	membership_end(c, g);
}

static void set_roles(struct membership *g, unsigned roles)
{
	g->roles = (uint8_t)roles;
	g->role = ROOM_NOBODY;
	for (int role = ROOM_MEMBER; role <= ROOM_OWNER; role++)
		if ((roles & 1u << role) != 0)
			g->role = (enum room_role)role;
}

/* Sets the account's roles in r (a bit for each; 0: none) and, if r is private, lets it read the
 * lines after `since`. This is the only place where roles change, whether by a command, by /undo or
 * when they are loaded. Does not save them. Returns the membership; NULL: the account has no role
 * there now. */
static struct membership *membership_apply(struct chat *c, struct room *r, struct account *a,
                                           unsigned roles, uint64_t since)
{
	struct membership *g = membership_of(r, a->key);

	if (roles == 0) {
		if (g != NULL)
			membership_end(c, g);
		return NULL;
	}
	if (g == NULL)
		g = membership_add(c, r, a);
	g->since = since;
	set_roles(g, roles);
	note_owner(c, r, g, false);
	return g;
}

uint32_t membership_of_owner(const struct account *a)
{
	const struct membership *g;
	uint32_t n = 0;

	DL_FOREACH(a->memberships, g)
		n += g->role == ROOM_OWNER ? g->room->memberships.n : 0;
	return n;
}

/* Whether r cannot have one more member. keeper: a moderator gives the role. */
static bool is_full(const struct chat *c, const struct room *r, bool keeper)
{
	const struct account *owner =
		r->memberships.owner != NULL ? r->memberships.owner->account : NULL;

	if (r->memberships.n >= MEMBERSHIPS_MAX || c->rooms.nmemberships >= MEMBERSHIPS_ALL_MAX)
		return true;
	if (owner != NULL ? owner->role >= ROLE_MODERATOR : keeper)
		return false;
	/* A room without an owner may have only a few. */
	if (owner == NULL ? r->memberships.n >= MEMBERSHIPS_OWNERLESS_MAX
	                  : membership_of_owner(owner) >= MEMBERSHIPS_OWNER_MAX)
		return true;
	return c->rooms.nmemberships >= MEMBERSHIPS_ALL_MAX - MEMBERSHIPS_RESERVE;
}

bool membership_give(struct chat *c, struct room *r, const char *account_key, enum room_role role)
{
	return membership_give_by(c, false, r, account_key, role);
}

bool membership_give_by(struct chat *c, bool keeper, struct room *r, const char *account_key,
                        enum room_role role)
{
	struct membership *g = membership_of(r, account_key);
	/* If the room is not private, everyone can read all of it, and that stays so for this
	 * account. */
	uint64_t since = g != NULL ? g->since : r->set.private ? r->lines.last_id : 0;
	unsigned roles = 1u << role;

	if (g != NULL)
		roles |= g->roles;
	else if (role == ROOM_OWNER ? r->memberships.n >= MEMBERSHIPS_MAX : is_full(c, r, keeper))
		return false;
	save(c, membership_apply(c, r, account_by_key(c, account_key), roles, since));
	return true;
}

bool membership_give_back(struct chat *c, bool keeper, struct room *r, const char *account_key,
                          enum room_role role, uint64_t since)
{
	bool new = membership_of(r, account_key) == NULL;
	struct membership *g;

	if (!membership_give_by(c, keeper, r, account_key, role))
		return false;
	g = membership_of(r, account_key);
	if (new && g->since != since)
		save(c, membership_apply(c, r, g->account, g->roles, since));
	return true;
}

void membership_take(struct chat *c, struct room *r, const char *account_key, enum room_role role)
{
	struct membership *g = membership_of(r, account_key);
	struct account *a;

	if (!membership_has(g, role))
		return;
	a = g->account;
	g = membership_apply(c, r, a, g->roles & ~(1u << role), g->since);
	if (g != NULL)
		save(c, g);
	else
		save_gone(c, r, a);
}

uint32_t membership_owned(const struct chat *c, const char *account_key)
{
	char who[SHARE_WHO_BYTES];

	return share_has(c, SHARE_OWNED, share_who_account(account_key, who));
}

void membership_drop_room(struct chat *c, struct room *r)
{
	while (r->memberships.all != NULL)
		membership_forget(c, r->memberships.all);
}

/* Finds the room and the account of a saved membership by the fact's key. False: the key is not
 * valid, or the room or the account is gone, even if another one has its name now. Memberships
 * beyond the bounds are not loaded either (MEMBERSHIPS_ALL_MAX does not count rooms' owners). */
static bool load_whose(const struct chat *c, const char *key, const char *value, struct room **r,
                       struct account **a)
{
	size_t room_bytes = strcspn(key, " ");
	char room[NAME_KEY_BYTES_MAX + 1];

	if (key[room_bytes] == '\0' || room_bytes > NAME_KEY_BYTES_MAX)
		return false;
	snprintf(room, sizeof room, "%.*s", (int)room_bytes, key);
	*r = room_by_key(c, room);
	*a = account_by_key(c, key + room_bytes + 1);
	return *r != NULL && *a != NULL && fields_get_number(value, "room") == (*r)->number &&
	       fields_get_number(value, "made") == (*a)->made.at_ms &&
	       (*r)->memberships.n < MEMBERSHIPS_MAX &&
	       c->rooms.nmemberships < MEMBERSHIPS_ALL_MAX + ROOMS_MAX;
}

void membership_load(struct chat *c, const char *key, const char *value)
{
	struct account *a;
	unsigned roles;
	struct room *r;
	char *role;

	if (!load_whose(c, key, value, &r, &a)) {
		forget_fact(c, FACT_INVITE, key);
		return;
	}
	/* Each key has only one fact, so this one was loaded already. */
	if (membership_of(r, a->key) != NULL)
		return;
	roles = fields_get_count(value, "roles", ROLES_ALL) & ~(1u << ROOM_NOBODY);
	role = fields_get(value, "role");
	for (int i = ROOM_MEMBER; i <= ROOM_OWNER; i++)
		if (strcmp(role_names[i], role) == 0)
			roles |= 1u << i;
	membership_apply(c, r, a, roles != 0 ? roles : 1u << ROOM_MEMBER,
	                 (uint64_t)fields_get_number(value, "since"));
	free(role);
}
