/*
 * /remove: deletes rooms, accounts, and what was made from one address, for good.
 *
 * None of it can be undone, so the command only shows what it would do, unless it ends in --yes.
 */

#include "chatd/core/commands/cmd_remove.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/entry/resume.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/moderation/report.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/people/name.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/eject.h"
#include "chatd/core/rooms/removal.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/state/state.h"

enum { ROOMS_NAMED_MAX = 10 }; /* rooms that are named before "and N others" */

/* What is to be done. */
enum removing {
	REMOVE_TELL,     /* only say what would be removed */
	REMOVE_ASK,      /* and how to do it, */
	REMOVE_ASK_PROGRAM, /* for a person who uses a program (--status), and types no command */
	REMOVE_DO,
};

/* Whose things to remove: those of an account, by share_who, or of all addresses in a block. */
struct owner {
	const char *who;            /* NULL: those of the block */
	const struct address *block;
	bool speaks_alone;          /* only rooms in which no more than one has spoken */
};

static void tell_how(struct chat *c, struct session *s, enum removing how, const char *kind,
                     const char *name)
{
	if (how == REMOVE_ASK)
		emit_reply(c, s, "Nothing has changed yet. %cremove %s %s --yes does it; that cannot be undone.",
		           c->config.command_prefix, kind, name);
	if (how == REMOVE_ASK_PROGRAM) {
		emit_reply(c, s, "Nothing has changed yet. --yes does it; that cannot be undone.");
		emit_reply(c, s, "status: asked");
	}
}

/* The same for an account; lines: with what it has said. */
static void tell_how_account(struct chat *c, struct session *s, enum removing how, const char *name,
                             bool lines)
{
	struct bytes b = {0};

	bytes_printf(&b, "%s%s", name, lines ? " --lines" : "");
	emit_reply(c, s, lines ? "Everything said from it would be deleted too, in every room."
	                       : "What was said from it stays, unless you add --lines.");
	tell_how(c, s, how, "account", b.data);
	bytes_release(&b);
}

/* -- rooms --------------------------------------------------------------------------------- */

static void tell_room(struct chat *c, struct session *s, const struct room *r)
{
	const struct account *owner = membership_owner_account(r);
	char age[AGE_BYTES_MAX];

	emit_reply(c, s, "Room %s: %s%s, %" PRIu32 " %s in it, %" PRIu32 " with a role or invitation.",
	           r->name, owner != NULL ? "owned by " : "no owner", owner != NULL ? owner->nick : "",
	           r->members.n, r->members.n == 1 ? "person" : "people", r->memberships.n);
	if (r->made.at_ms != 0)
		emit_reply(c, s, "Made %s ago by %s.", format_age(age, c->wall_ms - r->made.at_ms),
		           r->made.by);
	if (r->lines.last_id == 0)
		emit_reply(c, s, "It has no history.");
	else
		emit_reply(c, s, "Its history would be deleted too; the last line was said %s ago%s.",
		           format_age(age, c->wall_ms - r->lines.last_ms),
		           strcmp(r->lines.alone, ROOM_SEVERAL) == 0 ? "" : ", and one person said all of it");
}

/* This and the others like it return true if something was removed. */
static bool remove_room(struct chat *c, struct session *s, const char *name, enum removing how)
{
	struct room *r = args_room(c, s, name);

	if (r == NULL)
		return false;
	if (r == c->rooms.lobby) {
		emit_reply(c, s, "%s is the lobby, which cannot be removed.", r->name);
	} else if (r->memberships.owner == NULL || r->memberships.owner->account == s->account ||
	           moderation_over(c, s, NULL, rank_of_account(NULL, r->memberships.owner->account),
	                           r->memberships.owner->account->nick)) {
		if (how != REMOVE_DO) {
			tell_room(c, s, r);
			tell_how(c, s, how, "room", r->name);
			return false;
		}
		if (r->memberships.owner != NULL)
			emit_audit(c, s, "", "removed the room %s, owned by %s", r->name, r->memberships.owner->account->nick);
		else
			emit_audit(c, s, "", "removed the room %s, made by %s", r->name,
			           *r->made.by != '\0' ? r->made.by : "an unknown person");
		emit_reply(c, s, "The room %s was removed.", r->name);
		removal_mark(c, r, s->nick);
		removal_run(c);
		return true;
	}
	return false;
}

/* -- everything of one owner --------------------------------------------------------------- */

static bool is_whose(const struct room *r, const struct owner *o)
{
	bool is;

	if (r->gone)
		return false;
	if (r->memberships.owner != NULL)
		is = o->who != NULL && r->made.share != NULL && strcmp(r->made.share->who, o->who) == 0;
	else
		is = o->who != NULL ? strcmp(r->made.by, o->who) == 0
		                    : share_is_within(r->made.by, o->block);
	return is && !(o->speaks_alone && strcmp(r->lines.alone, ROOM_SEVERAL) == 0);
}

