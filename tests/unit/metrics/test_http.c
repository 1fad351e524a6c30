/*
 * The HTTP of the metrics, over socket pairs, with a clock of the test's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "chatd/base/bounds.h"
#include "chatd/metrics/http.h"

enum { TURNS = 50 };

static struct vitals *v;
static struct http *h;
static int64_t later_ms;    /* by which the clocks are ahead */
static char answer[65536];

int __wrap_clock_gettime(clockid_t clock, struct timespec *t);
int __real_clock_gettime(clockid_t clock, struct timespec *t);

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	int result = __real_clock_gettime(clock, t);

	t->tv_sec += later_ms / 1000;
	return result;
}

static int begin(void **state)
{
	(void)state;
	later_ms = 0;
	v = vitals_new();
	vitals_set_life(v, LIFE_RUNNING);
	h = http_new(v, -1);
	return h == NULL;
}

static int end(void **state)
{
	(void)state;
	http_free(h);
	vitals_drop(v);
	return 0;
}

static void turn(void)
{
	for (int i = 0; i < TURNS; i++)
		assert_true(http_turn(h, 0));
}

/* Our end of a connection. */
static int come(void)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	assert_true(http_add(h, pair[0]));
	turn();
	return pair[1];
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	turn();
}

/* What has come since; -1: only its end. */
static ssize_t hear(int fd)
{
	ssize_t n, all = 0;

	while ((n = recv(fd, answer + all, sizeof answer - 1 - (size_t)all, 0)) > 0)
		all += n;
	answer[all] = '\0';
	return n == 0 && all == 0 ? -1 : all;
}

static bool is_closed(int fd)
{
	char byte;
	ssize_t n;

	while ((n = recv(fd, &byte, 1, 0)) > 0) {
	}
	return n == 0 || errno != EAGAIN;
}

static void has(const char *part)
{
	if (strstr(answer, part) == NULL)
		fail_msg("no %s in\n%s", part, answer);
}

static void begins(const char *part)
{
	if (strncmp(answer, part, strlen(part)) != 0)
		fail_msg("no %s at the beginning of\n%s", part, answer);
}

