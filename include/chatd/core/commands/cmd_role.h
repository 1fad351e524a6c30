/* Commands that give others a role, or a way to sign in: /role /code. */
#ifndef CHATD_CORE_COMMANDS_CMD_ROLE_H
#define CHATD_CORE_COMMANDS_CMD_ROLE_H

#include "chatd/core/commands/command.h"
#include "chatd/core/moderation/undo.h"

void cmd_role(struct chat *c, struct session *s, const struct args *a);
void cmd_code(struct chat *c, struct session *s, const struct args *a);

/* A moderation action that can be taken back. */
undo_restore undo_role;

extern const struct shared_question code_shared;

#endif
