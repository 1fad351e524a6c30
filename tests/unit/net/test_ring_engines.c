/*
 * Where two engines could differ, and where one of them needs care: who comes last, what is half
 * there, what somebody else has open, what the kernel refuses.
 */
#include <sys/epoll.h>

#include "ring_help.h"

static int refusals; /* by epoll_ctl (Makefile: --wrap) that are still to come */

int __real_epoll_ctl(int set, int op, int fd, struct epoll_event *ev);
int __wrap_epoll_ctl(int set, int op, int fd, struct epoll_event *ev);

int __wrap_epoll_ctl(int set, int op, int fd, struct epoll_event *ev)
{
	if (refusals == 0)
		return __real_epoll_ctl(set, op, fd, ev);
	refusals--;
	errno = ENOSPC;
	return -1;
}

/* -- accept ---------------------------------------------------------------------------- */

/* Somebody else who has the listener (systemd, a process before us) may have made it so that it does
 * not block; an accept waits all the same. */
static void test_listener_that_does_not_block(void **state)
{
	struct sockaddr_in at;
	int listener = listen_tcp(&at), client;
	struct ring_completion c;

	(void)state;
	assert_int_equal(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
	for (uint32_t i = 0; i < 3; i++)
		ring_accept(r, i, 1, listener);
	for (int i = 0; i < 5; i++) {
		nothing_comes();
		nothing_comes();
		client = connect_tcp(&at);
		c = next();
		assert_int_equal(c.op, RING_ACCEPT);
		assert_in_range(c.res, 0, INT32_MAX);
		assert_int_equal(c.from.kind, ADDRESS_IPV4);
		ring_close(r, c.res);
		close(client);
		ring_accept(r, c.slot, 1, listener);
	}
	nothing_comes();
	for (uint32_t i = 0; i < 3; i++)
		ring_cancel_accept(r, i, 1);
	for (int i = 0; i < 3; i++) {
		c = next();
		assert_int_equal(c.op, RING_ACCEPT);
		assert_int_equal(c.res, -ECANCELED);
	}
	client = connect_tcp(&at);
	nothing_comes();
	ring_accept(r, 1, 1, listener);
	assert_in_range(next_of(RING_ACCEPT, 1, 1).res, 0, INT32_MAX);
	close(client);
	ring_close(r, listener);
}

/* Kernels that refuse to wait at such a listener answer EAGAIN. This one does not, so the answer is made up:
 * the accept waits all the same, and can be cancelled. */
static void test_kernel_that_does_not_wait(void **state)
{
	struct sockaddr_in at;
	int listener = listen_tcp(&at), client;
	struct ring_completion c = {.op = RING_ACCEPT, .slot = 3, .gen = 1, .res = -EAGAIN};

	(void)state;
	own(r)->accepted[3] = (struct accepted){.fd = listener};
	for (int i = 0; i < 3; i++) {
		c = (struct ring_completion){.op = RING_ACCEPT, .slot = 3, .gen = 1, .res = -EAGAIN};
		assert_false(accept_ended(r, &c, false));
		nothing_comes();
		client = connect_tcp(&at);
		c = next_of(RING_ACCEPT, 3, 1);
		assert_in_range(c.res, 0, INT32_MAX);
		assert_int_equal(c.from.kind, ADDRESS_IPV4);
		ring_close(r, c.res);
		close(client);
	}
	c = (struct ring_completion){.op = RING_ACCEPT, .slot = 3, .gen = 1, .res = -EAGAIN};
	assert_false(accept_ended(r, &c, false));
	nothing_comes();
	ring_cancel_accept(r, 3, 1);
	assert_int_equal(next_of(RING_ACCEPT, 3, 1).res, -ECANCELED);
	nothing_comes();
	/* Cancelled before that answer was seen. */
	own(r)->accepted[3] = (struct accepted){.fd = listener};
	ring_cancel_accept(r, 3, 1);
	c = (struct ring_completion){.op = RING_ACCEPT, .slot = 3, .gen = 1, .res = -EAGAIN};
	assert_true(accept_ended(r, &c, false));
	assert_int_equal(c.res, -ECANCELED);
	nothing_comes();
	ring_close(r, listener);
}

/* Many at once: as many as there are accepts; the rest wait for the next ones. */
static void test_many_come_at_once(void **state)
{
	enum { MANY = 40, ACCEPTS = 4 };
	struct sockaddr_in at;
	int listener = listen_tcp(&at), client[MANY];
	struct ring_completion c;

	(void)state;
	for (uint32_t i = 0; i < ACCEPTS; i++)
		ring_accept(r, i, 1, listener);
	nothing_comes();
	for (int i = 0; i < MANY; i++)
		client[i] = connect_tcp(&at);
	for (int i = 0; i < MANY; i++) {
		c = next();
		assert_int_equal(c.op, RING_ACCEPT);
		assert_in_range(c.res, 0, INT32_MAX);
		ring_close(r, c.res);
		ring_accept(r, c.slot, 1, listener);
	}
	nothing_comes();
	for (int i = 0; i < MANY; i++)
		close(client[i]);
	ring_close(r, listener);
}

/* -- receive --------------------------------------------------------------------------- */

/* What is armed within a turn comes in a later one: nobody keeps a turn from ending by sending much. */
static void test_a_turn_ends(void **state)
{
	static char much[3 * RECV_BUFFER_BYTES];
	int fd[2];
	struct ring_completion c;

	(void)state;
	pair_unix(fd);
	assert_int_equal(send(fd[1], much, sizeof much, 0), sizeof much);
	ring_recv(r, 1, 1, fd[0]);
	for (int i = 0; i < 3; i++) {
		assert_true(ring_wait(r, WAIT_MS));
		assert_true(ring_next(r, &c));
		assert_int_equal(c.res, RECV_BUFFER_BYTES);
		give_back(&c);
		ring_recv(r, 1, 1, fd[0]);
		assert_false(ring_next(r, &c));
	}
	nothing_comes();
	assert_int_equal(send(fd[1], "!", 1, 0), 1);
	assert_int_equal(next_of(RING_RECV, 1, 1).res, 1);
	pair_close(fd);
}

/* All of it comes, in pieces of any size, though each receive was asked for only after the one before
 * and nothing more is sent meanwhile. */
static void receive_all(int fd, const char *text)
{
	size_t got = 0;

	while (got < strlen(text)) {
		struct ring_completion c;

		ring_recv(r, 1, 1, fd);
		c = next_of(RING_RECV, 1, 1);
		assert_true(c.res > 0);
		assert_true(got + (size_t)c.res <= strlen(text));
		assert_memory_equal(c.data, text + got, (size_t)c.res);
		got += (size_t)c.res;
		give_back(&c);
	}
}

/* Telnet marks an interrupt with urgent data, and a receive ends there, short as it is. */
static void test_urgent_data(void **state)
{
	int fd[2], one = 1;

	(void)state;
	for (int i = 0; i < 2; i++) {
		pair_tcp(fd);
		assert_int_equal(setsockopt(fd[0], SOL_SOCKET, SO_OOBINLINE, &one, sizeof one), 0);
		if (i == 1) {
			ring_recv(r, 2, 1, fd[0]);
			nothing_comes();
			assert_int_equal(send(fd[1], "-", 1, 0), 1);
			assert_int_equal(next_of(RING_RECV, 2, 1).res, 1);
		}
		assert_int_equal(send(fd[1], "abc", 3, 0), 3);
		assert_int_equal(send(fd[1], "!", 1, MSG_OOB), 1);
		assert_int_equal(send(fd[1], "defgh", 5, 0), 5);
		receive_all(fd[0], "abc!defgh");
		ring_recv(r, 1, 1, fd[0]);
		nothing_comes();
		assert_int_equal(send(fd[1], "x", 1, 0), 1);
		assert_int_equal(next_of(RING_RECV, 1, 1).res, 1);
		pair_close(fd);
	}
}

/* So does one at a message with a descriptor, which nobody wants. */
static void test_descriptors_by_a_unix_socket(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ours;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = (char[]){"b"}, .iov_len = 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
	                   .msg_controllen = sizeof control};

	(void)state;
	snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "chatd-test-engines-%d", (int)getpid());
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(listener, 4), 0);
	ring_accept(r, 0, 1, listener);
	assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof at), 0);
	ours = next_of(RING_ACCEPT, 0, 1).res;
	CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
	CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
	CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &client, sizeof client);
	assert_int_equal(send(client, "a", 1, 0), 1);
	assert_int_equal(sendmsg(client, &m, 0), 1);
	assert_int_equal(send(client, "cd", 2, 0), 2);
	receive_all(ours, "abcd");
	ring_close(r, ours);
	close(client);
	ring_close(r, listener);
}

