/*
 * A line that somebody points at by its number: /delete, /report and /reply #N.
 *
 * The store is asked for that one line of the room where one is; what is to be done with
 * it waits in the session.
 */
#ifndef CHATD_CORE_ROOMS_LINE_REF_H
#define CHATD_CORE_ROOMS_LINE_REF_H

#include <stdint.h>

#include "chatd/core/event.h"

struct chat;
struct session;

/* What is done with the line, in s's room; text is what was typed behind the number. */
typedef void line_ref_act(struct chat *c, struct session *s, const struct row *row,
                         const char *text);

/* "#123" or "123"; 0: no line's number. */
uint64_t line_ref_number(const char *word);

/* Asks for the line of the room where s is, and does it when it is there; s waits meanwhile. Where
 * there is no such line s is told. */
void line_ref_ask(struct chat *c, struct session *s, uint64_t id, line_ref_act *act,
                 const char *text);

#endif
