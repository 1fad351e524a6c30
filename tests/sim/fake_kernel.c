/*
 * A kernel's io_uring or epoll, in memory: what becomes of what was submitted.
 *
 * Makes completions, in the order in which the kernel would. Operations of
 * different sockets complete in any order, and each whenever it likes.
 */
#include "fake.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "chatd/base/bounds.h"

static struct fake_done *complete(struct ring *r, enum ring_op op, uint32_t slot, uint32_t gen,
                                  int res)
{
	if (r->done.n == r->done.cap) {
		r->done.cap = r->done.cap == 0 ? 64 : r->done.cap * 2;
		r->done.at = mem_resize(r->done.at, r->done.cap * sizeof *r->done.at);
	}
	r->done.at[r->done.n] = (struct fake_done){
		.c = {.op = op, .slot = slot, .gen = gen, .res = res},
	};
	return &r->done.at[r->done.n++];
}

static int one_of(struct ring *r, const int *errors, uint32_t n)
{
	return -errors[prng_below(&r->prng, n)];
}

#define ONE_OF(r, ...) one_of(r, (const int[]){__VA_ARGS__}, \
                              sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

/* -- receiving ------------------------------------------------------------------------- */

static struct fake_done *recv_done(struct ring *r, struct fake_sock *k, int res)
{
	struct fake_done *d = complete(r, RING_RECV, k->recv.slot, k->recv.gen, res);

	d->k = k;
	k->recv.over = true;
	return d;
}

static void recv_data(struct ring *r, struct fake_sock *k)
{
	uint32_t most = k->in.len < RECV_BUFFER_BYTES ? (uint32_t)k->in.len : RECV_BUFFER_BYTES;
	uint32_t n = prng_chance(&r->prng, 500) ? most : prng_range(&r->prng, 1, most), i = 0;
	struct fake_done *d;

	while (i < r->nbuffers && r->buffer[i] != NULL)
		i++;
	if (i == r->nbuffers)
		fault_count(FAULT_NO_BUFFER);
	if (i == r->nbuffers || fault_is(r, FAULT_NO_BUFFER)) {
		recv_done(r, k, -ENOBUFS);
		return;
	}
	r->buffer[i] = mem_alloc(n);
	memcpy(r->buffer[i], k->in.data, n);
	bytes_drop(&k->in, n);
	d = recv_done(r, k, (int)n);
	d->c.data = r->buffer[i];
	d->c.buffer = i;
}

/* The error of a connection that is torn down is told once; after that it is at its end. */
static int reset_once(struct fake_sock *k, int then)
{
	int res = k->reset_told ? then : -ECONNRESET;

	k->reset_told = true;
	return res;
}

/* Waits in which it does not complete, whatever has come. */
static bool recv_is_late(struct ring *r, struct fake_sock *k)
{
	if (k->recv.fails != 0 || k->recv.late == 0 || r->calm || r->ending)
		return false;
	k->recv.late--;
	return true;
}

static void recv_step(struct ring *r, struct fake_sock *k)
{
	if (k->recv.fails != 0) {
		k->refused = true;
		recv_done(r, k, k->recv.fails);
	} else if (recv_is_late(r, k) || fault_chance(r, 200)) {
		/* Another time. */
	} else if (k->in.len > 0 && !((k->shut_rd || k->torn) && prng_chance(&r->prng, 500))) {
		/* What lay there before a reset can still be received. */
		recv_data(r, k);
	} else if (k->reset) {
		fault_count(FAULT_RECV_RESET);
		recv_done(r, k, reset_once(k, 0));
	} else if (k->in_end || k->shut_rd) {
		recv_done(r, k, 0);
	} else if (fault_is(r, FAULT_RECV_AGAIN)) {
		recv_done(r, k, ONE_OF(r, EINTR, EAGAIN));
	} else if (fault_is(r, FAULT_RECV_REFUSED)) {
		k->refused = true;
		recv_done(r, k, ONE_OF(r, ENOMEM, EINVAL, ETIMEDOUT));
	}
}

