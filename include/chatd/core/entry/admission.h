/*
 * Which connections are let in.
 *
 * Limits for each address how many connections may be open at once and how many may come in a
 * minute, and how many passwords may be tried in a minute; an IPv6 /64 counts as one address
 * (address_counted). Chooses which connection makes way when too many have no name or the chat is
 * nearly full.
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

/* Part of struct chat: the open connections, by their addresses. */
struct admission {
	struct origin **held;       /* owned array, by slot: the address whose connection has the slot,
	                             * from its admission to EVENT_RELEASED; NULL: the slot is free */
	bool *held_exempt;          /* owned array, by slot: its address was exempt when it came */
	uint32_t nheld;             /* how many entries of held are not NULL */
	struct address exempt[EXEMPT_MAX]; /* nexempt address blocks that are exempt from limits */
	int nexempt;                /* how many of them are configured */
	char refusal[REFUSAL_BYTES_MAX]; /* the text for the connection that was refused last */
	struct bucket refused_log;  /* rate of the log lines about refusals (slow_bucket_*) */
};

/* What the connection that makes way reads. */
#define ADMISSION_MAKE_WAY "Too many connections are waiting at the name prompt, so some are " \
                           "closed at random, and yours was one. Please try again."
#define ADMISSION_FULL "This chat is nearly full, and your address has more connections than most, " \
                       "so this one is closed to let others in. Please try again later."

/* Decides on an EVENT_CONNECTED. NULL: it may come in, after the caller has ended *way (NULL:
 * nobody needs to make way). Otherwise the text for connected.refused (event.h), valid until the
 * next call, and *because is why; the core keeps nothing of that connection. */
const char *admission_refuses(struct chat *c, const struct event *e, struct session **way, enum refusal *because);

/* Counts the connection of s, which is new: at its address until admission_released, and (state
 * LOGIN) among those without a name (unnamed.h). */
void admission_count(struct chat *c, struct session *s);
/* Handles EVENT_RELEASED: the connection no longer counts at its address. */
void admission_released(struct chat *c, struct conn_id conn);

/* Milliseconds until the address of s may try another password; 0: now, and this try is counted. */
int64_t admission_login_wait_ms(struct chat *c, struct session *s);

/* Milliseconds until the address of s may make another account; 0: now. It is counted by
 * admission_account_made. */
int64_t admission_account_wait_ms(struct chat *c, const struct session *s);
void admission_account_made(struct chat *c, const struct session *s);

#endif
