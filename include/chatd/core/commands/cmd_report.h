/* Reports: /report, and /reports for moderators. */
#ifndef CHATD_CORE_COMMANDS_CMD_REPORT_H
#define CHATD_CORE_COMMANDS_CMD_REPORT_H

#include "chatd/core/commands/command.h"
#include "chatd/core/moderation/undo.h"

void cmd_report(struct chat *c, struct session *s, const struct args *a);
void cmd_reports(struct chat *c, struct session *s, const struct args *a);

/* Moderation actions that can be taken back. */
undo_restore undo_report;

extern const struct shared_question report_shared;

#endif
