/* Commands about the settings of a room: /room /slow. */

#include "chatd/core/commands/cmd_setting.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/entry/room_entry.h"
#include "chatd/core/moderation/undo.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum {
	SHOWN_CHARS = 40,     /* characters of a wrong name or value that are repeated */
};

static int shown(const char *text)
{
	return (int)text_prefix(text, strlen(text), SHOWN_CHARS);
}

/* -- showing ------------------------------------------------------------------------------ */

/* "; operators bob and carol": the people with that role, MEMBERSHIPS_LISTED_MAX at most. */
static void put_role(const struct chat *c, struct bytes *b, const struct room *r,
                     enum room_role role, const char *one, const char *more)
{
	const struct membership *g;
	uint32_t n = 0, named = 0;

	for (g = r->memberships.all; g != NULL; g = g->hh.next)
		n += g->role == role;
	if (n == 0)
		return;
	bytes_printf(b, "%s%s ", b->len > 0 ? "; " : "", n == 1 ? one : more);
	for (g = r->memberships.all; g != NULL && named < MEMBERSHIPS_LISTED_MAX; g = g->hh.next) {
		if (g->role != role)
			continue;
		bytes_printf(b, "%s%s", named == 0 ? "" : named + 1 == n ? " and " : ", ",
		             account_by_key(c, g->key)->nick);
		named++;
	}
	if (named < n)
		bytes_printf(b, " and %" PRIu32 " others", n - named);
}

static void show_people(struct chat *c, struct session *s, const struct room *r)
{
	struct bytes *b = &c->scratch;
	uint32_t members = 0;

	bytes_clear(b);
	if (membership_owner(r) == NULL)
		bytes_puts(b, "nobody owns it");
	put_role(c, b, r, ROOM_OWNER, "owner", "owners");
	put_role(c, b, r, ROOM_OPERATOR, "operator", "operators");
	put_role(c, b, r, ROOM_VOICE, "voice", "voices");
	for (const struct membership *g = r->memberships.all; g != NULL; g = g->hh.next)
		members += g->role == ROOM_MEMBER;
	if (members > 0)
		bytes_printf(b, "; %" PRIu32 " %s invited", members, members == 1 ? "other is" : "others are");
	emit_reply(c, s, "%s: %s.", r->name, b->data);
	if (setting_offered(c, r) != NULL)
		emit_reply(c, s, "It is offered to %s, who has not accepted it yet.",
		           setting_offered(c, r)->nick);
}

static void show_one(struct chat *c, struct session *s, const struct room *r,
                     const struct setting *k)
{
	char value[SETTING_BYTES_MAX];

	emit_rows(c, s, 6, "  %-12s  %-7s  %s", k->name, setting_show(r, k, value), k->means);
}

/* Tells s which settings it can change. */
static void show_powers(struct chat *c, struct session *s, const struct room *r)
{
	enum room_role role = membership_role(r, s);
	struct bytes *b = &c->scratch;
	uint32_t n = 0;

	bytes_clear(b);
	for (const struct setting *k = settings; k->name != NULL; k++)
		if (role >= k->who && (r != c->rooms.lobby || k->lobby))
			bytes_printf(b, "%s%s", n++ == 0 ? "" : ", ", k->name);
	if (n == 0) {
		emit_reply(c, s, "Only operators and the owner can change these%s.",
		           membership_owner(r) == NULL ? ", and nobody owns this room" : "");
		return;
	}
	emit_reply(c, s, "You can set: %s.", b->data);
	emit_reply(c, s, "For example: %croom %s", c->config.command_prefix,
	           role >= ROOM_OWNER && r != c->rooms.lobby ? "private on" : "slow 30");
}

/* -- setting ------------------------------------------------------------------------------ */

static void wrong_value(struct chat *c, struct session *s, const struct setting *k,
                        const char *text)
{
	if (k->kind == SETTING_SWITCH)
		emit_reply(c, s, "%s can be on or off, not %.*s.", k->name, shown(text), text);
	else
		emit_reply(c, s, "%s can be a number from %" PRIu32 " to %" PRIu32 ", or %s, not %.*s.",
		           k->name, k->least, k->most, k->none, shown(text), text);
}

/* A sentence that says what the setting is now; in c->scratch. */
static const char *sentence(struct chat *c, const struct room *r, const struct setting *k)
{
	char value[SETTING_BYTES_MAX];
	bool slow = strcmp(k->name, "slow") == 0;

	bytes_clear(&c->scratch);
	if (slow && setting_value(&r->set, k) != 0)
		bytes_printf(&c->scratch, "Slow mode is on in %s: one line every %s s.", r->name,
		             setting_show(r, k, value));
	else if (slow)
		bytes_printf(&c->scratch, "Slow mode is off in %s.", r->name);
	else if (k->kind == SETTING_NUMBER && setting_value(&r->set, k) == 0)
		bytes_printf(&c->scratch, "%s now goes by the server's number of %s.", r->name, k->name);
	else
		bytes_printf(&c->scratch, "The setting %s of %s is now %s.", k->name, r->name,
		             setting_show(r, k, value));
	return c->scratch.data;
}

