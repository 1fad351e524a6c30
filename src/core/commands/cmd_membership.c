/* Commands about the roles in a room: /op /deop /voice /devoice /invite /uninvite; and about its owner:
 * /transfer /accept /decline. */

#include "chatd/core/commands/cmd_membership.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/clock.h"
#include "chatd/base/fields.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/entry/resume.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/moderation/undo.h"
#include "chatd/core/people/name.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/ban.h"
#include "chatd/core/rooms/eject.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* The words for a change of role. */
struct deed {
	const char *did, *has; /* "gave", "given" */
	const char *what;      /* after the name: " a voice" */
	const char *where;     /* "in" the room */
	const char *now;       /* what the person is now: "has a voice in" the room */
	enum room_role role;   /* that was given or taken */
	bool gives;
};

static const struct deed deeds[] = {
	{"made", "made", " an operator", "of", "is an operator of", ROOM_OPERATOR, true},
	{"removed", "removed", " as operator", "of", "is no longer an operator of", ROOM_OPERATOR, false},
	{"gave", "given", " a voice", "in", "has a voice in", ROOM_VOICE, true},
	{"took the voice from", "taken the voice from", "", "in", "no longer has a voice in", ROOM_VOICE,
	 false},
	{"invited", "invited", "", "to", "is invited to", ROOM_MEMBER, true},
	{"uninvited", "uninvited", "", "from", "is no longer invited to", ROOM_MEMBER, false},
};

enum { OP, DEOP, VOICE, DEVOICE, INVITE, UNINVITE };

/* The person a command is about. */
struct target {
	struct account *account; /* NULL: a guest */
	struct session *session; /* NULL: is not here */
	const char *nick;
	const struct membership *membership; /* in the room; NULL: none */
};

/* Finds the person of that name; false: there is none, and s was told. */
static bool find(struct chat *c, struct session *s, const struct room *r, const char *name,
                 struct target *t)
{
	struct args_person p;

	if (!args_person(c, s, name, "", &p))
		return false;
	*t = (struct target){p.account, p.session, p.nick,
	                     p.account != NULL ? membership_of(r, p.account->key) : NULL};
	return true;
}

/* The same, for a person who must have an account. */
static bool find_account(struct chat *c, struct session *s, const struct room *r,
                         const char *name, struct target *t)
{
	if (!find(c, s, r, name, t))
		return false;
	if (t->account == NULL)
		emit_reply(c, s, "%s is a guest, and this needs an account. Ask them to %cregister first.",
		           t->nick, c->config.command_prefix);
	return t->account != NULL;
}

static bool may(struct chat *c, struct session *s, const struct room *r, enum room_role least)
{
	return access_power(c, s, r, least) && emit_can_save(c, s);
}

/* Gives the account the role; false: a limit is reached, and s was told. since: that of a membership
 * that is given back. */
static bool give_back_since(struct chat *c, struct session *s, struct room *r,
                            const struct target *t, enum room_role role, const uint64_t *since)
{
	bool keeper = role_of(s) >= ROLE_MODERATOR;

	/* Memberships are saved by room number, so the room must keep its number over a restart. */
	if (!r->kept)
		setting_save(c, r);
	if (since != NULL ? membership_give_back(c, keeper, r, t->account->key, role, *since)
	                  : membership_give_by(c, keeper, r, t->account->key, role))
		return true;
	if (membership_owner(r) == NULL && r->memberships.n < MEMBERSHIPS_MAX &&
	    r->memberships.n >= MEMBERSHIPS_OWNERLESS_MAX && c->rooms.nmemberships < MEMBERSHIPS_ALL_MAX) {
		emit_reply(c, s, "Cannot add anyone: nobody owns %s, so %d people at most can have a role or an "
		           "invitation there. %cuninvite or %cdevoice someone first, or ask a moderator.",
		           r->name, MEMBERSHIPS_OWNERLESS_MAX, c->config.command_prefix, c->config.command_prefix);
		return false;
	}
	if (r->memberships.n < MEMBERSHIPS_MAX && c->rooms.nmemberships < MEMBERSHIPS_ALL_MAX - MEMBERSHIPS_RESERVE) {
		emit_reply(c, s, "Cannot add anyone: %d people have a role or an invitation in the rooms of this "
		           "owner, the maximum. %cuninvite or %cdevoice someone first.", MEMBERSHIPS_OWNER_MAX,
		           c->config.command_prefix, c->config.command_prefix);
		return false;
	}
	if (r->memberships.n < MEMBERSHIPS_MAX) {
		emit_reply(c, s, "Cannot add anyone: %" PRIu32 " people have a role or an invitation on this "
		           "server, the maximum. Ask an administrator.", c->rooms.nmemberships);
		return false;
	}
	emit_reply(c, s, "Cannot add anyone: %d people have a role or an invitation in %s, the maximum. "
	           "%cuninvite or %cdevoice someone first.", MEMBERSHIPS_MAX, r->name, c->config.command_prefix,
	           c->config.command_prefix);
	return false;
}

