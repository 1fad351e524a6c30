/* Commands about who is what in a room: /op /deop /voice /devoice /transfer /invite /uninvite. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/core/command.h"
#include "chatd/core/emit.h"
#include "chatd/core/name.h"
#include "chatd/core/order.h"
#include "chatd/core/rights.h"
#include "chatd/core/room.h"
#include "chatd/core/session.h"
#include "chatd/core/setting.h"
#include "chatd/core/text.h"

/* How an act is told of. */
struct deed {
	const char *did, *has; /* "gave", "given" */
	const char *what;      /* behind the name: " a voice" */
	const char *where;     /* "in" the room */
	const char *now;       /* of whom it was done: "has a voice in" the room */
	const char *undo;      /* the command that takes it back */
	bool ranks;            /* which is for the owner */
};

static const struct deed deeds[] = {
	{"made", "made", " an operator", "of", "is an operator of", "deop", true},
	{"took the operator's role from", "taken the operator's role from", "", "in",
	 "is no longer an operator of", "op", true},
	{"gave", "given", " a voice", "in", "has a voice in", "devoice", false},
	{"took the voice from", "taken the voice from", "", "in", "no longer has a voice in", "voice", false},
	{"made", "made", " the owner", "of", "is the owner of", "transfer", true},
	{"invited", "invited", "", "to", "may come into", "uninvite", false},
	{"took the invitation from", "taken the invitation from", "", "to",
	 "is no longer invited to", "invite", false},
};

enum { OP, DEOP, VOICE, DEVOICE, TRANSFER, INVITE, UNINVITE };

/* Somebody of whom a command speaks. */
struct target {
	struct account *account; /* NULL: a guest */
	struct session *session; /* NULL: is not here */
	const char *nick;
	const struct grant *grant; /* in the room; NULL: none */
};

/* Who is meant; false: nobody, and s was told. */
static bool find(struct chat *c, struct session *s, const struct room *r, const char *name,
                 struct target *t)
{
	char key[NAME_KEY_BYTES_MAX + 1];

	*t = (struct target){.account = account_named(c, name)};
	if (t->account != NULL) {
		t->session = t->account->session;
		t->nick = t->account->nick;
		t->grant = grant_of(r, t->account->key);
		return true;
	}
	if (name_key(name, strlen(name), key))
		t->session = session_by_key(c, key);
	if (t->session != NULL)
		t->nick = t->session->nick;
	else
		emit_reply(c, s, "Not done: nobody here is called %.*s, and no account is.",
		           (int)text_prefix(name, strlen(name), NICK_CHARS_MAX), name);
	return t->session != NULL;
}

/* The same, and it has an account. */
static bool find_account(struct chat *c, struct session *s, const struct room *r,
                         const char *name, struct target *t)
{
	if (!find(c, s, r, name, t))
		return false;
	if (t->account == NULL)
		emit_reply(c, s, "Not done: %s is a guest; ask them to %cregister first, so that it stays "
		           "theirs.", t->nick, c->config.command_prefix);
	return t->account != NULL;
}

static bool may(struct chat *c, struct session *s, const struct room *r, enum room_role least)
{
	return rights_power(c, s, r, least) && command_can_save(c, s);
}

/* The account gets the role; false: there is no place, and s was told. */
static bool give(struct chat *c, struct session *s, struct room *r, const struct target *t,
                 enum room_role role)
{
	/* A grant holds for a room that is known by its number also after a restart. */
	if (!r->kept)
		setting_save(c, r);
	if (grant_give(c, r, t->account->key, role))
		return true;
	if (r->ngrants < GRANTS_MAX) {
		emit_reply(c, s, "Not done: %d people are something in a room of this server, and that is "
		           "the most.", GRANTS_ALL_MAX);
		return false;
	}
	emit_reply(c, s, "Not done: %d people are something in %s, and that is the most. %cuninvite or "
	           "%cdevoice somebody first.", GRANTS_MAX, r->name, c->config.command_prefix,
	           c->config.command_prefix);
	return false;
}

/* Records what was done, and tells all whom it concerns. back: whom the undo names, NULL for
 * the one it was done to; "" where nothing takes it back. s may have given its own power away:
 * then it is for others to take it back. */
