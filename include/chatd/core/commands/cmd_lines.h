/* Commands that point at a line by its number: /delete, and /reply #N. */
#ifndef CHATD_CORE_COMMANDS_CMD_LINES_H
#define CHATD_CORE_COMMANDS_CMD_LINES_H

#include "chatd/core/commands/command.h"

/* "/reply #N TEXT": answers the line. False: text does not begin with a line's number. */
bool reply_to_line(struct chat *c, struct session *s, const char *text);
void cmd_delete(struct chat *c, struct session *s, const struct args *a);

extern const struct shared_question line_shared;

#endif
