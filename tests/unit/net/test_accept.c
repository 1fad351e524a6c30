/* Accepting: what the core learns of the listener that a connection came to. Ring and core are played
 * by the test: the linker sends the calls here. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "chatd/base/bounds.h"
#include "chatd/net/accept.h"
#include "chatd/net/proxy_header.h"
#include "chatd/net/server.h"

enum { FD = 41 }; /* of each connection; nothing is open there */

static struct event seen; /* the last CONNECTED */
static unsigned int events, accepts;
static bool had_cert;
static struct fingerprint cert;

void __wrap_effects_step(struct server *s, struct event *e);
void __wrap_ring_accept(struct ring *r, uint32_t slot, uint32_t gen, int fd);
void __wrap_ring_refuse(struct ring *r, int fd, const char *text, size_t n);
void __wrap_ring_peer(struct ring *r, int fd, struct ring_peer *peer);
uint64_t __wrap_ring_random(struct ring *r);

void __wrap_effects_step(struct server *s, struct event *e)
{
	(void)s;
	e->connected.refused = "-- Not today.\n";
	had_cert = e->connected.cert != NULL;
	if (had_cert)
		cert = *e->connected.cert;
	seen = *e;
	events++;
}

void __wrap_ring_accept(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	(void)r;
	(void)slot;
	(void)gen;
	(void)fd;
	accepts++;
}

void __wrap_ring_refuse(struct ring *r, int fd, const char *text, size_t n)
{
	(void)r;
	assert_true(fd >= 0);
	assert_int_equal(n, strlen(text));
}

void __wrap_ring_peer(struct ring *r, int fd, struct ring_peer *peer)
{
	(void)r;
	(void)fd;
	*peer = (struct ring_peer){.known = true, .owns = true};
}

uint64_t __wrap_ring_random(struct ring *r)
{
	(void)r;
	return 7;
}

/* A plain port, one with telnet, a unix socket with telnet, and the control socket. */
static const struct listener listeners[] = {
	{.fd = 11}, {.fd = 12, .telnet = true}, {.fd = 13, .telnet = true}, {.fd = 14, .control = true},
};

/* Somebody comes to that listener, by one of its accepts. */
static void comes(struct server *s, uint32_t listener, uint32_t accept, enum address_kind kind)
{
	struct ring_completion done = {
		.op = RING_ACCEPT, .slot = listener * ACCEPTS_EACH + accept, .gen = 1, .res = FD,
		.from = {.kind = (uint8_t)kind},
	};
	unsigned int before = events;

	memset(&seen, 0, sizeof seen);
	accept_done(s, &done);
	assert_int_equal(events, before + 1);
	assert_int_equal(seen.kind, EVENT_CONNECTED);
	assert_int_equal(seen.connected.from.kind, kind);
}

static void test_says_where_telnet_is_negotiated(void **state)
{
	struct server s = {.listeners = listeners, .nlisteners = sizeof listeners / sizeof *listeners};

	(void)state;
	/* There is no place for anybody, so that the text of the refusal is all there is to do. */
	s.accepts.full_ms = INT64_MAX; /* or it would log that */
	s.conns.free_first = s.conns.control_first = s.conns.linger_first = UINT32_MAX;
	for (uint32_t accept = 0; accept < ACCEPTS_EACH; accept += ACCEPTS_EACH - 1) {
		comes(&s, 0, accept, ADDRESS_IPV4);
		assert_false(seen.connected.telnet);
		comes(&s, 1, accept, ADDRESS_IPV4);
		assert_true(seen.connected.telnet);
		comes(&s, 2, accept, ADDRESS_HOST);
		assert_true(seen.connected.telnet);
		assert_false(seen.connected.control);
		comes(&s, 3, accept, ADDRESS_HOST);
		assert_false(seen.connected.telnet);
		assert_true(seen.connected.control);
	}
}

/* A certificate comes with what the TLS process hands over, and in no header of a proxy's. */
static void test_certificates(void **state)
{
	struct handed h = {.from.kind = ADDRESS_IPV4, .port = 7, .certified = true, .cert.sha256 = {1, 2, 3}};
	struct server s = {.listeners = listeners, .nlisteners = sizeof listeners / sizeof *listeners};
	struct bytes header = {0};
	struct proxied_peer peer = {.fd = FD, .listener = 0};
	struct proxy_header parsed;
	const char *why;
	int sockets[2], stream[2];

	(void)state;
	s.accepts.full_ms = INT64_MAX;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stream), 0);
	s.conns.free_first = s.conns.control_first = s.conns.linger_first = UINT32_MAX;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
	s.handover.socket = sockets[0];
	s.handover.nslots = 1;
	for (int i = 0; i < 2; i++) {
		h.certified = i == 0;
		had_cert = false;
		assert_true(handover_send(sockets[1], stream[0], &h));
		accept_handed(&s);
		assert_true(seen.connected.tls);
		assert_int_equal(had_cert, i == 0);
		if (had_cert)
			assert_memory_equal(&cert, &h.cert, sizeof cert);
	}
	close(stream[0]);
	close(stream[1]);
	close(sockets[0]);
	close(sockets[1]);
	proxy_header_begin(&header, &h.from, h.port);
	proxy_header_add(&header, 0xe2, h.cert.sha256, sizeof h.cert.sha256);
	assert_int_equal(proxy_header_parse(header.data, header.len, &parsed, &why), PROXY_OK);
	peer.from = parsed.from;
	peer.data = header.data + parsed.len;
	had_cert = true;
	accept_proxied(&s, &peer);
	assert_int_equal(seen.kind, EVENT_CONNECTED);
	assert_false(had_cert);
	assert_false(seen.connected.tls);
	bytes_release(&header);
}

/* What does not end by itself at once would keep the loop busy. Another connection may be fine. */
static void test_pauses(void **state)
{
	static const int ours[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSPC, EINVAL, EBADF, EPERM, EOPNOTSUPP};
	static const int theirs[] = {ECONNABORTED, EPROTO, EINTR, EHOSTUNREACH};
	struct server s = {.listeners = listeners, .nlisteners = 1};
	struct ring_completion done = {.op = RING_ACCEPT, .gen = 1};

	(void)state;
	s.accepts.failed_ms = INT64_MAX; /* or it would log that */
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
		s.accepts.again_ms = INT64_MAX;
		accepts = 0;
		done.res = -ours[i];
		accept_done(&s, &done);
		assert_int_equal(accepts, 0);
		assert_int_equal(s.accepts.again_ms, ACCEPT_PAUSE_MS);
	}
	for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
		accepts = 0;
		done.res = -theirs[i];
		accept_done(&s, &done);
		assert_int_equal(accepts, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_where_telnet_is_negotiated),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_pauses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
