/*
 * Connections to the engine: the chat's threads ask, the parent connects and passes them.
 *
 * In most tests the parent is a process of its own, with the loop that it has, and the engine is a listener of ours. In
 * some the test is the parent, and answers as it likes.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "chatd/base/clock.h"
#include "chatd/net/passing.h"
#include "chatd/program/cluster_connect.h"
#include "chatd/program/cluster_connector.h"

enum { OURS, THEIRS };

static char folder[] = "/tmp/chatd-cluster.XXXXXX";

/* -- the engine and the parent -------------------------------------------------------------- */

/* A listener on 127.0.0.1, or at a path; engine is how it is written in the configuration. */
static int listener(bool local, int backlog, char engine[128])
{
	struct sockaddr_in ip = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	socklen_t len = sizeof ip;
	int fd = socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(path.sun_path, sizeof path.sun_path, "%s/engine", folder);
	if (local) {
		unlink(path.sun_path);
		assert_int_equal(bind(fd, (struct sockaddr *)&path, sizeof path), 0);
		snprintf(engine, 128, "unix:%s", path.sun_path);
	} else {
		assert_int_equal(bind(fd, (struct sockaddr *)&ip, sizeof ip), 0);
		assert_int_equal(getsockname(fd, (struct sockaddr *)&ip, &len), 0);
		snprintf(engine, 128, "redis://127.0.0.1:%u/0", ntohs(ip.sin_port));
	}
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

/* As parent.c has it, until the chat's end is closed. */
static _Noreturn void be_parent(const char *engine, int socket)
{
	struct pollfd fds[CLUSTER_CONNECTOR_FDS];
	struct bytes problems = {0};
	struct cluster_connector k;

	if (!cluster_connector_begin(&k, engine, socket, &problems))
		_exit(1);
	while (k.socket >= 0) {
		int64_t now_ms = clock_ms(CLOCK_MONOTONIC), until_ms = cluster_connector_until_ms(&k, now_ms);
		int n = cluster_connector_watch(&k, fds, now_ms);

		poll(fds, (nfds_t)n, until_ms == INT64_MAX ? -1 : (int)(until_ms - now_ms));
		cluster_connector_turn(&k, clock_ms(CLOCK_MONOTONIC));
	}
	cluster_connector_end(&k);
	_exit(0);
}

struct parent {
	pid_t pid;
	int socket;                 /* the chat's end */
	struct cluster_connect *chat;
};

static struct parent start_parent(const char *engine)
{
	struct parent p;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	p.pid = fork();
	if (p.pid == 0) {
		close(pair[THEIRS]);
		be_parent(engine, pair[OURS]);
	}
	close(pair[OURS]);
	p.socket = pair[THEIRS];
	p.chat = cluster_connect_new(p.socket);
	return p;
}

/* Returns how many milliseconds of the processor it has used. */
static long end_parent(struct parent *p)
{
	struct rusage used;
	int status;

	close(p->socket);
	cluster_connect_free(p->chat);
	assert_int_equal(wait4(p->pid, &status, 0, &used), p->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
	       (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
}

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof value;

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static long timeout_ms(int fd, int name)
{
	struct timeval t;
	socklen_t len = sizeof t;

	assert_int_equal(getsockopt(fd, SOL_SOCKET, name, &t, &len), 0);
	return t.tv_sec * 1000 + t.tv_usec / 1000;
}

/* What is written at one end comes out at the other. */
static void check_leads(int fd, int engine)
{
	int other = accept4(engine, NULL, NULL, SOCK_CLOEXEC);
	char text[8] = "";

	assert_true(other >= 0);
	assert_int_equal(write(fd, "PING", 4), 4);
	assert_int_equal(read(other, text, sizeof text), 4);
	assert_string_equal(text, "PING");
	assert_int_equal(write(other, "PONG", 4), 4);
	assert_int_equal(read(fd, text, sizeof text), 4);
	assert_string_equal(text, "PONG");
	close(other);
}

/* -- tests ------------------------------------------------------------------------------------ */

static void test_connection(void **state)
{
	char engine[128], why[CLUSTER_WHY_BYTES] = "x";

	(void)state;
	for (int local = 0; local < 2; local++) {
		int at = listener(local, 8, engine), fd;
		struct parent p = start_parent(engine);

		fd = cluster_connection(p.chat, why, sizeof why);
		if (fd < 0)
			fail_msg("%s", why);
		assert_string_equal(why, "");
		assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
		assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
		assert_int_equal(timeout_ms(fd, SO_RCVTIMEO), CLUSTER_IO_MS);
		assert_int_equal(timeout_ms(fd, SO_SNDTIMEO), CLUSTER_IO_MS);
		if (!local) {
			assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
			assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
		}
		check_leads(fd, at);
		close(fd);
		close(at);
		end_parent(&p);
	}
}

static void test_refused(void **state)
{
	char engine[128], line[256], why[CLUSTER_WHY_BYTES];
	int at = listener(false, -1, engine); /* bound, but nobody listens */
	struct parent p = start_parent(engine);

	(void)state;
	assert_int_equal(cluster_connection(p.chat, why, sizeof why), -1);
	snprintf(line, sizeof line, "cannot connect to %s: Connection refused", engine);
	assert_string_equal(why, line);
	end_parent(&p);
	close(at);
	at = listener(true, -1, engine);
	p = start_parent(engine);
	assert_int_equal(cluster_connection(p.chat, why, sizeof why), -1);
	snprintf(line, sizeof line, "cannot connect to %s: Connection refused", engine);
	assert_string_equal(why, line);
	close(at);
	unlink(engine + strlen("unix:"));
	assert_int_equal(cluster_connection(p.chat, why, sizeof why), -1);
	snprintf(line, sizeof line, "cannot connect to %s: No such file or directory", engine);
	assert_string_equal(why, line);
	end_parent(&p);
}

/* An engine that takes no connection, like one whose packets are dropped, because its queue is full; until there is room
 * in it again. */
static void test_no_answer(void **state)
{
	char engine[128], line[256], why[CLUSTER_WHY_BYTES];
	int at = listener(false, 0, engine), queued[8], n = 0;
	struct parent p = start_parent(engine);
	struct pollfd ready;
	int64_t begun_ms, took_ms;

	(void)state;
	/* Until one of them is not answered. */
	snprintf(line, sizeof line, "cannot connect to %s: no answer", engine);
	do {
		begun_ms = clock_ms(CLOCK_MONOTONIC);
		queued[n] = cluster_connection(p.chat, why, sizeof why);
		took_ms = clock_ms(CLOCK_MONOTONIC) - begun_ms;
	} while (queued[n] >= 0 && ++n < 8);
	assert_true(n < 8);
	/* The parent gives up before the thread does; where this host stood still for a second, it has another try. */
	for (int i = 0; i < 3 && strcmp(why, line) != 0; i++) {
		begun_ms = clock_ms(CLOCK_MONOTONIC);
		assert_int_equal(cluster_connection(p.chat, why, sizeof why), -1);
		took_ms = clock_ms(CLOCK_MONOTONIC) - begun_ms;
	}
	assert_string_equal(why, line);
	assert_true(took_ms >= CLUSTER_CONNECT_MS);
	ready = (struct pollfd){.fd = at, .events = POLLIN};
	while (poll(&ready, 1, 0) > 0)
		close(accept4(at, NULL, NULL, SOCK_CLOEXEC));
	queued[n] = cluster_connection(p.chat, why, sizeof why);
	assert_true(queued[n] >= 0);
	while (n >= 0)
		close(queued[n--]);
	end_parent(&p);
	close(at);
}

struct thread {
	pthread_t thread;
	struct cluster_connect *chat;
	int fd;
	char why[CLUSTER_WHY_BYTES];
	int64_t took_ms;
};

static void *connects(void *arg)
{
	struct thread *t = arg;
	int64_t begun_ms = clock_ms(CLOCK_MONOTONIC);

	t->fd = cluster_connection(t->chat, t->why, sizeof t->why);
	t->took_ms = clock_ms(CLOCK_MONOTONIC) - begun_ms;
	return NULL;
}

static void start_thread(struct thread *t, struct cluster_connect *chat)
{
	*t = (struct thread){.chat = chat};
	assert_int_equal(pthread_create(&t->thread, NULL, connects, t), 0);
}

/* More threads than there are places: each gets a connection of its own. */
static void test_threads(void **state)
{
	enum { THREADS = CLUSTER_CONNECTS_MAX + 4 };
	struct thread threads[THREADS];
	char engine[128];
	int at = listener(false, THREADS, engine);
	struct parent p = start_parent(engine);

	(void)state;
	for (int i = 0; i < THREADS; i++)
		start_thread(&threads[i], p.chat);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i].thread, NULL);
		if (threads[i].fd < 0)
			fail_msg("%d: %s", i, threads[i].why);
		assert_true(threads[i].took_ms < CLUSTER_WAIT_MS - 500);
	}
	for (int i = 0; i < THREADS; i++)
		for (int j = 0; j < i; j++)
			assert_int_not_equal(threads[i].fd, threads[j].fd);
	for (int i = 0; i < THREADS; i++) {
		struct sockaddr_in there = {0};
		socklen_t len = sizeof there;

		assert_int_equal(getpeername(threads[i].fd, (struct sockaddr *)&there, &len), 0);
		close(threads[i].fd);
	}
	end_parent(&p);
	close(at);
}

