/*
 * Shares: how much of each bounded table belongs to whom.
 *
 * A principal is an account or, for guests, the address that they come from; a guest's name does
 * not count, because names cost nothing. For each principal, the core counts the entries it has in
 * each table. Nobody may take more than their share, all guests together no more than one part of
 * the table, and all accounts together no more than another. The rest is reserved for moderators
 * and administrators, so that they can always do their work. A site has many IPv6 addresses
 * (address_site), so the entries of a whole site are counted too, and are at most SITE_SHARES times
 * the share of one address. The numbers are in a table in share.c; docs/security.md explains them.
 *
 * An entry of a table holds its share from share_take to share_give_back.
 */
#ifndef CHATD_CORE_PEOPLE_SHARE_H
#define CHATD_CORE_PEOPLE_SHARE_H

#include "chatd/base/bounds.h"
#include "chatd/base/hash.h"

#include <stdbool.h>
#include <stdint.h>

struct address;
struct chat;
struct session;

/* What is counted. */
enum share_kind {
	SHARE_ROOMS,     /* rooms that the principal made and that nobody owns */
	SHARE_OWNED,     /* rooms that it owns; in the same table as ROOMS */
	SHARE_REPORTS,   /* its reports that are not resolved */
	SHARE_MAIL,      /* messages from it that were not read yet */
	SHARE_RESUMABLES,    /* its guests who may /resume */
	SHARE_KINDS,
};

/* The kinds of principals. */
enum share_class {
	SHARE_NOBODYS,   /* entries from before chatd recorded whose they are */
	SHARE_GUESTS,
	SHARE_ACCOUNTS,
	SHARE_CLASSES,
};

/* One principal. It exists exactly while something is counted for it. */
struct share {
	char *who;               /* owned; the principal, as share_who writes it */
	enum share_class class;  /* what kind of principal it is */
	uint32_t n[SHARE_KINDS]; /* how many entries of each kind it has */
	struct share *site;      /* counts its whole site; NULL: it has none */
	UT_hash_handle hh;       /* in shares.all, by who */
};

/* Part of struct chat: all shares. */
struct shares {
	struct share *all;       /* owned hash */
	uint32_t n[SHARE_KINDS][SHARE_CLASSES]; /* how many entries of each kind each class has */
};

/* Why a person may take no more entries of a table. */
enum share_bar {
	SHARE_FREE,      /* they may */
	SHARE_OWN,       /* they have used up their share */
	SHARE_SITE,      /* their site has used up its share, which is SITE_SHARES times as large */
	SHARE_CLASS,     /* all guests, or all accounts, have used up their part of the table */
	SHARE_TABLE,     /* the rest is reserved for moderators, or the table is full */
};

enum { SHARE_WHO_BYTES = NAME_KEY_BYTES_MAX + 16 };

/*
 * Writes the principal of s to out, which it returns: "account alice" (with the key of the name),
 * "address 192.0.2.7" or "address 2001:db8::/64". Behind an exempt address or a unix socket there
 * may be a crowd; guests from there are "guest bob", so that names count, for want of anything
 * better.
 */
const char *share_who(const struct chat *c, const struct session *s, char out[SHARE_WHO_BYTES]);
/* Whether the principal is an address, which several people may share. */
bool share_is_address(const char *who);
/* The same for the account with that key, and for the address of s, even if s has an account
 * ("guest bob" as above). */
const char *share_who_account(const char *key, char out[SHARE_WHO_BYTES]);
const char *share_who_address(const struct chat *c, const struct session *s,
                              char out[SHARE_WHO_BYTES]);
/* Whether `who` is an address within the block. */
bool share_is_within(const char *who, const struct address *block);
enum share_class share_class_of(const char *who);

/* Why s may not take one more entry. Moderators and administrators have no share: they may use the
 * whole table. */
enum share_bar share_bar(const struct chat *c, enum share_kind kind, const struct session *s);
/* The same for a principal, whatever its role. */
enum share_bar share_bar_of(const struct chat *c, enum share_kind kind, const char *who);

/* Counts one more entry for `who` ("": not known). Returns what share_give_back needs to take it
 * off again; NULL for "". */
struct share *share_take(struct chat *c, enum share_kind kind, const char *who);
void share_give_back(struct chat *c, enum share_kind kind, struct share *share);

/* How many entries `who` has. */
uint32_t share_has(const struct chat *c, enum share_kind kind, const char *who);

/* How many entries count when a full table decides whose entry makes way: those of the principal
 * or, for an address, a fraction of what its site has, whichever is more. */
uint32_t share_weight(enum share_kind kind, const struct share *share);

void shares_free(struct chat *c);

#endif
