/* Commands about people: /nick /whois /ignore /unignore /away /back /quit. */

#include "chatd/core/commands/cmd_people.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/entry/login.h"
#include "chatd/core/entry/naming.h"
#include "chatd/core/moderation/flood.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/name.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/history.h"
#include "chatd/core/rooms/membership.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

void cmd_nick(struct chat *c, struct session *s, const struct args *a)
{
	char key[NAME_KEY_BYTES_MAX + 1];
	bool same;

	/* The host enters the chat. */
	if (s->state == SESSION_HOST) {
		if (session_may_be_named(c, s, a->arg[0], key) && moderation_may_enter(c, s, NULL, key))
			login_resume(c, s, a->arg[0], key, c->rooms.lobby, c->records.seq);
		return;
	}
	if (strcmp(a->arg[0], s->nick) == 0) {
		emit_reply(c, s, "You are already %s.", s->nick);
		return;
	}
	if (!session_may_be_named(c, s, a->arg[0], key) ||
	    (strcmp(key, s->key) != 0 && !moderation_may_rename(c, s, key)))
		return;
	if (s->account != NULL && strcmp(key, s->key) != 0) {
		emit_reply(c, s, "You are signed out of %s.", s->account->nick);
		account_sign_out(c, s);
	}
	same = strcmp(key, s->key) == 0;
	session_rename(c, s, a->arg[0], key);
	emit_reply(c, s, "You are %s now.", s->nick);
	if (!same)
		history_recall(c, s);
}

static void whois_role(struct chat *c, struct session *s, const struct session *who)
{
	const struct membership *g = membership_of(who->room, who->account->key);

	if (g != NULL && g->role >= ROOM_OPERATOR)
		emit_reply(c, s, "%s is %s of %s.", who->nick,
		           g->role == ROOM_OWNER ? "the owner" : "an operator", who->room->name);
}

/* A node that has started since they came does not know when somebody on another one did. */
static void whois_times(struct chat *c, struct session *s, const struct session *who)
{
	const char *room = access_see(c, s, who->room) ? who->room->name : "a private room";
	char age[AGE_BYTES_MAX], idle[AGE_BYTES_MAX];

	format_age(age, c->now_ms - who->presence.since_ms);
	format_age(idle, c->now_ms - who->presence.said_ms);
	if (who->presence.since_ms != 0)
		emit_reply(c, s, "%s is in %s, connected for %s, idle for %s.", who->nick, room, age, idle);
	else if (who->presence.said_ms != 0)
		emit_reply(c, s, "%s is in %s, idle for %s.", who->nick, room, idle);
	else
		emit_reply(c, s, "%s is in %s.", who->nick, room);
}

void cmd_whois(struct chat *c, struct session *s, const struct args *a)
{
	struct session *who = session_find(c, s, a->arg[0]);

	if (who == NULL)
		return;
	whois_times(c, s, who);
	if (who->person.node != NULL)
		emit_reply(c, s, "%s is connected to node %s.", who->nick, who->person.node->name);
	if (who->presence.tls)
		emit_reply(c, s, "%s is connected over TLS.", who->nick);
	if (who->account != NULL && access_see(c, s, who->room))
		whois_role(c, s, who);
	if (who->presence.away != NULL && (*who->presence.away == '\0' || session_ignores(s, who->key)))
		emit_reply(c, s, "%s is away.", who->nick);
	else if (who->presence.away != NULL)
		emit_reply(c, s, "%s is away: %s", who->nick, who->presence.away);
	if (session_ignores(s, who->key))
		emit_reply(c, s, "You ignore %s.", who->nick);
	if (role_of(s) >= ROLE_MODERATOR)
		moderation_whois(c, s, who);
}

/* -- ignoring ------------------------------------------------------------------------------ */

static void ignore_list(struct chat *c, struct session *s)
{
	if (s->presence.nignored == 0) {
		emit_reply(c, s, "You ignore nobody. %cignore NAME hides someone's lines from you.",
		           c->config.command_prefix);
		return;
	}
	emit_reply(c, s, "You ignore %" PRIu32 " of at most %d people:", s->presence.nignored, IGNORES_MAX);
	for (uint32_t i = 0; i < s->presence.nignored; i++) {
		const struct session *who = session_by_key(c, s->presence.ignored[i]);

		emit_reply(c, s, "  %s", who != NULL ? who->nick : s->presence.ignored[i]);
	}
}

