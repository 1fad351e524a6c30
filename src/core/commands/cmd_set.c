/* What people set about their own terminal: /set /more. */

#include "chatd/core/commands/cmd_set.h"

#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/commands/command.h"
#include "chatd/core/entry/terminal.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"

enum { SHOWN_CHARS = 40 };      /* of what somebody typed wrongly */

/* What holds, set or not, in words. */
static const char *in_force(const struct session *s, int row, char value[PREFERENCE_VALUE_BYTES])
{
	struct preferences now = s->input.console.prefer;

	terminal_in_force(s, &now);
	return preference_is_set(&now, row) ? preference_value(&now, row, value) : "off";
}

static void show(struct chat *c, struct session *s, int row)
{
	const struct preference_row *k = &preference_rows[row];
	bool own = preference_is_set(&s->input.console.prefer, row);
	char value[PREFERENCE_VALUE_BYTES];

	emit_rows(c, s, 3, "%c %-9s %-9s %s: %s", own ? '*' : ' ', k->name, in_force(s, row, value), k->help,
	          k->values);
}

static void show_all(struct chat *c, struct session *s)
{
	emit_reply(c, s, "Your settings%s:", s->account == NULL ? " (they end with this connection: you have no account)" : "");
	for (int row = 0; preference_rows[row].name != NULL; row++)
		show(c, s, row);
	emit_reply(c, s, "%cset SETTING VALUE changes one; default takes that back. * is what you have set.",
	           c->config.command_prefix);
}

/* Keeps what s has set with its account. */
static void save(struct chat *c, struct session *s)
{
	struct account_terms t;
	struct bytes text = {0};

	if (s->account == NULL)
		return;
	t = account_terms(s->account);
	preferences_text(&s->input.console.prefer, &text);
	t.prefer = text.len > 0 ? text.data : "";
	account_change(c, s->account, &t);
	bytes_release(&text);
}

/* Sets it and tells s; or tells s what it can be. False: nothing has changed. */
static bool set(struct chat *c, struct session *s, int row, const char *value)
{
	const struct preference_row *k = &preference_rows[row];

	if (s->account != NULL && !emit_can_save(c, s))
		return false;
	if (!preference_set(&s->input.console.prefer, row, value)) {
		emit_reply(c, s, "%s cannot be %.*s. It can be %s; default takes that back.", k->name,
		           (int)text_prefix(value, strlen(value), SHOWN_CHARS), value, k->values);
		return false;
	}
	save(c, s);
	terminal_preferred(c, s);
	return true;
}

void cmd_set(struct chat *c, struct session *s, const struct args *a)
{
	const char *name = a->arg[0];
	char value[PREFERENCE_VALUE_BYTES];
	int row = name != NULL ? preference_find(name) : -1;

	if (name == NULL)
		show_all(c, s);
	else if (row < 0)
		emit_reply(c, s, "There is no setting %.*s. %cset lists them.",
		           (int)text_prefix(name, strlen(name), SHOWN_CHARS), name, c->config.command_prefix);
	else if (a->arg[1] == NULL)
		show(c, s, row);
	else if (set(c, s, row, a->arg[1]))
		emit_reply(c, s, "%s is %s now%s.", preference_rows[row].name, in_force(s, row, value),
		           preference_is_set(&s->input.console.prefer, row) ? "" : ", its default");
}

void cmd_more(struct chat *c, struct session *s, const struct args *a)
{
	const struct console *console = &s->input.console;
	int row = preference_find("more");

	if (a->arg[0] != NULL && !set(c, s, row, a->arg[0]))
		return;
	if (console->prefer.pages == PREFER_OFF)
		emit_reply(c, s, "Long answers are shown at once.");
	else if (console->style.pages && console->style.rows > 0)
		emit_reply(c, s, "Long answers are shown a screen at a time; Enter goes on.");
	else
		emit_reply(c, s, "Long answers are shown at once, because the height of your screen is not known. Connect "
		           "with telnet for that.");
}
