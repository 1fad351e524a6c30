/*
 * Accepting. Admission comes before allocation: a slot is only lent until the core has said whether
 * to admit the connection.
 */

#include "chatd/net/accept.h"

#include <string.h>

#include "chatd/base/accept_error.h"
#include "chatd/base/bounds.h"
#include "chatd/base/guard.h"
#include "chatd/base/log.h"
#include "chatd/net/receive.h"
#include "chatd/net/server.h"

/* -- the accepts ------------------------------------------------------------------------------- */

static void accept_one(struct server *s, uint32_t n)
{
	s->accepts.out[n] = true;
	ring_accept(s->ring, n, 1, s->listeners[n / ACCEPTS_EACH].fd);
}

void accept_all(struct server *s)
{
	s->accepts.again_ms = INT64_MAX;
	for (uint32_t n = 0; n < s->nlisteners * ACCEPTS_EACH && !s->stop.begun; n++)
		if (!s->accepts.out[n])
			accept_one(s, n);
}

void accept_cancel(struct server *s)
{
	for (uint32_t n = 0; n < RING_ACCEPTS_MAX; n++)
		if (s->accepts.out[n])
			ring_cancel_accept(s->ring, n, 1);
}

/* -- who comes --------------------------------------------------------------------------------- */

/* Sends a sentence, and closes cleanly if there is a slot for that, so that the peer can read it.
 * None of this takes anything from connections that are admitted. */
static void refuse(struct server *s, int fd, enum refusal why, const char *text)
{
	struct connection *c = connections_take(&s->conns, &s->conns.linger_first);

	s->counters.refused[why]++;
	if (c == NULL) {
		ring_refuse(s->ring, fd, text, strlen(text));
		return;
	}
	c->fd = fd;
	c->state = CONNECTION_OPEN;
	connection_queue(s, c, &(struct effect){.text = text, .len = strlen(text)});
	connection_drain(s, c);
	connection_receive(s, c);
}

static void log_full(struct server *s)
{
	if (s->now_ms < s->accepts.full_ms)
		return;
	log_warnx("refusing connections: max_connections (%u) is reached; raise it, or find out who "
	          "holds them", s->conns.max);
	s->accepts.full_ms = s->now_ms + FULL_LOG_MS;
}

/* Finds out who connected over the unix socket l. False: somebody who may not. */
static bool introduce(struct server *s, const struct listener *l, int fd, struct event *e)
{
	const struct server_program *program = &s->requests.program;
	struct ring_peer peer;

	ring_peer(s->ring, fd, &peer);
	if (l->control) {
		e->connected.control = peer.known && peer.owns;
		return e->connected.control;
	}
	/* Root has no privileges there: a proxy that runs as root passes strangers on. */
	if (peer.known && program->user != NULL)
		e->connected.user = program->user(program->ctx, peer.uid);
	return true;
}

/* Asks the core, which decides. The slot is only lent for that. Returns the connection, which receives
 * nothing yet; NULL: it is refused. */
static struct connection *admit(struct server *s, int fd, uint16_t port, struct event *e)
{
	struct connection *c = connections_take(&s->conns, e->connected.control ? &s->conns.control_first
	                                                                        : &s->conns.free_first);
	char from[ADDRESS_BYTES_MAX];

	if (c == NULL && !e->connected.control)
		log_full(s);
	if (c != NULL) {
		c->fd = fd;
		c->state = CONNECTION_OPEN;
		e->conn = connection_id(c);
	}
	e->connected.token = ring_random(s->ring);
	e->connected.seed = ring_random(s->ring);
	effects_step(s, e);
	if (c != NULL && e->connected.refused != NULL)
		connections_give_back(&s->conns, c);
	address_show(&e->connected.from, from);
	if (e->connected.refused != NULL) {
		log_debug("refused a connection from %s, port %u", from, port);
		refuse(s, fd, e->connected.why, e->connected.refused);
		return NULL;
	}
	s->counters.admitted++;
	log_debug("connection %u.%u from %s, port %u", c->slot, c->gen, from, port);
	return c;
}