/* epoll says that there is something. */
static void recv_ready(struct ring *r, struct fake_sock *k)
{
	bool ready = k->recv.fails != 0 || k->in.len > 0 || k->reset || k->in_end || k->shut_rd;
	struct fake_done *d;

	if (recv_is_late(r, k) || k->recv.due)
		return;
	if (!ready) {
		recv_step(r, k);
		return;
	}
	d = complete(r, RING_RECV, k->recv.slot, k->recv.gen, 0);
	d->k = k;
	d->due = k->recv.due = true;
}

bool kernel_recv(struct ring *r, struct fake_sock *k, struct fake_done *done)
{
	size_t n = r->done.n;

	k->recv.due = false;
	recv_step(r, k);
	if (r->done.n == n)
		return false;
	*done = r->done.at[--r->done.n];
	return true;
}

/* -- sending --------------------------------------------------------------------------- */

/* The memory that the kernel was lent is as it was: until now it could have read it. */
static void check_pledge(const struct fake_sock *k)
{
	size_t at = 0;

	for (uint32_t i = 0; i < k->send.niov; i++) {
		if (memcmp(k->send.pledge.data + at, k->send.iov[i].iov_base, k->send.iov[i].iov_len) != 0)
			sim_fail("%u.%u: bytes of a send have changed while it was in flight", k->send.slot,
			         k->send.gen);
		at += k->send.iov[i].iov_len;
	}
}

static void send_done(struct ring *r, struct fake_sock *k, int res)
{
	check_pledge(k);
	complete(r, RING_SEND, k->send.slot, k->send.gen, res)->k = k;
	k->send.over = true;
}

/* How many bytes the socket takes of len now. */
static uint32_t send_share(struct ring *r, const struct fake_sock *k, size_t len)
{
	uint32_t space = k->out.cap - k->out.len, n = len < space ? (uint32_t)len : space;

	if (n > 1 && prng_chance(&r->prng, 200))
		n = prng_range(&r->prng, 1, n);
	if (n > 1 && prng_chance(&r->prng, 20))
		n = 1;
	return n;
}

static void send_bytes(struct ring *r, struct fake_sock *k)
{
	size_t len = k->send.pledge.len;
	uint32_t n = send_share(r, k, len), left = n;

	if (n == 0)
		return;
	if (n < len)
		fault_count(FAULT_SHORT);
	for (uint32_t i = 0; left > 0; i++) {
		uint32_t part = k->send.iov[i].iov_len < left ? (uint32_t)k->send.iov[i].iov_len : left;

		model_sent(k, k->send.iov[i].iov_base, part);
		left -= part;
	}
	/* A client that has hung up reads no more, and nothing waits for it; its kernel says so. */
	if (k->out.cap != UINT32_MAX)
		k->out.len += n;
	else
		k->reset |= prng_chance(&r->prng, 500);
	k->out.total += n;
	send_done(r, k, (int)n);
}

static void send_step(struct ring *r, struct fake_sock *k)
{
	if (k->send.fails != 0) {
		k->refused = true;
		send_done(r, k, k->send.fails);
	} else if (k->send.late > 0 && !r->calm && !r->ending) {
		k->send.late--;
	} else if (fault_chance(r, 150)) {
		/* Another time. */
	} else if (k->reset || k->shut_wr) {
		fault_count(FAULT_SEND_RESET);
		send_done(r, k, k->reset && prng_chance(&r->prng, 500) ? reset_once(k, -EPIPE) : -EPIPE);
	} else if (fault_is(r, FAULT_SEND_AGAIN)) {
		send_done(r, k, ONE_OF(r, EINTR, EAGAIN));
	} else if (fault_is(r, FAULT_SEND_MEMORY)) {
		send_done(r, k, ONE_OF(r, ENOBUFS, ENOMEM));
	} else if (fault_is(r, FAULT_SEND_REFUSED)) {
		k->refused = true;
		send_done(r, k, ONE_OF(r, EINVAL, EPERM, ECANCELED));
	} else {
		send_bytes(r, k);
	}
}

void kernel_send(struct ring *r, struct fake_sock *k)
{
	send_step(r, k);
}