/* Last words and the end arrive together, before or after a receive was asked for. */
static void test_last_words(void **state)
{
	int fd[2];

	(void)state;
	for (int i = 0; i < 4; i++) {
		if (i / 2 == 0)
			pair_tcp(fd);
		else
			pair_unix(fd);
		if (i % 2 == 1) {
			ring_recv(r, 2, 1, fd[0]);
			nothing_comes();
			assert_int_equal(send(fd[1], "-", 1, 0), 1);
			assert_int_equal(next_of(RING_RECV, 2, 1).res, 1);
		}
		assert_int_equal(send(fd[1], "bye", 3, 0), 3);
		shutdown(fd[1], SHUT_WR);
		receive_all(fd[0], "bye");
		ring_recv(r, 1, 1, fd[0]);
		assert_int_equal(next_of(RING_RECV, 1, 1).res, 0);
		pair_close(fd);
	}
}

/* Each sends a few lines with pauses, in an order of its own; none is forgotten. */
static void test_many_talk(void **state)
{
	enum { MANY = 60, LINES = 30 };
	int fd[MANY][2];
	uint32_t got[MANY] = {0}, all = 0;
	struct ring_completion c;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		if (i % 2 == 0)
			pair_tcp(fd[i]);
		else
			pair_unix(fd[i]);
		ring_recv(r, i, 1, fd[i][0]);
	}
	for (uint32_t line = 0; line < LINES; line++) {
		for (uint32_t i = 0; i < MANY; i++)
			if ((i + line) % 3 != 0)
				assert_int_equal(send(fd[i][1], "0123456789", 10, 0), 10);
		assert_true(ring_wait(r, 0));
		while (ring_next(r, &c)) {
			got[c.slot] += (uint32_t)c.res;
			give_back(&c);
			ring_recv(r, c.slot, 1, fd[c.slot][0]);
		}
	}
	for (uint32_t i = 0; i < MANY; i++)
		all += got[i];
	while (all < MANY * LINES * 10 * 2 / 3) {
		c = next();
		all += (uint32_t)c.res;
		give_back(&c);
		ring_recv(r, c.slot, 1, fd[c.slot][0]);
	}
	nothing_comes();
	for (uint32_t i = 0; i < MANY; i++) {
		ring_shutdown(r, fd[i][0], SHUT_RDWR);
		assert_int_equal(next().res, 0);
		pair_close(fd[i]);
	}
}

