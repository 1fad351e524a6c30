/*
 * The header by which a proxy says for whom it connects: the PROXY protocol, versions 1 and 2
 * (haproxy's doc/proxy-protocol.txt).
 *
 * Pure. Whoever sends it must be trusted beforehand, because it can name any address.
 */
#ifndef CHATD_NET_PROXY_HEADER_H
#define CHATD_NET_PROXY_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/base/bytes.h"

/* What the chat and the TLS process say and log alike of connections to a proxy's listener. The first log line is of the
 * form that docs/admin.md gives, for those who ban addresses that the log names: address, listener. The second is of a
 * proxy's mistake, for which its address should not be banned: address, listener, what is wrong. */
#define PROXY_NOT_TRUSTED "-- This port is for proxies only. Connect to another one.\n"
#define PROXY_NO_HEADER   "-- This port is for a proxy (PROXY protocol). Connect to another one.\n"
#define PROXY_LOG_NOT_TRUSTED "security: refused address=%s name=- account=-: not in proxy_from, as %s requires"
#define PROXY_LOG_NO_HEADER "refused a connection from the proxy at %s to %s: %s"

enum proxy_answer {
	PROXY_MORE,     /* so far it is the beginning of a header */
	PROXY_OK,
	PROXY_BAD,      /* it is no header, or a wrong one */
};

struct proxy_header {
	struct address from;  /* whom the proxy connects for; unknown: it connects for itself (a health
	                       * check), or does not say */
	uint16_t port;        /* of from; 0: unknown */
	size_t len;           /* bytes of the header */
	const char *tlvs;     /* version 2: what follows the addresses, borrowed from data; otherwise NULL */
	size_t tlvs_len;
};

/* Reads the header at the beginning of data. Fills h if it is OK; bad: *why is a phrase for the log,
 * such as "its checksum is wrong", static. */
enum proxy_answer proxy_header_parse(const char *data, size_t len, struct proxy_header *h, const char **why);

/* The value of the first field of that type among a header's TLVs (2.2), borrowed from them; NULL: there is
 * none. */
const char *proxy_header_tlv(const struct proxy_header *h, uint8_t type, size_t *len);

/* Makes a header of version 2: begins it, for somebody with this address (not unknown), in an empty buffer, and adds
 * fields to it. */
void proxy_header_begin(struct bytes *out, const struct address *from, uint16_t port);
void proxy_header_add(struct bytes *out, uint8_t type, const void *value, size_t len);

#endif
