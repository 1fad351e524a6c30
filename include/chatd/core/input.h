/*
 * What a connection sends, taken line by line.
 */
#ifndef CHATD_CORE_INPUT_H
#define CHATD_CORE_INPUT_H

#include "chatd/core/state/state.h"

/* EVENT_BYTES: sets e->bytes.taken; the rest is to be offered again. */
void input_bytes(struct chat *c, struct event *e);

/* EVENT_EOF: an unfinished line is a line, taken once the session may go on; the session ends
 * when it waits for nothing any more. */
void input_eof(struct chat *c, struct session *s);

/* At the end of each step: those that have sent their last byte, and that something of the step
 * let go on (session_go_on), say what they had begun, and end. */
void input_finish(struct chat *c);
int64_t input_due_ms(const struct chat *c);

#endif
