/*
 * What terminal a person has. Owns nothing: struct console is the session's, and struct telnet, which knows
 * what the client says of itself.
 */

#include "chatd/core/entry/terminal.h"

#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/wrap.h"
#include "chatd/core/entry/dialogue.h"
#include "chatd/core/input/console.h"
#include "chatd/core/input/telnet.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"
#include "chatd/core/terminal/editor.h"

static const struct telnet_facts *facts_of(const struct session *s)
{
	static const struct telnet_facts none;

	return s->input.telnet != NULL ? telnet_facts(s->input.telnet) : &none;
}

static bool is_set(uint8_t preference, bool otherwise)
{
	return preference == PREFER_UNSET ? otherwise : preference == PREFER_ON;
}

static uint8_t colour_of(const struct session *s, const struct telnet_facts *t, bool terminal)
{
	uint8_t most = t->colours256 ? VIEW_COLOUR_256 : VIEW_COLOUR_16;

	switch (s->input.console.prefer.colour) {
	case PREFER_UNSET:
		return terminal && t->ansi ? most : VIEW_COLOUR_OFF;
	case PREFER_ON:
		return most;
	case PREFER_COLOUR_16:
		return VIEW_COLOUR_16;
	case PREFER_COLOUR_256:
		return VIEW_COLOUR_256;
	default:
		return VIEW_COLOUR_OFF;
	}
}

static struct view_style style_of(const struct session *s)
{
	const struct telnet_facts *t = facts_of(s);
	const struct preferences *prefer = &s->input.console.prefer;
	bool editor = s->input.console.editor != NULL, reader = is_set(prefer->reader, t->reader);
	bool terminal = (editor || t->mud) && !reader;
	struct view_style style = {
		.columns = prefer->width != 0 ? prefer->width : reader ? 0 : t->columns,
		.rows = t->rows,
		.reflows = strncmp(t->terminal, "SCREEN", 6) == 0 || strncmp(t->terminal, "TMUX", 4) == 0,
		.time = prefer->time != PREFER_UNSET ? (uint8_t)(prefer->time - PREFER_TIME_FULL)
		        : terminal               ? VIEW_TIME_SHORT
		                                 : VIEW_TIME_FULL,
		.colour = colour_of(s, t, terminal),
		.bell = is_set(prefer->bell, false),
		.passages = is_set(prefer->passages, true),
		.latin1 = t->latin1,
		.editor = editor,
		.channels = t->channels,
		.pages = editor && is_set(prefer->pages, true),
		.crlf = s->input.telnet != NULL || editor,
		.zone_name = prefer->zone,
	};

	if (style.columns == 0 && editor)
		style.columns = WRAP_COLUMNS + 2;
	return style;
}

/* A view in this style would show what is sent without one. */
static bool is_plain(const struct view_style *style)
{
	return !style->editor && style->time == VIEW_TIME_FULL && style->colour == VIEW_COLOUR_OFF &&
	       !style->bell && style->passages && !style->channels && !style->latin1 && style->columns == 0 &&
	       style->zone_name == NULL;
}

static uint8_t filled(uint8_t preference, uint8_t otherwise)
{
	return preference == PREFER_UNSET ? otherwise : preference;
}

static uint8_t on_off(bool on)
{
	return on ? PREFER_ON : PREFER_OFF;
}

void terminal_in_force(const struct session *s, struct preferences *p)
{
	static const uint8_t colours[] = {
		[VIEW_COLOUR_OFF] = PREFER_OFF, [VIEW_COLOUR_16] = PREFER_COLOUR_16,
		[VIEW_COLOUR_256] = PREFER_COLOUR_256,
	};
	struct view_style style = style_of(s);

	p->time = filled(p->time, (uint8_t)(PREFER_TIME_FULL + style.time));
	p->colour = filled(p->colour, colours[style.colour]);
	p->bell = filled(p->bell, on_off(style.bell));
	p->passages = filled(p->passages, on_off(style.passages));
	p->pages = filled(p->pages, on_off(style.pages && style.rows > 0));
	p->reader = filled(p->reader, on_off(facts_of(s)->reader));
	p->mentions = filled(p->mentions, PREFER_ON);
	if (s->input.console.view)
		p->width = s->input.console.style.columns;
}

