/*
 * A kernel that refuses: each call that hands operations over fails in turn, in a script of
 * accepts, receives and sends, and nothing is lost; and one that takes nothing any more.
 *
 * The calls are replaced at link time (Makefile: --wrap). How making a ring fails is in
 * test_ring_new.c.
 */
#include "ring_help.h"

enum {
	EVER = INT32_MAX,
	CLIENTS = 3,
	ROUNDS = 4,
	LINES = 40,        /* that each client is sent in a round, each a piece */
	FILL = SQ_ENTRIES + 500, /* operations of a round beside those: one submit is not enough */
	PARTLY = -1,       /* as an error: half of what was handed over is taken */
};

/* What the kernel is made to answer. */
static struct {
	int error;     /* to the calls from `first` on, `times` of them; 0: none */
	int first, times;
	int calls;     /* so far */
	int events;    /* calls that had what was put off done */
	int64_t paused_ns; /* by nanosleep, which does not sleep here */
} fault;

/* -- the calls ------------------------------------------------------------------------- */

int __real_io_uring_submit_and_wait_timeout(struct io_uring *u, struct io_uring_cqe **cqe,
                                            unsigned wait_nr, struct __kernel_timespec *ts,
                                            sigset_t *mask);
int __wrap_io_uring_submit_and_wait_timeout(struct io_uring *u, struct io_uring_cqe **cqe,
                                            unsigned wait_nr, struct __kernel_timespec *ts,
                                            sigset_t *mask);
int __real_io_uring_submit_and_get_events(struct io_uring *u);
int __wrap_io_uring_submit_and_get_events(struct io_uring *u);
int __real_io_uring_get_events(struct io_uring *u);
int __wrap_io_uring_get_events(struct io_uring *u);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);

/* True if this call fails. */
static bool fails(void)
{
	fault.calls++;
	return fault.error != 0 && fault.calls >= fault.first &&
	       fault.calls - fault.first < fault.times;
}

/* What the kernel does that runs out of memory for operations in the midst of them. */
static int take_half(struct io_uring *u)
{
	unsigned ready = io_uring_sq_ready(u);

	u->sq.sqe_head = u->sq.sqe_tail;
	*u->sq.ktail = u->sq.sqe_tail;
	return ready < 2 ? -EAGAIN : io_uring_enter((unsigned)u->ring_fd, ready / 2, 0, 0, NULL);
}

static int refuse(struct io_uring *u)
{
	return fault.error == PARTLY ? take_half(u) : -fault.error;
}

int __wrap_io_uring_submit_and_wait_timeout(struct io_uring *u, struct io_uring_cqe **cqe,
                                            unsigned wait_nr, struct __kernel_timespec *ts,
                                            sigset_t *mask)
{
	return fails() ? refuse(u)
	               : __real_io_uring_submit_and_wait_timeout(u, cqe, wait_nr, ts, mask);
}

int __wrap_io_uring_submit_and_get_events(struct io_uring *u)
{
	return fails() ? refuse(u) : __real_io_uring_submit_and_get_events(u);
}

int __wrap_io_uring_get_events(struct io_uring *u)
{
	fault.events++;
	return __real_io_uring_get_events(u);
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)left;
	fault.paused_ns += time->tv_sec * INT64_C(1000000000) + time->tv_nsec;
	return 0;
}

/* -- a script -------------------------------------------------------------------------- */

struct script {
	int fd[CLIENTS];         /* ours; -1 until accepted */
	int client[CLIENTS];     /* theirs */
	uint32_t left[CLIENTS];  /* of the send that is out: bytes not sent; 0: none is out */
	char said[CLIENTS];      /* what we got of each */
	char *text[CLIENTS];     /* what each is sent in a round */
	size_t len;              /* and how long that is */
	struct bytes got[CLIENTS]; /* what each got in all */
	uint32_t naccepted, nsaid;
	bool dead[FILL];         /* operations of this round beside, that have ended */
	uint32_t ndead;
	bool ok;                 /* false once something came that should not */
};

static void send_rest(struct script *s, uint32_t i)
{
	struct iovec iov[SEND_SPANS_MAX];
	char *at = s->text[i] + s->len - s->left[i];
	uint32_t n = 0;

	/* In lines, as it comes from a feed. */
	while (n < SEND_SPANS_MAX && at < s->text[i] + s->len) {
		char *end = (char *)memchr(at, '\n', (size_t)(s->text[i] + s->len - at)) + 1;

		iov[n++] = (struct iovec){at, (size_t)(end - at)};
		at = end;
	}
	ring_send(r, i, 1, s->fd[i], iov, n);
}

