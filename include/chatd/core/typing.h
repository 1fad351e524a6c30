/*
 * Typing with chatd's editor: what its keys do in the chat, and what is shown below the lines of the room.
 *
 * The line being typed is the session's editor's (console.h); which bytes come, and when, is input.h's.
 */
#ifndef CHATD_CORE_TYPING_H
#define CHATD_CORE_TYPING_H

#include <stddef.h>
#include <stdint.h>

#include "chatd/core/terminal/editor.h"

struct chat;
struct session;

#define TYPING_NO_ECHO SIZE_MAX

/* The line in c->input.body, of len bytes, was entered. A command or an answer stays on the screen, without
 * what may be a password in it; what is going to be said comes back in the room's order, and stays only if it is
 * refused. Returns what emit_echo_settle takes once the line has been handled, or TYPING_NO_ECHO. */
size_t typing_entered(struct chat *c, struct session *s, size_t len);

/* A key that is not for the line but for the chat; begun: before it, or what came with it, a line had been
 * begun. May end the session. */
void typing_key(struct chat *c, struct session *s, enum editor_result key, bool begun);

/* At the end of each step: draws what people are typing, where that has changed, and sends lists of channels. */
void typing_draw(struct chat *c);
/* When some were left to be drawn, for want of room in a step. */
int64_t typing_due_ms(const struct chat *c);

#endif
