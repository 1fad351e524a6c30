/*
 * Sockets in memory: the client's side, and what the server asks of one
 * without the ring.
 */
#include "fake.h"

#include <stdlib.h>
#include <sys/socket.h>

struct fake_sock *fake_sock_of(struct ring *r, int fd)
{
	if (fd < FAKE_FD_FIRST || fd >= FAKE_FDS_MAX || r->by_fd[fd] == NULL)
		sim_fail("descriptor %d is used and is not open", fd);
	return r->by_fd[fd];
}

void fake_sock_free(struct ring *r, struct fake_sock *k)
{
	struct fake_sock **link = &r->socks;

	while (*link != k)
		link = &(*link)->next;
	*link = k->next;
	model_sock_end(k);
	bytes_release(&k->in);
	bytes_release(&k->send.pledge);
	free(k);
}

/* -- the client's side ----------------------------------------------------------------- */

struct fake_sock *fake_connect(struct ring *r, uint32_t out_cap)
{
	struct fake_sock *k = mem_zero(1, sizeof *k);

	k->out.acked = UINT64_MAX;
	k->serial = ++r->nsocks;
	k->fd = -1;
	/* Most come from one network, which is counted as one address. */
	k->network = prng_chance(&r->prng, 700) ? 0 : (uint16_t)prng_below(&r->prng, 4);
	k->out.cap = out_cap;
	k->next = r->socks;
	r->socks = k;
	return k;
}

struct address fake_address(const struct fake_sock *k)
{
	struct address a = {.bits = 128, .kind = ADDRESS_IPV6, .ip = {0x20, 0x01, 0x0d, 0xb8}};

	a.ip[7] = (uint8_t)k->network;
	for (int i = 0; i < 4; i++)
		a.ip[12 + i] = (uint8_t)(k->serial >> (24 - 8 * i));
	return a;
}

void fake_read(struct fake_sock *k, uint32_t bytes)
{
	k->out.len -= bytes < k->out.len ? bytes : k->out.len;
}

void fake_write(struct fake_sock *k, const char *p, size_t n)
{
	if (!k->in_end && !k->reset && k->state != FAKE_CLOSED)
		bytes_append(&k->in, p, n);
}

void fake_half_close(struct fake_sock *k)
{
	k->in_end = true;
}

void fake_reset(struct fake_sock *k)
{
	k->reset = k->torn = true;
}

void fake_hang_up(struct fake_sock *k)
{
	/* With bytes unread the kernel answers the next ones by a reset. */
	k->in_end = true;
	if (k->out.len > 0)
		k->reset = true;
	k->out.cap = UINT32_MAX;
}

void fake_forget(struct fake_sock *k)
{
	k->gone = true;
}

bool fake_ring_rests(const struct ring *r)
{
	if (r->done.first < r->done.n)
		return false;
	for (const struct fake_sock *k = r->socks; k != NULL; k = k->next) {
		if (k->state == FAKE_BACKLOG || k->send.on)
			return false;
		if (k->state == FAKE_ACCEPTED && k->in.len > 0)
			return false;
		if (k->recv.on && (k->in_end || k->reset || k->shut_rd))
			return false;
	}
	return true;
}

/* -- plain calls ----------------------------------------------------------------------- */

void ring_shutdown(struct ring *r, int fd, int how)
{
	struct fake_sock *k = fake_sock_of(r, fd);

	/* What the client still sends would be answered by a reset, and that takes from it what it
	 * has not read: RFC 1122, 4.2.2.13. */
	if (how == SHUT_RDWR && !k->shut_wr && !k->dropped && !k->send.on && !k->end_seen &&
	    !k->failed && !r->ending && !model_is_full() && !model_needs_place_of(fd))
		sim_fail("descriptor %d is shut while its client may send", fd);
	if (!k->shut_wr) {
		k->linger_ms = r->run_ms;
		if (how == SHUT_WR && !k->failed)
			model_ended(k);
	}
	if (how == SHUT_WR || how == SHUT_RDWR)
		k->shut_wr = true;
	if (how == SHUT_RD || how == SHUT_RDWR)
		k->shut_rd = true;
}

void ring_close(struct ring *r, int fd)
{
	struct fake_sock *k = fake_sock_of(r, fd);

	/* Until it has seen the completions, it cannot know that there are any. */
	if (!r->ending && (k->recv.on || k->send.on))
		sim_fail("descriptor %d is closed with%s%s in flight", fd,
		         k->recv.on ? " a recv" : "", k->send.on ? " a send" : "");
	k->recv.on = k->send.on = false;
	k->state = FAKE_CLOSED;
	k->shut_wr = k->shut_rd = true;
	k->fd = -1;
	r->by_fd[fd] = NULL;
}

void ring_refuse(struct ring *r, int fd, const char *text, size_t len)
{
	struct fake_sock *k = fake_sock_of(r, fd);

	if (!k->reset && k->out.cap - k->out.len >= len) {
		model_sent(k, text, len);
		k->out.total += len;
		if (k->out.cap != UINT32_MAX)
			k->out.len += (uint32_t)len;
	}
	ring_close(r, fd);
}

/* Nobody comes over a unix socket here. */
void ring_peer(struct ring *r, int fd, struct ring_peer *peer)
{
	(void)r;
	(void)peer;
	sim_fail("descriptor %d is of no unix socket", fd);
}

uint64_t ring_random(struct ring *r)
{
	return prng_next(&r->prng);
}

/* Some acknowledge late, and some never. */
uint32_t ring_unacked(struct ring *r, int fd)
{
	struct fake_sock *k = fake_sock_of(r, fd);
	uint64_t most = k->out.total < 3000 ? k->out.total : 3000;
	uint32_t n = r->calm || prng_chance(&r->prng, 500) ? 0 : prng_below(&r->prng, (uint32_t)most + 1);

	k->out.acked = k->out.total - n;
	return n;
}

int64_t ring_mono_ms(struct ring *r)
{
	return r->now_ms;
}

int64_t ring_mono_us(struct ring *r)
{
	return r->now_ms * 1000;
}

int64_t ring_wall_ms(struct ring *r)
{
	return r->now_ms + r->ahead_ms;
}
