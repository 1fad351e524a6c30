/*
 * A kernel's io_uring, in memory.
 *
 * Owns the buffers lent to the server and decides what completes when. A send's bytes are read
 * from the server's memory when it completes and not before, and a lent buffer
 * is as large as what was received and is freed on return: use of memory that
 * is not ours any more is seen by the sanitizer or by the model.
 */
#include "fake.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "chatd/base/bounds.h"
#include "fake_disk.h"

enum {
	SPIN_MAX = 200,  /* turns that do not wait and bring nothing; more is a livelock */
};

struct ring *fake_ring_new(uint64_t seed, struct writer *w)
{
	struct ring *r = mem_zero(1, sizeof *r);

	r->prng.state = seed;
	r->writer = w;
	r->now_ms = INT64_C(1795378445000);
	r->nbuffers = prng_range(&r->prng, 1, 16);
	r->buffer = mem_zero(r->nbuffers, sizeof *r->buffer);
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
	free(r->done);
	free(r);
}

/* True so many times in a thousand, while things may go wrong. */
static bool fault(struct ring *r, uint32_t per_mille)
{
	return !r->calm && prng_chance(&r->prng, per_mille);
}

/* -- operations ------------------------------------------------------------------------ */

void ring_accept(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	if (fd != FAKE_LISTENER_FD || slot != 0 || gen != 1 || r->accepting)
		sim_fail("accept on %d, slot %u: twice or elsewhere", fd, slot);
	r->accepting = true;
}

void ring_poll(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	(void)gen;
	if (r->polled & 1u << fd)
		sim_fail("descriptor %d is polled twice", fd);
	r->polled |= 1u << fd;
	r->poll_slot[fd] = slot;
}

void ring_recv(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	struct fake_sock *k = fake_sock_of(r, fd);

	if (k->receiving)
		sim_fail("a second recv on descriptor %d", fd);
	k->receiving = true;
	k->recv_slot = slot;
	k->recv_gen = gen;
}

void ring_send(struct ring *r, uint32_t slot, uint32_t gen, int fd, const struct iovec *iov,
               uint32_t n)
{
	struct fake_sock *k = fake_sock_of(r, fd);

	if (k->sending)
		sim_fail("a second send on descriptor %d", fd);
	if (n == 0 || n > FAKE_SPANS_MAX)
		sim_fail("a send of %u pieces", n);
	k->sending = true;
	k->send_slot = slot;
	k->send_gen = gen;
	memcpy(k->iov, iov, n * sizeof *iov);
	k->niov = n;
}

void ring_cancel(struct ring *r, enum ring_op op, uint32_t slot, uint32_t gen)
{
	if (op != RING_ACCEPT || slot != 0 || gen != 1)
		sim_fail("op %d is cancelled", (int)op);
	r->accept_cancelled = true;
}

