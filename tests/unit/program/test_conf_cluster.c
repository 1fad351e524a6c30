/* The engine's address and the names of a cluster, taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "chatd/base/bounds.h"
#include "chatd/program/conf/conf_cluster.h"

#define FORMS "redis://ADDRESS:PORT/DATABASE or unix:/PATH?db=DATABASE"
#define KEYS "the user and the password have keys of their own: cluster_user and cluster_password_file"

/* As it is shown, it is read as the same. */
static void test_addresses(void **state)
{
	static const struct {
		const char *s;
		int kind;
		const char *where;
		uint16_t port;
		uint32_t db;
		const char *shown;
	} good[] = {
		{"redis://127.0.0.1:6379/0", CLUSTER_IP, "127.0.0.1", 6379, 0, "redis://127.0.0.1:6379/0"},
		{"redis://127.0.0.1:7001", CLUSTER_IP, "127.0.0.1", 7001, 0, "redis://127.0.0.1:7001/0"},
		{"redis://127.0.0.1:7001/", CLUSTER_IP, "127.0.0.1", 7001, 0, "redis://127.0.0.1:7001/0"},
		{"redis://10.1.2.3:00080/007", CLUSTER_IP, "10.1.2.3", 80, 7, "redis://10.1.2.3:80/7"},
		{"redis://[::1]:65535/9999", CLUSTER_IP, "::1", 65535, 9999, "redis://[::1]:65535/9999"},
		{"redis://[fe80::1%eth0]:1/1", CLUSTER_IP, "fe80::1%eth0", 1, 1, "redis://[fe80::1%eth0]:1/1"},
		{"unix:/run/redis.sock", CLUSTER_UNIX, "/run/redis.sock", 0, 0, "unix:/run/redis.sock"},
		{"unix:/run/redis.sock?db=0", CLUSTER_UNIX, "/run/redis.sock", 0, 0, "unix:/run/redis.sock"},
		{"unix:/run/a b:c?db=15", CLUSTER_UNIX, "/run/a b:c", 0, 15, "unix:/run/a b:c?db=15"},
	};
	struct bytes shown = {0};
	struct conf_cluster e;
	char problem[256];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		if (!conf_cluster_parse(good[i].s, &e, problem, sizeof problem))
			fail_msg("%s: %s", good[i].s, problem);
		assert_int_equal(e.kind, good[i].kind);
		assert_string_equal(e.kind == CLUSTER_UNIX ? e.path : e.host, good[i].where);
		assert_int_equal(e.port, good[i].port);
		assert_int_equal(e.db, good[i].db);
		for (int again = 0; again < 2; again++) {
			bytes_clear(&shown);
			conf_cluster_show(&e, &shown);
			assert_string_equal(shown.data, good[i].shown);
			assert_true(conf_cluster_parse(shown.data, &e, problem, sizeof problem));
		}
	}
	bytes_release(&shown);
}