static void done(struct chat *c, struct session *s, struct room *r, const struct target *t,
                 const struct deed *d, const char *back)
{
	char undo[NAME_BYTES_MAX * 2 + 32] = "", hint[64] = "", join[NAME_BYTES_MAX + 32] = "";
	uint64_t n;

	if (d == &deeds[INVITE])
		snprintf(join, sizeof join, "%cjoin %s goes there.", c->config.command_prefix, r->name);
	if (back == NULL || *back != '\0')
		snprintf(undo, sizeof undo, "%s --in=%s %s", d->undo, r->name,
		         back != NULL ? back : t->nick);
	n = emit_audit(c, s, undo, "%s %s%s %s %s", d->did, t->nick, d->what, d->where, r->name);
	if (*undo != '\0' && grant_role(r, s) >= (d->ranks ? ROOM_OWNER : ROOM_OPERATOR))
		snprintf(hint, sizeof hint, " %cundo #A%" PRIu64 " takes it back.", c->config.command_prefix,
		         n);
	emit_reply(c, s, "%s %s %s.%s", t->nick, d->now, r->name, hint);
	room_notice(c, r, s, "%s has %s %s%s", s->nick, d->has, t->nick, d->what);
	if (t->session != NULL && t->session != s && t->session->room != r &&
	    t->session->state == SESSION_CHAT && !session_ignores(t->session, s->key) &&
	    (!c->guarded || order_bars_private(c, s, role_of(t->session)) == NULL))
		emit_reply(c, t->session, "%s has %s you%s %s %s.%s%s", s->nick, d->has, d->what, d->where,
		           r->name, *join != '\0' ? " " : "", join);
}

/* Whoever had no more than what was taken is let in no more. */
static void tell_lost(struct chat *c, struct session *s, const struct room *r,
                      const struct target *t)
{
	if (r->closed && grant_of(r, t->account->key) == NULL)
		emit_reply(c, s, "%s was not invited to %s besides, and cannot come in again. %cinvite %s "
		           "changes that.", t->nick, r->name, c->config.command_prefix, t->nick);
}

/* -- roles -------------------------------------------------------------------------------- */

void cmd_op(struct chat *c, struct session *s, const struct args *a)
{
	struct target t;

	if (!may(c, s, a->room, ROOM_OWNER) || !find_account(c, s, a->room, a->arg[0], &t))
		return;
	if (t.grant != NULL && t.grant->role >= ROOM_OPERATOR)
		emit_reply(c, s, "%s is %s of %s already.", t.nick,
		           t.grant->role == ROOM_OWNER ? "the owner" : "an operator", a->room->name);
	else if (give(c, s, a->room, &t, ROOM_OPERATOR))
		done(c, s, a->room, &t, &deeds[OP], NULL);
}

void cmd_deop(struct chat *c, struct session *s, const struct args *a)
{
	struct target t;

	if (!find_account(c, s, a->room, a->arg[0], &t))
		return;
	/* One may always give one's own up. */
	if (t.session == s ? !command_can_save(c, s) : !may(c, s, a->room, ROOM_OWNER))
		return;
	if (!grant_has(t.grant, ROOM_OPERATOR) || t.grant->role == ROOM_OWNER) {
		emit_reply(c, s, "%s is no operator of %s.", t.nick, a->room->name);
		return;
	}
	grant_take(c, a->room, t.account->key, ROOM_OPERATOR);
	done(c, s, a->room, &t, &deeds[DEOP], NULL);
	tell_lost(c, s, a->room, &t);
}

static void voice_guest(struct chat *c, struct session *s, struct room *r, const struct target *t,
                        bool voice)
{
	if (t->session->room != r) {
		emit_reply(c, s, "Not done: %s is a guest and not in %s; a guest's voice lasts while they are "
		           "there.", t->nick, r->name);
	} else if (t->session->voiced == voice) {
		emit_reply(c, s, "%s has %s voice in %s%s.", t->nick, voice ? "a" : "no", r->name,
		           voice ? " already" : "");
	} else {
		t->session->voiced = voice;
		done(c, s, r, t, &deeds[voice ? VOICE : DEVOICE], NULL);
	}
}

void cmd_voice(struct chat *c, struct session *s, const struct args *a)
{
	struct target t;

	if (!may(c, s, a->room, ROOM_OPERATOR) || !find(c, s, a->room, a->arg[0], &t))
		return;
	if (t.account == NULL)
		voice_guest(c, s, a->room, &t, true);
	else if (t.grant != NULL && t.grant->role >= ROOM_OPERATOR)
		emit_reply(c, s, "%s is %s of %s, and speaks there anyhow.", t.nick,
		           t.grant->role == ROOM_OWNER ? "the owner" : "an operator", a->room->name);
	else if (grant_has(t.grant, ROOM_VOICE))
		emit_reply(c, s, "%s has a voice in %s already.", t.nick, a->room->name);
	else if (give(c, s, a->room, &t, ROOM_VOICE))
		done(c, s, a->room, &t, &deeds[VOICE], NULL);
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
	if (!grant_has(t.grant, ROOM_VOICE)) {
		emit_reply(c, s, "%s has no voice of their own in %s.", t.nick, a->room->name);
		return;
	}
	grant_take(c, a->room, t.account->key, ROOM_VOICE);
	done(c, s, a->room, &t, &deeds[DEVOICE], NULL);
	tell_lost(c, s, a->room, &t);
}

