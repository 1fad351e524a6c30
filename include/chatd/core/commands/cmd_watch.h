/*
 * Commands about several rooms at once: /watch /unwatch /say.
 */
#ifndef CHATD_CORE_COMMANDS_CMD_WATCH_H
#define CHATD_CORE_COMMANDS_CMD_WATCH_H

#include <stdbool.h>

struct args;
struct chat;
struct session;

void cmd_watch(struct chat *c, struct session *s, const struct args *a);
void cmd_unwatch(struct chat *c, struct session *s, const struct args *a);
void cmd_say(struct chat *c, struct session *s, const struct args *a);
/* In a cluster, before it is an act: whether s may give this /say, a line without its prefix; if not, s was told. */
bool cmd_say_may(struct chat *c, struct session *s, const char *line);

#endif
