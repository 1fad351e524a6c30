/* Addresses, blocks, and what is counted by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/address.h"
#include "chatd/core/origin.h"

static const char *shown(const char *text)
{
	static char out[ADDRESS_BYTES_MAX];
	struct address a;

	return address_parse(text, &a) ? address_show(&a, out) : "none";
}

static void test_addresses_are_read_and_shown(void **state)
{
	(void)state;
	assert_string_equal(shown("192.0.2.1"), "192.0.2.1");
	assert_string_equal(shown("192.0.2.77/24"), "192.0.2.0/24");
	assert_string_equal(shown("0.0.0.0/0"), "0.0.0.0/0");
	assert_string_equal(shown("192.0.2.1/32"), "192.0.2.1");
	assert_string_equal(shown("2001:db8::1"), "2001:db8::/64");
	assert_string_equal(shown("2001:db8::1/128"), "2001:db8::1");
	assert_string_equal(shown("2001:DB8:0:0::/32"), "2001:db8::/32");
	assert_string_equal(shown("::/0"), "::/0");
	assert_string_equal(shown("::ffff:192.0.2.1"), "192.0.2.1");
}

static void test_what_is_none_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", "/", "192.0.2", "192.0.2.1/", "192.0.2.1/33", "192.0.2.1/-1", "192.0.2.1/ 8", "192.0.2.1/8x",
		"2001:db8::/129", "alice", "192.0.2.1:80", "[::1]", "1.2.3.4.5",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_string_equal(shown(wrong[i]), "none");
}

static void test_peers(void **state)
{
	char out[ADDRESS_BYTES_MAX];
	struct address a;

	(void)state;
	a = address_of_peer("192.0.2.1:4242");
	assert_string_equal(address_show(&a, out), "192.0.2.1");
	a = address_of_peer("[2001:db8::7]:4242");
	assert_string_equal(address_show(&a, out), "2001:db8::7");
	a = address_of_peer("unix");
	assert_true(address_is_local(&a));
	assert_string_equal(address_show(&a, out), "this host");
	a = address_of_peer("gone");
	assert_true(address_is_local(&a));
}

static bool within(const char *peer, const char *block)
{
	struct address a = address_of_peer(peer), b;

	assert_true(address_parse(block, &b));
	return address_within(&a, &b);
}

static void test_blocks_have_their_addresses(void **state)
{
	(void)state;
	assert_true(within("192.0.2.1:1", "192.0.2.0/24"));
	assert_true(within("192.0.2.255:1", "192.0.2.0/24"));
	assert_false(within("192.0.3.1:1", "192.0.2.0/24"));
	assert_true(within("192.0.2.1:1", "192.0.2.1"));
	assert_true(within("10.1.2.3:1", "0.0.0.0/0"));
	assert_false(within("[2001:db8::1]:1", "0.0.0.0/0"));
	assert_true(within("[2001:db8::1]:1", "2001:db8::9"));
	assert_false(within("[2001:db8:0:1::1]:1", "2001:db8::9"));
	assert_true(within("[2001:db8:0:1::1]:1", "::/0"));
	/* Who administers the host is shut out by no block. */
	assert_false(within("unix", "::/0"));
}

static void test_an_ipv6_network_is_counted_as_one(void **state)
{
	struct origins origins = {0};
	struct address a = address_of_peer("[2001:db8::1]:1"), b = address_of_peer("[2001:db8::2]:1");
	struct address c = address_of_peer("192.0.2.1:1"), d = address_of_peer("192.0.2.2:1");

	(void)state;
	assert_ptr_equal(origin_of(&origins, &a), origin_of(&origins, &b));
	assert_ptr_not_equal(origin_of(&origins, &c), origin_of(&origins, &d));
	assert_int_equal(HASH_COUNT(origins.all), 3);
	origins_free(&origins);
	assert_null(origins.all);
}

