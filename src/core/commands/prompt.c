/* Lines at the name prompt. Owns nothing. */

#include "chatd/core/commands/prompt.h"

#include <string.h>

#include "chatd/core/commands/cmd_account.h"
#include "chatd/core/commands/cmd_info.h"
#include "chatd/core/commands/cmd_people.h"
#include "chatd/core/commands/command.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/entry/dialogue.h"
#include "chatd/core/entry/login.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/state/state.h"

static void help_at_prompt(struct chat *c, struct session *s)
{
	char p = c->config.command_prefix;

	emit_reply(c, s, "Type the name that others will see, and press Enter to join.");
	emit_reply(c, s, "%clogin NAME signs in to an account; %cquit disconnects.", p, p);
	login_wrong(c, s);
}

/* The few commands that make sense before a name is chosen. False: it is another one. */
static bool command_at_prompt(struct chat *c, struct session *s, char *text)
{
	uint32_t wrong = s->unnamed.wrong;
	char *rest = text + strcspn(text, " ");
	const struct command *k;

	if (*rest != '\0')
		*rest++ = '\0';
	k = command_find(c, text);
	if (k != NULL && k->run == cmd_help) {
		help_at_prompt(c, s);
		return true;
	}
	if (k == NULL || (k->run != cmd_quit && k->run != cmd_login && k->run != cmd_resume))
		return false;
	if (k->run == cmd_quit) {
		emit_reply(c, s, "Goodbye.");
		session_end(c, s, NULL, true);
		return true;
	}
	if (*rest != '\0')
		text[strlen(text)] = ' ';
	command_run(c, s, text);
	/* A sign-in by certificate that was refused has said so. */
	if (s->state == SESSION_LOGIN && s->dialogue == NULL && !session_waits(s) && s->unnamed.wrong == wrong)
		login_wrong(c, s);
	return true;
}

void prompt_line(struct chat *c, struct session *s, char *text)
{
	char p = c->config.command_prefix, word[] = "help";
	const char *meant = slip_command(text);
	bool command = meant != NULL || *text == p;

	if (meant != NULL)
		strcpy(word, meant);
	if (!command && *text != '\0' && slip_refuses(c, s)) {
		login_wrong(c, s);
	} else if (!command) {
		login_name(c, s, text);
	} else if (!command_at_prompt(c, s, meant != NULL ? word : text + 1)) {
		emit_reply(c, s, "Please choose a name first. Only %chelp, %clogin, %cresume and %cquit work before that.", p, p,
		           p, p);
		login_wrong(c, s);
	}
}
