/* The addresses of listen lines, taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "chatd/program/conf/conf_listen.h"

static void test_listen_addresses(void **state)
{
	static const struct {
		const char *s;
		int kind;
		const char *where;
		uint16_t port;
	} good[] = {
		{ "8989", LISTEN_DUAL, "", 8989 },
		{ "0", LISTEN_DUAL, "", 0 },
		{ "65535", LISTEN_DUAL, "", 65535 },
		{ "[::]:8989", LISTEN_DUAL, "::", 8989 },
		{ "0.0.0.0:80", LISTEN_IP, "0.0.0.0", 80 },
		{ "127.0.0.1:8989", LISTEN_IP, "127.0.0.1", 8989 },
		{ "[::1]:8989", LISTEN_IP, "::1", 8989 },
		{ "[fe80::1%eth0]:8989", LISTEN_IP, "fe80::1%eth0", 8989 },
		{ "unix:/run/chatd", LISTEN_UNIX, "/run/chatd", 0 },
		{ "unix:a:b", LISTEN_UNIX, "a:b", 0 },
	};
	struct conf_listen l;
	char problem[256];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(conf_listen_parse(good[i].s, &l, problem, sizeof(problem)));
		assert_int_equal(l.kind, good[i].kind);
		assert_string_equal(l.kind == LISTEN_UNIX ? l.path : l.host, good[i].where);
		assert_int_equal(l.port, good[i].port);
	}
}

static void test_listen_addresses_refused(void **state)
{
	static const struct {
		const char *s, *problem;
	} bad[] = {
		{ "", "\"\" is not a port: it must be a number up to 65535" },
		{ "65536", "\"65536\" is not a port: it must be a number up to 65535" },
		{ "-1", "\"-1\" is not a port: it must be a number up to 65535" },
		{ "chat", "\"chat\" is not a port: it must be a number up to 65535" },
		{ "127.0.0.1:", "\"\" is not a port: it must be a number up to 65535" },
		{ "localhost:8989", "\"localhost\" is not an IP address (names are not looked up)" },
		{ "127.1:8989", "\"127.1\" is not an IP address (names are not looked up)" },
		{ "::1:8989", "\"::1\" is not an IP address (names are not looked up); "
		              "IPv6 is written in brackets: [::1]:8989" },
		{ "[::1]", "\"[::1]\" has no port after the brackets; write [::1]:8989" },
		{ "[1.2.3.4]:5", "\"1.2.3.4\" is not an IP address (names are not looked up)" },
		{ "unix:", "a unix socket's path must have 1 to 107 bytes" },
	};
	char problem[256], path[128] = "unix:";
	struct conf_listen l;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(conf_listen_parse(bad[i].s, &l, problem, sizeof(problem)));
		assert_string_equal(problem, bad[i].problem);
	}
	memset(path + 5, 'x', 107);
	path[112] = '\0';
	assert_true(conf_listen_parse(path, &l, problem, sizeof(problem)));
	path[112] = 'x';
	path[113] = '\0';
	assert_false(conf_listen_parse(path, &l, problem, sizeof(problem)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listen_addresses),
		cmocka_unit_test(test_listen_addresses_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
