/*
 * A kernel's io_uring or epoll, in memory: what the server submits and what it sees.
 *
 * Owns the buffers lent to the server. A send's bytes are read from the
 * server's memory when it is done, perhaps much later, and must be what they were
 * when it was submitted; a lent buffer is as large as what was received and is
 * freed on return: use of memory that is not ours any more is seen by the
 * sanitizer, by the comparison or by the model.
 */
#include "fake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_disk.h"
#include "fake_engine.h"

enum {
	CALM_MS = 500,
	SPIN_MAX = 200,  /* turns that do not wait and bring nothing; more is a livelock */
};

struct ring *fake_ring_new(uint64_t seed, struct writer *w)
{
	struct ring *r = mem_zero(1, sizeof *r);

	r->prng.state = seed;
	r->writer = w;
	r->now_ms = r->run_ms = 5000000;
	r->ahead_ms = INT64_C(1795378445000) - r->now_ms;
	r->nbuffers = prng_range(&r->prng, 1, 16);
	r->buffer = mem_zero(r->nbuffers, sizeof *r->buffer);
	/* Not drawn, so that a run is the same but for this. */
	r->epoll = (seed & 1) != 0;
	fault_begin(r);
	r->tick_ms_max = (uint32_t[]){2, 10, 50, 200}[prng_below(&r->prng, 4)];
	return r;
}

void ring_free(struct ring *r)
{
	while (r->socks != NULL)
		fake_sock_free(r, r->socks);
	for (uint32_t i = 0; i < r->nbuffers; i++)
		free(r->buffer[i]);
	free(r->buffer);
	free(r->done.at);
	free(r);
}

enum ring_io ring_io(const struct ring *r)
{
	return r->epoll ? RING_IO_EPOLL : RING_IO_URING;
}

const char *ring_io_name(enum ring_io io)
{
	(void)io;
	return "the ring in memory";
}

/* -- operations ------------------------------------------------------------------------ */

static void arm(struct fake_shot *shot, uint32_t slot, enum ring_op op)
{
	*shot = (struct fake_shot){.armed = true, .live = true, .slot = slot, .fails = fault_of(op)};
}

void ring_accept(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	if (fd != FAKE_LISTENER_FD || slot >= ACCEPTS_EACH || gen != 1 || r->accept[slot].armed)
		sim_fail("accept on %d, slot %u: twice or elsewhere", fd, slot);
	if (r->cancel.asked)
		sim_fail("accept on %d after it was cancelled", fd);
	arm(&r->accept[slot], slot, RING_ACCEPT);
}

void ring_poll(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	(void)gen;
	if (fd >= FAKE_FD_FIRST || r->poll[fd].armed)
		sim_fail("descriptor %d is polled twice", fd);
	arm(&r->poll[fd], slot, RING_POLL);
}

/* Waits for which an operation does not complete, whatever comes. */
static uint32_t late(struct ring *r, enum fault f)
{
	return fault_is(r, f) ? prng_range(&r->prng, 5, 300) : 0;
}

void ring_recv(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	struct fake_sock *k = fake_sock_of(r, fd);

	if (k->recv.on)
		sim_fail("a second recv on descriptor %d", fd);
	k->recv.on = true;
	k->recv.over = false;
	k->recv.slot = slot;
	k->recv.gen = gen;
	k->recv.late = late(r, FAULT_RECV_LATE);
	k->recv.fails = fault_of(RING_RECV);
}

void ring_send(struct ring *r, uint32_t slot, uint32_t gen, int fd, const struct iovec *iov,
               uint32_t n)
{
	struct fake_sock *k = fake_sock_of(r, fd);

	if (k->send.on)
		sim_fail("a second send on descriptor %d", fd);
	if (n == 0 || n > FAKE_SPANS_MAX)
		sim_fail("a send of %u pieces", n);
	k->send.on = true;
	k->send.over = false;
	k->send.since_ms = r->run_ms;
	k->send.slot = slot;
	k->send.gen = gen;
	k->send.late = late(r, FAULT_SEND_LATE);
	k->send.fails = fault_of(RING_SEND);
	memcpy(k->send.iov, iov, n * sizeof *iov);
	k->send.niov = n;
	bytes_clear(&k->send.pledge);
	for (uint32_t i = 0; i < n; i++)
		bytes_append(&k->send.pledge, iov[i].iov_base, iov[i].iov_len);
	if (r->epoll)
		kernel_send(r, k);
}

void ring_cancel_accept(struct ring *r, uint32_t slot, uint32_t gen)
{
	if (slot >= ACCEPTS_EACH || gen != 1)
		sim_fail("accept %u.%u is cancelled", slot, gen);
	r->cancel.asked = true;
	r->cancel.late[slot] = 1;
	if (fault_of_cancel())
		r->cancel.late[slot] = UINT32_MAX;
	else if (fault_is(r, FAULT_CANCEL_LATE))
		r->cancel.late[slot] = prng_range(&r->prng, 2, 100);
}

void ring_wake(struct ring *r, int fd)
{
	if (fd == FAKE_ASKING_FD && r->engine != NULL)
		fake_engine_woken(r->engine);
	else
		fake_writer_woken(r->writer, fd);
}

void ring_buffer_return(struct ring *r, uint32_t buffer, size_t used)
{
	(void)used;
	if (buffer >= r->nbuffers || r->buffer[buffer] == NULL)
		sim_fail("buffer %u is given back and was not lent", buffer);
	free(r->buffer[buffer]);
	r->buffer[buffer] = NULL;
	r->nlent--;
}

