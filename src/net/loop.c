/*
 * The loop: completions in, events to the core, effects out.
 *
 * Owns the server, and the order within a turn, which matters: input first, then what the store has
 * finished, then time, and sends last, so that everything that became visible in the turn goes out
 * in one send per connection.
 */

#include "chatd/net/loop.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/cluster/engine.h"
#include "chatd/core/chat.h"
#include "chatd/net/act_events.h"
#include "chatd/net/receive.h"
#include "chatd/net/send.h"
#include "chatd/net/display.h"
#include "chatd/net/server.h"
#include "chatd/net/watched.h"
#include "chatd/net/sweep.h"
#include "chatd/net/teardown.h"

enum {
	JOIN_TURNS_MAX = 100,  /* at the end: waits for operations still in flight */
	JOIN_WAIT_MS = 10,     /* the length of one such wait */
	STOP_ACKS_MS = 100,    /* the longest wait, on shutdown, for acknowledgements of what was
	                        * sent */
	STOP_LOOK_MS = 10,     /* the time between two checks for them */
	CLOCK_BACK_LOG_MS = 60000, /* a step back of the host's clock that is worth logging */
};

/* -- completions ------------------------------------------------------------------------------- */

static void on_poll(struct server *s, const struct ring_completion *done)
{
	struct loop_source *w = &s->watches[done->slot];

	if (!done->more)
		ring_poll(s->ring, done->slot, 1, w->fd);
	/* The writer's eventfd has woken this turn, which asks the writer anyway. */
	if (w->ready != NULL)
		w->ready(w->ctx);
}

static void on_proxied(struct server *s, const struct ring_completion *done)
{
	struct proxied_peer peer;

	if (proxied_received(s, done, &peer)) {
		accept_proxied(s, &peer);
		proxied_release(&peer);
	}
	if (done->data != NULL)
		ring_buffer_return(s->ring, done->buffer, done->res > 0 ? (size_t)done->res : 0);
}

static void on_completion(struct server *s, const struct ring_completion *done)
{
	struct connection *c;

	if (done->op == RING_ACCEPT) {
		accept_done(s, done);
	} else if (done->op == RING_POLL) {
		on_poll(s, done);
	} else if (proxied_is(s, done)) {
		on_proxied(s, done);
	} else {
		/* A slot is not reused while anything of it is in flight. */
		c = &s->conns.slot[done->slot];
		assert(c->gen == done->gen && c->state != CONNECTION_FREE);
		if (done->op == RING_RECV)
			receive_done(s, c, done);
		else
			send_done(s, c, done->res);
		if (done->data != NULL)
			ring_buffer_return(s->ring, done->buffer, done->res > 0 ? (size_t)done->res : 0);
	}
}

/* -- what the store has finished --------------------------------------------------------------- */

static void on_store(struct server *s, struct writer_event *w)
{
	struct event e = {.kind = EVENT_STORED};

	switch (w->kind) {
	case WRITER_STORED:
		e.stored.seq = w->seq;
		s->effects.stored_seq = w->seq;
		effects_step(s, &e);
		acts_saved(s, w->seq);
		fanout_show(s, w->seq);
		break;
	case WRITER_FAILED:
		s->effects.store_failed = true;
		s->effects.store_full = false; /* the core is told again if it still is */
		e.kind = EVENT_STORE_FAILED;
		e.failure.reason = w->reason;
		e.failure.advice = w->advice;
		effects_step(s, &e);
		e.kind = EVENT_STORE_LOW;
		if (w->low)
			effects_step(s, &e);
		break;
	case WRITER_BACK:
		s->effects.store_failed = s->effects.store_full = false;
		e.kind = EVENT_STORE_BACK;
		if (!act_events_tell_away(s))
			effects_step(s, &e);
		break;
	case WRITER_CLOCK:
		e.kind = EVENT_STORE_CLOCK;
		e.doubted = w->low;
		effects_step(s, &e);
		break;
	case WRITER_NOTICE:
		e.kind = EVENT_NOTICE;
		e.notice = w->reason;
		effects_step(s, &e);
		break;
	case WRITER_ROWS:
		e.kind = EVENT_ROWS;
		e.conn = w->rows->conn;
		e.rows = w->rows;
		effects_step(s, &e);
		break;
	case WRITER_ROOM_EMPTY:
		e.kind = EVENT_ROOM_EMPTY;
		e.empty.room = w->room;
		e.empty.up_to_seq = w->seq;
		effects_step(s, &e);
		break;
	}
}

/* -- the turn ---------------------------------------------------------------------------------- */

static void wake_writer(struct server *s)
{
	int fds[WRITER_WAKE_MAX], n;

	n = writer_wake_fds(s->writer, fds);
	for (int i = 0; i < n; i++)
		ring_wake(s->ring, fds[i]);
}

