/*
 * Acts, as all nodes of a cluster apply them (state/cluster.h).
 */
#ifndef CHATD_CORE_APPLY_H
#define CHATD_CORE_APPLY_H

#include <stdbool.h>
#include <stdint.h>

struct chat;
struct event;
struct question;
struct rows;

/* Handles the answer to q, a question that is still pending, and lets the asker go on. In chat.c. */
void chat_answer(struct chat *c, struct question *q, const struct event *e);
/* Proposes the answer to a shared question, for all nodes to hear. */
void answer_propose(struct chat *c, const struct question *q, const struct rows *rows);

/* EVENT_INCARNATION: proposes that this node is there. */
void cluster_incarnate(struct chat *c, uint64_t incarnation);
/* EVENT_LEASE_OVER: proposes that the people of that node are gone. */
void cluster_lease_over(struct chat *c, const char *node, uint64_t incarnation);

/* Applies an EVENT_ACT. What is repeated, or comes from a node that is not one any more, changes nothing. */
void act_apply(struct chat *c, const struct event *e);

/* Does what is due of what all nodes share; and when that is, by c->now_ms. In a cluster ACT_TICK does it. */
void act_tick(struct chat *c);
int64_t act_due_ms(const struct chat *c);

/* Whether what the last act began goes on in steps of its own: then ticks, and no other act, until it is done. */
bool act_goes_on(const struct chat *c);

#endif
