/* Limits by address: what counts as one address, and what is not counted. */
#include "chat_help.h"

#include "chatd/base/bounds.h"
#include "chatd/core/entry/admission.h"
#include "chatd/core/people/account.h"
#include "chatd/core/state/state.h"

static uint32_t gens[2 * SLOTS];
static uint64_t chances;

/* What the last step wrote into the log; NULL: nothing. */
static const char *logged_text(void)
{
	const struct effect *e;
	size_t n;

	e = chat_effects(chat, &n);
	for (size_t i = 0; i < n; i++)
		if (e[i].kind == EFFECT_LOG)
			return e[i].text;
	return NULL;
}

static const char *refused; /* what the last connection was told; NULL: it was admitted */

static struct event coming(uint32_t slot, const char *addr)
{
	return (struct event){.kind = EVENT_CONNECTED, .conn = {slot, ++gens[slot]}, .now_ms = now_ms, .wall_ms = wall(),
	                      .connected = {.from = where(addr), .seed = ++chances}};
}

/* Handles the event; its effects are in seen. False: the connection was refused. */
static bool comes_so(struct event e)
{
	step(e);
	refused = stepped.connected.refused;
	return refused == NULL;
}

/* Connects from there. True: it was admitted. */
static bool comes(uint32_t slot, const char *addr)
{
	return comes_so(coming(slot, addr));
}

static void goes(uint32_t slot)
{
	step((struct event){.kind = EVENT_CLOSED, .conn = {slot, gens[slot]}});
	step((struct event){.kind = EVENT_RELEASED, .conn = {slot, gens[slot]}});
}

static void reads(const char *part)
{
	if (refused == NULL || strstr(refused, part) == NULL)
		fail_msg("no \"%s\" in: %s", part, refused != NULL ? refused : "(nothing)");
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
	assert_true(comes(0, "2001:db8:0:7::1"));
	assert_true(comes(1, "2001:db8:0:7:ffff:ffff:ffff:ffff"));
	assert_false(comes(2, "2001:db8:0:7:1234::"));
	reads("Too many connections: your address has 2 open, the most it may have.");
	/* The next block on either side is another. */
	assert_true(comes(3, "2001:db8:0:6::1"));
	assert_true(comes(4, "2001:db8:0:8::1"));
	/* A connection that ends makes room for another of the same block. */
	goes(0);
	assert_true(comes(5, "2001:db8:0:7:abcd::2"));
	assert_false(comes(6, "2001:db8:0:7:abcd::3"));
}

static void test_an_ipv4_address_is_one(void **state)
{
	(void)state;
	limits(1, 0, "");
	assert_true(comes(0, "192.0.2.1"));
	assert_false(comes(1, "192.0.2.1"));
	assert_true(comes(2, "192.0.2.2"));
}

static void test_connections_in_a_minute_of_a_64(void **state)
{
	(void)state;
	limits(0, 2, "");
	for (uint32_t i = 0; i < 2; i++) {
		assert_true(comes(i, i == 0 ? "2001:db8::1" : "2001:db8::2"));
		goes(i);
	}
	assert_false(comes(2, "2001:db8::3"));
	reads("within a minute. Try again in 30 seconds.");
	assert_true(comes(3, "2001:db8:0:1::3"));
	tick(30000);
	assert_true(comes(4, "2001:db8::4"));
}

static void test_unix_sockets_are_not_counted(void **state)
{
	(void)state;
	limits(1, 1, "");
	for (uint32_t i = 0; i < 20; i++)
		assert_true(comes(i, "unix"));
	assert_true(comes(20, "192.0.2.1"));
	assert_false(comes(21, "192.0.2.1"));
}

static void test_exempt_blocks_are_not_counted(void **state)
{
	(void)state;
	limits(1, 1, "2001:db8::/32 192.0.2.0/24");
	for (uint32_t i = 0; i < 5; i++)
		assert_true(comes(i, "2001:db8:0:7::1"));
	for (uint32_t i = 5; i < 10; i++)
		assert_true(comes(i, "192.0.2.9"));
	assert_true(comes(10, "2001:db9::1"));
	assert_false(comes(11, "2001:db9::2"));
}

/* -- what counts, and how long ----------------------------------------------------------- */

