/*
 * The list of everyone who is here: /connections.
 */
#ifndef CHATD_CORE_COMMANDS_CMD_CONNECTIONS_H
#define CHATD_CORE_COMMANDS_CMD_CONNECTIONS_H

struct args;
struct chat;
struct session;

/*
 * With --status, for programs, each person is one line that is never wrapped, of "name=value" pairs
 * (base/fields.h); and the last line is "status: done", or "status: more from N": what to ask next.
 */
void cmd_connections(struct chat *c, struct session *s, const struct args *a);

#endif