/* Names the rooms of o in out; by not NULL: removes them. */
static uint32_t rooms_of(struct chat *c, const struct owner *o, struct bytes *out, const char *by)
{
	uint32_t n = 0, several = 0;

	for (struct room *r = rooms_in_order(c); r != NULL; r = r->hh_number.next) {
		if (r == c->rooms.lobby || !is_whose(r, o))
			continue;
		if (n++ < ROOMS_NAMED_MAX)
			bytes_printf(out, "%s%s", n == 1 ? " (" : ", ", r->name);
		several += strcmp(r->lines.alone, ROOM_SEVERAL) == 0;
		if (by != NULL)
			removal_mark(c, r, by);
	}
	if (n > ROOMS_NAMED_MAX)
		bytes_printf(out, " and %" PRIu32 " others", n - ROOMS_NAMED_MAX);
	if (several > 0)
		bytes_printf(out, "; others have spoken in %" PRIu32 " of them", several);
	bytes_puts(out, n > 0 ? ")" : "");
	return n;
}

static void count_word(struct bytes *b, uint32_t n, const char *one, const char *more)
{
	bytes_printf(b, "%s%" PRIu32 " %s", b->len > 0 ? ", " : "", n, n == 1 ? one : more);
}

/* What o owns, or (by not NULL) what was removed, as "3 rooms (a, b, c), 1 unread message". False:
 * nothing. */
static bool things_of(struct chat *c, const struct owner *o, struct bytes *out, const char *by)
{
	struct bytes names = {0};
	bool does = by != NULL;
	uint32_t n = rooms_of(c, o, &names, by);

	if (n > 0) {
		count_word(out, n, "room", "rooms");
		bytes_puts(out, names.data);
	}
	bytes_release(&names);
	n = mail_by(c, o->who, o->block, does);
	if (n > 0)
		count_word(out, n, "unread message", "unread messages");
	n = reports_by(c, o->who, o->block, does);
	if (n > 0)
		count_word(out, n, "open report", "open reports");
	n = o->who == NULL ? resume_from(c, o->block, does) : 0;
	if (n > 0)
		count_word(out, n, "guest who could still resume", "guests who could still resume");
	return out->len > 0;
}

static void done(struct chat *c, struct session *s, const char *what)
{
	emit_audit(c, s, "", "removed %s", what);
	emit_reply(c, s, "Removed: %s.", what);
}

static bool remove_address(struct chat *c, struct session *s, const char *name, enum removing how)
{
	char shown[ADDRESS_BYTES_MAX];
	struct bytes things = {0}, what = {0};
	struct address block;
	struct owner o = {.block = &block};
	bool removed = false;

	if (!address_parse(name, &block)) {
		emit_reply(c, s, "That is not an address. Write it as 192.0.2.7, 192.0.2.0/24 or "
		           "2001:db8::/64.");
		return false;
	}
	address_show(&block, shown);
	if (!things_of(c, &o, &things, NULL)) {
		emit_reply(c, s, "Nothing made from %s is left, but for accounts: %cremove account NAME removes one.",
		           shown, c->config.command_prefix);
	} else if (how != REMOVE_DO) {
		emit_reply(c, s, "Made from %s: %s.", shown, things.data);
		tell_how(c, s, how, "address", shown);
	} else {
		bytes_clear(&things);
		things_of(c, &o, &things, s->nick);
		bytes_printf(&what, "%s, made from %s", things.data, shown);
		done(c, s, what.data);
		removal_run(c);
		removed = true;
	}
	bytes_release(&things);
	bytes_release(&what);
	return removed;
}

/* -- accounts ------------------------------------------------------------------------------ */

enum { AMOUNT_BYTES = 24 };

/* "no rooms", "1 room", "2 rooms". */
static const char *amount(char buf[AMOUNT_BYTES], uint32_t n, const char *thing)
{
	if (n == 0)
		snprintf(buf, AMOUNT_BYTES, "no %ss", thing);
	else
		snprintf(buf, AMOUNT_BYTES, "%" PRIu32 " %s%s", n, thing, n == 1 ? "" : "s");
	return buf;
}

static void tell_account(struct chat *c, struct session *s, const struct account *a,
                         const struct owner *o)
{
	uint32_t owned = membership_owned(c, a->key);
	char age[AGE_BYTES_MAX], rooms[AMOUNT_BYTES], messages[AMOUNT_BYTES];
	struct bytes what = {0};

	emit_reply(c, s, "The account %s, made %s ago%s, owns %s and has %s waiting.", a->nick,
	           format_age(age, c->wall_ms - a->made.at_ms), a->session != NULL ? ", here now" : "",
	           amount(rooms, owned, "room"), amount(messages, a->mail.n, "message"));
	if (things_of(c, o, &what, NULL))
		emit_reply(c, s, "This would also remove: %s.", what.data);
	if (account_is_last_admin(c, a))
		emit_reply(c, s, "No other account is an administrator's: afterwards there is none.");
	if (owned > 0)
		emit_reply(c, s, "Rooms where others have spoken stay, without an owner.");
	bytes_release(&what);
}

