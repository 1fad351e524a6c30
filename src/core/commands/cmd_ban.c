/* Commands that act on people: /kick /disconnect /ban /mute. */

#include "chatd/core/commands/cmd_ban.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/base/text.h"
#include "chatd/core/commands/cmd_unban.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/moderation/undo.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/eject.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* The target of a ban or a mute. */
struct target {
	struct ban ban;          /* as it would be; its strings are not its own */
	struct account *account; /* NULL: none */
	struct session *session; /* the guest, or the session signed in to account; NULL: not here */
	bool shared;             /* it is by name only: many people may share the address */
	char who[NAME_BYTES_MAX + 1];
	char key[NAME_KEY_BYTES_MAX + 1];
};

/* -- kick -------------------------------------------------------------------------------- */

/* Whether the reason is short enough, and may be shown to others; if not, tells s why. */
static bool why_fits(struct chat *c, struct session *s, const char *why)
{
	const char *bar;

	if (!args_why_fits(c, s, why, BAN_WHY_CHARS_MAX))
		return false;
	/* Others read it, so it must not be a way to speak for a person who may not. The host may. */
	bar = c->moderation.guards > 0 && s->room != NULL && *why != '\0' ? moderation_bars(c, s, s->room, why)
	                                                                  : NULL;
	if (bar != NULL)
		emit_reply(c, s, "Others would read the reason, and %s Leave the reason out.", bar);
	return bar == NULL;
}

/* Rejects a reason that looks like a mistyped time, such as 30min or 10 min: taken as a reason, it
 * would make the ban permanent. False: s was told. */
static bool age_fits(struct chat *c, struct session *s, const char *rest)
{
	size_t len = strcspn(rest, " "), digits = strspn(rest, "0123456789");
	int n = (int)text_prefix(rest, len, NICK_CHARS_MAX);

	if (digits == 0)
		return true;
	if (digits == len)
		emit_reply(c, s, "\"%.*s\" needs a unit (s, m, h, d or w), as in 10m. A reason cannot begin "
		           "with a number.", n, rest);
	else
		emit_reply(c, s, "\"%.*s\" is not a time. Write a number and s, m, h, d or w, as in 30m. A "
		           "reason cannot begin with a number.", n, rest);
	return false;
}

/* Ends that `who` is in r, or watches it. */
static void end_presence(struct chat *c, struct session *who, struct room *r, const struct bytes *told,
                         const struct bytes *why)
{
	if (who->room == r) {
		eject_mark(c, who, r, told->data, why->data);
		eject_run(c);
	} else if (watch_find(who, r) != NULL) {
		emit_notice(c, who, "%s", told->data);
		watch_end(c, watch_find(who, r));
	}
}

void cmd_kick(struct chat *c, struct session *s, const struct args *a)
{
	const char *gap = *a->rest != '\0' ? ": " : "";
	struct bytes told = {0}, why = {0};
	struct room *r = a->room;
	struct session *who;

	if (!access_power(c, s, r, ROOM_OPERATOR) || !emit_can_save(c, s) || !why_fits(c, s, a->rest))
		return;
	who = session_find(c, s, a->arg[0]);
	if (who == NULL)
		return;
	if (who == s) {
		emit_reply(c, s, "You cannot kick yourself. %cleave leaves a room.", c->config.command_prefix);
	} else if (who->room != r && watch_find(who, r) == NULL && c->cluster.self == NULL) {
		emit_reply(c, s, "%s is not in %s. %cwhois %s shows where they are.", who->nick, r->name,
		           c->config.command_prefix, who->nick);
	} else if (r == c->rooms.lobby) {
		emit_reply(c, s, "Nobody can be removed from %s, the lobby. %cmute %s 10m silences them here; "
		           "%cdisconnect %s ends their connection.", r->name,
		           c->config.command_prefix, who->nick, c->config.command_prefix, who->nick);
	} else if (moderation_over(c, s, r, rank_of(r, who), who->nick)) {
		bytes_printf(&told, "%s removed you from %s%s%s", s->nick, r->name,
		             *gap != '\0' ? gap : ".", a->rest);
		bytes_printf(&why, "by %s%s%s", s->nick, gap, a->rest);
		emit_audit(c, s, "", "removed %s from %s%s%s", who->nick, r->name, gap, a->rest);
		/* Only their own node knows what they watch. */
		emit_reply(c, s, who->room == r || c->cluster.self == NULL ? "%s was removed from %s."
		           : "%s is not in %s; if they watched it, they no longer do.", who->nick, r->name);
		end_presence(c, who, r, &told, &why);
	}
	bytes_release(&told);
	bytes_release(&why);
}

