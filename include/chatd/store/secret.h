/*
 * Passwords, one-time codes, and time-based codes (TOTP, RFC 6238).
 *
 * Functions without state, threads or database. Hashing is slow on purpose, 20 ms for a password,
 * so the loop must not do it: writer.h has threads for it. These functions clear what they copy
 * before they return; the answers contain secrets, and the caller clears them. A password is any
 * bytes without a NUL.
 */
#ifndef CHATD_STORE_SECRET_H
#define CHATD_STORE_SECRET_H

#include "chatd/core/event.h"

enum {
	SECRET_HASH_BYTES = 384,  /* a hash with its setting and NUL; libcrypt's own bound */
	SECRET_CODES = 10,        /* codes made at once */
	SECRET_CODE_BYTES = 15,   /* xxxx-xxxx-xxxx with its NUL, or the blank after it */
	SECRET_TOTP_BYTES = 33,   /* 160 bits in base32, with the NUL */
	SECRET_TOTP_STEP_S = 30,  /* how long a time-based code is valid */
};

/* New codes, and the hashes that are kept of them. */
struct secret_codes {
	char text[SECRET_CODES * SECRET_CODE_BYTES];   /* separated by blanks */
	char hashes[SECRET_CODES * SECRET_HASH_BYTES]; /* of each code, in order, separated by
	                                                * '\n' */
};

/* Makes a new yescrypt hash. False: the password is longer than PASSWORD_BYTES_MAX, or the system
 * is out of memory or randomness; hash is "" then. */
bool secret_hash(const char *password, char hash[SECRET_HASH_BYTES]);

/* The result of a comparison. */
enum secret_match {
	SECRET_NO,
	SECRET_YES,
	SECRET_UNKNOWN,   /* the system is out of memory */
};

/*
 * Compares what was given with each line of hashes, and returns whether one matched; *which is its
 * index, from 0. A yescrypt hash matches its password, a $5$ hash its code, in upper or lower case,
 * with or without dashes. A line "*" takes as long as a password and matches nothing, so that the
 * time does not reveal that an account does not exist. A line that is not a hash, and input that is
 * too long, match nothing either.
 */
enum secret_match secret_check(const char *given, const char *hashes, uint64_t *which);

/* Makes new codes. False: the system is out of memory or randomness. */
bool secret_codes(struct secret_codes *codes);

/* Makes a new secret in base32, as otpauth:// needs it. False: the system has no randomness. */
bool secret_totp(char text[SECRET_TOTP_BYTES]);

/* Whether digits, six of them, are the code of secret at time_ms, or of the step before or after
 * that. *step is the step's number since 1970: a caller that accepts a code should accept none of
 * the same or an earlier step again. Also SECRET_NO if secret is not base32. */
enum secret_match secret_totp_check(const char *secret, const char *digits, int64_t time_ms,
                                    uint64_t *step);

/* True for the kinds that are about secrets and not about the history. */
static inline bool query_is_secret(enum query_kind kind)
{
	return kind >= QUERY_HASH;
}

/* Answers a query of such a kind, as store_query (query.h) answers the others. */
struct rows *secret_answer(const struct query *q);

#endif
