/*
 * Moderation: power over others, and who may come in and speak.
 *
 * Owns nothing. The check on every line that is said (moderation_bars) is made only while there is a
 * mute, a filter or a lockdown.
 */

#include "chatd/core/moderation/moderation.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/clock.h"
#include "chatd/core/moderation/filter.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/lockdown.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

#define SEEN_MS (30 * DAY_MS) /* how long a sign-in from an address counts */

/* -- power ------------------------------------------------------------------------------- */

enum rank rank_of_account(const struct room *r, const struct account *a)
{
	const struct membership *g = r != NULL && a != NULL ? membership_of(r, a->key) : NULL;

	if (a != NULL && a->role >= ROLE_MODERATOR)
		return a->role == ROLE_ADMIN ? RANK_ADMIN : RANK_MODERATOR;
	if (g == NULL || g->role < ROOM_OPERATOR)
		return RANK_NOBODY;
	return g->role == ROOM_OWNER ? RANK_OWNER : RANK_OPERATOR;
}

enum rank rank_of(const struct room *r, const struct session *s)
{
	return s->trusted ? RANK_HOST : rank_of_account(r, s->account);
}

bool moderation_over(struct chat *c, struct session *s, const struct room *r, enum rank whom,
                     const char *name)
{
	static const char *const ranks[] = {
		[RANK_NOBODY] = "nobody", [RANK_OPERATOR] = "an operator of the room",
		[RANK_OWNER] = "the owner of the room", [RANK_MODERATOR] = "a moderator",
		[RANK_ADMIN] = "an administrator", [RANK_HOST] = "an administrator of the host",
	};
	enum rank own = rank_of(r, s);

	if (own > whom || (own == RANK_ADMIN && whom == RANK_ADMIN))
		return true;
	emit_reply(c, s, "You cannot do that to %s, who is %s.", name, ranks[whom]);
	return false;
}

/* -- coming in --------------------------------------------------------------------------- */

/* ": why." or "." */
static void put_why(struct bytes *b, const char *why)
{
	size_t n = strlen(why);

	bytes_printf(b, "%s%s%s", n > 0 ? ": " : "", why,
	             n > 0 && strchr(".!?", why[n - 1]) != NULL ? "" : ".");
}

const char *moderation_refusal(struct chat *c, const struct ban *b)
{
	const struct room *r = b->room != 0 ? room_by_number(c, b->room) : NULL;
	const struct account *owner = r != NULL ? membership_owner_account(r) : NULL;
	struct bytes *text = &c->scratch;
	char until[BAN_UNTIL_BYTES];

	bytes_clear(text);
	bytes_printf(text, "You are banned from %s%s by %s", r != NULL ? r->name : "this chat",
	             ban_until(c, b, until), b->by);
	put_why(text, b->why);
	if (r == NULL || (owner != NULL && strcmp(owner->key, b->key) == 0))
		bytes_printf(text, " Ask %s or an administrator.", b->by);
	else if (owner != NULL && strcmp(owner->nick, b->by) != 0)
		bytes_printf(text, " Ask %s, or %s, who owns the room.", b->by, owner->nick);
	else
		bytes_printf(text, " Ask %s.", b->by);
	return text->data;
}

/* Logs that s, which has no name yet, may not come in. At most NAME_WRONG_MAX times for each
 * connection: then it ends. */
static void log_barred(struct chat *c, const struct session *s, const struct account *a,
                       const char *key, const char *why)
{
	if (s->state == SESSION_LOGIN)
		emit_security_about(c, s, "barred", a != NULL ? a->nick : "-", "may not come in as %s: %s",
		                    a != NULL ? a->nick : key, why);
}

