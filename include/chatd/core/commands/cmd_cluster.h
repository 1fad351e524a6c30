/*
 * What operators see of the cluster.
 */
#ifndef CHATD_CORE_COMMANDS_CMD_CLUSTER_H
#define CHATD_CORE_COMMANDS_CMD_CLUSTER_H

struct chat;
struct session;

/* Its part of /stats, by c->status.figures; nothing if there is no cluster. */
void cluster_stats(struct chat *c, struct session *s);

#endif
