/* A person's terminal. Owns struct console. */

#include "chatd/core/input/console.h"

#include <utlist.h>

#include "chatd/core/state/state.h"
#include "chatd/core/terminal/editor.h"

static void add(struct chat *c, struct session *s)
{
	if (s->input.console.touched)
		return;
	s->input.console.touched = true;
	DL_APPEND2(c->input.consoles, s, input.console.prev, input.console.next);
}

void console_touch(struct chat *c, struct session *s)
{
	if (s->input.console.editor != NULL)
		add(c, s);
}

void console_touch_channels(struct chat *c, struct session *s)
{
	if (!s->input.console.style.channels)
		return;
	s->input.console.channels = true;
	add(c, s);
}

void console_forget(struct chat *c, struct session *s)
{
	if (!s->input.console.touched)
		return;
	s->input.console.touched = false;
	DL_DELETE2(c->input.consoles, s, input.console.prev, input.console.next);
}

void console_hide(struct chat *c, struct session *s, bool hidden)
{
	editor_hide(s->input.console.editor, hidden);
	console_touch(c, s);
}

void console_release(struct console *console)
{
	editor_free(console->editor);
	console->editor = NULL;
}
