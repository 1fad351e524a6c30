/* Commands about bans and mutes that are in force: /unban /unmute /bans. */
#ifndef CHATD_CORE_COMMANDS_CMD_UNBAN_H
#define CHATD_CORE_COMMANDS_CMD_UNBAN_H

#include "chatd/core/commands/command.h"
#include "chatd/core/rooms/ban.h"

void cmd_unban(struct chat *c, struct session *s, const struct args *a);
void cmd_unmute(struct chat *c, struct session *s, const struct args *a);
void cmd_bans(struct chat *c, struct session *s, const struct args *a);

/* The room whose bans a command is about; NULL: the whole server. A ban from the lobby is a ban from
 * the whole server. */
struct room *ban_scope(const struct chat *c, const struct args *a, enum ban_kind kind);

/* Begins the data of a moderation action on the bans of r (NULL: of the whole server), with a copy of
 * the ban that it lifts (NULL: none). The caller adds the number of the ban that it sets, if any. */
void ban_undo_begin(struct chat *c, struct bytes *data, enum ban_kind kind, struct room *r,
                    const struct ban *lifted);

/* Lifts b; s, who may, is told, and it is recorded. */
void ban_unban(struct chat *c, struct session *s, struct ban *b);

/* Whether s may moderate where b applies. */
bool ban_may_end(const struct chat *c, const struct session *s, const struct ban *b);

#endif
