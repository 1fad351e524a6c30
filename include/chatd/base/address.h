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
	ADDRESS_UNKNOWN,    /* nothing is known about it: it is in no block, and may do nothing */
	ADDRESS_HOST,       /* this host, over a unix socket */
	ADDRESS_IPV4,
	ADDRESS_IPV6,
};

/*
 * An address, or a block of those that begin with the same bits. The two families never mix: a
 * block of one never contains an address of the other. An IPv4 address in an IPv6 one (RFC 4291,
 * 2.5.5.2: ::ffff:192.0.2.1) is the IPv4 address. All zero: unknown.
 *
 * Unused bytes and bits are 0, so equal addresses are equal bytes.
 */
struct address {
	uint8_t ip[16];     /* IPV4: the first four bytes */
	uint8_t bits;       /* bits of ip that count: 32 or 128 for a single address; 0 if there is
	                     * no ip */
	uint8_t kind;       /* an enum address_kind */
};

/* A peer's address, as accept(2) returns it. Unknown if chatd does not listen on its family. */
struct address address_of_sockaddr(const struct sockaddr *sa);
/* The peer's port; 0: it has none. */
uint16_t address_port_of(const struct sockaddr *sa);

/* "192.0.2.1", "192.0.2.0/24", "2001:db8::1" (its /64), "2001:db8::/32"; ::ffff:192.0.2.0/120
 * becomes the IPv4 block. False: it is none of these. */
bool address_parse(const char *text, struct address *a);
/* Up to max blocks, with blanks or commas between. Returns how many; -1: one is not a block, and wrong is it, as
 * much of it as fits; max + 1: there are more. */
int address_parse_list(const char *text, struct address *list, int max, char wrong[ADDRESS_BYTES_MAX]);
/* A single address: "192.0.2.1", "2001:db8::1". False: it is none, and *a is unknown. */
bool address_parse_one(const char *text, struct address *a);

/* As people write it, with a prefix only if it is a block. Returns out. */
const char *address_show(const struct address *a, char out[ADDRESS_BYTES_MAX]);

/* What counts as one address: an IPv4 address, or the /64 of an IPv6 one. */
struct address address_counted(const struct address *a);

/* The /48 of an IPv6 address, as large a block as one site gets (RFC 6177, 2). False: it has
 * none. */
bool address_site(const struct address *a, struct address *site);

bool address_is_local(const struct address *a);   /* over a unix socket */
bool address_is_network(const struct address *a); /* over a network; false for unknown ones too */

/* a is within block. */
bool address_within(const struct address *a, const struct address *block);
/* The same for any of n blocks. */
bool address_within_any(const struct address *a, const struct address *blocks, int n);

#endif
