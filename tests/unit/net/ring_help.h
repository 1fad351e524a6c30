/*
 * A ring over sockets of this host, for its tests: each fact holds for both engines, or says for which.
 *
 * uring.c itself is included, for the sizes of its queues. Nothing here sleeps: what is to
 * come is waited for by ring_wait, at most WAIT_MS.
 */
#ifndef CHATD_TESTS_RING_HELP_H
#define CHATD_TESTS_RING_HELP_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cmocka.h>

#include "../../../src/net/uring.c"

enum {
	WAIT_MS = 20000,  /* for what must come, also where the machine is emulated */
	FILL_BYTES = 1 << 16,
};

/* Each test has a ring of its own. */
#define ON_URING(test) {#test " (io_uring)", test, begin_uring, end, NULL}
#define ON_EPOLL(test) {#test " (epoll)", test, begin_epoll, end, NULL}
#define ON_BOTH(test) ON_URING(test), ON_EPOLL(test)

static struct ring *r;
static enum ring_io engine; /* its */

static inline int begin_on(enum ring_io io)
{
	char problem[512] = "";

	engine = io;
	/* As the program has it. */
	signal(SIGPIPE, SIG_IGN);
	r = ring_new(io, RECV_BUFFERS, RECV_BUFFER_BYTES, problem, sizeof problem);
	if (r == NULL)
		print_error("%s\n", problem);
	return r == NULL || ring_io(r) != io ? -1 : 0;
}

static inline int begin_uring(void **state)
{
	(void)state;
	return begin_on(RING_IO_URING);
}

static inline int begin_epoll(void **state)
{
	(void)state;
	return begin_on(RING_IO_EPOLL);
}

static inline int end(void **state)
{
	(void)state;
	ring_free(r);
	return 0;
}

/* -- completions ----------------------------------------------------------------------- */

/* The next one; waits for it. */
static inline struct ring_completion next(void)
{
	int64_t end_ms = ring_mono_ms(r) + WAIT_MS;
	struct ring_completion c;

	while (!ring_next(r, &c)) {
		assert_true(ring_mono_ms(r) < end_ms);
		assert_true(ring_wait(r, WAIT_MS));
	}
	return c;
}

/* The next one is of this operation, and its last. */
static inline struct ring_completion next_of(enum ring_op op, uint32_t slot, uint32_t gen)
{
	struct ring_completion c = next();

	assert_int_equal(c.op, op);
	assert_int_equal(c.slot, slot);
	assert_int_equal(c.gen, gen);
	assert_false(c.more);
	return c;
}

/* All that the kernel has is done, and nothing of it is for us. */
static inline void nothing_comes(void)
{
	struct ring_completion c;

	assert_true(ring_wait(r, 0));
	assert_false(ring_next(r, &c));
}

static inline void give_back(const struct ring_completion *c)
{
	ring_buffer_return(r, c->buffer, (size_t)c->res);
}

/* -- sockets --------------------------------------------------------------------------- */

static inline int listen_tcp(struct sockaddr_in *at)
{
	socklen_t len = sizeof *at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_in){.sin_family = AF_INET,
	                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof *at), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
	return fd;
}

static inline int connect_tcp(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)to, sizeof *to), 0);
	return fd;
}

/* [0] is ours, [1] the peer's. What is written is there at once: both are in this host's
 * memory, and no packet is on its way. */
static inline void pair_unix(int fd[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
}

static inline void pair_tcp(int fd[2])
{
	struct sockaddr_in at;
	int listener = listen_tcp(&at);

	fd[1] = connect_tcp(&at);
	fd[0] = accept(listener, NULL, NULL);
	assert_true(fd[0] >= 0);
	close(listener);
}

static inline void pair_close(int fd[2])
{
	ring_close(r, fd[0]);
	close(fd[1]);
}

/* Ours takes no byte more until the peer reads. */
static inline size_t fill(int fd)
{
	static const char full[FILL_BYTES];
	ssize_t n;
	size_t all = 0;

	while ((n = send(fd, full, sizeof full, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
		all += (size_t)n;
	return all;
}

/* The peer reads this many bytes, which are there or will arrive. */
static inline void read_away(int fd, size_t n)
{
	static char text[FILL_BYTES];

	while (n > 0) {
		ssize_t got = recv(fd, text, n < sizeof text ? n : sizeof text, 0);

		assert_true(got > 0);
		n -= (size_t)got;
	}
}

/* Gives the peer no orderly end but a reset. */
static inline void reset(int fd)
{
	struct linger at_once = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(fd);
}

/* One of ours to which nothing can be sent any more: a send there ends at once, with EPIPE. */
static inline int dead_end(void)
{
	int fd[2];

	pair_unix(fd);
	close(fd[1]);
	return fd[0];
}

static inline void send_text(uint32_t slot, uint32_t gen, int fd, const char *text, size_t len)
{
	ring_send(r, slot, gen, fd, &(struct iovec){.iov_base = (void *)(uintptr_t)text,
	                                            .iov_len = len}, 1);
}

#endif
