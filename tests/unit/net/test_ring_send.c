/*
 * What the server relies on in io_uring and epoll, and what tests/sim/fake_ring.c imitates: sending, and more
 * operations and completions than the queues hold.
 */
#include "ring_help.h"

/* -- sends ----------------------------------------------------------------------------- */

/* One piece and several: they arrive as one, in order. */
static void test_send_pieces(void **state)
{
	static const char text[] = "abcdefghijklmnopqrstuvwxyz012345";
	struct iovec iov[SEND_SPANS_MAX];
	char got[SEND_SPANS_MAX * 2];
	int fd[2];
	size_t len = 0;

	(void)state;
	_Static_assert(sizeof text == SEND_SPANS_MAX + 1, "a piece for each letter");
	pair_tcp(fd);
	for (uint32_t n = 1; n <= SEND_SPANS_MAX; n++) {
		for (uint32_t i = 0; i < n; i++)
			iov[i] = (struct iovec){(void *)(uintptr_t)(text + i), 1};
		ring_send(r, 1, n, fd[0], iov, n);
		assert_int_equal(next_of(RING_SEND, 1, n).res, n);
		len = 0;
		while (len < n) {
			ssize_t some = recv(fd[1], got + len, sizeof got - len, 0);

			assert_true(some > 0);
			len += (size_t)some;
		}
		assert_int_equal(len, n);
		assert_memory_equal(got, text, n);
	}
	pair_close(fd);
}

/* The peer reads what there is; it must be the pattern from *at on. */
static void read_pattern(int fd, size_t *at)
{
	static char text[FILL_BYTES];
	ssize_t n;

	while ((n = recv(fd, text, sizeof text, MSG_DONTWAIT)) > 0)
		for (ssize_t i = 0; i < n; i++)
			if (text[i] != (char)((*at)++ % 251))
				fail_msg("byte %zu is wrong", *at - 1);
}

/* On a socket that is full a send ends with fewer bytes than it had, and says how many. */
static void test_send_is_short(void **state)
{
	enum { BYTES = 16 << 20 };
	char *text = mem_alloc(BYTES);
	size_t sent = 0, got = 0;
	uint32_t nshort = 0;
	int fd[2];

	(void)state;
	for (size_t i = 0; i < BYTES; i++)
		text[i] = (char)(i % 251);
	pair_tcp(fd);
	for (uint32_t gen = 1; sent < BYTES; gen++) {
		struct ring_completion c;

		send_text(1, gen, fd[0], text + sent, BYTES - sent);
		assert_true(ring_wait(r, 0));
		while (!ring_next(r, &c)) {
			read_pattern(fd[1], &got);
			assert_true(ring_wait(r, 1));
		}
		assert_int_equal(c.op, RING_SEND);
		assert_int_equal(c.gen, gen);
		assert_false(c.more);
		assert_true(c.res > 0);
		sent += (size_t)c.res;
		nshort += sent < BYTES;
	}
	shutdown(fd[0], SHUT_WR);
	while (got < BYTES) {
		struct pollfd ready = {.fd = fd[1], .events = POLLIN};

		assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
		read_pattern(fd[1], &got);
	}
	assert_int_equal(got, sent);
	assert_true(nshort > 0);
	pair_close(fd);
	free(text);
}

/* What a send that waits for room reads from: its vectors were copied, its bytes are not. */
static void test_send_waits(void **state)
{
	char head[] = "head-", tail[] = "tail", got[16] = "";
	struct iovec iov[2] = {{head, 5}, {tail, 4}};
	int fd[2], dead = dead_end();
	size_t full;

	(void)state;
	pair_unix(fd);
	full = fill(fd[0]);
	ring_send(r, 1, 1, fd[0], iov, 2);
	nothing_comes();
	iov[0] = iov[1] = (struct iovec){NULL, 0};
	/* The ring's own vectors are used again, all of them. */
	for (uint32_t i = 0; i < SQ_ENTRIES; i++) {
		ring_send(r, 2, i, dead, (struct iovec[]){{got, 1}, {got, 1}}, 2);
		ring_send(r, 2, i, dead, (struct iovec[]){{got, 1}, {got, 1}}, 2);
	}
	for (uint32_t i = 0; i < 2 * SQ_ENTRIES; i++)
		assert_int_equal(next_of(RING_SEND, 2, i / 2).res, -EPIPE);
	nothing_comes();
	tail[0] = 'T';
	read_away(fd[1], full);
	assert_int_equal(next_of(RING_SEND, 1, 1).res, 9);
	assert_int_equal(recv(fd[1], got, sizeof got, 0), 9);
	assert_memory_equal(got, "head-Tail", 9);
	ring_close(r, dead);
	pair_close(fd);
}