static void test_refused(void **state)
{
	static const struct {
		const char *s, *problem;
	} bad[] = {
		{"", "it must be " FORMS},
		{"127.0.0.1:6379", "it must be " FORMS},
		{"unix:", "a unix socket's path must begin with / and have at most 107 bytes"},
		{"unix:redis.sock", "a unix socket's path must begin with / and have at most 107 bytes"},
		{"unix:/run/redis.sock?db=", "\"\" is not the number of a database: it must be at most 9999"},
		{"unix:/run/redis.sock?db=10000", "\"10000\" is not the number of a database: it must be at most 9999"},
		{"unix:/run/redis.sock?db=1?", "\"1?\" is not the number of a database: it must be at most 9999"},
		{"unix:/run/redis.sock?timeout=3", "behind ? there can only be db=DATABASE"},
		{"unix:/what?/x?db=2", "behind ? there can only be db=DATABASE"},
		{"redis://", "\"\" has no port; write redis://127.0.0.1:6379"},
		{"redis://127.0.0.1", "\"127.0.0.1\" has no port; write redis://127.0.0.1:6379"},
		{"redis://[::1]/0", "\"[::1]\" has no port; write redis://[::1]:6379"},
		{"redis://[::1", "\"[::1\" has no port; write redis://[::1]:6379"},
		{"redis://127.0.0.1:/0", "\"\" is not a port: it must be 1 to 65535"},
		{"redis://127.0.0.1:0", "\"0\" is not a port: it must be 1 to 65535"},
		{"redis://127.0.0.1:65536", "\"65536\" is not a port: it must be 1 to 65535"},
		{"redis://127.0.0.1:-1", "\"-1\" is not a port: it must be 1 to 65535"},
		{"redis://127.0.0.1:6379/-1", "\"-1\" is not the number of a database: it must be at most 9999"},
		{"redis://127.0.0.1:6379/0/1", "\"0/1\" is not the number of a database: it must be at most 9999"},
		{"redis://127.0.0.1:6379/0?db=1", "\"0?db=1\" is not the number of a database: it must be at most 9999"},
		{"redis://redis.example.org:6379", "\"redis.example.org\" is not an IP address, and names are not looked up"},
		{"redis://localhost:6379/0", "\"localhost\" is not an IP address, and names are not looked up"},
		{"redis://::1:6379", "\"::1\" is not an IPv4 address; IPv6 is written in brackets: redis://[::1]:6379"},
		{"redis://[127.0.0.1]:6379", "\"127.0.0.1\" is not an IPv6 address, and names are not looked up"},
		{"redis://127.1:6379", "\"127.1\" is not an IP address, and names are not looked up"},
		{"rediss://127.0.0.1:6379", "chatd does not speak TLS to the engine; use a tunnel, such as stunnel, on this host"},
		/* Neither is repeated: the second word is a secret. */
		{"redis://bob:verysecret@127.0.0.1:6379/0", KEYS},
		{"redis://:verysecret@127.0.0.1:6379/0", KEYS},
		{"rediss://:verysecret@127.0.0.1:6379/0", KEYS},
		{"redis://:very/secret@127.0.0.1:6379/0", KEYS},
	};
	struct conf_cluster e;
	char problem[256];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (conf_cluster_parse(bad[i].s, &e, problem, sizeof problem))
			fail_msg("%s is taken", bad[i].s);
		assert_string_equal(problem, bad[i].problem);
	}
}

static void test_lengths(void **state)
{
	struct conf_cluster e;
	char s[4096], problem[256];

	(void)state;
	memset(s, 'a', sizeof s);
	memcpy(s, "unix:/", 6);
	s[5 + 107] = '\0';
	assert_true(conf_cluster_parse(s, &e, problem, sizeof problem));
	assert_int_equal(strlen(e.path), 107);
	s[5 + 107] = 'a';
	s[5 + 108] = '\0';
	assert_false(conf_cluster_parse(s, &e, problem, sizeof problem));
	memset(s, 'a', sizeof s);
	memcpy(s, "redis://", 8);
	strcpy(s + sizeof s - 3, ":1");
	/* The rule is in it however long s is. */
	assert_false(conf_cluster_parse(s, &e, problem, sizeof problem));
	assert_non_null(strstr(problem, "is not an IP address, and names are not looked up"));
	memset(s, '1', sizeof s);
	memcpy(s, "redis://1.2.3.4:", 16);
	s[sizeof s - 1] = '\0';
	assert_false(conf_cluster_parse(s, &e, problem, sizeof problem));
	assert_non_null(strstr(problem, "is not a port: it must be 1 to 65535"));
}

static void test_names(void **state)
{
	char long_name[CLUSTER_USER_BYTES_MAX + 2], problem[256];

	(void)state;
	memset(long_name, 'a', sizeof long_name);
	long_name[sizeof long_name - 1] = '\0';
	assert_true(conf_cluster_check_name("a", problem, sizeof problem));
	assert_true(conf_cluster_check_name("chat-1", problem, sizeof problem));
	assert_true(conf_cluster_check_name(long_name + sizeof long_name - 1 - NODE_BYTES_MAX, problem, sizeof problem));
	assert_false(conf_cluster_check_name(long_name + sizeof long_name - 2 - NODE_BYTES_MAX, problem, sizeof problem));
	assert_string_equal(problem, "it must be 1 to 32 of a-z, 0-9 and -");
	for (const char *const *s = (const char *const[]){"", "A", "a b", "a_b", "a.b", "a:b", "\xc3\xa4", NULL}; *s; s++)
		assert_false(conf_cluster_check_name(*s, problem, sizeof problem));

	assert_true(conf_cluster_check_user("chatd", problem, sizeof problem));
	assert_true(conf_cluster_check_user("a@b!", problem, sizeof problem));
	assert_true(conf_cluster_check_user(long_name + 1, problem, sizeof problem));
	assert_false(conf_cluster_check_user(long_name, problem, sizeof problem));
	assert_string_equal(problem, "it must be 1 to 64 ASCII characters without blanks");
	for (const char *const *s = (const char *const[]){"", "a b", "a\tb", "\x7f", "\xc3\xa4", NULL}; *s; s++)
		assert_false(conf_cluster_check_user(*s, problem, sizeof problem));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
