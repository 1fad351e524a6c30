/* Commands about one's account: /register /login /passwd /drop /codes /totp /sessions /resume. */
#ifndef CHATD_CORE_COMMANDS_CMD_ACCOUNT_H
#define CHATD_CORE_COMMANDS_CMD_ACCOUNT_H

#include "chatd/core/commands/command.h"

void cmd_register(struct chat *c, struct session *s, const struct args *a);
void cmd_login(struct chat *c, struct session *s, const struct args *a);
void cmd_passwd(struct chat *c, struct session *s, const struct args *a);
void cmd_drop(struct chat *c, struct session *s, const struct args *a);
void cmd_codes(struct chat *c, struct session *s, const struct args *a);
void cmd_totp(struct chat *c, struct session *s, const struct args *a);
void cmd_sessions(struct chat *c, struct session *s, const struct args *a);
void cmd_resume(struct chat *c, struct session *s, const struct args *a);

/* ACT_REGISTER and ACT_DROP, as all nodes apply them. */
void register_apply(struct chat *c, struct session *s, const char *fields);
void drop_apply(struct chat *c, struct session *s, const char *fields);
/* A change of the account of s that s has asked for here has been made on all nodes (ACT_ACCOUNT): tells s. */
void account_tell_done(struct chat *c, struct session *s, const char *fields);

#endif
