/*
 * The life of a connection: accepted, read from, ended.
 *
 * Any code may mark a connection's end (server_kill, EFFECT_CLOSE); it is freed
 * in one place (conn_end), when the kernel has let go of it.
 */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/net/loop_state.h"

/* -- coming ------------------------------------------------------------------------------------ */

static void receive(struct server *s, struct connection *c)
{
	if (c->receiving || c->eof || c->state == CONNECTION_DEAD)
		return;
	c->receiving = true;
	ring_recv(s->ring, c->slot, c->gen, c->fd);
}

static struct connection *slot_take(struct server *s, uint32_t *first)
{
	struct connection *c;

	if (*first == UINT32_MAX)
		return NULL;
	c = &s->conns[*first];
	*first = c->next_free;
	s->nconns++;
	if (c->slot >= s->conns_top)
		s->conns_top = c->slot + 1;
	return c;
}

void server_slot_free(struct server *s, struct connection *c)
{
	uint32_t max = s->options.connections_max;
	uint32_t *first = c->slot < max                 ? &s->free_first
	                  : c->slot < max + CONTROL_SLOTS ? &s->control_first
	                                                  : &s->linger_first;

	c->next_free = *first;
	*first = c->slot;
}

/* Nothing came of it. */
static void slot_give_back(struct server *s, struct connection *c)
{
	c->fd = -1;
	c->state = CONNECTION_FREE;
	server_slot_free(s, c);
	s->nconns--;
}

/* A sentence, and an orderly end where there is a place for that, so that it is read. None of it
 * takes anything from those who may come. */
static void refuse(struct server *s, int fd, const char *text)
{
	struct connection *c = slot_take(s, &s->linger_first);

	if (c == NULL) {
		ring_refuse(s->ring, fd, text, strlen(text));
		return;
	}
	c->fd = fd;
	c->state = CONNECTION_OPEN;
	server_queue(s, c, text, strlen(text));
	server_ends(s, c);
	receive(s, c);
}

static void log_full(struct server *s)
{
	if (s->now_ms < s->full_ms)
		return;
	log_warnx("refusing connections: max_connections (%u) is reached; raise it, or look who holds "
	          "them", s->options.connections_max);
	s->full_ms = s->now_ms + FULL_LOG_MS;
}

/* Who has come over the unix socket l. False: nobody who may. */
static bool introduce(struct server *s, const struct listener *l, int fd, struct event *e)
{
	struct ring_peer peer;

	ring_peer(s->ring, fd, &peer);
	if (l->control) {
		e->connected.control = peer.known && peer.owns;
		return e->connected.control;
	}
	/* Root, too, is only somebody there: a proxy that runs as root passes strangers on. */
	if (peer.known && s->program.user != NULL)
		e->connected.user = s->program.user(s->program.ctx, peer.uid);
	return true;
}

/* Asks the core, which is where it is decided. The slot is only lent for that. */
static void admit(struct server *s, const struct listener *l, const struct ring_completion *done,
                  struct event *e)
{
	struct connection *c = slot_take(s, l->control ? &s->control_first : &s->free_first);
	char from[ADDRESS_BYTES_MAX];
	int fd = done->res;

	if (c == NULL && !l->control)
		log_full(s);
	if (c != NULL) {
		c->fd = fd;
		c->state = CONNECTION_OPEN;
		e->conn = server_id_of(c);
	}
	server_step(s, e);
	if (c != NULL && e->connected.refused != NULL)
		slot_give_back(s, c);
	address_show(&done->from, from);
	if (e->connected.refused != NULL) {
		log_debug("a connection from %s, port %u, is refused", from, done->port);
		refuse(s, fd, e->connected.refused);
	} else {
		log_debug("connection %u.%u from %s, port %u", c->slot, c->gen, from, done->port);
		receive(s, c);
	}
}

void server_accepted(struct server *s, const struct ring_completion *done)
{
	const struct listener *l = &s->listeners[done->slot / ACCEPTS_EACH];
	struct event e = {.kind = EVENT_CONNECTED, .connected.from = done->from};

	/* Where an address is not known, no ban and no limit of it would hold. */
	if (s->stopping || done->from.kind == ADDRESS_UNKNOWN) {
		ring_close(s->ring, done->res);
		return;
	}
	e.connected.token = ring_chance(s->ring);
	e.connected.chance = ring_chance(s->ring);
	if (done->from.kind == ADDRESS_HOST && !introduce(s, l, done->res, &e))
		refuse(s, done->res, "-- This socket is for root and for the user that chatd runs as.\n");
	else
		admit(s, l, done, &e);
}

/* -- input --------------------------------------------------------------------------------------- */

