/* Listening sockets: what accepted ones inherit, and the messages when one cannot be opened. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "chatd/net/listener.h"

static const struct listener_options options = { .keepalive_s = 60, .send_timeout_s = 45 };

/* Where unix sockets are made. */
static char dir[] = "/tmp/chatd-listener-XXXXXX";
static char path[64];

static uint16_t port_of(const struct listener *l)
{
	const char *colon = strrchr(l->name, ':');

	assert_non_null(colon);
	return (uint16_t)atoi(colon + 1);
}

/* Connects to a port of the loopback; -1: refused. */
static int connect_to(int family, uint16_t port)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port),
	                           .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port),
	                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (connect(fd, family == AF_INET6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
	            family == AF_INET6 ? sizeof(v6) : sizeof(v4)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* True where this machine has an IPv6 loopback to test with. */
static bool has_ipv6(void)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&v6, sizeof(v6)) == 0;

	if (fd >= 0) {
		close(fd);
	}
	return ok;
}

static int option_of(int fd, int level, int option)
{
	int v = -1;
	socklen_t len = sizeof(v);

	assert_int_equal(getsockopt(fd, level, option, &v, &len), 0);
	return v;
}

static void test_accepted_sockets_inherit(void **state)
{
	struct listener l;
	char problem[256];
	int fd, peer;

	(void)state;
	assert_true(listener_open_tcp(&l, "127.0.0.1", 0, &options, problem, sizeof(problem)));
	assert_true(fcntl(l.fd, F_GETFD) & FD_CLOEXEC);
	peer = connect_to(AF_INET, port_of(&l));
	fd = accept(l.fd, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_not_equal(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 0);
	assert_int_not_equal(option_of(fd, SOL_SOCKET, SO_OOBINLINE), 0);
	assert_int_not_equal(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
	assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 60);
	assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), 15);
	assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT), 4);
	assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 45000);
	close(fd);
	close(peer);
	listener_close(&l);
	assert_int_equal(l.fd, -1);
}