static void on_recv(struct script *s, const struct ring_completion *c)
{
	s->ok = s->ok && c->res == 1 && s->said[c->slot] == 0;
	if (c->res != 1)
		return;
	s->said[c->slot] = c->data[0];
	s->nsaid++;
	give_back(c);
}

static void on_completion(struct script *s, const struct ring_completion *c)
{
	if (c->op == RING_ACCEPT) {
		s->ok = s->ok && c->more && c->res >= 0 && s->naccepted < CLIENTS;
		s->fd[s->naccepted] = c->res;
		ring_recv(r, s->naccepted++, 1, c->res);
	} else if (c->op == RING_RECV) {
		on_recv(s, c);
	} else if (c->slot == CLIENTS) {
		s->ok = s->ok && c->res == -EPIPE && c->gen < FILL && !s->dead[c->gen];
		s->dead[c->gen] = true;
		s->ndead++;
	} else {
		s->ok = s->ok && c->res > 0 && (uint32_t)c->res <= s->left[c->slot];
		s->left[c->slot] -= (uint32_t)c->res;
		if (s->ok && s->left[c->slot] > 0)
			send_rest(s, c->slot);
	}
}

/* One turn: waits, takes what came. False: the ring is lost, or it is not what should be. */
static bool turn(struct script *s)
{
	struct ring_completion c;

	if (!ring_wait(r, WAIT_MS))
		return false;
	while (s->ok && ring_next(r, &c))
		on_completion(s, &c);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		char text[4096];
		ssize_t n;

		while ((n = recv(s->client[i], text, sizeof text, MSG_DONTWAIT)) > 0)
			bytes_append(&s->got[i], text, (size_t)n);
	}
	return s->ok;
}

/* So many operations, then a line for each client, and a wake-up. */
static bool round_of(struct script *s, int dead, int event)
{
	memset(s->dead, 0, sizeof s->dead);
	s->ndead = 0;
	for (uint32_t i = 0; i < FILL; i++)
		send_text(CLIENTS, i, dead, "x", 1);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		s->left[i] = (uint32_t)s->len;
		send_rest(s, i);
	}
	ring_wake(r, event);
	while (s->ndead < FILL || s->left[0] + s->left[1] + s->left[2] > 0)
		if (!turn(s))
			return false;
	return true;
}

static bool play(struct script *s, const struct sockaddr_in *at, int listener, int event)
{
	int dead = dead_end();
	bool ok = true;

	ring_accept(r, 0, 1, listener);
	for (int i = 0; i < CLIENTS; i++) {
		s->client[i] = connect_tcp(at);
		assert_int_equal(send(s->client[i], &"abc"[i], 1, 0), 1);
	}
	while (ok && s->nsaid < CLIENTS)
		ok = turn(s);
	for (int i = 0; ok && i < ROUNDS; i++)
		ok = round_of(s, dead, event);
	close(dead);
	return ok;
}

/* All that was to come has come, once and in order. */
static bool all_came(const struct script *s, int event)
{
	uint64_t count = 0;
	bool ok = s->said[0] == 'a' && s->said[1] == 'b' && s->said[2] == 'c' &&
	          eventfd_read(event, &count) == 0 && count == ROUNDS;

	for (uint32_t i = 0; i < CLIENTS; i++) {
		ok = ok && s->got[i].len == ROUNDS * s->len;
		for (size_t k = 0; ok && k < ROUNDS; k++)
			ok = memcmp(s->got[i].data + k * s->len, s->text[i], s->len) == 0;
	}
	return ok;
}

/* The whole script, in a ring of its own. True: all came. */
static bool script_run(void)
{
	struct script *s = mem_zero(1, sizeof *s);
	struct sockaddr_in at;
	int listener = listen_tcp(&at), event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bool ok;

	assert_int_equal(begin(NULL), 0);
	s->ok = true;
	for (int i = 0; i < CLIENTS; i++) {
		struct bytes b = {0};

		s->fd[i] = s->client[i] = -1;
		for (int k = 0; k < LINES; k++)
			bytes_printf(&b, "client %d, line %02d\n", i, k);
		s->text[i] = b.data;
		s->len = b.len;
	}
	fault.calls = 0;
	ok = play(s, &at, listener, event) && all_came(s, event);
	ring_free(r);
	for (int i = 0; i < CLIENTS; i++) {
		close(s->fd[i]);
		close(s->client[i]);
		free(s->text[i]);
		bytes_release(&s->got[i]);
	}
	close(listener);
	close(event);
	free(s);
	return ok;
}

