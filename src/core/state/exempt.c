/* Addresses without limits. Owns chat.exempt. */

#include "chatd/core/state/exempt.h"


#include <stdio.h>
#include <string.h>

void exempt_configure(struct chat *c)
{
	const char *p = c->config.address_exempt != NULL ? c->config.address_exempt : "";

	c->nexempt = 0;
	while (*(p += strspn(p, " ,")) != '\0' && c->nexempt < EXEMPT_MAX) {
		char block[ADDRESS_BYTES_MAX];
		size_t len = strcspn(p, " ,");

		snprintf(block, sizeof block, "%.*s", (int)len, p);
		c->nexempt += address_parse(block, &c->exempt[c->nexempt]);
		p += len;
	}
	/* The text is the configuration's, and may go with it. */
	c->config.address_exempt = NULL;
}

bool exempt_is(const struct chat *c, const struct address *a)
{
	if (address_is_local(a))
		return true;
	for (uint32_t i = 0; i < c->nexempt; i++)
		if (address_within(a, &c->exempt[i]))
			return true;
	return false;
}
