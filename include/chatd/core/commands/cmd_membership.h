/*
 * /op, /deop, /voice, /devoice, /invite and /uninvite: what people are in a room; /transfer, /accept and
 * /decline: who owns it.
 */
#ifndef CHATD_CORE_COMMANDS_CMD_MEMBERSHIP_H
#define CHATD_CORE_COMMANDS_CMD_MEMBERSHIP_H

#include "chatd/core/commands/command.h"
#include "chatd/core/moderation/undo.h"

void cmd_op(struct chat *c, struct session *s, const struct args *a);
void cmd_deop(struct chat *c, struct session *s, const struct args *a);
void cmd_voice(struct chat *c, struct session *s, const struct args *a);
void cmd_devoice(struct chat *c, struct session *s, const struct args *a);
void cmd_transfer(struct chat *c, struct session *s, const struct args *a);
void cmd_accept(struct chat *c, struct session *s, const struct args *a);
void cmd_decline(struct chat *c, struct session *s, const struct args *a);
void cmd_invite(struct chat *c, struct session *s, const struct args *a);
void cmd_uninvite(struct chat *c, struct session *s, const struct args *a);

/* Moderation actions that can be taken back. */
undo_restore undo_membership;
undo_restore undo_offer;
undo_restore undo_owner;

#endif
