/* Commands about bans and mutes that are in force: /unban /unmute /bans. */

#include "chatd/core/commands/cmd_unban.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/moderation/undo.h"
#include "chatd/core/people/name.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum { NAMED_MAX = 10 }; /* bans that are named before "and N more" */

/* -- ending ------------------------------------------------------------------------------ */

struct room *ban_scope(const struct chat *c, const struct args *a, enum ban_kind kind)
{
	if (a->everywhere || (kind == BAN_ENTRY && a->room == c->rooms.lobby))
		return NULL;
	return a->room;
}

/* Parses the number of a ban, such as #B12. */
static bool number_parse(const char *text, uint64_t *number)
{
	char *end;

	if (text[0] != '#' || (text[1] | 0x20) != 'b' || !isdigit((unsigned char)text[2]))
		return false;
	*number = strtoull(text + 2, &end, 10);
	return *end == '\0';
}

bool ban_may_end(const struct chat *c, const struct session *s, const struct ban *b)
{
	const struct room *r = b->room != 0 ? room_by_number(c, b->room) : NULL;

	return membership_role(r, s) >= ROOM_OPERATOR;
}

/* The ban in the list on this name or address; NULL: none. addresses: s may name addresses. */
static struct ban *named(struct ban_list *list, const char *name, bool addresses)
{
	char key[NAME_KEY_BYTES_MAX + 1];
	bool is_name = name_key(name, strlen(name), key);
	struct address block;
	bool is_block = addresses && address_parse(name, &block);

	for (struct ban *b = list->first; b != NULL; b = b->list_next) {
		if (b->target == BAN_BLOCK
		    ? is_block && memcmp(&b->from, &block, sizeof block) == 0
		    : is_name && strcmp(b->key, key) == 0)
			return b;
	}
	return NULL;
}

/* The ban that the command names, if s may lift it; NULL: s was told. */
static struct ban *meant(struct chat *c, struct session *s, const struct args *a,
                         enum ban_kind kind)
{
	struct room *r = ban_scope(c, a, kind);
	bool moderates = role_of(s) >= ROLE_MODERATOR;
	const char *name = a->arg[0];
	struct ban *b = NULL;
	uint64_t number;

	if (number_parse(name, &number)) {
		b = ban_by_number(c, kind, number);
		if (b != NULL && !ban_may_end(c, s, b))
			b = NULL;
	} else if (access_power(c, s, r, ROOM_OPERATOR)) {
		b = named(ban_list_of(c, r, kind), name, moderates);
		/* For moderators, a name means bans of the whole chat too. */
		if (b == NULL && moderates)
			b = named(ban_list_of(c, NULL, kind), name, true);
	} else {
		return NULL;
	}
	if (b == NULL)
		emit_reply(c, s, "There is no %s %s%.*s that you could lift. %cbans lists them.",
		           kind == BAN_ENTRY ? "ban" : "mute", *name == '#' ? "" : "on ",
		           (int)text_prefix(name, strlen(name), NICK_CHARS_MAX), name,
		           c->config.command_prefix);
	return b;
}

void ban_undo_begin(struct chat *c, struct bytes *data, enum ban_kind kind, struct room *r,
                    const struct ban *lifted)
{
	struct bytes was = {0};

	undo_begin(data, "ban");
	undo_put_room(c, data, r);
	if (kind == BAN_SPEECH)
		fields_put(data, "mute", "yes");
	if (lifted == NULL)
		return;
	ban_put(c, &was, lifted);
	fields_put(data, "was", was.data);
	fields_put_number(data, "was_number", (int64_t)lifted->number);
	if (lifted->target == BAN_ACCOUNT)
		undo_put_account(data, "account", account_by_key(c, lifted->key));
	bytes_release(&was);
}

/* "this chat", "every room", "ops": where the bans of r apply. */
static const char *place(const struct room *r, enum ban_kind kind)
{
	return r != NULL ? r->name : kind == BAN_ENTRY ? "this chat" : "every room";
}

/* Tells the people who were muted that they can speak again; in a crowd, as many as the step has room
 * for. */
