/*
 * What a connection sends, taken line by line.
 */
#ifndef CHATD_CORE_INPUT_H
#define CHATD_CORE_INPUT_H

#include "chatd/core/state.h"

/* EVENT_BYTES: sets e->bytes.taken; the rest is to be offered again. */
void input_bytes(struct chat *c, struct event *e);

/* EVENT_EOF: an unfinished line is a line; the session ends when it waits for
 * nothing any more. */
void input_eof(struct chat *c, struct session *s);

/* Ends the session if it has sent its last byte and waits for nothing. */
void input_end_if_done(struct chat *c, struct session *s);

#endif
