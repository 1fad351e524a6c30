/*
 * What the server relies on in io_uring and epoll, and what tests/sim/fake_ring.c imitates: accepting,
 * receiving, polling, waiting. Sends, and many operations at once, are in test_ring_send.c.
 */
#include "ring_help.h"

#include <poll.h>

/* -- accept ---------------------------------------------------------------------------- */

/* Each is one connection, and says whose; several are out at one time. */
static void test_accept_says_from_where(void **state)
{
	struct sockaddr_in at, from;
	socklen_t len = sizeof from;
	int listener = listen_tcp(&at), client[3];
	char byte, text[ADDRESS_BYTES_MAX];

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		ring_accept(r, 5 + i, 1, listener);
	nothing_comes();
	for (int i = 0; i < 3; i++) {
		struct ring_completion c;

		client[i] = connect_tcp(&at);
		assert_int_equal(send(client[i], &"abc"[i], 1, 0), 1);
		c = next();
		assert_int_equal(c.op, RING_ACCEPT);
		assert_in_range(c.slot, 5, 7);
		assert_int_equal(c.gen, 1);
		assert_false(c.more);
		assert_true(c.res >= 0);
		assert_string_equal(address_show(&c.from, text), "127.0.0.1");
		assert_int_equal(getsockname(client[i], (struct sockaddr *)&from, &len), 0);
		assert_int_equal(c.port, ntohs(from.sin_port));
		assert_int_equal(fcntl(c.res, F_GETFD), FD_CLOEXEC);
		assert_int_equal(recv(c.res, &byte, 1, 0), 1);
		assert_int_equal(byte, "abc"[i]);
		ring_close(r, c.res);
		close(client[i]);
	}
	ring_close(r, listener);
}

/* A peer that reset the connection before it was accepted: what was said is there, and so is the
 * address, for which getpeername(2) would come too late. */
static void test_accept_of_who_has_gone(void **state)
{
	struct sockaddr_in at, from;
	socklen_t len = sizeof from;
	int listener = listen_tcp(&at), client = connect_tcp(&at);
	struct ring_completion c;
	char text[ADDRESS_BYTES_MAX];

	(void)state;
	assert_int_equal(getsockname(client, (struct sockaddr *)&from, &len), 0);
	assert_int_equal(send(client, "last words", 10, 0), 10);
	reset(client);
	ring_accept(r, 0, 1, listener);
	c = next_of(RING_ACCEPT, 0, 1);
	assert_true(c.res >= 0);
	assert_string_equal(address_show(&c.from, text), "127.0.0.1");
	assert_int_equal(c.port, ntohs(from.sin_port));
	ring_close(r, c.res);
	ring_close(r, listener);
}

static void test_accept_over_a_unix_socket(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct ring_completion c;
	struct ring_peer peer;

	(void)state;
	/* In no folder. */
	snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "chatd-test-ring-%d", (int)getpid());
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(listener, 4), 0);
	ring_accept(r, RING_ACCEPTS_MAX - 1, 1, listener);
	assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof at), 0);
	c = next_of(RING_ACCEPT, RING_ACCEPTS_MAX - 1, 1);
	assert_int_equal(c.from.kind, ADDRESS_HOST);
	assert_int_equal(c.port, 0);
	ring_peer(r, c.res, &peer);
	assert_true(peer.known && peer.owns);
	assert_int_equal(peer.uid, geteuid());
	ring_close(r, c.res);
	close(client);
	ring_close(r, listener);
}