static void tell_unmuted(struct chat *c, const struct session *s, const struct room *r,
                         const struct ban *b)
{
	const struct session *m, *next;

	HASH_ITER(hh, c->people.by_key, m, next) {
		struct bearer who = bearer_of(m);

		if (m != s && (r == NULL || m->room == r) && ban_hits(c, b, &who) && emit_has_room(c))
			emit_reply(c, m, "%s has lifted your mute%s%s.", s->nick, r != NULL ? " in " : " everywhere",
			           r != NULL ? r->name : "");
	}
}

void ban_unban(struct chat *c, struct session *s, struct ban *b)
{
	bool ban = b->kind == BAN_ENTRY;
	struct room *r = b->room != 0 ? room_by_number(c, b->room) : NULL;
	const char *who = moderation_ban_who(s, b), *where = place(r, b->kind);
	struct bytes undo = {0};
	struct bearer own = bearer_of(s);
	uint64_t n;

	if (ban_hits(c, b, &own)) {
		emit_reply(c, s, "You cannot lift your own %s.", ban ? "ban" : "mute");
		return;
	}
	ban_undo_begin(c, &undo, b->kind, r, b);
	n = emit_audit(c, s, undo.data, "lifted the %s on %s %s %s (#B%" PRIu64 ")", ban ? "ban" : "mute",
	               who, ban ? "from" : "in", where, b->number);
	/* It does not say that they may come in: another ban may still apply. */
	emit_reply(c, s, "The %s on %s %s %s is lifted. %cundo #A%" PRIu64 " takes it back.",
	           ban ? "ban" : "mute", who, ban ? "from" : "in", where, c->config.command_prefix, n);
	bytes_release(&undo);
	if (!ban)
		tell_unmuted(c, s, r, b);
	ban_end(c, b);
}

/* Counts the bans that s may lift, which are all but those on s, and names the first of them. */
static uint32_t name_all(struct chat *c, const struct session *s, struct room *r,
                         enum ban_kind kind, struct bytes *names)
{
	struct bearer own = bearer_of(s);
	uint32_t n = 0;

	for (const struct ban *b = ban_list_of(c, r, kind)->first; b != NULL; b = b->list_next) {
		if (ban_hits(c, b, &own))
			continue;
		if (n++ < NAMED_MAX)
			bytes_printf(names, "%s%s (#B%" PRIu64 ")", n == 1 ? "" : ", ", moderation_ban_who(s, b),
			             b->number);
	}
	if (n > NAMED_MAX)
		bytes_printf(names, " and %" PRIu32 " more", n - NAMED_MAX);
	return n;
}

/* Tells s which would be lifted, and how to do it; false: none would. */
static bool tell_all(struct chat *c, struct session *s, struct room *r, enum ban_kind kind)
{
	bool ban = kind == BAN_ENTRY;
	struct bytes names = {0};
	uint32_t n = name_all(c, s, r, kind, &names);

	if (n > 0) {
		emit_reply(c, s, "This would lift %" PRIu32 " %s%s %s %s: %s.", n, ban ? "ban" : "mute",
		           n == 1 ? "" : "s", ban ? "from" : "in", place(r, kind), names.data);
		emit_reply(c, s, "Nothing has changed yet. %c%s %s%s%sall --yes lifts them; that cannot be undone.",
		           c->config.command_prefix, ban ? "unban" : "unmute",
		           r == NULL ? "--everywhere " : r != s->room ? "--in=" : "",
		           r != NULL && r != s->room ? r->name : "", r != NULL && r != s->room ? " " : "");
	}
	bytes_release(&names);
	return n > 0;
}

/* r NULL: the bans of the whole server. That needs --everywhere, so that it is no slip in the lobby.
 * yes: lifts them; otherwise only tells which it would lift. */
