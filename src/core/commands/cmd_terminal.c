/* Commands about one's own terminal: /tty /hold. */

#include "chatd/core/commands/cmd_terminal.h"

#include <strings.h>

#include "chatd/core/commands/command.h"
#include "chatd/core/entry/terminal.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"

/* What "on" and "off" say, or nothing at all (otherwise); -1: neither, and s was told how the command is
 * used. */
static int on_or_off(struct chat *c, struct session *s, const char *command, const char *word, int otherwise)
{
	if (word == NULL)
		return otherwise;
	if (strcasecmp(word, "on") == 0)
		return 1;
	if (strcasecmp(word, "off") == 0)
		return 0;
	command_usage(c, s, command);
	return -1;
}

void cmd_tty(struct chat *c, struct session *s, const struct args *a)
{
	int on = on_or_off(c, s, "tty", a->arg[0], 1);

	if (on >= 0)
		terminal_wish(c, s, on == 1);
}

void cmd_hold(struct chat *c, struct session *s, const struct args *a)
{
	int on = on_or_off(c, s, "hold", a->arg[0], 1);

	if (on < 0)
		return;
	s->input.console.hold = on == 1;
	emit_session(c, on == 1 ? EFFECT_HOLD : EFFECT_FLOW, s);
	if (on == 1)
		emit_reply(c, s, "Lines that come now wait until you press Enter. %chold off ends that.",
		           c->config.command_prefix);
	else
		emit_reply(c, s, "Lines are shown when they come.");
}
