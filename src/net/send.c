/*
 * Sending: submits sends to connections, and handles their ends.
 *
 * There is one send in flight for each connection. One that falls behind the log is moved on and
 * told so. One whose peer is gone is sent nothing more, and what it said is still taken.
 */

#include "chatd/net/send.h"

#include <errno.h>

#include "chatd/base/bounds.h"
#include "chatd/base/log.h"
#include "chatd/net/display.h"
#include "chatd/net/server.h"
#include "chatd/net/teardown.h"
#include "chatd/net/watched.h"

/* -- falling behind ---------------------------------------------------------------------------- */

/* A reader's own input waits while too much is on its way to it. */
static void mind_slowness(struct server *s, struct connection *c)
{
	uint32_t cuts = c->out.reader.ncuts - c->out.reader.cut_first;
	bool behind = outqueue_fell_behind(&c->out);
	/* When all connections hold much, less counts as much for one. */
	bool greedy = budget_is_high(&s->conns.queues) && c->out.held > SENDQ_SHARE_BYTES;

	if (c->state != CONNECTION_OPEN)
		return;
	if (!c->slow && (c->out.bytes > SENDQ_SLOW_BYTES || cuts > CUTS_SLOW || behind || greedy)) {
		c->slow = true;
		effects_step(s, &(struct event){.kind = EVENT_SLOW, .conn = connection_id(c)});
	} else if (c->slow && c->out.bytes < SENDQ_DRAINED_BYTES && cuts < CUTS_SLOW && !behind &&
	           !greedy) {
		c->slow = false;
		effects_step(s, &(struct event){.kind = EVENT_DRAINED, .conn = connection_id(c)});
	}
}

/* The log has moved past its reader r: moves it to the live end, and tells it. */
static void jump(struct server *s, struct connection *c, struct feed_reader *r)
{
	uint32_t feed = (uint32_t)(r->feed - s->fanout.feeds);
	struct feed_gap gap = feed_reader_jump(r);

	s->counters.skipped += gap.lines;
	if (gap.lines > 0)
		effects_step(s, &(struct event){
			.kind = EVENT_SKIPPED, .conn = connection_id(c),
			.skipped = {.lines = gap.lines, .first_id = gap.first_id, .feed = feed},
		});
}

static void jump_all(struct server *s, struct connection *c)
{
	struct feed_reader *r;

	if (outqueue_fell_behind(&c->out))
		jump(s, c, &c->out.reader);
	while (c->out.watched != NULL && (r = watched_behind(c)) != NULL)
		jump(s, c, r);
}

void send_catch_up(struct server *s, struct connection *c)
{
	if (!outqueue_fell_behind(&c->out))
		return;
	if (c->sending)
		mind_slowness(s, c);
	else
		jump_all(s, c);
}

/* -- output ------------------------------------------------------------------------------------ */

static void give_up(struct server *s, struct connection *c)
{
	log_info("connection %u.%u has %u bytes unread: closing it", c->slot, c->gen,
	         c->out.bytes);
	teardown_kill(s, c, "connection too slow");
	teardown_advance(s, c);
}

/* What others hold may have come just this turn. */
static bool goes_before(const struct server *s, const struct connection *c,
                        const struct connection *other)
{
	bool still = connection_stands_still(s, c);

	if (other == NULL || still != connection_stands_still(s, other))
		return other == NULL || still;
	return c->out.held > other->out.held;
}

/* All together leave too much unread: closes connections that stand still, and then those with the
 * most, until the rest may stay. */
static void relieve_queues(struct server *s)
{
	for (;;) {
		struct connection *most = NULL;
		uint64_t going = 0;

		for (uint32_t i = 0; i < s->conns.top; i++) {
			struct connection *c = &s->conns.slot[i];

			if (c->state == CONNECTION_DEAD)
				going += c->out.held;
			else if (c->state != CONNECTION_FREE && c->out.held > 0 && goes_before(s, c, most))
				most = c;
		}
		/* What is in flight is only freed once the kernel has let go of it. */
		if (most == NULL || s->conns.queues.bytes - going <= s->conns.queues.max)
			return;
		give_up(s, most);
	}
}

