/* Commands that tell about chatd: /help /time /version /limits. */

#include "chatd/core/commands/cmd_info.h"

#include <inttypes.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/flood.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

#ifndef CHATD_VERSION
#error "CHATD_VERSION comes from the Makefile"
#endif

static void help_one(struct chat *c, struct session *s, const struct command *k)
{
	char p = c->config.command_prefix;

	emit_reply(c, s, "%c%s%s%s", p, k->name, *k->args ? " " : "", k->args);
	emit_reply(c, s, "%s", k->help);
	if (*k->aliases != '\0') {
		struct bytes *b = &c->scratch;

		bytes_clear(b);
		for (const char *a = k->aliases; *a != '\0'; a += strcspn(a, " ")) {
			a += strspn(a, " ");
			bytes_printf(b, " %c%.*s", p, (int)strcspn(a, " "), a);
		}
		emit_reply(c, s, "Other names for it:%s", b->data);
	}
	if ((k->flags & FLAG_IN) != 0)
		emit_reply(c, s, "%c%s --in=ROOM ... is about another room than the one you are in.", p,
		           k->name);
	if ((k->flags & FLAG_EVERYWHERE) != 0 && role_of(s) >= ROLE_MODERATOR)
		emit_reply(c, s, "%c%s --everywhere ... is about the whole chat.", p, k->name);
	if ((k->flags & FLAG_REACH) != 0)
		emit_reply(c, s, "%c%s --all ... also hits others who come from the same address; "
		           "%c%s --name ... goes by the name alone.", p, k->name, p, k->name);
	emit_reply(c, s, "Example: %c%s", p, k->example);
}

void cmd_help(struct chat *c, struct session *s, const struct args *a)
{
	char p = c->config.command_prefix;

	if (a->arg[0] != NULL) {
		const char *name = a->arg[0] + (*a->arg[0] == p);
		const struct command *k = command_find(c, name);
		char near[COMMAND_NAME_BYTES_MAX + 1];
		int n = (int)text_prefix(name, strlen(name), NICK_CHARS_MAX);

		if (k != NULL && command_allowed(s, k))
			help_one(c, s, k);
		else if (k != NULL)
			command_refuse(c, s, k, "");
		else if (command_nearest(c, name, near))
			emit_reply(c, s, "There is no command %c%.*s. Did you mean %c%s?", p, n,
			           name, p, near);
		else
			emit_reply(c, s, "There is no command %c%.*s; %chelp alone lists them.", p, n,
			           name, p);
		return;
	}
	if (s->state == SESSION_HOST)
		emit_reply(c, s, "Only commands work here, and these make sense without a room:");
	else
		emit_reply(c, s, "What you type is said to the room. Lines that begin with %c are commands:",
		           p);
	for (const struct command *k = c->commands; k->name != NULL; k++) {
		const char *gap = *k->args != '\0' ? " " : "";
		int len = (int)(strlen(k->name) + strlen(gap) + strlen(k->args));

		if (!command_useful(s, k))
			continue;
		if (len <= 16) {
			emit_reply(c, s, "  %c%s%s%s%*s %s", p, k->name, gap, k->args, 16 - len, "", k->help);
		} else {
			emit_reply(c, s, "  %c%s%s%s", p, k->name, gap, k->args);
			emit_reply(c, s, "  %-17s %s", "", k->help);
		}
	}
	if (s->state != SESSION_HOST)
		emit_reply(c, s, "To say a line that begins with %c, type it twice: %c%c", p, p, p);
}

void cmd_time(struct chat *c, struct session *s, const struct args *a)
{
	char text[96];

	(void)a;
	format_clock(text, sizeof text, c->wall_ms);
	emit_reply(c, s, "It is %s here.", text);
}

void cmd_version(struct chat *c, struct session *s, const struct args *a)
{
	(void)a;
	emit_reply(c, s, "This is chatd %s.", CHATD_VERSION);
}

void cmd_limits(struct chat *c, struct session *s, const struct args *a)
{
	const struct chat_config *k = &c->config;

	(void)a;
	emit_reply(c, s, "A line: at most %" PRIu32 " bytes.", k->line_bytes_max);
	flood_show(c, s);
	emit_reply(c, s, "Names: a nick has at most %d characters, a room %d, a topic %d.",
	           NICK_CHARS_MAX, ROOM_CHARS_MAX, TOPIC_CHARS_MAX);
	emit_reply(c, s, "Ignored people: %" PRIu32 " of %d.", s->presence.nignored, IGNORES_MAX);
	emit_reply(c, s, "History: %d lines at once with %chistory, %d hits of a %csearch.", ROWS_MAX,
	           k->command_prefix, SEARCH_HITS_MAX, k->command_prefix);
	emit_reply(c, s, "Rooms: %" PRIu32 " of %d. People: %" PRIu32 " of %" PRIu32 ".", c->rooms.n,
	           ROOMS_MAX, c->people.n, k->connections_max);
}
