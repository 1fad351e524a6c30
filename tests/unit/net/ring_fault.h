/*
 * A kernel that refuses what the ring hands over, when the test wants it to.
 *
 * The calls are replaced at link time (Makefile: --wrap).
 */
#ifndef CHATD_TESTS_RING_FAULT_H
#define CHATD_TESTS_RING_FAULT_H

#include "ring_help.h"

enum {
	EVER = INT32_MAX,
	PARTLY = -1,       /* as an error: half of what was handed over is taken */
};

/* What the kernel is made to answer. */
static struct {
	int error;     /* to the calls from `first` on, `times` of them; 0: none */
	int first, times;
	int but_each;  /* one call in this many succeeds; 0: none */
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
	       fault.calls - fault.first < fault.times &&
	       (fault.but_each == 0 || fault.calls % fault.but_each != 0);
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

/* From here on calls answer with an error. */
static inline void fault_begin(int error, int first, int times)
{
	memset(&fault, 0, sizeof fault);
	fault.error = error;
	fault.first = first;
	fault.times = times;
}

static inline void fault_end(void)
{
	memset(&fault, 0, sizeof fault);
}

#endif