static void test_a_connection_counts_until_it_is_closed(void **state)
{
	(void)state;
	limits(1, 0, "");
	assert_true(comes(0, "192.0.2.1"));
	step((struct event){.kind = EVENT_BYTES, .conn = {0, gens[0]},
	                    .bytes = {.data = "/quit\n", .len = 6}});
	assert_has("CLOSE 0");
	/* It may still be taking its last lines. */
	assert_false(comes(1, "192.0.2.1"));
	reads("Too many connections: your address has 1 open");
	step((struct event){.kind = EVENT_RELEASED, .conn = {0, gens[0]}});
	assert_true(comes(2, "192.0.2.1"));
}

static void test_nothing_is_kept_of_who_is_refused(void **state)
{
	(void)state;
	limits(1, 0, "");
	assert_true(comes(0, "192.0.2.1"));
	assert_false(comes(1, "192.0.2.1"));
	assert_null(chat->people.sessions[1]);
	assert_null(chat->entry.admission.held[1]);
	assert_string_equal(refused, "-- Too many connections: your address has 1 open, the most it may "
	                             "have. Close one, or try again later.\n");
	/* Another can have the slot at once. */
	assert_true(comes(1, "192.0.2.2"));
}

static void test_a_full_chat(void **state)
{
	struct event e = coming(0, "192.0.2.1");

	(void)state;
	e.conn = (struct conn_id){0};
	assert_false(comes_so(e));
	reads("-- This chat is full: 64 people are connected. Please try again later.\n");
	/* Control connections have slots of their own. */
	e.connected.from = where("unix");
	e.connected.control = true;
	assert_false(comes_so(e));
	reads("This socket has 8 connections open");
	e.conn = (struct conn_id){SLOTS + CONTROL_SLOTS - 1, 1};
	assert_true(comes_so(e));
	assert_int_equal(chat->people.sessions[SLOTS + CONTROL_SLOTS - 1]->state, SESSION_HOST);
}

/* With any rate that can be configured: that many at once, and then one each time that part of a minute
 * is over. */
static void test_each_rate_that_can_be_set(void **state)
{
	(void)state;
	for (uint32_t n = 1; n <= 60000; n += n < 1000 ? 1 : 977) {
		limits(0, n, "");
		tick(120000);
		for (uint32_t i = 0; i < n; i++) {
			if (!comes(0, "192.0.2.1"))
				fail_msg("address_connects = %u: number %u is refused: %s", n, i + 1, refused);
			goes(0);
			if (i == 20 && n > 1000)
				break;
		}
		if (n > 1000)
			continue;
		if (comes(0, "192.0.2.1"))
			fail_msg("address_connects = %u: one more comes in", n);
		/* Rounded up to whole milliseconds. */
		tick(60000 / n + 1);
		assert_true(comes(0, "192.0.2.1"));
		goes(0);
	}
}

/* -- the log ------------------------------------------------------------------------------- */

static void test_refusals_are_logged_and_do_not_flood_the_log(void **state)
{
	char addr[32];
	int logged = 0;

	(void)state;
	limits(1, 0, "");
	assert_true(comes(0, "192.0.2.1"));
	assert_false(comes(1, "192.0.2.1"));
	assert_string_equal(logged_text(), "security: refused address=192.0.2.1 name=- account=-: too many "
	                                   "connections at one time");
	for (int i = 0; i < 100; i++) {
		assert_false(comes(1, "192.0.2.1"));
		assert_null(logged_text());
	}
	/* The log names the address, which a jail can ban, and not the network. */
	assert_true(comes(2, "2001:db8::7"));
	assert_false(comes(3, "2001:db8::8"));
	assert_non_null(strstr(logged_text(), "security: refused address=2001:db8::8 name=- "));
	tick(REFUSED_LOG_MS);
	assert_false(comes(1, "192.0.2.1"));
	assert_string_equal(logged_text(), "security: refused address=192.0.2.1 name=- account=-: too many "
	                                   "connections at one time; 101 were refused in 10 seconds");
	/* With any number of addresses, never more text than that. */
	limits(0, 1, "");
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(addr, sizeof addr, "10.0.%u.%u", i >> 8, i & 255);
		assert_true(comes(1, addr));
		goes(1);
		assert_false(comes(1, addr));
		logged += logged_text() != NULL;
	}
	assert_in_range(logged, 1, REFUSED_LOG_BURST);
}