static int64_t wait_ms(const struct server *s)
{
	int64_t chat_ms = chat_due_ms(s->chat), due_ms = s->sweep_ms;

	if (s->conns.dirty.n + s->conns.resuming.n > 0 || s->handover.more || s->acts.more)
		return 0;
	if (s->accepts.again_ms < due_ms)
		due_ms = s->accepts.again_ms;
	if (s->counters.due_ms < due_ms)
		due_ms = s->counters.due_ms;
	if (s->stop.begun && s->stop.end_ms < due_ms)
		due_ms = s->stop.end_ms;
	if (s->stop.asked && !s->stop.begun && s->now_ms + STOP_LOOK_MS < due_ms)
		due_ms = s->now_ms + STOP_LOOK_MS;
	if (chat_ms < due_ms)
		due_ms = chat_ms;
	if (due_ms == INT64_MAX)
		return -1;
	return due_ms <= s->now_ms ? 0 : due_ms - s->now_ms;
}

/* After loop_stop: true once everybody has received the goodbye, and everything is done and saved,
 * or the time for that is up. */
static bool finished(struct server *s)
{
	if (!s->stop.begun)
		return false;
	if (s->now_ms >= s->stop.end_ms) {
		if (s->conns.n > 0)
			log_warnx("closing %u connections that did not read their last lines in time",
			          s->conns.n);
		return true;
	}
	return s->conns.n == 0 && s->effects.stored_seq >= s->effects.given_seq && !chat_owes(s->chat);
}

/* What was just sent is acknowledged a little later: TCP delays acknowledgements (RFC 1122,
 * 4.2.3.2). */
static bool all_acknowledged(struct server *s)
{
	for (uint32_t i = 0; i < s->conns.top; i++)
		if (s->conns.slot[i].state == CONNECTION_OPEN && !s->conns.slot[i].deaf &&
		    connection_unacked(s, &s->conns.slot[i]) > 0)
			return false;
	return true;
}

static void stop(struct server *s)
{
	s->stop.begun = true;
	s->stop.end_ms = s->now_ms + STOP_MS_MAX;
	s->sweep_ms = s->now_ms + SWEEP_STOPPING_MS;
	accept_cancel(s);
	proxied_sweep(s);
	/* Before the goodbye, which would be more data in flight. */
	for (uint32_t i = 0; i < s->conns.top; i++)
		if (s->conns.slot[i].state == CONNECTION_OPEN)
			s->conns.slot[i].arrived = connection_arrived(s, &s->conns.slot[i]);
	effects_step(s, &(struct event){.kind = EVENT_STOP});
	for (uint32_t i = 0; i < s->conns.top; i++) {
		struct connection *c = &s->conns.slot[i];
		struct event e = {.kind = EVENT_CLOSED, .conn = {c->slot, c->gen},
		                  .closed.arrived = c->arrived};

		if (c->state != CONNECTION_OPEN)
			continue;
		effects_step(s, &e);
		connection_drain(s, c);
	}
}

/* If a turn comes late, because of SIGSTOP or because the machine did not run us, at most
 * LATE_MS_MAX of that time counts: nobody could send or read meanwhile, so nobody should be
 * punished for it. */
static void read_clocks(struct server *s, int64_t may_wait_ms)
{
	int64_t mono_ms = ring_mono_ms(s->ring), wall_ms = ring_wall_ms(s->ring);
	int64_t passed_ms = mono_ms - s->mono_ms, counts_ms = passed_ms;
	int64_t back_ms = s->wall_ms + passed_ms - wall_ms;

	if (may_wait_ms >= 0 && passed_ms > may_wait_ms + LATE_MS_MAX)
		counts_ms = may_wait_ms + LATE_MS_MAX;
	if (back_ms >= CLOCK_BACK_LOG_MS)
		log_warnx("the host's clock was set back by %" PRId64 " s; new lines keep their order by "
		          "number, but their times are earlier than those of lines before them",
		          back_ms / 1000);
	s->now_ms += counts_ms;
	s->mono_ms = mono_ms;
	s->wall_ms = wall_ms;
}