/* The k-th call fails, and the next so many, for each k that there is. */
static void each_call_fails(int error, int times)
{
	int k = 0;

	do {
		memset(&fault, 0, sizeof fault);
		fault.error = error;
		fault.times = times;
		fault.first = ++k;
		if (!script_run())
			fail_msg("call %d answers %d, %d times: something is lost", k, error, times);
	} while (fault.calls >= k);
	/* Waits, and submits in the midst of a turn. */
	assert_true(k > 2 * ROUNDS);
	memset(&fault, 0, sizeof fault);
}

static void test_each_call_fails(void **state)
{
	static const int errors[] = { EAGAIN, EBUSY, EINTR, PARTLY };

	(void)state;
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		each_call_fails(errors[i], 1);
		each_call_fails(errors[i], 50);
	}
}

/* While nothing is taken, what was taken before goes on: its memory is what is missing. */
static void test_work_goes_on(void **state)
{
	int fd[2];
	struct ring_completion c;

	begin(state);
	pair_unix(fd);
	ring_recv(r, 1, 1, fd[0]);
	nothing_comes();
	memset(&fault, 0, sizeof fault);
	fault.error = EAGAIN;
	fault.first = 1;
	fault.times = EVER;
	assert_int_equal(send(fd[1], "x", 1, 0), 1);
	ring_recv(r, 2, 1, fd[0]);
	assert_true(ring_wait(r, WAIT_MS));
	assert_true(ring_next(r, &c));
	assert_int_equal(c.slot, 1);
	assert_int_equal(c.res, 1);
	assert_int_equal(fault.calls, 1);
	memset(&fault, 0, sizeof fault);
	pair_close(fd);
	end(state);
}

/* -- for ever -------------------------------------------------------------------------- */

/* More of both kinds than there is room for, while the kernel takes none: it comes to an end,
 * ring_wait says why, and what is asked of the ring after that is asked in vain. */
static void never_takes(int error)
{
	struct iovec iov[SEND_SPANS_MAX];
	struct ring_completion c;
	int dead = dead_end();

	begin(NULL);
	memset(&fault, 0, sizeof fault);
	fault.error = error;
	fault.first = 1;
	fault.times = EVER;
	for (uint32_t i = 0; i < SEND_SPANS_MAX; i++)
		iov[i] = (struct iovec){(char[]){"x"}, 1};
	for (uint32_t i = 0; i < 2 * SQ_ENTRIES; i++) {
		ring_send(r, 1, i, dead, iov, SEND_SPANS_MAX);
		ring_send(r, 1, i, dead, iov, 1);
		ring_recv(r, 1, i, dead);
	}
	errno = 0;
	assert_false(ring_wait(r, -1));
	assert_int_equal(errno, error);
	assert_false(ring_wait(r, 0));
	assert_int_equal(errno, error);
	assert_false(ring_next(r, &c));
	/* Not for longer than a person would wait, and not without a pause. */
	assert_in_range(fault.calls, 1, REFUSALS_MAX + 2);
	assert_in_range(fault.paused_ns, 0, INT64_C(10000000000));
	assert_true(fault.calls == 1 || fault.paused_ns > INT64_C(1000000000));
	memset(&fault, 0, sizeof fault);
	ring_free(r);
	close(dead);
}

static void test_never(void **state)
{
	static const int errors[] = { EAGAIN, EBUSY, EINTR, EBADR, EBADF, EFAULT, ENXIO };

	(void)state;
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		never_takes(errors[i]);
}

/* The same without anything that is more than a submit: each wait is one try. */
static void test_never_in_waits(void **state)
{
	int waits = 0;

	begin(state);
	fault.error = EAGAIN;
	fault.first = 1;
	fault.times = EVER;
	ring_recv(r, 1, 1, 0);
	while (ring_wait(r, -1))
		assert_true(++waits <= REFUSALS_MAX);
	assert_int_equal(errno, EAGAIN);
	assert_true(fault.events >= waits);
	memset(&fault, 0, sizeof fault);
	end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_call_fails),
		cmocka_unit_test(test_work_goes_on),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_never_in_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
