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

#include "chatd/core/terminal/view.h"

struct chat;
struct editor;
struct session;

/* What a setting of one's own (/set) can be, besides a number or a name. */
enum preference {
	PREFER_UNSET,             /* the default of the kind of client holds */
	PREFER_OFF,
	PREFER_ON,
	PREFER_COLOUR_16,
	PREFER_COLOUR_256,
	PREFER_TIME_FULL,         /* these three in the order of enum view_time */
	PREFER_TIME_SHORT,
	PREFER_TIME_OFF,
};

/* How a person wants lines shown (/set). All zero: nothing is set. */
struct preferences {
	uint8_t time;           /* enum preference, like the others but width and zone */
	uint8_t colour;
	uint8_t bell;           /* mentions ring */
	uint8_t passages;       /* who comes and goes is shown */
	uint8_t banner;         /* the banner is shown when they connect */
	uint8_t reader;         /* a screen reader speaks what is sent: nothing is drawn again */
	uint8_t pages;          /* long answers are shown a screen at a time (/more) */
	uint8_t mentions;       /* they are told of mentions in other rooms */
	uint16_t width;         /* columns to wrap lines at; 0: those of the terminal, if it says so */
	char zone[ZONE_BYTES_MAX]; /* of the times shown, by zone_known; "": the server's */
};

/* Part of struct session. */
struct console {
	struct editor *editor;      /* owned; the line being typed; NULL: the client sends whole lines */
	struct preferences prefer;           /* what the person has set */
	bool view;                  /* lines are shown through a view, in this style: */
	struct view_style style;
	bool wants;                 /* it asked for the editor (/tty on) */
	bool wish_open;             /* and its client has not answered yet */
	bool touched;               /* true exactly while in chat.input.consoles */
	bool clear;                 /* the screen is to be cleared before the line is drawn again */
	bool watches;               /* it watches rooms, whose names a view puts before their lines */
	bool hold;                  /* what comes waits until a line is entered (/hold) */
	bool leaving;               /* ctrl-D was the last key */
	bool full_told;             /* was told that its line is full; until the next line */
	struct session *prev, *next; /* there */
};

/* What s is typing, or the prompt before it, has changed: it is drawn when the step ends. Does nothing
 * for people without an editor. */
void console_touch(struct chat *c, struct session *s);
/* s is over: it is drawn no more. */
void console_forget(struct chat *c, struct session *s);

/* What is typed is a secret, or not any more. */
void console_hide(struct chat *c, struct session *s, bool hidden);

/* Frees what s has of this. */
void console_release(struct console *console);

#endif
