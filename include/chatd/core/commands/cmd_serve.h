/* Commands that run the server: /reload /stats /shutdown /backup. */
#ifndef CHATD_CORE_COMMANDS_CMD_SERVE_H
#define CHATD_CORE_COMMANDS_CMD_SERVE_H

#include "chatd/core/commands/command.h"
#include "chatd/core/moderation/undo.h"

void cmd_reload(struct chat *c, struct session *s, const struct args *a);
void cmd_stats(struct chat *c, struct session *s, const struct args *a);
void cmd_shutdown(struct chat *c, struct session *s, const struct args *a);
void cmd_backup(struct chat *c, struct session *s, const struct args *a);
void cmd_prune(struct chat *c, struct session *s, const struct args *a);

/* s has asked for a backup, and is not told of its end yet. */
bool serve_owes(const struct chat *c, const struct session *s);

/* Acts that can be taken back. */
undo_restore undo_shutdown;

#endif
