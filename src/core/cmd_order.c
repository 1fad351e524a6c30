/* Commands that act on people: /kick /ban /mute. */

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/emit.h"
#include "chatd/core/name.h"
#include "chatd/core/order.h"
#include "chatd/core/session.h"
#include "chatd/core/text.h"

/* Whom a ban or a mute is to hit. */
struct target {
	struct ban ban;          /* as it would be; its strings are not its own */
	struct account *account; /* NULL: none */
	struct session *session; /* the guest, or who is signed in to account; NULL: not here */
	char who[NAME_BYTES_MAX + 1];
	char key[NAME_KEY_BYTES_MAX + 1];
};

/* -- kick -------------------------------------------------------------------------------- */

/* The reason is not too long; otherwise s is told. */
static bool why_fits(struct chat *c, struct session *s, const char *why)
{
	size_t chars = text_chars(why, strlen(why));

	if (chars > BAN_WHY_CHARS_MAX)
		emit_reply(c, s, "Not done: a reason has at most %d characters; this has %zu.",
		           BAN_WHY_CHARS_MAX, chars);
	return chars <= BAN_WHY_CHARS_MAX;
}

/* What begins the words behind a name is no time that was meant to be one, as 30min, which would
 * else be the reason of what never ends; otherwise s is told. */
static bool age_fits(struct chat *c, struct session *s, const char *rest)
{
	size_t len = strcspn(rest, " "), digits = strspn(rest, "0123456789");

	if (digits == 0 || digits == len || !isalpha((unsigned char)rest[digits]))
		return true;
	emit_reply(c, s, "Not done: %.*s is no time. A time is a number and s, m, h, d or w, as 30m; a "
	           "reason begins with a word.", (int)text_prefix(rest, len, NICK_CHARS_MAX), rest);
	return false;
}

void cmd_kick(struct chat *c, struct session *s, const struct args *a)
{
	const char *gap = *a->rest != '\0' ? ": " : "";
	struct bytes told = {0}, why = {0};
	struct room *r = a->room;
	struct session *who;

	if (!order_keeps(c, s, r) || !order_saves(c, s) || !why_fits(c, s, a->rest))
		return;
	who = session_find(c, s, a->arg[0]);
	if (who == NULL)
		return;
	if (who == s) {
		emit_reply(c, s, "Not done: that is you. %cleave leaves a room.", c->config.command_prefix);
	} else if (who->room != r) {
		emit_reply(c, s, "Not done: %s is not in %s.", who->nick, r->name);
	} else if (r == c->lobby) {
		emit_reply(c, s, "Not done: %s is the lobby, out of which nobody can be put. %cmute %s 10m makes "
		           "them quiet here, %cdisconnect %s ends their connection.", r->name,
		           c->config.command_prefix, who->nick, c->config.command_prefix, who->nick);
	} else if (order_over(c, s, r, order_rank(r, who), who->nick)) {
		bytes_printf(&told, "%s has put you out of %s%s%s", s->nick, r->name,
		             *gap != '\0' ? gap : ".", a->rest);
		bytes_printf(&why, "by %s%s%s", s->nick, gap, a->rest);
		emit_audit(c, s, "", "put %s out of %s%s%s", who->nick, r->name, gap, a->rest);
		emit_reply(c, s, "%s is put out of %s.", who->nick, r->name);
		out_mark(c, who, r, told.data, why.data);
		out_run(c);
	}
	bytes_release(&told);
	bytes_release(&why);
}

/* -- whom a ban is to hit ------------------------------------------------------------------ */

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

static void target_guest(struct target *t, struct session *guest)
{
	t->ban.target = BAN_GUEST;
	t->session = guest;
	t->ban.from = address_counted(&guest->from);
	strcpy(t->who, guest->nick);
	strcpy(t->key, guest->key);
}

/* False: s was told that there is nobody of the kind. */
static bool target_find(struct chat *c, struct session *s, const char *name, struct target *t)
{
	bool may_be_address = t->ban.kind == BAN_ENTRY && strpbrk(name, ".:/") != NULL;
	struct account *account = account_named(c, name);
	char key[NAME_KEY_BYTES_MAX + 1];
	struct session *guest = NULL;
	struct address block;

	if (may_be_address && address_parse(name, &block)) {
		target_block(t, &block);
		return true;
	}
	if (account != NULL) {
		target_account(t, account);
		return true;
	}
	if (name_key(name, strlen(name), key))
		guest = session_by_key(c, key);
	if (guest != NULL) {
		target_guest(t, guest);
		return true;
	}
	emit_reply(c, s, "Not done: nobody here is called %.*s, and no account is.%s",
	           (int)text_prefix(name, strlen(name), NICK_CHARS_MAX), name,
	           t->ban.kind == BAN_ENTRY ? " An address is written as 192.0.2.7, 192.0.2.0/24 or "
	                                      "2001:db8::/64." : "");
	return false;
}

