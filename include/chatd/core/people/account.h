/*
 * Accounts: registered names.
 *
 * All of them are in memory, and each is a fact in the store (FACT_ACCOUNT, by its key).
 * Passwords and codes are here as hashes only; what is typed is checked by the store's
 * threads (QUERY_CHECK) and forgotten.
 */
#ifndef CHATD_CORE_PEOPLE_ACCOUNT_H
#define CHATD_CORE_PEOPLE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/base/bounds.h"
#include "chatd/base/hash.h"
#include "chatd/base/token_bucket.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/people/name.h"

struct chat;
struct session;
struct membership;

/* What people may do on the whole server; each role may do what those before it may. */
enum role {
	ROLE_GUEST,       /* has no account */
	ROLE_ACCOUNT,
	ROLE_MODERATOR,   /* moderates everywhere */
	ROLE_ADMIN,
};

/* A sign-in. */
struct signed_in {
	int64_t at_ms;           /* 0: never */
	struct address from;
};

/* Wrong tries at an account. */
struct wrong {
	uint32_t passwords;
	uint32_t codes;          /* of the second step, after a right password */
};

/* An account as it was at some time. The number identifies it, not the name, which another account may
 * have by now. All zero: none. */
struct account_ref {
	char *key;               /* owned; NULL: none */
	uint64_t number;         /* of the account */
	uint64_t secrets;        /* and its password's, as it was */
};

/* What an account signs in with. */
struct account_secrets {
	uint64_t number;         /* another one with each change of the password or the second step; not
	                          * saved */
	char *hash;              /* owned; yescrypt; "": no password yet, codes alone */
	char *codes;             /* owned; hashes of the codes that are left, a line each */
	char *totp;              /* owned; base32 secret; "": no second step */
	uint64_t totp_step;      /* the newest step whose code was taken: each counts once */
};

/* How an account came to be. */
struct account_made {
	int64_t at_ms;
	uint64_t first_seq;      /* the newest record when it was made, in whatever way: what was said and
	                          * seen since under its name is its own; 0: not known */
	uint64_t seq;            /* the record with which a guest registered it; 0: it was made in
	                          * another way, or before this was noted */
	struct address from;     /* where that guest came from, as it is counted; zero: not known */
};

/* What was tried of an account and was wrong: what its owner may not have read, because whoever
 * signed in last may have been somebody else. */
struct account_wrong {
	int64_t at_ms;           /* when the first of these was tried; 0: there are none */
	struct wrong since;      /* since the last sign-in, */
	struct wrong before;     /* and before it */
};

struct account {
	char *nick, *key;        /* owned; as of name.h */
	uint64_t number;         /* of this account and no other, as long as chatd runs; not saved */
	char *skeleton, *shown;  /* owned; its skeletons (confusable.h), of the key and as written */
	struct account_secrets secrets;
	enum role role;
	bool host;               /* made for a user of the host, who needs no password there */
	struct account_made made;
	struct signed_in last[SIGN_INS_KEPT]; /* newest first */
	struct account_wrong wrong;
	struct bucket tries;     /* of passwords and codes, from everywhere; not saved */
	struct bucket code_tries; /* of codes, from where it was never signed in to; not saved */
	int64_t slow_ms;         /* when it last said something in a room with slow mode; not saved */
	struct session *session; /* that is signed in to it; NULL: none */
	struct account_mail mail;     /* messages that wait for it */
	struct account *prev, *next; /* in accounts.keepers, exactly while listed */
	bool listed;             /* it has a role */
	struct membership *memberships; /* its roles in rooms; owned by those */
	UT_hash_handle hh;       /* in accounts.by_key */
	UT_hash_handle hh_skeleton; /* in accounts.by_skeleton */
	UT_hash_handle hh_shown; /* in accounts.by_shown */
};

/* Part of struct chat: all accounts. */
struct accounts {
	struct account *by_key;  /* owned hash; n of them */
	struct account *by_skeleton, *by_shown; /* hashes of the same, by their looks */
	uint32_t n;
	uint64_t number;         /* newest number of an account, or of its secrets */
	int64_t made_ms;         /* when the newest account was made; no two are at one time */
	struct account *keepers; /* those that have a role: moderators and administrators */
};

/* The account of a name as typed; NULL: there is none. */
struct account *account_named(const struct chat *c, const char *name);

/* The account that this name belongs to or looks like; NULL: none. */
const struct account *account_alike(const struct chat *c, const char *nick, const char *key);

/* Why nobody but `self` (may be NULL) may use this name: it belongs to an account or looks
 * like one that does. A sentence without its full stop; NULL: it may be used. */
const char *account_bars(const struct chat *c, const char *nick, const char *key,
                         const struct account *self, char why[NAME_PROBLEM_BYTES_MAX]);

/* A new account, saved. NULL: there are ACCOUNTS_MAX. hash and codes as in struct account. */
struct account *account_new(struct chat *c, const char *nick, const char *key, const char *hash,
                            const char *codes);
/* A guest from there, as addresses are counted (unknown: many people may share it), has registered the
 * account; the caller saves it. A ban or mute of that guest in a room holds for the account too. */
void account_registered(struct chat *c, struct account *a, struct address from);
/* Deletes all that it has said; to be called before it is dropped. */
void account_erase(struct chat *c, const struct account *a);
/* Frees only the memory; it has no roles in rooms any more. */
void account_free(struct chat *c, struct account *a);

/* What is saved of an account, but its name: as in struct account. The strings are borrowed. */
struct account_terms {
	enum role role;
	bool host;
	int64_t made_ms;
	uint64_t first_seq, made_seq;
	struct address made_from;
	const char *hash, *codes, *totp;
	uint64_t totp_step;
	struct signed_in last[SIGN_INS_KEPT];
	int64_t wrong_ms;
	struct wrong since, before;
};

/* As they are now. */
struct account_terms account_terms(const struct account *a);
/* The one place where they change: by a command, by a sign-in, by /undo, or as they were saved. Saves
 * nothing. The strings may be the account's own; where the hash or the secret of the second step is
 * another, what was asked about the old one is void. */
void account_apply(struct chat *c, struct account *a, const struct account_terms *t);
/* The same, saved. */
void account_change(struct chat *c, struct account *a, const struct account_terms *t);
/* Saves it as it is. */
void account_save(struct chat *c, const struct account *a);

/* At the start: loads one as it was saved. */
void account_load(struct chat *c, const char *key, const char *value);
void accounts_free(struct chat *c);

/* Makes s the account's session. To be called before s enters a room, because what it may read there
 * depends on it. */
void account_bear(struct session *s, struct account *a);
/* A wrong password, or a wrong code, was given for it; saved. */
void account_wrong(struct chat *c, struct account *a, bool code);
/* Both count as one address (address_counted). */
bool account_same_place(const struct address *a, const struct address *b);
/* One of its last SIGN_INS_KEPT sign-ins came from there, as addresses are counted. */
bool account_was_at(const struct account *a, const struct address *from);
/* s has proved that the account is its own: notes the sign-in. */
void account_sign_in(struct chat *c, struct session *s, struct account *a);
/* Signs s out. */
void account_sign_out(struct chat *c, struct session *s);

#endif
