/* Commands about bans and mutes that are in force: /unban /unmute /bans. */

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/emit.h"
#include "chatd/core/name.h"
#include "chatd/core/order.h"
#include "chatd/core/room.h"
#include "chatd/core/text.h"

enum { SPAN_BYTES = 32 };

/* What is left of b's time, as args_age reads it; "" for good. */
static const char *span_left(const struct chat *c, const struct ban *b, char out[SPAN_BYTES])
{
	static const struct {
		int64_t ms;
		char letter;
	} units[] = {{1000, 's'}, {60000, 'm'}, {3600000, 'h'}, {86400000, 'd'}, {604800000, 'w'}};
	int64_t left_ms = b->until_ms - c->now_ms;

	out[0] = '\0';
	for (size_t i = 0; b->until_ms != 0 && i < sizeof units / sizeof units[0]; i++) {
		int64_t n = (left_ms + units[i].ms - 1) / units[i].ms;

		/* No number is longer (format_parse_age). */
		if (n <= 100000) {
			snprintf(out, SPAN_BYTES, " %" PRId64 "%c", n, units[i].letter);
			break;
		}
	}
	return out;
}

/* -- ending ------------------------------------------------------------------------------ */

/* Is that the number of a ban, as #B12? */
static bool number_parse(const char *text, uint64_t *number)
{
	char *end;

	if (text[0] != '#' || (text[1] | 0x20) != 'b' || !isdigit((unsigned char)text[2]))
		return false;
	*number = strtoull(text + 2, &end, 10);
	return *end == '\0';
}

/* In the list, the one of this name or address; NULL: none. */
static struct ban *named(struct ban_list *list, const char *name)
{
	char key[NAME_KEY_BYTES_MAX + 1];
	bool is_name = name_key(name, strlen(name), key);
	struct address block;
	bool is_block = address_parse(name, &block);

	for (struct ban *b = list->first; b != NULL; b = b->list_next) {
		if (b->target == BAN_BLOCK
		    ? is_block && memcmp(&b->from, &block, sizeof block) == 0
		    : is_name && strcmp(b->key, key) == 0)
			return b;
	}
	return NULL;
}

/* The ban that is meant and that s may end; NULL: s was told. */
static struct ban *meant(struct chat *c, struct session *s, const struct args *a,
                         enum ban_kind kind)
{
	struct room *r = order_scope(c, a, kind);
	const char *name = a->arg[0];
	struct ban *b = NULL;
	uint64_t number;

	if (number_parse(name, &number)) {
		b = ban_by_number(c, kind, number);
		if (b != NULL) {
			r = b->room != 0 ? room_by_number(c, b->room) : NULL;
			if (order_rank(r, s) < (r != NULL ? RANK_OPERATOR : RANK_MODERATOR))
				b = NULL;
		}
	} else if (order_keeps(c, s, r)) {
		b = named(ban_list_of(c, r, kind), name);
		/* Who may, means everywhere too. */
		if (b == NULL && role_of(s) >= ROLE_MODERATOR)
			b = named(ban_list_of(c, NULL, kind), name);
	} else {
		return NULL;
	}
	if (b == NULL)
		emit_reply(c, s, "Not done: there is no %s %s%.*s that you could end. %cbans lists them.",
		           kind == BAN_ENTRY ? "ban" : "mute", *name == '#' ? "" : "of ",
		           (int)text_prefix(name, strlen(name), NICK_CHARS_MAX), name,
		           c->config.command_prefix);
	return b;
}

static void end(struct chat *c, struct session *s, const struct args *a, enum ban_kind kind)
{
	bool ban = kind == BAN_ENTRY;
	struct ban *b = order_saves(c, s) ? meant(c, s, a, kind) : NULL;
	const struct room *r = b != NULL && b->room != 0 ? room_by_number(c, b->room) : NULL;
	const char *where = r != NULL ? r->name : ban ? "this chat" : "every room";
	struct bytes undo = {0};
	struct bearer own = bearer_of(s);
	char span[SPAN_BYTES];
	uint64_t n;

	if (b == NULL)
		return;
	if (ban_hits(c, b, &own)) {
		emit_reply(c, s, "Not done: that is you.");
		return;
	}
	bytes_printf(&undo, "%s %s%s %s%s%s%s", ban ? "ban" : "mute", r != NULL ? "--in=" : "--everywhere",
	             r != NULL ? r->name : "", b->who, span_left(c, b, span), *b->why != '\0' ? " " : "",
	             b->why);
	n = emit_audit(c, s, undo.data, "ended the %s of %s %s %s (#B%" PRIu64 ")", ban ? "ban" : "mute",
	               b->who, ban ? "from" : "in", where, b->number);
	emit_reply(c, s, "%s may %s %s again. %cundo #A%" PRIu64 " takes it back.", b->who,
	           ban ? "come into" : "speak in", where, c->config.command_prefix, n);
	bytes_release(&undo);
	ban_end(c, b);
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
	                    address_is_network(&b->from);

	strcpy(at, format_stamp(&c->stamp, b->at_ms));
	emit_reply(c, s, "  #B%" PRIu64 " %s%s%s%s, by %s %s%s%s%s", b->number, b->who,
	           b->target == BAN_GUEST ? ", a guest" : "", with_address ? " from " : "",
	           with_address ? address_show(&b->from, from) : "", b->by, at,
	           b->until_ms != 0 ? ban_until(c, b, until) : " for good", *b->why != '\0' ? ": " : "",
	           b->why);
}

static void list(struct chat *c, struct session *s, struct room *r, enum ban_kind kind)
{
	const struct ban_list *l = ban_list_of(c, r, kind);
	const char *what = kind == BAN_ENTRY ? "banned" : "muted";
	const char *where = r != NULL ? r->name : kind == BAN_ENTRY ? "this chat" : "every room";
	const char *from = kind == BAN_ENTRY ? "from" : "in";
	uint32_t n = 0;

	if (l->n == 0) {
		emit_reply(c, s, "Nobody is %s %s %s.", what, from, where);
		return;
	}
	emit_reply(c, s, "%" PRIu32 " %s %s %s:", l->n, what, from, where);
	for (const struct ban *b = l->first; b != NULL && n < BANS_LISTED_MAX; b = b->list_next, n++)
		show(c, s, b);
	if (n < l->n)
		emit_reply(c, s, "and %" PRIu32 " more.", l->n - n);
}

void cmd_bans(struct chat *c, struct session *s, const struct args *a)
{
	struct room *r = a->everywhere ? NULL : a->room;

	if (!order_keeps(c, s, r))
		return;
	if (r != NULL && r != c->lobby)
		list(c, s, r, BAN_ENTRY);
	if (r != NULL)
		list(c, s, r, BAN_SPEECH);
	if (role_of(s) >= ROLE_MODERATOR) {
		list(c, s, NULL, BAN_ENTRY);
		list(c, s, NULL, BAN_SPEECH);
	}
}
