/* Commands about the settings of a room: /room /slow. */
#ifndef CHATD_CORE_COMMANDS_CMD_SETTING_H
#define CHATD_CORE_COMMANDS_CMD_SETTING_H

#include "chatd/core/commands/command.h"
#include "chatd/core/moderation/undo.h"

void cmd_room(struct chat *c, struct session *s, const struct args *a);
void cmd_slow(struct chat *c, struct session *s, const struct args *a);

/* Moderation actions that can be taken back. */
undo_restore undo_setting;

#endif
