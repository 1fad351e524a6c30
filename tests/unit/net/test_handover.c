/* Handing connections over from process to process. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "chatd/net/handover.h"
#include "chatd/net/proxy_header.h"

enum { SLOTS = 8 };

static int sockets[2];
static int stream[2]; /* as the connection that is handed over */

static int begin(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0 ||
	       socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stream) != 0;
}

static int end(void **state)
{
	(void)state;
	close(sockets[0]);
	close(sockets[1]);
	close(stream[0]);
	close(stream[1]);
	return 0;
}

static struct handed somebody(const char *address)
{
	struct handed h = {.port = 4321, .telnet = true, .slot = 7};

	h.from.kind = ADDRESS_HOST;
	if (address != NULL)
		assert_true(address_parse_one(address, &h.from));
	return h;
}

/* The next message that something comes of. */
static enum handover_kind receive(struct handed *h, int *fd, char text[HANDOVER_BYTES_MAX])
{
	enum handover_kind kind;

	do {
		kind = handover_receive(sockets[0], SLOTS, fd, h, text);
	} while (kind == HANDOVER_INVALID);
	return kind;
}

/* The descriptor that comes is the one that was sent, and all that is told of it is there. */
static void goes_over(const char *address)
{
	struct handed h = somebody(address), got;
	char text[HANDOVER_BYTES_MAX], c;
	int ends[2], fd;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_true(handover_send(sockets[1], ends[1], &h));
	close(ends[1]);
	assert_int_equal(receive(&got, &fd, text), HANDOVER_CONNECTION);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(read(ends[0], &c, 1), 1);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_memory_equal(&got.from, &h.from, sizeof h.from);
	assert_int_equal(got.port, address != NULL ? 4321 : 0);
	assert_true(got.telnet);
	assert_int_equal(got.slot, 7);
	assert_false(got.certified);
	close(fd);
	close(ends[0]);
	assert_int_equal(receive(&got, &fd, text), HANDOVER_NONE);
}

static void test_connections(void **state)
{
	(void)state;
	goes_over("192.0.2.1");
	goes_over("2001:db8::1");
	goes_over(NULL);
}

/* A header as handover_send makes it, but with a field of these bytes for the certificate. */
static enum handover_kind comes_with(size_t len, struct handed *got)
{
	static const uint8_t bytes[FINGERPRINT_BYTES + 1] = {1, 2, 3}, slot[4] = {0}, options[1] = {0};
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))}};
	struct handed h = somebody("192.0.2.1");
	struct bytes header = {0};
	struct iovec iov;
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
	                   .msg_controllen = sizeof control.bytes};
	char text[HANDOVER_BYTES_MAX];
	enum handover_kind kind;
	int fd;

	proxy_header_begin(&header, &h.from, h.port);
	proxy_header_add(&header, 0xe0, options, sizeof options);
	proxy_header_add(&header, 0xe1, slot, sizeof slot);
	proxy_header_add(&header, 0xe2, bytes, len);
	iov = (struct iovec){.iov_base = header.data, .iov_len = header.len};
	memcpy(CMSG_DATA(&control.head), &stream[0], sizeof(int));
	assert_int_equal(sendmsg(sockets[1], &m, 0), (int)header.len);
	bytes_release(&header);
	kind = receive(got, &fd, text);
	if (kind == HANDOVER_CONNECTION)
		close(fd);
	return kind;
}

/* A certificate comes as it is; what is no fingerprint is no message. */
static void test_certificates(void **state)
{
	struct handed h = somebody("192.0.2.1"), got;
	char text[HANDOVER_BYTES_MAX];
	int fd;

	(void)state;
	h.certified = true;
	for (int i = 0; i < FINGERPRINT_BYTES; i++)
		h.cert.sha256[i] = (uint8_t)(255 - i);
	assert_true(handover_send(sockets[1], stream[0], &h));
	assert_int_equal(receive(&got, &fd, text), HANDOVER_CONNECTION);
	close(fd);
	assert_true(got.certified);
	assert_memory_equal(&got.cert, &h.cert, sizeof h.cert);
	assert_int_equal(comes_with(FINGERPRINT_BYTES, &got), HANDOVER_CONNECTION);
	assert_true(got.certified);
	assert_int_equal(got.cert.sha256[2], 3);
	assert_int_equal(comes_with(FINGERPRINT_BYTES - 1, &got), HANDOVER_NONE);
	assert_int_equal(comes_with(FINGERPRINT_BYTES + 1, &got), HANDOVER_NONE);
	assert_int_equal(comes_with(0, &got), HANDOVER_NONE);
}

static void test_notices(void **state)
{
	char text[HANDOVER_BYTES_MAX], much[2 * HANDOVER_BYTES_MAX];
	struct handed h;
	int fd;

	(void)state;
	assert_true(handover_notice(sockets[1], "the certificate ends tomorrow"));
	assert_int_equal(receive(&h, &fd, text), HANDOVER_NOTICE);
	assert_string_equal(text, "the certificate ends tomorrow");
	memset(much, 'x', sizeof much);
	much[sizeof much - 1] = '\0';
	assert_true(handover_notice(sockets[1], much));
	assert_int_equal(receive(&h, &fd, text), HANDOVER_NOTICE);
	assert_int_equal(strlen(text), HANDOVER_BYTES_MAX - 1);
}

