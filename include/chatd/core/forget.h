/*
 * Facts of what is gone: the grants of a room that ended, the mail of somebody who was removed.
 *
 * There may be thousands of them, more than one step's effects have room for, so they are removed
 * from the store in steps, when there is time. Until then, and where there are more than
 * FORGETS_MAX, they lie there and hold for nobody; the next start finds them.
 */
#ifndef CHATD_CORE_FORGET_H
#define CHATD_CORE_FORGET_H

#include "chatd/core/state.h"

/* The fact is to go. */
void forget_fact(struct chat *c, enum fact_kind kind, const char *key);
/* It is not: the key is used again. To be called before what is new is saved. */
void forget_not(struct chat *c, enum fact_kind kind, const char *key);

/* How many are to go. */
uint32_t forget_waiting(const struct chat *c);

void forget_tick(struct chat *c);
int64_t forget_due_ms(const struct chat *c);
void forget_free(struct chat *c);

#endif
