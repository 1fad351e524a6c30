/*
 * Where people come from: addresses, and blocks of them.
 */
#ifndef CHATD_BASE_ADDRESS_H
#define CHATD_BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

struct sockaddr;

enum { ADDRESS_BYTES_MAX = 64 }; /* of one as text, with a prefix and the NUL */

enum address_kind {
	ADDRESS_UNKNOWN,    /* nothing is known of it: no block has it, and it may do nothing */
	ADDRESS_HOST,       /* this host, by a unix socket */
	ADDRESS_IPV4,
	ADDRESS_IPV6,
};

/*
 * An address, or a block of those that begin with the same bits. The two families never mix: no
 * block of one has an address of the other. An IPv4 address in an IPv6 one (RFC 4291, 2.5.5.2:
 * ::ffff:192.0.2.1) is the IPv4 address. All zero: unknown.
 *
 * What does not count is 0, so that equal addresses are equal bytes.
 */
struct address {
	uint8_t ip[16];     /* IPV4: the first four */
	uint8_t bits;       /* of ip that count: 32, 128 for one address; 0 where there is no ip */
	uint8_t kind;       /* of enum address_kind */
};

/* Of a peer, as accept(2) has it. Unknown: it is of no family that chatd listens on. */
struct address address_of_sockaddr(const struct sockaddr *sa);
/* And the port there; 0: it has none. */
uint16_t address_port_of(const struct sockaddr *sa);

/* "192.0.2.1", "192.0.2.0/24", "2001:db8::1" (its /64), "2001:db8::/32", of ::ffff:192.0.2.0/120
 * the IPv4 block. False: none of these. */
bool address_parse(const char *text, struct address *a);
/* "192.0.2.1", "2001:db8::1": one alone. False: it is none, and *a is unknown. */
bool address_parse_one(const char *text, struct address *a);

/* As people write it; the prefix only where it is a block. */
const char *address_show(const struct address *a, char out[ADDRESS_BYTES_MAX]);

/* Who is counted as one: an IPv4 address, the /64 of an IPv6 one. */
struct address address_counted(const struct address *a);

/* The /48 of an IPv6 address, as large as what one site gets (RFC 6177, 2). False: it has none. */
bool address_site(const struct address *a, struct address *site);

bool address_is_local(const struct address *a);   /* by a unix socket */
bool address_is_network(const struct address *a); /* by a network; false for unknown ones too */

/* block has a in it. */
bool address_within(const struct address *a, const struct address *block);

#endif
