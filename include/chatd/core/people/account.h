/*
 * Accounts: registered names.
 *
 * All of them are in memory, and each is a fact in the store (FACT_ACCOUNT, by its key).
 * Passwords and codes are here as hashes only; what is typed is checked by the store's
 * threads (QUERY_CHECK) and forgotten. What else is saved with an account, its certificates (cert.h), does not
 * change here.
 */
#ifndef CHATD_CORE_PEOPLE_ACCOUNT_H
#define CHATD_CORE_PEOPLE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/base/bounds.h"
#include "chatd/base/hash.h"
#include "chatd/base/token_bucket.h"
#include "chatd/core/people/cert.h"
#include "chatd/core/people/mail.h"

struct bytes;
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
	int64_t at_ms;           /* when it was, since the epoch; 0: never */
	struct address from;     /* the address that it came from */
};

/* Wrong tries at an account. */
struct wrong {
	uint32_t passwords;      /* how many wrong passwords */
	uint32_t codes;          /* how many wrong codes of the second step, after a right password */
};

/* Refers to an account as it was at some time. The number identifies the account; the name does
 * not, because another account may have it by now. All zero: none. */
struct account_ref {
	char *key;               /* owned; NULL: none */
	uint64_t number;         /* account.number */
	uint64_t secrets;        /* account_secrets.number, as it was then */
};

/* What an account signs in with. */
struct account_secrets {
	uint64_t number;         /* changes with each change of the password or the second step, and when a
	                          * certificate is removed; not saved */
	char *hash;              /* owned; yescrypt hash of the password; "": none yet, only codes */
	char *codes;             /* owned; hashes of the codes that are left, one per line */
	char *totp;              /* owned; secret of the second step, in base32; "": no second step */
	uint64_t totp_step;      /* newest step whose code was accepted: each is accepted only once */
	struct cert *certs;      /* owned list, at most CERTS_MAX; each signs in by itself */
};

/* How an account was made. */
struct account_made {
	int64_t at_ms;           /* when, since the epoch */
	uint64_t first_seq;      /* the newest record when it was made, in whatever way: what was said
	                          * and seen under its name since then is its own; 0: not known */
	uint64_t seq;            /* the record with which a guest registered it; 0: it was made in
	                          * another way, or before this was recorded */
	struct address from;     /* that guest's address, as it is counted; zero: not known */
	bool host;               /* for a user of the host, who needs no password there */
};

/* Wrong tries at an account that its owner may not have been shown, because the person who signed
 * in last may have been an intruder. */
struct account_wrong {
	int64_t at_ms;           /* when the first of them was made; 0: there are none */
	struct wrong since;      /* those since the last sign-in */
	struct wrong before;     /* those before it */
};

struct account {
	char *nick, *key;        /* owned; its name and the key of it (name.h) */
	uint64_t number;         /* unique to this account for as long as chatd runs; not saved */
	char *skeleton, *shown;  /* owned; its skeletons (confusable.h): of the key, and as written */
	struct account_secrets secrets; /* what it signs in with */
	enum role role;          /* what it may do on the whole server */
	struct account_made made; /* when, how and where it was made */
	struct signed_in last[SIGN_INS_KEPT]; /* its last sign-ins, newest first */
	struct account_wrong wrong; /* wrong passwords and codes */
	struct bucket tries;     /* tries at its password and codes from all addresses; not saved */
	struct bucket code_tries; /* tries at its codes from addresses that it was never signed in to
	                          * from; not saved */
	int64_t slow_ms;         /* when it last said something in a room with slow mode; not saved */
	struct session *session; /* the session that is signed in to it; NULL: none */
	uint64_t rules;          /* welcome.rules_id of those that its owner was shown last; 0: none */
	struct account_mail mail; /* messages that are kept for it */
	char *prefer;            /* owned; what it has set, as preferences_text writes it */
	char *highlights;        /* owned; words that it wants to be told of, as highlight_text writes them */
	struct account *prev, *next; /* in accounts.keepers, exactly while listed */
	bool listed;             /* it is a moderator or an administrator */
	struct membership *memberships; /* its roles in rooms; each is owned by its room */
	UT_hash_handle hh;       /* in accounts.by_key */
	UT_hash_handle hh_skeleton; /* in accounts.by_skeleton */
	UT_hash_handle hh_shown; /* in accounts.by_shown */
};

/* Part of struct chat: all accounts. */
struct accounts {
	struct account *by_key;  /* owned hash of all accounts */
	struct account *by_skeleton, *by_shown; /* hashes of the same accounts, by skeleton */
	struct cert *by_cert;    /* hash of their certificates, by fingerprint */
	uint32_t n;              /* how many accounts */
	uint64_t number;         /* newest account.number or account_secrets.number */
	int64_t made_ms;         /* when the newest account was made; no two have the same time */
	struct account *keepers; /* the moderators and administrators */
};

