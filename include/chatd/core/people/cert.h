/*
 * Certificates that sign in to accounts: whoever connects over TLS and holds the key of one needs no password.
 *
 * Each is known by its fingerprint alone, and belongs to one account at a time. Owned here, and changed nowhere else;
 * they are saved with their account (account_save), which is the caller's to do.
 */
#ifndef CHATD_CORE_PEOPLE_CERT_H
#define CHATD_CORE_PEOPLE_CERT_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fingerprint.h"
#include "chatd/base/hash.h"

struct chat;
struct account;
struct session;

struct cert {
	struct fingerprint print; /* which one it is */
	struct account *account; /* whose it is */
	int64_t added_ms;        /* when it was bound to the account, since the epoch */
	int64_t used_ms;         /* when it last signed in, since the epoch; 0: never */
	struct cert *next;       /* in account_secrets.certs, in the order in which they were added */
	UT_hash_handle hh;       /* in accounts.by_cert */
};

/* The one with that fingerprint, whosever it is; NULL: it belongs to no account. */
struct cert *cert_find(const struct chat *c, const struct fingerprint *print);
/* The one that s has proved to hold the key of; NULL: it has shown none, or one that belongs to no account. */
struct cert *cert_of(const struct chat *c, const struct session *s);
/* How many the account has. */
int cert_count(const struct account *a);

/* Binds it to the account. False: the account has CERTS_MAX, or it belongs to an account already. */
bool cert_add(struct chat *c, struct account *a, const struct fingerprint *print, int64_t added_ms);
/* Frees it: it signs in to nothing any more. A sign-in by it that waits for an answer is dropped, as is every question
 * about the account that is still open. */
void cert_remove(struct chat *c, struct cert *cert);
/* Removes all of the account's. */
void certs_remove(struct chat *c, struct account *a);

/* Writes those of the account into the value of its fact, and reads them from there: what is no certificate, is more
 * than CERTS_MAX or belongs to an account already is skipped. */
void certs_save(struct bytes *b, const struct account *a);
void certs_load(struct chat *c, struct account *a, const char *value);

/* Reads one as certs_save writes it, FINGERPRINT/ADDED/USED, for whoever looks at a database without a chat. A time
 * that is missing or impossible is 0. False: there is no fingerprint, and nothing is set. */
bool cert_parse(const char *text, struct fingerprint *print, int64_t *added_ms, int64_t *used_ms);

#endif
