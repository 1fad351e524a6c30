/* Limits of one address. Owns chat.exempt. */

#include "chatd/core/crowd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chatd/core/emit.h"
#include "chatd/core/session.h"

enum { MINUTE_MS = 60000 };

void crowd_configure(struct chat *c)
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

bool crowd_exempt(const struct chat *c, const struct address *a)
{
	if (address_is_local(a))
		return true;
	for (uint32_t i = 0; i < c->nexempt; i++)
		if (address_within(a, &c->exempt[i]))
			return true;
	return false;
}

/* One of so many in a minute; 0 of them: no limit. */
static int64_t take_ms(struct chat *c, struct limit *l, uint32_t a_minute)
{
	int64_t wait_ms;

	if (a_minute == 0)
		return 0;
	wait_ms = slow_wait_ms(l, c->now_ms, a_minute, MINUTE_MS / a_minute);
	if (wait_ms == 0)
		slow_take(l, c->now_ms, MINUTE_MS / a_minute);
	return wait_ms;
}

bool crowd_refuses(struct chat *c, struct session *s)
{
	uint32_t most = c->config.address_connections;
	char age[AGE_BYTES_MAX];
	int64_t wait_ms;

	if (crowd_exempt(c, &s->from))
		return false;
	wait_ms = take_ms(c, &s->origin->connects, c->config.address_connects);
	if (most > 0 && s->origin->sessions > most)
		emit_reply(c, s, "There are %" PRIu32 " connections from your address, and that is the most. "
		           "Close one of them, or try again later.", most);
	else if (wait_ms > 0)
		emit_reply(c, s, "Too many connections have come from your address within a minute. The next "
		           "can come in %s.", format_age(age, wait_ms + 999));
	else
		return false;
	session_end(c, s, NULL, true);
	return true;
}

int64_t crowd_login_wait_ms(struct chat *c, struct session *s)
{
	return crowd_exempt(c, &s->from) ? 0
	                                 : take_ms(c, &s->origin->logins, c->config.address_logins);
}