static void test_the_oldest_gives_its_place(void **state)
{
	struct origins origins = {0};
	struct address first = address_of_peer("10.0.0.0:1"), second = address_of_peer("10.0.0.1:1");
	char peer[32];

	(void)state;
	slow_take(&origin_of(&origins, &first)->accounts, 1000000, 30000);
	slow_take(&origin_of(&origins, &second)->accounts, 1000000, 30000);
	for (unsigned i = 2; i < ORIGINS_MAX; i++) {
		struct address a;

		snprintf(peer, sizeof peer, "10.%u.%u.%u:1", i >> 16, i >> 8 & 255, i & 255);
		a = address_of_peer(peer);
		origin_of(&origins, &a);
	}
	/* Looked for now, so the second is the oldest. */
	assert_int_not_equal(origin_of(&origins, &first)->accounts.full_ns, 0);
	for (unsigned i = 0; i < 2; i++) {
		struct address a;

		snprintf(peer, sizeof peer, "11.0.0.%u:1", i);
		a = address_of_peer(peer);
		origin_of(&origins, &a);
	}
	assert_int_equal(HASH_COUNT(origins.all), ORIGINS_MAX);
	assert_int_not_equal(origin_of(&origins, &first)->accounts.full_ns, 0);
	assert_int_equal(origin_of(&origins, &second)->accounts.full_ns, 0);
	origins_free(&origins);
}

static void test_what_is_held_does_not_give_its_place(void **state)
{
	struct origins origins = {0};
	struct address here = address_of_peer("10.0.0.0:1");
	struct origin *o = origin_of(&origins, &here);
	char peer[32];

	(void)state;
	origin_hold(&origins, o);
	origin_hold(&origins, o);
	o->strikes.n = 2;
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 1; i <= ORIGINS_MAX + 10; i++) {
			struct address a;

			snprintf(peer, sizeof peer, "1%u.%u.%u.%u:1", round, i >> 16, i >> 8 & 255, i & 255);
			a = address_of_peer(peer);
			origin_of(&origins, &a);
		}
		/* Held it is beside those that are not; with one hold less it still is. */
		assert_int_equal(HASH_COUNT(origins.all), ORIGINS_MAX + 1);
		assert_int_equal(origins.nidle, ORIGINS_MAX);
		assert_ptr_equal(origin_of(&origins, &here), o);
		assert_int_equal(o->strikes.n, 2);
		if (round == 0)
			origin_drop(&origins, o);
	}
	/* Dropped, it is the one that was asked for last. */
	origin_drop(&origins, o);
	assert_int_equal(HASH_COUNT(origins.all), ORIGINS_MAX);
	assert_ptr_equal(origin_of(&origins, &here), o);
	origins_free(&origins);
}

static void test_slow_buckets(void **state)
{
	struct limit l = {0};
	int64_t now_ms = INT64_C(1795378445000);

	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(slow_wait_ms(&l, now_ms, 5, 30000), 0);
		slow_take(&l, now_ms, 30000);
	}
	assert_in_range(slow_wait_ms(&l, now_ms, 5, 30000), 29900, 30100);
	assert_in_range(slow_wait_ms(&l, now_ms + 29000, 5, 30000), 900, 1100);
	assert_int_equal(slow_wait_ms(&l, now_ms + 30100, 5, 30000), 0);
	assert_int_equal(slow_wait_ms(&l, now_ms + 300000, 5, 30000), 0);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(test_addresses_are_read_and_shown),
		cmocka_unit_test(test_what_is_none_is_refused),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_blocks_have_their_addresses),
		cmocka_unit_test(test_an_ipv6_network_is_counted_as_one),
		cmocka_unit_test(test_the_oldest_gives_its_place),
		cmocka_unit_test(test_what_is_held_does_not_give_its_place),
		cmocka_unit_test(test_slow_buckets),
	};

	return cmocka_run_group_tests_name("address", all, NULL, NULL);
}