/* The least role in a room that may give or take that one. */
static enum room_role least_for(enum room_role role)
{
	return role == ROOM_OPERATOR ? ROOM_OWNER : ROOM_OPERATOR;
}

/* What /undo needs, as data; since: that of the membership that was taken. */
static void undo_of(struct chat *c, struct bytes *data, struct room *r,
                    const struct target *t, const struct deed *d, uint64_t since)
{
	undo_begin(data, "grant");
	undo_put_room(c, data, r);
	fields_put(data, "role", room_role_name(d->role));
	if (d->gives)
		fields_put(data, "given", "yes");
	undo_put_account(data, "account", t->account);
	if (t->account != NULL) {
		fields_put_number(data, "since", (int64_t)since);
		return;
	}
	/* A guest lasts as long as the connection; after that, another may have the name. */
	if (t->session->person.node != NULL) {
		fields_put(data, "node", t->session->person.node->name);
		fields_put_number(data, "incarnation", (int64_t)t->session->person.node->incarnation);
		fields_put_number(data, "person", (int64_t)t->session->person.number);
		return;
	}
	fields_put_number(data, "slot", (int64_t)t->session->id.slot + 1);
	fields_put_number(data, "gen", t->session->id.gen);
	fields_put_number(data, "from", t->session->presence.since_ms);
}

static bool give(struct chat *c, struct session *s, struct room *r, const struct target *t,
                 enum room_role role)
{
	return give_back_since(c, s, r, t, role, NULL);
}

/* Records the change and tells everyone concerned. since: that of the membership that was taken. s may
 * have given up its own power; then only others can take it back. */
static void done(struct chat *c, struct session *s, struct room *r, const struct target *t,
                 const struct deed *d, uint64_t since)
{
	char hint[64] = "", join[NAME_BYTES_MAX + 32] = "";
	struct bytes undo = {0};
	uint64_t n;

	if (d == &deeds[INVITE])
		snprintf(join, sizeof join, "%cjoin %s takes you there.", c->config.command_prefix, r->name);
	undo_of(c, &undo, r, t, d, since);
	n = emit_audit(c, s, undo.data, "%s %s%s %s %s", d->did, t->nick, d->what, d->where, r->name);
	bytes_release(&undo);
	if (membership_role(r, s) >= least_for(d->role))
		snprintf(hint, sizeof hint, " %cundo #A%" PRIu64 " takes it back.", c->config.command_prefix,
		         n);
	emit_reply(c, s, "%s %s %s.%s", t->nick, d->now, r->name, hint);
	room_notice(c, r, s, "%s has %s %s%s", s->nick, d->has, t->nick, d->what);
	if (t->session != NULL && t->session != s && t->session->room != r &&
	    t->session->state == SESSION_CHAT && !session_ignores(t->session, s->key) &&
	    (c->moderation.guards == 0 || moderation_bars_private(c, s, role_of(t->session)) == NULL))
		emit_reply(c, t->session, "%s has %s you%s %s %s.%s%s", s->nick, d->has, d->what, d->where,
		           r->name, *join != '\0' ? " " : "", join);
}

