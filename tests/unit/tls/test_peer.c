/* Clients of the TLS process before the chat has them: how many there may be, and for how long. The ring is played
 * by the test: the linker sends the calls here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "chatd/base/bounds.h"
#include "chatd/tls/endpoint.h"

enum { CONNECTIONS = 8, FDS = 4096 };

static int64_t now_ms;
static uint64_t drawn;
static bool shut[FDS], closed[FDS];
static struct { uint32_t slot, gen; int fd; } receives[FDS]; /* nreceives of them are in flight */
static size_t nreceives, sends;
static struct ring_completion sent; /* the end of the last send */

void __wrap_ring_accept(struct ring *r, uint32_t slot, uint32_t gen, int fd);
void __wrap_ring_recv(struct ring *r, uint32_t slot, uint32_t gen, int fd);
void __wrap_ring_send(struct ring *r, uint32_t slot, uint32_t gen, int fd, const struct iovec *iov, uint32_t n);
void __wrap_ring_cancel(struct ring *r, enum ring_op op, uint32_t slot, uint32_t gen);
void __wrap_ring_shutdown(struct ring *r, int fd, int how);
void __wrap_ring_close(struct ring *r, int fd);
uint64_t __wrap_ring_random(struct ring *r);
int64_t __wrap_ring_mono_ms(struct ring *r);
int64_t __wrap_ring_wall_ms(struct ring *r);
bool __wrap_ring_wait(struct ring *r, int64_t wait_ms);

void __wrap_ring_accept(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	(void)r;
	(void)slot;
	(void)gen;
	(void)fd;
}

void __wrap_ring_recv(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	(void)r;
	receives[nreceives].slot = slot;
	receives[nreceives].gen = gen;
	receives[nreceives++].fd = fd;
}

void __wrap_ring_send(struct ring *r, uint32_t slot, uint32_t gen, int fd, const struct iovec *iov, uint32_t n)
{
	(void)r;
	(void)fd;
	assert_int_equal(n, 1);
	assert_memory_equal(iov->iov_base, "-- This port speaks TLS.", 24);
	sends++;
	sent = (struct ring_completion){.op = RING_SEND, .slot = slot, .gen = gen, .res = (int)iov->iov_len};
}

void __wrap_ring_cancel(struct ring *r, enum ring_op op, uint32_t slot, uint32_t gen)
{
	(void)r;
	(void)slot;
	(void)gen;
	assert_int_equal(op, RING_ACCEPT);
}

void __wrap_ring_shutdown(struct ring *r, int fd, int how)
{
	(void)r;
	(void)how;
	shut[fd] = true;
}

void __wrap_ring_close(struct ring *r, int fd)
{
	(void)r;
	assert_false(closed[fd]);
	closed[fd] = true;
}

uint64_t __wrap_ring_random(struct ring *r)
{
	(void)r;
	return drawn += 7;
}

int64_t __wrap_ring_mono_ms(struct ring *r)
{
	(void)r;
	return now_ms;
}

int64_t __wrap_ring_wall_ms(struct ring *r)
{
	(void)r;
	return now_ms;
}

bool __wrap_ring_wait(struct ring *r, int64_t wait_ms)
{
	(void)r;
	(void)wait_ms;
	return false;
}

static const struct listener listeners[] = {{.fd = 11, .tls = true}};
static struct endpoint *endpoint;

static int begin(void **state)
{
	struct endpoint_options o = {
		.listeners = listeners, .nlisteners = 1, .handover = -1, .connections_max = CONNECTIONS,
		.board = board_new(CONNECTIONS + 2 * TLS_HANDSHAKES_MAX), .nslots = CONNECTIONS + 2 * TLS_HANDSHAKES_MAX,
	};

	(void)state;
	now_ms = 1000000;
	drawn = nreceives = sends = 0;
	memset(shut, 0, sizeof shut);
	memset(closed, 0, sizeof closed);
	log_set_level(LOG_LEVEL_ERROR);
	endpoint = endpoint_new(&o, NULL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	endpoint_free(endpoint);
	return 0;
}

static void comes(int fd, const char *from)
{
	struct address a;

	assert_true(address_parse_one(from, &a));
	peer_begin(endpoint, fd, 0, &a, 1);
}

/* The receives of those that were shut end, and they are gone. */
static void ended(void)
{
	for (size_t i = 0; i < nreceives; i++)
		if (shut[receives[i].fd] && !closed[receives[i].fd]) {
			struct ring_completion done = {
				.op = RING_RECV, .slot = receives[i].slot, .gen = receives[i].gen,
			};

			peer_done(endpoint, &done);
		}
}

static int count(const bool *which, int from, int n)
{
	int sum = 0;

	for (int fd = from; fd < from + n; fd++)
		sum += which[fd];
	return sum;
}

/* One address opens TLS_HANDSHAKES_MAX and more: it loses its own, and others come in. */
static void test_many(void **state)
{
	enum { MORE = 50 };

	(void)state;
	for (int i = 0; i < TLS_HANDSHAKES_MAX + MORE; i++)
		comes(100 + i, "192.0.2.1");
	assert_int_equal(count(shut, 100, TLS_HANDSHAKES_MAX + MORE), MORE);
	ended();
	assert_int_equal(endpoint->nused, TLS_HANDSHAKES_MAX);
	for (int i = 0; i < 20; i++) {
		comes(1000 + i, "198.51.100.1");
		ended();
	}
	/* Of eight drawn, one is nearly always the flooder's. */
	assert_int_equal(count(shut, 1000, 20), 0);
	assert_int_equal(endpoint->nused, TLS_HANDSHAKES_MAX);
	assert_int_equal(endpoint->nyoung, TLS_HANDSHAKES_MAX);
}

/* One that begins a handshake, and does not go on. */
static void test_late(void **state)
{
	struct ring_completion done = {.op = RING_RECV, .data = "\x16\x03\x01", .res = 3};

	(void)state;
	comes(100, "192.0.2.1");
	done.slot = receives[0].slot;
	done.gen = receives[0].gen;
	peer_done(endpoint, &done);
	endpoint->now_ms += TLS_HANDSHAKE_MS;
	peers_sweep(endpoint);
	assert_false(shut[100]);
	endpoint->now_ms++;
	peers_sweep(endpoint);
	assert_true(shut[100]);
	assert_int_equal(sends, 0);
}

/* A person with nc waits for a banner. */
static void test_silent(void **state)
{
	(void)state;
	comes(100, "192.0.2.1");
	endpoint->now_ms += TLS_SILENT_MS;
	peers_sweep(endpoint);
	assert_int_equal(sends, 0);
	endpoint->now_ms++;
	peers_sweep(endpoint);
	assert_int_equal(sends, 1);
	peer_done(endpoint, &sent);
	assert_true(shut[100]);
}

/* No slot is left while the kernel still holds those that made way: a newcomer is closed, and nothing is lost. */
static void test_no_slot(void **state)
{
	int all = CONNECTIONS + 2 * TLS_HANDSHAKES_MAX;

	(void)state;
	for (int i = 0; i < all; i++)
		comes(100 + i, "192.0.2.1");
	assert_int_equal(endpoint->nused, all);
	comes(2000, "198.51.100.1");
	assert_true(closed[2000]);
	ended();
	comes(2001, "198.51.100.1");
	assert_false(closed[2001]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_many, begin, end),
		cmocka_unit_test_setup_teardown(test_late, begin, end),
		cmocka_unit_test_setup_teardown(test_silent, begin, end),
		cmocka_unit_test_setup_teardown(test_no_slot, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