bool moderation_may_enter(struct chat *c, struct session *s, const struct account *a, const char *key)
{
	struct bearer who = bearer_as(s, a, key);
	const struct ban *b = ban_find(c, BAN_ENTRY, NULL, &who);
	const struct lockdown *l = &c->moderation.lockdown;

	if (b != NULL) {
		emit_reply(c, s, "%s", moderation_refusal(c, b));
		c->status.counts.banned++;
		log_barred(c, s, a, key, "banned");
		return false;
	}
	if (lockdown_on(c) && a == NULL && !s->trusted) {
		c->status.counts.locked_out++;
		log_barred(c, s, a, key, "the chat is locked down");
		emit_reply(c, s, "Only people with an account can come in until %s: %s has locked the chat "
		           "down. %clogin NAME signs you in.", format_stamp(&c->stamp, l->until_ms),
		           l->by, c->config.command_prefix);
		return false;
	}
	return true;
}

bool moderation_may_join(struct chat *c, struct session *s, const struct room *r)
{
	struct bearer who = bearer_of(s);
	const struct ban *b = ban_find(c, BAN_ENTRY, r, &who);

	if (b == NULL)
		return true;
	emit_reply(c, s, "%s", moderation_refusal(c, b));
	return false;
}

struct room *moderation_room(struct chat *c, const struct session *s, const struct account *a,
                             const char *key, struct room *r)
{
	struct bearer who = bearer_as(s, a, key);

	return r == NULL || ban_find(c, BAN_ENTRY, r, &who) != NULL ? c->rooms.lobby : r;
}

/* Where it applies, as "in ops". */
static const char *place(const struct chat *c, const struct ban *b, char out[NAME_BYTES_MAX + 8])
{
	const struct room *r = b->room != 0 ? room_by_number(c, b->room) : NULL;

	snprintf(out, NAME_BYTES_MAX + 8, r != NULL ? "in %s" : "everywhere", r != NULL ? r->name : "");
	return out;
}

/* A ban or a mute that s would escape by taking the name in `then`; NULL: none. A room's ban counts only
 * while s is there: elsewhere its owner has no say in names, and strangers must not learn of it. */
static const struct ban *escaped(const struct chat *c, const struct session *s,
                                 const struct bearer *then)
{
	struct bearer now = bearer_of(s);
	const struct ban *b;

	DL_FOREACH(c->rooms.bans.all, b) {
		bool here = b->room == 0 || b->room == s->room->number;

		/* A new name would let a muted guest speak. */
		if (b->list != NULL && here && ban_hits(c, b, &now) &&
		    (!ban_hits(c, b, then) || (b->kind == BAN_SPEECH && then->role == ROLE_GUEST)))
			return b;
	}
	return NULL;
}

static void tell_escape(struct chat *c, struct session *s, const struct ban *b, const char *what)
{
	char where[NAME_BYTES_MAX + 8], until[BAN_UNTIL_BYTES];

	emit_reply(c, s, "You are %s %s%s, by %s, and %s until that ends.",
	           b->kind == BAN_SPEECH ? "muted" : "banned", place(c, b, where), ban_until(c, b, until),
	           b->by, what);
}

static const char *bars_lockdown(struct chat *c, const struct session *s)
{
	struct bytes *text = &c->scratch;

	if (!lockdown_on(c) || role_of(s) != ROLE_GUEST)
		return NULL;
	bytes_clear(text);
	bytes_printf(text, "only people with an account can speak until %s: %s has locked the chat down. "
	             "%clogin NAME signs you in.", format_stamp(&c->stamp, c->moderation.lockdown.until_ms),
	             c->moderation.lockdown.by, c->config.command_prefix);
	return text->data;
}

bool moderation_may_rename(struct chat *c, struct session *s, const char *key)
{
	struct bearer then = bearer_as(s, NULL, key);
	const struct ban *b = escaped(c, s, &then);
	const char *bar = bars_lockdown(c, s);

	if (bar != NULL) {
		/* Others read a name. */
		emit_reply(c, s, "Name not changed: %s", bar);
		return false;
	}
	if (b != NULL)
		tell_escape(c, s, b, "must keep your name");
	else if ((b = ban_find(c, BAN_ENTRY, s->room, &then)) != NULL)
		emit_reply(c, s, "That name is banned here (#B%" PRIu64 ").", b->number);
	return b == NULL;
}

