/* /undo: the record of an act has what it changed, as data (undo.h), and what was before is restored from there, if whoever types /undo could do so themselves. */
#ifndef CHATD_CORE_COMMANDS_CMD_UNDO_H
#define CHATD_CORE_COMMANDS_CMD_UNDO_H

#include "chatd/core/commands/command.h"

void cmd_undo(struct chat *c, struct session *s, const struct args *a);

#endif
