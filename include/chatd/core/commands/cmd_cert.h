/*
 * /cert: the certificates that sign in to one's account.
 */
#ifndef CHATD_CORE_COMMANDS_CMD_CERT_H
#define CHATD_CORE_COMMANDS_CMD_CERT_H

#include "chatd/core/commands/command.h"

void cmd_cert(struct chat *c, struct session *s, const struct args *a);

/* ACT_CERT. */
void cert_apply(struct chat *c, struct session *s, const char *fields);

#endif