/* -- accepting ------------------------------------------------------------------------- */

static struct fake_done *accept_done(struct ring *r, struct fake_shot *shot, int res)
{
	struct fake_done *d = complete(r, RING_ACCEPT, shot->slot, 1, res);

	shot->live = false;
	d->shot = shot;
	return d;
}

static void accept_one(struct ring *r, struct fake_shot *shot, struct fake_sock *k)
{
	struct fake_done *d;
	int fd = FAKE_FD_FIRST;

	while (fd < FAKE_FDS_MAX && r->by_fd[fd] != NULL)
		fd++;
	if (fd == FAKE_FDS_MAX || fault_is(r, FAULT_ACCEPT_FULL)) {
		accept_done(r, shot, ONE_OF(r, EMFILE, ENFILE));
	} else if (fault_is(r, FAULT_ACCEPT_ABORT)) {
		accept_done(r, shot, -ECONNABORTED);
	} else if (fault_is(r, FAULT_ACCEPT_REFUSED)) {
		accept_done(r, shot, ONE_OF(r, ENOMEM, ENOBUFS, EINTR, EPERM, EINVAL));
	} else {
		r->by_fd[fd] = k;
		k->fd = fd;
		k->state = FAKE_ACCEPTED;
		d = accept_done(r, shot, fd);
		/* Nothing may be heard from a peer whose user is unknown. */
		if (!fault_is(r, FAULT_ACCEPT_NOBODY))
			d->c.from = fake_address(k);
	}
}

static void cancel_step(struct ring *r, struct fake_shot *shot, uint32_t *late)
{
	if (*late == 0 || *late == UINT32_MAX || --*late > 0)
		return;
	if (shot->live)
		accept_done(r, shot, -ECANCELED);
	else
		fault_count(FAULT_CANCEL_MISSED);
}

static struct fake_shot *accept_live(struct ring *r)
{
	for (int i = 0; i < ACCEPTS_EACH; i++)
		if (r->accept[i].live)
			return &r->accept[i];
	return NULL;
}

static void accept_step(struct ring *r)
{
	struct fake_sock *list[64];
	struct fake_shot *shot;
	uint32_t n = 0;

	for (struct fake_sock *k = r->socks; k != NULL && n < 64; k = k->next)
		if (k->state == FAKE_BACKLOG)
			list[n++] = k;
	for (int i = 0; i < ACCEPTS_EACH; i++)
		if (r->accept[i].live && r->accept[i].fails != 0)
			accept_done(r, &r->accept[i], r->accept[i].fails);
	while (n > 0 && (shot = accept_live(r)) != NULL && !fault_chance(r, 300))
		accept_one(r, shot, list[--n]);
	for (int i = 0; i < ACCEPTS_EACH; i++)
		cancel_step(r, &r->accept[i], &r->cancel.late[i]);
}

/* -- polling --------------------------------------------------------------------------- */

void kernel_poll(struct ring *r, int fd)
{
	struct fake_shot *shot = &r->poll[fd];
	struct fake_done *d;
	int res = POLLIN;

	if (!shot->live)
		return;
	if (shot->fails != 0)
		res = shot->fails;
	else if (fault_is(r, FAULT_POLL_REFUSED))
		res = ONE_OF(r, ENOMEM, ECANCELED);
	shot->live = res > 0 && !fault_is(r, FAULT_POLL_END);
	d = complete(r, RING_POLL, shot->slot, 1, res);
	d->c.more = shot->live;
	d->shot = shot;
}

/* -- a wait ---------------------------------------------------------------------------- */

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
		if (k->send.on && !k->send.over && first)
			send_step(r, k);
		if (k->recv.on && !k->recv.over && r->epoll)
			recv_ready(r, k);
		else if (k->recv.on && !k->recv.over)
			recv_step(r, k);
		if (k->send.on && !k->send.over && !first)
			send_step(r, k);
	}
}

void kernel_step(struct ring *r)
{
	bool first = prng_chance(&r->prng, 500);

	if (first)
		accept_step(r);
	socks_step(r);
	if (!first)
		accept_step(r);
}
