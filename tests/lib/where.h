/*
 * Addresses as tests write them: "192.0.2.1", "2001:db8::1", or "unix" for this host.
 */
#ifndef CHATD_TESTS_WHERE_H
#define CHATD_TESTS_WHERE_H

#include <assert.h>
#include <string.h>

#include "chatd/base/address.h"

static inline struct address where(const char *text)
{
	struct address a = {.kind = ADDRESS_HOST};
	bool ok = strcmp(text, "unix") == 0 || address_parse_one(text, &a);

	assert(ok);
	return a;
}

#endif