void cmd_transfer(struct chat *c, struct session *s, const struct args *a)
{
	const struct grant *owner = grant_owner(a->room);
	struct account *before = owner != NULL ? account_by_key(c, owner->key) : NULL;
	struct target t;

	if (a->room == c->lobby) {
		emit_reply(c, s, "Not done: %s is the lobby; nobody owns it.", a->room->name);
		return;
	}
	if (!may(c, s, a->room, ROOM_OWNER) || !find_account(c, s, a->room, a->arg[0], &t))
		return;
	if (t.account == before) {
		emit_reply(c, s, "%s is the owner of %s already.", t.nick, a->room->name);
		return;
	}
	if (grant_owned(c, t.account->key) >= ROOMS_OWNED_MAX) {
		emit_reply(c, s, "Not done: %s owns %d rooms, and that is the most.", t.nick,
		           ROOMS_OWNED_MAX);
		return;
	}
	if (!give(c, s, a->room, &t, ROOM_OWNER))
		return;
	if (before != NULL) {
		grant_give(c, a->room, before->key, ROOM_OPERATOR);
		grant_take(c, a->room, before->key, ROOM_OWNER);
	}
	done(c, s, a->room, &t, &deeds[TRANSFER], before != NULL ? before->nick : "");
}

/* -- invitations --------------------------------------------------------------------------- */

/* Lets the one who is meant in; false: it did not, and s was told. */
static bool let_in(struct chat *c, struct session *s, struct room *r, const struct target *t)
{
	if (t->account == NULL && rights_invited(t->session, r) != NULL)
		emit_reply(c, s, "%s is invited to %s already.", t->nick, r->name);
	else if (t->account == NULL &&
	         !rights_invite(t->session, r, r->set.private ? r->last_id : 0, false))
		emit_reply(c, s, "Not done: %s is a guest with %d invitations, and that is the most. "
		           "Whoever has an account can have more.", t->nick, INVITES_MAX);
	else if (t->account == NULL)
		return true;
	else if (t->grant != NULL && t->grant->role > ROOM_MEMBER)
		emit_reply(c, s, "%s is something in %s (%s), and may come in anyhow.", t->nick, r->name,
		           room_role_name(t->grant->role));
	else if (t->grant != NULL)
		emit_reply(c, s, "%s is invited to %s already.", t->nick, r->name);
	else
		return give(c, s, r, t, ROOM_MEMBER);
	return false;
}

void cmd_invite(struct chat *c, struct session *s, const struct args *a)
{
	struct target t;

	if (a->room == c->lobby)
		emit_reply(c, s, "Everybody may come into %s; nobody needs an invitation.", a->room->name);
	else if (may(c, s, a->room, ROOM_OPERATOR) && find(c, s, a->room, a->arg[0], &t) &&
	         let_in(c, s, a->room, &t))
		done(c, s, a->room, &t, &deeds[INVITE], NULL);
}

/* Takes the invitation away; false: there is none, or more than that, and s was told. */
static bool keep_out(struct chat *c, struct session *s, struct room *r, const struct target *t)
{
	bool guest = t->session != NULL && rights_invited(t->session, r) != NULL;

	if (t->grant != NULL && t->grant->role > ROOM_MEMBER) {
		emit_reply(c, s, "Not done: %s is more than invited to %s (%s). %c%s %s first.", t->nick,
		           r->name, room_role_name(t->grant->role), c->config.command_prefix,
		           t->grant->role == ROOM_OWNER ? "transfer" :
		           t->grant->role == ROOM_OPERATOR ? "deop" : "devoice",
		           t->grant->role == ROOM_OWNER ? "NICK" : t->nick);
		return false;
	}
	if (t->grant == NULL && !guest) {
		emit_reply(c, s, "%s is not invited to %s.", t->nick, r->name);
		return false;
	}
	if (t->grant != NULL)
		grant_take(c, r, t->account->key, ROOM_MEMBER);
	if (guest)
		rights_uninvite(t->session, r);
	return true;
}

void cmd_uninvite(struct chat *c, struct session *s, const struct args *a)
{
	struct bytes told = {0}, why = {0};
	struct room *r = a->room;
	struct target t;

	if (!may(c, s, r, ROOM_OPERATOR) || !find(c, s, r, a->arg[0], &t) || !keep_out(c, s, r, &t))
		return;
	done(c, s, r, &t, &deeds[UNINVITE], NULL);
	if (t.session != NULL && r->set.private && t.session->room == r &&
	    rights_bar(r, t.session, t.session->account) != BAR_NONE) {
		bytes_printf(&told, "%s is private, so you go back to %s.", r->name, c->lobby->name);
		bytes_printf(&why, "by %s", s->nick);
		out_mark(c, t.session, r, told.data, why.data);
		out_run(c);
		bytes_release(&told);
		bytes_release(&why);
	}
}
