/* Grants. Owns struct grant; each is freed in one place (grant_end). */

#include "chatd/core/grant.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/core/emit.h"
#include "chatd/core/fields.h"
#include "chatd/core/room.h"

enum {
	KEY_BYTES_MAX = 2 * NAME_KEY_BYTES_MAX + 2,
	ROLES_ALL = (2u << ROOM_OWNER) - 1,  /* a bit for each */
};

static const char *const role_names[] = {
	[ROOM_NOBODY] = "nobody",     [ROOM_MEMBER] = "member", [ROOM_VOICE] = "voice",
	[ROOM_OPERATOR] = "operator", [ROOM_OWNER] = "owner",
};

const char *room_role_name(enum room_role role)
{
	return role_names[role];
}

struct grant *grant_of(const struct room *r, const char *account_key)
{
	struct grant *g;

	DL_FOREACH(r->grants, g)
		if (strcmp(g->key, account_key) == 0)
			return g;
	return NULL;
}

const struct grant *grant_owner(const struct room *r)
{
	const struct grant *g;

	DL_FOREACH(r->grants, g)
		if (g->role == ROOM_OWNER)
			return g;
	return NULL;
}

bool grant_has(const struct grant *g, enum room_role role)
{
	return g != NULL && (g->roles & 1u << role) != 0;
}

enum room_role grant_role_of(const struct room *r, const struct account *a, enum role role)
{
	const struct grant *g = a != NULL ? grant_of(r, a->key) : NULL;
	enum room_role of_grant = g != NULL ? g->role : ROOM_NOBODY;
	enum room_role of_role = role == ROLE_ADMIN       ? ROOM_OWNER
	                         : role == ROLE_MODERATOR ? ROOM_OPERATOR
	                                                  : ROOM_NOBODY;

	return of_grant > of_role ? of_grant : of_role;
}

enum room_role grant_role(const struct room *r, const struct session *s)
{
	return grant_role_of(r, s->account, role_of(s));
}

/* No name has a blank in it. */
static void save(struct chat *c, const struct room *r, const struct grant *g, bool gone)
{
	const struct account *a = account_by_key(c, g->key);
	char key[KEY_BYTES_MAX];
	struct bytes b = {0};

	snprintf(key, sizeof key, "%s %s", r->key, g->key);
	fields_put(&b, "role", role_names[g->role]);
	fields_put_number(&b, "roles", g->roles);
	fields_put_number(&b, "since", (int64_t)g->since);
	fields_put_number(&b, "room", r->number);
	fields_put_number(&b, "made", a->made_ms);
	emit_fact(c, FACT_INVITE, key, gone ? "" : b.data);
	bytes_release(&b);
}

static struct grant *grant_add(struct chat *c, struct room *r, const char *account_key)
{
	struct grant *g = mem_zero(1, sizeof *g);

	g->key = mem_strdup(account_key);
	DL_APPEND(r->grants, g);
	r->ngrants++;
	c->ngrants++;
	return g;
}

static void grant_end(struct chat *c, struct room *r, struct grant *g)
{
	DL_DELETE(r->grants, g);
	r->ngrants--;
	c->ngrants--;
	free(g->key);
	free(g);
}

static void set_roles(struct grant *g, unsigned roles)
{
	g->roles = (uint8_t)roles;
	g->role = ROOM_NOBODY;
	for (int role = ROOM_MEMBER; role <= ROOM_OWNER; role++)
		if ((roles & 1u << role) != 0)
			g->role = (enum room_role)role;
}

bool grant_give(struct chat *c, struct room *r, const char *account_key, enum room_role role)
{
	struct grant *g = grant_of(r, account_key);

	if (g == NULL) {
		if (r->ngrants >= GRANTS_MAX || (c->ngrants >= GRANTS_ALL_MAX && role != ROOM_OWNER))
			return false;
		g = grant_add(c, r, account_key);
		/* What was said while everybody could read it stays theirs to read. */
		g->since = r->set.private ? r->last_id : 0;
	}
	set_roles(g, g->roles | 1u << role);
	save(c, r, g, false);
	return true;
}

bool grant_give_back(struct chat *c, struct room *r, const char *account_key, enum room_role role,
                     uint64_t since)
{
	bool new = grant_of(r, account_key) == NULL;
	struct grant *g;

	if (!grant_give(c, r, account_key, role))
		return false;
	g = grant_of(r, account_key);
	if (new && g->since != since) {
		g->since = since;
		save(c, r, g, false);
	}
	return true;
}

void grant_take(struct chat *c, struct room *r, const char *account_key, enum room_role role)
{
	struct grant *g = grant_of(r, account_key);

	if (!grant_has(g, role))
		return;
	set_roles(g, g->roles & ~(1u << role));
	save(c, r, g, g->roles == 0);
	if (g->roles == 0)
		grant_end(c, r, g);
}

uint32_t grant_owned(const struct chat *c, const char *account_key)
{
	uint32_t n = 0;

	for (uint32_t slot = 0; slot < c->rooms_top; slot++) {
		const struct grant *g = c->rooms[slot] != NULL ? grant_of(c->rooms[slot], account_key) : NULL;

		n += g != NULL && g->role == ROOM_OWNER;
	}
	return n;
}

void grant_drop_account(struct chat *c, const char *account_key)
{
	for (uint32_t slot = 0; slot < c->rooms_top; slot++) {
		struct grant *g = c->rooms[slot] != NULL ? grant_of(c->rooms[slot], account_key) : NULL;

		if (g != NULL)
			grant_end(c, c->rooms[slot], g);
	}
}

void grant_drop_room(struct chat *c, struct room *r)
{
	while (r->grants != NULL)
		grant_end(c, r, r->grants);
}

void grant_load(struct chat *c, const char *key, const char *value)
{
	const char *account_key = strchr(key, ' ');
	char room[NAME_KEY_BYTES_MAX + 1], *role;
	const struct account *a;
	unsigned roles;
	struct room *r;
	struct grant *g;

	if (account_key == NULL)
		return;
	snprintf(room, sizeof room, "%.*s", (int)(account_key - key), key);
	r = room_by_key(c, room);
	a = account_by_key(c, ++account_key);
	if (r == NULL || a == NULL || fields_get_number(value, "room") != r->number ||
	    fields_get_number(value, "made") != a->made_ms || r->ngrants >= GRANTS_MAX ||
	    grant_of(r, a->key) != NULL)
		return;
	g = grant_add(c, r, a->key);
	g->since = (uint64_t)fields_get_number(value, "since");
	roles = fields_get_count(value, "roles", ROLES_ALL) & ~(1u << ROOM_NOBODY);
	role = fields_get(value, "role");
	for (int i = ROOM_MEMBER; i <= ROOM_OWNER; i++)
		if (strcmp(role_names[i], role) == 0)
			roles |= 1u << i;
	set_roles(g, roles != 0 ? roles : 1u << ROOM_MEMBER);
	free(role);
}
