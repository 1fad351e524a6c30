/* Commands that say something: /me /msg /reply /announce. */

#include "chatd/core/commands/cmd_talk.h"

#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/commands/cmd_lines.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/private.h"
#include "chatd/core/moderation/speech.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/line_ref.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

void cmd_me(struct chat *c, struct session *s, const struct args *a)
{
	room_say(c, s, s->room, RECORD_ACTION, a->rest);
}

void cmd_msg(struct chat *c, struct session *s, const struct args *a)
{
	struct account *absent = account_named(c, a->arg[0]);
	struct session *to;

	if (absent != NULL && absent->session == NULL) {
		if (private_may(c, s, absent->role))
			mail_keep(c, s, absent, a->rest);
		return;
	}
	to = session_find(c, s, a->arg[0]);
	if (to != NULL)
		private_tell(c, s, to, a->rest);
}

void cmd_reply(struct chat *c, struct session *s, const struct args *a)
{
	struct session *to = person_at(c, &s->mail.reply_to);

	if (reply_to_line(c, s, a->rest))
		return;
	/* A line's number alone is no private answer, but what is to be said is missing. */
	if (*a->rest == '#' && line_ref_number(a->rest) != 0) {
		command_usage(c, s, "reply");
		return;
	}
	if (s->mail.reply_to.conn.gen == 0 && s->mail.reply_to.node == NULL)
		emit_reply(c, s, "Nobody has sent you a private message since you came. %cmsg NAME TEXT sends one.",
		           c->config.command_prefix);
	else if (to == NULL || to->state != SESSION_CHAT)
		emit_reply(c, s, "The person who wrote to you last has left. %cmsg NAME TEXT writes to anyone.", c->config.command_prefix);
	else
		private_tell(c, s, to, a->rest);
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