/* So a connection that is shut is soon rid of what is in flight. */
static void test_shutdown_ends_all(void **state)
{
	int fd[2];
	bool sent = false, received = false;

	(void)state;
	pair_unix(fd);
	fill(fd[0]);
	ring_recv(r, 1, 1, fd[0]);
	send_text(1, 1, fd[0], "x", 1);
	nothing_comes();
	ring_shutdown(r, fd[0], SHUT_RDWR);
	for (int i = 0; i < 2; i++) {
		struct ring_completion c = next();

		assert_false(c.more);
		assert_int_equal(c.res, c.op == RING_SEND ? -EPIPE : 0);
		sent = sent || c.op == RING_SEND;
		received = received || c.op == RING_RECV;
	}
	assert_true(sent && received);
	nothing_comes();
	pair_close(fd);
}

static volatile sig_atomic_t pipes;

static void on_pipe(int signal)
{
	(void)signal;
	pipes++;
}

static void test_send_to_nobody(void **state)
{
	struct sigaction act = {.sa_handler = on_pipe}, was;
	struct iovec iov[2] = {{(char[]){"x"}, 1}, {(char[]){"y"}, 1}};
	int fd[2], res;

	(void)state;
	pipes = 0;
	sigaction(SIGPIPE, &act, &was);
	/* With epoll they go by write(2) and writev(2), which know no flags. */
	if (engine == RING_IO_EPOLL)
		signal(SIGPIPE, SIG_IGN);
	for (uint32_t n = 1; n <= 2; n++) {
		pair_tcp(fd);
		reset(fd[1]);
		/* Which of the two it is depends on whether somebody has asked before. */
		ring_send(r, 1, n, fd[0], iov, n);
		res = next_of(RING_SEND, 1, n).res;
		assert_true(res == -ECONNRESET || res == -EPIPE);
		ring_send(r, 2, n, fd[0], iov, n);
		assert_int_equal(next_of(RING_SEND, 2, n).res, -EPIPE);
		ring_close(r, fd[0]);
	}
	sigaction(SIGPIPE, &was, NULL);
	assert_int_equal(pipes, 0);
}

/* -- many ------------------------------------------------------------------------------ */

/* Takes n completions of sends to a dead end, each of which comes once. */
static void take_dead(uint32_t n)
{
	bool *seen = mem_zero(n, sizeof *seen);

	for (uint32_t i = 0; i < n; i++) {
		struct ring_completion c = next();

		assert_int_equal(c.op, RING_SEND);
		assert_int_equal(c.res, -EPIPE);
		assert_true(c.gen < n && !seen[c.gen]);
		seen[c.gen] = true;
	}
	free(seen);
}

/* More than one submit takes, and not a multiple of it: those before go in the midst. */
static void test_many_operations(void **state)
{
	enum { MANY = 3 * SQ_ENTRIES + 17 };
	int dead = dead_end(), fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	uint64_t count;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		send_text(1, i, dead, "x", 1);
		ring_wake(r, fd);
	}
	take_dead(MANY);
	nothing_comes();
	assert_int_equal(eventfd_read(fd, &count), 0);
	assert_int_equal(count, MANY);
	ring_close(r, fd);
	ring_close(r, dead);
}

/* More pieces than there are vectors, on a socket that has room for all: they stay in order. */
static void test_many_pieces(void **state)
{
	enum { SENDS = 2 * VECTORS / SEND_SPANS_MAX + 3, BYTES = SENDS * SEND_SPANS_MAX };
	struct iovec iov[SEND_SPANS_MAX];
	char *text = mem_alloc(BYTES);
	size_t got = 0;
	int fd[2];

	(void)state;
	for (size_t i = 0; i < BYTES; i++)
		text[i] = (char)(i % 251);
	pair_tcp(fd);
	for (uint32_t i = 0; i < SENDS; i++) {
		for (uint32_t k = 0; k < SEND_SPANS_MAX; k++)
			iov[k] = (struct iovec){text + i * SEND_SPANS_MAX + k, 1};
		ring_send(r, 1, i, fd[0], iov, SEND_SPANS_MAX);
	}
	for (uint32_t i = 0; i < SENDS; i++)
		assert_int_equal(next_of(RING_SEND, 1, i).res, SEND_SPANS_MAX);
	shutdown(fd[0], SHUT_WR);
	while (got < BYTES) {
		struct pollfd ready = {.fd = fd[1], .events = POLLIN};

		assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
		read_pattern(fd[1], &got);
	}
	assert_int_equal(got, BYTES);
	pair_close(fd);
	free(text);
}

/* What came from several between two turns comes once each, and in no order that one could rely
 * on: 6.1 tells the newest first, newer kernels the oldest. */
