/* The addresses and options of listen lines, taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "chatd/program/conf/conf_listen.h"

#define FORMS "PORT, ADDRESS:PORT or unix:/PATH"

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
		{ "", "the address is missing: it must be " FORMS },
		{ " \t", "the address is missing: it must be " FORMS },
		{ "65536", "\"65536\" is not a port: it must be a number up to 65535" },
		{ "1234567890", "\"1234567890\" is not a port: it must be a number up to 65535" },
		{ "-1", "\"-1\" is not an address: it must be " FORMS },
		{ "zork", "\"zork\" is not an address: it must be " FORMS },
		{ "127.0.0.1", "\"127.0.0.1\" is not an address: it must be " FORMS },
		{ "127.0.0.1:", "\"\" is not a port: it must be a number up to 65535" },
		{ "127.0.0.1:zork", "\"zork\" is not a port: it must be a number up to 65535" },
		{ "*:8989", "\"*\" is not an IP address (names are not looked up); for every address, "
		            "write PORT alone" },
		{ ":8989", "\"\" is not an IP address (names are not looked up); for every address, "
		           "write PORT alone" },
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

static void test_listen_options(void **state)
{
	static const struct {
		const char *s, *shown;
		bool telnet;
	} good[] = {
		{ "2323", "2323", false },
		{ "2323 telnet", "2323 telnet", true },
		{ " \t02323\t \ttelnet\v\n", "2323 telnet", true },
		{ "127.0.0.1:2323 telnet", "127.0.0.1:2323 telnet", true },
		{ "[::]:2323", "[::]:2323", false },
		{ "[fe80::1%eth0]:2323  telnet", "[fe80::1%eth0]:2323 telnet", true },
		{ "unix:/run/chatd.sock", "unix:/run/chatd.sock", false },
		{ "unix:telnet telnet", "unix:telnet telnet", true },
		{ "2323 proxy telnet", "2323 telnet proxy", true },
		{ "127.0.0.1:8991 proxy", "127.0.0.1:8991 proxy", false },
	};
	struct bytes shown = { 0 };
	struct conf_listen l;
	char problem[256];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(conf_listen_parse(good[i].s, &l, problem, sizeof(problem)));
		assert_int_equal(l.telnet, good[i].telnet);
		bytes_clear(&shown);
		conf_listen_show(&l, &shown);
		assert_string_equal(shown.data, good[i].shown);
		/* What is shown is read as the same. */
		assert_true(conf_listen_parse(shown.data, &l, problem, sizeof(problem)));
		assert_int_equal(l.telnet, good[i].telnet);
		bytes_clear(&shown);
		conf_listen_show(&l, &shown);
		assert_string_equal(shown.data, good[i].shown);
	}
	bytes_release(&shown);
	assert_true(conf_listen_is_option("telnet"));
	assert_false(conf_listen_is_option("telne"));
	assert_false(conf_listen_is_option("telnets"));
	assert_false(conf_listen_is_option(""));
}

static void test_listen_options_refused(void **state)
{
	static const struct {
		const char *s, *problem;
	} bad[] = {
		{ "2323 zork", "\"zork\" is not an option of a listener; the options are: telnet, tls, proxy" },
		{ "2323 telnet zork", "\"zork\" is not an option of a listener; the options are: telnet, tls, proxy" },
		{ "2323 Telnet", "\"Telnet\" is not an option of a listener; the options are: telnet, tls, proxy" },
		{ "2323, telnet", "\"2323,\" is not an address: it must be " FORMS },
		{ "8989 2323", "\"2323\" is not an option of a listener; the options are: telnet, tls, proxy" },
		{ "2323 telnet telnet", "the option telnet is given twice" },
		{ "telnet", "the address is missing before \"telnet\": it must be " FORMS },
		{ "telnet 2323", "the address is missing before \"telnet\": it must be " FORMS },
		{ "unix: telnet", "a unix socket's path must have 1 to 107 bytes" },
		{ "unix:/run/my chat/sock", "\"chat/sock\" is not an option of a listener; the options "
		                            "are: telnet, tls, proxy (a path must not contain blanks)" },
	};
	struct conf_listen l;
	char problem[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(conf_listen_parse(bad[i].s, &l, problem, sizeof(problem)));
		assert_string_equal(problem, bad[i].problem);
	}
}

