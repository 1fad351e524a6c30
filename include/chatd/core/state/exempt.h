/*
 * Addresses that have none of the limits by address, because many people come from them (a proxy,
 * a school): those of chat_config.address_exempt, and this host's own.
 */
#ifndef CHATD_CORE_STATE_EXEMPT_H
#define CHATD_CORE_STATE_EXEMPT_H

#include <stdbool.h>

#include "chatd/base/address.h"

struct chat;

/* The blocks of chat_config.address_exempt, text as the configuration has checked it. */
void exempt_configure(struct chat *c);

/* The address is one of those that have no such limits, or this host's by a unix socket. To be asked
 * of a whole address, and not of what is counted of one: its /64 is not exempt. */
bool exempt_is(const struct chat *c, const struct address *a);

#endif
