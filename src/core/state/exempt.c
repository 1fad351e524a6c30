/* Addresses without limits. Owns chat.exempt. */

#include "chatd/core/state/exempt.h"

#include <assert.h>

#include "chatd/core/state/state.h"

void exempt_configure(struct chat *c)
{
	const char *blocks = c->config.address_exempt != NULL ? c->config.address_exempt : "";
	char wrong[ADDRESS_BYTES_MAX];

	c->entry.admission.nexempt =
		address_parse_list(blocks, c->entry.admission.exempt, EXEMPT_MAX, wrong);
	assert(c->entry.admission.nexempt >= 0 && c->entry.admission.nexempt <= EXEMPT_MAX);
	/* The text is the configuration's, and may go with it. */
	c->config.address_exempt = NULL;
}

bool exempt_is(const struct chat *c, const struct address *a)
{
	return address_is_local(a) ||
	       address_within_any(a, c->entry.admission.exempt, c->entry.admission.nexempt);
}