bool moderation_may_register(struct chat *c, struct session *s)
{
	struct bearer now = bearer_of(s);
	const struct ban *b;

	if (lockdown_on(c)) {
		emit_reply(c, s, "No accounts can be made until %s, when the lockdown ends.",
		           format_stamp(&c->stamp, c->moderation.lockdown.until_ms));
		return false;
	}
	/* A room's ban applies there to the account too (ban_hits); its owner has no say in who may
	 * register. */
	b = ban_find(c, BAN_SPEECH, NULL, &now);
	if (b == NULL)
		b = ban_find(c, BAN_ENTRY, NULL, &now);
	if (b != NULL)
		tell_escape(c, s, b, "cannot register");
	return b == NULL;
}

/* -- speaking ---------------------------------------------------------------------------- */

const char *moderation_muted(struct chat *c, const struct ban *b)
{
	char where[NAME_BYTES_MAX + 8], until[BAN_UNTIL_BYTES];
	struct bytes *text = &c->scratch;

	bytes_clear(text);
	bytes_printf(text, "%s has muted you %s%s", b->by, place(c, b, where), ban_until(c, b, until));
	put_why(text, b->why);
	return text->data;
}

static const char *bars_mute(struct chat *c, const struct session *s, const struct room *r)
{
	struct bearer who = bearer_of(s);
	const struct ban *b = ban_find(c, BAN_SPEECH, r, &who);

	return b != NULL ? moderation_muted(c, b) : NULL;
}

const char *moderation_bars(struct chat *c, const struct session *s, const struct room *r,
                            const char *said)
{
	const char *bar = bars_lockdown(c, s);
	const struct filter *f;

	if (bar == NULL)
		bar = bars_mute(c, s, r);
	if (bar != NULL || said == NULL || role_of(s) >= ROLE_MODERATOR)
		return bar;
	f = filter_find(c, said);
	if (f == NULL)
		return NULL;
	bytes_clear(&c->scratch);
	bytes_printf(&c->scratch, "it contains a blocked word (%s%s).", f->word,
	             f->beginning ? "*" : "");
	return c->scratch.data;
}

bool moderation_hears(struct chat *c, const struct session *s, const char *text)
{
	return access_may_speak(c, s, s->room) && (c->moderation.guards == 0 || moderation_bars(c, s, s->room, text) == NULL);
}

const char *moderation_bars_private(struct chat *c, const struct session *s, enum role to)
{
	const char *bar = bars_lockdown(c, s);

	return bar != NULL || to >= ROLE_MODERATOR ? bar : bars_mute(c, s, NULL);
}

const char *moderation_bars_name(const struct chat *c, const struct session *s, const char *name)
{
	const struct filter *f = role_of(s) < ROLE_MODERATOR ? filter_find(c, name) : NULL;

	return f != NULL ? f->word : NULL;
}

/* -- what people may know of bans -------------------------------------------------------- */

/* Only moderators may know where people connect from, and who shares an address. Operators of a room
 * learn how many people a ban affects there, and what the room sees of it. */

/* One more name, unless there are enough. */
static void put_name(struct bytes *names, const char *name, uint32_t n)
{
	if (n < BAN_HITS_NAMED_MAX)
		bytes_printf(names, "%s%s", n > 0 ? ", " : "", name);
}

static void put_more(struct bytes *names, uint32_t n)
{
	if (n > BAN_HITS_NAMED_MAX)
		bytes_printf(names, " and %" PRIu32 " more", n - BAN_HITS_NAMED_MAX);
}

uint32_t moderation_hit_names(struct chat *c, const struct ban *b, const struct room *members,
                              const struct session *but, struct bytes *names)
{
	struct session *s, *next;
	uint32_t n = 0;

	HASH_ITER(hh, c->people.by_key, s, next) {
		struct bearer who = bearer_of(s);

		if (s != but && (members == NULL || s->room == members) && ban_hits(c, b, &who))
			put_name(names, s->nick, n++);
	}
	put_more(names, n);
	return n;
}