static void set_to(struct chat *c, struct session *s, struct room *r, const struct setting *k,
                   uint32_t value)
{
	char is[SETTING_BYTES_MAX];
	struct bytes undo = {0};
	uint64_t n;

	undo_begin(&undo, "setting");
	undo_put_room(c, &undo, r);
	fields_put(&undo, "setting", k->name);
	fields_put_number(&undo, "was", setting_value(&r->set, k));
	fields_put_number(&undo, "is", value);
	setting_put(c, r, k, value);
	n = emit_audit(c, s, undo.data, "set %s of %s to %s", k->name, r->name, setting_show(r, k, is));
	bytes_release(&undo);
	emit_reply(c, s, "%s %cundo #A%" PRIu64 " takes it back.", sentence(c, r, k),
	           c->config.command_prefix, n);
	if (k->kind == SETTING_SWITCH)
		room_notice(c, r, s, "%s has turned %s %s", s->nick, k->name, setting_show(r, k, is));
	else
		room_notice(c, r, s, "%s has set %s to %s", s->nick, k->name, setting_show(r, k, is));
	room_release(c, r);
}

static void set_value(struct chat *c, struct session *s, struct room *r, const struct setting *k,
                      const char *text)
{
	char is[SETTING_BYTES_MAX];
	uint32_t value;

	if (!setting_parse(k, text, &value)) {
		wrong_value(c, s, k, text);
		return;
	}
	if (value == setting_value(&r->set, k)) {
		emit_reply(c, s, "The setting %s of %s is already %s. Nothing has changed.", k->name, r->name,
		           setting_show(r, k, is));
		return;
	}
	set_to(c, s, r, k, value);
}

void undo_setting(struct chat *c, struct session *s, const struct row *act)
{
	const char *data = act->changed;
	char *name = fields_get(data, "setting");
	const struct setting *k = setting_find(name);
	struct room *r;
	uint32_t most;

	free(name);
	if (!undo_room(c, data, &r) || r == NULL) {
		undo_late(c, s, "that room is gone");
	} else if (k == NULL || k->kind == SETTING_PASSWORD || (r == c->rooms.lobby && !k->lobby)) {
		undo_late(c, s, "that setting no longer exists");
	} else if (access_power(c, s, r, k->who)) {
		most = k->kind == SETTING_NUMBER ? k->most - k->least + 1 : 1;
		if (setting_value(&r->set, k) != fields_get_count(data, "is", most))
			undo_late(c, s, "it has since been set again");
		else
			set_to(c, s, r, k, fields_get_count(data, "was", most));
	}
}

/* /room NAME TEXT; without TEXT ("") the setting is shown. */
static void change(struct chat *c, struct session *s, struct room *r, const char *name,
                   const char *text)
{
	const struct setting *k = setting_find(name);

	if (k == NULL)
		emit_reply(c, s, "There is no setting %.*s. %croom lists the settings.", shown(name),
		           name, c->config.command_prefix);
	else if (*text == '\0')
		show_one(c, s, r, k);
	else if (r == c->rooms.lobby && !k->lobby)
		emit_reply(c, s, "%s cannot be set in %s: the lobby is open to everybody.", k->name, r->name);
	else if (!access_power(c, s, r, k->who) || !emit_can_save(c, s))
		return;
	else if (k->kind != SETTING_PASSWORD)
		set_value(c, s, r, k, text);
	else if (strcmp(text, k->none) == 0 || strcasecmp(text, "off") == 0 ||
	         strcasecmp(text, "none") == 0)
		room_lock(c, s, r, NULL);
	else
		room_entry_set_password(c, s, r, text);
}

void cmd_room(struct chat *c, struct session *s, const struct args *a)
{
	if (a->arg[0] != NULL) {
		change(c, s, a->room, a->arg[0], a->rest);
		return;
	}
	show_people(c, s, a->room);
	for (const struct setting *k = settings; k->name != NULL; k++)
		if (a->room != c->rooms.lobby || k->lobby)
			show_one(c, s, a->room, k);
	show_powers(c, s, a->room);
}

void cmd_slow(struct chat *c, struct session *s, const struct args *a)
{
	change(c, s, a->room, "slow", a->arg[0] != NULL ? a->arg[0] : "");
}