/* -- both ways ------------------------------------------------------------------------- */

/* A send that waits for room does not keep a receive waiting, nor the other way round. */
static void test_full_and_talking(void **state)
{
	int fd[2];
	size_t full;
	struct ring_completion c;

	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		if (tcp)
			pair_tcp(fd);
		else
			pair_unix(fd);
		ring_recv(r, 1, 1, fd[0]);
		full = fill(fd[0]);
		send_text(1, 2, fd[0], "late", 4);
		nothing_comes();
		for (int i = 0; i < 3; i++) {
			assert_int_equal(send(fd[1], "x", 1, 0), 1);
			c = next_of(RING_RECV, 1, 1);
			assert_int_equal(c.res, 1);
			give_back(&c);
			ring_recv(r, 1, 1, fd[0]);
		}
		read_away(fd[1], full);
		assert_int_equal(next_of(RING_SEND, 1, 2).res, 4);
		nothing_comes();
		/* And again, though all is registered by now. */
		full = fill(fd[0]) + 4;
		send_text(1, 3, fd[0], "again", 5);
		nothing_comes();
		read_away(fd[1], full);
		assert_int_equal(next_of(RING_SEND, 1, 3).res, 5);
		nothing_comes();
		pair_close(fd);
		/* A recv goes on after that with io_uring. */
		while (ring_wait(r, 0) && ring_next(r, &c))
			assert_int_equal(c.op, RING_RECV);
	}
}