/* -- those without a name ------------------------------------------------------------------ */

static uint32_t unnamed_of(const char *addr)
{
	struct address a = where(addr);
	uint32_t n = 0;

	for (uint32_t i = 0; i < chat->people.unnamed.n; i++)
		n += memcmp(&chat->people.unnamed.list[i]->from, &a, sizeof a) == 0;
	return n;
}

/* A slot that is free; SLOTS: none. */
static uint32_t slot_free(void)
{
	uint32_t slot = 0;

	while (slot < SLOTS && chat->people.sessions[slot] != NULL)
		slot++;
	return slot;
}

static void test_a_flood_without_names_makes_way(void **state)
{
	char addr[32];
	uint32_t honest = 0, last = 0;

	(void)state;
	/* People in the chat, a few who are about to enter it, and one address that floods. */
	for (uint32_t i = 0; i < 10; i++) {
		snprintf(addr, sizeof addr, "192.0.2.%u", i + 1);
		assert_true(comes(i, addr));
		snprintf(addr, sizeof addr, "p%u\n", i);
		step((struct event){.kind = EVENT_BYTES, .conn = {i, gens[i]},
		                    .bytes = {.data = addr, .len = strlen(addr)}});
	}
	for (int i = 0; i < 2000; i++) {
		uint32_t slot = slot_free();

		if (i % 100 == 0) {
			snprintf(addr, sizeof addr, "198.51.100.%u", ++last);
			honest += comes(slot, addr);
		} else if (slot < SLOTS) {
			comes(slot, "203.0.113.9");
		}
		assert_true(slot < SLOTS);
	}
	assert_int_equal(chat->people.n, 10);
	/* All of them were admitted, and hardly any had to go. */
	assert_int_equal(honest, 20);
	honest = 0;
	for (uint32_t i = 1; i <= last; i++) {
		snprintf(addr, sizeof addr, "198.51.100.%u", i);
		honest += unnamed_of(addr);
	}
	assert_in_range(honest, 18, 20);
	/* The flood has what is left. */
	assert_in_range(unnamed_of("203.0.113.9") + honest, (SLOTS - 10) * 3 / 4, SLOTS - 10);
}

static void test_who_makes_way_is_told(void **state)
{
	bool told = false;

	(void)state;
	for (int i = 0; i < 200 && !told; i++) {
		uint32_t slot = slot_free();

		assert_true(slot < SLOTS);
		if (comes(slot, "203.0.113.9"))
			told = seen.len > 0 && strstr(seen.data, "SEND ") != NULL;
		else
			reads("-- Too many connections are waiting at the name prompt");
	}
	assert_true(told);
	assert_has("\\n-- Too many connections are waiting at the name prompt, so some are closed at random, "
	           "and yours was one. Please try again.");
	assert_has("DROP ");
}

static void test_few_without_a_name_are_left_alone(void **state)
{
	char addr[32], name[8];

	(void)state;
	/* All have names, except a quarter of what is left. */
	for (uint32_t i = 0; i < SLOTS; i++) {
		snprintf(addr, sizeof addr, "10.0.0.%u", i);
		assert_true(comes(i, addr));
		assert_int_equal(seen.len, 0);
		snprintf(name, sizeof name, "p%u\n", i);
		step((struct event){.kind = EVENT_BYTES, .conn = {i, gens[i]},
		                    .bytes = {.data = name, .len = strlen(name)}});
	}
	assert_int_equal(chat->people.n, SLOTS);
}

/* -- a chat that is nearly full ------------------------------------------------------------ */

static void named(uint32_t slot, const char *addr)
{
	char name[8];

	assert_true(comes(slot, addr));
	snprintf(name, sizeof name, "p%u\n", slot);
	step((struct event){.kind = EVENT_BYTES, .conn = {slot, gens[slot]},
	                    .bytes = {.data = name, .len = strlen(name)}});
}