/* s may do that to t in r, or look what it would do; otherwise it is told why not. */
static bool target_may(struct chat *c, struct session *s, const struct room *r,
                       const struct target *t, bool preview)
{
	enum order_rank rank = t->session != NULL ? order_rank(r, t->session)
	                                          : order_rank_of(r, t->account);

	if (t->session == s || (t->account != NULL && t->account == s->account))
		emit_reply(c, s, "Not done: that is you.");
	else if (t->ban.target == BAN_BLOCK && !preview && address_within(&s->from, &t->ban.from))
		emit_reply(c, s, "Not done: you come from there yourself.");
	else
		return t->ban.target == BAN_BLOCK || order_over(c, s, r, rank, t->who);
	return false;
}

/* -- banning ------------------------------------------------------------------------------- */

/* Those who are hit read it, and are put out or not heard from here on. */
static void apply(struct chat *c, struct session *s, const struct room *r, const struct ban *b)
{
	struct bytes why = {0}, told = {0};
	struct session *m, *next;

	bytes_puts(&told, b->kind == BAN_ENTRY ? order_refusal(c, b) : order_muted(c, b));
	bytes_printf(&why, "%sby %s%s%s", r == NULL ? "banned " : "", s->nick,
	             *b->why != '\0' ? ": " : "", b->why);
	HASH_ITER(hh, c->nicks, m, next) {
		struct bearer who = bearer_of(m);

		if ((r != NULL && m->room != r) || !ban_hits(c, b, &who))
			continue;
		if (b->kind == BAN_ENTRY)
			out_mark(c, m, r, told.data, why.data);
		else if (emit_has_room(c))
			/* Others of a crowd read it when they speak. */
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
                 uint64_t act)
{
	struct bytes text = {0}, names = {0};
	char until[BAN_UNTIL_BYTES];

	bytes_printf(&text, "%s is ", b->who);
	put_act(&text, b->kind == BAN_ENTRY ? "banned" : "muted", "", b->kind, r);
	bytes_printf(&text, "%s (#B%" PRIu64 "). ", ban_until(c, b, until), b->number);
	if (order_hit_names(c, b, r, &names) > 0)
		bytes_printf(&text, "It hits now: %s. ", names.data);
	else
		bytes_puts(&text, "It hits nobody who is here. ");
	emit_reply(c, s, "%s%cundo #A%" PRIu64 " takes it back.", text.data, c->config.command_prefix,
	           act);
	bytes_release(&text);
	bytes_release(&names);
}

static void ban_set(struct chat *c, struct session *s, struct room *r, struct ban *like)
{
	struct ban *old = ban_same(c, r, like), *b;
	char undo[NAME_BYTES_MAX + 64], until[BAN_UNTIL_BYTES];
	const char *full = ban_full(c, r, like->kind);
	struct bytes act = {0};
	uint64_t number;

	if (old != NULL) {
		emit_reply(c, s, "In place of #B%" PRIu64 ", of %s by %s:", old->number,
		           format_stamp(&c->stamp, old->at_ms), old->by);
		ban_end(c, old);
	} else if (full != NULL) {
		emit_reply(c, s, "Not done: there are %s, and that is the most. %cbans lists them.", full,
		           c->config.command_prefix);
		return;
	}
	b = ban_add(c, r, like);
	snprintf(undo, sizeof undo, "%s %s%s #B%" PRIu64,
	         b->kind == BAN_ENTRY ? "unban" : "unmute", r != NULL ? "--in=" : "--everywhere",
	         r != NULL ? r->name : "", b->number);
	put_act(&act, b->kind == BAN_ENTRY ? "banned" : "muted", b->who, b->kind, r);
	number = emit_audit(c, s, undo, "%s%s (#B%" PRIu64 ")%s%s", act.data, ban_until(c, b, until),
	                    b->number, *b->why != '\0' ? ": " : "", b->why);
	bytes_release(&act);
	tell(c, s, r, b, number);
	apply(c, s, r, b);
	/* The room may end with its last member, and the ban with it. */
	out_run(c);
}

static void act(struct chat *c, struct session *s, const struct args *a, enum ban_kind kind)
{
	struct room *r = order_scope(c, a, kind);
	struct target t = {.ban.kind = kind};
	int64_t ms;

	t.ban.why = args_age(a->rest, &ms);
	if (!order_keeps(c, s, r) || !order_saves(c, s) ||
	    (ms == 0 && !age_fits(c, s, t.ban.why)) || !why_fits(c, s, t.ban.why) ||
	    !target_find(c, s, a->arg[0], &t) || !target_may(c, s, r, &t, a->preview))
		return;
	t.ban.room = r != NULL ? r->number : 0;
	t.ban.who = t.who;
	t.ban.key = t.key;
	t.ban.by = s->nick;
	t.ban.at_ms = c->now_ms;
	t.ban.until_ms = ms > 0 ? c->now_ms + ms : 0;
	if (a->preview)
		order_preview(c, s, &t.ban);
	else
		ban_set(c, s, r, &t.ban);
}

void cmd_ban(struct chat *c, struct session *s, const struct args *a)
{
	act(c, s, a, BAN_ENTRY);
}

void cmd_mute(struct chat *c, struct session *s, const struct args *a)
{
	act(c, s, a, BAN_SPEECH);
}
