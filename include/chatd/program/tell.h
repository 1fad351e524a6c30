/*
 * What a command tells people on standard error. (What a running chatd has to say goes to its log.)
 *
 * A line stays one line for programs that read it; on a terminal it is broken into rows that fit, like the
 * replies of a chat. Control and other invisible characters are made safe.
 */
#ifndef CHATD_PROGRAM_TELL_H
#define CHATD_PROGRAM_TELL_H

#include "chatd/base/bytes.h"

/* Adds text, which must be sanitized or guarded, and a line end: in rows of WRAP_COLUMNS, those after the
 * first indented. */
void tell_rows(struct bytes *out, const char *text);

/* Tells the text after "chatd: ", or, for one that names a file and its line, after nothing. */
void tell_line(const char *head, const char *text);
#define TELL_CHATD "chatd: "

/* The same for each of the lines, which are cut up. NULL: there are none. */
void tell_lines(const char *head, char *lines);

#endif