/* A few addresses cannot keep everybody else out, even if their connections all have names. */
static void test_a_few_addresses_make_way_for_others(void **state)
{
	char addr[32];

	(void)state;
	limits(20, 0, "");
	for (uint32_t i = 0; i < SLOTS - 1; i++) {
		snprintf(addr, sizeof addr, "203.0.113.%u", i % 4);
		named(i, addr);
	}
	/* Their own newcomers are refused. */
	assert_false(comes(SLOTS - 1, "203.0.113.1"));
	reads("This chat is nearly full, and your address has more connections than most");
	for (uint32_t i = 0; i < 30; i++) {
		uint32_t slot = slot_free();

		snprintf(addr, sizeof addr, "198.51.100.%u", i);
		assert_true(comes(slot, addr));
		assert_has("\\n-- This chat is nearly full, and your address has more connections than most, so "
		           "this one is closed");
		assert_has("DROP ");
		for (slot = 0; slot < SLOTS; slot++)
			if (chat->entry.admission.held[slot] != NULL &&
			    chat->people.sessions[slot] == NULL)
				step((struct event){.kind = EVENT_RELEASED, .conn = {slot, gens[slot]}});
	}
	assert_int_equal(chat->entry.admission.nheld, SLOTS - 1);
}

/* SLOTS - 1 people who are signed in, so many of an address. */
static void signed_in(uint32_t each)
{
	char addr[32];

	limits(0, 0, "");
	for (uint32_t i = 0; i < SLOTS - 1; i++) {
		snprintf(addr, sizeof addr, "203.0.113.%u", i / each);
		named(i, addr);
		chat->people.sessions[i]->account =
			account_new(chat, chat->people.sessions[i]->nick, chat->people.sessions[i]->key, "", "");
		chat->people.sessions[i]->account->session = chat->people.sessions[i];
	}
}

/* Names are free, and accounts take days to make: people who are signed in stay when guests do not. */
static void test_who_is_signed_in_does_not_make_way(void **state)
{
	(void)state;
	signed_in(FULL_ACCOUNTS_LEAST - 1);
	assert_true(comes(SLOTS - 1, "198.51.100.1"));
	assert_has_not("DROP ");
	assert_int_equal(chat->people.n, SLOTS - 1);
}

/* Unless one address has very many: in some days anybody can make that many accounts. */
static void test_many_accounts_of_an_address_make_way(void **state)
{
	(void)state;
	signed_in(SLOTS);
	assert_true(comes(SLOTS - 1, "198.51.100.1"));
	assert_has("DROP ");
}

/* Connections from an exempt address take nothing from its neighbours. */
static void test_an_exempt_address_fills_nothing_of_its_network(void **state)
{
	(void)state;
	limits(2, 0, "2001:db8::5/128");
	for (uint32_t i = 0; i < 20; i++)
		assert_true(comes(i, "2001:db8::5"));
	assert_true(comes(20, "2001:db8::6"));
	assert_true(comes(21, "2001:db8:0:1::6"));
	for (uint32_t i = 0; i < 20; i++)
		goes(i);
	/* Even if the configuration has changed since. */
	limits(2, 0, "");
	assert_true(comes(0, "2001:db8::5"));
	assert_false(comes(1, "2001:db8::5"));
}

/* Each connection of an exempt address counts alone, even without a name. */
static void test_an_exempt_ipv6_address_is_exempt(void **state)
{
	(void)state;
	limits(1, 0, "2001:db8::5/128");
	assert_true(comes(0, "2001:db8::5"));
	assert_true(comes(1, "2001:db8::5"));
	/* Its neighbour is not. */
	assert_true(comes(2, "2001:db8:0:1::6"));
	assert_false(comes(3, "2001:db8:0:1::7"));
	goes(2);
	/* They count as many people, not as one with many connections: they make way as often as
	 * others. */
	limits(0, 0, "2001:db8::5/128");
	for (uint32_t i = 0; i < 40; i++)
		comes(slot_free(), "2001:db8::5");
	for (uint32_t i = 0; i < 8; i++)
		comes(slot_free(), "203.0.113.9");
	assert_in_range(unnamed_of("2001:db8::5"), 35, 42);
}

