/* Commands that read the history: /history /search /catchup. */
#ifndef CHATD_CORE_COMMANDS_CMD_HISTORY_H
#define CHATD_CORE_COMMANDS_CMD_HISTORY_H

#include "chatd/core/commands/command.h"

void cmd_history(struct chat *c, struct session *s, const struct args *a);
void cmd_search(struct chat *c, struct session *s, const struct args *a);
void cmd_catchup(struct chat *c, struct session *s, const struct args *a);

#endif
