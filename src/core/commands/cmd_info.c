/* Commands that show something about chatd: /help /motd /rules /time /version /limits. */

#include "chatd/core/commands/cmd_info.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/base/wrap.h"
#include "chatd/core/entry/welcome.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/flood.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

#ifndef CHATD_VERSION
#error "CHATD_VERSION comes from the Makefile"
#endif

/* -- /help ---------------------------------------------------------------------------------- */

enum {
	LIST_COLUMNS = WRAP_COLUMNS - 3 - COMMAND_BRIEF_BYTES_MAX - 1, /* before what a command does */
	MARGIN = 2,            /* of a topic's commands */
	EVERYDAY_LABEL = 8,    /* columns of the topics' labels, in /help alone */
	ALL_LABEL = 11,        /* and in /help all */
};

static const struct {
	const char *name;      /* as /help takes it */
	const char *label;     /* before the first of its commands, where several topics are listed */
	const char *title;
} topics[] = {
	[TOPIC_TALK] = {"talk", "Talk", "To talk, and to read what was said:"},
	[TOPIC_ROOMS] = {"rooms", "Rooms", "Rooms and their settings:"},
	[TOPIC_ACCOUNT] = {"account", "Account", "Your name and your account:"},
	[TOPIC_TERMINAL] = {"terminal", "Terminal", "Your terminal, and how lines are shown on it:"},
	[TOPIC_MODERATION] = {"moderation", "Moderation", "Moderating rooms and the server:"},
	[TOPIC_SERVER] = {"server", "Server", "The server:"},
};

_Static_assert(TOPICS == 6, "the next line has all");
#define TOPIC_NAMES "talk, rooms, account, terminal, moderation, server, all"

const char *help_topic(enum topic t)
{
	return topics[t].name;
}

static void help_options(struct chat *c, struct session *s, const struct command *k)
{
	char p = c->config.command_prefix;

	if ((k->flags & FLAG_IN) != 0)
		emit_rows(c, s, 0, "%c%s --in=ROOM ... is about another room than the one you are in.", p,
		            k->name);
	if ((k->flags & FLAG_EVERYWHERE) != 0 && role_of(s) >= ROLE_MODERATOR)
		emit_rows(c, s, 0, "%c%s --everywhere ... is about the whole chat.", p, k->name);
	if ((k->flags & FLAG_REACH) != 0)
		emit_rows(c, s, 0, "%c%s --all ... also affects others at the same address; "
		            "%c%s --name ... goes by the name alone.", p, k->name, p, k->name);
}

static void help_one(struct chat *c, struct session *s, const struct command *k)
{
	char p = c->config.command_prefix;

	emit_rows(c, s, 0, "%c%s%s%s", p, k->name, *k->args ? " " : "", k->args);
	emit_rows(c, s, 0, "%s", k->help);
	if (*k->aliases != '\0') {
		struct bytes *b = &c->scratch;

		bytes_clear(b);
		for (const char *a = k->aliases; *a != '\0'; a += strcspn(a, " ")) {
			a += strspn(a, " ");
			bytes_printf(b, " %c%.*s", p, (int)strcspn(a, " "), a);
		}
		emit_reply(c, s, "Other names for it:%s", b->data);
	}
	help_options(c, s, k);
	emit_reply(c, s, "Example: %c%s", p, k->example);
}

/* One row: the label, the command with its arguments if they fit, and what it does. */
static void list_one(struct chat *c, struct session *s, const char *label, int label_columns,
                     const struct command *k)
{
	char p = c->config.command_prefix, usage[LIST_COLUMNS + 1];
	int columns = LIST_COLUMNS - label_columns;
	int n = snprintf(usage, sizeof usage, "%c%s%s%s", p, k->name, *k->args != '\0' ? " " : "", k->args);

	if (n > columns)
		snprintf(usage, sizeof usage, "%c%s ...", p, k->name);
	emit_reply(c, s, "%-*s%-*s %s", label_columns, label, columns, usage, k->brief);
}

/* Commands that s can use, topic by topic. */
static void list_all(struct chat *c, struct session *s, unsigned flags)
{
	for (enum topic t = 0; t < TOPICS; t++) {
		const char *label = topics[t].label;

		for (const struct command *k = c->commands; k->name != NULL; k++) {
			if (k->topic != t || (k->flags & flags) != flags || !command_useful(s, k))
				continue;
			list_one(c, s, label, flags != 0 ? EVERYDAY_LABEL : ALL_LABEL, k);
			label = "";
		}
	}
}

