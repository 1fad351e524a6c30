/* Commands that keep order on the whole server: /disconnect /lockdown /filter /announce. */
#ifndef CHATD_CORE_COMMANDS_CMD_SERVER_H
#define CHATD_CORE_COMMANDS_CMD_SERVER_H

#include "chatd/core/commands/command.h"
#include "chatd/core/moderation/undo.h"

void cmd_disconnect(struct chat *c, struct session *s, const struct args *a);
void cmd_lockdown(struct chat *c, struct session *s, const struct args *a);
void cmd_filter(struct chat *c, struct session *s, const struct args *a);
void cmd_announce(struct chat *c, struct session *s, const struct args *a);

/* Acts that can be taken back. */
undo_restore undo_filter;
undo_restore undo_lockdown;

#endif
