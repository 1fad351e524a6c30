/* Addresses without limits. Owns chat.exempt. */

#include "chatd/core/state/exempt.h"


#include <stdio.h>
#include <string.h>

#include "chatd/core/state/state.h"

void exempt_configure(struct chat *c)
{
	const char *p = c->config.address_exempt != NULL ? c->config.address_exempt : "";

	c->entry.admission.nexempt = 0;
	while (*(p += strspn(p, " ,")) != '\0' && c->entry.admission.nexempt < EXEMPT_MAX) {
		char block[ADDRESS_BYTES_MAX];
		size_t len = strcspn(p, " ,");

		snprintf(block, sizeof block, "%.*s", (int)len, p);
		c->entry.admission.nexempt +=
			address_parse(block, &c->entry.admission.exempt[c->entry.admission.nexempt]);
		p += len;
	}
	/* The text is the configuration's, and may go with it. */
	c->config.address_exempt = NULL;
}

bool exempt_is(const struct chat *c, const struct address *a)
{
	if (address_is_local(a))
		return true;
	for (uint32_t i = 0; i < c->entry.admission.nexempt; i++)
		if (address_within(a, &c->entry.admission.exempt[i]))
			return true;
	return false;
}
