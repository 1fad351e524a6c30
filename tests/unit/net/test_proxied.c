/* Connections from a proxy: who may be one, and how long it may take to say for whom it connects. The ring
 * is played by the test: the linker sends the calls here. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "chatd/base/bounds.h"
#include "chatd/base/log.h"
#include "chatd/net/server.h"

enum { FD = 100, CONNECTIONS = 4, SLOT = CONNECTIONS + CONTROL_SLOTS + LINGERERS };

static uint32_t receives[PROXIED_SLOTS];   /* in flight, by slot */
static int shut[FD + PROXIED_SLOTS + 1], closed[FD + PROXIED_SLOTS + 1];

void __wrap_ring_recv(struct ring *r, uint32_t slot, uint32_t gen, int fd);
void __wrap_ring_shutdown(struct ring *r, int fd, int how);
void __wrap_ring_close(struct ring *r, int fd);

void __wrap_ring_recv(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	(void)r;
	assert_int_equal(gen, 1);
	assert_in_range(slot, SLOT, SLOT + PROXIED_SLOTS - 1);
	assert_int_equal(receives[slot - SLOT], 0);
	receives[slot - SLOT] = (uint32_t)fd;
}

void __wrap_ring_shutdown(struct ring *r, int fd, int how)
{
	(void)r;
	/* Its receive ends, and it can still be told why. */
	assert_int_equal(how, SHUT_RD);
	shut[fd]++;
}

void __wrap_ring_close(struct ring *r, int fd)
{
	(void)r;
	closed[fd]++;
}

static const struct listener listeners[] = {{.fd = 11}, {.fd = 12, .proxy = true, .name = "8991 (proxy)"}};

static int begin(void **state)
{
	struct server *s = calloc(1, sizeof *s);

	assert_non_null(s);
	memset(receives, 0, sizeof receives);
	memset(shut, 0, sizeof shut);
	memset(closed, 0, sizeof closed);
	s->listeners = listeners;
	s->nlisteners = 2;
	s->conns.max = CONNECTIONS;
	s->now_ms = 1000000;
	s->sweep_ms = INT64_MAX;
	proxied_init(s);
	log_set_level(LOG_LEVEL_ERROR); /* or it would log what it refuses */
	proxied_trust(s, "127.0.0.0/8, 192.0.2.7");
	*state = s;
	return 0;
}

static int end(void **state)
{
	proxied_free(*state);
	free(*state);
	return 0;
}

static const char *comes(struct server *s, int fd, const char *from)
{
	struct ring_completion done = {.op = RING_ACCEPT, .slot = ACCEPTS_EACH, .gen = 1, .res = fd, .port = 7};

	if (from != NULL)
		assert_true(address_parse_one(from, &done.from));
	else
		done.from.kind = ADDRESS_HOST;
	return proxied_begin(s, 1, &done);
}

/* The receive for that descriptor ends with these bytes, or with res. True: there is something to do. */
static bool gets(struct server *s, int fd, const char *data, int res, struct proxied_peer *peer)
{
	struct ring_completion done = {.op = RING_RECV, .gen = 1, .slot = SLOT};

	while (receives[done.slot - SLOT] != (uint32_t)fd) {
		done.slot++;
		assert_in_range(done.slot, SLOT, SLOT + PROXIED_SLOTS - 1);
	}
	receives[done.slot - SLOT] = 0;
	done.data = data;
	done.res = data != NULL ? (int)strlen(data) : res;
	assert_true(proxied_is(s, &done));
	return proxied_received(s, &done, peer);
}

static void is_from(const struct proxied_peer *peer, int fd, const char *from, uint16_t port, const char *rest)
{
	char shown[ADDRESS_BYTES_MAX];

	assert_null(peer->refused);
	assert_int_equal(peer->fd, fd);
	assert_int_equal(peer->listener, 1);
	assert_string_equal(address_show(&peer->from, shown), from);
	assert_int_equal(peer->port, port);
	assert_int_equal(peer->len, strlen(rest));
	assert_memory_equal(peer->data, rest, strlen(rest));
}

static void test_who_may(void **state)
{
	struct ring_completion other = {.op = RING_RECV, .slot = SLOT - 1};

	assert_false(proxied_is(*state, &other));
	assert_non_null(strstr(comes(*state, FD, "192.0.2.8"), "proxies only"));
	assert_non_null(strstr(comes(*state, FD, "::1"), "proxies only"));
	assert_null(comes(*state, FD, "192.0.2.7"));
	assert_null(comes(*state, FD + 1, "127.1.2.3"));
	/* The socket's folder decides. */
	assert_null(comes(*state, FD + 2, NULL));
	proxied_trust(*state, NULL);
	assert_non_null(comes(*state, FD + 3, "127.0.0.1"));
	assert_null(comes(*state, FD + 4, NULL));
}

