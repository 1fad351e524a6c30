/*
 * How much may come from one address: connections at once, connections and passwords in a
 * minute. An IPv6 /64 counts as one (address_counted).
 */
#ifndef CHATD_CORE_CROWD_H
#define CHATD_CORE_CROWD_H

#include "chatd/core/state.h"

/* The blocks of chat_config.address_exempt, text as the configuration has checked it. */
void crowd_configure(struct chat *c);

/* The address is one of those that have no such limits, or this host's by a unix socket. */
bool crowd_exempt(const struct chat *c, const struct address *a);

/* s, which has just come, is one too many from its address: it was told so and has ended. */
bool crowd_refuses(struct chat *c, struct session *s);

/* Milliseconds until another password may be tried from where s comes from; 0: now, and it
 * counts. */
int64_t crowd_login_wait_ms(struct chat *c, struct session *s);

#endif
