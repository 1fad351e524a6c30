/* Commands about several rooms at once: /watch /unwatch /say. */

#include "chatd/core/commands/cmd_watch.h"

#include <string.h>
#include <strings.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/commands/command.h"
#include "chatd/core/entry/terminal.h"
#include "chatd/core/moderation/flood.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/moderation/speech.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/history.h"
#include "chatd/core/rooms/outage.h"
#include "chatd/core/rooms/watch.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"

static void list(struct chat *c, struct session *s)
{
	struct bytes *b = &c->scratch;

	if (s->member.watching.n == 0) {
		emit_reply(c, s, "You watch no other room. %cwatch ROOM shows you its lines too.",
		           c->config.command_prefix);
		return;
	}
	bytes_clear(b);
	for (uint32_t i = 0; i < s->member.watching.n; i++)
		bytes_printf(b, "%s%s%s", i == 0 ? "" : ", ", s->member.watching.list[i]->room->name,
		             s->member.watching.list[i]->rests ? " (where you are)" : "");
	emit_reply(c, s, "You watch: %s", b->data);
}

/* Whether s may watch r; if not, tells s. */
static bool may_watch(struct chat *c, struct session *s, const struct room *r)
{
	if (watch_find(s, r) != NULL) {
		emit_reply(c, s, "You already watch %s.", r->name);
		return false;
	}
	if (s->member.watching.n == WATCHED_MAX) {
		emit_reply(c, s, "You already watch %d rooms, the most you can. %cunwatch ROOM makes room for another.",
		           WATCHED_MAX, c->config.command_prefix);
		return false;
	}
	if (!moderation_may_join(c, s, r))
		return false;
	if (access_enter(c, s, r))
		return true;
	emit_reply(c, s, "%s has a password. You can watch it while you are in it: %cjoin %s first.", r->name,
	           c->config.command_prefix, r->name);
	return false;
}

static void watch(struct chat *c, struct session *s, struct room *r)
{
	if (!may_watch(c, s, r))
		return;
	/* The view that puts the rooms' names before their lines comes first. */
	s->input.console.watches = true;
	terminal_update(c, s);
	watch_begin(c, s, r);
	if (s->room == r)
		emit_reply(c, s, "You watch %s: you will go on reading it from other rooms.", r->name);
	else
		emit_reply(c, s, "You watch %s now. %csay --in=%s TEXT speaks there; %cunwatch %s ends it.", r->name,
		           c->config.command_prefix, r->name, c->config.command_prefix, r->name);
	history_watch(c, s, r);
}

/* The next word of *line, cut out; NULL: there is none. People who know IRC type #ops. */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, " ,"), *end = word + strcspn(word, " ,");

	*line = *end != '\0' ? end + 1 : end;
	*end = '\0';
	return *word != '\0' ? word + (*word == '#' && word[1] != '\0') : NULL;
}

void cmd_watch(struct chat *c, struct session *s, const struct args *a)
{
	char *line = a->rest;
	int tries = 0;

	if (*line == '\0')
		list(c, s);
	/* Each has an answer, and a step has room for so many. */
	for (char *word; (word = next_word(&line)) != NULL; tries++) {
		struct room *r = NULL;

		if (tries == WATCHED_MAX) {
			emit_reply(c, s, "%.*s and the rest were left out: at most %d rooms at a time.",
			           (int)text_prefix(word, strlen(word), ROOM_CHARS_MAX), word, WATCHED_MAX);
			return;
		}
		r = args_room(c, s, word);
		if (r != NULL)
			watch(c, s, r);
	}
}

/* No view is needed for watching any more. */
static void settle(struct chat *c, struct session *s)
{
	if (s->member.watching.n > 0)
		return;
	s->input.console.watches = false;
	terminal_update(c, s);
}

void cmd_unwatch(struct chat *c, struct session *s, const struct args *a)
{
	char *line = a->rest;

	if (strcasecmp(line, "all") == 0) {
		watch_end_all(c, s);
		emit_reply(c, s, "You watch no other room now.");
	}
	for (char *word; strcasecmp(a->rest, "all") != 0 && (word = next_word(&line)) != NULL;) {
		struct watch *w = NULL;

		for (uint32_t i = 0; i < s->member.watching.n && w == NULL; i++)
			if (strcasecmp(s->member.watching.list[i]->room->name, word) == 0 ||
			    strcmp(s->member.watching.list[i]->room->key, word) == 0)
				w = s->member.watching.list[i];
		if (w == NULL) {
			emit_reply(c, s, "You do not watch %.*s. %cwatch lists what you watch.",
			           (int)text_prefix(word, strlen(word), ROOM_CHARS_MAX), word, c->config.command_prefix);
			break;
		}
		emit_reply(c, s, "You no longer watch %s.", w->room->name);
		watch_end(c, w);
	}
	settle(c, s);
}

/* In a cluster only their own node knows what somebody watches: it has looked before it proposed the act. */
static bool is_heard(const struct chat *c, const struct session *s, const struct room *r)
{
	return r == s->room || (c->cluster.applying ? watch_may(c, s, r) : watch_find(s, r) != NULL);
}

static void say_later(struct chat *c, struct session *s, const struct args *a)
{
	struct bytes act = {0};

	if (outage_refuses(c, s) || flood_refuses(c, s, "sent") || !access_speak(c, s, a->room))
		return;
	bytes_printf(&act, "%csay --in=%s %s", c->config.command_prefix, a->room->name, a->rest);
	if (act.len <= BODY_BYTES_MAX)
		act_propose(c, s, ACT_LINE, act.data);
	bytes_release(&act);
}

void cmd_say(struct chat *c, struct session *s, const struct args *a)
{
	if (!is_heard(c, s, a->room)) {
		emit_reply(c, s, "Not sent: you can speak where you are, and in rooms that you watch. %cwatch %s, or %cjoin %s.",
		           c->config.command_prefix, a->room->name, c->config.command_prefix, a->room->name);
		return;
	}
	/* Before somebody who may not be there any more is heard. */
	watch_verify(c, a->room);
	if (!is_heard(c, s, a->room))
		return;
	if (chat_defers(c))
		say_later(c, s, a);
	else
		room_say(c, s, a->room, RECORD_SAY, a->rest);
}
