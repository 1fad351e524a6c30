/* /connections: everyone who is here, in pages by their slots. */

#include "chatd/core/commands/cmd_connections.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/commands/command.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

_Static_assert(CONNECTIONS_PAGE * (3 * NAME_BYTES_MAX + 320) < ARENA_PER_LINE_MAX &&
               CONNECTIONS_PAGE + 16 <= EFFECTS_PER_LINE_MAX, "a page fits what a line may cause");

static void connection_status(struct chat *c, struct session *s, const struct session *who)
{
	char from[ADDRESS_BYTES_MAX];
	struct bytes *b = &c->scratch;

	bytes_clear(b);
	fields_put(b, "name", who->nick);
	if (who->account != NULL) {
		fields_put(b, "account", who->account->nick);
		fields_put(b, "role", role_name(who->account->role));
	}
	fields_put(b, "room", who->room->name);
	fields_put(b, "from", address_show(&who->from, from));
	fields_put_number(b, "since", c->wall_ms - (c->now_ms - who->presence.since_ms));
	fields_put_number(b, "idle", c->now_ms - who->presence.said_ms);
	fields_put_number(b, "away", who->presence.away != NULL);
	fields_put_number(b, "tls", who->presence.tls);
	emit_line(c, s, emit_info(LINE_TEXT, c->wall_ms, NULL), "-- connection %s", b->data);
}

static void connection_show(struct chat *c, struct session *s, const struct session *who)
{
	char from[ADDRESS_BYTES_MAX], since[AGE_BYTES_MAX], idle[AGE_BYTES_MAX];

	format_age(since, c->now_ms - who->presence.since_ms);
	format_age(idle, c->now_ms - who->presence.said_ms);
	emit_rows(c, s, 6, "  %s%s%s, in %s, from %s, here for %s, idle for %s%s", who->nick,
	          who->account == NULL ? " (a guest)" : "",
	          who->account != NULL && who->account->role > ROLE_ACCOUNT
	                  ? who->account->role == ROLE_ADMIN ? " (admin)" : " (moderator)"
	                  : "",
	          who->room->name, address_show(&who->from, from), since, idle,
	          who->presence.away != NULL ? ", away" : "");
}

/* NULL: the slot is free. */
static bool is_shown(const struct session *who)
{
	return who != NULL && who->state == SESSION_CHAT;
}

/* Shows those from the slot on, as many as a page has. Returns the slot after the last one. */
static uint32_t page_show(struct chat *c, struct session *s, uint32_t from, bool status)
{
	uint32_t n = 0, slot = from;

	for (; slot < c->people.nslots && n < CONNECTIONS_PAGE; slot++) {
		const struct session *who = c->people.sessions[slot];

		if (!is_shown(who))
			continue;
		n++;
		if (status)
			connection_status(c, s, who);
		else
			connection_show(c, s, who);
	}
	return slot;
}

static bool any_from(const struct chat *c, uint32_t slot)
{
	while (slot < c->people.nslots && !is_shown(c->people.sessions[slot]))
		slot++;
	return slot < c->people.nslots;
}

/* The list has those of this node: other nodes have the others. */
static void show_number(struct chat *c, struct session *s)
{
	uint32_t here = cluster_people_here(c);

	if (c->cluster.self != NULL)
		emit_reply(c, s, "%" PRIu32 " of %" PRIu32 " people %s connected to this node:", here, c->people.n,
		           here == 1 ? "is" : "are");
	else
		emit_reply(c, s, "%" PRIu32 " %s:", here, here == 1 ? "person is here" : "people are here");
}

void cmd_connections(struct chat *c, struct session *s, const struct args *a)
{
	uint32_t from = 0, next;
	char *end = NULL;

	if (a->arg[0] != NULL) {
		unsigned long n = strtoul(a->arg[0], &end, 10);

		if (*end != '\0' || a->arg[0][0] == '-' || n > CONNECTIONS_LIMIT + CONTROL_SLOTS) {
			command_usage(c, s, "connections");
			return;
		}
		from = (uint32_t)n;
	}
	if (!a->status && from == 0)
		show_number(c, s);
	next = page_show(c, s, from, a->status);
	if (!any_from(c, next))
		command_tell_status(c, s, a->status);
	else if (a->status)
		emit_reply(c, s, "status: more from %" PRIu32, next);
	else
		emit_reply(c, s, "There are more: %cconnections %" PRIu32, c->config.command_prefix, next);
}
