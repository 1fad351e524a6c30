/*
 * What operators see of the cluster.
 */
#ifndef CHATD_CORE_COMMANDS_CMD_CLUSTER_H
#define CHATD_CORE_COMMANDS_CMD_CLUSTER_H

#include <stdint.h>

struct args;
struct chat;
struct node;
struct session;

/* Its part of /stats, by c->status.figures; nothing if there is no cluster. */
void cluster_stats(struct chat *c, struct session *s);

/* /compare: each node answers with a digest of what it shares with the others, as of the same act. */
void cmd_compare(struct chat *c, struct session *s, const struct args *a);
/* ACT_COMPARE: this node answers. Whose act, and which. */
void compare_apply(struct chat *c, const struct node *by, uint64_t incarnation, uint64_t number);
/* ACT_DIGEST: another one, or this one, has answered. */
void compare_answered(struct chat *c, struct node *by, const char *text);
/* At the end of each act: tells whoever has asked, once all that are up have answered. */
void compare_settle(struct chat *c);

#endif
