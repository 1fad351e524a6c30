/*
 * The engine over epoll, for kernels that have no io_uring or forbid it.
 *
 * Owns, for each descriptor, what it waits for, and a queue of what a turn has to do. Everything is
 * edge-triggered, so a descriptor costs two or three epoll_ctl(2) in its life; whether it may have
 * something to receive is remembered here. A send is tried at once, so that nothing of it is copied,
 * and its end waits in the queue; only if the socket is full does it wait for room. ring_next itself
 * makes the receives, one after the other into the same warm buffer, and only those that may find
 * something. Operations begun during a turn run after the next wait, so a peer that never stops
 * sending does not hold up the others.
 */

#include "chatd/net/ring_engine.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"

enum {
	EVENTS_MAX = 512,     /* taken from the kernel by one wait; any others come with the next */
	WATCHES_FIRST = 64,   /* descriptors and */
	QUEUE_FIRST = 64,     /* entries that there is room for at first: powers of two */
};

/* What a socket is watched for. Not for room to send, which unix sockets would report after each receive
 * of their peer's, until a send finds none. */
#define INPUT (EPOLLIN | EPOLLPRI | EPOLLRDHUP)
#define TROUBLE (EPOLLHUP | EPOLLERR) /* always reported */

enum state {
	IDLE,     /* not in flight */
	WAITS,    /* for an event */
	DUE,      /* in the queue */
};

struct operation {
	enum state state;
	uint32_t slot, gen;
};

/* A descriptor, by its number. */
struct watch {
	struct operation recv, send;
	struct iovec *vectors;   /* nvectors of them, of a send that waits; NULL: none does */
	uint32_t nvectors;
	uint32_t events;         /* registered with the kernel; 0: it is not registered */
	uint32_t poll_slot, poll_gen;
	bool polled;             /* each of its events is a completion */
	bool listens;            /* something accepts from it */
	bool nonblocking;
	bool readable;           /* a receive or an accept may find something */
	bool uneven;             /* there is urgent data, an end or an error: a receive may end before the end of what
	                          * is there, so only EAGAIN says that nothing is left */
	bool local;              /* the same, because others may send descriptors by it: a unix socket that was
	                          * accepted. Not the streams between chatd's processes, by which none are sent */
};

/* An accept, by its slot. */
struct acceptor {
	struct operation op;
	int fd;
};

/* What a turn has to do: to try an operation that is due, or to report how one has ended. */
struct entry {
	enum ring_op op;
	bool ended, more;        /* more: only with ended, like res */
	int fd;                  /* only without */
	int res;
	uint32_t slot, gen;
};

/* As memory.c has them. */
_Static_assert(sizeof(struct watch) <= 64 && sizeof(struct entry) <= 32, "what a descriptor takes");

struct epoll {
	struct ring ring;
	int fd;
	struct watch *watches;   /* nwatches of them, by descriptor */
	uint32_t nwatches;
	struct entry *queue;     /* a power of two of them, cap: numbers first to last, each at its number
	                          * modulo cap */
	uint32_t cap, first, last;
	uint32_t turn;           /* from this number on, entries are the next turn's */
	struct acceptor *acceptors; /* RING_ACCEPTS_MAX */
	uint32_t *free;          /* nfree numbers of buffers that are not lent; the last one is lent next */
	uint32_t nfree;
	struct epoll_event *events; /* EVENTS_MAX */
};

static struct epoll *own(struct ring *r)
{
	return (struct epoll *)r;
}

/* -- setup -------------------------------------------------------------------------------------- */

static struct ring *epoll_begin(uint32_t buffers, uint32_t buffer_bytes, int *error)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);
	struct epoll *e;

	if (fd < 0) {
		*error = errno;
		return NULL;
	}
	e = mem_zero(1, sizeof *e);
	e->ring = (struct ring){.engine = &ring_epoll, .nbuffers = buffers, .buffer_bytes = buffer_bytes};
	e->ring.buffers = mem_alloc((size_t)buffers * buffer_bytes);
	e->fd = fd;
	e->nwatches = WATCHES_FIRST;
	e->watches = mem_zero(e->nwatches, sizeof *e->watches);
	e->cap = QUEUE_FIRST;
	e->queue = mem_zero(e->cap, sizeof *e->queue);
	e->acceptors = mem_zero(RING_ACCEPTS_MAX, sizeof *e->acceptors);
	e->events = mem_zero(EVENTS_MAX, sizeof *e->events);
	e->free = mem_zero(buffers, sizeof *e->free);
	while (e->nfree < buffers) {
		e->free[e->nfree] = buffers - 1 - e->nfree;
		e->nfree++;
	}
	return &e->ring;
}

