/*
 * The loop: completions in, events to the core, effects out, one submit a turn.
 *
 * Owns connections, feeds and the lists of what is to be done this turn. The
 * order within a turn matters: input first, then what the store has finished,
 * then time, and sends last, so that all that became visible in the turn goes
 * out in one send for each connection.
 */

#include "chatd/net/loop.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/net/loop_state.h"

enum {
	JOIN_TURNS_MAX = 100,  /* at the end: looks for what is still in flight */
	JOIN_WAIT_MS = 10,     /* and how long one waits */
	STOP_ACKS_MS = 100,    /* that the end waits at most for what was sent to be acknowledged, */
	STOP_LOOK_MS = 10,     /* and between two looks */
	CLOCK_BACK_LOG_MS = 60000, /* by which the host's clock is set back at once: worth a word */
};

bool server_behind(const struct server *s)
{
	return s->given_seq - s->stored_seq >= UNSTORED_HIGH || writer_pressed(s->writer);
}

bool server_pressed(const struct server *s)
{
	/* While nothing can be saved the core refuses lines with a word; to leave them
	 * unread would be to leave people without it. */
	return (!s->store_failed && server_behind(s)) || s->logs.bytes > s->logs.max ||
	       s->queues.bytes > s->queues.max;
}

/* -- completions ---------------------------------------------------------------------------------- */

/* Each listener has ACCEPTS_EACH of them, numbered in the order of the listeners. */
static void accept_one(struct server *s, uint32_t n)
{
	s->accepting[n] = true;
	ring_accept(s->ring, n, 1, s->listeners[n / ACCEPTS_EACH].fd);
}

static void accept_all(struct server *s)
{
	s->accept_ms = INT64_MAX;
	for (uint32_t n = 0; n < s->nlisteners * ACCEPTS_EACH && !s->stopping; n++)
		if (!s->accepting[n])
			accept_one(s, n);
}

static void on_accept(struct server *s, const struct ring_completion *done)
{
	s->accepting[done->slot] = false;
	if (done->res >= 0) {
		server_accepted(s, done);
	} else if (done->res == -EMFILE || done->res == -ENFILE || done->res == -ENOBUFS ||
	           done->res == -ENOMEM) {
		if (s->now_ms >= s->no_accept_ms) {
			log_warnx("cannot accept connections: %s; trying again", strerror(-done->res));
			s->no_accept_ms = s->now_ms + FULL_LOG_MS;
		}
		s->accept_ms = s->now_ms + ACCEPT_PAUSE_MS;
		return;
	}
	/* -ECONNABORTED and the like are the peer's affair. */
	if (!s->stopping)
		accept_one(s, done->slot);
}

static void on_poll(struct server *s, const struct ring_completion *done)
{
	struct watch *w = &s->watches[done->slot];

	if (!done->more)
		ring_poll(s->ring, done->slot, 1, w->fd);
	/* The writer's own has woken the turn, which asks it anyway. */
	if (w->ready != NULL)
		w->ready(w->ctx);
}

static void on_completion(struct server *s, const struct ring_completion *done)
{
	struct connection *c;

	if (done->op == RING_ACCEPT) {
		on_accept(s, done);
	} else if (done->op == RING_POLL) {
		on_poll(s, done);
	} else {
		/* A slot is not used again while anything of it is in flight. */
		c = &s->conns[done->slot];
		assert(c->gen == done->gen && c->state != CONNECTION_FREE);
		if (done->op == RING_RECV)
			server_received(s, c, done);
		else
			server_sent(s, c, done->res);
		if (done->data != NULL)
			ring_buffer_return(s->ring, done->buffer, done->res > 0 ? (size_t)done->res : 0);
	}
}

/* -- what the store has finished -------------------------------------------------------------------- */

static void on_store(struct server *s, struct writer_event *w)
{
	struct event e = {.kind = EVENT_STORED};

	switch (w->kind) {
	case WRITER_STORED:
		e.stored.seq = w->seq;
		s->stored_seq = w->seq;
		server_step(s, &e);
		server_show(s, w->seq);
		break;
	case WRITER_FAILED:
		s->store_failed = true;
		s->store_full = false; /* the core hears it again, where it is so */
		e.kind = EVENT_STORE_FAILED;
		e.reason = w->reason;
		server_step(s, &e);
		e.kind = EVENT_STORE_LOW;
		if (w->low)
			server_step(s, &e);
		break;
	case WRITER_BACK:
		s->store_failed = s->store_full = false;
		e.kind = EVENT_STORE_BACK;
		server_step(s, &e);
		break;
	case WRITER_CLOCK:
		e.kind = EVENT_STORE_CLOCK;
		e.doubted = w->low;
		server_step(s, &e);
		break;
	case WRITER_NOTICE:
		e.kind = EVENT_STORE_NOTICE;
		e.reason = w->reason;
		server_step(s, &e);
		break;
	case WRITER_ROWS:
		e.kind = EVENT_ROWS;
		e.conn = w->rows->conn;
		e.rows = w->rows;
		server_step(s, &e);
		break;
	case WRITER_ROOM_EMPTY:
		e.kind = EVENT_ROOM_EMPTY;
		e.empty.room = w->room;
		e.empty.up_to_seq = w->seq;
		server_step(s, &e);
		break;
	}
}

