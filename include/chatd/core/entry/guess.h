/*
 * Guesses: how often a password or a code may be tried.
 *
 * A guess is charged when it is made and given back when it was right, so any number of them at
 * the same time are as many guesses. What decides is the bucket of one address and one account
 * (or room) together: nobody can use up somebody else's. How many such buckets an
 * address has is bounded (GUESSES_ADDRESS_MAX for accounts, as many for rooms), but not by what is
 * tried from where the account was signed in to before. The bucket of an account
 * alone, which everybody in the world takes from, only makes guesses slower, so that it keeps
 * nobody out; it does not hold for those who come from where the account was signed in to before.
 * Codes of a second step are the exception: who tries them knows the password, so there the bucket of
 * the account decides (GUESS_CODES_BURST).
 * Addresses that are exempt (address_exempt) have no buckets of their own, as people behind a proxy
 * share one; there the slowness of the account is all there is.
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
	GUESS_PASSWORD,     /* of an account; about: its number, 0 where there is no such account */
	GUESS_CODE,         /* of its second step */
	GUESS_ROOM,         /* a room's password; about: its number */
};

/* What an address has tried of one thing. */
struct guess_key {
	struct address from;     /* counted */
	uint64_t about;
	uint64_t kind;           /* enum guess_kind, without padding behind it */
};

struct guess {
	struct guess_key key;
	struct bucket tries;
	bool counted;            /* in the address's share */
	struct guess *prev, *next; /* in guesses.oldest */
	UT_hash_handle hh;       /* in guesses.by_address, by key */
};

/* Part of struct chat: all guesses that still count. */
struct guesses {
	struct guess *by_address;   /* owned hash: what each address has tried */
	struct guess *oldest;       /* the same as a list, tried longest ago first */
	uint32_t n;                 /* at most GUESSES_MAX */
	int64_t swept_ms;           /* when those that say nothing any more were forgotten */
};

/* s makes a guess at a (may be NULL) or at r: it is charged. False: not now, and s was told.
 * delay_ms: how long it is to wait before it is looked at. */
bool guess_account(struct chat *c, struct session *s, enum guess_kind kind, struct account *a,
                   int64_t *delay_ms);
bool guess_room(struct chat *c, struct session *s, struct room *r, int64_t *delay_ms);

/* It was right, or was never looked at: the charge is given back. */
void guess_account_back(struct chat *c, struct session *s, enum guess_kind kind, struct account *a);
void guess_room_back(struct chat *c, struct session *s, struct room *r);

void guesses_free(struct chat *c);

#endif
