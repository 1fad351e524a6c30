/*
 * Typing with chatd's editor.
 *
 * Owns nothing: struct console (console.h) belongs to the session. An editor is had by people whose
 * client sends each key and shows only what it is sent, so all that they see of their own line is drawn
 * from here.
 */

#include "chatd/core/typing.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bounds.h"
#include "chatd/base/text.h"
#include "chatd/core/commands/command.h"
#include "chatd/core/complete.h"
#include "chatd/core/entry/dialogue.h"
#include "chatd/core/input/console.h"
#include "chatd/core/rooms/channel_list.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum { PROMPT_BYTES_MAX = PROMPT_CHARS_MAX * 4 + 8 };

/* -- what is shown ------------------------------------------------------------------------------ */

/* What stands before the line that s is typing. */
static const char *prompt_of(const struct session *s, char room[PROMPT_BYTES_MAX])
{
	const char *question = session_question(s);

	if (question != NULL)
		return question;
	if (s->room == NULL)
		return "";
	snprintf(room, PROMPT_BYTES_MAX, "[%.*s] ",
	         (int)text_prefix(s->room->name, strlen(s->room->name), PROMPT_CHARS_MAX), s->room->name);
	return room;
}

static void draw(struct chat *c, struct session *s)
{
	char room[PROMPT_BYTES_MAX];
	size_t len, cursor;
	const char *line = editor_shown(s->input.console.editor, &len, &cursor);

	emit_input(c, s, prompt_of(s, room), line, len, cursor, s->input.console.clear);
	s->input.console.clear = false;
}

void typing_draw(struct chat *c)
{
	struct session *s;

	while ((s = c->input.consoles) != NULL && emit_has_room(c)) {
		console_forget(c, s);
		if (!session_is_here(s))
			continue;
		if (s->input.console.channels)
			channel_list_send(c, s);
		s->input.console.channels = false;
		if (s->input.console.editor != NULL)
			draw(c, s);
	}
}

int64_t typing_due_ms(const struct chat *c)
{
	return c->input.consoles != NULL ? c->now_ms : INT64_MAX;
}

size_t typing_entered(struct chat *c, struct session *s, size_t len)
{
	const char *text = c->input.body;
	char room[PROMPT_BYTES_MAX], prefix = c->config.command_prefix;
	bool command = s->dialogue == NULL && text[0] == prefix && text[1] != prefix;
	size_t open = command ? 1 + command_open_bytes(c, text + 1) : len;

	s->input.console.leaving = s->input.console.full_told = false;
	console_touch(c, s);
	if (s->dialogue != NULL) {
		emit_line(c, s, (struct line_info){0}, "%s", prompt_of(s, room));
		return TYPING_NO_ECHO;
	}
	if (s->state == SESSION_CHAT)
		editor_remember(s->input.console.editor, text, open);
	if (s->state != SESSION_CHAT || (command && !command_is_spoken(c, text + 1))) {
		emit_line(c, s, (struct line_info){0}, "%s%.*s%s", prompt_of(s, room), (int)open, text,
		          open < len ? " ..." : "");
		return TYPING_NO_ECHO;
	}
	/* It may be a password, and is refused for that. */
	if (len == 0 || (!command && s->input.slip.secret_until_ms > c->now_ms))
		return TYPING_NO_ECHO;
	return emit_echo(c, s, "%s%s", prompt_of(s, room), text);
}

/* -- keys --------------------------------------------------------------------------------------- */

/* begun: there was a line, which is dropped. */
static void interrupt(struct chat *c, struct session *s, bool begun)
{
	char hint[] = "?quit leaves the chat.";

	hint[0] = c->config.command_prefix;
	if (s->dialogue != NULL)
		dialogue_interrupt(c, s);
	else if (s->state == SESSION_CHAT)
		emit_cut(c, s, begun ? "" : hint);
}

/* ctrl-D on an empty line. */
static void leave(struct chat *c, struct session *s)
{
	if (s->dialogue != NULL) {
		dialogue_interrupt(c, s);
		return;
	}
	if (s->state == SESSION_CHAT && !s->input.console.leaving) {
		emit_reply(c, s, "Press ctrl-D once more to leave the chat.");
		s->input.console.leaving = true;
		return;
	}
	s->input.eof = true;
}

void typing_key(struct chat *c, struct session *s, enum editor_result key, bool begun)
{
	if (key != EDITOR_EOF)
		s->input.console.leaving = false;
	switch (key) {
	case EDITOR_INTERRUPT:
		interrupt(c, s, begun);
		break;
	case EDITOR_EOF:
		leave(c, s);
		break;
	case EDITOR_REDRAW:
		s->input.console.clear = true;
		break;
	case EDITOR_FULL:
		if (!s->input.console.full_told)
			emit_reply(c, s, "Your line is full: the limit is %u bytes.", c->config.line_bytes_max);
		s->input.console.full_told = true;
		break;
	case EDITOR_PASTE_TOO_LONG:
		emit_reply(c, s, "Not taken: what you pasted is longer than %d KiB. Please paste it in parts.",
		           PASTE_BYTES_MAX / 1024);
		break;
	case EDITOR_TAB:
		complete_line(c, s);
		break;
	case EDITOR_LINE:
	case EDITOR_MORE:
		break;
	}
	console_touch(c, s);
}
