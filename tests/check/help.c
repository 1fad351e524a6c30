/*
 * Prints what /help says to people of each role, for docs-check, fields separated by tabs:
 *
 *   help  ROLE  ARGUMENT  LINE
 *   topic TOPIC COMMAND
 */
#include <stdio.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/chat.h"
#include "chatd/core/commands/cmd_info.h"
#include "chatd/core/commands/table.h"
#include "chatd/core/state/state.h"
#include "where.h"

static const struct {
	const char *role;
	const char *user;      /* signed in as a user of the host; NULL: not */
	const char *fact;      /* the role of that user's account; NULL: none */
	const char *lines;     /* typed first */
} people[] = {
	{"guest", NULL, NULL, "carol\n"},
	{"account", "dave", "account", ""},
	{"owner", "erin", "account", "/join den\n"},
	{"moderator", "frank", "moderator", ""},
	{"admin", "grace", "admin", ""},
	{"host", NULL, NULL, ""},
};

enum { PEOPLE = sizeof people / sizeof *people };

static struct chat *chat;

static void step(struct event e)
{
	e.now_ms = 5000000;
	e.wall_ms = INT64_C(1795378445000);
	chat_step(chat, &e);
}

static void connect_as(uint32_t slot)
{
	struct event e = {.kind = EVENT_CONNECTED, .conn = {slot, 1}};

	e.connected.control = strcmp(people[slot].role, "host") == 0;
	e.connected.user = people[slot].user;
	e.connected.from = where(people[slot].user != NULL || e.connected.control ? "unix" : "192.0.2.1");
	step(e);
}

static void types(uint32_t slot, const char *text)
{
	struct event e = {.kind = EVENT_BYTES, .conn = {slot, 1}};

	e.bytes.data = text;
	e.bytes.len = strlen(text);
	if (*text != '\0')
		step(e);
}

static void ask(uint32_t slot, const char *about)
{
	const struct effect *effects;
	char line[64];
	size_t n;

	snprintf(line, sizeof line, "/help %s\n", about);
	types(slot, line);
	effects = chat_effects(chat, &n);
	for (size_t i = 0; i < n; i++) {
		const char *p = effects[i].text, *end = p + effects[i].len;

		if (effects[i].kind != EFFECT_SEND)
			continue;
		for (; p < end; p += strcspn(p, "\n") + 1)
			printf("help\t%s\t%s\t%.*s\n", people[slot].role, about, (int)strcspn(p, "\n"), p);
	}
}

int main(void)
{
	const struct chat_config config = {
		.connections_max = 64, .line_bytes_max = 1024, .command_prefix = '/',
	};

	chat = chat_new(&config, 100, 5);
	for (uint32_t i = 0; i < PEOPLE; i++) {
		char value[128];

		if (people[i].user == NULL)
			continue;
		snprintf(value, sizeof value, "nick=%s role=%s made=1 host=1", people[i].user,
		         people[i].fact);
		chat_load_fact(chat, &(struct saved_fact){
			.kind = FACT_ACCOUNT, .key = people[i].user, .value = value});
	}
	for (uint32_t i = 0; i < PEOPLE; i++) {
		char name[COMMAND_NAME_BYTES_MAX + 2];

		connect_as(i);
		types(i, people[i].lines);
		ask(i, "");
		ask(i, "all");
		for (enum topic t = 0; t < TOPICS; t++)
			ask(i, help_topic(t));
		/* With the prefix, "/rooms" is the command and not the topic. */
		for (const struct command *k = commands; k->name != NULL; k++) {
			snprintf(name, sizeof name, "/%s", k->name);
			ask(i, name);
		}
		ask(i, "lindyhop");
	}
	for (const struct command *k = commands; k->name != NULL; k++)
		printf("topic\t%s\t%s\n", k->topic < TOPICS ? help_topic(k->topic) : "", k->name);
	chat_free(chat);
	return 0;
}
