/*
 * A person's terminal, as far as chatd knows it: whether chatd edits the line being typed, and how lines
 * are shown.
 *
 * Most people have none of this: their client sends whole lines, and they are sent lines as they are.
 */
#ifndef CHATD_CORE_INPUT_CONSOLE_H
#define CHATD_CORE_INPUT_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/terminal/preferences.h"
#include "chatd/core/terminal/view.h"

struct chat;
struct editor;
struct session;

/* Part of struct session. */
struct console {
	struct editor *editor;      /* owned; the line being typed; NULL: the client sends whole lines */
	struct preferences prefer;           /* what the person has set */
	struct view_style style;    /* how lines are shown, while `view` is true */
	bool view;                  /* they are shown through a view */
	bool wants;                 /* it asked for the editor (/tty on) */
	bool wish_open;             /* and its client has not answered yet */
	bool touched;               /* true exactly while in chat.input.consoles */
	bool channels;              /* its client is to be sent the list of channels (channel_list.h) */
	bool clear;                 /* the screen is to be cleared before the line is drawn again */
	bool read_out;              /* its client edits its lines because of a screen reader (/set reader) */
	bool watches;               /* it watches rooms, whose names a view puts before their lines */
	bool hold;                  /* what comes waits until a line is entered (/hold) */
	bool leaving;               /* ctrl-D was the last key */
	bool full_told;             /* was told that its line is full; until the next line */
	struct session *prev, *next; /* there */
};

/* What s is typing, or the prompt before it, has changed: it is drawn when the step ends. Does nothing
 * for people without an editor. */
void console_touch(struct chat *c, struct session *s);
/* The rooms that s reads have changed, or its client has begun to ask for channels: it is sent the list of them
 * when the step ends. Does nothing for clients that do not use channels. */
void console_touch_channels(struct chat *c, struct session *s);
/* s is over: it is drawn no more. */
void console_forget(struct chat *c, struct session *s);

/* What is typed is a secret, or not any more. */
void console_hide(struct chat *c, struct session *s, bool hidden);

/* Frees what s has of this. */
void console_release(struct console *console);

#endif
