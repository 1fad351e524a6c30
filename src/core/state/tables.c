/* Finding sessions, accounts and rooms. Owns nothing: each table is its owner's. */

#include "chatd/core/state/tables.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chatd/base/bytes.h"
#include "chatd/core/state/state.h"

/* -- sessions ------------------------------------------------------------------------------ */

struct session *chat_session(struct chat *c, struct conn_id id)
{
	struct session *s = id.slot < c->people.nslots ? c->people.sessions[id.slot] : NULL;

	return s != NULL && s->id.gen == id.gen && session_lives(s) ? s : NULL;
}

bool session_lives(const struct session *s)
{
	return s->state == SESSION_LOGIN || s->state == SESSION_HOST || s->state == SESSION_CHAT;
}

bool session_is_here(const struct session *s)
{
	return session_lives(s) && s->id.gen != 0;
}

struct session *session_by_key(const struct chat *c, const char *key)
{
	struct session *s;

	HASH_FIND_STR(c->people.by_key, key, s);
	return s;
}

void session_list(struct chat *c, struct session *s)
{
	size_t len = strlen(s->key);

	HASH_ADD_KEYPTR(hh, c->people.by_key, s->key, len, s);
	c->people.shapes.n[name_shape(s->key, len)]++;
}

void session_unlist(struct chat *c, struct session *s)
{
	HASH_DELETE(hh, c->people.by_key, s);
	c->people.shapes.n[name_shape(s->key, strlen(s->key))]--;
}

bool session_ignores(const struct session *s, const char *key)
{
	for (uint32_t i = 0; i < s->presence.nignored; i++)
		if (strcmp(s->presence.ignored[i], key) == 0)
			return true;
	return false;
}

/* -- accounts ------------------------------------------------------------------------------ */

static const char *const role_names[] = {
	[ROLE_GUEST] = "guest",
	[ROLE_ACCOUNT] = "account",
	[ROLE_MODERATOR] = "moderator",
	[ROLE_ADMIN] = "admin",
};

enum { ROLES = sizeof role_names / sizeof role_names[0] };

enum role role_of(const struct session *s)
{
	if (s->trusted)
		return ROLE_ADMIN;
	return s->account != NULL ? s->account->role : ROLE_GUEST;
}

const char *role_name(enum role r)
{
	return role_names[r];
}

bool role_parse(const char *text, enum role *r)
{
	for (int i = 0; i < ROLES; i++)
		if (strcasecmp(role_names[i], text) == 0) {
			*r = (enum role)i;
			return true;
		}
	return false;
}

struct account *account_by_key(const struct chat *c, const char *key)
{
	struct account *a;

	HASH_FIND_STR(c->people.accounts.by_key, key, a);
	return a;
}

void account_ref_set(struct account_ref *ref, const struct account *a)
{
	account_ref_clear(ref);
	if (a != NULL)
		*ref = (struct account_ref){mem_strdup(a->key), a->number, a->secrets.number};
}

void account_ref_clear(struct account_ref *ref)
{
	free(ref->key);
	*ref = (struct account_ref){0};
}

struct account *account_at(const struct chat *c, const struct account_ref *ref)
{
	struct account *a = ref->key != NULL ? account_by_key(c, ref->key) : NULL;

	return a != NULL && a->number == ref->number ? a : NULL;
}

bool account_unchanged(const struct chat *c, const struct account_ref *ref)
{
	const struct account *a = account_at(c, ref);

	return a != NULL && a->secrets.number == ref->secrets;
}

/* -- rooms --------------------------------------------------------------------------------- */

struct room *room_by_key(const struct chat *c, const char *key)
{
	struct room *r;

	HASH_FIND_STR(c->rooms.by_key, key, r);
	return r;
}

struct room *room_by_number(const struct chat *c, uint32_t number)
{
	struct room *r;

	HASH_FIND(hh_number, c->rooms.by_number, &number, sizeof number, r);
	return r;
}