void cmd_disconnect(struct chat *c, struct session *s, const struct args *a)
{
	struct session *who = session_find(c, s, a->arg[0]);
	const char *gap = *a->rest != '\0' ? ": " : "";
	struct bytes told = {0}, why = {0};

	if (who == NULL || !emit_can_save(c, s))
		return;
	if (who == s) {
		emit_reply(c, s, "You cannot disconnect yourself. %cquit leaves the chat.", c->config.command_prefix);
	} else if (args_why_fits(c, s, a->rest, BAN_WHY_CHARS_MAX) &&
	           moderation_over(c, s, NULL, rank_of(NULL, who), who->nick)) {
		bytes_printf(&told, "%s ended your connection%s%s", s->nick,
		             *gap != '\0' ? gap : ".", a->rest);
		bytes_printf(&why, "disconnected by %s%s%s", s->nick, gap, a->rest);
		emit_audit(c, s, "", "disconnected %s%s%s", who->nick, gap, a->rest);
		emit_reply(c, s, "%s was disconnected but can come back. %cban --everywhere keeps people out.",
		           who->nick, c->config.command_prefix);
		eject_mark(c, who, NULL, told.data, why.data);
		eject_run(c);
	}
	bytes_release(&told);
	bytes_release(&why);
}

/* -- the target ---------------------------------------------------------------------------- */

static void target_block(struct target *t, const struct address *block)
{
	t->ban.target = BAN_BLOCK;
	t->ban.from = *block;
	ban_address(block, t->who);
	t->key[0] = '\0';
}

static void target_account(struct target *t, struct account *a)
{
	t->ban.target = BAN_ACCOUNT;
	t->account = a;
	t->session = a->session;
	strcpy(t->who, a->nick);
	strcpy(t->key, a->key);
}

static void target_guest(struct chat *c, struct target *t, struct session *guest, bool by_name)
{
	t->ban.target = BAN_GUEST;
	t->session = guest;
	t->shared = ban_shared(c, &guest->from);
	if (!t->shared && !by_name)
		t->ban.from = address_counted(&guest->from);
	strcpy(t->who, guest->nick);
	strcpy(t->key, guest->key);
}

/* Only moderators may learn who comes from an address. */
static bool may_block(struct chat *c, struct session *s, bool by_name)
{
	if (role_of(s) < ROLE_MODERATOR)
		emit_reply(c, s, "Only moderators can ban addresses. Banning a guest covers the guest's "
		           "address as well as the name.");
	else if (by_name)
		emit_reply(c, s, "That is an address; --name is only for names.");
	else
		return true;
	return false;
}

/* False: there is no such target, and s was told. */
static bool target_find(struct chat *c, struct session *s, const struct args *a, struct target *t)
{
	const char *name = a->arg[0];
	bool may_be_address = t->ban.kind == BAN_ENTRY && strpbrk(name, ".:/") != NULL;
	const char *hint = t->ban.kind == BAN_ENTRY && role_of(s) >= ROLE_MODERATOR
		? " Write an address as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/64." : "";
	struct address block;
	struct args_person p;

	if (may_be_address && address_parse(name, &block)) {
		target_block(t, &block);
		return may_block(c, s, a->by_name);
	}
	if (t->ban.kind == BAN_SPEECH && strpbrk(name, ".:/") != NULL && address_parse(name, &block)) {
		emit_reply(c, s, "Only people can be muted, not addresses. %cban keeps an address out.",
		           c->config.command_prefix);
		return false;
	}
	if (!args_person(c, s, name, hint, &p))
		return false;
	if (p.account != NULL)
		target_account(t, p.account);
	else
		target_guest(c, t, p.session, a->by_name);
	return true;
}

