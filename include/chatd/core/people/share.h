/*
 * Shares: how much of each bounded table belongs to whom.
 *
 * A principal is an account or, for guests, the address that they come from; names cost nothing, so
 * they do not count. What each principal has in each table is counted here. Nobody takes more than
 * their share, all guests together no more than one part of the table, and all accounts no more than
 * another. The rest is for moderators and administrators, so that they can always act. A site
 * has many IPv6 addresses (address_site), so what they have together is counted too, and is at most
 * SITE_SHARES times the share of one. The table of these
 * numbers is in share.c; docs/security.md explains it.
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
	SHARE_ROOMS,     /* rooms that the principal made and nobody owns */
	SHARE_OWNED,     /* rooms that it owns; in the same table as the above */
	SHARE_REPORTS,   /* its reports that are not resolved */
	SHARE_MAIL,      /* its messages that are not read */
	SHARE_RESUMABLES,    /* guests who may /resume */
	SHARE_KINDS,
};

/* Who a principal is. */
enum share_class {
	SHARE_NOBODYS,   /* from before chatd recorded whose it is */
	SHARE_GUESTS,
	SHARE_ACCOUNTS,
	SHARE_CLASSES,
};

/* One principal. It exists exactly while something is counted for it. */
struct share {
	char *who;               /* owned; as of share_who */
	enum share_class class;
	uint32_t n[SHARE_KINDS];
	struct share *site;      /* where its whole site is counted; NULL: it has none */
	UT_hash_handle hh;       /* in shares.all, by who */
};

struct shares {
	struct share *all;       /* hash */
	uint32_t n[SHARE_KINDS][SHARE_CLASSES]; /* that all have together */
};

/* Why someone may have no more of a table. */
enum share_bar {
	SHARE_FREE,      /* they may */
	SHARE_OWN,       /* they have used up their share */
	SHARE_SITE,      /* their site has used up its own, SITE_SHARES times as much */
	SHARE_CLASS,     /* all guests, or all accounts, have used up their part */
	SHARE_TABLE,     /* the rest is for moderators, or the table is full */
};

enum { SHARE_WHO_BYTES = NAME_KEY_BYTES_MAX + 16 };

/*
 * The principal that s is, as text: "account alice" by the name's key, "address 192.0.2.7" or
 * "address 2001:db8::/64". Addresses that have no limits by address, and unix sockets, may stand
 * for a crowd: "guest bob" there, so that names count for want of anything better.
 */
const char *share_who(const struct chat *c, const struct session *s, char out[SHARE_WHO_BYTES]);
/* Whether it is an address, which others may share. */
bool share_is_address(const char *who);
/* The account of that key; the address that s comes from, whoever it is ("guest bob" as above). */
const char *share_who_account(const char *key, char out[SHARE_WHO_BYTES]);
const char *share_who_address(const struct chat *c, const struct session *s,
                              char out[SHARE_WHO_BYTES]);
/* Whether `who` is an address within the block. */
bool share_is_within(const char *who, const struct address *block);
enum share_class share_class_of(const char *who);

/* What keeps s from one more. Moderators and administrators have no share: the table is theirs. */
enum share_bar share_bar(const struct chat *c, enum share_kind kind, const struct session *s);
/* The same for a principal, whatever its role. */
enum share_bar share_bar_of(const struct chat *c, enum share_kind kind, const char *who);

/* Counts one for `who` ("": unknown). The result, NULL for "", is for share_give_back. */
struct share *share_take(struct chat *c, enum share_kind kind, const char *who);
void share_give_back(struct chat *c, enum share_kind kind, struct share *share);

/* How many `who` has. */
uint32_t share_has(const struct chat *c, enum share_kind kind, const char *who);

/* The same for whoever makes place in a full table: of an address its own, or a part of what its
 * site has, whichever is more. */
uint32_t share_weight(enum share_kind kind, const struct share *share);

void shares_free(struct chat *c);

#endif
