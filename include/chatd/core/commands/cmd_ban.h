/* Commands that act on people: /kick /disconnect /ban /mute. */
#ifndef CHATD_CORE_COMMANDS_CMD_BAN_H
#define CHATD_CORE_COMMANDS_CMD_BAN_H

#include "chatd/core/commands/command.h"
#include "chatd/core/moderation/undo.h"

void cmd_kick(struct chat *c, struct session *s, const struct args *a);
void cmd_disconnect(struct chat *c, struct session *s, const struct args *a);
void cmd_ban(struct chat *c, struct session *s, const struct args *a);
void cmd_mute(struct chat *c, struct session *s, const struct args *a);

/* Moderation actions that can be taken back. */
undo_restore undo_ban;

#endif
