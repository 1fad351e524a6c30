/*
 * Input. Owns the stashes: what was received and cannot be taken yet.
 */

#include "chatd/net/receive.h"

#include <errno.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/net/send.h"
#include "chatd/net/server.h"
#include "chatd/net/teardown.h"

/* Gives bytes to the core; returns how many it took. */
static size_t offer(struct server *s, struct connection *c, const char *data, size_t len)
{
	struct event e = {.kind = EVENT_BYTES, .conn = connection_id(c),
	                  .bytes = {.data = data, .len = len}};

	/* It must learn what it has missed before it may go to another room. */
	send_catch_up(s, c);
	effects_step(s, &e);
	return e.bytes.taken;
}

static void stash(struct connection *c, const char *data, size_t len)
{
	c->stash.data = mem_alloc(len);
	memcpy(c->stash.data, data, len);
	c->stash.len = (uint32_t)len;
	c->stash.off = 0;
}

static void wait_for_store(struct server *s, struct connection *c)
{
	if (!c->wait.on)
		c->wait.since_ms = s->now_ms;
	c->wait.on = true;
	server_expect_sweep(s);
	/* It may be in the list from an earlier life of its slot. */
	if (c->pressed)
		return;
	c->pressed = true;
	slots_add(&s->conns.pressed, c->slot);
}

/* Offers c's stash, and receives more if all of it is taken. */
static void offer_stash(struct server *s, struct connection *c)
{
	if (c->state != CONNECTION_OPEN)
		return;
	if (c->stash.data != NULL && server_pressed(s)) {
		wait_for_store(s, c);
		return;
	}
	c->wait.on = false;
	if (c->stash.data != NULL) {
		c->stash.off += (uint32_t)offer(s, c, c->stash.data + c->stash.off,
		                                c->stash.len - c->stash.off);
		if (c->stash.off < c->stash.len)
			return;
		connection_drop_stash(c);
	}
	if (c->state == CONNECTION_OPEN)
		connection_receive(s, c);
}

/* -- what comes -------------------------------------------------------------------------------- */

/* c is ending: what it still sends is read so that its last lines are not cut off, but not
 * forever. */
static void ignore(struct server *s, struct connection *c, size_t len)
{
	c->ignored += (uint32_t)len;
	if (c->ignored <= ENDING_BYTES_MAX)
		connection_receive(s, c);
	else if (c->state == CONNECTION_LINGERING)
		teardown_kill(s, c, NULL);
}

void receive_bytes(struct server *s, struct connection *c, const char *data, size_t len)
{
	size_t taken;

	if (c->state != CONNECTION_OPEN) {
		ignore(s, c, len);
		return;
	}
	if (server_pressed(s)) {
		stash(c, data, len);
		wait_for_store(s, c);
		return;
	}
	taken = offer(s, c, data, len);
	if (taken < len)
		stash(c, data + taken, len - taken);
	else if (c->state == CONNECTION_OPEN || c->state == CONNECTION_DRAINING)
		connection_receive(s, c);
}

void receive_done(struct server *s, struct connection *c, const struct ring_completion *done)
{
	c->receiving = false;
	if (done->res == -ENOBUFS) {
		if (!c->starved && c->state != CONNECTION_DEAD) {
			c->starved = true;
			slots_add(&s->conns.starved, c->slot);
		}
	} else if (done->res > 0) {
		receive_bytes(s, c, done->data, (size_t)done->res);
	} else if (done->res == -EINTR || done->res == -EAGAIN) {
		connection_receive(s, c);
	} else if (done->res < 0 || connection_is_lost(s, c)) {
		teardown_kill(s, c, "connection lost");
	} else {
		c->eof = true;
		if (c->state == CONNECTION_OPEN)
			effects_step(s, &(struct event){.kind = EVENT_EOF, .conn = connection_id(c),
			                                .closed.arrived = c->deaf ? c->arrived
			                                                          : (struct arrival){0}});
	}
	/* The stash goes on if the core has asked for more meanwhile (RESUME puts it in the
	 * list). */
	teardown_advance(s, c);
}

/* -- once a turn ------------------------------------------------------------------------------- */

void receive_relieve(struct server *s)
{
	struct slots *pressed = &s->conns.pressed;

	if (pressed->n == 0 || server_pressed(s))
		return;
	for (uint32_t i = 0; i < pressed->n; i++) {
		s->conns.slot[pressed->slot[i]].pressed = false;
		connection_resume(s, &s->conns.slot[pressed->slot[i]]);
	}
	pressed->n = 0;
}

void receive_offer_again(struct server *s)
{
	/* Connections that join the list meanwhile wait for the next turn, so that none holds up
	 * the others. */
	uint32_t n = s->conns.resuming.n;

	for (uint32_t i = 0; i < n; i++) {
		struct connection *c = &s->conns.slot[s->conns.resuming.slot[i]];

		c->resuming = false;
		offer_stash(s, c);
	}
	slots_drop(&s->conns.resuming, n);
}

void receive_feed_starved(struct server *s)
{
	/* All buffers of this turn have been returned. */
	for (uint32_t i = 0; i < s->conns.starved.n; i++) {
		struct connection *c = &s->conns.slot[s->conns.starved.slot[i]];

		c->starved = false;
		if (c->state != CONNECTION_FREE && c->stash.data == NULL)
			connection_receive(s, c);
	}
	s->conns.starved.n = 0;
}

void receive_tell_waiting(struct server *s)
{
	/* The sweep may just have made room. */
	if (!server_pressed(s))
		return;
	for (uint32_t i = 0; i < s->conns.pressed.n; i++) {
		struct connection *c = &s->conns.slot[s->conns.pressed.slot[i]];

		if (c->state != CONNECTION_OPEN || !c->wait.on || s->now_ms - c->wait.since_ms < STORE_WAIT_MS ||
		    (c->wait.told_ms != 0 && s->now_ms - c->wait.told_ms < STORE_WAIT_AGAIN_MS))
			continue;
		c->wait.told_ms = s->now_ms;
		effects_step(s, &(struct event){.kind = EVENT_WAITS, .conn = connection_id(c)});
	}
}
