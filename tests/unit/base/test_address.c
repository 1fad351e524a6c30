/* Addresses, blocks, and what is counted by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "chatd/base/address.h"
#include "chatd/base/bounds.h"
#include "chatd/core/people/origin.h"
#include "where.h"

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
	assert_string_equal(shown("::ffff:192.0.2.1/120"), "192.0.2.0/24");
	assert_string_equal(shown("::ffff:0:0/96"), "0.0.0.0/0");
	assert_string_equal(shown("::1"), "::/64");
}

static void test_what_is_none_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", "/", "192.0.2", "192.0.2.1/", "192.0.2.1/33", "192.0.2.1/-1", "192.0.2.1/ 8", "192.0.2.1/8x",
		"2001:db8::/129", "::ffff:192.0.2.0/24", "::ffff:192.0.2.0/129", "alice", "192.0.2.1:80", "[::1]", "1.2.3.4.5",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_string_equal(shown(wrong[i]), "none");
}

static void test_peers(void **state)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(4242),
	                           .sin_addr.s_addr = htonl(0xc0000201)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(77)};
	struct sockaddr_un here = {.sun_family = AF_UNIX};
	struct sockaddr_storage none = {.ss_family = AF_UNSPEC};
	char out[ADDRESS_BYTES_MAX];
	struct address a;

	(void)state;
	a = address_of_sockaddr((struct sockaddr *)&four);
	assert_string_equal(address_show(&a, out), "192.0.2.1");
	assert_int_equal(address_port_of((struct sockaddr *)&four), 4242);
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::7", &six.sin6_addr), 1);
	a = address_of_sockaddr((struct sockaddr *)&six);
	assert_string_equal(address_show(&a, out), "2001:db8::7");
	assert_int_equal(address_port_of((struct sockaddr *)&six), 77);
	/* Of a socket that takes both. */
	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.1", &six.sin6_addr), 1);
	a = address_of_sockaddr((struct sockaddr *)&six);
	assert_string_equal(address_show(&a, out), "192.0.2.1");
	assert_int_equal(a.kind, ADDRESS_IPV4);
	a = address_of_sockaddr((struct sockaddr *)&here);
	assert_true(address_is_local(&a));
	assert_string_equal(address_show(&a, out), "this host");
	a = address_of_sockaddr((struct sockaddr *)&none);
	assert_false(address_is_local(&a));
	assert_false(address_is_network(&a));
	assert_string_equal(address_show(&a, out), "an unknown address");
}

/* All zero, as what was never set is: no privilege follows, and no block has it. */
static void test_what_is_not_known_is_nobody(void **state)
{
	struct address zero = {0}, block, none;

	(void)state;
	assert_false(address_is_local(&zero));
	assert_true(address_parse("0.0.0.0/0", &block));
	assert_false(address_within(&zero, &block));
	assert_true(address_parse("::/0", &block));
	assert_false(address_within(&zero, &block));
	assert_false(address_within(&zero, &zero));
	assert_false(address_parse_one("this host", &none));
	assert_int_equal(none.kind, ADDRESS_UNKNOWN);
}

static bool within(const char *peer, const char *block)
{
	struct address a = where(peer), b;

	assert_true(address_parse(block, &b));
	return address_within(&a, &b);
}

static void test_blocks_have_their_addresses(void **state)
{
	(void)state;
	assert_true(within("192.0.2.1", "192.0.2.0/24"));
	assert_true(within("192.0.2.255", "192.0.2.0/24"));
	assert_false(within("192.0.3.1", "192.0.2.0/24"));
	assert_true(within("192.0.2.1", "192.0.2.1"));
	assert_true(within("10.1.2.3", "0.0.0.0/0"));
	assert_false(within("2001:db8::1", "0.0.0.0/0"));
	assert_true(within("2001:db8::1", "2001:db8::9"));
	assert_false(within("2001:db8:0:1::1", "2001:db8::9"));
	assert_true(within("2001:db8:0:1::1", "::/0"));
	/* The families do not mix, however an address is written. */
	assert_false(within("192.0.2.1", "::/0"));
	assert_false(within("192.0.2.1", "::/64"));
	assert_false(within("127.0.0.1", "::1"));
	assert_false(within("::1", "0.0.0.0/0"));
	assert_false(within("::1", "127.0.0.1"));
	assert_true(within("::ffff:192.0.2.1", "192.0.2.0/24"));
	assert_true(within("192.0.2.1", "::ffff:192.0.2.0/120"));
	assert_false(within("2001:db8::1", "::ffff:0:0/96"));
	/* No block shuts out the host's administrator. */
	assert_false(within("unix", "::/0"));
}

static void test_an_ipv6_network_is_counted_as_one(void **state)
{
	struct origins origins = {0};
	struct address a = where("2001:db8::1"), b = where("2001:db8::2");
	struct address c = where("192.0.2.1"), d = where("192.0.2.2");

	(void)state;
	assert_ptr_equal(origin_of(&origins, &a), origin_of(&origins, &b));
	assert_ptr_not_equal(origin_of(&origins, &c), origin_of(&origins, &d));
	assert_int_equal(HASH_COUNT(origins.all), 3);
	origins_free(&origins);
	assert_null(origins.all);
}

