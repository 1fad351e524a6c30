/*
 * Waiting at the prompt, in a cluster, while this node cannot reach the others: a name is given to somebody by all
 * nodes or by none.
 *
 * People who were in the chat when their node was cut off for longer than its lease wait here too, and come back
 * in by themselves.
 */
#ifndef CHATD_CORE_ENTRY_WAITING_H
#define CHATD_CORE_ENTRY_WAITING_H

#include <stdbool.h>
#include <stdint.h>

struct chat;
struct session;

/* s is to be asked for its name. True: not now; it was told, its input waits, and it is asked later. */
bool waiting_begin(struct chat *c, struct session *s);
/* Nothing can be saved: whoever is at the prompt waits. They were told. */
void waiting_all(struct chat *c);

/* s has given a name at the prompt which no node will hear of: it is asked again, once this node can reach the
 * others. */
void waiting_again(struct chat *c, struct session *s);

/* All other nodes have, or will have, that s has left, whose connection is still there: ends what s is to others, and
 * lets it come in again once this node can reach them. */
void waiting_return(struct chat *c, struct session *s);

/* Those who wait go on. */
void waiting_tick(struct chat *c);
int64_t waiting_due_ms(const struct chat *c);

#endif