/* Warns s that a person left without any role can no longer come in. */
static void tell_lost(struct chat *c, struct session *s, const struct room *r,
                      const struct target *t)
{
	if (r->closed && membership_of(r, t->account->key) == NULL && t->account->role < ROLE_MODERATOR)
		emit_reply(c, s, "%s is not invited to %s either, and cannot come in again. %cinvite %s "
		           "lets them in.", t->nick, r->name, c->config.command_prefix, t->nick);
}

/* -- roles -------------------------------------------------------------------------------- */

void cmd_op(struct chat *c, struct session *s, const struct args *a)
{
	struct target t;

	if (!may(c, s, a->room, ROOM_OWNER) || !find_account(c, s, a->room, a->arg[0], &t))
		return;
	if (t.membership != NULL && t.membership->role >= ROOM_OPERATOR)
		emit_reply(c, s, "%s is already %s of %s.", t.nick,
		           t.membership->role == ROOM_OWNER ? "the owner" : "an operator", a->room->name);
	else if (give(c, s, a->room, &t, ROOM_OPERATOR))
		done(c, s, a->room, &t, &deeds[OP], 0);
}

/* Takes from the account a role that it has. */
static void take(struct chat *c, struct session *s, struct room *r, const struct target *t,
                 const struct deed *d)
{
	uint64_t since = t->membership->since;

	membership_take(c, r, t->account->key, d->role);
	done(c, s, r, t, d, since);
	tell_lost(c, s, r, t);
}

void cmd_deop(struct chat *c, struct session *s, const struct args *a)
{
	struct target t;

	if (!find(c, s, a->room, a->arg[0], &t))
		return;
	/* People may always give up their own role. */
	if (t.session == s ? !emit_can_save(c, s) : !may(c, s, a->room, ROOM_OWNER))
		return;
	if (!membership_has(t.membership, ROOM_OPERATOR) || t.membership->role == ROOM_OWNER) {
		emit_reply(c, s, "%s is not an operator of %s.", t.nick, a->room->name);
		return;
	}
	take(c, s, a->room, &t, &deeds[DEOP]);
}

static void voice_guest(struct chat *c, struct session *s, struct room *r, const struct target *t,
                        bool voice)
{
	if (t->session->room != r) {
		emit_reply(c, s, "%s is a guest and not in %s; guests have a voice only while they are there.",
		           t->nick, r->name);
	} else if (t->session->member.voiced == voice) {
		emit_reply(c, s, "%s %s voice in %s.", t->nick, voice ? "already has a" : "has no", r->name);
	} else {
		t->session->member.voiced = voice;
		person_touch(t->session);
		done(c, s, r, t, &deeds[voice ? VOICE : DEVOICE], 0);
	}
}

void cmd_voice(struct chat *c, struct session *s, const struct args *a)
{
	struct target t;

	if (!may(c, s, a->room, ROOM_OPERATOR) || !find(c, s, a->room, a->arg[0], &t))
		return;
	if (t.account == NULL)
		voice_guest(c, s, a->room, &t, true);
	else if (t.membership != NULL && t.membership->role >= ROOM_OPERATOR)
		emit_reply(c, s, "%s is %s of %s and can always speak there.", t.nick,
		           t.membership->role == ROOM_OWNER ? "the owner" : "an operator", a->room->name);
	else if (membership_has(t.membership, ROOM_VOICE))
		emit_reply(c, s, "%s already has a voice in %s.", t.nick, a->room->name);
	else if (give(c, s, a->room, &t, ROOM_VOICE))
		done(c, s, a->room, &t, &deeds[VOICE], 0);
}

void cmd_devoice(struct chat *c, struct session *s, const struct args *a)
{
	struct target t;

	if (!may(c, s, a->room, ROOM_OPERATOR) || !find(c, s, a->room, a->arg[0], &t))
		return;
	if (t.account == NULL) {
		voice_guest(c, s, a->room, &t, false);
		return;
	}
	if (!membership_has(t.membership, ROOM_VOICE)) {
		emit_reply(c, s, "%s has no voice of their own in %s.", t.nick, a->room->name);
		return;
	}
	take(c, s, a->room, &t, &deeds[DEVOICE]);
}

/* -- whose room it is ------------------------------------------------------------------------ */