static void test_an_ipv6_address_has_a_site(void **state)
{
	struct address a = where("2001:db8:1:2::3"), other = where("192.0.2.1"), site, same, wide;

	(void)state;
	assert_true(address_parse("2001:db8:1::/48", &same));
	assert_true(address_parse("2001:db8::/32", &wide));
	assert_true(address_site(&a, &site));
	assert_memory_equal(&site, &same, sizeof same);
	assert_true(address_site(&same, &site));
	assert_memory_equal(&site, &same, sizeof same);
	assert_false(address_site(&other, &site));
	assert_false(address_site(&wide, &site));
}

static void test_the_oldest_gives_its_place(void **state)
{
	struct origins origins = {0};
	struct address first = where("10.0.0.0"), second = where("10.0.0.1");
	char peer[32];

	(void)state;
	slow_bucket_take(&origin_of(&origins, &first)->accounts, 1000000, 30000);
	slow_bucket_take(&origin_of(&origins, &second)->accounts, 1000000, 30000);
	for (unsigned i = 2; i < ORIGINS_MAX; i++) {
		struct address a;

		snprintf(peer, sizeof peer, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		a = where(peer);
		origin_of(&origins, &a);
	}
	/* Looked for now, so the second is the oldest. */
	assert_int_not_equal(origin_of(&origins, &first)->accounts.full_ns, 0);
	for (unsigned i = 0; i < 2; i++) {
		struct address a;

		snprintf(peer, sizeof peer, "11.0.0.%u", i);
		a = where(peer);
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
	struct address here = where("10.0.0.0");
	struct origin *o = origin_of(&origins, &here);
	char peer[32];

	(void)state;
	origin_hold(&origins, o);
	origin_hold(&origins, o);
	o->strikes.n = 2;
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 1; i <= ORIGINS_MAX + 10; i++) {
			struct address a;

			snprintf(peer, sizeof peer, "1%u.%u.%u.%u", round, i >> 16, i >> 8 & 255, i & 255);
			a = where(peer);
			origin_of(&origins, &a);
		}
		/* A held entry stays among those that are not held; with one hold less it still
		 * does. */
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
	struct bucket l = {0};
	int64_t now_ms = INT64_C(1795378445000);

	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(slow_bucket_wait_ms(&l, now_ms, 5, 30000), 0);
		slow_bucket_take(&l, now_ms, 30000);
	}
	assert_in_range(slow_bucket_wait_ms(&l, now_ms, 5, 30000), 29900, 30100);
	assert_in_range(slow_bucket_wait_ms(&l, now_ms + 29000, 5, 30000), 900, 1100);
	assert_int_equal(slow_bucket_wait_ms(&l, now_ms + 30100, 5, 30000), 0);
	assert_int_equal(slow_bucket_wait_ms(&l, now_ms + 300000, 5, 30000), 0);
}

/* However often, now as in a hundred years: what the configuration allows in a minute, and more. */
static void test_slow_buckets_of_any_period(void **state)
{
	static const int64_t nows_ms[] = {0, INT64_C(1795378445000), INT64_C(4950000000000)};

	(void)state;
	for (size_t k = 0; k < sizeof nows_ms / sizeof nows_ms[0]; k++) {
		for (int64_t period_ms = 1; period_ms <= INT64_C(3600000); period_ms += 1 + period_ms / 7) {
			int64_t now_ms = nows_ms[k];
			struct bucket l = {0};

			for (int i = 0; i < 3; i++) {
				assert_int_equal(slow_bucket_wait_ms(&l, now_ms, 3, period_ms), 0);
				slow_bucket_take(&l, now_ms, period_ms);
			}
			assert_int_equal(slow_bucket_wait_ms(&l, now_ms, 3, period_ms), period_ms);
			assert_int_equal(slow_bucket_wait_ms(&l, now_ms + period_ms, 3, period_ms), 0);
			/* One that may do more from now on waits no longer than that says. */
			assert_true(slow_bucket_wait_ms(&l, now_ms, 1, 1) <= 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(test_addresses_are_read_and_shown),
		cmocka_unit_test(test_what_is_none_is_refused),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_what_is_not_known_is_nobody),
		cmocka_unit_test(test_blocks_have_their_addresses),
		cmocka_unit_test(test_an_ipv6_network_is_counted_as_one),
		cmocka_unit_test(test_an_ipv6_address_has_a_site),
		cmocka_unit_test(test_the_oldest_gives_its_place),
		cmocka_unit_test(test_what_is_held_does_not_give_its_place),
		cmocka_unit_test(test_slow_buckets),
		cmocka_unit_test(test_slow_buckets_of_any_period),
	};

	return cmocka_run_group_tests_name("address", all, NULL, NULL);
}
