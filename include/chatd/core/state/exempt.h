/*
 * Addresses that the limits by address do not apply to, because many people share them (a proxy, a
 * school): those of chat_config.address_exempt, and this host's own.
 */
#ifndef CHATD_CORE_STATE_EXEMPT_H
#define CHATD_CORE_STATE_EXEMPT_H

#include <stdbool.h>

#include "chatd/base/address.h"

struct chat;

/* The blocks of chat_config.address_exempt, text as the configuration has checked it. */
void exempt_configure(struct chat *c);

/* The address is one of those, or this host's by a unix socket. Takes a whole address and not what is
 * counted of it, because its /64 is not exempt. */
bool exempt_is(const struct chat *c, const struct address *a);

#endif