/* Records that r was offered to an account at that time, or no longer is; returns the number of the
 * record. before: the account it was offered to until then (NULL: none), at before_ms. */
static uint64_t offer_audit(struct chat *c, struct session *s, struct room *r,
                            const struct account *to, bool offered, int64_t at_ms,
                            const struct account *before, int64_t before_ms)
{
	struct bytes undo = {0};
	uint64_t n;

	undo_begin(&undo, "offer");
	undo_put_room(c, &undo, r);
	undo_put_account(&undo, "account", to);
	if (offered)
		fields_put_number(&undo, "at", at_ms);
	else
		fields_put_number(&undo, "was_at", at_ms);
	undo_put_account(&undo, "before", before);
	if (before != NULL)
		fields_put_number(&undo, "before_at", before_ms);
	n = emit_audit(c, s, undo.data, offered ? "offered %s to %s" : "withdrew the offer of %s to %s",
	               r->name, to->nick);
	bytes_release(&undo);
	return n;
}

/* Tells the person who had the offer of r that it was withdrawn. */
static void tell_withdrawn(struct chat *c, struct session *s, const struct room *r,
                           const struct account *to)
{
	struct session *there = to->session;

	if (there != NULL && there != s && there->state == SESSION_CHAT && !session_ignores(there, s->key))
		emit_reply(c, there, "%s has withdrawn the offer of %s.", s->nick, r->name);
}

/* restored_ms: when the offer that is restored began, 0: it is a new one. */
static void offer(struct chat *c, struct session *s, struct room *r, const struct account *to,
                  int64_t restored_ms)
{
	int64_t at_ms = restored_ms != 0 ? restored_ms : c->wall_ms;
	const struct account *before = setting_offered(c, r);
	int64_t before_ms = r->offer.at_ms;
	struct session *there = to->session;
	char days[48];
	uint64_t n;

	setting_offer(c, r, to, s->nick, at_ms);
	n = offer_audit(c, s, r, to, true, at_ms, before, before_ms);
	if (restored_ms == 0)
		snprintf(days, sizeof days, "%d days", (int)(OFFER_MS / DAY_MS));
	else
		snprintf(days, sizeof days, "until %s", format_stamp(&c->stamp, at_ms + OFFER_MS));
	if (before != NULL) {
		emit_reply(c, s, "The offer to %s is withdrawn.", before->nick);
		tell_withdrawn(c, s, r, before);
	}
	emit_reply(c, s, "%s is offered to %s, who has %s to accept it. %cundo #A%" PRIu64
	           " takes it back.", r->name, to->nick, days, c->config.command_prefix, n);
	if (there != NULL && there != s && there->state == SESSION_CHAT &&
	    !session_ignores(there, s->key) &&
	    (c->moderation.guards == 0 || moderation_bars_private(c, s, role_of(there)) == NULL))
		setting_tell_offer(c, there, r);
}

/* Withdraws the offer. */
static void withdraw(struct chat *c, struct session *s, struct room *r)
{
	const struct account *to = setting_offered(c, r);
	int64_t at_ms = r->offer.at_ms;
	uint64_t n;

	setting_offer(c, r, NULL, "", 0);
	n = offer_audit(c, s, r, to, false, at_ms, NULL, 0);
	emit_reply(c, s, "%s is no longer offered to %s. %cundo #A%" PRIu64 " takes it back.", r->name,
	           to->nick, c->config.command_prefix, n);
	tell_withdrawn(c, s, r, to);
}

