/* Commands that show something about chatd: /help /motd /rules /time /version /limits. */
#ifndef CHATD_CORE_COMMANDS_CMD_INFO_H
#define CHATD_CORE_COMMANDS_CMD_INFO_H

#include "chatd/core/commands/command.h"

/* The topic's name, as /help takes it. */
const char *help_topic(enum topic t);

void cmd_help(struct chat *c, struct session *s, const struct args *a);
void cmd_motd(struct chat *c, struct session *s, const struct args *a);
void cmd_rules(struct chat *c, struct session *s, const struct args *a);
void cmd_time(struct chat *c, struct session *s, const struct args *a);
void cmd_version(struct chat *c, struct session *s, const struct args *a);
void cmd_limits(struct chat *c, struct session *s, const struct args *a);

#endif