/* However small the chat, an address with many connections does not get its last slot. */
static void test_a_small_chat_makes_way_too(void **state)
{
	(void)state;
	chat_free(chat);
	config.connections_max = 20;
	config.address_connections = 64;
	config.address_exempt = "";
	chat = chat_new(&config, 100, 5);
	for (uint32_t i = 0; i < 19; i++)
		named(i, "203.0.113.1");
	assert_false(comes(19, "203.0.113.1"));
	reads("This chat is nearly full, and your address has more connections than most");
	assert_true(comes(19, "198.51.100.1"));
	assert_has("DROP ");
}

/* Nor can one IPv6 site, which counts as up to 65,536 addresses. */
static void test_a_site_makes_way_for_others(void **state)
{
	char addr[32];

	(void)state;
	limits(20, 0, "");
	for (uint32_t i = 0; i < SLOTS - 1; i++) {
		snprintf(addr, sizeof addr, "2001:db8:1:%x::1", i);
		named(i, addr);
	}
	for (uint32_t i = 0; i < 10; i++) {
		snprintf(addr, sizeof addr, "198.51.100.%u", i);
		assert_true(comes(slot_free(), addr));
		assert_has("DROP ");
		for (uint32_t slot = 0; slot < SLOTS; slot++)
			if (chat->entry.admission.held[slot] != NULL &&
			    chat->people.sessions[slot] == NULL)
				step((struct event){.kind = EVENT_RELEASED, .conn = {slot, gens[slot]}});
	}
	for (uint32_t slot = 0; slot < SLOTS; slot++)
		goes(slot);
	assert_int_equal(chat->entry.admission.nheld, 0);
}

/* Each of its addresses has the share of one, and all together have the share of a few. */
static void test_a_site_has_the_shares_of_a_few_addresses(void **state)
{
	uint32_t in = 0;
	char addr[32];

	(void)state;
	limits(2, 0, "");
	for (uint32_t i = 0; i < SLOTS - 2; i++) {
		snprintf(addr, sizeof addr, "2001:db8:1:%x::1", i);
		in += comes(i, addr);
	}
	assert_int_equal(in, 2 * SITE_SHARES);
	reads("Too many connections: your network has 32 open, the most it may have.");
	assert_true(comes(SLOTS - 1, "2001:db8:2::1"));
	goes(0);
	assert_true(comes(0, "2001:db8:1:ffff::1"));
}

static void test_connections_in_a_minute_of_a_site(void **state)
{
	uint32_t in = 0;
	char addr[32];

	(void)state;
	limits(0, 3, "");
	for (uint32_t i = 0; i < 8 * SITE_SHARES; i++) {
		snprintf(addr, sizeof addr, "2001:db8:1:%x::1", i);
		in += comes(0, addr);
		goes(0);
	}
	assert_int_equal(in, 3 * SITE_SHARES);
	reads("Too many connections came from your network within a minute.");
	assert_true(comes(0, "2001:db8:2::1"));
}

/* If everybody connects from an address of their own, nobody makes way, until the last slot is
 * taken. */
static void test_a_chat_of_many_addresses_fills(void **state)
{
	char addr[32];

	(void)state;
	limits(20, 0, "");
	for (uint32_t i = 0; i < SLOTS; i++) {
		snprintf(addr, sizeof addr, "198.51.%u.1", i / (FULL_ADDRESS_LEAST - 1));
		named(i, addr);
	}
	assert_int_equal(chat->people.n, SLOTS);
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
		TEST(test_a_connection_counts_until_it_is_closed),
		TEST(test_nothing_is_kept_of_who_is_refused),
		TEST(test_a_full_chat),
		TEST(test_each_rate_that_can_be_set),
		TEST(test_refusals_are_logged_and_do_not_flood_the_log),
		TEST(test_a_flood_without_names_makes_way),
		TEST(test_who_makes_way_is_told),
		TEST(test_a_few_addresses_make_way_for_others),
		TEST(test_who_is_signed_in_does_not_make_way),
		TEST(test_many_accounts_of_an_address_make_way),
		TEST(test_an_exempt_address_fills_nothing_of_its_network),
		TEST(test_an_exempt_ipv6_address_is_exempt),
		TEST(test_a_small_chat_makes_way_too),
		TEST(test_a_site_makes_way_for_others),
		TEST(test_a_site_has_the_shares_of_a_few_addresses),
		TEST(test_connections_in_a_minute_of_a_site),
		TEST(test_a_chat_of_many_addresses_fills),
		TEST(test_few_without_a_name_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
