/*
 * What the nodes of a cluster must agree on before they can be one chat: the version of what acts mean, the settings that
 * decide what acts do, and the database that all of them began with.
 *
 * A node says in ACT_NODE what it has. All nodes look at that alike, so all know whether it is one of them, and the node
 * itself ends with a sentence if it is not. With whoever is up it must agree on the settings; when nobody is, they
 * are as the next one says.
 */
#ifndef CHATD_CORE_AGREEMENT_H
#define CHATD_CORE_AGREEMENT_H

#include <stdbool.h>
#include <stddef.h>

struct bytes;
struct chat;
struct node;

/* The fields of this node's ACT_NODE. */
void agreement_put(struct chat *c, struct bytes *b);

enum { AGREEMENT_WHY_BYTES = 400 };
/* Whether node, which is not up, can take part with these fields; if so, they are what holds. False: why it cannot, with
 * what to do. */
bool agreement_takes(struct chat *c, const struct node *node, const char *fields, char why[AGREEMENT_WHY_BYTES]);

/* This node's own database is another one than what the cluster began with, which it may only now hear of. NULL: it is
 * not. */
const char *agreement_other_base(const struct chat *c);

#endif
