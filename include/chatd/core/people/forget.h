/*
 * Facts of what is gone: the grants of a room that ended, the mail of somebody who was removed.
 *
 * There may be thousands of them, more than one step's effects have room for, so they are removed
 * from the store in steps, when there is time, also while chatd ends. Until then, and where there
 * are more than FORGETS_MAX, they lie there and hold for nobody; the next start finds them.
 *
 * That is so where the room or the account is gone that they belong to. What was taken from those
 * who stay would hold again after a restart: it goes in the same step as far as there is room, and
 * of the rest nothing is left out.
 */
#ifndef CHATD_CORE_PEOPLE_FORGET_H
#define CHATD_CORE_PEOPLE_FORGET_H

#include <stdint.h>

#include "chatd/core/event.h"

struct chat;

/* The fact is to go; the next start knows that too, by what it belongs to. */
void forget_fact(struct chat *c, enum fact_kind kind, const char *key);
/* The same of a fact that the next start could not tell from those that hold. As many can wait as
 * their own table has (MAILS_MAX, REPORTS_MAX). */
void forget_taken(struct chat *c, enum fact_kind kind, const char *key);
/* It is not: the key is used again. To be called before what is new is saved. */
void forget_not(struct chat *c, enum fact_kind kind, const char *key);

/* How many are to go. */
uint32_t forget_waiting(const struct chat *c);

void forget_tick(struct chat *c);
int64_t forget_due_ms(const struct chat *c);
void forget_free(struct chat *c);

#endif
