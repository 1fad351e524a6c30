/*
 * A kernel that takes nothing for long: where that passes the ring goes on, and where it does
 * not it comes to an end.
 */
#include "ring_fault.h"

/* While nothing is taken, what was taken before goes on: its memory is what is missing. */
static void test_work_goes_on(void **state)
{
	int fd[2];
	struct ring_completion c;

	(void)state;
	pair_unix(fd);
	ring_recv(r, 1, 1, fd[0]);
	nothing_comes();
	fault_begin(EAGAIN, 1, EVER);
	assert_int_equal(send(fd[1], "x", 1, 0), 1);
	ring_recv(r, 2, 1, fd[0]);
	assert_true(ring_wait(r, WAIT_MS));
	assert_true(ring_next(r, &c));
	assert_int_equal(c.slot, 1);
	assert_int_equal(c.res, 1);
	assert_int_equal(fault.calls, 1);
	fault_end();
	pair_close(fd);
}

/* More of both kinds than there is room for, while the kernel takes none: it comes to an end,
 * ring_wait says why, and what is asked of the ring after that is asked in vain. */
static void never_takes(int error)
{
	struct iovec iov[SEND_SPANS_MAX];
	struct ring_completion c;
	int dead = dead_end();

	begin_uring(NULL);
	fault_begin(error, 1, EVER);
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
	fault_end();
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

	(void)state;
	fault_begin(EAGAIN, 1, EVER);
	ring_recv(r, 1, 1, 0);
	while (ring_wait(r, -1))
		assert_true(++waits <= REFUSALS_MAX);
	assert_int_equal(errno, EAGAIN);
	assert_true(fault.events >= waits);
	fault_end();
}

/* Only refusals in a row count; and a signal, however often, is none. */
static void test_now_and_then(void **state)
{
	enum { MANY = 3 * SQ_ENTRIES };
	int dead = dead_end();

	(void)state;
	fault_begin(EAGAIN, 1, EVER);
	fault.but_each = REFUSALS_MAX - 1;
	for (uint32_t i = 0; i < MANY; i++)
		send_text(1, i, dead, "x", 1);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(next_of(RING_SEND, 1, i).res, -EPIPE);
	assert_true(fault.calls > 2 * fault.but_each);
	fault.error = EINTR;
	fault.but_each = 0;
	for (int i = 0; i < REFUSALS_MAX + 2; i++)
		assert_true(ring_wait(r, 0));
	fault_end();
	close(dead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_URING(test_work_goes_on),
		cmocka_unit_test(test_never),
		ON_URING(test_never_in_waits),
		ON_URING(test_now_and_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
