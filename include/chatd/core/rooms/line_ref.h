/*
 * Lines named by their number: /delete, /report and /reply #N.
 *
 * The store is asked for that one line of the person's room; what to do with it waits in the question.
 */
#ifndef CHATD_CORE_ROOMS_LINE_REF_H
#define CHATD_CORE_ROOMS_LINE_REF_H

#include <stdint.h>

#include "chatd/core/event.h"

struct chat;
struct session;

/* What to do with the line, in s's room; text is what was typed after the number. */
typedef void line_ref_act(struct chat *c, struct session *s, const struct row *row,
                          const char *text);

/* "#123" or "123"; 0: not a line's number. */
uint64_t line_ref_number(const char *word);

/* Asks for the line in s's room, and calls act with it; s waits meanwhile. If there is no such line,
 * tells s. */
void line_ref_ask(struct chat *c, struct session *s, uint64_t id, line_ref_act *act,
                  const char *text);

#endif