static void test_short_timeouts_and_no_keepalive(void **state)
{
	const struct listener_options o = { .keepalive_s = 0, .send_timeout_s = 1 };
	struct listener l;
	char problem[256];

	(void)state;
	assert_true(listener_open_tcp(&l, "127.0.0.1", 0, &o, problem, sizeof(problem)));
	assert_int_equal(option_of(l.fd, SOL_SOCKET, SO_KEEPALIVE), 0);
	assert_int_equal(option_of(l.fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 30000);
	listener_close(&l);
}

static void test_all_addresses(void **state)
{
	struct listener l;
	char problem[256];
	int fd;

	(void)state;
	assert_true(listener_open_tcp(&l, NULL, 0, &options, problem, sizeof(problem)));
	fd = connect_to(AF_INET, port_of(&l));
	assert_true(fd >= 0);
	close(fd);
	if (has_ipv6()) {
		assert_non_null(strstr(l.name, "[::]:"));
		assert_non_null(strstr(l.name, " (IPv4 and IPv6)"));
		fd = connect_to(AF_INET6, port_of(&l));
		assert_true(fd >= 0);
		close(fd);
	} else {
		assert_non_null(strstr(l.name, "0.0.0.0:"));
		assert_non_null(strstr(l.name, " (IPv4 only)"));
	}
	listener_close(&l);
}

static void test_one_address(void **state)
{
	struct listener l;
	char problem[256];
	int fd;

	(void)state;
	if (!has_ipv6()) {
		skip();
	}
	assert_true(listener_open_tcp(&l, "::1", 0, &options, problem, sizeof(problem)));
	assert_int_equal(strncmp(l.name, "[::1]:", 6), 0);
	fd = connect_to(AF_INET6, port_of(&l));
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(connect_to(AF_INET, port_of(&l)), -1);
	listener_close(&l);
}

/* The name says that chatd negotiates telnet there, after what else it says. */
static void test_telnet(void **state)
{
	char problem[256], longest[108], expected[160];
	struct listener l;

	(void)state;
	assert_true(listener_open_tcp(&l, NULL, 0, &options, problem, sizeof(problem)));
	assert_false(l.telnet);
	listener_set_telnet(&l);
	assert_true(l.telnet);
	snprintf(expected, sizeof(expected), has_ipv6() ? "[::]:%u (IPv4 and IPv6, telnet)"
	         : "0.0.0.0:%u (IPv4 only, telnet)", port_of(&l));
	assert_string_equal(l.name, expected);
	listener_close(&l);

	assert_true(listener_open_tcp(&l, "127.0.0.1", 0, &options, problem, sizeof(problem)));
	listener_set_telnet(&l);
	snprintf(expected, sizeof(expected), "127.0.0.1:%u (telnet)", port_of(&l));
	assert_string_equal(l.name, expected);
	listener_close(&l);

	/* A path may be as long as it can, and end as notes do. */
	snprintf(longest, sizeof(longest), "%s/", dir);
	memset(longest + strlen(longest), 'x', sizeof(longest) - 2 - strlen(longest));
	longest[sizeof(longest) - 2] = ')';
	longest[sizeof(longest) - 1] = '\0';
	assert_true(listener_open_unix(&l, longest, problem, sizeof(problem)));
	listener_set_telnet(&l);
	snprintf(expected, sizeof(expected), "unix:%s (telnet)", longest);
	assert_string_equal(l.name, expected);
	listener_close(&l);
}

static void test_port_in_use(void **state)
{
	struct listener l, second;
	char problem[256], expected[256];

	(void)state;
	assert_true(listener_open_tcp(&l, NULL, 0, &options, problem, sizeof(problem)));
	assert_false(listener_open_tcp(&second, NULL, port_of(&l), &options, problem,
	                               sizeof(problem)));
	assert_int_equal(second.fd, -1);
	snprintf(expected, sizeof(expected), "port %u is in use: is another chatd running? "
	         "If not, choose another port", port_of(&l));
	assert_string_equal(problem, expected);
	assert_false(listener_open_tcp(&second, "127.0.0.1", port_of(&l), &options, problem,
	                               sizeof(problem)));
	snprintf(expected, sizeof(expected), "port %u is in use on 127.0.0.1: is another chatd "
	         "running? If not, choose another port", port_of(&l));
	assert_string_equal(problem, expected);
	listener_close(&l);
}

/* A program that only knows IPv4 must not share the port with us unseen: half of
 * the people would reach it and half chatd. */
static void test_port_in_use_for_ipv4_only(void **state)
{
	struct listener l, second;
	char problem[256];

	(void)state;
	assert_true(listener_open_tcp(&l, "0.0.0.0", 0, &options, problem, sizeof(problem)));
	assert_false(listener_open_tcp(&second, NULL, port_of(&l), &options, problem,
	                               sizeof(problem)));
	assert_non_null(strstr(problem, "is in use"));
	listener_close(&l);
	assert_true(listener_open_tcp(&l, "127.0.0.1", 0, &options, problem, sizeof(problem)));
	assert_false(listener_open_tcp(&second, NULL, port_of(&l), &options, problem,
	                               sizeof(problem)));
	assert_non_null(strstr(problem, "is in use"));
	listener_close(&l);
}

/* Old connections must not hold up a restart. */
static void test_port_is_free_after_close(void **state)
{
	struct listener l, again;
	char problem[256];
	int fd, peer;

	(void)state;
	assert_true(listener_open_tcp(&l, "127.0.0.1", 0, &options, problem, sizeof(problem)));
	peer = connect_to(AF_INET, port_of(&l));
	fd = accept(l.fd, NULL, NULL);
	listener_close(&l);
	close(fd); /* the first to close is in TIME_WAIT afterwards */
	close(peer);
	assert_true(listener_open_tcp(&again, "127.0.0.1", port_of(&l), &options, problem,
	                              sizeof(problem)));
	listener_close(&again);
}

static void test_address_of_another_machine(void **state)
{
	struct listener l;
	char problem[256];

	(void)state;
	assert_false(listener_open_tcp(&l, "192.0.2.1", 8989, &options, problem,
	                               sizeof(problem)));
	assert_string_equal(problem, "cannot listen on 192.0.2.1:8989: this machine has no such "
	                             "address");
}

static int connect_unix(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(sa.sun_path, path);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void test_unix(void **state)
{
	struct listener l, second;
	char problem[256], expected[256];
	int fd;

	(void)state;
	assert_true(listener_open_unix(&l, path, problem, sizeof(problem)));
	snprintf(expected, sizeof(expected), "unix:%s", path);
	assert_string_equal(l.name, expected);
	fd = connect_unix();
	assert_true(fd >= 0);
	close(fd);

	assert_false(listener_open_unix(&second, path, problem, sizeof(problem)));
	snprintf(expected, sizeof(expected), "unix:%s is in use, probably by another chatd", path);
	assert_string_equal(problem, expected);
	listener_close(&second);
	fd = connect_unix(); /* the first is still there */
	assert_true(fd >= 0);
	close(fd);

	listener_close(&l);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_unix_stale(void **state)
{
	struct listener l;
	char problem[256];
	int fd;

	(void)state;
	assert_true(listener_open_unix(&l, path, problem, sizeof(problem)));
	close(l.fd); /* as kill -9 leaves it */
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(connect_unix(), -1);
	assert_true(listener_open_unix(&l, path, problem, sizeof(problem)));
	fd = connect_unix();
	assert_true(fd >= 0);
	close(fd);
	listener_close(&l);
}

/* Somebody else has taken the path meanwhile: the first that ends leaves it alone. */
static void test_unix_of_another_stays(void **state)
{
	struct listener first, second;
	char problem[256];
	int fd;

	(void)state;
	assert_true(listener_open_unix(&first, path, problem, sizeof(problem)));
	assert_int_equal(unlink(path), 0);
	assert_true(listener_open_unix(&second, path, problem, sizeof(problem)));
	listener_close(&first);
	fd = connect_unix();
	assert_true(fd >= 0);
	close(fd);
	listener_close(&second);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_unix_leaves_files_alone(void **state)
{
	struct listener l;
	char problem[256];
	struct stat st;
	int fd;

	(void)state;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_equal(write(fd, "mine", 4), 4);
	close(fd);
	assert_false(listener_open_unix(&l, path, problem, sizeof(problem)));
	assert_non_null(strstr(problem, "is not a socket"));
	listener_close(&l);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 4);
	unlink(path);

	/* A link to nothing is not followed either. */
	assert_int_equal(symlink("nowhere", path), 0);
	assert_false(listener_open_unix(&l, path, problem, sizeof(problem)));
	assert_non_null(strstr(problem, "is not a socket"));
	unlink(path);
}

static void test_unix_path(void **state)
{
	char problem[256], name[128];
	struct listener l;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[108] = '\0';
	assert_false(listener_open_unix(&l, name, problem, sizeof(problem)));
	assert_string_equal(problem, "a unix socket's path must have 1 to 107 bytes; this one has 108");
	assert_false(listener_open_unix(&l, "/nonexistent/chatd", problem, sizeof(problem)));
	assert_string_equal(problem, "cannot listen on unix:/nonexistent/chatd: its folder does "
	                             "not exist");
}

static int make_dir(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/socket", mkdtemp(dir) ? dir : "");
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted_sockets_inherit),
		cmocka_unit_test(test_short_timeouts_and_no_keepalive),
		cmocka_unit_test(test_all_addresses),
		cmocka_unit_test(test_one_address),
		cmocka_unit_test(test_telnet),
		cmocka_unit_test(test_port_in_use),
		cmocka_unit_test(test_port_in_use_for_ipv4_only),
		cmocka_unit_test(test_port_is_free_after_close),
		cmocka_unit_test(test_address_of_another_machine),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_unix_stale),
		cmocka_unit_test(test_unix_of_another_stays),
		cmocka_unit_test(test_unix_leaves_files_alone),
		cmocka_unit_test(test_unix_path),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