static void test_header(void **state)
{
	struct server *s = *state;
	struct proxied_peer peer;

	/* In one piece, with what comes behind it. */
	assert_null(comes(s, FD, "127.0.0.1"));
	assert_true(gets(s, FD, "PROXY TCP4 198.51.100.1 192.0.2.2 4321 1\r\nbob\n", 0, &peer));
	is_from(&peer, FD, "198.51.100.1", 4321, "bob\n");
	proxied_release(&peer);
	/* In pieces, the last of which has more. */
	assert_null(comes(s, FD, "127.0.0.1"));
	assert_false(gets(s, FD, "PRO", 0, &peer));
	assert_false(gets(s, FD, "XY TCP6 2001:db8::1 ::1 4321 1\r", 0, &peer));
	assert_false(gets(s, FD, NULL, -ENOBUFS, &peer));
	assert_true(gets(s, FD, "\nbob\n/quit\n", 0, &peer));
	is_from(&peer, FD, "2001:db8::1", 4321, "bob\n/quit\n");
	proxied_release(&peer);
	/* A proxy that speaks for itself. */
	assert_null(comes(s, FD, "127.0.0.9"));
	assert_true(gets(s, FD, "PROXY UNKNOWN\r\n", 0, &peer));
	is_from(&peer, FD, "127.0.0.9", 7, "");
	proxied_release(&peer);
	assert_int_equal(s->proxies.nslots, 0);
	assert_int_equal(closed[FD], 0);
}

static void test_no_header(void **state)
{
	struct server *s = *state;
	struct proxied_peer peer;

	/* Somebody with nc. */
	assert_null(comes(s, FD, "127.0.0.1"));
	assert_true(gets(s, FD, "bob\n", 0, &peer));
	assert_int_equal(peer.fd, FD);
	assert_non_null(strstr(peer.refused, "This port is for a proxy"));
	/* Something that looks whether anybody listens, and one that ends early. */
	assert_null(comes(s, FD, "127.0.0.1"));
	assert_false(gets(s, FD, NULL, 0, &peer));
	assert_null(comes(s, FD, "127.0.0.1"));
	assert_false(gets(s, FD, "PROXY", 0, &peer));
	assert_false(gets(s, FD, NULL, -ECONNRESET, &peer));
	assert_int_equal(closed[FD], 2);
	assert_int_equal(s->proxies.nslots, 0);
}

static void test_late(void **state)
{
	struct server *s = *state;
	struct proxied_peer peer;

	assert_null(comes(s, FD, "127.0.0.1"));
	assert_true(s->sweep_ms < INT64_MAX);
	s->now_ms += 10;
	assert_null(comes(s, FD + 1, "127.0.0.1"));
	assert_false(gets(s, FD + 1, "PROXY ", 0, &peer));
	s->now_ms += PROXY_HEADER_MS - 10;
	proxied_sweep(s);
	assert_int_equal(shut[FD], 1);
	assert_int_equal(shut[FD + 1], 0);
	proxied_sweep(s);
	assert_int_equal(shut[FD], 1);
	/* Even if it comes at this very moment. */
	assert_true(gets(s, FD, "PROXY TCP4 198.51.100.1 192.0.2.2 4321 1\r\n", 0, &peer));
	assert_non_null(strstr(peer.refused, "No PROXY header came"));
	/* Part of a header gives no more time. */
	s->now_ms += 10;
	proxied_sweep(s);
	assert_int_equal(shut[FD + 1], 1);
	assert_true(gets(s, FD + 1, NULL, 0, &peer));
	assert_non_null(peer.refused);
	assert_int_equal(s->proxies.nslots, 0);
}

/* Those who wait longest make way; proxies send their header at once. */
static void test_many(void **state)
{
	struct server *s = *state;
	struct proxied_peer peer;

	for (int i = 0; i < PROXIED_SLOTS; i++)
		assert_null(comes(s, FD + i, "127.0.0.1"));
	assert_int_equal(s->proxies.nwaiting, PROXIED_MAX);
	for (int i = 0; i < PROXIED_SLOTS; i++)
		assert_int_equal(shut[FD + i], i < PROXIED_SLOTS - PROXIED_MAX);
	/* Until their receives have ended, there is no slot. */
	assert_non_null(strstr(comes(s, FD + PROXIED_SLOTS, "127.0.0.1"), "Please try again"));
	assert_true(gets(s, FD, NULL, 0, &peer));
	assert_null(comes(s, FD + PROXIED_SLOTS, "127.0.0.1"));
	assert_true(gets(s, FD + PROXIED_SLOTS, "PROXY TCP4 198.51.100.1 192.0.2.2 4321 1\r\n", 0, &peer));
	is_from(&peer, FD + PROXIED_SLOTS, "198.51.100.1", 4321, "");
	s->stop.begun = true;
	proxied_sweep(s);
	assert_int_equal(s->proxies.nwaiting, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_who_may, begin, end),
		cmocka_unit_test_setup_teardown(test_header, begin, end),
		cmocka_unit_test_setup_teardown(test_no_header, begin, end),
		cmocka_unit_test_setup_teardown(test_late, begin, end),
		cmocka_unit_test_setup_teardown(test_many, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
