/*
 * What the service manager is told, by a socket that plays it.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "chatd/program/notify.h"

static int manager;        /* its socket */
static struct notify n;
static char message[4096]; /* the last one */

static int begin(void **state)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(sa);
	char where[128];

	(void)state;
	/* The kernel chooses an abstract name. */
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (manager < 0 || bind(manager, (struct sockaddr *)&sa, sizeof(sa_family_t)) < 0 ||
	    getsockname(manager, (struct sockaddr *)&sa, &len) < 0)
		return -1;
	snprintf(where, sizeof(where), "@%.*s",
	         (int)(len - offsetof(struct sockaddr_un, sun_path) - 1), sa.sun_path + 1);
	setenv("NOTIFY_SOCKET", where, 1);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return 0;
}

static int end(void **state)
{
	(void)state;
	notify_close(&n);
	close(manager);
	return 0;
}

/* The next message; NULL: there is none. */
static const char *told(void)
{
	ssize_t got = recv(manager, message, sizeof(message) - 1, 0);

	if (got < 0)
		return NULL;
	message[got] = '\0';
	return message;
}

/* Waits until the timer is due. */
static void tick(uint32_t people, uint32_t rooms)
{
	struct pollfd p = { .fd = n.timer_fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, 20000), 1);
	notify_tick(&n, people, rooms);
}

static void test_nobody_is_to_be_told(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	notify_open(&n);
	assert_int_equal(n.timer_fd, -1);
	notify_starting(&n, "x", 1);
	notify_ready(&n, 1, 1);
	notify_reloading(&n);
	notify_tick(&n, 1, 1);
	notify_stopping(&n, 1);
	assert_null(told());
	setenv("NOTIFY_SOCKET", "", 1);
	notify_open(&n);
	assert_int_equal(n.fd, -1);
}

static void test_addresses_that_cannot_be(void **state)
{
	static const char *const wrong[] = { "relative", "/", "@", "vsock:2:1234", "/nobody/listens/here" };
	char longest[300];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		setenv("NOTIFY_SOCKET", wrong[i], 1);
		notify_open(&n);
		assert_int_equal(n.fd, -1);
		assert_int_equal(n.timer_fd, -1);
	}
	memset(longest, '/', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longest, 1);
	notify_open(&n);
	assert_int_equal(n.fd, -1);
}

static void test_a_life(void **state)
{
	(void)state;
	setenv("WATCHDOG_USEC", "40000", 1);
	notify_open(&n);
	assert_true(n.watched);
	notify_starting(&n, "opening the database", 61000);
	assert_string_equal(told(), "STATUS=Starting: opening the database\nEXTEND_TIMEOUT_USEC=61000000");
	notify_ready(&n, 0, 1);
	assert_string_equal(told(), "READY=1\nSTATUS=0 people, 1 room\n");
	tick(0, 1);
	assert_string_equal(told(), "WATCHDOG=1\n");
	tick(1, 2);
	assert_string_equal(told(), "WATCHDOG=1\nSTATUS=1 person, 2 rooms\n");
	notify_reloading(&n);
	assert_memory_equal(told(), "RELOADING=1\nMONOTONIC_USEC=", 27);
	assert_int_equal(message[27 + strspn(message + 27, "0123456789")], '\0');
	notify_ready(&n, 1, 2);
	assert_string_equal(told(), "READY=1\n");
	notify_stopping(&n, 0);
	assert_string_equal(told(), "STOPPING=1\nSTATUS=Stopping");
	/* Whatever happens then, it is ending. */
	notify_reloading(&n);
	notify_ready(&n, 0, 0);
	assert_null(told());
	tick(0, 0);
	assert_string_equal(told(), "WATCHDOG=1\n");
	notify_stopping(&n, 10000);
	assert_string_equal(told(), "STOPPING=1\nSTATUS=Stopping: saving the last lines\n"
	                    "EXTEND_TIMEOUT_USEC=10000000");
	assert_null(told());
}

/* The timer tells of more than it has to: nothing. */
static void test_before_it_is_due(void **state)
{
	(void)state;
	notify_open(&n);
	assert_false(n.watched);
	notify_tick(&n, 5, 5);
	assert_null(told());
}

static void test_whose_watchdog(void **state)
{
	char pid[32];

	(void)state;
	setenv("WATCHDOG_USEC", "2000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	notify_open(&n);
	assert_int_equal(n.watched, getppid() == 1);
	notify_close(&n);
	snprintf(pid, sizeof(pid), "%d", (int)getppid());
	setenv("WATCHDOG_PID", pid, 1);
	notify_open(&n);
	assert_true(n.watched);
	notify_close(&n);
	setenv("WATCHDOG_PID", "x", 1);
	notify_open(&n);
	assert_false(n.watched);
	notify_close(&n);
	unsetenv("WATCHDOG_PID");
	setenv("WATCHDOG_USEC", "-1", 1);
	notify_open(&n);
	assert_false(n.watched);
}

/* A manager that hangs holds nobody up. That chatd is ready is told once it reads again. */
static void test_full(void **state)
{
	(void)state;
	setenv("WATCHDOG_USEC", "40000", 1);
	notify_open(&n);
	alarm(20); /* ends a test that hangs */
	while (send(n.fd, "x", 1, MSG_DONTWAIT) > 0) {
	}
	assert_int_equal(errno, EAGAIN);
	notify_ready(&n, 3, 4);
	tick(3, 4);
	alarm(0);
	while (told()) {
	}
	tick(3, 4);
	assert_string_equal(told(), "READY=1\nWATCHDOG=1\nSTATUS=3 people, 4 rooms\n");
	tick(3, 4);
	assert_string_equal(told(), "WATCHDOG=1\n");
}

/* And one that is gone is no signal. */
static void test_gone(void **state)
{
	(void)state;
	notify_open(&n);
	close(manager);
	notify_ready(&n, 1, 1);
	assert_true(n.ready_owed);
	manager = -1;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nobody_is_to_be_told),
		TEST(test_addresses_that_cannot_be),
		TEST(test_a_life),
		TEST(test_before_it_is_due),
		TEST(test_whose_watchdog),
		TEST(test_full),
		TEST(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