/* The test as the parent: which byte asked. */
static uint8_t asked(int socket)
{
	uint8_t request[2];

	assert_int_equal(recv(socket, request, sizeof request, 0), 1);
	return request[0];
}

/* fd -1: with a sentence. */
static void answers(int socket, uint8_t request, int fd, const char *why)
{
	struct cluster_answer a = {.request = request};

	snprintf(a.why, sizeof a.why, "%s", why);
	assert_true(passing_send(socket, &a, sizeof a, &fd, fd >= 0 ? 1 : 0));
}

static bool is_same(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_ino == sb.st_ino;
}

/* Answers come in another order than the requests: each goes to the one who asked. */
static void test_order(void **state)
{
	struct cluster_connect *chat;
	struct thread threads[3];
	uint8_t requests[3];
	int pair[2], fds[2], found = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	chat = cluster_connect_new(pair[THEIRS]);
	for (int i = 0; i < 3; i++) {
		start_thread(&threads[i], chat);
		requests[i] = asked(pair[OURS]);
	}
	answers(pair[OURS], requests[2], fds[0], "");
	answers(pair[OURS], (uint8_t)(requests[0] - 1), fds[0], ""); /* nobody's */
	answers(pair[OURS], requests[1], -1, "not now");
	answers(pair[OURS], requests[0], fds[1], "");
	/* The first has received for the others; each knows as soon as its answer is there. */
	for (int i = 2; i >= 0; i--) {
		pthread_join(threads[i].thread, NULL);
		assert_true(threads[i].took_ms < CLUSTER_WAIT_MS - 500);
	}
	assert_true(is_same(threads[0].fd, fds[1]));
	assert_int_equal(threads[1].fd, -1);
	assert_string_equal(threads[1].why, "not now");
	assert_true(is_same(threads[2].fd, fds[0]));
	/* The one of nobody's is closed: with ours and theirs gone, the other end sees its end. */
	close(threads[2].fd);
	close(fds[0]);
	assert_int_equal(recv(fds[1], &found, 1, MSG_DONTWAIT), 0);
	close(threads[0].fd);
	close(fds[1]);
	close(pair[OURS]);
	close(pair[THEIRS]);
	cluster_connect_free(chat);
}