static void set_editor(struct chat *c, struct session *s)
{
	const struct telnet_facts *t = facts_of(s);
	bool reader = is_set(s->input.console.prefer.reader, t->reader);
	bool wants = !reader && (t->mode == TELNET_CHARACTER ||
	                         (s->input.telnet == NULL && s->input.console.wants));

	if (wants && s->input.console.editor == NULL) {
		s->input.console.editor = editor_new();
		if (s->dialogue != NULL)
			dialogue_hide(c, s);
		console_touch(c, s);
	} else if (!wants && s->input.console.editor != NULL) {
		console_forget(c, s);
		console_release(&s->input.console);
		/* The rest of the Enter that led here is no line: telnet sends CR NUL. */
		s->input.line.after = AFTER_CR;
	}
	if (s->input.console.editor != NULL)
		editor_latin1(s->input.console.editor, t->latin1);
}

void terminal_update(struct chat *c, struct session *s)
{
	struct view_style style;
	bool had = s->input.console.view;

	set_editor(c, s);
	style = style_of(s);
	/* A client whose width alone is known wraps lines itself. */
	if (s->input.console.editor == NULL && !facts_of(s)->mud && s->input.console.prefer.width == 0)
		style.columns = 0;
	session_view(c, s, !is_plain(&style) || s->input.console.watches);
	if (!s->input.console.view && had) {
		s->input.console.style = (struct view_style){0};
		emit_session(c, EFFECT_PLAIN, s);
	} else if (s->input.console.view && (!had || memcmp(&style, &s->input.console.style, sizeof style) != 0)) {
		bool channels = style.channels && !s->input.console.style.channels;

		s->input.console.style = style;
		emit_view(c, s, &style);
		if (channels)
			console_touch_channels(c, s);
	}
}

/* -- what is wished ------------------------------------------------------------------------------------- */

static void say(struct chat *c, struct session *s, struct bytes *out)
{
	if (out->len > 0)
		emit_protocol(c, s, out->data, out->len);
	bytes_release(out);
}

static void tell_wish(struct chat *c, const struct session *s)
{
	if (s->input.console.editor != NULL)
		emit_reply(c, s, "chatd edits your line now: arrow keys, Tab, ctrl-W and the like work. "
		           "%ctty off ends that.", c->config.command_prefix);
	else
		emit_reply(c, s, "Your client edits your line itself.");
}

void terminal_wish(struct chat *c, struct session *s, bool editor)
{
	struct bytes out = {0};
	bool had = s->input.console.editor != NULL;

	/* The client would show nothing of what is typed then, and neither would chatd. */
	if (editor && is_set(s->input.console.prefer.reader, facts_of(s)->reader)) {
		emit_reply(c, s, "Not for a screen reader, for which nothing is drawn again. %cset reader off comes "
		           "first.", c->config.command_prefix);
		return;
	}
	s->input.console.wants = editor;
	if (s->input.telnet != NULL) {
		telnet_offer(s->input.telnet, &out);
		telnet_mode_request(s->input.telnet, editor, &out);
		say(c, s, &out);
	}
	terminal_update(c, s);
	s->input.console.wish_open = editor && s->input.console.editor == NULL && !had;
	if (!s->input.console.wish_open)
		tell_wish(c, s);
}

void terminal_preferred(struct chat *c, struct session *s)
{
	const struct telnet_facts *t = facts_of(s);
	bool reader = is_set(s->input.console.prefer.reader, t->reader);
	struct bytes out = {0};

	/* The client has to show what is typed by itself then. */
	if (s->input.telnet != NULL && t->settled && !t->mud &&
	    (reader ? t->mode == TELNET_CHARACTER : s->input.console.read_out)) {
		telnet_mode_request(s->input.telnet, !reader, &out);
		say(c, s, &out);
		s->input.console.read_out = reader;
	}
	terminal_update(c, s);
}

void terminal_answered(struct chat *c, struct session *s)
{
	terminal_update(c, s);
	if (!s->input.console.wish_open ||
	    (s->input.console.editor == NULL && facts_of(s)->mode != TELNET_LINE))
		return;
	s->input.console.wish_open = false;
	tell_wish(c, s);
}