/* Whether s's account may own one more room, with its bans and memberships; if not, tells s why. */
static bool has_share(struct chat *c, struct session *s, const struct room *r)
{
	const char *key = s->account->key;

	if (membership_owned(c, key) >= ROOMS_OWNED_MAX) {
		emit_reply(c, s, "You already own %d rooms, the maximum. %ctransfer gives one away.",
		           ROOMS_OWNED_MAX, c->config.command_prefix);
		return false;
	}
	for (int kind = 0; kind < BAN_KINDS && role_of(s) < ROLE_MODERATOR; kind++) {
		uint32_t n = ban_share(c, (enum ban_kind)kind, key) + r->bans[kind].n;

		if (r->bans[kind].n > 0 && n > BANS_OWNER_MAX) {
			emit_reply(c, s, "With %s there would be %" PRIu32 " %s in your rooms; the maximum is %d.",
			           r->name, n, kind == BAN_ENTRY ? "bans" : "mutes",
			           BANS_OWNER_MAX);
			return false;
		}
	}
	if (role_of(s) < ROLE_MODERATOR &&
	    membership_of_owner(s->account) + r->memberships.n > MEMBERSHIPS_OWNER_MAX) {
		emit_reply(c, s, "With %s, %" PRIu32 " people would have a role or an invitation in your rooms; "
		           "the maximum is %d.", r->name, membership_of_owner(s->account) + r->memberships.n,
		           MEMBERSHIPS_OWNER_MAX);
		return false;
	}
	return true;
}

/* Makes s the owner. */
static void own(struct chat *c, struct session *s, struct room *r)
{
	struct account *before = membership_owner_account(r);
	struct target t = {.account = s->account, .session = s, .nick = s->nick};
	struct bytes undo = {0};
	uint64_t n;

	if (!has_share(c, s, r) || !give(c, s, r, &t, ROOM_OWNER))
		return;
	if (before != NULL) {
		membership_give(c, r, before->key, ROOM_OPERATOR);
		membership_take(c, r, before->key, ROOM_OWNER);
	}
	setting_offer(c, r, NULL, "", 0);
	undo_begin(&undo, "owner");
	undo_put_room(c, &undo, r);
	undo_put_account(&undo, "was", before);
	undo_put_account(&undo, "is", s->account);
	n = emit_audit(c, s, undo.data, before != NULL ? "took %s over from %s" : "took %s over", r->name,
	               before != NULL ? before->nick : "");
	bytes_release(&undo);
	if (before != NULL)
		emit_reply(c, s, "You now own %s. %cundo #A%" PRIu64 " offers it back to %s.", r->name,
		           c->config.command_prefix, n, before->nick);
	else
		emit_reply(c, s, "You now own %s.", r->name);
	room_notice(c, r, s, "%s now owns this room", s->nick);
	if (before != NULL && before->session != NULL && before->session->room != r)
		emit_reply(c, before->session, "%s has accepted %s and now owns it.", s->nick, r->name);
}

void cmd_transfer(struct chat *c, struct session *s, const struct args *a)
{
	struct room *r = a->room;
	struct target t;

	if (r == c->rooms.lobby) {
		emit_reply(c, s, "%s is the lobby, which nobody can own.", r->name);
		return;
	}
	if (!may(c, s, r, ROOM_OWNER))
		return;
	if (strcmp(a->arg[0], "-") == 0) {
		if (setting_offered(c, r) != NULL)
			withdraw(c, s, r);
		else
			emit_reply(c, s, "%s is not offered to anyone.", r->name);
		return;
	}
	if (!find_account(c, s, r, a->arg[0], &t))
		return;
	if (t.account == membership_owner_account(r))
		emit_reply(c, s, "%s already owns %s.", t.nick, r->name);
	else if (t.account == s->account)
		own(c, s, r);
	else if (t.account == setting_offered(c, r))
		emit_reply(c, s, "%s is already offered to %s.", r->name, t.nick);
	else
		offer(c, s, r, t.account, 0);
}

/* The room of that name, if it is offered to s; NULL: s was told. */
static struct room *offered(struct chat *c, struct session *s, const char *name)
{
	struct room *r = s->account != NULL ? room_typed(c, name) : NULL;

	name += *name == '#';
	/* Nobody else may learn whether the room exists. */
	if (r != NULL && setting_offered(c, r) != s->account)
		r = NULL;
	if (r == NULL)
		emit_reply(c, s, "No room %.*s is offered to you.",
		           (int)text_prefix(name, strlen(name), ROOM_CHARS_MAX), name);
	return r;
}

void cmd_accept(struct chat *c, struct session *s, const struct args *a)
{
	struct room *r = emit_can_save(c, s) ? offered(c, s, a->arg[0]) : NULL;

	/* An owner must be able to come in. */
	if (r != NULL && moderation_may_join(c, s, r))
		own(c, s, r);
}