/* With epoll a send is made at once, and its end comes with the next wait, which does not wait then. */
static void test_sent_at_once(void **state)
{
	int fd[2];
	char got[8];
	struct ring_completion c;

	(void)state;
	pair_tcp(fd);
	send_text(1, 1, fd[0], "hello", 5);
	assert_int_equal(recv(fd[1], got, sizeof got, 0), 5);
	assert_false(ring_next(r, &c));
	assert_true(ring_wait(r, -1));
	assert_true(ring_next(r, &c));
	assert_int_equal(c.res, 5);
	assert_false(ring_next(r, &c));
	pair_close(fd);
}

/* -- the end --------------------------------------------------------------------------- */

/* With epoll. What is in flight ends; and what somebody else has open is heard of no more. */
static void test_close_ends_all(void **state)
{
	int fd[2], theirs, next_one[2];
	struct ring_completion c;
	bool sent = false, received = false;

	(void)state;
	pair_unix(fd);
	theirs = dup(fd[0]);
	fill(fd[0]);
	ring_recv(r, 1, 1, fd[0]);
	send_text(1, 1, fd[0], "x", 1);
	nothing_comes();
	assert_int_equal(send(fd[1], "y", 1, 0), 1);
	ring_close(r, fd[0]);
	for (int i = 0; i < 2; i++) {
		c = next();
		assert_int_equal(c.res, -ECANCELED);
		sent = sent || c.op == RING_SEND;
		received = received || c.op == RING_RECV;
	}
	assert_true(sent && received);
	nothing_comes();
	/* The next one of that number is another one. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, next_one), 0);
	assert_int_equal(next_one[0], fd[0]);
	ring_recv(r, 1, 2, next_one[0]);
	assert_int_equal(send(fd[1], "z", 1, 0), 1);
	nothing_comes();
	assert_int_equal(send(next_one[1], "new", 3, 0), 3);
	c = next_of(RING_RECV, 1, 2);
	assert_int_equal(c.res, 3);
	give_back(&c);
	pair_close(next_one);
	/* And the old one can be ours again. */
	assert_int_equal(dup2(theirs, fd[0]), fd[0]);
	ring_recv(r, 1, 3, fd[0]);
	c = next_of(RING_RECV, 1, 3);
	assert_int_equal(c.res, 2);
	give_back(&c);
	pair_close(fd);
	close(theirs);
}

/* Closed while it is in the queue of the next turn already. */
static void test_close_of_what_is_due(void **state)
{
	static char much[2 * RECV_BUFFER_BYTES];
	int fd[2], next_one[2];
	struct ring_completion c;

	(void)state;
	pair_unix(fd);
	assert_int_equal(send(fd[1], much, sizeof much, 0), sizeof much);
	ring_recv(r, 1, 1, fd[0]);
	c = next_of(RING_RECV, 1, 1);
	give_back(&c);
	ring_recv(r, 1, 1, fd[0]);
	ring_close(r, fd[0]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, next_one), 0);
	assert_int_equal(next_one[0], fd[0]);
	ring_recv(r, 1, 2, next_one[0]);
	assert_int_equal(next_of(RING_RECV, 1, 1).res, -ECANCELED);
	nothing_comes();
	assert_int_equal(send(next_one[1], "x", 1, 0), 1);
	assert_int_equal(next_of(RING_RECV, 1, 2).res, 1);
	pair_close(next_one);
	close(fd[1]);
}

/* A descriptor with a high number. */
static void test_high_numbers(void **state)
{
	int fd[2], high;
	struct ring_completion c;

	(void)state;
	pair_unix(fd);
	for (int at = 60; at < 1000; at *= 2) {
		high = fcntl(fd[0], F_DUPFD_CLOEXEC, at + 5);
		assert_true(high > at);
		ring_recv(r, 1, 1, high);
		nothing_comes();
		assert_int_equal(send(fd[1], "x", 1, 0), 1);
		c = next_of(RING_RECV, 1, 1);
		assert_int_equal(c.res, 1);
		give_back(&c);
		ring_close(r, high);
	}
	pair_close(fd);
}

/* -- refusals -------------------------------------------------------------------------- */

static void begin_op(enum ring_op op, uint32_t gen, int fd)
{
	if (op == RING_ACCEPT)
		ring_accept(r, 1, gen, fd);
	else if (op == RING_RECV)
		ring_recv(r, 1, gen, fd);
	else if (op == RING_POLL)
		ring_poll(r, 1, gen, fd);
	else
		send_text(1, gen, fd, "text", 4);
}

