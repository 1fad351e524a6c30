/*
 * Slips: what people type by mistake. Owns struct slip.
 */

#include "chatd/core/input/slip.h"

#include <string.h>
#include <strings.h>

#include "chatd/base/bounds.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"

/* -- a password ------------------------------------------------------------------------- */

void slip_secret(struct chat *c, struct session *s)
{
	s->input.slip.secret_until_ms = c->now_ms + SLIP_SECRET_MS;
}

bool slip_refuses(struct chat *c, struct session *s)
{
	bool may_be = s->input.slip.secret_until_ms > c->now_ms;

	s->input.slip.secret_until_ms = 0;
	if (may_be && s->state == SESSION_LOGIN)
		emit_reply(c, s, "Not used as your name: it may be a password. Type it again to use it.");
	else if (may_be)
		emit_reply(c, s, "Not sent: right after a command with a password, it may be one too. Type it again "
		           "to send it.");
	return may_be;
}

bool slip_blanks(struct chat *c, struct session *s, bool may_be)
{
	bool refuses = may_be && !s->input.slip.blanks;

	s->input.slip.blanks = refuses;
	if (refuses)
		emit_reply(c, s, "Not sent: with blanks before it this is no command, and everybody would read it. Type it "
		           "without them, or again to say it.");
	return refuses;
}

/* -- keys ------------------------------------------------------------------------------- */

void slip_keys(struct chat *c, struct session *s)
{
	if (!s->input.slip.keys_told && s->input.telnet != NULL)
		emit_reply(c, s, "Arrow keys do not work here: your client sends whole lines. %ctty lets chatd edit "
		           "what you type.", c->config.command_prefix);
	else if (!s->input.slip.keys_told)
		emit_reply(c, s, c->config.telnet_port == 0
		                 ? "Arrow keys do not work here. To edit what you type, connect with: rlwrap nc HOST PORT"
		                 : "Arrow keys do not work here. To edit what you type, connect with: telnet HOST %u",
		           c->config.telnet_port);
	s->input.slip.keys_told = true;
}

/* -- words ------------------------------------------------------------------------------ */

const char *slip_command(const char *text)
{
	static const char *const words[][2] = {
		{"help", "help"}, {"?", "help"}, {"quit", "quit"}, {"exit", "quit"},
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasecmp(text, words[i][0]) == 0)
			return words[i][1];
	return NULL;
}

void slip_word(struct chat *c, struct session *s, const char *text)
{
	const char *command = s->input.slip.word_told ? NULL : slip_command(text);

	if (command == NULL)
		return;
	s->input.slip.word_told = true;
	emit_reply(c, s, "That was said to %s. The command is %c%s.", s->room->name,
	           c->config.command_prefix, command);
}

/* -- lines that begin like a command ------------------------------------------------------ */

void slip_unknown(struct chat *c, struct session *s, const char *line)
{
	struct slip *slip = &s->input.slip;
	char p = c->config.command_prefix;
	bool goes_on = slip->pastes && c->now_ms - slip->unknown_ms <= SLIP_BURST_MS;

	if (!goes_on)
		slip_release(slip);
	slip->pastes = c->input.more;
	slip->unknown_ms = c->now_ms;
	/* Lines typed one by one are not a paste. */
	if ((!goes_on && !c->input.more) || slip->unknown >= SLIP_BURST)
		return;
	slip->unknown++;
	if (slip->unsaid.len + strlen(line) < SLIP_BYTES_MAX)
		bytes_printf(&slip->unsaid, "%c%c%s\n", p, p, line);
	if (slip->unknown < SLIP_BURST)
		return;
	emit_reply(c, s, "Type %c%c to say a line that starts with %c. These were not sent:", p, p, p);
	for (const char *at = slip->unsaid.data; at != NULL && *at != '\0'; at = strchr(at, '\n') + 1)
		emit_line(c, s, (struct line_info){0}, "%.*s", (int)strcspn(at, "\n"), at);
	bytes_release(&slip->unsaid);
}

void slip_release(struct slip *slip)
{
	bytes_release(&slip->unsaid);
	slip->unknown = 0;
	slip->pastes = false;
}
