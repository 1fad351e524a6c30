/*
 * Where people come from: addresses, and blocks of them.
 */
#ifndef CHATD_BASE_ADDRESS_H
#define CHATD_BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

enum { ADDRESS_BYTES_MAX = 64 }; /* of one as text, with a prefix and the NUL */

/* An address, or a block of those that begin with the same bits. IPv4 ones are
 * mapped (RFC 4291, 2.5.5.2), so both kinds compare alike. All zero: this host, by a unix
 * socket. */
struct address {
	uint8_t ip[16];
	uint8_t bits;       /* of ip that count; 128 for one address */
	uint8_t network;    /* 1; 0 for this host */
};

/* "192.0.2.1:4242", "[::1]:4242" as EVENT_CONNECTED has it; anything else is the unix socket. */
struct address address_of_peer(const char *peer);

/* "192.0.2.1", "192.0.2.0/24", "2001:db8::1" (its /64), "2001:db8::/32". False: none of these. */
bool address_parse(const char *text, struct address *a);

/* As people write it; the prefix only where it is a block. */
const char *address_show(const struct address *a, char out[ADDRESS_BYTES_MAX]);

/* Who is counted as one: an IPv4 address, the /64 of an IPv6 one. */
struct address address_counted(const struct address *a);

bool address_is_local(const struct address *a);  /* by a unix socket */

/* block has a in it. */
bool address_within(const struct address *a, const struct address *block);

#endif
