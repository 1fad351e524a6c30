/*
 * Lines named by their number: /delete, /report and /reply #N.
 *
 * The store is asked for that one line of the person's room; what to do with it waits in the question.
 */
#ifndef CHATD_CORE_ROOMS_LINE_REF_H
#define CHATD_CORE_ROOMS_LINE_REF_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/event.h"

struct bytes;
struct chat;
struct question;
struct session;
struct shared_question;

/* What to do with the line, in s's room; text is what was typed after the number. */
typedef void line_ref_act(struct chat *c, struct session *s, const struct row *row,
                          const char *text);

struct line_act {
	line_ref_act *does;
	const char *name;    /* to other nodes of a cluster, */
	const struct shared_question *shared; /* and as what the answer goes to them */
};

/* "#123" or "123"; 0: not a line's number. */
uint64_t line_ref_number(const char *word);
/* The number of the line that a text begins with ("#12 yes"), which *text is moved behind; 0: it begins with none. */
uint64_t line_ref_begins(const char **text);

/* Asks for the line in s's room, and calls act with it; s waits meanwhile. If there is no such line,
 * tells s. */
void line_ref_ask(struct chat *c, struct session *s, uint64_t id, const struct line_act *act,
                  const char *text);

/* Whether the question about a line is for that act. */
bool line_ref_is(const struct question *q, const struct line_act *act);
/* The parts of a shared_question (question.h): what handles the answer, writing what is to be done, and reading that: one
 * of acts, which end with name NULL. */
void line_ref_answer(struct chat *c, struct session *s, struct question *q, const struct event *e);
void line_ref_put(const struct question *q, struct bytes *b);
bool line_ref_get(struct question *q, const struct line_act *acts, const char *fields);

#endif