static void accepted(struct server *s, const struct ring_completion *done)
{
	uint32_t listener = done->slot / ACCEPTS_EACH;
	const struct listener *l = &s->listeners[listener];
	struct event e = {.kind = EVENT_CONNECTED, .connected = {.from = done->from, .telnet = l->telnet}};
	const char *refused = NULL;
	enum refusal why = l->proxy ? REFUSAL_PROXY : REFUSAL_CONTROL;
	struct connection *c;

	/* No ban and no limit would apply to an unknown address. */
	if (s->stop.begun || done->from.kind == ADDRESS_UNKNOWN) {
		ring_close(s->ring, done->res);
		return;
	}
	if (l->proxy)
		refused = proxied_begin(s, listener, done);
	else if (done->from.kind == ADDRESS_HOST && !introduce(s, l, done->res, &e))
		refused = "-- Only root and the user that chatd runs as may use this socket.\n";
	else if ((c = admit(s, done->res, done->port, &e)) != NULL)
		connection_receive(s, c);
	if (refused != NULL)
		refuse(s, done->res, why, refused);
}

/* Of what its header says, only the address is believed. */
void accept_proxied(struct server *s, const struct proxied_peer *peer)
{
	struct event e = {
		.kind = EVENT_CONNECTED,
		.connected = {.from = peer->from, .telnet = s->listeners[peer->listener].telnet},
	};
	struct connection *c;

	if (peer->refused != NULL) {
		refuse(s, peer->fd, REFUSAL_PROXY, peer->refused);
		return;
	}
	c = admit(s, peer->fd, peer->port, &e);
	if (c != NULL && peer->len > 0)
		receive_bytes(s, c, peer->data, peer->len);
	else if (c != NULL)
		connection_receive(s, c);
}

/* One that was handed over, whose handshake is done. */
static void accept_one_handed(struct server *s, int fd, const struct handed *h)
{
	struct event e = {
		.kind = EVENT_CONNECTED,
		.connected = {
			.from = h->from, .telnet = h->telnet, .tls = true, .cert = h->certified ? &h->cert : NULL,
		},
	};
	struct connection *c;

	if (s->stop.begun) {
		ring_close(s->ring, fd);
		return;
	}
	c = admit(s, fd, h->port, &e);
	if (c != NULL) {
		c->handed = h->slot + 1;
		connection_receive(s, c);
	}
}

void accept_handed(struct server *s)
{
	char text[HANDOVER_BYTES_MAX];
	struct handed h;
	int fd;

	/* The others come in the next turn. */
	for (int n = 0; n < HANDED_PER_TURN_MAX; n++) {
		switch (handover_receive(s->handover.socket, s->handover.nslots, &fd, &h, text)) {
		case HANDOVER_CONNECTION:
			accept_one_handed(s, fd, &h);
			break;
		case HANDOVER_NOTICE:
			guard_text(text, strlen(text));
			if (slow_bucket_take_log(&s->handover.notices, s->now_ms))
				effects_step(s, &(struct event){.kind = EVENT_NOTICE, .notice = text});
			break;
		case HANDOVER_INVALID:
			break;
		case HANDOVER_NONE:
		case HANDOVER_END:
			s->handover.more = false;
			return;
		}
	}
	s->handover.more = true;
}

void accept_done(struct server *s, const struct ring_completion *done)
{
	s->accepts.out[done->slot] = false;
	if (done->res >= 0) {
		accepted(s, done);
	} else if (!accept_error_is_over(-done->res)) {
		if (s->now_ms >= s->accepts.failed_ms) {
			log_warnx("cannot accept connections: %s; trying again", strerror(-done->res));
			s->accepts.failed_ms = s->now_ms + FULL_LOG_MS;
		}
		s->accepts.again_ms = s->now_ms + ACCEPT_PAUSE_MS;
		return;
	}
	if (!s->stop.begun)
		accept_one(s, done->slot);
}
