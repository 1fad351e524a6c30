/*
 * What a connection sends, taken line by line.
 */
#ifndef CHATD_CORE_INPUT_H
#define CHATD_CORE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/event.h"
#include "chatd/core/input/console.h"
#include "chatd/core/input/line.h"
#include "chatd/core/input/rate_limit.h"
#include "chatd/core/input/slip.h"

struct chat;
struct session;
struct telnet;

/* Part of struct session: the bytes that come, on their way to lines. */
struct input {
	struct telnet *telnet;      /* owned; NULL for raw clients */
	struct line line;           /* the unfinished line */
	struct console console;     /* its terminal */
	struct slip slip;           /* what it has typed by mistake */
	struct throttle throttle;   /* its rate limits */
	const char *command;        /* the command that it gave last, by its name in the table; NULL:
	                             * none */
	bool iac_held;              /* true while a last byte IAC waits for the next */
	bool heard;                 /* has sent something */
	bool eof;                   /* has sent its last byte: what it had begun is taken, and it ends,
	                             * once it may go on (input_finish) */
	bool finishing;             /* true exactly while in chat.people.finishing */
	struct session *prev, *next; /* there */
};

/* EVENT_BYTES: sets e->bytes.taken; the rest is to be offered again. */
void input_bytes(struct chat *c, struct event *e);

/* In a cluster: the line is said and runs no command, so nothing that its speaker types next depends on it. */
bool input_is_talk(const struct chat *c, const char *text);

/* Does what the line of len bytes in c->input.body says: says it, or runs a command. It is cleared if it may be a
 * password. */
void input_act(struct chat *c, struct session *s, size_t len);

/* EVENT_EOF: an unfinished line is a line, taken once the session may go on; the session ends
 * when it waits for nothing any more. */
void input_eof(struct chat *c, struct session *s);

/* At the end of each step: those that have sent their last byte, and that something of the step
 * let go on (session_go_on), say what they had begun, and end. */
void input_finish(struct chat *c);
int64_t input_due_ms(const struct chat *c);

#endif
