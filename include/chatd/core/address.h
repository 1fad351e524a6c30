/*
 * Where people come from: addresses, blocks of them, and what each may still do.
 */
#ifndef CHATD_CORE_ADDRESS_H
#define CHATD_CORE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/hash.h"
#include "chatd/core/limit.h"

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

/* How often somebody has gone on sending too much. */
struct strikes {
	uint32_t n;              /* times */
	int64_t forget_ms;       /* since the epoch: from then on they count no more */
};

/* What those who are counted as one have done; for the limits. */
struct origin {
	struct address address;  /* the key */
	struct limit tries;      /* wrong passwords; slow_* below */
	struct limit accounts;   /* accounts made */
	struct limit connects, logins; /* connections, and passwords given; crowd.h */
	struct pace pace;        /* what all of its sessions send */
	struct strikes strikes;  /* of all of its sessions */
	uint32_t sessions;       /* that hold it; while there are any it is not in origins.idle */
	uint32_t waiting;        /* sessions whose input waits for its pace */
	int64_t turns_ms;        /* when those were last let go on, and how many lines they were */
	uint64_t turns;          /* given then (flood.c) */
	struct origin *prev, *next; /* in origins.idle */
	UT_hash_handle hh;       /* in origins.all, by address */
};

struct origins {
	struct origin *all;      /* hash */
	struct origin *idle;     /* those that no session holds, longest unasked for first */
	uint32_t nidle;          /* at most ORIGINS_MAX */
};

/* The entry of an address, made where there is none. Valid until the next call, or while it
 * is held. Beyond ORIGINS_MAX that nobody holds the one that was asked for longest ago goes. */
struct origin *origin_of(struct origins *origins, const struct address *a);
/* A session comes from there, and keeps the entry until it drops it. */
void origin_hold(struct origins *origins, struct origin *o);
void origin_drop(struct origins *origins, struct origin *o);
void origins_free(struct origins *origins);

/* Buckets that gain a token each `period_ms`, which may be long. Milliseconds until one
 * can be taken; 0: now. */
int64_t slow_wait_ms(struct limit *l, int64_t now_ms, uint32_t burst, int64_t period_ms);
void slow_take(struct limit *l, int64_t now_ms, int64_t period_ms);

#endif