void ring_wake(struct ring *r, int fd)
{
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

/* -- completions ----------------------------------------------------------------------- */

static struct ring_completion *complete(struct ring *r, enum ring_op op, uint32_t slot,
                                        uint32_t gen, int res)
{
	if (r->ndone == r->done_cap) {
		r->done_cap = r->done_cap == 0 ? 64 : r->done_cap * 2;
		r->done = mem_resize(r->done, r->done_cap * sizeof *r->done);
	}
	r->done[r->ndone] = (struct ring_completion){.op = op, .slot = slot, .gen = gen, .res = res};
	return &r->done[r->ndone++];
}

static void recv_done(struct ring *r, struct fake_sock *k, int res)
{
	k->receiving = false;
	complete(r, RING_RECV, k->recv_slot, k->recv_gen, res);
}

static void recv_data(struct ring *r, struct fake_sock *k)
{
	uint32_t most = k->in.len < RECV_BUFFER_BYTES ? (uint32_t)k->in.len : RECV_BUFFER_BYTES;
	uint32_t n = prng_chance(&r->prng, 500) ? most : prng_range(&r->prng, 1, most), i = 0;
	struct ring_completion *c;

	while (i < r->nbuffers && r->buffer[i] != NULL)
		i++;
	if (i == r->nbuffers || fault(r, 20)) {
		r->nenobufs++;
		recv_done(r, k, -ENOBUFS);
		return;
	}
	r->buffer[i] = mem_alloc(n);
	r->nlent++;
	memcpy(r->buffer[i], k->in.data, n);
	bytes_drop(&k->in, n);
	k->receiving = false;
	c = complete(r, RING_RECV, k->recv_slot, k->recv_gen, (int)n);
	c->data = r->buffer[i];
	c->buffer = i;
}

static void recv_step(struct ring *r, struct fake_sock *k)
{
	if (fault(r, 200))
		return;
	if (k->reset)
		recv_done(r, k, -ECONNRESET);
	else if (k->in.len > 0 && !(k->shut_rd && prng_chance(&r->prng, 500)))
		recv_data(r, k);
	else if (k->in_end || k->shut_rd)
		recv_done(r, k, 0);
	else if (fault(r, 1))
		recv_done(r, k, prng_chance(&r->prng, 500) ? -EINTR : -EAGAIN);
}

static void send_done(struct ring *r, struct fake_sock *k, int res)
{
	k->sending = false;
	complete(r, RING_SEND, k->send_slot, k->send_gen, res);
}

/* How many bytes the socket takes of len now. */
static uint32_t send_share(struct ring *r, const struct fake_sock *k, size_t len)
{
	uint32_t space = k->out_cap - k->out_len, n = len < space ? (uint32_t)len : space;

	if (n > 1 && prng_chance(&r->prng, 200))
		n = prng_range(&r->prng, 1, n);
	if (n > 1 && prng_chance(&r->prng, 20))
		n = 1;
	return n;
}

static void send_step(struct ring *r, struct fake_sock *k)
{
	size_t len = 0;
	uint32_t n, left;

	if (fault(r, 150))
		return;
	if (k->reset || k->shut_wr) {
		send_done(r, k, k->reset && prng_chance(&r->prng, 500) ? -ECONNRESET : -EPIPE);
		return;
	}
	if (fault(r, 2)) {
		send_done(r, k, (int[]){-EINTR, -EAGAIN, -ENOBUFS}[prng_below(&r->prng, 3)]);
		return;
	}
	for (uint32_t i = 0; i < k->niov; i++)
		len += k->iov[i].iov_len;
	left = n = send_share(r, k, len);
	if (n == 0)
		return;
	r->nshort += n < len;
	for (uint32_t i = 0; left > 0; i++) {
		uint32_t part = k->iov[i].iov_len < left ? (uint32_t)k->iov[i].iov_len : left;

		model_sent(k, k->iov[i].iov_base, part);
		left -= part;
	}
	/* A client that has hung up reads no more, and nothing waits for it. */
	if (k->out_cap != UINT32_MAX)
		k->out_len += n;
	k->out_total += n;
	send_done(r, k, (int)n);
}

static bool accept_one(struct ring *r, struct fake_sock *k)
{
	int fd = FAKE_FD_FIRST;

	while (fd < FAKE_FDS_MAX && r->by_fd[fd] != NULL)
		fd++;
	if (fd == FAKE_FDS_MAX || fault(r, 5)) {
		r->nemfile++;
		r->accepting = false;
		complete(r, RING_ACCEPT, 0, 1, -EMFILE);
		return false;
	}
	if (fault(r, 5)) {
		complete(r, RING_ACCEPT, 0, 1, -ECONNABORTED)->more = true;
		return true;
	}
	r->by_fd[fd] = k;
	k->fd = fd;
	k->state = FAKE_ACCEPTED;
	r->accepting = !fault(r, 50);
	complete(r, RING_ACCEPT, 0, 1, fd)->more = r->accepting;
	return r->accepting;
}

static void accept_step(struct ring *r)
{
	struct fake_sock *list[64];
	uint32_t n = 0;

	if (!r->accepting)
		return;
	for (struct fake_sock *k = r->socks; k != NULL && n < 64; k = k->next)
		if (k->state == FAKE_BACKLOG)
			list[n++] = k;
	while (n > 0 && !fault(r, 300))
		if (!accept_one(r, list[--n]))
			break;
	if (r->accepting && r->accept_cancelled) {
		r->accepting = false;
		complete(r, RING_ACCEPT, 0, 1, -ECANCELED);
	}
}

static void poll_step(struct ring *r, int fd)
{
	if (!(r->polled & 1u << fd))
		return;
	if (fault(r, 50))
		r->polled &= ~(1u << fd);
	complete(r, RING_POLL, r->poll_slot[fd], 1, POLLIN)->more = (r->polled & 1u << fd) != 0;
}

/* -- waiting --------------------------------------------------------------------------- */

/* Sockets come in any order; what one socket does stays in the kernel's. */
static void socks_step(struct ring *r)
{
	struct fake_sock *list[FAKE_FDS_MAX];
	uint32_t n = 0;

	for (int fd = FAKE_FD_FIRST; fd < FAKE_FDS_MAX; fd++)
		if (r->by_fd[fd] != NULL)
			list[n++] = r->by_fd[fd];
	while (n > 0) {
		uint32_t i = prng_below(&r->prng, n);
		struct fake_sock *k = list[i];
		bool first = prng_chance(&r->prng, 500);

		list[i] = list[--n];
		if (k->sending && first)
			send_step(r, k);
		if (k->receiving)
			recv_step(r, k);
		if (k->sending && !first)
			send_step(r, k);
	}
}

static void sweep_gone(struct ring *r)
{
	struct fake_sock *k, *next;

	for (k = r->socks; k != NULL; k = next) {
		next = k->next;
		if (k->gone && k->state == FAKE_CLOSED)
			fake_sock_free(r, k);
	}
}

bool ring_wait(struct ring *r, int64_t wait_ms)
{
	bool news;

	if (r->done_first < r->ndone)
		sim_fail("the server waits with completions not taken");
	r->done_first = r->ndone = 0;
	sweep_gone(r);
	fake_writer_step(r->writer);
	/* A program that is dead does no more. */
	if (disk_stopped())
		return true;
	accept_step(r);
	socks_step(r);
	news = fake_writer_has_news(r->writer);
	if (news)
		poll_step(r, FAKE_EVENT_FD);
	if (r->watched_ready) {
		r->watched_ready = false;
		poll_step(r, FAKE_WATCHED_FD);
	}
	if (r->ndone > 0 || news) {
		r->spin = 0;
		r->now_ms += prng_below(&r->prng, 3);
	} else if (wait_ms == 0) {
		if (++r->spin > SPIN_MAX)
			sim_fail("livelock: %d turns without waiting brought nothing", SPIN_MAX);
	} else {
		int64_t ms = prng_range(&r->prng, 1, r->tick_ms_max);

		r->spin = 0;
		/* At rest nothing happens before what the server waits for. */
		if (r->calm && wait_ms > ms)
			ms = wait_ms;
		r->now_ms += wait_ms > 0 && wait_ms < ms ? wait_ms : ms;
	}
	return true;
}

bool ring_next(struct ring *r, struct ring_completion *c)
{
	if (r->done_first == r->ndone)
		return false;
	*c = r->done[r->done_first++];
	return true;
}
