/*
 * What people set about their own terminal: /set /more.
 */
#ifndef CHATD_CORE_COMMANDS_CMD_SET_H
#define CHATD_CORE_COMMANDS_CMD_SET_H

struct args;
struct chat;
struct session;

void cmd_set(struct chat *c, struct session *s, const struct args *a);
void cmd_more(struct chat *c, struct session *s, const struct args *a);

#endif