/* -- the turn ---------------------------------------------------------------------------------------- */

/* Offers the stash of each connection in the list; those that come into it
 * meanwhile wait for the next turn, so that nobody holds up the others. */
static void offer_again(struct server *s)
{
	uint32_t n = s->resuming.n;

	for (uint32_t i = 0; i < n; i++) {
		struct connection *c = &s->conns[s->resuming.slot[i]];

		c->resuming = false;
		server_offer(s, c);
	}
	slots_drop(&s->resuming, n);
}

static void relieve(struct server *s)
{
	if (s->pressed.n == 0 || server_pressed(s))
		return;
	for (uint32_t i = 0; i < s->pressed.n; i++) {
		s->conns[s->pressed.slot[i]].pressed = false;
		server_resume(s, &s->conns[s->pressed.slot[i]]);
	}
	s->pressed.n = 0;
}

/* All buffers of this turn have come home. */
static void feed_starved(struct server *s)
{
	for (uint32_t i = 0; i < s->starved.n; i++) {
		struct connection *c = &s->conns[s->starved.slot[i]];

		c->starved = false;
		if (c->state != CONNECTION_FREE && c->state != CONNECTION_DEAD && c->stash.data == NULL &&
		    !c->receiving && !c->eof) {
			c->receiving = true;
			ring_recv(s->ring, c->slot, c->gen, c->fd);
		}
	}
	s->starved.n = 0;
}

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

	if (s->dirty.n + s->resuming.n > 0)
		return 0;
	if (s->accept_ms < due_ms)
		due_ms = s->accept_ms;
	if (s->stopping && s->stop_ms < due_ms)
		due_ms = s->stop_ms;
	if (s->stop_asked && !s->stopping && s->now_ms + STOP_LOOK_MS < due_ms)
		due_ms = s->now_ms + STOP_LOOK_MS;
	if (chat_ms < due_ms)
		due_ms = chat_ms;
	if (due_ms == INT64_MAX)
		return -1;
	return due_ms <= s->now_ms ? 0 : due_ms - s->now_ms;
}

/* After server_stop: true once everybody has got the farewell, and all is done and saved,
 * or the time for that is over. */
static bool finished(struct server *s)
{
	if (!s->stopping)
		return false;
	if (s->now_ms >= s->stop_ms) {
		if (s->nconns > 0)
			log_warnx("%u connections took no farewell in time", s->nconns);
		return true;
	}
	return s->nconns == 0 && s->stored_seq >= s->given_seq && !chat_owes(s->chat);
}

/* What was sent just now is acknowledged a little later: TCP delays that (RFC 1122, 4.2.3.2). */
static bool all_acknowledged(struct server *s)
{
	for (uint32_t i = 0; i < s->conns_top; i++)
		if (s->conns[i].state == CONNECTION_OPEN && !s->conns[i].deaf &&
		    ring_unacked(s->ring, s->conns[i].fd) > 0)
			return false;
	return true;
}

static void stop(struct server *s)
{
	s->stopping = true;
	s->stop_ms = s->now_ms + STOP_MS_MAX;
	s->sweep_ms = s->now_ms + SWEEP_STOPPING_MS;
	for (uint32_t n = 0; n < RING_ACCEPTS_MAX; n++)
		if (s->accepting[n])
			ring_cancel(s->ring, RING_ACCEPT, n, 1);
	/* Before the farewell, which is more that has not arrived. */
	for (uint32_t i = 0; i < s->conns_top; i++)
		if (s->conns[i].state == CONNECTION_OPEN)
			s->conns[i].arrived = server_arrived(s, &s->conns[i]);
	server_step(s, &(struct event){.kind = EVENT_STOP});
	for (uint32_t i = 0; i < s->conns_top; i++) {
		struct connection *c = &s->conns[i];
		struct event e = {.kind = EVENT_CLOSED, .conn = {c->slot, c->gen},
		                  .closed.arrived = c->arrived};

		if (c->state != CONNECTION_OPEN)
			continue;
		server_step(s, &e);
		server_ends(s, c);
	}
}

/* A turn that comes late, by SIGSTOP or because the machine did not run us, counts LATE_MS_MAX of
 * that: nobody could send or read meanwhile, and so nobody is to be punished for it. */
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