/* -- waiting --------------------------------------------------------------------------- */

static void sweep_gone(struct ring *r)
{
	struct fake_sock *k, *next;

	for (k = r->socks; k != NULL; k = next) {
		next = k->next;
		if (k->gone && k->state == FAKE_CLOSED)
			fake_sock_free(r, k);
	}
}

/* What the server has taken makes room. */
static void drop_taken(struct ring *r)
{
	if (r->done.first < r->done.seen)
		sim_fail("the server waits with completions not taken");
	r->done.n -= r->done.first;
	if (r->done.n > 0)
		memmove(r->done.at, r->done.at + r->done.first, r->done.n * sizeof *r->done.at);
	r->done.first = r->done.seen = 0;
}

static void polls_step(struct ring *r)
{
	if (fake_writer_has_news(r->writer) || fault_is(r, FAULT_POLL_FALSE))
		kernel_poll(r, FAKE_EVENT_FD);
	if (r->engine != NULL && (fake_engine_has_news(r->engine) || fault_is(r, FAULT_POLL_FALSE)))
		kernel_poll(r, FAKE_ENGINE_FD);
	if (r->watched_ready || r->poll[FAKE_WATCHED_FD].fails != 0) {
		r->watched_ready = false;
		kernel_poll(r, FAKE_WATCHED_FD);
	}
}

/* As after an overflow of the queue, the rest comes in later waits. */
static void cut(struct ring *r)
{
	r->done.seen = r->done.n;
	if (r->done.n > 1 && fault_is(r, FAULT_CUT))
		r->done.seen = prng_below(&r->prng, (uint32_t)r->done.n);
}

/* Nothing has happened: time goes by. */
static void idle(struct ring *r, int64_t wait_ms)
{
	int64_t ms = prng_range(&r->prng, 1, r->tick_ms_max);

	if (wait_ms == 0) {
		if (++r->spin > SPIN_MAX)
			sim_fail("livelock: %d turns without waiting brought nothing", SPIN_MAX);
		return;
	}
	r->spin = 0;
	/* At rest nothing happens before what the server waits for; but other servers may wait for less. */
	if (r->calm && wait_ms > ms)
		ms = r->engine != NULL && wait_ms > CALM_MS ? CALM_MS : wait_ms;
	if (wait_ms < 0 || wait_ms > ms)
		fault_count(FAULT_SPURIOUS);
	r->now_ms += wait_ms > 0 && wait_ms < ms ? wait_ms : ms;
}

/* The program is stopped (SIGSTOP) for a while, and somebody sets the clock of the host, now and
 * then. What a turn may count of the time is what it was to wait, and a second. */
static void time_goes(struct ring *r, int64_t wait_ms, int64_t begin_ms)
{
	int64_t passed_ms;

	if (fault_is(r, FAULT_STOPPED))
		r->now_ms += prng_range(&r->prng, 100, 200000);
	if (fault_is(r, FAULT_CLOCK))
		r->ahead_ms += ((int64_t)prng_below(&r->prng, 2001) - 1000) *
		               (int64_t[]){10, 3600, 36000000}[prng_below(&r->prng, 3)];
	passed_ms = r->now_ms - begin_ms;
	r->run_ms += wait_ms >= 0 && passed_ms > wait_ms + 1000 ? wait_ms + 1000 : passed_ms;
}

bool ring_wait(struct ring *r, int64_t wait_ms)
{
	int64_t begin_ms = r->now_ms;
	bool polls_first = prng_chance(&r->prng, 500);

	r->now_ms += r->others_ms;
	r->others_ms = 0;
	drop_taken(r);
	/* A program that is dead does no more. */
	if (r->dead)
		return true;
	if (wait_ms != 0 && !r->poll[FAKE_EVENT_FD].armed)
		sim_fail("the server sleeps, and the store could not wake it");
	sweep_gone(r);
	fake_writer_step(r->writer);
	if (r->engine != NULL)
		fake_engine_step(r->engine);
	if (disk_stopped())
		return true;
	if (polls_first)
		polls_step(r);
	kernel_step(r);
	if (!polls_first)
		polls_step(r);
	cut(r);
	if (r->done.n > 0 || fake_writer_has_news(r->writer) ||
	    (r->engine != NULL && fake_engine_has_news(r->engine))) {
		r->spin = 0;
		r->now_ms += prng_below(&r->prng, 3);
	} else {
		idle(r, wait_ms);
	}
	time_goes(r, wait_ms, begin_ms);
	return true;
}

/* What the server knows of a socket from here on. */
static void learn(struct fake_sock *k, const struct ring_completion *c)
{
	k->end_seen |= c->op == RING_RECV && c->res == 0;
	k->failed |= c->res < 0 && c->res != -ENOBUFS && c->res != -EINTR && c->res != -EAGAIN;
	if (c->op == RING_RECV)
		k->recv.on = false;
	else
		k->send.on = false;
}

bool ring_next(struct ring *r, struct ring_completion *c)
{
	struct fake_done d;

	do {
		if (r->done.first == r->done.seen)
			return false;
		d = r->done.at[r->done.first++];
	} while (d.due && !kernel_recv(r, d.k, &d));
	*c = d.c;
	if (d.shot != NULL)
		d.shot->armed = c->more;
	else
		learn(d.k, c);
	r->nlent += c->data != NULL;
	return true;
}
