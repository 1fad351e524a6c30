/*
 * The sweep: time's part in a connection's life.
 */

#include "chatd/net/sweep.h"

#include "chatd/base/bounds.h"
#include "chatd/base/log.h"
#include "chatd/net/receive.h"
#include "chatd/net/server.h"
#include "chatd/net/teardown.h"

/* Fewer slots are left than the core keeps free (FULL_FREE_PARTS). */
static bool is_nearly_full(const struct connections *all)
{
	uint32_t max = all->max, held = 0;

	for (uint32_t i = 0; i < max && i < all->top; i++)
		held += all->slot[i].state != CONNECTION_FREE;
	return held + (max + FULL_FREE_PARTS - 1) / FULL_FREE_PARTS >= max;
}

/* Its time to read its last lines is up; that is shorter if others need the slot. (Refused
 * connections do not hold such slots.) */
static bool drains_too_long(const struct server *s, const struct connection *c, bool full)
{
	bool needed = c->dropped || (full && c->slot < s->conns.max);

	return c->state == CONNECTION_DRAINING &&
	       s->now_ms - c->drain_ms > (needed ? DRAIN_DROPPED_MS : DRAIN_MS_MAX);
}

static void sweep_one(struct server *s, struct connection *c, bool full)
{
	int64_t age_ms = s->now_ms - c->since_ms;
	int64_t send_timeout_ms = (int64_t)s->send_timeout_s * 1000;

	if (c->state == CONNECTION_LINGERING &&
	    age_ms > (s->stop.begun ? LINGER_STOPPING_MS : LINGER_MS)) {
		connection_shut(s, c);
		teardown_advance(s, c);
	} else if (c->sending && c->state != CONNECTION_DEAD && age_ms > send_timeout_ms) {
		log_info("connection %u.%u has read nothing for %u s: closing it", c->slot, c->gen,
		         s->send_timeout_s);
		teardown_kill(s, c, "connection too slow");
	} else if (drains_too_long(s, c, full)) {
		log_info("connection %u.%u is reading its last lines too slowly: closing it", c->slot,
		         c->gen);
		teardown_kill(s, c, NULL);
		teardown_advance(s, c);
	} else if (c->state != CONNECTION_FREE && !c->sending && outqueue_has_output(&c->out)) {
		/* A send that the kernel had no memory for. */
		connection_mark_dirty(s, c);
	}
}

void sweep_all(struct server *s)
{
	bool full = is_nearly_full(&s->conns);

	fanout_settle(s);
	receive_tell_waiting(s);
	proxied_sweep(s);
	for (uint32_t i = 0; i < s->conns.top; i++)
		sweep_one(s, &s->conns.slot[i], full);
	s->sweep_ms = INT64_MAX;
	if (s->conns.nsending + s->conns.nlingering + s->fanout.unsettled.n + s->conns.pressed.n +
	    s->proxies.nwaiting > 0)
		server_expect_sweep(s);
}