/* Whether s may do that to t in r, or preview it; if not, tells s why. */
static bool target_may(struct chat *c, struct session *s, const struct room *r,
                       const struct target *t, bool preview)
{
	enum rank rank = t->session != NULL ? rank_of(r, t->session)
	                                    : rank_of_account(r, t->account);

	if (t->session == s || (t->account != NULL && t->account == s->account))
		emit_reply(c, s, "You cannot %s yourself.", t->ban.kind == BAN_ENTRY ? "ban" : "mute");
	else if (t->ban.target == BAN_BLOCK && !preview && address_within(&s->from, &t->ban.from))
		emit_reply(c, s, "That block includes your own address. Name a smaller one.");
	else
		return t->ban.target == BAN_BLOCK || moderation_over(c, s, r, rank, t->who);
	return false;
}

/* -- banning ------------------------------------------------------------------------------- */

/* Tells the people affected, and removes those who are banned. */
static void apply(struct chat *c, struct session *s, const struct room *r, const struct ban *b)
{
	struct bytes why = {0}, told = {0};
	struct session *m, *next;

	bytes_puts(&told, b->kind == BAN_ENTRY ? moderation_refusal(c, b) : moderation_muted(c, b));
	bytes_printf(&why, "%sby %s%s%s", r == NULL ? "banned " : "", s->nick,
	             *b->why != '\0' ? ": " : "", b->why);
	HASH_ITER(hh, c->people.by_key, m, next) {
		struct bearer who = bearer_of(m);

		if ((r != NULL && m->room != r) || !ban_hits(c, b, &who))
			continue;
		if (b->kind == BAN_ENTRY)
			eject_mark(c, m, r, told.data, why.data);
		else if (emit_has_room(c))
			/* In a crowd, the rest are told when they try to speak. */
			emit_reply(c, m, "%s", told.data);
	}
	bytes_release(&why);
	bytes_release(&told);
}

/* "banned from ops", "muted everywhere"; verb: how it begins. */
static void put_act(struct bytes *b, const char *verb, const char *who, enum ban_kind kind,
                    const struct room *r)
{
	bytes_printf(b, "%s%s%s", verb, *who != '\0' ? " " : "", who);
	if (kind == BAN_ENTRY)
		bytes_printf(b, " from %s", r != NULL ? r->name : "this chat");
	else if (r != NULL)
		bytes_printf(b, " in %s", r->name);
	else
		bytes_puts(b, " everywhere");
}

static void tell(struct chat *c, struct session *s, const struct room *r, const struct ban *b,
                 bool shared, uint64_t act)
{
	struct bytes text = {0}, names = {0}, others = {0};
	char until[BAN_UNTIL_BYTES];
	const struct session *named = session_by_key(c, b->key);
	uint32_t n = moderation_hit_names(c, b, r, NULL, &names);
	bool know = moderation_may_know(s, b) || moderation_hit_names(c, b, r, named, &others) == 0;

	bytes_printf(&text, "%s is ", b->who);
	put_act(&text, b->kind == BAN_ENTRY ? "banned" : "muted", "", b->kind, r);
	bytes_printf(&text, "%s (#B%" PRIu64 "). ", ban_until(c, b, until), b->number);
	if (shared)
		bytes_puts(&text, "Only the name counts, because others may share the address. ");
	if (n == 0 && b->target == BAN_BLOCK)
		bytes_puts(&text, "Nobody from there is here now. ");
	else if (n == 0)
		bytes_printf(&text, "%s is not %s%s now; the %s applies when they come back. ", b->who,
		             r != NULL ? "in " : "here", r != NULL ? r->name : "",
		             b->kind == BAN_ENTRY ? "ban" : "mute");
	else if (know)
		bytes_printf(&text, "It affects %s. ", names.data);
	else
		bytes_printf(&text, "It affects %" PRIu32 " %s here. ", n, n == 1 ? "person" : "people");
	emit_reply(c, s, "%.*s", (int)text.len - 1, text.data); /* without the last blank */
	emit_reply(c, s, "%cundo #A%" PRIu64 " takes it back.", c->config.command_prefix, act);
	bytes_release(&text);
	bytes_release(&names);
	bytes_release(&others);
}

