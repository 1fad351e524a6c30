/* The TLS process's loop. Owns its peers and the engine. */

#include "chatd/tls/endpoint.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/accept_error.h"
#include "chatd/base/bounds.h"
#include "chatd/base/clock.h"
#include "chatd/base/time_format.h"

enum {
	BEAT_MS = 1000,         /* with nothing to do: between two turns, whose time others watch */
	WARN_DAYS = 14,         /* before the end of the certificate */
	JOIN_TURNS_MAX = 100,   /* at the end: waits for operations still in flight, */
	JOIN_WAIT_MS = 10,      /* and the length of one such wait */
};

/* -- accepting --------------------------------------------------------------------------------- */

static void accept_one(struct endpoint *e, uint32_t n)
{
	e->accepting[n] = true;
	ring_accept(e->ring, n, 1, e->options.listeners[n / ACCEPTS_EACH].fd);
}

static void accept_all(struct endpoint *e)
{
	e->again_ms = INT64_MAX;
	for (uint32_t n = 0; n < e->options.nlisteners * ACCEPTS_EACH && !e->ending; n++)
		if (!e->accepting[n])
			accept_one(e, n);
}

static void accepted(struct endpoint *e, const struct ring_completion *done)
{
	e->accepting[done->slot] = false;
	if (done->res >= 0 && (e->ending || done->from.kind == ADDRESS_UNKNOWN)) {
		ring_close(e->ring, done->res);
	} else if (done->res >= 0) {
		peer_begin(e, done->res, done->slot / ACCEPTS_EACH, &done->from, done->port);
	} else if (!accept_error_is_over(-done->res) && !e->ending) {
		/* Out of descriptors, or something that does not pass by itself. */
		if (e->now_ms >= e->failed_ms) {
			log_warnx("TLS: cannot accept connections: %s; trying again", strerror(-done->res));
			e->failed_ms = e->now_ms + FULL_LOG_MS;
		}
		e->again_ms = e->now_ms + ACCEPT_PAUSE_MS;
		return;
	}
	if (!e->ending)
		accept_one(e, done->slot);
}

/* -- the certificate --------------------------------------------------------------------------- */

/* Once a day the log says that the certificate expires soon. */
static void warn_of_end(struct endpoint *e)
{
	int64_t left_ms = e->engine.until_s * 1000 - ring_wall_ms(e->ring);
	char left[AGE_BYTES_MAX];

	if (e->noted_ms != 0 && e->now_ms - e->noted_ms < DAY_MS)
		return;
	e->noted_ms = e->now_ms;
	if (left_ms < 0)
		log_warnx("TLS: the certificate has expired; clients will refuse it");
	else if (left_ms < DAY_MS * WARN_DAYS)
		log_warnx("TLS: the certificate expires in %s", format_until(left, left_ms));
}

void endpoint_configure(struct endpoint *e, const struct endpoint_settings *s, const struct tls_engine *engine)
{
	e->settings = *s;
	e->gate.limits = s->limits;
	log_set_level(s->log_level);
	log_set_format(s->log_format);
	if (engine == NULL)
		return;
	tls_engine_release(&e->engine);
	e->engine = *engine;
	atomic_store(&e->options.board->until_s, engine->until_s);
	e->noted_ms = 0;
	warn_of_end(e);
}

/* -- the turn ---------------------------------------------------------------------------------- */

static int64_t wait_ms(const struct endpoint *e)
{
	int64_t due_ms = e->nused > 0 ? e->sweep_ms : e->now_ms + BEAT_MS;

	if (peers_wait(e))
		return 0;
	if (e->again_ms < due_ms)
		due_ms = e->again_ms;
	return due_ms > e->now_ms ? due_ms - e->now_ms : 0;
}

static void handle(struct endpoint *e, const struct ring_completion *done, bool *readable)
{
	if (done->op == RING_ACCEPT) {
		accepted(e, done);
	} else if (done->op == RING_POLL) {
		*readable = true;
		if (!done->more)
			ring_poll(e->ring, 0, 1, e->watched);
	} else {
		peer_done(e, done);
		if (done->data != NULL)
			ring_buffer_return(e->ring, done->buffer, done->res > 0 ? (size_t)done->res : 0);
	}
}

bool endpoint_turn(struct endpoint *e, bool *readable)
{
	struct ring_completion done;

	*readable = false;
	if (e->ending && e->nused == 0)
		return false;
	if (!ring_wait(e->ring, wait_ms(e))) {
		log_err("TLS: %s takes no more operations", ring_io_name(ring_io(e->ring)));
		return false;
	}
	e->now_ms = ring_mono_ms(e->ring);
	atomic_store_explicit(&e->options.board->beat_ms, e->now_ms, memory_order_relaxed);
	while (ring_next(e->ring, &done))
		handle(e, &done, readable);
	peers_shake_hands(e);
	if (e->again_ms <= e->now_ms)
		accept_all(e);
	if (e->sweep_ms <= e->now_ms) {
		peers_sweep(e);
		e->sweep_ms = e->now_ms + TLS_SWEEP_MS;
		warn_of_end(e);
	}
	return true;
}

/* -- life -------------------------------------------------------------------------------------- */

struct endpoint *endpoint_new(const struct endpoint_options *o, struct ring *ring)
{
	struct endpoint *e = mem_zero(1, sizeof *e);

	e->options = *o;
	e->ring = ring;
	e->npeers = o->nslots;
	e->peers = mem_zero(e->npeers, sizeof *e->peers);
	e->young = mem_zero(e->npeers, sizeof *e->young);
	e->queue = mem_zero(e->npeers, sizeof *e->queue);
	e->free_first = UINT32_MAX;
	for (uint32_t i = e->npeers; i-- > 0;) {
		e->peers[i] = (struct peer){.slot = i, .gen = 1, .client.fd = -1, .chat.fd = -1,
		                            .next_free = e->free_first};
		e->free_first = i;
	}
	e->now_ms = ring_mono_ms(ring);
	e->sweep_ms = e->now_ms + TLS_SWEEP_MS;
	assert(o->nlisteners <= LISTENERS_MAX);
	accept_all(e);
	return e;
}

void endpoint_watch(struct endpoint *e, int fd)
{
	e->watched = fd;
	ring_poll(e->ring, 0, 1, fd);
}

void endpoint_stop(struct endpoint *e)
{
	if (e->ending)
		return;
	e->ending = true;
	for (uint32_t n = 0; n < RING_ACCEPTS_MAX; n++)
		if (e->accepting[n])
			ring_cancel_accept(e->ring, n, 1);
}

void endpoint_free(struct endpoint *e)
{
	struct ring_completion done;
	bool readable;

	endpoint_stop(e);
	peers_end(e);
	for (int turns = 0; e->nused > 0 && turns < JOIN_TURNS_MAX; turns++) {
		if (!ring_wait(e->ring, JOIN_WAIT_MS))
			break;
		while (ring_next(e->ring, &done))
			handle(e, &done, &readable);
	}
	tls_engine_release(&e->engine);
	gate_release(&e->gate);
	free(e->peers);
	free(e->young);
	free(e->queue);
	free(e);
}