/* Out of descriptors: who came waits until it is asked for again. */
static void test_accept_without_descriptors(void **state)
{
	struct sockaddr_in at;
	int listener = listen_tcp(&at), client[2], last;
	struct rlimit was, few;
	struct ring_completion c;
	char byte;

	(void)state;
	for (int i = 0; i < 2; i++) {
		client[i] = connect_tcp(&at);
		assert_int_equal(send(client[i], &"ab"[i], 1, 0), 1);
	}
	last = dup(listener);
	close(last);
	getrlimit(RLIMIT_NOFILE, &was);
	few = (struct rlimit){.rlim_cur = (rlim_t)last + 1, .rlim_max = was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	ring_accept(r, 0, 1, listener);
	c = next_of(RING_ACCEPT, 0, 1);
	assert_int_equal(c.res, last);
	ring_accept(r, 0, 1, listener);
	c = next_of(RING_ACCEPT, 0, 1);
	assert_int_equal(c.res, -EMFILE);
	nothing_comes();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	ring_accept(r, 0, 1, listener);
	c = next();
	assert_true(c.res > last);
	assert_int_equal(recv(c.res, &byte, 1, 0), 1);
	assert_int_equal(byte, 'b');
	ring_close(r, c.res);
	ring_close(r, last);
	close(client[0]);
	close(client[1]);
	ring_close(r, listener);
}

static void test_accept_cancelled(void **state)
{
	struct sockaddr_in at;
	int listener = listen_tcp(&at), client;
	struct ring_completion c;

	(void)state;
	ring_accept(r, 3, 1, listener);
	ring_accept(r, 4, 1, listener);
	nothing_comes();
	ring_cancel_accept(r, 3, 1);
	assert_int_equal(next_of(RING_ACCEPT, 3, 1).res, -ECANCELED);
	/* One that is not there: its answer is not for us either. */
	ring_cancel_accept(r, 3, 1);
	nothing_comes();
	client = connect_tcp(&at);
	c = next();
	assert_int_equal(c.slot, 4);
	ring_close(r, c.res);
	close(client);
	ring_close(r, listener);
}

/* -- receive --------------------------------------------------------------------------- */

/* The largest slot and generation come back whole. */
static void test_recv_once(void **state)
{
	enum { SLOT = CONNECTIONS_LIMIT + CONTROL_SLOTS + LINGERERS - 1 };
	int fd[2];
	struct ring_completion c;

	(void)state;
	pair_tcp(fd);
	ring_recv(r, SLOT, UINT32_MAX, fd[0]);
	nothing_comes();
	assert_int_equal(send(fd[1], "hello", 5, 0), 5);
	c = next_of(RING_RECV, SLOT, UINT32_MAX);
	assert_int_equal(c.res, 5);
	assert_memory_equal(c.data, "hello", 5);
	give_back(&c);
	assert_int_equal(send(fd[1], "again", 5, 0), 5);
	nothing_comes();
	ring_recv(r, SLOT, 1, fd[0]);
	c = next_of(RING_RECV, SLOT, 1);
	assert_memory_equal(c.data, "again", 5);
	give_back(&c);
	pair_close(fd);
}

static void test_recv_fills_one_buffer(void **state)
{
	char text[RECV_BUFFER_BYTES + 100];
	int fd[2];
	struct ring_completion c;

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i % 251);
	pair_unix(fd);
	assert_int_equal(send(fd[1], text, sizeof text, 0), sizeof text);
	ring_recv(r, 1, 1, fd[0]);
	c = next_of(RING_RECV, 1, 1);
	assert_int_equal(c.res, RECV_BUFFER_BYTES);
	assert_memory_equal(c.data, text, RECV_BUFFER_BYTES);
	give_back(&c);
	ring_recv(r, 1, 1, fd[0]);
	c = next_of(RING_RECV, 1, 1);
	assert_int_equal(c.res, 100);
	assert_memory_equal(c.data, text + RECV_BUFFER_BYTES, 100);
	give_back(&c);
	pair_close(fd);
}

/* Shut by the peer or by us, before it was asked for or while it is out. No end and no error
 * keeps a buffer: there are more of them here than buffers. */
static void test_recv_at_the_end(void **state)
{
	int fd[2];
	struct ring_completion c;

	(void)state;
	pair_tcp(fd);
	ring_recv(r, 1, 1, fd[0]);
	nothing_comes();
	shutdown(fd[1], SHUT_WR);
	c = next_of(RING_RECV, 1, 1);
	assert_int_equal(c.res, 0);
	assert_null(c.data);
	pair_close(fd);

	pair_tcp(fd);
	ring_recv(r, 2, 1, fd[0]);
	nothing_comes();
	ring_shutdown(r, fd[0], SHUT_RDWR);
	for (uint32_t i = 0; i < 2 * RECV_BUFFERS; i++) {
		c = next_of(RING_RECV, 2, 1);
		assert_int_equal(c.res, 0);
		assert_null(c.data);
		ring_recv(r, 2, 1, fd[0]);
	}
	next_of(RING_RECV, 2, 1);
	pair_close(fd);

	pair_unix(fd);
	assert_int_equal(send(fd[1], "x", 1, 0), 1);
	ring_recv(r, 3, 1, fd[0]);
	assert_int_equal(next_of(RING_RECV, 3, 1).res, 1);
	pair_close(fd);
}

