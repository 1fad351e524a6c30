/* Limits of one address: what counts as one, and what is not counted. */
#include "chat_help.h"

#include "chatd/base/bounds.h"

/* Comes from there; true where it may stay. */
static bool comes(uint32_t slot, const char *addr)
{
	step((struct event){.kind = EVENT_CONNECTED, .conn = {slot, 1}, .connected = {.addr = addr}});
	return seen.len == 0 || strstr(seen.data, "CLOSE") == NULL;
}

static void limits(uint32_t connections, uint32_t connects, const char *exempt)
{
	config.address_connections = connections;
	config.address_connects = connects;
	config.address_exempt = exempt;
	chat_configure(chat, &config);
}

static void test_a_64_is_one_address(void **state)
{
	(void)state;
	limits(2, 0, "");
	assert_true(comes(0, "[2001:db8:0:7::1]:1000"));
	assert_true(comes(1, "[2001:db8:0:7:ffff:ffff:ffff:ffff]:1000"));
	assert_false(comes(2, "[2001:db8:0:7:1234::]:1000"));
	assert_has("There are 2 connections from your address, and that is the most.");
	/* The next block on either side is another. */
	assert_true(comes(3, "[2001:db8:0:6::1]:1000"));
	assert_true(comes(4, "[2001:db8:0:8::1]:1000"));
	/* Whoever leaves makes room for another of the same block. */
	happens(EVENT_CLOSED, 0);
	assert_true(comes(5, "[2001:db8:0:7:abcd::2]:1000"));
	assert_false(comes(6, "[2001:db8:0:7:abcd::3]:1000"));
}

static void test_an_ipv4_address_is_one(void **state)
{
	(void)state;
	limits(1, 0, "");
	assert_true(comes(0, "192.0.2.1:1"));
	assert_false(comes(1, "192.0.2.1:2"));
	assert_true(comes(2, "192.0.2.2:1"));
}

static void test_connections_in_a_minute_of_a_64(void **state)
{
	(void)state;
	limits(0, 2, "");
	for (uint32_t i = 0; i < 2; i++) {
		assert_true(comes(i, i == 0 ? "[2001:db8::1]:1" : "[2001:db8::2]:1"));
		happens(EVENT_CLOSED, i);
	}
	assert_false(comes(2, "[2001:db8::3]:1"));
	assert_has("within a minute. The next can come in 30 seconds.");
	assert_true(comes(3, "[2001:db8:0:1::3]:1"));
	tick(30000);
	assert_true(comes(4, "[2001:db8::4]:1"));
}

static void test_unix_sockets_are_not_counted(void **state)
{
	(void)state;
	limits(1, 1, "");
	for (uint32_t i = 0; i < 20; i++)
		assert_true(comes(i, "unix"));
	assert_true(comes(20, "192.0.2.1:1"));
	assert_false(comes(21, "192.0.2.1:2"));
}

static void test_exempt_blocks_are_not_counted(void **state)
{
	(void)state;
	limits(1, 1, "2001:db8::/32 192.0.2.0/24");
	for (uint32_t i = 0; i < 5; i++)
		assert_true(comes(i, "[2001:db8:0:7::1]:1"));
	for (uint32_t i = 5; i < 10; i++)
		assert_true(comes(i, "192.0.2.9:1"));
	assert_true(comes(10, "[2001:db9::1]:1"));
	assert_false(comes(11, "[2001:db9::2]:1"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_64_is_one_address),
		TEST(test_an_ipv4_address_is_one),
		TEST(test_connections_in_a_minute_of_a_64),
		TEST(test_unix_sockets_are_not_counted),
		TEST(test_exempt_blocks_are_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