/* However long a word is, the rule that it breaks is still in the message. */
static void test_listen_very_long(void **state)
{
	static const struct {
		const char *before, *after, *rule;
	} ways[] = {
		{ "", "", "it must be " FORMS },
		{ "", ":8989", "is not an IP address (names are not looked up)" },
		{ "127.0.0.1:", "", "it must be a number up to 65535" },
		{ "[", "]:8989", "is not an IP address" },
		{ "[", "", "has no port after the brackets; write [::1]:8989" },
		{ "unix:", "", "a unix socket's path must have 1 to 107 bytes" },
		{ "2323 ", "", "the options are: telnet, tls, proxy" },
		{ "2323 telnet ", " telnet", "the options are: telnet, tls, proxy" },
	};
	char word[5000], value[5100], problem[256];
	struct conf_listen l;

	(void)state;
	memset(word, 'x', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		snprintf(value, sizeof(value), "%s%s%s", ways[i].before, word, ways[i].after);
		assert_false(conf_listen_parse(value, &l, problem, sizeof(problem)));
		assert_non_null(strstr(problem, ways[i].rule));
	}
}

static void test_same_address(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} pairs[] = {
		{ "2323", "2323 telnet", true },
		{ "2323", "[::]:2323 telnet", true },
		{ "2323", "2324", false },
		{ "0", "0 telnet", false },
		{ "0", "0", false },
		{ "127.0.0.1:0", "127.0.0.1:0", false },
		{ "127.0.0.1:2323", "127.0.0.1:2323 telnet", true },
		{ "127.0.0.1:2323", "127.0.0.2:2323", false },
		{ "127.0.0.1:2323", "2323", false },
		{ "[::1]:2323", "[::1]:02323", true },
		{ "[::1]:2323", "[0:0::0001]:2323 telnet", true },
		{ "[::1]:2323", "[::2]:2323", false },
		{ "unix:/a", "unix:/a telnet", true },
		{ "unix:/a", "unix:/b", false },
		{ "unix:/a", "2323", false },
	};
	struct conf_listen a, b;
	char problem[256];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_true(conf_listen_parse(pairs[i].a, &a, problem, sizeof(problem)));
		assert_true(conf_listen_parse(pairs[i].b, &b, problem, sizeof(problem)));
		assert_int_equal(conf_listen_same_address(&a, &b), pairs[i].same);
		assert_int_equal(conf_listen_same_address(&b, &a), pairs[i].same);
	}
}

static void test_overlap(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} pairs[] = {
		{ "2323", "2323 telnet", true },
		{ "2323", "127.0.0.1:2323", true },
		{ "2323", "[::1]:2323", true },
		{ "2323", "0.0.0.0:2323 tls", true },
		{ "[::]:2323", "0.0.0.0:2323", true },
		{ "0.0.0.0:2323", "127.0.0.1:2323", true },
		{ "0.0.0.0:2323", "[::1]:2323", false },
		{ "127.0.0.1:2323", "127.0.0.2:2323", false },
		{ "127.0.0.1:2323", "[::1]:2323", false },
		{ "127.0.0.1:2323", "127.0.0.1:2323", true },
		{ "[::1]:2323", "[0::1]:2323", true },
		{ "2323", "127.0.0.1:2324", false },
		{ "0", "127.0.0.1:0", false },
		{ "unix:/a", "unix:/a telnet", true },
		{ "unix:/a", "unix:/b", false },
		{ "unix:/a", "2323", false },
	};
	struct conf_listen a, b;
	char problem[256];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_true(conf_listen_parse(pairs[i].a, &a, problem, sizeof(problem)));
		assert_true(conf_listen_parse(pairs[i].b, &b, problem, sizeof(problem)));
		assert_int_equal(conf_listen_overlap(&a, &b), pairs[i].overlap);
		assert_int_equal(conf_listen_overlap(&b, &a), pairs[i].overlap);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listen_addresses),
		cmocka_unit_test(test_listen_addresses_refused),
		cmocka_unit_test(test_listen_options),
		cmocka_unit_test(test_listen_options_refused),
		cmocka_unit_test(test_listen_very_long),
		cmocka_unit_test(test_same_address),
		cmocka_unit_test(test_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
