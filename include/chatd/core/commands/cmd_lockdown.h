/* The command /lockdown. */
#ifndef CHATD_CORE_COMMANDS_CMD_LOCKDOWN_H
#define CHATD_CORE_COMMANDS_CMD_LOCKDOWN_H

#include "chatd/core/commands/command.h"
#include "chatd/core/moderation/undo.h"

void cmd_lockdown(struct chat *c, struct session *s, const struct args *a);

/* A moderation action that can be taken back. */
undo_restore undo_lockdown;

#endif
