/* Access to rooms. Owns the invitations of sessions. */

#include "chatd/core/rooms/access.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/rooms/ban.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* -- invitations of guests -------------------------------------------------------------- */

const struct invite *access_invited(const struct session *s, const struct room *r)
{
	for (uint32_t i = 0; i < s->invites.n; i++)
		if (s->invites.list[i].room == r->number)
			return &s->invites.list[i];
	return NULL;
}

static void drop_invite(struct session *s, uint32_t i)
{
	person_touch(s);
	memmove(s->invites.list + i, s->invites.list + i + 1,
	        (--s->invites.n - i) * sizeof *s->invites.list);
	if (s->invites.n == 0) {
		free(s->invites.list);
		s->invites.list = NULL;
	}
}

/* Invitations of s to rooms of r's owner. */
static uint32_t of_owner(const struct chat *c, const struct session *s, const struct room *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->invites.n; i++) {
		struct room *other;

		HASH_FIND(hh_number, c->rooms.by_number, &s->invites.list[i].room, sizeof other->number,
		          other);
		if (other != NULL && other->memberships.owner != NULL && r->memberships.owner != NULL)
			n += other->memberships.owner->account == r->memberships.owner->account;
	}
	return n;
}

bool access_invite(const struct chat *c, struct session *s, const struct room *r, uint64_t since,
                   bool force)
{
	if (access_invited(s, r) != NULL)
		return true;
	if (!force && (s->invites.n == INVITES_MAX || of_owner(c, s, r) >= INVITES_OWNER_MAX))
		return false;
	if (s->invites.n == INVITES_MAX)
		drop_invite(s, 0);
	if (s->invites.list == NULL)
		s->invites.list = mem_alloc(INVITES_MAX * sizeof *s->invites.list);
	s->invites.list[s->invites.n++] = (struct invite){r->number, since};
	person_touch(s);
	return true;
}

void access_uninvite(struct session *s, struct room *r)
{
	const struct invite *i = access_invited(s, r);

	r->watchers.unverified = true;

	if (i != NULL)
		drop_invite(s, (uint32_t)(i - s->invites.list));
}

void access_copy_invites(struct session *s, const struct invite *from, uint32_t n)
{
	if (n == 0 || s->invites.list != NULL)
		return;
	s->invites.list = mem_alloc(INVITES_MAX * sizeof *s->invites.list);
	memcpy(s->invites.list, from, n * sizeof *from);
	s->invites.n = n;
	person_touch(s);
}

/* -- coming in ---------------------------------------------------------------------------- */

enum access_bar access_bar(const struct room *r, const struct session *s, const struct account *a)
{
	enum role role = s->trusted ? ROLE_ADMIN : a != NULL ? a->role : ROLE_GUEST;

	if (!r->closed || membership_role_of(r, a, role) >= ROOM_MEMBER || access_invited(s, r) != NULL)
		return BAR_NONE;
	return r->set.private ? BAR_PRIVATE : BAR_PASSWORD;
}

bool access_enter(const struct chat *c, const struct session *s, const struct room *r)
{
	(void)c;
	return s->room == r || access_bar(r, s, s->account) == BAR_NONE;
}

bool access_see(const struct chat *c, const struct session *s, const struct room *r)
{
	return !r->set.private || access_enter(c, s, r);
}

/* -- many rooms ----------------------------------------------------------------------------- */

void access_mark(struct chat *c, const struct session *s)
{
	const struct membership *g = s->account != NULL ? s->account->memberships : NULL;

	c->rooms.mark++;
	for (; g != NULL; g = g->next)
		g->room->mark = c->rooms.mark;
	for (uint32_t i = 0; i < s->invites.n; i++) {
		struct room *r;

		HASH_FIND(hh_number, c->rooms.by_number, &s->invites.list[i].room, sizeof r->number, r);
		if (r != NULL)
			r->mark = c->rooms.mark;
	}
	if (s->room != NULL)
		s->room->mark = c->rooms.mark;
}

/* Whether s has a role or an invitation there, or is there; or may come in by its role. */
static bool may_be_in(const struct chat *c, const struct session *s, const struct room *r)
{
	return r->mark == c->rooms.mark || role_of(s) >= ROLE_MODERATOR;
}

bool access_see_marked(const struct chat *c, const struct session *s, const struct room *r)
{
	return !r->set.private || may_be_in(c, s, r);
}

/* -- speaking ------------------------------------------------------------------------------- */

/* Milliseconds until s may speak in a slow room. Its account remembers too, so a new connection does
 * not help. */
static int64_t wait_ms(const struct chat *c, const struct session *s, const struct room *r)
{
	int64_t last_ms = s->member.slow_ms;

	if (s->account != NULL && s->account->slow_ms > last_ms)
		last_ms = s->account->slow_ms;
	/* In a cluster one's own node has looked before it proposed the line, as at other limits to one's pace. */
	return last_ms == 0 || c->cluster.applying ? 0 : last_ms + (int64_t)r->set.slow_s * 1000 - c->now_ms;
}

bool access_may_speak(const struct chat *c, const struct session *s, const struct room *r)
{
	return (!r->set.moderated && r->set.slow_s == 0) || (s->member.voiced && s->room == r) ||
	       membership_role(r, s) >= ROOM_VOICE || (!r->set.moderated && wait_ms(c, s, r) <= 0);
}

