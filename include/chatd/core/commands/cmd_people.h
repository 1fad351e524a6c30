/* Commands about people: /nick /whois /ignore /unignore /away /back /quit. */
#ifndef CHATD_CORE_COMMANDS_CMD_PEOPLE_H
#define CHATD_CORE_COMMANDS_CMD_PEOPLE_H

#include "chatd/core/commands/command.h"

void cmd_nick(struct chat *c, struct session *s, const struct args *a);
void cmd_whois(struct chat *c, struct session *s, const struct args *a);
void cmd_ignore(struct chat *c, struct session *s, const struct args *a);
void cmd_unignore(struct chat *c, struct session *s, const struct args *a);
void cmd_away(struct chat *c, struct session *s, const struct args *a);
void cmd_back(struct chat *c, struct session *s, const struct args *a);
void cmd_quit(struct chat *c, struct session *s, const struct args *a);

#endif
