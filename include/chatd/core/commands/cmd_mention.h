/* Commands about being mentioned: /highlight /unhighlight /mentions. */
#ifndef CHATD_CORE_COMMANDS_CMD_MENTION_H
#define CHATD_CORE_COMMANDS_CMD_MENTION_H

#include "chatd/core/commands/command.h"

void cmd_highlight(struct chat *c, struct session *s, const struct args *a);
void cmd_unhighlight(struct chat *c, struct session *s, const struct args *a);
void cmd_mentions(struct chat *c, struct session *s, const struct args *a);

#endif
