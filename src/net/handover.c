/* Handing connections over from process to process. Owns the form of the messages. */

#include "chatd/net/handover.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chatd/net/proxy_header.h"

/* Fields of the header; their types are left to applications (doc/proxy-protocol.txt, 2.2.7). */
enum {
	FIELD_OPTIONS = 0xe0,     /* a byte: OPTION_* */
	FIELD_SLOT = 0xe1,        /* four bytes */
	OPTION_TELNET = 1,
	NOTICE_MARK = 'N',        /* the first byte of a notice; no header begins with it */
};

static size_t board_bytes(uint32_t nslots)
{
	return sizeof(struct board) + nslots * sizeof(struct board_slot);
}

void board_drop(struct board *b, uint32_t nslots)
{
	munmap(b, board_bytes(nslots));
}

struct board *board_new(uint32_t nslots)
{
	struct board *b = mmap(NULL, board_bytes(nslots), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return b != MAP_FAILED ? b : NULL;
}

/* -- sending ----------------------------------------------------------------------------------- */

/* A message, perhaps with a descriptor (-1: none). */
static bool send_message(int socket, const char *data, size_t len, int fd)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = (char *)data, .iov_len = len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof control.bytes;
		control.head = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)),
		};
		memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
	}
	return sendmsg(socket, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

bool handover_send(int socket, int fd, const struct handed *h)
{
	uint8_t options = h->telnet ? OPTION_TELNET : 0;
	uint32_t slot = htonl(h->slot);
	struct bytes header = {0};
	bool ok;

	proxy_header_begin(&header, &h->from, h->port);
	proxy_header_add(&header, FIELD_OPTIONS, &options, sizeof options);
	proxy_header_add(&header, FIELD_SLOT, &slot, sizeof slot);
	ok = send_message(socket, header.data, header.len, fd);
	bytes_release(&header);
	return ok;
}

bool handover_notice(int socket, const char *text)
{
	char message[HANDOVER_BYTES_MAX];
	size_t len = strnlen(text, sizeof message - 1);

	message[0] = NOTICE_MARK;
	memcpy(message + 1, text, len);
	return send_message(socket, message, len + 1, -1);
}

/* -- receiving --------------------------------------------------------------------------------- */

static bool read_handed(const char *data, size_t len, uint32_t nslots, struct handed *h)
{
	const char *why, *options, *slot;
	size_t noptions, nslot;
	struct proxy_header header;
	uint32_t number;

	memset(h, 0, sizeof *h);
	if (proxy_header_parse(data, len, &header, &why) != PROXY_OK || header.len != len)
		return false;
	options = proxy_header_tlv(&header, FIELD_OPTIONS, &noptions);
	slot = proxy_header_tlv(&header, FIELD_SLOT, &nslot);
	if (options == NULL || noptions != 1 || slot == NULL || nslot != sizeof number)
		return false;
	h->from = header.from;
	/* A unix socket's. */
	if (h->from.kind == ADDRESS_UNKNOWN)
		h->from.kind = ADDRESS_HOST;
	h->port = header.port;
	h->telnet = (options[0] & OPTION_TELNET) != 0;
	memcpy(&number, slot, sizeof number);
	h->slot = ntohl(number);
	return h->slot < nslots;
}

/* The descriptor that came with a message; -1: none. */
static int descriptor_of(struct msghdr *m)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(m);
	int fd = -1;

	if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(head), sizeof fd);
	return fd;
}

enum handover_kind handover_receive(int socket, uint32_t nslots, int *fd, struct handed *h,
                                    char text[HANDOVER_BYTES_MAX])
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char data[HANDOVER_BYTES_MAX];

	for (;;) {
		struct iovec iov = {.iov_base = data, .iov_len = sizeof data};
		struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		                   /* CMSG_SPACE would let in a second one. */
		                   .msg_controllen = CMSG_LEN(sizeof(int))};
		ssize_t n = recvmsg(socket, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return HANDOVER_NONE;
		if (n <= 0)
			return HANDOVER_END;
		*fd = descriptor_of(&m);
		if (*fd >= 0 && (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
		    read_handed(data, (size_t)n, nslots, h))
			return HANDOVER_CONNECTION;
		if (*fd >= 0) {
			close(*fd);
		} else if (data[0] == NOTICE_MARK) {
			memcpy(text, data + 1, (size_t)n - 1);
			text[n - 1] = '\0';
			return HANDOVER_NOTICE;
		}
	}
}
