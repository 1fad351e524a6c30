/*
 * Commands about several rooms at once: /watch /unwatch /say.
 */
#ifndef CHATD_CORE_COMMANDS_CMD_WATCH_H
#define CHATD_CORE_COMMANDS_CMD_WATCH_H

struct args;
struct chat;
struct session;

void cmd_watch(struct chat *c, struct session *s, const struct args *a);
void cmd_unwatch(struct chat *c, struct session *s, const struct args *a);
void cmd_say(struct chat *c, struct session *s, const struct args *a);

#endif