bool server_turn(struct server *s)
{
	struct ring_completion done;
	struct writer_event w;
	int64_t may_wait_ms;

	if (s->stop_asked && !s->stopping && (s->now_ms >= s->stop_acks_ms || all_acknowledged(s)))
		stop(s);
	if (finished(s))
		return false;
	may_wait_ms = wait_ms(s);
	if (!ring_wait(s->ring, may_wait_ms)) {
		log_err("io_uring takes no operations any more");
		return false;
	}
	read_clocks(s, may_wait_ms);
	while (ring_next(s->ring, &done))
		on_completion(s, &done);
	while (writer_next(s->writer, &w)) {
		on_store(s, &w);
		writer_event_release(&w);
	}
	if (chat_due_ms(s->chat) <= s->now_ms)
		server_step(s, &(struct event){.kind = EVENT_TICK});
	if (s->accept_ms <= s->now_ms)
		accept_all(s);
	relieve(s);
	offer_again(s);
	feed_starved(s);
	if (s->sweep_ms <= s->now_ms)
		server_sweep(s);
	/* Before the sends, which the kernel carries out in this order: the writer works
	 * meanwhile. */
	wake_writer(s);
	server_flush(s);
	return true;
}

/* -- life -------------------------------------------------------------------------------------------- */

struct server *server_new(const struct server_options *o, struct ring *ring, struct chat *chat,
                          struct writer *writer, const struct listener *listeners,
                          uint32_t nlisteners)
{
	struct server *s = mem_zero(1, sizeof *s);
	uint32_t nslots = o->connections_max + CONTROL_SLOTS + LINGERERS;

	s->options = *o;
	s->ring = ring;
	s->chat = chat;
	s->writer = writer;
	s->listeners = listeners;
	s->nlisteners = nlisteners;
	s->conns = mem_zero(nslots, sizeof *s->conns);
	s->feeds = mem_zero(chat_feeds_max(), sizeof *s->feeds);
	s->unshown = mem_zero(UNSHOWN_MAX, sizeof *s->unshown);
	server_begin_budgets(s);
	s->unshown_first = s->unshown_next = 1;
	s->free_first = s->control_first = s->linger_first = UINT32_MAX;
	for (uint32_t i = nslots; i-- > 0;) {
		s->conns[i] = (struct connection){.fd = -1, .slot = i, .gen = 1, .out.budget = &s->queues};
		server_slot_free(s, &s->conns[i]);
	}
	s->sweep_ms = s->accept_ms = INT64_MAX;
	s->now_ms = s->mono_ms = ring_mono_ms(ring);
	s->wall_ms = ring_wall_ms(ring);
	server_watch(s, writer_event_fd(writer), NULL, NULL);
	assert(nlisteners <= LISTENERS_ALL_MAX);
	accept_all(s);
	return s;
}

void server_watch(struct server *s, int fd, void (*ready)(void *ctx), void *ctx)
{
	assert(s->nwatches < WATCHES_MAX);
	s->watches[s->nwatches] = (struct watch){fd, ready, ctx};
	ring_poll(s->ring, s->nwatches++, 1, fd);
}

void server_set_program(struct server *s, const struct server_program *p)
{
	s->program = *p;
}

void server_set_send_timeout(struct server *s, uint32_t seconds)
{
	s->options.send_timeout_s = seconds;
}

void server_stop(struct server *s)
{
	if (!s->stop_asked)
		s->stop_acks_ms = s->now_ms + STOP_ACKS_MS;
	s->stop_asked = true;
}

/* Waits until the kernel reads from nothing of ours any more. */
static void join(struct server *s)
{
	struct ring_completion done;

	s->stopping = true;
	for (uint32_t i = 0; i < s->conns_top; i++)
		if (s->conns[i].state != CONNECTION_FREE) {
			server_kill(s, &s->conns[i], NULL);
			server_drain(s, &s->conns[i]);
		}
	for (int turns = 0; s->nconns > 0 && turns < JOIN_TURNS_MAX; turns++) {
		if (!ring_wait(s->ring, JOIN_WAIT_MS))
			break;
		while (ring_next(s->ring, &done))
			on_completion(s, &done);
	}
}

void server_free(struct server *s)
{
	struct slots *lists[] = {
		&s->dirty, &s->dirty_feeds, &s->unsettled, &s->resuming, &s->pressed, &s->starved,
	};

	join(s);
	for (uint32_t i = 0; i < s->conns_top; i++) {
		struct connection *c = &s->conns[i];

		outqueue_unpin(&c->out);
		feed_reader_release(&c->out.reader);
		outqueue_release(&c->out);
		server_drop_stash(c);
		if (c->fd >= 0)
			ring_close(s->ring, c->fd);
	}
	for (uint32_t i = 0; i < chat_feeds_max(); i++)
		feed_release(&s->feeds[i]);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		free(lists[i]->slot);
	while (s->nwishes > 0)
		free(s->wishes[--s->nwishes].text);
	free(s->wishes);
	free(s->refused);
	free(s->conns);
	free(s->feeds);
	free(s->unshown);
	free(s);
}