/* It ends with this error: once, and not within the call. */
static void ends_with(enum ring_op op, uint32_t gen, int fd, int error)
{
	struct ring_completion c;

	begin_op(op, gen, fd);
	assert_false(ring_next(r, &c));
	assert_int_equal(next_of(op, 1, gen).res, -error);
	nothing_comes();
}

/* With epoll, the user has no more watches (epoll(7), max_user_watches), or the kernel no memory; then there are some. */
static void refused_at_first(enum ring_op op, int fd)
{
	for (uint32_t gen = 1; gen <= 2; gen++) {
		refusals = 1;
		ends_with(op, gen, fd, ENOSPC);
		assert_int_equal(refusals, 0);
	}
	begin_op(op, 3, fd);
	nothing_comes();
}

static void test_accept_is_refused(void **state)
{
	struct sockaddr_in at;
	int listener = listen_tcp(&at), client, ours;

	(void)state;
	refused_at_first(RING_ACCEPT, listener);
	client = connect_tcp(&at);
	ours = next_of(RING_ACCEPT, 1, 3).res;
	assert_in_range(ours, 0, INT32_MAX);
	nothing_comes();
	ring_close(r, ours);
	close(client);
	ring_close(r, listener);
}

static void test_receive_is_refused(void **state)
{
	struct ring_completion c;
	int fd[2];

	(void)state;
	pair_tcp(fd);
	refused_at_first(RING_RECV, fd[0]);
	assert_int_equal(send(fd[1], "hello", 5, 0), 5);
	c = next_of(RING_RECV, 1, 3);
	assert_int_equal(c.res, 5);
	give_back(&c);
	nothing_comes();
	pair_close(fd);
}

static void test_poll_is_refused(void **state)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	struct ring_completion c;

	(void)state;
	refused_at_first(RING_POLL, fd);
	assert_int_equal(eventfd_write(fd, 1), 0);
	c = next();
	assert_int_equal(c.op, RING_POLL);
	assert_int_equal(c.gen, 3);
	assert_true(c.more);
	ring_close(r, fd);
}

/* One that finds no room, at a socket that is not watched yet, and at one that is. */
static void test_send_is_refused(void **state)
{
	struct ring_completion c;
	size_t full;
	int fd[2];

	(void)state;
	for (int watched = 0; watched < 2; watched++) {
		pair_unix(fd);
		if (watched)
			ring_recv(r, 2, 1, fd[0]);
		full = fill(fd[0]);
		refused_at_first(RING_SEND, fd[0]);
		read_away(fd[1], full);
		assert_int_equal(next_of(RING_SEND, 1, 3).res, 4);
		nothing_comes();
		if (watched) {
			assert_int_equal(send(fd[1], "x", 1, 0), 1);
			c = next_of(RING_RECV, 2, 1);
			assert_int_equal(c.res, 1);
			give_back(&c);
		}
		pair_close(fd);
	}
}

/* Nothing waits for what is not open. */
static void test_no_such_descriptor(void **state)
{
	static const enum ring_op ops[] = {RING_ACCEPT, RING_RECV, RING_POLL, RING_SEND};
	int fd = dup(0);

	(void)state;
	close(fd);
	for (uint32_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
		ends_with(ops[i], i, fd, EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_listener_that_does_not_block),
		ON_URING(test_kernel_that_does_not_wait),
		ON_BOTH(test_many_come_at_once),
		ON_BOTH(test_a_turn_ends),
		ON_BOTH(test_urgent_data),
		ON_BOTH(test_descriptors_by_a_unix_socket),
		ON_BOTH(test_last_words),
		ON_BOTH(test_many_talk),
		ON_BOTH(test_full_and_talking),
		ON_EPOLL(test_sent_at_once),
		ON_EPOLL(test_close_ends_all),
		ON_EPOLL(test_close_of_what_is_due),
		ON_BOTH(test_high_numbers),
		ON_EPOLL(test_accept_is_refused),
		ON_EPOLL(test_receive_is_refused),
		ON_EPOLL(test_poll_is_refused),
		ON_EPOLL(test_send_is_refused),
		ON_BOTH(test_no_such_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
