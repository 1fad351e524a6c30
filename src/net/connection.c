/*
 * Connections, as far as the core need not know.
 *
 * Owns the slots and the lists of them. Calls neither the core nor anything that does.
 */

#include "chatd/net/connection.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/net/server.h"
#include "chatd/net/watched.h"

enum { STILL_MS = 1000 };  /* a peer whose send is in flight for this long is not reading */

/* -- slots ------------------------------------------------------------------------------------- */

static void slot_free(struct connections *all, struct connection *c)
{
	uint32_t *first = c->slot < all->max                 ? &all->free_first
	                  : c->slot < all->max + CONTROL_SLOTS ? &all->control_first
	                                                       : &all->linger_first;

	c->fd = -1;
	c->state = CONNECTION_FREE;
	c->probed_us = 0;
	c->out.delivered = 0;
	c->next_free = *first;
	*first = c->slot;
}

void connections_init(struct connections *all, uint32_t max)
{
	uint32_t nslots = max + CONTROL_SLOTS + LINGERERS;

	all->max = max;
	all->queues.max = SENDQS_BYTES + max * (uint64_t)SENDQS_BYTES_EACH;
	all->queues.high = all->queues.max / 2;
	all->slot = mem_zero(nslots, sizeof *all->slot);
	all->free_first = all->control_first = all->linger_first = UINT32_MAX;
	for (uint32_t i = nslots; i-- > 0;) {
		all->slot[i] = (struct connection){.slot = i, .gen = 1, .out.budget = &all->queues};
		slot_free(all, &all->slot[i]);
	}
}

struct connection *connections_take(struct connections *all, uint32_t *first)
{
	struct connection *c;

	if (*first == UINT32_MAX)
		return NULL;
	c = &all->slot[*first];
	*first = c->next_free;
	all->n++;
	if (c->slot >= all->top)
		all->top = c->slot + 1;
	return c;
}

void connections_give_back(struct connections *all, struct connection *c)
{
	slot_free(all, c);
	all->n--;
}

void connections_release(struct server *s)
{
	struct connections *all = &s->conns;
	struct slots *lists[] = {&all->dirty, &all->resuming, &all->pressed, &all->starved};

	for (uint32_t i = 0; i < all->top; i++) {
		struct connection *c = &all->slot[i];

		outqueue_unpin(&c->out);
		feed_reader_release(&c->out.reader);
		outqueue_release(&c->out);
		connection_drop_stash(c);
		if (c->fd >= 0)
			ring_close(s->ring, c->fd);
	}
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		free(lists[i]->slot);
	bytes_release(&all->made);
	free(all->slot);
}

/* -- what is asked for ------------------------------------------------------------------------- */

void connection_receive(struct server *s, struct connection *c)
{
	if (c->receiving || c->eof || c->state == CONNECTION_DEAD)
		return;
	c->receiving = true;
	ring_recv(s->ring, c->slot, c->gen, c->fd);
}

void connection_mark_dirty(struct server *s, struct connection *c)
{
	if (c->dirty)
		return;
	c->dirty = true;
	slots_add(&s->conns.dirty, c->slot);
}

void connection_queue(struct server *s, struct connection *c, const struct effect *e)
{
	if (c->deaf || e->len == 0)
		return;
	if (e->waits)
		outqueue_add_waiting(&c->out, e->text, e->len, e->line);
	else
		outqueue_add(&c->out, e->text, e->len, e->line);
	connection_mark_dirty(s, c);
}

void connection_resume(struct server *s, struct connection *c)
{
	if (c->resuming)
		return;
	c->resuming = true;
	slots_add(&s->conns.resuming, c->slot);
}

/* -- what is known ----------------------------------------------------------------------------- */

uint64_t connection_unacked(struct server *s, const struct connection *c)
{
	uint64_t acked;

	if (c->handed == 0)
		return ring_unacked(s->ring, c->fd);
	acked = atomic_load(&s->handover.board->slot[c->handed - 1].acked);
	return acked < c->out.sent_bytes ? c->out.sent_bytes - acked : 0;
}

bool connection_is_lost(const struct server *s, const struct connection *c)
{
	return c->handed != 0 && atomic_load(&s->handover.board->slot[c->handed - 1].lost);
}

struct arrival connection_arrived(struct server *s, const struct connection *c)
{
	return c->deaf ? c->arrived : outqueue_arrived(&c->out, connection_unacked(s, c));
}

bool connection_stands_still(const struct server *s, const struct connection *c)
{
	return c->sending && s->now_ms - c->since_ms >= STILL_MS;
}

/* -- ending ------------------------------------------------------------------------------------- */

void connection_leave_feed(struct server *s, struct connection *c, const char *text, size_t len)
{
	const struct feed *f = c->out.reader.feed;
	uint32_t index = c->out.reader.index;

	watched_moved(s, f, outqueue_leave_feed(&c->out, text, len), index);
}

/* It may contain a password. */
void connection_drop_stash(struct connection *c)
{
	if (c->stash.data == NULL)
		return;
	explicit_bzero(c->stash.data, c->stash.len);
	free(c->stash.data);
	c->stash.data = NULL;
}

void connection_drain(struct server *s, struct connection *c)
{
	c->state = CONNECTION_DRAINING;
	c->drain_ms = s->now_ms;
	c->ignored = 0;
	connection_drop_stash(c);
	outqueue_hold(&c->out, false);
	connection_mark_dirty(s, c);
	server_expect_sweep(s);
}

void connection_shut(struct server *s, struct connection *c)
{
	if (c->state == CONNECTION_LINGERING)
		s->conns.nlingering--;
	c->state = CONNECTION_DEAD;
	connection_leave_feed(s, c, NULL, 0);
	watched_drop(s, c);
	ring_shutdown(s->ring, c->fd, SHUT_RDWR);
}