/* What a deleted account has left behind. It has no rank to respect. */
static bool remove_left(struct chat *c, struct session *s, const char *name, enum removing how, bool lines)
{
	char key[NAME_KEY_BYTES_MAX + 1] = "", who[SHARE_WHO_BYTES];
	struct owner o = {.who = who, .speaks_alone = true};
	struct bytes things = {0}, what = {0};
	bool removed = false;

	name_key(name, strlen(name), key);
	share_who_account(key, who);
	if (!things_of(c, &o, &things, NULL)) {
		emit_reply(c, s, "There is no account %.*s.%s",
		           (int)text_prefix(name, strlen(name), NICK_CHARS_MAX), name,
		           lines ? " Lines said from an account that is gone cannot be told apart from "
		                   "others' lines." : "");
	} else if (how != REMOVE_DO) {
		emit_reply(c, s, "There is no account %s any more, but an earlier one left: %s.", key,
		           things.data);
		emit_reply(c, s, "Rooms where others have spoken stay; %cremove room removes one.",
		           c->config.command_prefix);
		tell_how(c, s, how, "account", key);
	} else {
		bytes_clear(&things);
		things_of(c, &o, &things, s->nick);
		bytes_printf(&what, "%s, left by the former account %s", things.data, key);
		done(c, s, what.data);
		removal_run(c);
		removed = true;
	}
	bytes_release(&things);
	bytes_release(&what);
	return removed;
}

/* Without the account, its former owner may not stay in a private room that it was invited to. */
static void put_out(struct chat *c, const struct session *s, struct session *bearer)
{
	struct room *r = bearer->room;
	struct bytes told = {0}, why = {0};

	if (r == NULL || !r->set.private || access_bar(r, bearer, NULL) == BAR_NONE)
		return;
	bytes_printf(&told, "%s is private and you are no longer invited; you are back in %s.",
	             r->name, c->rooms.lobby->name);
	bytes_printf(&why, "by %s", s->nick);
	eject_mark(c, bearer, r, told.data, why.data);
	eject_run(c);
	bytes_release(&told);
	bytes_release(&why);
}

static bool remove_account(struct chat *c, struct session *s, const char *name, enum removing how,
                           bool lines)
{
	struct account *a = account_named(c, name);
	char who[SHARE_WHO_BYTES];
	struct owner o = {.who = who, .speaks_alone = true};
	struct session *bearer;
	struct bytes what = {0};
	bool last;

	if (a == NULL)
		return remove_left(c, s, name, how, lines);
	if (a == s->account) {
		emit_reply(c, s, "You cannot remove your own account this way; %cdrop deletes it.",
		           c->config.command_prefix);
		return false;
	}
	bearer = a->session;
	if (!moderation_over(c, s, NULL, rank_of_account(NULL, a), a->nick))
		return false;
	share_who_account(a->key, who);
	if (how != REMOVE_DO) {
		tell_account(c, s, a, &o);
		tell_how_account(c, s, how, a->nick, lines);
		return false;
	}
	last = account_is_last_admin(c, a);
	bytes_printf(&what, "the account %s", a->nick);
	things_of(c, &o, &what, s->nick);
	if (lines) {
		bytes_puts(&what, ", everything said from it");
		account_erase(c, a);
		reports_erase(c, a);
	}
	account_drop(c, a);
	if (bearer != NULL) {
		emit_reply(c, bearer, "%s removed your account. You are a guest now, still called %s.",
		           s->nick, bearer->nick);
		put_out(c, s, bearer);
	}
	done(c, s, what.data);
	if (last)
		emit_reply(c, s, "There is no administrator now; \"chatd admin add NAME\" makes one.");
	bytes_release(&what);
	removal_run(c);
	return true;
}

/* -- the command --------------------------------------------------------------------------- */

void cmd_remove(struct chat *c, struct session *s, const struct args *a)
{
	enum removing how = a->preview ? REMOVE_TELL : a->yes ? REMOVE_DO
	                  : a->status ? REMOVE_ASK_PROGRAM : REMOVE_ASK;
	bool removed = false;

	if (how == REMOVE_DO && !emit_can_save(c, s))
		return;
	if (a->lines && strcasecmp(a->arg[0], "account") != 0)
		command_usage(c, s, "remove");
	else if (strcasecmp(a->arg[0], "room") == 0)
		removed = remove_room(c, s, a->arg[1], how);
	else if (strcasecmp(a->arg[0], "account") == 0)
		removed = remove_account(c, s, a->arg[1], how, a->lines);
	else if (strcasecmp(a->arg[0], "address") == 0)
		removed = remove_address(c, s, a->arg[1], how);
	else
		command_usage(c, s, "remove");
	command_tell_status(c, s, removed && a->status);
}
