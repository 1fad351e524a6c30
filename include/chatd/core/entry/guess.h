/*
 * Guesses: how often a password or a code may be tried.
 *
 * A guess is charged when it is made, and the charge is given back if the guess was right; so
 * guesses that are made at the same time all count. The limit is a bucket for each pair of an
 * address and an account (or room), so nobody can use up the guesses of anyone else. An address can
 * have a limited number of such buckets (GUESSES_ADDRESS_MAX for accounts and as many for rooms);
 * accounts that were signed in to from that address before do not count towards it.
 *
 * Each account also has a bucket of its own, which guesses from all addresses share. It only slows
 * guesses down, so that nobody can use it to lock the owner out, and it does not apply to addresses
 * that the account was signed in to from before. Codes of the second step are the exception: people
 * who try them know the password already, so for codes the account's bucket is the limit
 * (GUESS_CODES_BURST).
 *
 * Exempt addresses (address_exempt) have no buckets, because the people behind a proxy share one
 * address; there, only the account's bucket slows guesses down.
 */
#ifndef CHATD_CORE_ENTRY_GUESS_H
#define CHATD_CORE_ENTRY_GUESS_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/base/hash.h"
#include "chatd/base/token_bucket.h"
#include "chatd/core/people/account.h"

struct chat;
struct session;
struct room;

enum guess_kind {
	GUESS_PASSWORD,     /* an account's password; about: its number, 0 if there is no such
	                     * account */
	GUESS_CODE,         /* a code of an account's second step; about: the account's number */
	GUESS_ROOM,         /* a room's password; about: the room's number */
};

/* What is guessed at, and from which address. */
struct guess_key {
	struct address from;     /* the address as it is counted (address_counted) */
	uint64_t about;          /* number of the account or room */
	uint64_t kind;           /* enum guess_kind, as 64 bits so that no padding follows */
};

/* The guesses from one address at one account or room. */
struct guess {
	struct guess_key key;    /* which */
	struct bucket tries;     /* how many more may be made */
	bool counted;            /* it counts towards the address's GUESSES_ADDRESS_MAX */
	struct guess *prev, *next; /* in guesses.oldest */
	UT_hash_handle hh;       /* in guesses.by_address, by key */
};

/* Part of struct chat: all guesses that still count. */
struct guesses {
	struct guess *by_address;   /* owned hash of them all */
	struct guess *oldest;       /* the same as a list, the one tried longest ago first */
	uint32_t n;                 /* how many; at most GUESSES_MAX */
	int64_t swept_ms;           /* when those with a full bucket were last dropped */
};

/* Charges s for a guess at the account a (NULL: there is no such account) or the room r. False: s
 * may not guess now, and was told. *delay_ms: how long the guess must wait before it is checked. */
bool guess_account(struct chat *c, struct session *s, enum guess_kind kind, struct account *a,
                   int64_t *delay_ms);
bool guess_room(struct chat *c, struct session *s, struct room *r, int64_t *delay_ms);

/* Give the charge back: the guess was right, or was never checked. */
void guess_account_back(struct chat *c, struct session *s, enum guess_kind kind, struct account *a);
void guess_room_back(struct chat *c, struct session *s, struct room *r);

void guesses_free(struct chat *c);

#endif