/* The account with that name, as typed; NULL: there is none. */
struct account *account_named(const struct chat *c, const char *name);

/* Whether it is an administrator's, and no other account is. */
bool account_is_last_admin(const struct chat *c, const struct account *one);

/* The account that this name belongs to or looks like; NULL: none. */
const struct account *account_alike(const struct chat *c, const char *nick, const char *key);

/* Why only `self` (may be NULL) may use this name: it belongs to an account, or looks like the name
 * of one. A sentence without its full stop, perhaps in `why`; NULL: the name may be used. */
const char *account_bars(const struct chat *c, const char *nick, const char *key,
                         const struct account *self, char why[NAME_PROBLEM_BYTES_MAX]);

/* Makes and saves an account. NULL: there are ACCOUNTS_MAX already. hash and codes are as in struct
 * account_secrets, and are copied. */
struct account *account_new(struct chat *c, const char *nick, const char *key, const char *hash,
                            const char *codes);
/* Notes that a guest from that address (as addresses are counted; unknown: many people may share
 * it) has registered the account; the caller saves it. Bans and mutes of that guest in rooms then
 * apply to the account too. */
void account_registered(struct chat *c, struct account *a, struct address from);
/* Deletes everything that the account has said. Call it before the account is dropped. */
void account_erase(struct chat *c, const struct account *a);
/* Frees the account, which must have no roles in rooms any more, but leaves it in the store. */
void account_free(struct chat *c, struct account *a);

/* What is saved of an account, except its name. The strings are borrowed. */
struct account_terms {
	enum role role;          /* account.role */
	bool host;               /* account_made.host */
	int64_t made_ms;         /* account_made.at_ms */
	uint64_t first_seq, made_seq; /* account_made.first_seq and seq */
	struct address made_from; /* account_made.from */
	const char *hash, *codes, *totp; /* as in account_secrets */
	uint64_t totp_step;      /* account_secrets.totp_step */
	struct signed_in last[SIGN_INS_KEPT]; /* account.last */
	int64_t wrong_ms;        /* account_wrong.at_ms */
	struct wrong since, before; /* as in account_wrong */
	const char *highlights, *prefer; /* account.highlights and prefer */
	uint64_t rules;          /* account.rules */
};

/* The account's terms as they are now. */
struct account_terms account_terms(const struct account *a);
/* The names of all fields in which terms may differ; ends with NULL. */
extern const char *const account_term_names[];
/* As fields, as they are saved; from these, with strings of their own; and freeing those. */
void account_terms_put(struct bytes *b, const struct account_terms *t);
void account_terms_get(const char *value, struct account_terms *t);
void account_terms_free(struct account_terms *t);
/* Changes the account's terms. This is the only place where they change, whether by a command, by a
 * sign-in, by /undo or when they are loaded. Does not save them. The strings may be the account's
 * own. If the hash or the secret of the second step changes, pending questions about the old one
 * are void. */
void account_apply(struct chat *c, struct account *a, const struct account_terms *t);
/* The same, and saves the account. In a cluster it is proposed: a has its new terms when all nodes have. */
void account_change(struct chat *c, struct account *a, const struct account_terms *t);
/* The same for s, who is to be told of it. True: in a cluster, when all nodes have it: the act says `done` then, and s
 * waits. */
bool account_change_told(struct chat *c, struct session *s, struct account *a, const struct account_terms *t,
                         const char *done);
/* The act's field for that; no fact has it. */
extern const char account_done_field[];
/* The same for what this node alone does, perhaps amid an act: it is proposed even then. */
void account_change_later(struct chat *c, struct account *a, const struct account_terms *t);
/* Saves the account as it is. */
void account_save(struct chat *c, const struct account *a);

/* Loads an account as it was saved. Call it at the start. */
void account_load(struct chat *c, const char *key, const char *value);
void accounts_free(struct chat *c);

/* Makes s the account's session, and its words (highlight.h) and settings (preferences.h) those of the account;
 * an account without any takes those of s, and one whose owner has just been shown the rules as a guest notes that; the
 * caller saves it. Call it before s enters a room, because what s may read there depends on its account. */
void account_bear(struct chat *c, struct session *s, struct account *a);
/* s, which was loaded, is the account's session. */
void account_of_session(struct session *s, struct account *a);
/* Notes and saves that a wrong password, or a wrong code, was given for the account. */
void account_wrong(struct chat *c, struct account *a, bool code);
/* Whether both count as one address (address_counted). */
bool account_same_place(const struct address *a, const struct address *b);
/* Whether one of its last SIGN_INS_KEPT sign-ins came from that address, as addresses are
 * counted. */
bool account_was_at(const struct account *a, const struct address *from);
/* Notes the sign-in of s, which has proved that the account is its own. */
void account_sign_in(struct chat *c, struct session *s, struct account *a);
/* Signs s out. */
void account_sign_out(struct chat *c, struct session *s);

#endif