/* A parent that does not answer is not waited for, and its answer, when it comes, is not taken for another one. */
static void test_late(void **state)
{
	char why[CLUSTER_WHY_BYTES];
	struct cluster_connect *chat;
	struct thread first, second;
	uint8_t one, two;
	int pair[2], fds[2], byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	chat = cluster_connect_new(pair[THEIRS]);
	start_thread(&first, chat);
	one = asked(pair[OURS]);
	pthread_join(first.thread, NULL);
	assert_int_equal(first.fd, -1);
	assert_string_equal(first.why, "chatd's parent process does not answer");
	assert_true(first.took_ms >= CLUSTER_WAIT_MS && first.took_ms < 2 * CLUSTER_WAIT_MS);
	answers(pair[OURS], one, fds[0], "");
	start_thread(&second, chat);
	two = asked(pair[OURS]);
	assert_int_not_equal(one, two);
	answers(pair[OURS], two, fds[1], "");
	pthread_join(second.thread, NULL);
	assert_true(is_same(second.fd, fds[1]));
	close(fds[0]);
	assert_int_equal(recv(fds[1], &byte, 1, MSG_DONTWAIT), 0);
	close(second.fd);
	close(fds[1]);
	/* And without a parent nobody waits. */
	start_thread(&first, chat);
	asked(pair[OURS]);
	close(pair[OURS]);
	pthread_join(first.thread, NULL);
	assert_int_equal(first.fd, -1);
	assert_string_equal(first.why, "chatd's parent process takes no request for a connection");
	assert_int_equal(cluster_connection(chat, why, sizeof why), -1);
	assert_string_equal(why, "chatd's parent process takes no request for a connection");
	close(pair[THEIRS]);
	cluster_connect_free(chat);
}