static void flush_one(struct server *s, struct connection *c)
{
	struct iovec iov[SEND_SPANS_MAX];
	uint64_t from;
	uint32_t n;

	c->dirty = false;
	if (c->deaf && c->state != CONNECTION_DEAD && c->state != CONNECTION_FREE) {
		outqueue_discard(&c->out);
		mind_slowness(s, c);
		teardown_advance(s, c);
		return;
	}
	if (c->state == CONNECTION_OPEN && c->out.bytes > SENDQ_BYTES_MAX) {
		give_up(s, c);
		return;
	}
	if (!c->sending)
		jump_all(s, c);
	mind_slowness(s, c);
	if (c->sending || c->state == CONNECTION_DEAD || c->state == CONNECTION_FREE)
		return;
	from = c->out.reader.cursor;
	if (c->display != NULL)
		display_make(s, c);
	counters_passed(c, from);
	n = outqueue_gather(&c->out, iov, SEND_SPANS_MAX);
	if (n == 0) {
		teardown_advance(s, c);
		return;
	}
	c->sending = true;
	c->since_ms = s->now_ms;
	s->conns.nsending++;
	server_expect_sweep(s);
	ring_send(s->ring, c->slot, c->gen, c->fd, iov, n);
}

void send_flush(struct server *s)
{
	uint32_t done = 0;

	for (uint32_t i = 0; i < s->fanout.dirty.n; i++) {
		struct feed *f = &s->fanout.feeds[s->fanout.dirty.slot[i]];

		f->dirty = false;
		for (uint32_t k = 0; k < f->nreaders; k++) {
			struct connection *c = &s->conns.slot[f->readers[k]];

			if (!c->sending)
				connection_mark_dirty(s, c);
		}
	}
	s->fanout.dirty.n = 0;
	/* Connections that become dirty meanwhile are appended, and have their turn. */
	while (done < s->conns.dirty.n && done < SENDS_PER_TURN_MAX)
		flush_one(s, &s->conns.slot[s->conns.dirty.slot[done++]]);
	slots_drop(&s->conns.dirty, done);
	if (s->conns.queues.bytes > s->conns.queues.max)
		relieve_queues(s);
}

/* Nobody reads what is sent to it. What it said may still be in the kernel or in its stash, and is
 * taken before it is closed: what a script says before it closes at once still counts. */
static void deafen(struct server *s, struct connection *c)
{
	c->arrived = connection_arrived(s, c);
	/* Everything so far; what comes from now on does not arrive. */
	if (c->arrived.what == ARRIVED_ALL)
		c->arrived = (struct arrival){ARRIVED_UP_TO, c->out.reader.feed != NULL ? c->out.reader.seq : 0};
	c->deaf = true;
	connection_mark_dirty(s, c);
}

/* The peer is gone, and receives will soon fail as well. */
static bool is_gone(int res)
{
	return res == -EPIPE || res == -ECONNRESET || res == -ETIMEDOUT || res == -EHOSTUNREACH ||
	       res == -ENETUNREACH;
}

void send_done(struct server *s, struct connection *c, int res)
{
	uint64_t from = c->out.reader.cursor;

	c->sending = false;
	s->conns.nsending--;
	if (res > 0 && c->state != CONNECTION_DEAD)
		outqueue_advance(&c->out, (size_t)res);
	outqueue_unpin(&c->out);
	counters_passed(c, from);
	counters_sent(s, c);
	if (res > 0 || res == -EINTR || res == -EAGAIN)
		connection_mark_dirty(s, c);
	else if (res == -ENOBUFS || res == -ENOMEM)
		server_expect_sweep(s);
	else if (c->state == CONNECTION_OPEN && is_gone(res))
		deafen(s, c);
	else
		teardown_kill(s, c, "connection lost");
	teardown_advance(s, c);
}
