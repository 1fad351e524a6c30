/*
 * Sending: which connections have something to get, and what becomes of it.
 *
 * One send in flight for each connection. Who falls behind the log is moved on
 * and told; who is gone is sent nothing more, and what it said is still taken.
 */

#include <errno.h>

#include "chatd/base/log.h"
#include "chatd/net/loop_state.h"

enum { STILL_MS = 1000 };  /* a send that is out for so long is of somebody who does not read */

void server_begin_budgets(struct server *s)
{
	uint64_t n = s->options.connections_max;

	s->queues.max = SENDQS_BYTES + n * SENDQS_BYTES_EACH;
	s->queues.high = s->queues.max / 2;
	s->logs.high = LOGS_BYTES_HIGH;
	s->logs.max = s->logs.high + n * LOGS_BYTES_EACH;
	for (uint32_t i = 0; i < chat_feeds_max(); i++)
		s->feeds[i].budget = &s->logs;
}

void server_dirty(struct server *s, struct connection *c)
{
	if (c->dirty)
		return;
	c->dirty = true;
	slots_add(&s->dirty, c->slot);
}

struct arrival server_arrived(struct server *s, const struct connection *c)
{
	return c->deaf ? c->arrived : outqueue_arrived(&c->out, ring_unacked(s->ring, c->fd));
}

/* -- falling behind ------------------------------------------------------------------------------ */

/* A reader's own input waits while too much is on its way to it. */
void server_mind_slowness(struct server *s, struct connection *c)
{
	uint32_t cuts = c->out.reader.ncuts - c->out.reader.cut_first;
	bool behind = outqueue_fell_behind(&c->out);
	/* While there is much for all, less is much for one. */
	bool greedy = budget_is_high(&s->queues) && c->out.held > SENDQ_SHARE_BYTES;

	if (c->state != CONNECTION_OPEN)
		return;
	if (!c->slow && (c->out.bytes > SENDQ_SLOW_BYTES || cuts > CUTS_SLOW || behind || greedy)) {
		c->slow = true;
		server_step(s, &(struct event){.kind = EVENT_SLOW, .conn = server_id_of(c)});
	} else if (c->slow && c->out.bytes < SENDQ_DRAINED_BYTES && cuts < CUTS_SLOW && !behind &&
	           !greedy) {
		c->slow = false;
		server_step(s, &(struct event){.kind = EVENT_DRAINED, .conn = server_id_of(c)});
	}
}

/* The log has moved past it: it goes on at the live end, and is told. */
void server_jump(struct server *s, struct connection *c)
{
	struct feed_gap gap = feed_reader_jump(&c->out.reader);

	if (gap.lines > 0)
		server_step(s, &(struct event){
			.kind = EVENT_SKIPPED, .conn = server_id_of(c),
			.skipped = {.lines = gap.lines, .first_id = gap.first_id},
		});
}

/* -- output -------------------------------------------------------------------------------------- */

void server_queue(struct server *s, struct connection *c, const char *text, size_t len)
{
	if (c->deaf)
		return;
	outqueue_add(&c->out, text, len);
	server_dirty(s, c);
}

static void give_up(struct server *s, struct connection *c)
{
	log_info("connection %u.%u leaves %u bytes unread: closing it", c->slot, c->gen,
	         c->out.bytes);
	server_kill(s, c, "connection too slow");
	server_drain(s, c);
}

/* What others hold may have come this very turn. */
bool server_stands_still(const struct server *s, const struct connection *c)
{
	return c->sending && s->now_ms - c->since_ms >= STILL_MS;
}

static bool goes_before(const struct server *s, const struct connection *c, const struct connection *other)
{
	bool still = server_stands_still(s, c);

	if (other == NULL || still != server_stands_still(s, other))
		return other == NULL || still;
	return c->out.held > other->out.held;
}

/* All together leave too much unread: those who stand still, and then those with the most, are
 * closed until the rest may stay. */
