/*
 * Long replies and rows of lists, wrapped so that they fit a terminal of 80 columns.
 */
#ifndef CHATD_CORE_STATE_WRAP_H
#define CHATD_CORE_STATE_WRAP_H

struct chat;
struct session;

enum { WRAP_COLUMNS = 78 }; /* of a row, with its "-- " */

/* A reply as emit_reply sends it. What does not fit in one row goes on in the next, indented by that
 * much. Rows break between fields (two blanks) or else between words; a longer word is left whole. */
void wrap_reply(struct chat *c, const struct session *s, int indent, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