static void test_answers(void **state)
{
	int fd = come();

	(void)state;
	say(fd, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(hear(fd) > 0);
	begins("HTTP/1.1 200 OK\r\n");
	has("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	has("\nchatd_people 0\n");
	/* The connection stays. */
	say(fd, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(hear(fd) > 0);
	begins("HTTP/1.1 200 OK\r\n");
	has("\r\n\r\nok\n");
	say(fd, "HEAD /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(hear(fd) > 0);
	begins("HTTP/1.1 200 OK\r\n");
	has("\r\nContent-Length: ");
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
	say(fd, "GET /Metrics HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(hear(fd) > 0);
	begins("HTTP/1.1 404 Not Found\r\n");
	say(fd, "GET /metrics/ HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(hear(fd) > 0);
	begins("HTTP/1.1 404 Not Found\r\n");
	/* Two at once. */
	say(fd, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(hear(fd) > 0);
	assert_non_null(strstr(strstr(answer, "\r\n\r\nok\n") + 1, "\r\n\r\nok\n"));
	close(fd);
	turn();
	assert_int_equal(http_connections(h), 0);
}

static void test_methods(void **state)
{
	static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "NONE"};
	char request[256];

	(void)state;
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		int fd = come();

		snprintf(request, sizeof request, "%s /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
		         methods[i]);
		say(fd, request);
		assert_true(hear(fd) > 0);
		begins("HTTP/1.1 405 Method Not Allowed\r\n");
		has("\r\nAllow: GET, HEAD\r\n");
		assert_true(is_closed(fd));
		close(fd);
	}
	turn();
	assert_int_equal(http_connections(h), 0);
}

static void test_health(void **state)
{
	int fd = come();

	(void)state;
	vitals_set_life(v, LIFE_STARTING);
	say(fd, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(hear(fd) > 0);
	begins("HTTP/1.1 503 Service Unavailable\r\n");
	has("\r\n\r\nstarting: ");
	vitals_set_life(v, LIFE_RUNNING);
	atomic_store(&v->beat_ms, 1);
	say(fd, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(hear(fd) > 0);
	begins("HTTP/1.1 503 Service Unavailable\r\n");
	has("\r\n\r\nlate: ");
	close(fd);
}

/* METRICS_REQUEST_BYTES_MAX: one who asks for more is told so. */
static void test_too_much(void **state)
{
	static const char *const starts[] = {"GET /healthz HTTP/1.1\r\nHost: a\r\nX: ", "GET /"};
	static const char *const answers[] = {"HTTP/1.1 431 ", "HTTP/1.1 414 "};
	char piece[METRICS_REQUEST_BYTES_MAX + 1];

	(void)state;
	memset(piece, 'x', sizeof piece - 1);
	piece[sizeof piece - 1] = '\0';
	for (int i = 0; i < 2; i++) {
		int fd = come();

		say(fd, starts[i]);
		say(fd, piece);
		assert_true(hear(fd) > 0);
		begins(answers[i]);
		assert_true(is_closed(fd));
		close(fd);
	}
}

/* METRICS_REQUEST_MS_MAX: bytes that come now and then do not prolong it; a request does. */
static void test_slow(void **state)
{
	int slow = come(), idle = come(), busy = come();

	(void)state;
	say(slow, "GET /healthz HT");
	later_ms += METRICS_REQUEST_MS_MAX - 1000;
	say(slow, "TP/1.1\r\nHost: a\r\n");
	say(busy, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(hear(busy) > 0);
	assert_false(is_closed(slow));
	assert_false(is_closed(idle));
	later_ms += 2000;
	turn();
	assert_true(is_closed(slow));
	assert_true(is_closed(idle));
	say(busy, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(hear(busy) > 0);
	assert_int_equal(http_connections(h), 1);
	later_ms += METRICS_REQUEST_MS_MAX + 1000;
	turn();
	assert_int_equal(hear(busy), -1);
	assert_int_equal(http_connections(h), 0);
	close(slow);
	close(idle);
	close(busy);
}

/* METRICS_CONNECTIONS_MAX: for one more, the one that came or was last answered longest ago makes way. */
static void test_many(void **state)
{
	int fd[METRICS_CONNECTIONS_MAX + 2];

	(void)state;
	for (int i = 0; i < METRICS_CONNECTIONS_MAX; i++) {
		fd[i] = come();
		later_ms += i == 0 ? 2000 : 0;
	}
	assert_int_equal(http_connections(h), METRICS_CONNECTIONS_MAX);
	/* The first has been answered last. */
	later_ms += 1000;
	say(fd[0], "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(hear(fd[0]) > 0);
	for (int i = 0; i < 2; i++) {
		int *newest = &fd[METRICS_CONNECTIONS_MAX + i];

		*newest = come();
		assert_true(is_closed(fd[1 + i]));
		assert_int_equal(http_connections(h), METRICS_CONNECTIONS_MAX);
		say(*newest, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
		assert_true(hear(*newest) > 0);
		has("\r\n\r\nok\n");
	}
	assert_false(is_closed(fd[0]));
	assert_false(is_closed(fd[3]));
	for (int i = 0; i < METRICS_CONNECTIONS_MAX + 2; i++)
		close(fd[i]);
	turn();
	assert_int_equal(http_connections(h), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, begin, end),
		cmocka_unit_test_setup_teardown(test_methods, begin, end),
		cmocka_unit_test_setup_teardown(test_health, begin, end),
		cmocka_unit_test_setup_teardown(test_too_much, begin, end),
		cmocka_unit_test_setup_teardown(test_slow, begin, end),
		cmocka_unit_test_setup_teardown(test_many, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