bool loop_turn(struct server *s)
{
	struct ring_completion done;
	struct writer_event w;
	int64_t may_wait_ms;

	/* No time has passed since it was asked for. */
	if (s->stop.asked && s->stop.acks_ms == INT64_MAX)
		s->stop.acks_ms = s->now_ms + STOP_ACKS_MS;
	if (s->stop.asked && !s->stop.begun && (s->now_ms >= s->stop.acks_ms || all_acknowledged(s)))
		stop(s);
	if (finished(s))
		return false;
	may_wait_ms = wait_ms(s);
	if (!ring_wait(s->ring, may_wait_ms)) {
		log_err("%s takes no more operations", ring_io_name(ring_io(s->ring)));
		return false;
	}
	read_clocks(s, may_wait_ms);
	counters_turn_begins(s);
	while (ring_next(s->ring, &done))
		on_completion(s, &done);
	while (writer_next(s->writer, &w)) {
		on_store(s, &w);
		writer_event_release(&w);
	}
	s->acts.more = act_events_turn(s);
	if (chat_due_ms(s->chat) <= s->now_ms)
		effects_step(s, &(struct event){.kind = EVENT_TICK});
	if (s->accepts.again_ms <= s->now_ms)
		accept_all(s);
	if (s->handover.more)
		accept_handed(s);
	receive_relieve(s);
	receive_offer_again(s);
	receive_feed_starved(s);
	if (s->sweep_ms <= s->now_ms)
		sweep_all(s);
	/* Before the sends, so that the writer runs while they are made: both engines work in this
	 * order. */
	wake_writer(s);
	acts_wake(s);
	send_flush(s);
	counters_turn_ends(s);
	return true;
}

/* -- life -------------------------------------------------------------------------------------- */

struct server *loop_new(const struct server_options *o, struct ring *ring, struct chat *chat,
                        struct writer *writer, const struct listener *listeners,
                        uint32_t nlisteners)
{
	struct server *s = mem_zero(1, sizeof *s);

	s->ring = ring;
	s->chat = chat;
	s->writer = writer;
	s->listeners = listeners;
	s->nlisteners = nlisteners;
	s->send_timeout_s = o->send_timeout_s;
	connections_init(&s->conns, o->connections_max);
	proxied_init(s);
	fanout_init(&s->fanout, o->connections_max, o->relaxed);
	s->sweep_ms = s->accepts.again_ms = s->stop.acks_ms = s->counters.due_ms = INT64_MAX;
	s->now_ms = s->mono_ms = ring_mono_ms(ring);
	s->wall_ms = ring_wall_ms(ring);
	loop_watch(s, writer_event_fd(writer), NULL, NULL);
	s->acts.engine = o->cluster.engine;
	s->acts.ready = o->cluster.ready;
	s->acts.ended = o->cluster.ended;
	s->acts.ctx = o->cluster.ctx;
	if (s->acts.engine != NULL) {
		loop_watch(s, engine_event_fd(s->acts.engine), NULL, NULL);
		act_events_tell_away(s);
	}
	assert(nlisteners <= LISTENERS_ALL_MAX);
	accept_all(s);
	return s;
}

void loop_watch(struct server *s, int fd, void (*ready)(void *ctx), void *ctx)
{
	assert(s->nwatches < WATCHES_MAX);
	s->watches[s->nwatches] = (struct loop_source){fd, ready, ctx};
	ring_poll(s->ring, s->nwatches++, 1, fd);
}

void loop_set_program(struct server *s, const struct server_program *p)
{
	s->requests.program = *p;
}

void loop_set_proxies(struct server *s, const char *blocks)
{
	proxied_trust(s, blocks);
}

static void on_handover(void *ctx)
{
	accept_handed(ctx);
}

void loop_set_handover(struct server *s, int socket, struct board *board, uint32_t nslots)
{
	s->handover.nslots = nslots;
	s->handover.socket = socket;
	s->handover.board = board;
	loop_watch(s, socket, on_handover, s);
}

void loop_set_vitals(struct server *s, struct vitals *v)
{
	counters_begin(s, v);
}

void loop_set_send_timeout(struct server *s, uint32_t seconds)
{
	s->send_timeout_s = seconds;
}

void loop_stop(struct server *s)
{
	s->stop.asked = true;
}

/* Waits until the kernel no longer reads from our memory. */
static void join(struct server *s)
{
	struct ring_completion done;

	s->stop.begun = true;
	for (uint32_t i = 0; i < s->conns.top; i++)
		if (s->conns.slot[i].state != CONNECTION_FREE) {
			teardown_kill(s, &s->conns.slot[i], NULL);
			teardown_advance(s, &s->conns.slot[i]);
		}
	proxied_sweep(s);
	for (int turns = 0; s->conns.n + s->proxies.nslots > 0 && turns < JOIN_TURNS_MAX; turns++) {
		if (!ring_wait(s->ring, JOIN_WAIT_MS))
			break;
		while (ring_next(s->ring, &done))
			on_completion(s, &done);
	}
}

void loop_free(struct server *s)
{
	join(s);
	for (uint32_t i = 0; i < s->conns.top; i++) {
		display_free(&s->conns.slot[i]);
		watched_drop(s, &s->conns.slot[i]);
	}
	proxied_free(s);
	acts_release(&s->acts);
	connections_release(s);
	fanout_release(&s->fanout);
	requests_release(&s->requests);
	free(s->effects.refused);
	free(s);
}