void cmd_ignore(struct chat *c, struct session *s, const struct args *a)
{
	struct session *who;

	if (a->arg[0] == NULL) {
		ignore_list(c, s);
		return;
	}
	who = session_find(c, s, a->arg[0]);
	if (who == NULL)
		return;
	if (who == s) {
		emit_reply(c, s, "That is you.");
	} else if (session_ignores(s, who->key)) {
		emit_reply(c, s, "You already ignore %s.", who->nick);
	} else if (s->presence.nignored == IGNORES_MAX) {
		emit_reply(c, s, "You already ignore %d people, the most you can. %cunignore NAME makes room "
		           "for another.", IGNORES_MAX, c->config.command_prefix);
	} else {
		if (s->presence.nignored == 0) {
			s->presence.ignored = mem_alloc(IGNORES_MAX * sizeof *s->presence.ignored);
			DL_APPEND2(s->room->members.ignorers, s, presence.prev, presence.next);
		}
		s->presence.ignored[s->presence.nignored++] = mem_strdup(who->key);
		watch_ignores(s);
		emit_reply(c, s, "You no longer see what %s says or sends you. %cunignore %s shows it "
		           "again.", who->nick, c->config.command_prefix, who->nick);
	}
}

void cmd_unignore(struct chat *c, struct session *s, const struct args *a)
{
	char key[NAME_KEY_BYTES_MAX + 1];
	const struct session *who;
	uint32_t i = 0;

	/* The person need not be here. */
	if (!name_key(a->arg[0], strlen(a->arg[0]), key))
		key[0] = '\0';
	while (i < s->presence.nignored && strcmp(s->presence.ignored[i], key) != 0)
		i++;
	if (i == s->presence.nignored) {
		emit_reply(c, s, "You do not ignore %.*s. %cignore lists the people you ignore.",
		           (int)text_prefix(a->arg[0], strlen(a->arg[0]), NICK_CHARS_MAX), a->arg[0],
		           c->config.command_prefix);
		return;
	}
	free(s->presence.ignored[i]);
	s->presence.ignored[i] = s->presence.ignored[--s->presence.nignored];
	if (s->presence.nignored == 0) {
		DL_DELETE2(s->room->members.ignorers, s, presence.prev, presence.next);
		free(s->presence.ignored);
		s->presence.ignored = NULL;
		watch_ignores(s);
	}
	who = session_by_key(c, key);
	emit_reply(c, s, "You can see what %s says again.", who != NULL ? who->nick : a->arg[0]);
}

/* -- coming and going ------------------------------------------------------------------------ */

void cmd_away(struct chat *c, struct session *s, const struct args *a)
{
	/* People who message s read it. */
	const char *bar = c->moderation.guards > 0 && *a->rest != '\0' ? moderation_bars(c, s, s->room, a->rest) : NULL;

	if (bar != NULL) {
		emit_reply(c, s, "Not sent: %s", bar);
		return;
	}
	free(s->presence.away);
	s->presence.away = mem_strdup(a->rest);
	person_touch(s);
	emit_reply(c, s, "You are marked as away%s%s%s. %cback ends it.", *a->rest ? " (" : "", a->rest,
	           *a->rest ? ")" : "", c->config.command_prefix);
}

void cmd_back(struct chat *c, struct session *s, const struct args *a)
{
	(void)a;
	if (s->presence.away == NULL) {
		emit_reply(c, s, "You were not away.");
		return;
	}
	free(s->presence.away);
	s->presence.away = NULL;
	person_touch(s);
	emit_reply(c, s, "You are back.");
}

void cmd_quit(struct chat *c, struct session *s, const struct args *a)
{
	if (s->state == SESSION_HOST) {
		emit_reply(c, s, "Goodbye.");
		session_end(c, s, NULL, true);
		return;
	}
	/* Neither nc nor ncat notices that we have closed until it has something to send. */
	emit_reply(c, s, "Goodbye, %s.%s", s->nick, s->input.telnet == NULL ? " Press Enter to close." : "");
	/* The room reads it, so people who may not speak get no last word. */
	s->presence.farewell = *a->rest != '\0' && !flood_is_muted(c, s) && moderation_hears(c, s, a->rest);
	session_end(c, s, s->presence.farewell ? a->rest : NULL, true);
}
