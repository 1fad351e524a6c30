/*
 * Private messages to somebody who has an account and is not here.
 *
 * Each is a fact (FACT_MAIL) until it was read; then it is gone.
 */
#ifndef CHATD_CORE_MAIL_H
#define CHATD_CORE_MAIL_H

#include "chatd/core/account.h"

struct mail {
	uint64_t number;         /* of its record, so none is used twice */
	int64_t at_ms;           /* when it was sent */
	char *from, *text;       /* owned; a nick, and what it wrote */
	struct mail *prev, *next; /* in account.mail, oldest first */
};

/* Keeps what s writes to a; tells s that, or why not. */
void mail_keep(struct chat *c, struct session *s, struct account *a, const char *text);

/* s, who has just signed in to a, reads what was kept. */
void mail_deliver(struct chat *c, struct session *s, struct account *a);

/* At the start, after all accounts: one as it was saved. */
void mail_load(struct chat *c, const char *key, const char *value);

/* The account goes: its mail goes too, also in the store. */
void mail_drop(struct chat *c, struct account *a);
/* Only the memory. */
void mail_free(struct chat *c, struct account *a);

#endif