/* One topic's commands; those that s cannot use here by name alone. */
static void list_topic(struct chat *c, struct session *s, enum topic t)
{
	char p = c->config.command_prefix;
	struct bytes others = {0};
	bool any = false;

	for (const struct command *k = c->commands; k->name != NULL; k++) {
		if (k->topic != t)
			continue;
		if (!command_useful(s, k)) {
			bytes_printf(&others, " %c%s", p, k->name);
			continue;
		}
		if (!any)
			emit_reply(c, s, "%s", topics[t].title);
		any = true;
		list_one(c, s, "", MARGIN, k);
	}
	if (others.len > 0 && s->state == SESSION_HOST)
		emit_rows(c, s, 0, "Only for people in the chat (%cnick NAME enters it):%s", p, others.data);
	else if (others.len > 0)
		emit_rows(c, s, 0, "%s:%s", role_of(s) > ROLE_GUEST ? "These need a role that you do not have here"
		            : t == TOPIC_ACCOUNT ? "These need an account" : "These need an account or a role",
		            others.data);
	if (!any && t == TOPIC_MODERATION)
		emit_reply(c, s, "%creport #N shows a line to the moderators.", p);
	bytes_release(&others);
}

static void help_overview(struct chat *c, struct session *s, unsigned flags)
{
	char p = c->config.command_prefix;

	if (s->state == SESSION_HOST)
		emit_reply(c, s, "Only commands work here. Most are under %chelp moderation and %chelp server; "
		           "also:", p, p);
	else
		emit_reply(c, s, "What you type is said to the room. Lines that begin with %c are commands:",
		           p);
	list_all(c, s, flags);
	if (flags != 0)
		emit_rows(c, s, 0, "%chelp COMMAND explains a command. More commands: %chelp talk, %chelp "
		            "rooms, %chelp account, %chelp terminal, %chelp moderation, %chelp server, %chelp "
		            "all.", p, p, p, p, p, p, p, p);
	if (s->state != SESSION_HOST)
		emit_reply(c, s, "To say a line that begins with %c, type it twice: %c%c", p, p, p);
}

static bool find_topic(const char *word, enum topic *t)
{
	for (*t = 0; *t < TOPICS; ++*t)
		if (strcasecmp(word, topics[*t].name) == 0)
			return true;
	return false;
}

static void help_unknown(struct chat *c, struct session *s, const char *name)
{
	char near[COMMAND_NAME_BYTES_MAX + 1], p = c->config.command_prefix;
	int n = (int)text_prefix(name, strlen(name), NICK_CHARS_MAX);

	if (command_nearest(c, name, near))
		emit_reply(c, s, "There is no command %c%.*s. Did you mean %c%s?", p, n, name, p, near);
	else
		emit_reply(c, s, "There is no command %c%.*s; %chelp all lists them.", p, n, name, p);
	emit_reply(c, s, "%chelp TOPIC: " TOPIC_NAMES, p);
}

void cmd_help(struct chat *c, struct session *s, const struct args *a)
{
	char p = c->config.command_prefix;
	const char *word = a->arg[0];
	const struct command *k;
	enum topic t;
	bool topic;

	if (word == NULL || strcasecmp(word, "all") == 0) {
		help_overview(c, s, word == NULL ? FLAG_EVERYDAY : 0);
		return;
	}
	/* /rooms is a command too: "rooms" is the topic with the command, "/rooms" the command. */
	topic = *word != p && find_topic(word, &t);
	k = command_find(c, word + (*word == p));
	if (topic)
		list_topic(c, s, t);
	if (k == NULL && !topic)
		help_unknown(c, s, word + (*word == p));
	else if (k != NULL)
		help_one(c, s, k);
	if (k != NULL && !command_allowed(s, k))
		command_refuse(c, s, k);
}

/* -- the others ------------------------------------------------------------------------------ */

void cmd_motd(struct chat *c, struct session *s, const struct args *a)
{
	(void)a;
	welcome_motd(c, s);
}

void cmd_rules(struct chat *c, struct session *s, const struct args *a)
{
	(void)a;
	welcome_rules(c, s);
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
	if (c->entry.welcome.named)
		emit_reply(c, s, "This is %s, a chat that runs chatd %s.", c->entry.welcome.name, CHATD_VERSION);
	else
		emit_reply(c, s, "This is chatd %s.", CHATD_VERSION);
}

void cmd_limits(struct chat *c, struct session *s, const struct args *a)
{
	const struct chat_config *k = &c->config;

	(void)a;
	emit_reply(c, s, "A line has at most %" PRIu32 " bytes.", k->line_bytes_max);
	flood_show(c, s);
	emit_reply(c, s, "At most %d characters in a name, %d in a room's name, %d in a topic.",
	           NICK_CHARS_MAX, ROOM_CHARS_MAX, TOPIC_CHARS_MAX);
	emit_reply(c, s, "You ignore %" PRIu32 " of at most %d people.", s->presence.nignored, IGNORES_MAX);
	emit_reply(c, s, "%chistory shows at most %d lines at once, %csearch at most %d.", k->command_prefix,
	           ROWS_MAX, k->command_prefix, SEARCH_HITS_MAX);
	emit_reply(c, s, "Rooms: %" PRIu32 " of %d. People%s: %" PRIu32 " of %" PRIu32 ".", c->rooms.n, ROOMS_MAX,
	           c->cluster.self != NULL ? " on this node" : "", cluster_people_here(c), k->connections_max);
}
