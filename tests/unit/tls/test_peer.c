/* Clients of the TLS process: how many there may be, and for how long. The ring is played by the test: the linker
 * sends the calls here. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "chatd/base/bounds.h"
#include "chatd/tls/endpoint.h"
#include "tls_help.h"

enum { CONNECTIONS = 8, FDS = 4096 };

static int64_t now_ms;
static uint64_t drawn;
static bool shut[FDS], closed[FDS];
static struct { uint32_t slot, gen; int fd; } receives[FDS]; /* nreceives of them are in flight */
static size_t nreceives, sends;
static struct ring_completion sent; /* the end of the last send */
static const char *said;     /* what the client reads in plain text; NULL: it speaks TLS */
static BIO *to_client;       /* the client's side, while there is one */

void __wrap_ring_accept(struct ring *r, uint32_t slot, uint32_t gen, int fd);
void __wrap_ring_recv(struct ring *r, uint32_t slot, uint32_t gen, int fd);
void __wrap_ring_send(struct ring *r, uint32_t slot, uint32_t gen, int fd, const struct iovec *iov, uint32_t n);
void __wrap_ring_cancel_accept(struct ring *r, uint32_t slot, uint32_t gen);
void __wrap_ring_shutdown(struct ring *r, int fd, int how);
void __wrap_ring_close(struct ring *r, int fd);
void __wrap_ring_refuse(struct ring *r, int fd, const char *text, size_t len);
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
	if (said != NULL)
		assert_memory_equal(iov->iov_base, said, strlen(said));
	if (to_client != NULL)
		assert_int_equal(BIO_write(to_client, iov->iov_base, (int)iov->iov_len), (int)iov->iov_len);
	sends++;
	sent = (struct ring_completion){.op = RING_SEND, .slot = slot, .gen = gen, .res = (int)iov->iov_len};
}

void __wrap_ring_cancel_accept(struct ring *r, uint32_t slot, uint32_t gen)
{
	(void)r;
	(void)slot;
	(void)gen;
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

void __wrap_ring_refuse(struct ring *r, int fd, const char *text, size_t len)
{
	assert_string_equal(text, said);
	assert_int_equal(len, strlen(text));
	__wrap_ring_close(r, fd);
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

static const struct listener listeners[] = {
	{.fd = 11, .tls = true}, {.fd = 12, .tls = true, .proxy = true, .name = "127.0.0.1:8990"},
};
static struct endpoint *endpoint;
static int handover[2];      /* the chat's end, and the endpoint's */

static int begin(void **state)
{
	struct endpoint_options o = {
		.listeners = listeners, .nlisteners = 2, .connections_max = CONNECTIONS,
		.board = board_new(CONNECTIONS + 2 * TLS_HANDSHAKES_MAX), .nslots = CONNECTIONS + 2 * TLS_HANDSHAKES_MAX,
	};

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, handover), 0);
	o.handover = handover[1];
	said = "-- This port speaks TLS.";
	to_client = NULL;
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
	close(handover[0]);
	close(handover[1]);
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

/* Whoever connects to a proxy's port is told, and takes no place. */
static void test_stranger(void **state)
{
	struct address a;

	(void)state;
	said = "-- This port is for proxies only. Connect to another one.\n";
	assert_true(address_parse_one("192.0.2.1", &a));
	peer_begin(endpoint, 100, 1, &a, 1);
	assert_true(closed[100]);
	assert_int_equal(endpoint->nused, 0);
	assert_true(address_parse("192.0.2.0/24", &endpoint->settings.proxies[0]));
	endpoint->settings.nproxies = 1;
	peer_begin(endpoint, 101, 1, &a, 1);
	assert_false(closed[101]);
	assert_int_equal(endpoint->nused, 1);
}

/* Bytes come from the last receive that waits on that descriptor. */
static void hears(int fd, const char *data, int len)
{
	for (size_t i = nreceives; i-- > 0;) {
		if (receives[i].fd == fd) {
			peer_done(endpoint, &(struct ring_completion){.op = RING_RECV, .slot = receives[i].slot,
			                                              .gen = receives[i].gen, .data = data, .res = len});
			peers_shake_hands(endpoint);
			return;
		}
	}
	fail_msg("nothing is received from %d", fd);
}

/* A client makes its handshake on descriptor 100. Returns the chat's end of its stream. */
static int opens(SSL *client)
{
	char data[16 << 10], text[HANDOVER_BYTES_MAX];
	struct handed h;
	int fd = -1, n;

	said = NULL;
	to_client = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(to_client, -1);
	SSL_set_bio(client, to_client, BIO_new(BIO_s_mem()));
	SSL_set_connect_state(client);
	comes(100, "192.0.2.1");
	for (int steps = 0; steps < 5 && fd < 0; steps++) {
		size_t before = sends;

		SSL_do_handshake(client);
		if ((n = BIO_read(SSL_get_wbio(client), data, sizeof data)) > 0)
			hears(100, data, n);
		if (sends > before)
			peer_done(endpoint, &sent);
		handover_receive(handover[0], endpoint->npeers, &fd, &h, text);
	}
	assert_true(fd >= 0);
	/* The endpoint's copy of it. */
	for (int copy = 0; copy < 100; copy++)
		if (closed[copy])
			close(copy);
	return fd;
}

/* A client that reads nothing while the chat has closed its end is cut off after a while. */
static void test_slow_reader(void **state)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *client = SSL_new(context);
	struct made made = make_certificate("localhost");
	struct tls_engine engine = engine_of(&made, TLS_1_2);
	size_t before;
	int chat;

	(void)state;
	endpoint_configure(endpoint, &endpoint->settings, &engine);
	chat = opens(client);
	before = sends;
	hears(endpoint->peers[0].chat.fd, "-- Bye.\n", 8);
	assert_int_equal(sends, before + 1);
	/* It does not end. */
	close(chat);
	peers_sweep(endpoint);
	endpoint->now_ms += DRAIN_MS_MAX;
	peers_sweep(endpoint);
	assert_false(shut[100]);
	endpoint->now_ms++;
	peers_sweep(endpoint);
	assert_true(shut[100]);
	sent.res = -ECONNRESET;
	peer_done(endpoint, &sent);
	hears(100, NULL, 0);
	hears(endpoint->peers[0].chat.fd, NULL, 0);
	assert_int_equal(endpoint->nused, 0);
	SSL_free(client);
	to_client = NULL;
	SSL_CTX_free(context);
	made_free(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_many, begin, end),
		cmocka_unit_test_setup_teardown(test_late, begin, end),
		cmocka_unit_test_setup_teardown(test_silent, begin, end),
		cmocka_unit_test_setup_teardown(test_no_slot, begin, end),
		cmocka_unit_test_setup_teardown(test_stranger, begin, end),
		cmocka_unit_test_setup_teardown(test_slow_reader, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