/* An intruder in the chat who asks without an end: so many connections and no more, and the parent is not busy. */
static void test_flood(void **state)
{
	char engine[128], junk[64] = "junk";
	int at = listener(false, 128, engine), taken = 0;
	struct parent p = start_parent(engine);
	int64_t begun_ms = clock_ms(CLOCK_MONOTONIC), until_ms = begun_ms + 1500, most;
	struct pollfd ready = {.fd = at, .events = POLLIN};
	long used_ms;

	(void)state;
	while (clock_ms(CLOCK_MONOTONIC) < until_ms) {
		for (int i = 0; i < 100; i++)
			send(p.socket, junk, i % 10 == 9 ? 64 : 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		while (poll(&ready, 1, 1) > 0) {
			close(accept4(at, NULL, NULL, SOCK_CLOEXEC));
			taken++;
		}
	}
	most = CLUSTER_CONNECTS_BURST + (clock_ms(CLOCK_MONOTONIC) - begun_ms) * CLUSTER_CONNECTS_PER_S / 1000 + 1;
	assert_true(taken >= CLUSTER_CONNECTS_BURST / 2);
	assert_true(taken <= most);
	used_ms = end_parent(&p);
	if (used_ms > 200)
		fail_msg("%ld ms", used_ms);
	close(at);
}

/* In a network of its own, where TCP has one port to choose. False: this host lets nobody make one. */
static bool enter_small_network(int port)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = -1, range = -1, n;
	char text[32];
	bool ok;

	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	n = snprintf(text, sizeof text, "%d %d", port, port);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	range = open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC);
	ok = ioctl(fd, SIOCSIFFLAGS, &lo) == 0 && write(range, text, (size_t)n) == n;
	close(fd);
	close(range);
	return ok;
}

/* Nobody listens, and TCP chooses the very port that the connection is to: it would lead to itself. */
static void test_itself(void **state)
{
	enum { PORT = 40001, NO_NETWORK = 9 };
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		char why[CLUSTER_WHY_BYTES];
		struct parent p;
		int fd;

		if (!enter_small_network(PORT))
			_exit(NO_NETWORK);
		p = start_parent("redis://127.0.0.1:40001/0");
		fd = cluster_connection(p.chat, why, sizeof why);
		end_parent(&p);
		_exit(fd < 0 && strcmp(why, "cannot connect to redis://127.0.0.1:40001/0: Connection refused") == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_NETWORK)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_wrong(void **state)
{
	struct pollfd fds[CLUSTER_CONNECTOR_FDS];
	struct bytes problems = {0};
	struct cluster_connector k;

	(void)state;
	assert_false(cluster_connector_begin(&k, "redis://[fe80::1%none]:6379/0", 99, &problems));
	assert_string_equal(problems.data,
	                    "cluster = redis://[fe80::1%none]:6379/0: this host has no such network interface\n");
	bytes_clear(&problems);
	assert_false(cluster_connector_begin(&k, "redis://localhost:6379/0", 99, &problems));
	assert_non_null(strstr(problems.data, "names are not looked up"));
	bytes_release(&problems);
	/* Without a cluster. */
	cluster_connector_init(&k);
	assert_int_equal(cluster_connector_watch(&k, fds, 5), 0);
	assert_true(cluster_connector_until_ms(&k, 5) == INT64_MAX);
	cluster_connector_turn(&k, 5);
	cluster_connector_end(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connection),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_itself),
		cmocka_unit_test(test_wrong),
	};
	char path[64];
	int failed;

	signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(folder) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(path, sizeof path, "%s/engine", folder);
	unlink(path);
	rmdir(folder);
	return failed;
}
