/*
 * What clients that sort lines by channels are told of a line: GMCP's Comm.Channel.Text.
 *
 * Pure. A client gets it besides the line itself, just before it. Rooms are channels; private lines are one
 * too, which no room can be named like.
 */
#ifndef CHATD_CORE_TERMINAL_GMCP_H
#define CHATD_CORE_TERMINAL_GMCP_H

#include <stddef.h>

#include "chatd/base/bytes.h"
#include "chatd/core/terminal/view.h"

#define GMCP_PRIVATE "(private)"

enum { OPTION_GMCP = 201 }; /* of telnet */

/* Appends a message as telnet has it: IAC SB GMCP, the package ("Comm.Channel.Text") and its data, JSON in UTF-8
 * or NULL for none, IAC SE. */
void gmcp_message(const char *package, const char *json, struct bytes *out);

/* Appends `"text"`, a string of JSON: text is sanitized UTF-8. */
void gmcp_string(const char *text, size_t len, struct bytes *json);

/* Appends Comm.Channel.Text as telnet has it, for a line that is SAID, ACTION or PRIVATE; otherwise
 * nothing. room: where it was said. */
void gmcp_line(const struct view_line *line, const char *room, struct bytes *out);

#endif
