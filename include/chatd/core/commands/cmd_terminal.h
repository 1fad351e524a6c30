/*
 * Commands about one's own terminal: /tty /hold.
 */
#ifndef CHATD_CORE_COMMANDS_CMD_TERMINAL_H
#define CHATD_CORE_COMMANDS_CMD_TERMINAL_H

struct args;
struct chat;
struct session;

void cmd_tty(struct chat *c, struct session *s, const struct args *a);
void cmd_hold(struct chat *c, struct session *s, const struct args *a);

#endif