void cmd_decline(struct chat *c, struct session *s, const struct args *a)
{
	struct room *r = emit_can_save(c, s) ? offered(c, s, a->arg[0]) : NULL;
	struct account *owner;

	if (r == NULL)
		return;
	owner = membership_owner_account(r);
	setting_offer(c, r, NULL, "", 0);
	emit_reply(c, s, "You have declined %s.", r->name);
	if (owner != NULL && owner->session != NULL)
		emit_reply(c, owner->session, "%s has declined %s; you keep it.", s->nick, r->name);
}

void undo_offer(struct chat *c, struct session *s, const struct row *act)
{
	const char *data = act->changed;
	const struct account *to = undo_account(c, data, "account");
	const struct account *before = undo_account(c, data, "before");
	int64_t at_ms = fields_get_time(data, "at"), was_ms = fields_get_time(data, "was_at");
	int64_t before_ms = fields_get_time(data, "before_at");
	struct room *r;

	if (!undo_room(c, data, &r) || r == NULL)
		undo_late(c, s, "that room is gone");
	else if (!access_power(c, s, r, ROOM_OWNER))
		return;
	else if (to == NULL)
		undo_late(c, s, "that account is gone");
	else if (at_ms != 0 && (setting_offered(c, r) != to || r->offer.at_ms != at_ms))
		undo_late(c, s, "that offer has ended");
	else if (at_ms != 0 && before != NULL && before != s->account && membership_owner_account(r) != before &&
	         before_ms + OFFER_MS > c->wall_ms)
		offer(c, s, r, before, before_ms);
	else if (at_ms != 0)
		withdraw(c, s, r);
	else if (setting_offered(c, r) != NULL || membership_owner_account(r) == to || to == s->account)
		undo_late(c, s, "the room has since been given or offered to someone");
	else if (was_ms != 0 && was_ms + OFFER_MS <= c->wall_ms)
		undo_late(c, s, "that offer would have ended by now");
	else
		/* Older versions did not record when it was offered. */
		offer(c, s, r, to, was_ms);
}

/* Nobody becomes an owner without accepting: the room is offered to its former owner. */
void undo_owner(struct chat *c, struct session *s, const struct row *act)
{
	const struct account *is = undo_account(c, act->changed, "is");
	const struct account *was = undo_account(c, act->changed, "was");
	struct room *r;

	if (!undo_room(c, act->changed, &r) || r == NULL)
		undo_late(c, s, "that room is gone");
	else if (!access_power(c, s, r, ROOM_OWNER))
		return;
	else if (is == NULL || membership_owner_account(r) != is)
		undo_late(c, s, "the room has another owner now");
	else if (was == NULL)
		undo_late(c, s, "nobody owned it before, or their account is gone");
	else if (setting_offered(c, r) != NULL)
		undo_late(c, s, "the room has since been offered to someone");
	else if (was == s->account)
		own(c, s, r);
	else
		offer(c, s, r, was, 0);
}

/* -- invitations --------------------------------------------------------------------------- */

/* Invites the person; false: it did not, and s was told. */
static bool let_in(struct chat *c, struct session *s, struct room *r, const struct target *t)
{
	if (t->account == NULL && access_invited(t->session, r) != NULL)
		emit_reply(c, s, "%s is already invited to %s.", t->nick, r->name);
	else if (t->account == NULL &&
	         !access_invite(c, t->session, r, r->set.private ? r->lines.last_id : 0, false))
		emit_reply(c, s, "Cannot invite %s: a guest can have %d invitations%s at most. People with an "
		           "account can have more.", t->nick,
		           t->session->invites.n == INVITES_MAX ? INVITES_MAX : INVITES_OWNER_MAX,
		           t->session->invites.n == INVITES_MAX ? "" : " to rooms of one owner");
	else if (t->account == NULL)
		return true;
	else if (t->membership != NULL && t->membership->role > ROOM_MEMBER)
		emit_reply(c, s, "%s needs no invitation to %s: the role there is %s.", t->nick, r->name,
		           room_role_name(t->membership->role));
	else if (t->membership != NULL)
		emit_reply(c, s, "%s is already invited to %s.", t->nick, r->name);
	else
		return give(c, s, r, t, ROOM_MEMBER);
	return false;
}

