/* Commands about rooms: /join /leave /rooms /topic /who. */
#ifndef CHATD_CORE_COMMANDS_CMD_ROOM_H
#define CHATD_CORE_COMMANDS_CMD_ROOM_H

#include "chatd/core/commands/command.h"

void cmd_join(struct chat *c, struct session *s, const struct args *a);
void cmd_leave(struct chat *c, struct session *s, const struct args *a);
void cmd_rooms(struct chat *c, struct session *s, const struct args *a);
void cmd_topic(struct chat *c, struct session *s, const struct args *a);
void cmd_who(struct chat *c, struct session *s, const struct args *a);

#endif