static void test_recv_reset(void **state)
{
	int fd[2];
	struct ring_completion c;

	(void)state;
	pair_tcp(fd);
	ring_recv(r, 1, 7, fd[0]);
	nothing_comes();
	reset(fd[1]);
	c = next_of(RING_RECV, 1, 7);
	assert_int_equal(c.res, -ECONNRESET);
	assert_null(c.data);
	ring_close(r, fd[0]);
}

/* With io_uring. Why shutdown comes before close: what is out goes on, and the peer learns nothing. */
static void test_recv_outlives_close(void **state)
{
	int fd[2], ours;
	char byte;

	(void)state;
	pair_unix(fd);
	ours = dup(fd[0]);
	close(fd[0]);
	ring_recv(r, 1, 1, ours);
	nothing_comes();
	ring_close(r, ours);
	assert_int_equal(recv(fd[1], &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(send(fd[1], "x", 1, MSG_NOSIGNAL), 1);
	assert_int_equal(next_of(RING_RECV, 1, 1).res, 1);
	close(fd[1]);
}

/* -- buffers --------------------------------------------------------------------------- */

static void test_buffers_run_out(void **state)
{
	static struct ring_completion lent[RECV_BUFFERS];
	static bool seen[RECV_BUFFERS];
	int fd[2];
	struct ring_completion c;

	(void)state;
	memset(seen, 0, sizeof seen);
	pair_unix(fd);
	for (uint32_t i = 0; i < RECV_BUFFERS; i++) {
		char byte = (char)(i % 251);

		assert_int_equal(send(fd[1], &byte, 1, 0), 1);
		ring_recv(r, 1, 1, fd[0]);
		lent[i] = next_of(RING_RECV, 1, 1);
		assert_int_equal(lent[i].res, 1);
		assert_false(seen[lent[i].buffer]);
		seen[lent[i].buffer] = true;
	}
	/* What was lent is nobody else's. */
	for (uint32_t i = 0; i < RECV_BUFFERS; i++)
		assert_int_equal(lent[i].data[0], (char)(i % 251));
	assert_int_equal(send(fd[1], "!", 1, 0), 1);
	ring_recv(r, 1, 1, fd[0]);
	c = next_of(RING_RECV, 1, 1);
	assert_int_equal(c.res, -ENOBUFS);
	assert_null(c.data);
	give_back(&lent[1000]);
	ring_recv(r, 1, 1, fd[0]);
	c = next_of(RING_RECV, 1, 1);
	assert_int_equal(c.res, 1);
	assert_int_equal(c.data[0], '!');
	assert_int_equal(c.buffer, lent[1000].buffer);
	pair_close(fd);
}

static void test_buffer_is_cleared(void **state)
{
	static const char nothing[6];
	int fd[2];
	struct ring_completion c;

	(void)state;
	pair_unix(fd);
	assert_int_equal(send(fd[1], "secret", 6, 0), 6);
	ring_recv(r, 1, 1, fd[0]);
	c = next_of(RING_RECV, 1, 1);
	assert_memory_equal(c.data, "secret", 6);
	give_back(&c);
	assert_memory_equal(c.data, nothing, 6);
	pair_close(fd);
}

/* -- poll, wake-ups, waiting ----------------------------------------------------------- */

static void test_poll_goes_on(void **state)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	uint64_t count;

	(void)state;
	ring_poll(r, 2, 1, fd);
	nothing_comes();
	for (int i = 0; i < 3; i++) {
		struct ring_completion c;

		assert_int_equal(eventfd_write(fd, 1), 0);
		c = next();
		assert_int_equal(c.op, RING_POLL);
		assert_int_equal(c.slot, 2);
		assert_true(c.more);
		assert_true((c.res & POLLIN) != 0);
		/* Also where it was not read meanwhile. */
		if (i != 1)
			assert_int_equal(eventfd_read(fd, &count), 0);
		nothing_comes();
	}
	ring_close(r, fd);
}

static void test_wake(void **state)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	uint64_t count;

	(void)state;
	ring_wake(r, fd);
	/* With io_uring, by the next wait. */
	if (engine == RING_IO_URING)
		assert_int_equal(eventfd_read(fd, &count), -1);
	nothing_comes();
	assert_int_equal(eventfd_read(fd, &count), 0);
	assert_int_equal(count, 1);
	ring_wake(r, fd);
	ring_wake(r, fd);
	nothing_comes();
	assert_int_equal(eventfd_read(fd, &count), 0);
	assert_int_equal(count, 2);
	ring_close(r, fd);
}

