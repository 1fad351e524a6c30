/*
 * Sleeping and being woken: no wake-up is lost, and none ends more than one sleep of a kind.
 *
 * The calls that sleeper_open makes are replaced at link time (Makefile: --wrap).
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "chatd/base/clock.h"
#include "chatd/base/sleeper.h"

enum { NAP_MS = 20 };

static int calls;   /* that sleeper_open has made */
static int failing; /* that one of them fails; 0: none does */

int __real_eventfd(unsigned int count, int flags);
int __wrap_eventfd(unsigned int count, int flags);
int __real_epoll_create1(int flags);
int __wrap_epoll_create1(int flags);
int __real_epoll_ctl(int set, int op, int fd, struct epoll_event *ev);
int __wrap_epoll_ctl(int set, int op, int fd, struct epoll_event *ev);

static bool fails(void)
{
	errno = ENOSPC;
	return ++calls == failing;
}

int __wrap_eventfd(unsigned int count, int flags)
{
	return fails() ? -1 : __real_eventfd(count, flags);
}

int __wrap_epoll_create1(int flags)
{
	return fails() ? -1 : __real_epoll_create1(flags);
}

int __wrap_epoll_ctl(int set, int op, int fd, struct epoll_event *ev)
{
	return fails() ? -1 : __real_epoll_ctl(set, op, fd, ev);
}

static struct sleeper s;

static int begin(void **state)
{
	(void)state;
	return sleeper_open(&s) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	sleeper_close(&s);
	return 0;
}

/* -- whether there is work -------------------------------------------------------------- */

static bool there_is_none(void *ctx)
{
	(void)ctx;
	assert_true(atomic_load(&s.asleep));
	return false;
}

static bool there_is_some(void *ctx)
{
	(void)ctx;
	return true;
}

/* Somebody brings work right after it was looked for. */
static bool comes_now(void *ctx)
{
	(void)ctx;
	sleeper_wake(&s);
	return false;
}

/* Nothing ends a sleep before its time. */
static void sleeps_on(void)
{
	int64_t start_us = clock_us(CLOCK_MONOTONIC);

	sleeper_sleep(&s, NAP_MS, there_is_none, NULL);
	assert_true(clock_us(CLOCK_MONOTONIC) - start_us >= NAP_MS * 1000);
}

static void polls_on(void)
{
	int64_t start_us = clock_us(CLOCK_MONOTONIC);
	struct pollfd fds[1];

	sleeper_poll(&s, fds, 1, NAP_MS, there_is_none, NULL);
	assert_true(clock_us(CLOCK_MONOTONIC) - start_us >= NAP_MS * 1000);
}

/* -- tests ------------------------------------------------------------------------------ */

/* The sleeps without an end hang if a wake-up is lost. */
static void test_a_wake_ends_one_sleep(void **state)
{
	(void)state;
	sleeps_on();
	for (int i = 0; i < 3; i++) {
		eventfd_signal(s.fd);
		sleeper_sleep(&s, -1, there_is_none, NULL);
		sleeps_on();
		sleeper_sleep(&s, -1, comes_now, NULL);
		sleeps_on();
	}
}

static void test_a_wake_ends_one_poll(void **state)
{
	struct pollfd fds[1];

	(void)state;
	polls_on();
	for (int i = 0; i < 3; i++) {
		eventfd_signal(s.fd);
		sleeper_poll(&s, fds, 1, -1, there_is_none, NULL);
		polls_on();
		sleeper_poll(&s, fds, 1, -1, comes_now, NULL);
		polls_on();
	}
}

/* What a poll has read ends no sleep; what has ended a sleep ends one poll more, for a sleep reads nothing. */
static void test_both_kinds(void **state)
{
	struct pollfd fds[1];

	(void)state;
	for (int i = 0; i < 3; i++) {
		eventfd_signal(s.fd);
		sleeper_poll(&s, fds, 1, -1, there_is_none, NULL);
		sleeps_on();
		eventfd_signal(s.fd);
		sleeper_sleep(&s, -1, there_is_none, NULL);
		sleeper_poll(&s, fds, 1, -1, there_is_none, NULL);
		polls_on();
		sleeps_on();
	}
}

/* Then it does not sleep, but sees the other descriptors. */
static void test_there_is_work(void **state)
{
	struct pollfd fds[2];
	int other = __real_eventfd(1, EFD_CLOEXEC);

	(void)state;
	sleeper_sleep(&s, -1, there_is_some, NULL);
	fds[1] = (struct pollfd){.fd = other, .events = POLLIN};
	sleeper_poll(&s, fds, 2, -1, there_is_some, NULL);
	assert_int_equal(fds[1].revents, POLLIN);
	close(other);
}

/* Only one of those who bring work writes, and only to a thread that sleeps. */
static bool is_claimed_once(void *ctx)
{
	(void)ctx;
	assert_int_equal(sleeper_claim(&s), s.fd);
	assert_int_equal(sleeper_claim(&s), -1);
	return true;
}

static void test_claim(void **state)
{
	(void)state;
	assert_int_equal(sleeper_claim(&s), -1);
	sleeper_sleep(&s, -1, is_claimed_once, NULL);
	assert_int_equal(sleeper_claim(&s), -1);
	sleeper_wake(&s);
	sleeps_on();
}

/* Whatever was in it before: what has been opened is closed, nothing of anybody else's, and that once. */
static void test_open_fails(void **state)
{
	(void)state;
	for (int step = 1; step <= 3; step++) {
		int others = dup(0), before = dup(0), after;
		struct sleeper t = {.fd = others, .set = others};

		close(before);
		failing = step;
		calls = 0;
		assert_false(sleeper_open(&t));
		assert_int_equal(errno, ENOSPC);
		assert_int_equal(calls, step);
		failing = 0;
		sleeper_close(&t);
		after = dup(0);
		assert_int_equal(before, after);
		sleeper_close(&t);
		assert_true(fcntl(after, F_GETFD) >= 0);
		assert_true(fcntl(others, F_GETFD) >= 0);
		close(after);
		close(others);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_wake_ends_one_sleep, begin, end),
		cmocka_unit_test_setup_teardown(test_a_wake_ends_one_poll, begin, end),
		cmocka_unit_test_setup_teardown(test_both_kinds, begin, end),
		cmocka_unit_test_setup_teardown(test_there_is_work, begin, end),
		cmocka_unit_test_setup_teardown(test_claim, begin, end),
		cmocka_unit_test(test_open_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
