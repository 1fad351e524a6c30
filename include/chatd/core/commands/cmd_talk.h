/* Commands that say something: /me /msg /reply /announce. */
#ifndef CHATD_CORE_COMMANDS_CMD_TALK_H
#define CHATD_CORE_COMMANDS_CMD_TALK_H

#include "chatd/core/commands/command.h"

void cmd_me(struct chat *c, struct session *s, const struct args *a);
void cmd_msg(struct chat *c, struct session *s, const struct args *a);
void cmd_reply(struct chat *c, struct session *s, const struct args *a);
void cmd_announce(struct chat *c, struct session *s, const struct args *a);

#endif
