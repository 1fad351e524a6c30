/*
 * Questions about the server as a whole. Calls nothing else in net.
 */

#include "chatd/net/server.h"

#include "chatd/base/bounds.h"

bool server_behind(const struct server *s)
{
	return s->effects.given_seq - s->effects.stored_seq >= UNSTORED_HIGH ||
	       writer_pressed(s->writer);
}

bool server_pressed(const struct server *s)
{
	/* While nothing can be saved the core refuses lines and says why; if they were left unread,
	 * people would not learn it. */
	return (!s->effects.store_failed && server_behind(s)) || acts_pressed(s) ||
	       s->fanout.logs.bytes > s->fanout.logs.max || s->conns.queues.bytes > s->conns.queues.max;
}

void server_expect_sweep(struct server *s)
{
	if (s->sweep_ms == INT64_MAX)
		s->sweep_ms = s->now_ms + (s->stop.begun ? SWEEP_STOPPING_MS : SWEEP_MS);
}
