/*
 * Counters by address, which decide what an address may still do.
 */
#ifndef CHATD_CORE_PEOPLE_ORIGIN_H
#define CHATD_CORE_PEOPLE_ORIGIN_H

#include "chatd/base/address.h"
#include "chatd/base/hash.h"
#include "chatd/base/token_bucket.h"

enum { ORIGIN_REFUSED_BYTES = 160 };

/* How often someone kept sending too much. */
struct strikes {
	uint32_t n;              /* times */
	int64_t forget_ms;       /* when they are forgotten, by the clock of now_ms */
};

/* Buckets that several sessions share. */
struct shared_rate {
	struct rate rate;        /* what they send */
	uint32_t waiting;        /* how many of them wait for it */
	int64_t turns_ms;        /* when those were last let go on, and how many lines they were */
	uint64_t turns;          /* given then (flood.c) */
};

/* What the people at one counted address have done, for the limits. */
struct origin {
	struct address address;  /* the key */
	uint64_t number;         /* unique to this entry */
	uint32_t guesses;        /* accounts whose passwords it has tried lately (guess.h), */
	uint32_t room_guesses;   /* and rooms */
	struct bucket accounts;   /* accounts made; slow_* (token_bucket.h) */
	struct bucket connects, logins; /* connections, and passwords given; admission.h */
	struct shared_rate named, unnamed; /* what all of its sessions send that have a name, and all
	                          * that have none: a flood at the prompt silences nobody */
	struct strikes strikes;  /* of all of its sessions */
	uint32_t connections;    /* from their admission until they are closed; while there are any it is
	                          * not in origins.idle */
	uint32_t exempt;         /* of these, from addresses without limits: they count for nobody else
	                          * of the network */
	uint32_t nunnamed;       /* of the others, sessions without a name */
	int64_t refused_ms;      /* when the log last said that it was refused; 0: never */
	uint32_t nrefused;       /* connections refused since then */
	struct origin *prev, *next; /* in origins.idle */
	UT_hash_handle hh;       /* in origins.all, by address */
};

struct origins {
	struct origin *all;      /* hash */
	struct origin *idle;     /* entries that no connection holds, least recently used first */
	uint32_t nidle;          /* at most ORIGINS_MAX */
	uint64_t number;         /* of the newest entry */
};

/* The entry of an address, made if there is none. Valid until the next call, or while it is held. If
 * more than ORIGINS_MAX are not held, the least recently used is dropped. */
struct origin *origin_of(struct origins *origins, const struct address *a);
/* What is counted for the site of an address; NULL: it has none. Valid as that of origin_of. */
struct origin *origin_site_of(struct origins *origins, const struct address *a);
/* The entry of a counted address; NULL: there is none. */
struct origin *origin_find(const struct origins *origins, const struct address *counted);
/* Holds the entry for a connection from there, until it is dropped. */
void origin_hold(struct origins *origins, struct origin *o);
void origin_drop(struct origins *origins, struct origin *o);
void origins_free(struct origins *origins);

/* Takes one of so many in a minute from a bucket of an entry. Returns 0 if it was there or a_minute is 0 (no limit);
 * otherwise, the milliseconds until the next one is. */
int64_t origin_take_ms(struct bucket *b, int64_t now_ms, uint32_t a_minute);

/* A refusal from an address, which is counted at the entry (its own, or its site's). Whether the log is to say so:
 * the first one, and later at most one for each entry in REFUSED_LOG_MS, and for all entries as log allows. If so,
 * text says why (a static phrase), and how many were refused meanwhile. */
bool origin_refused(struct origin *o, struct bucket *log, int64_t now_ms, const char *why,
                    char text[ORIGIN_REFUSED_BYTES]);

#endif