static void relieve_queues(struct server *s)
{
	for (;;) {
		struct connection *most = NULL;
		uint64_t going = 0;

		for (uint32_t i = 0; i < s->conns_top; i++) {
			struct connection *c = &s->conns[i];

			if (c->state == CONNECTION_DEAD)
				going += c->out.held;
			else if (c->state != CONNECTION_FREE && c->out.held > 0 && goes_before(s, c, most))
				most = c;
		}
		/* What is in flight is freed only when the kernel has let go of it. */
		if (most == NULL || s->queues.bytes - going <= s->queues.max)
			return;
		give_up(s, most);
	}
}

static void flush_one(struct server *s, struct connection *c)
{
	struct iovec iov[SEND_SPANS_MAX];
	uint32_t n;

	c->dirty = false;
	if (c->deaf && c->state != CONNECTION_DEAD && c->state != CONNECTION_FREE) {
		outqueue_discard(&c->out);
		server_mind_slowness(s, c);
		server_drain(s, c);
		return;
	}
	if (c->state == CONNECTION_OPEN && c->out.bytes > SENDQ_BYTES_MAX) {
		give_up(s, c);
		return;
	}
	if (!c->sending && outqueue_fell_behind(&c->out))
		server_jump(s, c);
	server_mind_slowness(s, c);
	if (c->sending || c->state == CONNECTION_DEAD || c->state == CONNECTION_FREE)
		return;
	n = outqueue_gather(&c->out, iov, SEND_SPANS_MAX);
	if (n == 0) {
		server_drain(s, c);
		return;
	}
	c->sending = true;
	c->since_ms = s->now_ms;
	s->nsending++;
	server_expect_sweep(s);
	ring_send(s->ring, c->slot, c->gen, c->fd, iov, n);
}

void server_flush(struct server *s)
{
	uint32_t done = 0;

	for (uint32_t i = 0; i < s->dirty_feeds.n; i++) {
		struct feed *f = &s->feeds[s->dirty_feeds.slot[i]];

		f->dirty = false;
		for (uint32_t k = 0; k < f->nreaders; k++) {
			struct connection *c = &s->conns[f->readers[k]];

			if (!c->sending)
				server_dirty(s, c);
		}
	}
	s->dirty_feeds.n = 0;
	/* What flushing one connection makes dirty is appended and comes in its turn. */
	while (done < s->dirty.n && done < SENDS_PER_TURN_MAX)
		flush_one(s, &s->conns[s->dirty.slot[done++]]);
	slots_drop(&s->dirty, done);
	if (s->queues.bytes > s->queues.max)
		relieve_queues(s);
}

/* Nobody reads what is sent to it. What it said may still lie in the kernel or
 * in its stash, and is taken before it ends: a script that closes at once has
 * said what it has said. */
static void deafen(struct server *s, struct connection *c)
{
	c->arrived = server_arrived(s, c);
	/* All of it so far; what comes from now on does not arrive. */
	if (c->arrived.what == ARRIVED_ALL)
		c->arrived = (struct arrival){ARRIVED_UP_TO, c->out.reader.feed != NULL ? c->out.reader.seq : 0};
	c->deaf = true;
	server_dirty(s, c);
}

/* The socket is at its end, and so will its receives be. */
static bool is_gone(int res)
{
	return res == -EPIPE || res == -ECONNRESET || res == -ETIMEDOUT || res == -EHOSTUNREACH ||
	       res == -ENETUNREACH;
}

void server_sent(struct server *s, struct connection *c, int res)
{
	c->sending = false;
	s->nsending--;
	if (res > 0 && c->state != CONNECTION_DEAD)
		outqueue_advance(&c->out, (size_t)res);
	outqueue_unpin(&c->out);
	if (res > 0 || res == -EINTR || res == -EAGAIN)
		server_dirty(s, c);
	else if (res == -ENOBUFS || res == -ENOMEM)
		server_expect_sweep(s);
	else if (c->state == CONNECTION_OPEN && is_gone(res))
		deafen(s, c);
	else
		server_kill(s, c, "connection lost");
	server_drain(s, c);
}