/* Whether the account is banned from r by name, so that an invitation would not help; if so, tells s.
 * A room's operators may not learn of bans on guests or addresses, or from the whole chat. */
static bool is_kept_out(struct chat *c, struct session *s, struct room *r, const struct target *t)
{
	const struct ban like = {.kind = BAN_ENTRY, .target = BAN_ACCOUNT,
	                         .key = t->account != NULL ? t->account->key : NULL};

	if (t->account == NULL || ban_same(c, r, &like) == NULL)
		return false;
	emit_reply(c, s, "Cannot invite %s, who is banned from %s. %cunban %s lifts the ban.", t->nick, r->name,
	           c->config.command_prefix, t->nick);
	return true;
}

void cmd_invite(struct chat *c, struct session *s, const struct args *a)
{
	struct target t;

	if (a->room == c->rooms.lobby)
		emit_reply(c, s, "Anyone can come into %s; nobody needs an invitation.", a->room->name);
	else if (may(c, s, a->room, ROOM_OPERATOR) && find(c, s, a->room, a->arg[0], &t) &&
	         !is_kept_out(c, s, a->room, &t) && let_in(c, s, a->room, &t))
		done(c, s, a->room, &t, &deeds[INVITE], 0);
}

/* Whether there is an invitation, and nothing more; if not, tells s. */
static bool is_invited(struct chat *c, struct session *s, struct room *r, const struct target *t)
{
	bool guest = t->session != NULL && access_invited(t->session, r) != NULL;

	if (t->membership != NULL && t->membership->role > ROOM_MEMBER) {
		emit_reply(c, s, "%s has more than an invitation to %s (%s). Use %c%s %s first.", t->nick,
		           r->name, room_role_name(t->membership->role), c->config.command_prefix,
		           t->membership->role == ROOM_OWNER ? "transfer" :
		           t->membership->role == ROOM_OPERATOR ? "deop" : "devoice",
		           t->membership->role == ROOM_OWNER ? "NAME" : t->nick);
		return false;
	}
	if (t->membership == NULL && !guest) {
		emit_reply(c, s, "%s is not invited to %s.", t->nick, r->name);
		return false;
	}
	return true;
}

/* Withdraws the invitation. */
static void uninvite(struct chat *c, struct session *s, struct room *r, const struct target *t)
{
	uint64_t since = t->membership != NULL ? t->membership->since : 0;
	struct bytes told = {0}, why = {0};

	if (t->membership != NULL)
		membership_take(c, r, t->account->key, ROOM_MEMBER);
	if (t->session != NULL)
		access_uninvite(t->session, r);
	done(c, s, r, t, &deeds[UNINVITE], since);
	if (t->session != NULL && r->set.private && t->session->room == r &&
	    access_bar(r, t->session, t->session->account) != BAR_NONE) {
		bytes_printf(&told, "%s is private and you are no longer invited; you are back in %s.",
		             r->name, c->rooms.lobby->name);
		bytes_printf(&why, "by %s", s->nick);
		eject_mark(c, t->session, r, told.data, why.data);
		eject_run(c);
		bytes_release(&told);
		bytes_release(&why);
	}
}

/* Withdraws that of a guest who was cut off and may come back; false: there is no such guest. */
static bool uninvite_absent(struct chat *c, struct session *s, struct room *r, const char *name)
{
	const struct deed *d = &deeds[UNINVITE];
	char key[NAME_KEY_BYTES_MAX + 1];

	if (!name_key(name, strlen(name), key) || session_by_key(c, key) != NULL ||
	    account_by_key(c, key) != NULL || !resume_uninvite(c, key, r))
		return false;
	emit_audit(c, s, "", "%s %s%s %s %s", d->did, name, d->what, d->where, r->name);
	emit_reply(c, s, "%s has left; their invitation to %s is withdrawn.", name, r->name);
	return true;
}

