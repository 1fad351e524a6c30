/*
 * The lockdown: for a while, only people with an account can come in or speak.
 */
#ifndef CHATD_CORE_MODERATION_LOCKDOWN_H
#define CHATD_CORE_MODERATION_LOCKDOWN_H

#include <stdbool.h>
#include <stdint.h>

struct chat;

/* Part of struct chat: the lockdown. */
struct lockdown {
	int64_t until_ms;           /* when it ends, since the epoch; 0: there is none */
	char *by;                   /* owned; nick of the person who started it; NULL while until_ms is
	                             * 0 */
};

/* Whether there is a lockdown now. */
bool lockdown_on(const struct chat *c);
/* Sets and saves when the lockdown ends, so it begins now if there was none; 0: ends it now. */
void lockdown_set(struct chat *c, int64_t until_ms, const char *by);

/* Ends the lockdown when its time is over. */
void lockdown_tick(struct chat *c);
int64_t lockdown_due_ms(const struct chat *c);

/* Loads FACT_STATE as it was saved. Call it at the start. */
void lockdown_load(struct chat *c, const char *key, const char *value);
void lockdown_free(struct chat *c);

#endif
