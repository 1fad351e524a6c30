/*
 * The lockdown: for a while only people with an account can come in or speak.
 */
#ifndef CHATD_CORE_MODERATION_LOCKDOWN_H
#define CHATD_CORE_MODERATION_LOCKDOWN_H

#include <stdbool.h>
#include <stdint.h>

struct chat;

/* Part of struct chat. */
struct lockdown {
	int64_t until_ms;           /* until then; 0: all may */
	char *by;                   /* owned; the nick of who said so; NULL while 0 */
};

/* Whether it is on. */
bool lockdown_on(const struct chat *c);
/* Sets and saves its end; 0: ends it. */
void lockdown_set(struct chat *c, int64_t until_ms, const char *by);

/* Ends it when its time is over. */
void lockdown_tick(struct chat *c);
int64_t lockdown_due_ms(const struct chat *c);

/* At the start: FACT_STATE as it was saved. */
void lockdown_load(struct chat *c, const char *key, const char *value);
void lockdown_free(struct chat *c);

#endif
