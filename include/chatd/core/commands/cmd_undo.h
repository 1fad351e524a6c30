/*
 * /audit shows moderation actions; /undo restores what was before one, from the data in its record
 * (undo.h).
 */
#ifndef CHATD_CORE_COMMANDS_CMD_UNDO_H
#define CHATD_CORE_COMMANDS_CMD_UNDO_H

#include "chatd/core/commands/command.h"

void cmd_audit(struct chat *c, struct session *s, const struct args *a);
void cmd_undo(struct chat *c, struct session *s, const struct args *a);

extern const struct shared_question undo_shared;

#endif