void cmd_uninvite(struct chat *c, struct session *s, const struct args *a)
{
	struct target t;

	if (may(c, s, a->room, ROOM_OPERATOR) && !uninvite_absent(c, s, a->room, a->arg[0]) &&
	    find(c, s, a->room, a->arg[0], &t) && is_invited(c, s, a->room, &t))
		uninvite(c, s, a->room, &t);
}

/* -- taking it back ------------------------------------------------------------------------- */

/* The guest whom that data is about, if their connection is still there; NULL: it is not. */
static struct session *same_guest(struct chat *c, const char *data)
{
	uint32_t slot = fields_get_count(data, "slot", CONNECTIONS_LIMIT + CONTROL_SLOTS);
	struct conn_id id = {slot - 1, fields_get_count(data, "gen", UINT32_MAX)};
	char *name = fields_get(data, "node");
	struct session *s = NULL;
	struct node *n = cluster_find(c, name);

	free(name);
	if (n != NULL && n->incarnation == (uint64_t)fields_get_number(data, "incarnation"))
		s = person_of(n, (uint64_t)fields_get_number(data, "person"));
	else if (slot != 0 && c->cluster.self == NULL)
		s = chat_session(c, id);
	if (s == NULL || s->state != SESSION_CHAT || s->account != NULL ||
	    (n == NULL && s->presence.since_ms != fields_get_number(data, "from")))
		return NULL;
	return s;
}

/* The person the action was about, if that very account or connection is still there. */
static bool same_target(struct chat *c, const struct room *r, const char *data,
                        struct target *t)
{
	*t = (struct target){.account = undo_account(c, data, "account")};
	if (t->account != NULL) {
		t->session = t->account->session;
		t->nick = t->account->nick;
		t->membership = membership_of(r, t->account->key);
		return true;
	}
	t->session = undo_has(data, "account") ? NULL : same_guest(c, data);
	if (t->session == NULL)
		return false;
	t->nick = t->session->nick;
	return true;
}

/* Whether the person now has the role that the action gave or took. */
static bool has_now(const struct room *r, const struct target *t, enum room_role role)
{
	/* A person who owns the room by now is more than that. */
	if (t->account != NULL)
		return membership_has(t->membership, role) && t->membership->role != ROOM_OWNER;
	return role == ROOM_VOICE ? t->session->room == r && t->session->member.voiced
	                          : access_invited(t->session, r) != NULL;
}

static void give_back(struct chat *c, struct session *s, struct room *r, const struct target *t,
                      const struct deed *d, uint64_t since)
{
	if (t->account == NULL && d->role == ROOM_VOICE)
		voice_guest(c, s, r, t, true);
	else if (t->account == NULL ? let_in(c, s, r, t) : give_back_since(c, s, r, t, d->role, &since))
		done(c, s, r, t, d, 0);
}

static void take_again(struct chat *c, struct session *s, struct room *r, const struct target *t,
                       const struct deed *d)
{
	if (t->account == NULL && d->role == ROOM_VOICE)
		voice_guest(c, s, r, t, false);
	else if (d->role == ROOM_MEMBER)
		uninvite(c, s, r, t);
	else
		take(c, s, r, t, d);
}

void undo_membership(struct chat *c, struct session *s, const struct row *act)
{
	const char *data = act->changed;
	bool given = undo_has(data, "given");
	char *role = fields_get(data, "role");
	const struct deed *d = NULL;
	struct target t;
	struct room *r;

	for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++)
		if (strcmp(room_role_name(deeds[i].role), role) == 0 && deeds[i].gives != given)
			d = &deeds[i];
	free(role);
	if (!undo_room(c, data, &r) || r == NULL || d == NULL)
		undo_late(c, s, "that room is gone");
	else if (!same_target(c, r, data, &t))
		undo_late(c, s, "the person it was about is gone");
	/* People may always give up their own role. */
	else if ((t.session != s || d->role != ROOM_OPERATOR || !given) &&
	         !access_power(c, s, r, least_for(d->role)))
		return;
	else if (has_now(r, &t, d->role) != given)
		undo_late(c, s, given ? "it has since been taken away" : "it has since been given again");
	else if (given)
		take_again(c, s, r, &t, d);
	else
		give_back(c, s, r, &t, d, (uint64_t)fields_get_number(data, "since"));
}
