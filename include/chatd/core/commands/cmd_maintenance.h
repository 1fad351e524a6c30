/* Commands that look after the running server: /reload /stats /prune /backup. */
#ifndef CHATD_CORE_COMMANDS_CMD_MAINTENANCE_H
#define CHATD_CORE_COMMANDS_CMD_MAINTENANCE_H

#include "chatd/core/commands/command.h"

void cmd_reload(struct chat *c, struct session *s, const struct args *a);
void cmd_stats(struct chat *c, struct session *s, const struct args *a);
void cmd_prune(struct chat *c, struct session *s, const struct args *a);
void cmd_backup(struct chat *c, struct session *s, const struct args *a);

/* Why the copy of a database cannot have that name, a sentence without its full stop; NULL: it can. */
const char *backup_bars(const char *name);
/* s has asked for a backup, and is not told of its end yet. */
bool backup_owes(const struct chat *c, const struct session *s);

#endif