/* shared: tells s that it applies to the name only. */
static void ban_set(struct chat *c, struct session *s, struct room *r, struct ban *like,
                    bool shared)
{
	struct ban *old = ban_same(c, r, like), *b;
	const char *full = old == NULL ? ban_full(c, r, like) : NULL;
	const char *verb = like->kind == BAN_ENTRY ? "ban" : "mute";
	struct bytes act = {0}, undo = {0};
	char until[BAN_UNTIL_BYTES];
	uint64_t number;

	if (full != NULL) {
		emit_reply(c, s, "Cannot %s: the list is full (%s). %cbans lists them, %cun%s frees one.", verb,
		           full, c->config.command_prefix, c->config.command_prefix, verb);
		return;
	}
	ban_undo_begin(c, &undo, like->kind, r, old);
	if (old != NULL) {
		emit_reply(c, s, "This replaces #B%" PRIu64 " (set %s by %s):", old->number,
		           format_stamp(&c->stamp, old->at_ms), old->by);
		ban_end(c, old);
	}
	b = ban_add(c, r, like);
	fields_put_number(&undo, "number", (int64_t)b->number);
	put_act(&act, b->kind == BAN_ENTRY ? "banned" : "muted", b->who, b->kind, r);
	number = emit_audit(c, s, undo.data, "%s%s (#B%" PRIu64 ")%s%s", act.data,
	                    ban_until(c, b, until), b->number, *b->why != '\0' ? ": " : "", b->why);
	bytes_release(&act);
	bytes_release(&undo);
	tell(c, s, r, b, shared, number);
	apply(c, s, r, b);
	/* The room may end with its last member, and the ban with it. */
	eject_run(c);
}

/* Whether it affects only the person named, or s has said --all; if not, tells s who else would be
 * affected, and how to do it anyway. */
static bool reaches(struct chat *c, struct session *s, const struct room *r, const struct target *t,
                    bool all)
{
	struct bytes names = {0};
	bool block = t->ban.target == BAN_BLOCK, know = moderation_may_know(s, &t->ban);
	char p = c->config.command_prefix;
	const char *verb = t->ban.kind == BAN_ENTRY ? "ban" : "mute";
	uint32_t n = 0;

	if (!all && ban_by_address(&t->ban))
		n = moderation_hit_names(c, &t->ban, r, t->session, &names);
	if (n > (block ? 1 : 0)) {
		emit_reply(c, s, "Nothing has changed: that would %saffect %" PRIu32 " %s%s%s%s",
		           block ? "" : "also ", n, n == 1 ? "person" : "people",
		           block ? " here" : " at the same address", know ? ": " : ".",
		           know ? names.data : "");
		if (block)
			emit_reply(c, s, "%c%s --all ... does it anyway.", p, verb);
		else
			emit_reply(c, s, "%c%s --all ... does it anyway; %c%s --name ... applies to the name only.", p,
			           verb, p, verb);
	}
	bytes_release(&names);
	return n <= (block ? 1 : 0);
}

static void act(struct chat *c, struct session *s, const struct args *a, enum ban_kind kind)
{
	struct room *r = ban_scope(c, a, kind);
	struct target t = {.ban.kind = kind};
	int64_t ms;

	t.ban.why = args_age(a->rest, &ms);
	if (!access_power(c, s, r, ROOM_OPERATOR) || !emit_can_save(c, s) ||
	    (ms == 0 && !age_fits(c, s, t.ban.why)) || !why_fits(c, s, t.ban.why) ||
	    !target_find(c, s, a, &t) || !target_may(c, s, r, &t, a->preview))
		return;
	t.ban.room = r != NULL ? r->number : 0;
	t.ban.since = c->records.seq;
	t.ban.who = t.who;
	t.ban.key = t.key;
	t.ban.by = s->nick;
	t.ban.by_key = s->key;
	t.ban.keeper = role_of(s) >= ROLE_MODERATOR;
	t.ban.at_ms = c->wall_ms;
	t.ban.until_ms = ms > 0 ? c->wall_ms + ms : 0;
	if (a->preview && t.shared)
		emit_reply(c, s, "It would apply to the name only, because others may share the address.");
	if (a->preview)
		moderation_preview(c, s, &t.ban);
	else if (reaches(c, s, r, &t, a->all))
		ban_set(c, s, r, &t.ban, t.shared);
}

