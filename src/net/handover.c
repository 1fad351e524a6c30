/* Handing connections over from process to process. Owns the form of the messages. */

#include "chatd/net/handover.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chatd/net/passing.h"
#include "chatd/net/proxy_header.h"

/* Fields of the header; their types are left to applications (doc/proxy-protocol.txt, 2.2.7). */
enum {
	FIELD_OPTIONS = 0xe0,     /* a byte: OPTION_* */
	FIELD_SLOT = 0xe1,        /* four bytes */
	FIELD_CERT = 0xe2,        /* a fingerprint; missing: its peer has shown no certificate */
	OPTION_TELNET = 1,
	OPTION_HOST = 2,          /* it came over a unix socket; the header names no address then */
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

bool handover_send(int socket, int fd, const struct handed *h)
{
	uint8_t options = (uint8_t)((h->telnet ? OPTION_TELNET : 0) | (address_is_local(&h->from) ? OPTION_HOST : 0));
	uint32_t slot = htonl(h->slot);
	struct bytes header = {0};
	bool ok;

	proxy_header_begin(&header, &h->from, h->port);
	proxy_header_add(&header, FIELD_OPTIONS, &options, sizeof options);
	proxy_header_add(&header, FIELD_SLOT, &slot, sizeof slot);
	if (h->certified)
		proxy_header_add(&header, FIELD_CERT, h->cert.sha256, sizeof h->cert.sha256);
	ok = passing_send(socket, header.data, header.len, &fd, 1);
	bytes_release(&header);
	return ok;
}

bool handover_notice(int socket, const char *text)
{
	char message[HANDOVER_BYTES_MAX];
	size_t len = strnlen(text, sizeof message - 1);

	message[0] = NOTICE_MARK;
	memcpy(message + 1, text, len);
	return passing_send(socket, message, len + 1, NULL, 0);
}

/* -- receiving --------------------------------------------------------------------------------- */

static bool read_handed(const char *data, size_t len, uint32_t nslots, struct handed *h)
{
	const char *why, *options, *slot, *cert;
	size_t noptions, nslot, ncert;
	struct proxy_header header;
	uint32_t number;

	memset(h, 0, sizeof *h);
	if (proxy_header_parse(data, len, &header, &why) != PROXY_OK || header.len != len)
		return false;
	options = proxy_header_tlv(&header, FIELD_OPTIONS, &noptions);
	slot = proxy_header_tlv(&header, FIELD_SLOT, &nslot);
	cert = proxy_header_tlv(&header, FIELD_CERT, &ncert);
	if (options == NULL || noptions != 1 || slot == NULL || nslot != sizeof number ||
	    (cert != NULL && ncert != sizeof h->cert.sha256))
		return false;
	h->from = header.from;
	h->port = header.port;
	h->telnet = (options[0] & OPTION_TELNET) != 0;
	if ((options[0] & OPTION_HOST) != 0 && h->from.kind == ADDRESS_UNKNOWN)
		h->from.kind = ADDRESS_HOST;
	memcpy(&number, slot, sizeof number);
	h->slot = ntohl(number);
	h->certified = cert != NULL;
	if (cert != NULL)
		memcpy(h->cert.sha256, cert, sizeof h->cert.sha256);
	return h->slot < nslots && h->from.kind != ADDRESS_UNKNOWN;
}

static bool has(int fd, int option, int value)
{
	int got = -1;
	socklen_t len = sizeof got;

	return getsockopt(fd, SOL_SOCKET, option, &got, &len) == 0 && got == value;
}

/* Not a listener of the other process's, say, which would be shut down in the end. */
static bool is_stream(int fd)
{
	return has(fd, SO_DOMAIN, AF_UNIX) && has(fd, SO_TYPE, SOCK_STREAM) && has(fd, SO_ACCEPTCONN, 0);
}

enum handover_kind handover_receive(int socket, uint32_t nslots, int *fd, struct handed *h,
                                    char text[HANDOVER_BYTES_MAX])
{
	char data[HANDOVER_BYTES_MAX];
	int fds[PASSING_FDS_MAX], n;
	size_t len;

	switch (passing_receive(socket, false, data, sizeof data, &len, fds, 1, &n)) {
	case PASSING_NONE:
		return HANDOVER_NONE;
	case PASSING_END:
		return HANDOVER_END;
	case PASSING_MESSAGE:
		break;
	}
	if (n == 1 && read_handed(data, len, nslots, h) && is_stream(fds[0])) {
		*fd = fds[0];
		return HANDOVER_CONNECTION;
	}
	if (n == 1) {
		close(fds[0]);
	} else if (len > 0 && data[0] == NOTICE_MARK) {
		memcpy(text, data + 1, len - 1);
		text[len - 1] = '\0';
		return HANDOVER_NOTICE;
	}
	return HANDOVER_INVALID;
}