static void end_all(struct chat *c, struct session *s, struct room *r, enum ban_kind kind,
                    bool everywhere, bool yes)
{
	bool ban = kind == BAN_ENTRY;
	const char *where = place(r, kind), *what = ban ? "ban" : "mute";
	struct bearer own = bearer_of(s);
	struct bytes names = {0};
	uint32_t n;

	if (!access_power(c, s, r, ROOM_OPERATOR))
		return;
	if (r == NULL && !everywhere) {
		emit_reply(c, s, "A ban from %s, the lobby, is a ban from the whole chat. %cunban --everywhere "
		           "all lifts all of them.", c->rooms.lobby->name, c->config.command_prefix);
		return;
	}
	if (!yes && tell_all(c, s, r, kind))
		return;
	name_all(c, s, r, kind, &names);
	n = ban_end_all(c, r, kind, &own);
	if (n == 0)
		emit_reply(c, s, "There is no %s %s %s that you could lift. %cbans lists them.", what,
		           ban ? "from" : "in", where, c->config.command_prefix);
	else
		emit_audit(c, s, "", "lifted %" PRIu32 " %s%s %s %s: %s", n, what, n == 1 ? "" : "s",
		           ban ? "from" : "in", where, names.data);
	bytes_release(&names);
	if (n == 0)
		return;
	emit_reply(c, s, "Lifted %" PRIu32 " %s%s %s %s. That cannot be undone.", n, what,
	           n == 1 ? "" : "s", ban ? "from" : "in", where);
}

static void end(struct chat *c, struct session *s, const struct args *a, enum ban_kind kind)
{
	/* No name can be "all". */
	bool all = strcasecmp(a->arg[0], "all") == 0;
	struct ban *b;

	if (a->yes && !all) {
		command_usage(c, s, kind == BAN_ENTRY ? "unban" : "unmute");
		return;
	}
	if (!emit_can_save(c, s))
		return;
	if (all) {
		end_all(c, s, ban_scope(c, a, kind), kind, a->everywhere, a->yes);
		return;
	}
	b = meant(c, s, a, kind);
	if (b != NULL)
		ban_unban(c, s, b);
}

void cmd_unban(struct chat *c, struct session *s, const struct args *a)
{
	end(c, s, a, BAN_ENTRY);
}

void cmd_unmute(struct chat *c, struct session *s, const struct args *a)
{
	end(c, s, a, BAN_SPEECH);
}

/* -- listing ----------------------------------------------------------------------------- */

static void show(struct chat *c, struct session *s, const struct ban *b)
{
	char until[BAN_UNTIL_BYTES], from[ADDRESS_BYTES_MAX], at[STAMP_BYTES + 1];
	bool with_address = b->target == BAN_GUEST && role_of(s) >= ROLE_MODERATOR &&
	                    ban_by_address(b);

	strcpy(at, format_stamp(&c->stamp, b->at_ms));
	emit_rows(c, s, 6, "  #B%" PRIu64 " %s%s%s%s,%s  by %s %s%s%s", b->number,
	          moderation_ban_who(s, b), b->target == BAN_GUEST ? ", a guest" : "",
	          with_address ? " from " : "", with_address ? address_show(&b->from, from) : "",
	          b->until_ms != 0 ? ban_until(c, b, until) : " for good", b->by, at,
	          *b->why != '\0' ? ": " : "", b->why);
}

static void list(struct chat *c, struct session *s, struct room *r, enum ban_kind kind)
{
	const struct ban_list *l = ban_list_of(c, r, kind);
	const char *what = kind == BAN_ENTRY ? "banned" : "muted";
	const char *where = kind == BAN_SPEECH && r == NULL ? "everywhere" : place(r, kind);
	const char *from = kind == BAN_ENTRY ? "from " : r != NULL ? "in " : "";
	uint32_t n = 0;

	if (l->n == 0) {
		emit_reply(c, s, "Nobody is %s %s%s.", what, from, where);
		return;
	}
	emit_reply(c, s, "%" PRIu32 " %s %s%s:", l->n, what, from, where);
	for (const struct ban *b = l->first; b != NULL && n < BANS_LISTED_MAX; b = b->list_next, n++)
		show(c, s, b);
	if (n < l->n)
		emit_reply(c, s, "and %" PRIu32 " more.", l->n - n);
}

void cmd_bans(struct chat *c, struct session *s, const struct args *a)
{
	struct room *r = a->everywhere ? NULL : a->room;

	if (!access_power(c, s, r, ROOM_OPERATOR))
		return;
	if (r != NULL && r != c->rooms.lobby)
		list(c, s, r, BAN_ENTRY);
	if (r != NULL)
		list(c, s, r, BAN_SPEECH);
	if (role_of(s) >= ROLE_MODERATOR) {
		list(c, s, NULL, BAN_ENTRY);
		list(c, s, NULL, BAN_SPEECH);
	}
}