static void test_wait_ends_in_time(void **state)
{
	int64_t start_ms = ring_mono_ms(r);
	int fd = eventfd(1, EFD_CLOEXEC), other = eventfd(1, EFD_CLOEXEC);
	struct ring_completion c;
	int waits = 0;

	(void)state;
	/* It may be interrupted: by what the kernel still has to do for the ring of the test before. */
	for (int64_t left_ms = 1500; left_ms > 1; left_ms = start_ms + 1500 - ring_mono_ms(r)) {
		assert_true(ring_wait(r, left_ms));
		assert_true(waits++ < 10);
	}
	assert_false(ring_next(r, &c));
	/* At once; and as soon as there is something, however long it might have been. */
	for (int i = 0; i < 1000; i++)
		assert_true(ring_wait(r, 0));
	ring_poll(r, 1, 1, fd);
	assert_true(ring_wait(r, 3600000));
	assert_true(ring_next(r, &c));
	ring_poll(r, 2, 1, other);
	assert_true(ring_wait(r, -1));
	assert_true(ring_next(r, &c));
	assert_true(ring_mono_ms(r) - start_ms < 1500 + WAIT_MS);
	ring_close(r, fd);
	ring_close(r, other);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int signal)
{
	(void)signal;
	alarms++;
}

static void test_wait_interrupted(void **state)
{
	struct itimerval soon = {.it_value.tv_usec = 10000, .it_interval.tv_usec = 10000};
	struct sigaction act = {.sa_handler = on_alarm}, was;
	struct ring_completion c;
	int64_t start_ms = ring_mono_ms(r);

	(void)state;
	alarms = 0;
	sigaction(SIGALRM, &act, &was);
	setitimer(ITIMER_REAL, &soon, NULL);
	do
		assert_true(ring_wait(r, WAIT_MS));
	while (alarms == 0);
	assert_true(ring_mono_ms(r) - start_ms < WAIT_MS);
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	sigaction(SIGALRM, &was, NULL);
	assert_false(ring_next(r, &c));
}

/* Also after a reset; a unix socket counts memory, and is not asked. */
static void test_what_is_not_acknowledged_is_known(void **state)
{
	struct linger at_once = {.l_onoff = 1};
	struct pollfd gone;
	int fd[2], local[2];
	size_t sent;

	(void)state;
	pair_tcp(fd);
	assert_int_equal(ring_unacked(r, fd[0]), 0);
	sent = fill(fd[0]);
	assert_in_range(ring_unacked(r, fd[0]), 1, sent);
	setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(fd[1]);
	gone = (struct pollfd){.fd = fd[0], .events = POLLIN};
	assert_int_equal(poll(&gone, 1, WAIT_MS), 1);
	assert_in_range(ring_unacked(r, fd[0]), 1, sent);
	close(fd[0]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, local), 0);
	assert_int_equal(send(local[0], "hello", 5, 0), 5);
	assert_int_equal(ring_unacked(r, local[0]), 0);
	pair_close(local);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_accept_says_from_where),
		ON_BOTH(test_accept_of_who_has_gone),
		ON_BOTH(test_accept_over_a_unix_socket),
		ON_BOTH(test_accept_without_descriptors),
		ON_BOTH(test_accept_cancelled),
		ON_BOTH(test_recv_once),
		ON_BOTH(test_recv_fills_one_buffer),
		ON_BOTH(test_recv_at_the_end),
		ON_BOTH(test_recv_reset),
		ON_URING(test_recv_outlives_close),
		ON_BOTH(test_buffers_run_out),
		ON_BOTH(test_buffer_is_cleared),
		ON_BOTH(test_poll_goes_on),
		ON_BOTH(test_wake),
		ON_BOTH(test_wait_ends_in_time),
		ON_BOTH(test_wait_interrupted),
		ON_BOTH(test_what_is_not_acknowledged_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