static void test_order_of_many(void **state)
{
	enum { MANY = 8 };
	int fd[MANY][2];
	char order[MANY + 1] = "";
	bool seen[MANY] = {false};

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		pair_unix(fd[i]);
		ring_recv(r, i, 1, fd[i][0]);
	}
	nothing_comes();
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(send(fd[i][1], &"01234567"[i], 1, 0), 1);
	for (uint32_t i = 0; i < MANY; i++) {
		struct ring_completion c = next();

		assert_int_equal(c.res, 1);
		assert_true(c.slot < MANY && !seen[c.slot]);
		seen[c.slot] = true;
		order[i] = c.data[0];
		give_back(&c);
		pair_close(fd[c.slot]);
	}
	print_message("# fact: what came in the order 01234567 is told in the order %s\n", order);
}

/* What does not fit the completion queue is kept by the kernel and comes; meanwhile it takes
 * operations as before (older kernels said EBUSY). */
static void test_many_completions(void **state)
{
	enum { MANY = CQ_ENTRIES + SQ_ENTRIES + 99 };
	int dead = dead_end();

	(void)state;
	for (uint32_t i = 0; i < MANY - 1; i++)
		send_text(1, i, dead, "x", 1);
	assert_true(ring_wait(r, 0));
	assert_true((*own(r)->uring.sq.kflags & IORING_SQ_CQ_OVERFLOW) != 0);
	send_text(1, MANY - 1, dead, "x", 1);
	assert_int_equal(io_uring_submit_and_get_events(&own(r)->uring), 1);
	take_dead(MANY);
	nothing_comes();
	ring_close(r, dead);
}

/* With that queue full, what goes on by itself ends, with its last result and without `more`:
 * nothing of it is lost, and it goes on when it is armed again. */
static void test_overflow_ends_what_goes_on(void **state)
{
	enum { MANY = CQ_ENTRIES + SQ_ENTRIES + 1 };
	struct sockaddr_in at;
	int dead = dead_end(), listener = listen_tcp(&at), event = eventfd(0, EFD_CLOEXEC);
	int client[2] = {-1, -1};
	uint32_t ndead = 0, naccepted = 0, npolled = 0;

	(void)state;
	ring_accept(r, 1, 1, listener);
	ring_poll(r, 1, 1, event);
	nothing_comes();
	for (uint32_t i = 0; i < MANY; i++) {
		/* The queue is full with what was submitted before this; what is submitted in
		 * the midst after it finds both ready. */
		if (i == CQ_ENTRIES + 1) {
			client[0] = connect_tcp(&at);
			assert_int_equal(eventfd_write(event, 1), 0);
		}
		send_text(1, i, dead, "x", 1);
	}
	while (ndead < MANY || naccepted < 1 || npolled < 1) {
		struct ring_completion c = next();

		assert_true(c.op == RING_SEND || !c.more);
		assert_int_equal(c.res < 0, c.op == RING_SEND);
		ndead += c.op == RING_SEND;
		naccepted += c.op == RING_ACCEPT;
		npolled += c.op == RING_POLL;
		if (c.op == RING_ACCEPT)
			ring_close(r, c.res);
	}
	nothing_comes();
	ring_accept(r, 1, 1, listener);
	client[1] = connect_tcp(&at);
	assert_true(next().res >= 0);
	ring_poll(r, 1, 1, event);
	assert_int_equal(next().op, RING_POLL);
	close(client[0]);
	close(client[1]);
	ring_close(r, listener);
	ring_close(r, event);
	ring_close(r, dead);
}

/* -- what it may do -------------------------------------------------------------------- */

/* Which operations are refused is in test_sandbox.c; neither may they carry anything new. */
static void test_flags_are_refused(void **state)
{
	static const uint8_t flags[] = {
		IOSQE_FIXED_FILE, IOSQE_IO_DRAIN, IOSQE_IO_LINK, IOSQE_IO_HARDLINK, IOSQE_ASYNC,
		IOSQE_CQE_SKIP_SUCCESS,
	};
	int fd[2];

	(void)state;
	pair_unix(fd);
	for (size_t i = 0; i < sizeof flags; i++) {
		send_text(1, 1, fd[0], "x", 1);
		own(r)->uring.sq.sqes[(own(r)->uring.sq.sqe_tail - 1) & own(r)->uring.sq.ring_mask].flags |= flags[i];
		assert_int_equal(next_of(RING_SEND, 1, 1).res, -EACCES);
	}
	send_text(1, 1, fd[0], "x", 1);
	assert_int_equal(next_of(RING_SEND, 1, 1).res, 1);
	pair_close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_send_pieces),
		ON_BOTH(test_send_is_short),
		ON_BOTH(test_send_waits),
		ON_BOTH(test_shutdown_ends_all),
		ON_BOTH(test_send_to_nobody),
		ON_BOTH(test_many_operations),
		ON_BOTH(test_many_pieces),
		ON_BOTH(test_order_of_many),
		ON_URING(test_many_completions),
		ON_URING(test_overflow_ends_what_goes_on),
		ON_URING(test_flags_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