bool moderation_may_know(const struct session *s, const struct ban *b)
{
	return role_of(s) >= ROLE_MODERATOR || !ban_by_address(b);
}

const char *moderation_ban_who(const struct session *s, const struct ban *b)
{
	return b->target == BAN_BLOCK && !moderation_may_know(s, b) ? "an address" : b->who;
}

static bool was_there(const struct chat *c, const struct account *a, const struct ban *b)
{
	for (int i = 0; i < SIGN_INS_KEPT && a->last[i].at_ms > c->wall_ms - SEEN_MS; i++) {
		struct address from = b->target == BAN_GUEST ? address_counted(&a->last[i].from)
		                                             : a->last[i].from;

		if (address_within(&from, &b->from))
			return true;
	}
	return false;
}

/* Accounts that signed in from the address of b, a ban in r; a block does not affect people with power
 * there. */
static uint32_t accounts_from(const struct chat *c, const struct ban *b, const struct room *r,
                              struct bytes *names)
{
	uint32_t n = 0;

	for (const struct account *a = c->people.accounts.by_key; a != NULL; a = a->hh.next)
		if (was_there(c, a, b) &&
		    (b->target != BAN_BLOCK || rank_of_account(r, a) == RANK_NOBODY))
			put_name(names, a->nick, n++);
	put_more(names, n);
	return n;
}

void moderation_preview(struct chat *c, struct session *s, const struct ban *b)
{
	const struct room *r = b->room != 0 ? room_by_number(c, b->room) : NULL;
	struct bytes names = {0};
	uint32_t n = moderation_hit_names(c, b, r, NULL, &names);
	bool know = moderation_may_know(s, b);

	if (n == 0 && b->target == BAN_BLOCK)
		emit_reply(c, s, "It would affect nobody who is here now.");
	else if (n == 0)
		emit_reply(c, s, "%s is not here now, and could not %s.", b->who,
		           b->kind == BAN_ENTRY ? "come in" : "speak");
	else
		emit_reply(c, s, "It would affect %" PRIu32 " %s here%s%s", n, n == 1 ? "person" : "people",
		           know ? ": " : ".", know ? names.data : "");
	bytes_clear(&names);
	if (role_of(s) >= ROLE_MODERATOR && ban_by_address(b)) {
		if (accounts_from(c, b, r, &names) == 0)
			emit_reply(c, s, "No account%s has signed in from there in the last 30 days.",
			           b->target == BAN_BLOCK ? " that it would affect" : "");
		else
			emit_reply(c, s, "Accounts that signed in from there in the last 30 days: %s",
			           names.data);
	}
	emit_reply(c, s, "Nothing has changed.");
	bytes_release(&names);
}

static void whois_mute(struct chat *c, struct session *s, const struct session *who,
                       const struct ban_list *list, const char *where)
{
	struct bearer bearer = bearer_of(who);
	char until[BAN_UNTIL_BYTES];

	for (const struct ban *b = list->first; b != NULL; b = b->list_next)
		if (ban_hits(c, b, &bearer)) {
			emit_reply(c, s, "%s is muted %s%s by %s (#B%" PRIu64 ")%s%s", who->nick, where,
			           ban_until(c, b, until), b->by, b->number, *b->why != '\0' ? ": " : "",
			           b->why);
			return;
		}
}

void moderation_whois(struct chat *c, struct session *s, const struct session *who)
{
	char from[ADDRESS_BYTES_MAX];

	if (who->account != NULL)
		emit_reply(c, s, "%s is connected from %s and signed in%s (%s).", who->nick,
		           address_show(&who->from, from), who->presence.by_cert ? " by a certificate" : "",
		           role_name(who->account->role));
	else
		emit_reply(c, s, "%s is connected from %s and is %s.", who->nick, address_show(&who->from, from),
		           who->trusted ? "an administrator of the host" : "a guest");
	whois_mute(c, s, who, &c->rooms.bans.everywhere[BAN_SPEECH], "everywhere");
	whois_mute(c, s, who, &who->room->bans[BAN_SPEECH], "in that room");
}