/* A message with two descriptors. */
static void send_two(void)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = {.head = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(2 * sizeof(int))}};
	struct iovec iov = {.iov_base = (char[]){"two"}, .iov_len = 3};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
	                   .msg_controllen = sizeof control.bytes};

	memcpy(CMSG_DATA(&control.head), (int[]){0, 0}, 2 * sizeof(int));
	assert_int_equal(sendmsg(sockets[1], &m, 0), 3);
}

static int open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* The other process may be an intruder's: what is not as it should be is passed over, and leaks nothing. */
static void test_what_is_wrong(void **state)
{
	struct handed h = somebody("192.0.2.1"), got;
	char text[HANDOVER_BYTES_MAX], big[HANDOVER_BYTES_MAX + 1] = "N";
	int before = open_descriptors(), fd;

	(void)state;
	h.slot = SLOTS;
	assert_true(handover_send(sockets[1], stream[0], &h));
	/* Somebody of nowhere is not somebody of this host. */
	h = (struct handed){.from = {.kind = ADDRESS_UNKNOWN}};
	assert_true(handover_send(sockets[1], stream[0], &h));
	h = somebody("192.0.2.1");
	send_two();
	assert_int_equal(send(sockets[1], "junk", 4, 0), 4);
	assert_int_equal(send(sockets[1], "PROXY UNKNOWN\r\n", 15, 0), 15);
	h.slot = 0;
	assert_true(handover_send(sockets[1], stream[0], &h));
	assert_int_equal(receive(&got, &fd, text), HANDOVER_CONNECTION);
	assert_int_equal(got.slot, 0);
	close(fd);
	assert_int_equal(open_descriptors(), before);
	/* So is one that does not fit; and one of no bytes is the end. */
	assert_int_equal(send(sockets[1], big, sizeof big, 0), (int)sizeof big);
	assert_int_equal(receive(&got, &fd, text), HANDOVER_NONE);
	close(sockets[1]);
	assert_int_equal(receive(&got, &fd, text), HANDOVER_END);
}

/* A descriptor by which the chat could break what it is not to have, or itself. */
static void test_no_stream(void **state)
{
	struct sockaddr_un here = {.sun_family = AF_UNIX};
	int unix_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct handed h = somebody("192.0.2.1"), got;
	char text[HANDOVER_BYTES_MAX];
	int ends[2], fd;

	(void)state;
	/* An address of the kernel's choice, in no folder. */
	assert_int_equal(bind(unix_listener, (struct sockaddr *)&here, sizeof here.sun_family), 0);
	assert_int_equal(listen(unix_listener, 1), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	for (int i = 0; i < 4; i++) {
		const int wrong[] = {unix_listener, tcp, sockets[1], ends[0]};

		assert_true(handover_send(sockets[1], wrong[i], &h));
		assert_int_equal(handover_receive(sockets[0], SLOTS, &fd, &got, text), HANDOVER_INVALID);
	}
	close(unix_listener);
	close(tcp);
	close(ends[0]);
	close(ends[1]);
}

/* A message without a byte looks like the end, but for the descriptor that it brings. */
static void test_nothing_but_a_descriptor(void **state)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))}};
	struct iovec iov = {.iov_base = (char[1]){0}, .iov_len = 0};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
	                   .msg_controllen = sizeof control.bytes};
	int before = open_descriptors(), fd;
	char text[HANDOVER_BYTES_MAX];
	struct handed got;

	(void)state;
	memcpy(CMSG_DATA(&control.head), &stream[0], sizeof(int));
	assert_int_equal(sendmsg(sockets[1], &m, 0), 0);
	assert_int_equal(handover_receive(sockets[0], SLOTS, &fd, &got, text), HANDOVER_INVALID);
	assert_int_equal(open_descriptors(), before);
}

static void test_full(void **state)
{
	struct handed h = somebody("192.0.2.1"), got;
	char text[HANDOVER_BYTES_MAX];
	int sent = 0, taken = 0, fd;

	(void)state;
	while (handover_send(sockets[1], stream[0], &h) && sent < 100000)
		sent++;
	assert_int_equal(errno, EAGAIN);
	while (receive(&got, &fd, text) == HANDOVER_CONNECTION) {
		close(fd);
		taken++;
	}
	assert_int_equal(taken, sent);
}

static void test_board(void **state)
{
	struct board *b = board_new(SLOTS);

	(void)state;
	assert_non_null(b);
	assert_int_equal(atomic_load(&b->slot[SLOTS - 1].acked), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_connections, begin, end),
		cmocka_unit_test_setup_teardown(test_certificates, begin, end),
		cmocka_unit_test_setup_teardown(test_notices, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_wrong, begin, end),
		cmocka_unit_test_setup_teardown(test_no_stream, begin, end),
		cmocka_unit_test_setup_teardown(test_nothing_but_a_descriptor, begin, end),
		cmocka_unit_test_setup_teardown(test_full, begin, end),
		cmocka_unit_test(test_board),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