void cmd_ban(struct chat *c, struct session *s, const struct args *a)
{
	act(c, s, a, BAN_ENTRY);
}

void cmd_mute(struct chat *c, struct session *s, const struct args *a)
{
	act(c, s, a, BAN_SPEECH);
}

/* -- taking it back ------------------------------------------------------------------------- */

/* Whether s may put b, which was lifted, back in force in r; if not, tells s why. */
static bool may_restore(struct chat *c, struct session *s, const struct row *act,
                        const struct room *r, const struct ban *b)
{
	struct bearer own = bearer_of(s);
	const struct account *a = undo_account(c, act->changed, "account");
	struct session *guest = b->target == BAN_GUEST ? session_by_key(c, b->key) : NULL;
	struct target t = {.ban = *b, .session = guest};

	if (!access_power(c, s, r, ROOM_OPERATOR))
		return false;
	if (b->target == BAN_BLOCK && !may_block(c, s, false))
		return false;
	if (b->until_ms != 0 && b->until_ms <= c->wall_ms)
		undo_late(c, s, "it would have ended by now");
	else if (b->target == BAN_ACCOUNT && account_by_key(c, b->key) != a)
		undo_late(c, s, "that account is gone, and another has its name");
	else if (b->target == BAN_ACCOUNT && !moderation_over(c, s, r, rank_of_account(r, a), b->who))
		return false;
	else if (ban_hits(c, b, &own))
		emit_reply(c, s, "You cannot %s yourself.", b->kind == BAN_ENTRY ? "ban" : "mute");
	else
		/* The person who lifted a block knows who it affected, so there is no need to ask. */
		return reaches(c, s, r, &t, b->target == BAN_BLOCK);
	return false;
}

/* Restores b, which the moderation action lifted, in place of `now` (NULL: none). */
static void restore(struct chat *c, struct session *s, const struct row *act, struct room *r,
                    struct ban *b, const struct ban *now)
{
	const struct ban *same = ban_same(c, r, b);

	if (same != now) {
		undo_late(c, s, same != NULL ? "there is a newer one" : "it has been lifted since");
	} else if (may_restore(c, s, act, r, b)) {
		/* The reserve is for moderators, even if a moderator set it before. */
		b->keeper = b->keeper && role_of(s) >= ROLE_MODERATOR;
		ban_set(c, s, r, b, false);
	}
}

void undo_ban(struct chat *c, struct session *s, const struct row *act)
{
	const char *data = act->changed;
	enum ban_kind kind = undo_has(data, "mute") ? BAN_SPEECH : BAN_ENTRY;
	uint64_t number = (uint64_t)fields_get_number(data, "number");
	struct ban *now = number != 0 ? ban_by_number(c, kind, number) : NULL;
	char *was = fields_get(data, "was");
	struct ban before = {.kind = kind};
	struct room *r;

	if (!undo_room(c, data, &r)) {
		undo_late(c, s, "that room is gone");
	} else if (number != 0 && (now == NULL || !ban_may_end(c, s, now))) {
		emit_reply(c, s, "Cannot undo: there is no %s #B%" PRIu64 " that you could lift. %cbans lists "
		           "them.", kind == BAN_ENTRY ? "ban" : "mute", number, c->config.command_prefix);
	} else if (*was != '\0') {
		ban_read(c, was, &before);
		before.number = (uint64_t)fields_get_number(data, "was_number");
		restore(c, s, act, r, &before, now);
		ban_release(&before);
	} else if (now != NULL) {
		ban_unban(c, s, now);
	}
	free(was);
}
