/*
 * Which connections are let in: how many may come from one address (at once and in a minute, and
 * passwords in a minute; an IPv6 /64 counts as one address, address_counted), and which make way
 * when too many have no name or the chat is nearly full.
 */
#ifndef CHATD_CORE_ENTRY_ADMISSION_H
#define CHATD_CORE_ENTRY_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/base/bounds.h"
#include "chatd/base/token_bucket.h"
#include "chatd/core/event.h"

struct chat;
struct session;
struct origin;

/* Part of struct chat: the connections that there are, by where they come from. */
struct admission {
	struct origin **held;       /* owned, by slot: whose connection has it, from its admission to
	                             * RELEASED; NULL: nobody's */
	bool *held_exempt;          /* owned, by slot too: whether its address had no limits then */
	uint32_t nheld;             /* of them, those that are not NULL */
	struct address exempt[EXEMPT_MAX]; /* nexempt blocks that have no limits by address */
	uint32_t nexempt;
	char refusal[REFUSAL_BYTES_MAX]; /* what the last one that was refused reads */
	struct bucket refused_log;  /* rate of the log lines about that; slow_* */
};

/* What the one that makes way reads. */
#define ADMISSION_MAKE_WAY "Too many connections are waiting at the name prompt, so some are " \
                           "closed at random, and yours was one. Please try again."
#define ADMISSION_FULL "This chat is nearly full, and your address has more connections than most, " \
                       "so this one is closed to let others in. Please try again later."

/* NULL: the connection of the event may come, once *way has made way for it (NULL: nobody need).
 * Otherwise what it reads (event.h), and nothing is kept of it. */
const char *admission_refuses(struct chat *c, const struct event *e, struct session **way);

/* The connection of s, which is new, counts from here on: at its address until
 * admission_released, and (state LOGIN) among those without a name (unnamed.h). */
void admission_count(struct chat *c, struct session *s);
/* EVENT_RELEASED. */
void admission_released(struct chat *c, struct conn_id conn);

/* Milliseconds until another password may be tried from where s comes from; 0: now, and it
 * counts. */
int64_t admission_login_wait_ms(struct chat *c, struct session *s);

/* Milliseconds until another account may be made from where s comes from; 0: now, and it counts
 * once it is made. */
int64_t admission_account_wait_ms(struct chat *c, const struct session *s);
void admission_account_made(struct chat *c, const struct session *s);

#endif
