/*
 * Passwords, one-time codes, and codes that go by the time (TOTP, RFC 6238).
 *
 * Functions without state, threads or database. Hashing is slow on purpose, 20 ms
 * for a password, so none of it is for the loop: writer.h has threads for it.
 * What they copy they clear before they return; the answers hold secrets, and
 * whoever asked clears them in turn. A password is any bytes without NUL.
 */
#ifndef CHATD_STORE_SECRET_H
#define CHATD_STORE_SECRET_H

#include "chatd/core/event.h"

enum {
	SECRET_HASH_BYTES = 384,  /* a hash with its setting and NUL; libcrypt's own bound */
	SECRET_CODES = 10,        /* codes made at one time */
	SECRET_CODE_BYTES = 15,   /* xxxx-xxxx-xxxx with its NUL, or the blank behind it */
	SECRET_TOTP_BYTES = 33,   /* 160 bits in base32, with the NUL */
	SECRET_TOTP_STEP_S = 30,  /* a code by the time is good for so long */
};

/* New codes, and what is kept of them. */
struct secret_codes {
	char text[SECRET_CODES * SECRET_CODE_BYTES];   /* separated by blanks */
	char hashes[SECRET_CODES * SECRET_HASH_BYTES]; /* of each, separated by '\n', in order */
};

/* Makes a new yescrypt hash. False: the password is longer than PASSWORD_BYTES_MAX, or
 * the system has no memory or randomness to give; hash is "" then. */
bool secret_hash(const char *password, char hash[SECRET_HASH_BYTES]);

/* What comes of comparing. */
enum secret_match {
	SECRET_NO,
	SECRET_YES,
	SECRET_UNKNOWN,   /* the system has no memory to tell */
};

/*
 * Compares what was given with each line of hashes, and returns whether one matched;
 * *which is its index, from 0. A yescrypt hash matches its password, a $5$ hash its
 * code, in upper or lower case, with or without dashes. A line "*" costs the time of
 * a password and matches nothing, so that nobody learns from the time that there is
 * no such account; neither does a line that is no hash, nor what is too long.
 */
enum secret_match secret_check(const char *given, const char *hashes, uint64_t *which);

/* Makes new codes. False: the system has no memory or randomness to give. */
bool secret_codes(struct secret_codes *codes);

/* Makes a new secret in base32, as for otpauth://. False: the system gives no randomness. */
bool secret_totp(char text[SECRET_TOTP_BYTES]);

/* Whether digits, six of them, are the code of secret at time_ms, or of the step before
 * or after that. *step is the step's number since 1970: whoever takes a code should take
 * none of the same or an earlier step again. SECRET_NO too where secret is no base32. */
enum secret_match secret_totp_check(const char *secret, const char *digits, int64_t time_ms,
                                    uint64_t *step);

/* True for the kinds that are about secrets, and not about the history. */
static inline bool query_is_secret(enum query_kind kind)
{
	return kind >= QUERY_HASH;
}

/* Answers a query of such a kind, like store_query (store.h) any other. */
struct rows *secret_answer(const struct query *q);

#endif
