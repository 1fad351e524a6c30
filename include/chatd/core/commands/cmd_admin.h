/* Commands of those who run the server: /role /code /audit. */
#ifndef CHATD_CORE_COMMANDS_CMD_ADMIN_H
#define CHATD_CORE_COMMANDS_CMD_ADMIN_H

#include "chatd/core/commands/command.h"
#include "chatd/core/moderation/undo.h"

void cmd_role(struct chat *c, struct session *s, const struct args *a);
void cmd_code(struct chat *c, struct session *s, const struct args *a);
void cmd_audit(struct chat *c, struct session *s, const struct args *a);

/* Acts that can be taken back. */
undo_restore undo_role;

#endif
