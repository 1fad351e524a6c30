/*
 * Facts of what is gone: the memberships of a room that ended, the mail of an account that was removed.
 *
 * There may be thousands of them, more than one step's effects have room for, so they are removed
 * from the store in steps, when there is time, and while chatd stops. Until then they stay in the
 * store without effect, as do those beyond FORGETS_MAX; the next start finds them.
 *
 * That works because their room or account is gone. A fact of people who stay would take effect
 * again after a restart, so it is removed in the same step if there is room, and otherwise always
 * in a later one.
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
/* The key is used again, so its fact is not removed. To be called before the new one is saved. */
void forget_not(struct chat *c, enum fact_kind kind, const char *key);

/* How many are waiting to be removed. */
uint32_t forget_waiting(const struct chat *c);

void forget_tick(struct chat *c);
int64_t forget_due_ms(const struct chat *c);
void forget_free(struct chat *c);

#endif