/* Gives bytes to the core; how many it took. */
static size_t offer(struct server *s, struct connection *c, const char *data, size_t len)
{
	struct event e = {.kind = EVENT_BYTES, .conn = server_id_of(c), .bytes = {.data = data, .len = len}};

	/* It hears what it has missed before it may go to another room. */
	if (outqueue_fell_behind(&c->out) && !c->sending)
		server_jump(s, c);
	else if (outqueue_fell_behind(&c->out))
		server_mind_slowness(s, c);
	server_step(s, &e);
	return e.bytes.taken;
}

static void stash(struct connection *c, const char *data, size_t len)
{
	c->stash.data = mem_alloc(len);
	memcpy(c->stash.data, data, len);
	c->stash.len = (uint32_t)len;
	c->stash.off = 0;
}

/* It may hold a password. */
void server_drop_stash(struct connection *c)
{
	if (c->stash.data == NULL)
		return;
	explicit_bzero(c->stash.data, c->stash.len);
	free(c->stash.data);
	c->stash.data = NULL;
}

static void wait_for_store(struct server *s, struct connection *c)
{
	if (!c->waiting)
		c->waits_ms = s->now_ms;
	c->waiting = true;
	server_expect_sweep(s);
	/* It may be in the list since an earlier life of its slot. */
	if (c->pressed)
		return;
	c->pressed = true;
	slots_add(&s->pressed, c->slot);
}

void server_offer(struct server *s, struct connection *c)
{
	if (c->state != CONNECTION_OPEN)
		return;
	if (c->stash.data != NULL && server_pressed(s)) {
		wait_for_store(s, c);
		return;
	}
	c->waiting = false;
	if (c->stash.data != NULL) {
		c->stash.off += (uint32_t)offer(s, c, c->stash.data + c->stash.off,
		                                c->stash.len - c->stash.off);
		if (c->stash.off < c->stash.len)
			return;
		server_drop_stash(c);
	}
	if (c->state == CONNECTION_OPEN)
		receive(s, c);
}

/* It ends; what it still sends is read so that the last lines are not cut off, but not for ever. */
static void ignore(struct server *s, struct connection *c, size_t len)
{
	c->ignored += (uint32_t)len;
	if (c->ignored <= ENDING_BYTES_MAX)
		receive(s, c);
	else if (c->state == CONNECTION_LINGERING)
		server_kill(s, c, NULL);
}

static void got_bytes(struct server *s, struct connection *c, const char *data, size_t len)
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
		receive(s, c);
}

void server_received(struct server *s, struct connection *c, const struct ring_completion *done)
{
	c->receiving = false;
	if (done->res == -ENOBUFS) {
		if (!c->starved && c->state != CONNECTION_DEAD) {
			c->starved = true;
			slots_add(&s->starved, c->slot);
		}
	} else if (done->res > 0) {
		got_bytes(s, c, done->data, (size_t)done->res);
	} else if (done->res == -EINTR || done->res == -EAGAIN) {
		receive(s, c);
	} else if (done->res < 0) {
		server_kill(s, c, "connection lost");
	} else {
		c->eof = true;
		if (c->state == CONNECTION_OPEN)
			server_step(s, &(struct event){.kind = EVENT_EOF, .conn = server_id_of(c),
			                               .closed.arrived = c->deaf ? c->arrived
			                                                         : (struct arrival){0}});
	}
	/* The stash goes on where the core asked for more meanwhile (RESUME is in the list). */
	server_drain(s, c);
}

/* -- going ----------------------------------------------------------------------------------------- */

/* The one place where a connection is freed. */
static void conn_end(struct server *s, struct connection *c)
{
	bool taken = c->slot < s->options.connections_max + CONTROL_SLOTS;
	struct event e = {.kind = EVENT_RELEASED, .conn = server_id_of(c)};

	assert(!c->receiving && !c->sending && c->out.reader.feed == NULL && c->out.pin_first == NULL);
	ring_close(s->ring, c->fd);
	log_debug("connection %u.%u closed", c->slot, c->gen);
	outqueue_release(&c->out);
	server_drop_stash(c);
	c->fd = -1;
	c->gen++;
	c->state = CONNECTION_FREE;
	c->eof = c->slow = c->deaf = c->waiting = c->dropped = false;
	c->out.sent_bytes = 0;
	outqueue_forget_marks(&c->out);
	c->told_ms = 0;
	server_slot_free(s, c);
	s->nconns--;
	if (taken)
		server_step(s, &e);
}

void server_leave_feed(struct server *s, struct connection *c, const struct effect *e)
{
	uint32_t index = c->out.reader.index;
	uint32_t moved = outqueue_leave_feed(&c->out, e != NULL ? e->text : NULL, e != NULL ? e->len : 0);

	if (moved != UINT32_MAX)
		s->conns[moved].out.reader.index = index;
}

static void shut(struct server *s, struct connection *c)
{
	if (c->state == CONNECTION_LINGERING)
		s->nlingering--;
	c->state = CONNECTION_DEAD;
	server_leave_feed(s, c, NULL);
	ring_shutdown(s->ring, c->fd, SHUT_RDWR);
}

