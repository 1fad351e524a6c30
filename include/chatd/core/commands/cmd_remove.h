/*
 * /remove: deletes rooms, accounts, and what was made from one address, for good.
 */
#ifndef CHATD_CORE_COMMANDS_CMD_REMOVE_H
#define CHATD_CORE_COMMANDS_CMD_REMOVE_H

#include "chatd/core/commands/command.h"

void cmd_remove(struct chat *c, struct session *s, const struct args *a);

#endif
