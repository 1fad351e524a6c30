/* Commands that say something: /me /msg /reply /announce. */

#include "chatd/core/commands/cmd_talk.h"

#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/commands/cmd_lines.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/moderation/speech.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/mention.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

void cmd_me(struct chat *c, struct session *s, const struct args *a)
{
	room_say(c, s, s->room, RECORD_ACTION, a->rest);
}

/* People who may not speak cannot send private messages either, except to moderators. */
static bool may_write(struct chat *c, struct session *s, enum role to)
{
	const char *bar = c->moderation.guards > 0 ? moderation_bars_private(c, s, to) : NULL;

	if (bar != NULL)
		emit_reply(c, s, "Not sent: %s", bar);
	return bar == NULL;
}

static void tell(struct chat *c, struct session *s, struct session *to, const char *text)
{
	struct line_info info = emit_info(LINE_PRIVATE, c->wall_ms, s->nick);

	if (to == s) {
		emit_reply(c, s, "Not sent: that is you.");
		return;
	}
	if (!may_write(c, s, role_of(to)))
		return;
	if (session_ignores(to, s->key)) {
		emit_reply(c, s, "Not sent: %s does not accept messages from you.", to->nick);
		return;
	}
	if (to->reading.slow) {
		emit_reply(c, s, "Not sent: %s's connection is too slow at present. Try again later.",
		           to->nick);
		return;
	}
	info.marked = to->input.console.view && mention_is(c, to, text);
	/* No name has a blank or '>' in it, so this cannot be mistaken for a line said in the room. */
	emit_told(c, to, info, "%s[%s -> you]:%s",
	          format_stamp(&c->stamp, c->wall_ms), s->nick, text);
	to->mail.reply_to = s->id;
	emit_reply(c, s, "To %s: %s", to->nick, text);
	if (to->presence.away != NULL && (*to->presence.away == '\0' || session_ignores(s, to->key)))
		emit_reply(c, s, "%s is away and may read it later.", to->nick);
	else if (to->presence.away != NULL)
		emit_reply(c, s, "%s is away (%s) and may read it later.", to->nick, to->presence.away);
	if (session_ignores(s, to->key))
		emit_reply(c, s, "You ignore %s, so you will not see an answer. %cunignore %s changes that.",
		           to->nick, c->config.command_prefix, to->nick);
}

void cmd_msg(struct chat *c, struct session *s, const struct args *a)
{
	struct account *absent = account_named(c, a->arg[0]);
	struct session *to;

	if (absent != NULL && absent->session == NULL) {
		if (may_write(c, s, absent->role))
			mail_keep(c, s, absent, a->rest);
		return;
	}
	to = session_find(c, s, a->arg[0]);
	if (to != NULL)
		tell(c, s, to, a->rest);
}

void cmd_reply(struct chat *c, struct session *s, const struct args *a)
{
	struct session *to = chat_session(c, s->mail.reply_to);

	if (reply_to_line(c, s, a->rest))
		return;
	if (s->mail.reply_to.gen == 0)
		emit_reply(c, s, "Nobody has sent you a private message since you came. %cmsg NAME TEXT sends one.",
		           c->config.command_prefix);
	else if (to == NULL || to->state != SESSION_CHAT)
		emit_reply(c, s, "The person who wrote to you last has left. %cmsg NAME TEXT writes to anyone.", c->config.command_prefix);
	else
		tell(c, s, to, a->rest);
}

void cmd_announce(struct chat *c, struct session *s, const struct args *a)
{
	struct bytes text = {0};

	if (!emit_can_save(c, s))
		return;
	bytes_printf(&text, "Announcement by %s: %s", s->nick, a->rest);
	emit_audit(c, s, "", "announced: %s", a->rest);
	emit_all(c, text.data);
	bytes_release(&text);
}