static void epoll_end(struct ring *r)
{
	struct epoll *e = own(r);

	close(e->fd);
	for (uint32_t i = 0; i < e->nwatches; i++)
		free(e->watches[i].vectors);
	free(e->watches);
	free(e->queue);
	free(e->acceptors);
	free(e->events);
	free(e->free);
	free(r->buffers);
	free(e);
}

/* -- descriptors -------------------------------------------------------------------------------- */

/* Valid until the next call. */
static struct watch *watch_of(struct epoll *e, int fd)
{
	uint32_t n = e->nwatches;

	assert(fd >= 0);
	while (n <= (uint32_t)fd)
		n *= 2;
	if (n > e->nwatches) {
		e->watches = mem_resize(e->watches, n * sizeof *e->watches);
		memset(e->watches + e->nwatches, 0, (n - e->nwatches) * sizeof *e->watches);
		e->nwatches = n;
	}
	return &e->watches[fd];
}

/* 0 or -errno. */
static int make_nonblocking(struct watch *w, int fd)
{
	/* A socket has no other flags that it could lose. */
	if (!w->nonblocking && fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	w->nonblocking = true;
	return 0;
}

/* Has the kernel report these events as well, beginning with those that are there. 0 or -errno. */
static int watch_for(const struct epoll *e, struct watch *w, int fd, uint32_t events)
{
	struct epoll_event ev = {.events = w->events | events | EPOLLET, .data.fd = fd};

	if ((w->events & events) == events)
		return 0;
	if (epoll_ctl(e->fd, w->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &ev) < 0)
		return -errno;
	w->events |= events;
	return 0;
}

/* -- the queue ---------------------------------------------------------------------------------- */

static void push(struct epoll *e, struct entry entry)
{
	if (e->last - e->first == e->cap) {
		struct entry *queue = mem_alloc(2 * (size_t)e->cap * sizeof *queue);

		for (uint32_t i = e->first; i != e->last; i++)
			queue[i & (2 * e->cap - 1)] = e->queue[i & (e->cap - 1)];
		free(e->queue);
		e->queue = queue;
		e->cap *= 2;
	}
	e->queue[e->last++ & (e->cap - 1)] = entry;
}

/* Operation o of fd is tried in the next turn. */
static void push_due(struct epoll *e, enum ring_op op, struct operation *o, int fd)
{
	o->state = DUE;
	push(e, (struct entry){.op = op, .fd = fd, .slot = o->slot, .gen = o->gen});
}

/* It has ended; its completion comes in the next turn. */
static void push_end(struct epoll *e, enum ring_op op, uint32_t slot, uint32_t gen, int res)
{
	push(e, (struct entry){.op = op, .ended = true, .res = res, .slot = slot, .gen = gen});
}

/* -- operations --------------------------------------------------------------------------------- */

static void epoll_accept(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	struct epoll *e = own(r);
	struct watch *w = watch_of(e, fd);
	struct acceptor *a = &e->acceptors[slot];
	int error = make_nonblocking(w, fd);

	assert(a->op.state == IDLE);
	if (error == 0)
		error = watch_for(e, w, fd, EPOLLIN);
	if (error != 0) {
		push_end(e, RING_ACCEPT, slot, gen, error);
		return;
	}
	w->listens = true;
	*a = (struct acceptor){.op = {WAITS, slot, gen}, .fd = fd};
	if (w->readable)
		push_due(e, RING_ACCEPT, &a->op, fd);
}

static void epoll_cancel_accept(struct ring *r, uint32_t slot, uint32_t gen)
{
	struct epoll *e = own(r);
	struct acceptor *a = &e->acceptors[slot];

	if (a->op.state == IDLE || a->op.gen != gen)
		return;
	a->op.state = IDLE;
	push_end(e, RING_ACCEPT, slot, gen, -ECANCELED);
}

static void epoll_poll(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	struct epoll *e = own(r);
	struct watch *w = watch_of(e, fd);
	int error = watch_for(e, w, fd, EPOLLIN);

	if (error != 0) {
		push_end(e, RING_POLL, slot, gen, error);
		return;
	}
	w->polled = true;
	w->poll_slot = slot;
	w->poll_gen = gen;
}

static void epoll_recv(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	struct epoll *e = own(r);
	struct watch *w = watch_of(e, fd);
	int error = make_nonblocking(w, fd);

	assert(w->recv.state == IDLE);
	if (error == 0)
		error = watch_for(e, w, fd, INPUT);
	if (error != 0) {
		push_end(e, RING_RECV, slot, gen, error);
		return;
	}
	w->recv = (struct operation){WAITS, slot, gen};
	if (w->readable)
		push_due(e, RING_RECV, &w->recv, fd);
}

/* Bytes sent, or -errno. Not send(2), of which seccomp looks at the address: a filter that looks at no argument is
 * asked once for each call, and remembered. */
static int send_now(int fd, const struct iovec *iov, uint32_t n)
{
	ssize_t sent = n == 1 ? write(fd, iov->iov_base, iov->iov_len) : writev(fd, iov, (int)n);

	return sent < 0 ? -errno : (int)sent;
}

static void epoll_send(struct ring *r, uint32_t slot, uint32_t gen, int fd, const struct iovec *iov,
                       uint32_t n)
{
	struct epoll *e = own(r);
	struct watch *w = watch_of(e, fd);
	int res = make_nonblocking(w, fd);

	assert(w->send.state == IDLE);
	if (res == 0)
		res = send_now(fd, iov, n);
	if (res == -EAGAIN) {
		/* What there is room for by now is reported at once. */
		res = watch_for(e, w, fd, EPOLLOUT);
		if (res == 0) {
			w->send = (struct operation){WAITS, slot, gen};
			w->nvectors = n;
			w->vectors = mem_alloc(n * sizeof *iov);
			memcpy(w->vectors, iov, n * sizeof *iov);
			return;
		}
	}
	push_end(e, RING_SEND, slot, gen, res);
}

static void epoll_wake(struct ring *r, int fd)
{
	static const uint64_t one = 1;

	(void)r;
	/* It fails only if the counter is full, and then the thread wakes anyway. */
	if (write(fd, &one, sizeof one) < 0)
		return;
}

static void epoll_buffer_return(struct ring *r, uint32_t buffer)
{
	struct epoll *e = own(r);

	assert(e->nfree < r->nbuffers);
	e->free[e->nfree++] = buffer;
}

static void send_over(struct watch *w)
{
	free(w->vectors);
	w->vectors = NULL;
	w->send.state = IDLE;
}

/* Taken out of epoll first: the kernel would go on reporting a descriptor that another process has open as well. */
static void epoll_close(struct ring *r, int fd)
{
	struct epoll *e = own(r);
	struct watch *w = watch_of(e, fd);

	if (w->events != 0)
		epoll_ctl(e->fd, EPOLL_CTL_DEL, fd, NULL);
	if (w->recv.state != IDLE)
		push_end(e, RING_RECV, w->recv.slot, w->recv.gen, -ECANCELED);
	if (w->send.state != IDLE) {
		send_over(w);
		push_end(e, RING_SEND, w->send.slot, w->send.gen, -ECANCELED);
	}
	if (w->polled)
		push_end(e, RING_POLL, w->poll_slot, w->poll_gen, -ECANCELED);
	for (uint32_t i = 0; i < RING_ACCEPTS_MAX && w->listens; i++)
		if (e->acceptors[i].op.state != IDLE && e->acceptors[i].fd == fd)
			epoll_cancel_accept(r, i, e->acceptors[i].op.gen);
	*w = (struct watch){0};
	close(fd);
}

/* -- waiting ------------------------------------------------------------------------------------ */

static void happened(struct epoll *e, const struct epoll_event *ev)
{
	int fd = ev->data.fd;
	uint32_t what = ev->events;
	struct watch *w = &e->watches[fd];

	if (w->polled)
		push(e, (struct entry){
			.op = RING_POLL, .ended = true, .more = true, .res = (int)(what & (EPOLLIN | TROUBLE)),
			.slot = w->poll_slot, .gen = w->poll_gen,
		});
	if ((what & (EPOLLOUT | TROUBLE)) != 0 && w->send.state == WAITS)
		push_due(e, RING_SEND, &w->send, fd);
	if ((what & (INPUT | TROUBLE)) == 0)
		return;
	w->readable = true;
	w->uneven |= (what & (EPOLLPRI | EPOLLRDHUP | TROUBLE)) != 0;
	if (w->recv.state == WAITS)
		push_due(e, RING_RECV, &w->recv, fd);
	for (uint32_t i = 0; i < RING_ACCEPTS_MAX && w->listens; i++)
		if (e->acceptors[i].op.state == WAITS && e->acceptors[i].fd == fd)
			push_due(e, RING_ACCEPT, &e->acceptors[i].op, fd);
}

static bool epoll_engine_wait(struct ring *r, int64_t wait_ms)
{
	struct epoll *e = own(r);
	int n, timeout = wait_ms < 0 ? -1 : wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;

	n = epoll_wait(e->fd, e->events, EVENTS_MAX, e->first != e->last ? 0 : timeout);
	if (n < 0 && errno != EINTR)
		return false;
	for (int i = 0; i < n; i++)
		happened(e, &e->events[i]);
	e->turn = e->last;
	return true;
}

/* -- what is due -------------------------------------------------------------------------------- */

/* The operation waits for the next event. */
static bool wait_on(struct operation *o)
{
	o->state = WAITS;
	return false;
}

/* True: it has ended, as c says. */
static bool try_accept(struct epoll *e, const struct entry *entry, struct ring_completion *c)
{
	struct acceptor *a = &e->acceptors[entry->slot];
	struct watch *w = &e->watches[entry->fd];
	struct sockaddr_storage from = {0};
	socklen_t len = sizeof from;

	if (a->op.state != DUE || a->op.gen != entry->gen || a->fd != entry->fd)
		return false;
	/* One before has found that nobody is there. */
	if (!w->readable)
		return wait_on(&a->op);
	c->res = accept4(entry->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (c->res < 0 && errno == EAGAIN) {
		w->readable = false;
		return wait_on(&a->op);
	}
	a->op.state = IDLE;
	if (c->res < 0) {
		c->res = -errno;
		return true;
	}
	*watch_of(e, c->res) = (struct watch){.nonblocking = true, .local = from.ss_family == AF_UNIX};
	if (len >= sizeof from.ss_family) {
		c->from = address_of_sockaddr((struct sockaddr *)&from);
		c->port = address_port_of((struct sockaddr *)&from);
	}
	return true;
}

static bool try_recv(struct epoll *e, const struct entry *entry, struct ring_completion *c)
{
	struct watch *w = &e->watches[entry->fd];
	struct ring *r = &e->ring;
	ssize_t n;
	char *at;

	if (w->recv.state != DUE || w->recv.slot != entry->slot || w->recv.gen != entry->gen)
		return false;
	if (e->nfree == 0) {
		w->recv.state = IDLE;
		c->res = -ENOBUFS;
		return true;
	}
	at = r->buffers + (size_t)e->free[e->nfree - 1] * r->buffer_bytes;
	n = read(entry->fd, at, r->buffer_bytes);
	if (n < 0 && errno == EAGAIN) {
		w->readable = w->uneven = false;
		return wait_on(&w->recv);
	}
	w->recv.state = IDLE;
	c->res = n < 0 ? -errno : (int)n;
	if (n > 0) {
		c->data = at;
		c->buffer = e->free[--e->nfree];
		/* All of it: what comes from now on is a new event. */
		if ((size_t)n < r->buffer_bytes && !w->uneven && !w->local)
			w->readable = false;
	}
	return true;
}

static bool try_send(struct epoll *e, const struct entry *entry, struct ring_completion *c)
{
	struct watch *w = &e->watches[entry->fd];

	if (w->send.state != DUE || w->send.slot != entry->slot || w->send.gen != entry->gen)
		return false;
	c->res = send_now(entry->fd, w->vectors, w->nvectors);
	if (c->res == -EAGAIN)
		return wait_on(&w->send);
	send_over(w);
	return true;
}

static bool epoll_next(struct ring *r, struct ring_completion *c)
{
	struct epoll *e = own(r);
	bool over = false;

	while (!over && e->first != e->turn) {
		struct entry entry = e->queue[e->first++ & (e->cap - 1)];

		*c = (struct ring_completion){
			.op = entry.op, .more = entry.more, .res = entry.res, .slot = entry.slot, .gen = entry.gen,
		};
		if (entry.ended)
			over = true;
		else if (entry.op == RING_RECV)
			over = try_recv(e, &entry, c);
		else if (entry.op == RING_SEND)
			over = try_send(e, &entry, c);
		else
			over = try_accept(e, &entry, c);
	}
	return over;
}

const struct ring_engine ring_epoll = {
	.io = RING_IO_EPOLL,
	.begin = epoll_begin,
	.end = epoll_end,
	.accept = epoll_accept,
	.poll = epoll_poll,
	.recv = epoll_recv,
	.send = epoll_send,
	.cancel_accept = epoll_cancel_accept,
	.wake = epoll_wake,
	.buffer_return = epoll_buffer_return,
	.wait = epoll_engine_wait,
	.next = epoll_next,
	.close = epoll_close,
};
