/* Commands about bans and mutes that are in force: /unban /unmute /bans. */
#ifndef CHATD_CORE_COMMANDS_CMD_UNBAN_H
#define CHATD_CORE_COMMANDS_CMD_UNBAN_H

#include "chatd/core/commands/command.h"
#include "chatd/core/rooms/ban.h"

void cmd_unban(struct chat *c, struct session *s, const struct args *a);
void cmd_unmute(struct chat *c, struct session *s, const struct args *a);
void cmd_bans(struct chat *c, struct session *s, const struct args *a);

/* The bans of the room that a command is about, NULL: those of the whole server. From the
 * lobby nobody is banned but from the whole. */
struct room *ban_scope(const struct chat *c, const struct args *a, enum ban_kind kind);

/* Begins the data of an act on bans of r (NULL: of the whole server): with all of the one that is
 * lifted (NULL: none). The number of the one that it made, if any, is still to be added. */
void ban_undo_begin(struct chat *c, struct bytes *data, enum ban_kind kind, struct room *r,
                      const struct ban *lifted);

/* Ends b for s, who may; told and recorded. */
void ban_unban(struct chat *c, struct session *s, struct ban *b);

/* s keeps order where b holds. */
bool ban_may_end(const struct chat *c, const struct session *s, const struct ban *b);

#endif