bool access_speak(struct chat *c, struct session *s, const struct room *r)
{
	int64_t wait_s;

	if (access_may_speak(c, s, r))
		return true;
	if (r->set.moderated) {
		emit_reply(c, s, "Not sent: %s is moderated; its operators can give you a voice.", r->name);
		return false;
	}
	wait_s = (wait_ms(c, s, r) + 999) / 1000;
	emit_reply(c, s, "Not sent: slow mode is on in %s (one line every %" PRIu32 " s). You can speak again "
	           "in %" PRId64 " s.", r->name, r->set.slow_s, wait_s);
	return false;
}

void access_spoke(struct chat *c, struct session *s, const struct room *r)
{
	if (r->set.slow_s == 0 || person_is_remote(s))
		return;
	s->member.slow_ms = c->now_ms;
	if (s->account != NULL)
		s->account->slow_ms = c->now_ms;
}

/* -- reading -------------------------------------------------------------------------------- */

/* A banned member keeps its role, but may not come in. */
static bool is_banned(const struct chat *c, const struct session *s, const struct room *r)
{
	struct bearer who = bearer_of(s);

	return ban_find(c, BAN_ENTRY, r, &who) != NULL;
}

bool access_read_after(const struct chat *c, const struct session *s, const struct room *r,
                       uint64_t *after)
{
	const struct membership *g;
	const struct invite *i;

	*after = 0;
	if (!r->closed)
		return true;
	if (!access_enter(c, s, r) || is_banned(c, s, r))
		return false;
	if (!r->set.private || r->set.open_history || membership_role(r, s) == ROOM_OWNER)
		return true;
	g = s->account != NULL ? membership_of(r, s->account->key) : NULL;
	i = access_invited(s, r);
	if (g != NULL)
		*after = g->since;
	else if (i != NULL)
		*after = i->since;
	else if (membership_role(r, s) < ROOM_OPERATOR)
		/* Came in when it still might; it has read what was said since. */
		*after = s->reading.joined_id;
	return true;
}

bool access_hears(const struct chat *c, const struct session *s, const struct room *r)
{
	uint64_t after;

	/* Where nothing is kept, only the people there can read what is said. */
	return r->set.history && !r->gone && !is_banned(c, s, r) && access_read_after(c, s, r, &after);
}

/* A closed room, with its number, by which they are sorted. */
struct closed {
	uint32_t number;
	const struct room *room;
};

static int by_number(const void *a, const void *b)
{
	const struct closed *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

void access_hidden(struct chat *c, const struct session *s, struct bytes *out)
{
	struct closed *list;
	uint32_t n = 0;

	if (c->rooms.nclosed == 0)
		return;
	access_mark(c, s);
	list = mem_alloc(c->rooms.nclosed * sizeof *list);
	for (uint32_t slot = 0; slot < c->rooms.top; slot++)
		if (c->rooms.slot[slot] != NULL && c->rooms.slot[slot]->closed)
			list[n++] = (struct closed){c->rooms.slot[slot]->number, c->rooms.slot[slot]};
	qsort(list, n, sizeof *list, by_number);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t after = 0;
		bool some = may_be_in(c, s, list[i].room) && access_read_after(c, s, list[i].room, &after);

		if (some && after == 0)
			continue;
		bytes_printf(out, "%s%" PRIu32, out->len > 0 ? " " : "", list[i].number);
		if (some && out->len < HIDDEN_BYTES_MAX)
			bytes_printf(out, ":%" PRIu64, after);
	}
	free(list);
}

/* -- power ---------------------------------------------------------------------------------- */

/* r has an operator, or an owner. */
static bool has_operator(const struct room *r)
{
	for (const struct membership *m = r->memberships.all; m != NULL; m = m->hh.next)
		if (m->role >= ROOM_OPERATOR)
			return true;
	return false;
}

void access_no_room(struct chat *c, const struct session *s, const char *name)
{
	emit_reply(c, s, "There is no room %.*s. %crooms lists the rooms.",
	           (int)text_prefix(name, strlen(name), ROOM_CHARS_MAX), name, c->config.command_prefix);
}

bool access_power(struct chat *c, struct session *s, const struct room *r, enum room_role least)
{
	const struct membership *owner = r != NULL ? membership_owner(r) : NULL;

	if (membership_role(r, s) >= least)
		return true;
	if (r != NULL && !access_see(c, s, r))
		access_no_room(c, s, r->name);
	else if (r == NULL)
		emit_reply(c, s, "Only moderators can do that for the whole chat, or for %s, the lobby.",
		           c->rooms.lobby->name);
	else if (least < ROOM_OWNER && has_operator(r))
		emit_reply(c, s, "Only the operators of %s can do that.", r->name);
	else if (least < ROOM_OWNER && r != c->rooms.lobby)
		emit_reply(c, s, "Only operators of %s can do that, and it has none. A room that you make "
		           "while signed in is yours.", r->name);
	else if (least < ROOM_OWNER)
		emit_reply(c, s, "Only moderators can do that in %s, the lobby.", r->name);
	else if (r == c->rooms.lobby)
		emit_reply(c, s, "Only administrators can do that in %s, the lobby.", r->name);
	else if (owner == NULL)
		emit_reply(c, s, "Only the owner of %s can do that, and it has none. A room that you make "
		           "while signed in is yours.", r->name);
	else
		emit_reply(c, s, "Only the owner of %s, %s, can do that.", r->name,
		           account_by_key(c, owner->key)->nick);
	return false;
}
