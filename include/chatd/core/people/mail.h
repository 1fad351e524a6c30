/*
 * Private messages kept for accounts that are not here.
 *
 * Each is a fact (FACT_MAIL) until the connection that it was shown on has acknowledged it.
 */
#ifndef CHATD_CORE_PEOPLE_MAIL_H
#define CHATD_CORE_PEOPLE_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/core/event.h"

struct account;
struct chat;
struct mail;
struct session;
struct share;

/* Part of struct session: what it was shown of its mail, and to whom /reply goes. */
struct mail_view {
	uint64_t shown;             /* number of the newest message of its account that it was shown
	                             * and that is kept until it has arrived; 0: none is */
	uint64_t at;                /* newest line, anywhere, when it was; */
	int64_t shown_ms;           /* and the time */
	struct conn_id reply_to;    /* who wrote to it last with /msg; gen 0: nobody */
};

/* Part of struct chat: all the mail that waits. */
struct mails {
	struct mail *first;         /* n of them; each is owned by its account */
	uint32_t n;
	uint32_t nshown;            /* sessions whose mail.shown is not 0 */
};

/* Part of struct account: its mail. */
struct account_mail {
	struct mail *first;         /* owned; n of them, oldest first */
	uint32_t n;
};

struct mail {
	uint64_t number;         /* of its record, so none is used twice */
	int64_t at_ms;           /* when it was sent */
	char *who;               /* owned; the principal (share.h) whose share it is in; "": not known */
	struct address made_from; /* where that account was made; unknown: many may be there */
	char *from, *text;       /* owned; a nick, and what it wrote */
	struct account *to;
	struct share *share;     /* that it is counted in */
	struct mail *prev, *next; /* in account_mail.first */
	struct mail *all_prev, *all_next; /* in mails.first */
};

/* Keeps a message of s for a; tells s so, or why not. */
void mail_keep(struct chat *c, struct session *s, struct account *a, const char *text);

/* Shows s, which has just signed in to a, the messages. They are kept until they have arrived. */
void mail_deliver(struct chat *c, struct session *s, struct account *a);
/* s is signed out: what it was shown stays kept. */
void mail_forget_shown(struct chat *c, struct session *s);
/* s has sent its last byte, and has waited long enough for its messages to arrive. */
bool mail_is_late(const struct chat *c, const struct session *s);
/* Deletes the messages that, by `arrived`, the peer has received. */
void mail_arrived(struct chat *c, struct session *s, const struct arrival *arrived);

/* At the start, after all accounts: one as it was saved. */
void mail_load(struct chat *c, const char *key, const char *value);

/* The number of unread messages by who (NULL: by anyone within the block); `forget`: deletes them. */
uint32_t mail_by(struct chat *c, const char *who, const struct address *block, bool forget);

/* The account goes: deletes its messages, in the store too. */
void mail_drop(struct chat *c, struct account *a);
/* Only the memory. */
void mail_free(struct chat *c, struct account *a);

#endif
