/* Who may begin a handshake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "chatd/base/log.h"
#include "chatd/base/siphash.h"
#include "chatd/tls/gate.h"

static struct gate gate;
static int64_t now_ms = 1000000;

static int begin(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_ERROR); /* or it would log what it refuses */
	gate = (struct gate){.limits = {.connections = 2, .connects = 4, .nexempt = 1}};
	address_parse("127.0.0.0/8", &gate.limits.exempt[0]);
	return 0;
}

static int end(void **state)
{
	(void)state;
	gate_release(&gate);
	return 0;
}

static struct address from(const char *text)
{
	struct address a;

	assert_true(address_parse_one(text, &a));
	return a;
}

static bool enters(const char *text)
{
	struct address a = from(text);
	bool exempt;

	return gate_enters(&gate, now_ms, &a, &exempt);
}

static void leaves(const char *text)
{
	struct address a = from(text);

	gate_left(&gate, &a, false);
}

static void test_at_one_time(void **state)
{
	struct address a = from("192.0.2.1");

	(void)state;
	assert_true(enters("192.0.2.1"));
	assert_true(enters("192.0.2.1"));
	assert_int_equal(gate_count(&gate, &a), 2);
	assert_false(enters("192.0.2.1"));
	assert_true(enters("192.0.2.2"));
	leaves("192.0.2.1");
	assert_true(enters("192.0.2.1"));
}

static void test_in_a_minute(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_true(enters("192.0.2.1"));
		leaves("192.0.2.1");
	}
	assert_false(enters("192.0.2.1"));
	now_ms += 15000;
	assert_true(enters("192.0.2.1"));
	assert_false(enters("192.0.2.1"));
}

/* A /64 is one address, and a /48 has the share of sixteen. */
static void test_networks(void **state)
{
	char text[64];
	int n = 0;

	(void)state;
	assert_true(enters("2001:db8::1"));
	assert_true(enters("2001:db8::2"));
	assert_false(enters("2001:db8::3"));
	for (int i = 1; i < 60; i++) {
		snprintf(text, sizeof text, "2001:db8:0:%x::1", i);
		n += enters(text);
	}
	assert_int_equal(n, 2 * SITE_SHARES - 2);
	assert_true(enters("2001:db8:1::1"));
}

static void test_exempt(void **state)
{
	struct address a = from("127.0.0.1");

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_true(enters("127.0.0.1"));
	/* Many people share it. */
	assert_int_equal(gate_count(&gate, &a), 1);
	/* Those of an address without limits take nothing from others of its network. */
	address_parse("2001:db8::1/128", &gate.limits.exempt[0]);
	for (int i = 0; i < 10; i++)
		assert_true(enters("2001:db8::1"));
	assert_true(enters("2001:db8::2"));
	assert_true(enters("2001:db8::2"));
	assert_false(enters("2001:db8::2"));
}

/* The first refusal is told, and later ones with their number; those of a network are counted together. */
static void test_refusals_are_told(void **state)
{
	struct bucket log = {0};
	struct origins all = {0};
	struct address a = from("2001:db8::1"), b = from("2001:db8:0:1::1");
	char text[ORIGIN_REFUSED_BYTES];

	(void)state;
	assert_true(origin_refused(origin_of(&all, &a), &log, 50000, "too many", text));
	assert_string_equal(text, "too many");
	for (int i = 0; i < 7; i++)
		assert_false(origin_refused(origin_of(&all, &a), &log, 50000 + i, "too many", text));
	assert_true(origin_refused(origin_of(&all, &b), &log, 55000, "too many", text));
	assert_string_equal(text, "too many");
	assert_true(origin_refused(origin_of(&all, &a), &log, 60000, "too many", text));
	assert_string_equal(text, "too many; 8 were refused in 10 seconds");
	/* Not more often than is good for a disk, whoever it is. */
	for (int i = 0, n = 0; i < 100; i++) {
		struct address other = from("192.0.2.1");

		other.ip[3] = (uint8_t)i;
		n += origin_refused(origin_of(&all, &other), &log, 60000, "too many", text);
		assert_true(n <= REFUSED_LOG_BURST);
	}
	origins_free(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_at_one_time, begin, end),
		cmocka_unit_test_setup_teardown(test_in_a_minute, begin, end),
		cmocka_unit_test_setup_teardown(test_networks, begin, end),
		cmocka_unit_test_setup_teardown(test_exempt, begin, end),
		cmocka_unit_test(test_refusals_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