void server_kill(struct server *s, struct connection *c, const char *reason)
{
	bool known = c->state == CONNECTION_OPEN;
	struct arrival arrived = {0};

	if (c->state == CONNECTION_DEAD || c->state == CONNECTION_FREE)
		return;
	if (known)
		arrived = server_arrived(s, c);
	shut(s, c);
	if (known)
		server_step(s, &(struct event){.kind = EVENT_CLOSED, .conn = server_id_of(c),
		                               .closed = {reason, arrived}});
}

void server_ends(struct server *s, struct connection *c)
{
	c->state = CONNECTION_DRAINING;
	c->drain_ms = s->now_ms;
	c->ignored = 0;
	server_drop_stash(c);
	server_dirty(s, c);
	server_expect_sweep(s);
}

void server_drain(struct server *s, struct connection *c)
{
	if (c->state == CONNECTION_DRAINING && !c->sending && !outqueue_has_output(&c->out)) {
		if (c->eof || c->dropped) {
			shut(s, c);
		} else {
			/* Closing with input unread would cut off what was sent: RFC 1122, 4.2.2.13. */
			ring_shutdown(s->ring, c->fd, SHUT_WR);
			c->state = CONNECTION_LINGERING;
			c->since_ms = s->now_ms;
			s->nlingering++;
			server_expect_sweep(s);
			receive(s, c);
		}
	}
	if (c->state == CONNECTION_LINGERING && c->eof)
		shut(s, c);
	if (c->state == CONNECTION_DEAD && !c->receiving && !c->sending)
		conn_end(s, c);
}

void server_expect_sweep(struct server *s)
{
	if (s->sweep_ms == INT64_MAX)
		s->sweep_ms = s->now_ms + (s->stopping ? SWEEP_STOPPING_MS : SWEEP_MS);
}

/* Whose lines have been waiting for the disk for so long that silence would puzzle. */
static void tell_waiting(struct server *s)
{
	/* The sweep may just have made room. */
	if (!server_pressed(s))
		return;
	for (uint32_t i = 0; i < s->pressed.n; i++) {
		struct connection *c = &s->conns[s->pressed.slot[i]];

		if (c->state != CONNECTION_OPEN || !c->waiting || s->now_ms - c->waits_ms < STORE_WAIT_MS ||
		    (c->told_ms != 0 && s->now_ms - c->told_ms < STORE_WAIT_AGAIN_MS))
			continue;
		c->told_ms = s->now_ms;
		server_step(s, &(struct event){.kind = EVENT_WAITS, .conn = server_id_of(c)});
	}
}

/* Fewer places are left than the core keeps for others (FULL_FREE_PARTS). */
static bool is_nearly_full(const struct server *s)
{
	uint32_t max = s->options.connections_max, held = 0;

	for (uint32_t i = 0; i < max && i < s->conns_top; i++)
		held += s->conns[i].state != CONNECTION_FREE;
	return held + (max + FULL_FREE_PARTS - 1) / FULL_FREE_PARTS >= max;
}

/* It has had its time for its last lines; less where others need the place. (Those that were refused
 * hold none of theirs.) */
static bool drains_too_long(const struct server *s, const struct connection *c, bool full)
{
	bool needed = c->dropped || (full && c->slot < s->options.connections_max);

	return c->state == CONNECTION_DRAINING &&
	       s->now_ms - c->drain_ms > (needed ? DRAIN_DROPPED_MS : DRAIN_MS_MAX);
}

void server_sweep(struct server *s)
{
	int64_t send_timeout_ms = (int64_t)s->options.send_timeout_s * 1000;
	int64_t linger_ms = s->stopping ? LINGER_STOPPING_MS : LINGER_MS;
	bool full = is_nearly_full(s);

	server_settle(s);
	tell_waiting(s);
	for (uint32_t i = 0; i < s->conns_top; i++) {
		struct connection *c = &s->conns[i];
		int64_t age_ms = s->now_ms - c->since_ms;

		if (c->state == CONNECTION_LINGERING && age_ms > linger_ms) {
			shut(s, c);
			server_drain(s, c);
		} else if (c->sending && c->state != CONNECTION_DEAD && age_ms > send_timeout_ms) {
			log_info("connection %u.%u took nothing for %u s: closing it", c->slot, c->gen,
			         s->options.send_timeout_s);
			server_kill(s, c, "connection too slow");
		} else if (drains_too_long(s, c, full)) {
			log_info("connection %u.%u takes its last lines too slowly: closing it", c->slot,
			         c->gen);
			server_kill(s, c, NULL);
			server_drain(s, c);
		} else if (c->state != CONNECTION_FREE && !c->sending && outqueue_has_output(&c->out)) {
			/* A send that the kernel had no memory for. */
			server_dirty(s, c);
		}
	}
	s->sweep_ms = INT64_MAX;
	if (s->nsending + s->nlingering + s->unsettled.n + s->pressed.n > 0)
		server_expect_sweep(s);
}
