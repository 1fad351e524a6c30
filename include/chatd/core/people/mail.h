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
#include "chatd/core/state/cluster.h"

struct account;
struct chat;
struct mail;
struct session;
struct share;

/* Part of struct session: what it was shown of its mail, and where /reply goes. */
struct mail_view {
	uint64_t shown;             /* number of the newest message that it was shown and that is kept
	                             * until it has arrived; 0: there is none */
	uint64_t at;                /* newest line in any room when it was shown */
	int64_t shown_ms;           /* when it was shown, by the clock of now_ms */
	struct person_ref reply_to; /* the person who last wrote to it with /msg; all 0: nobody has */
};

/* Part of struct chat: all messages that are kept. */
struct mails {
	struct mail *first;         /* each is owned by its account */
	uint32_t n;                 /* how many messages */
	uint32_t nshown;            /* how many sessions have mail.shown set */
};

/* Part of struct account: its mail. */
struct account_mail {
	struct mail *first;         /* owned; oldest first */
	uint32_t n;                 /* how many messages */
};

/* A message that is kept. */
struct mail {
	uint64_t number;         /* number of its record, so it is unique */
	int64_t at_ms;           /* when it was sent, since the epoch */
	char *who;               /* owned; the principal (share.h) whose share it is in; "": not
	                          * known */
	struct address made_from; /* where the sender's account was made; unknown: it has none, or many
	                          * people may share that address */
	char *from, *text;       /* owned; the sender's nick, and what they wrote */
	struct account *to;      /* the account that it is for */
	struct share *share;     /* the share that it is counted in */
	struct mail *prev, *next; /* in account_mail.first */
	struct mail *all_prev, *all_next; /* in mails.first */
};

/* Keeps a message from s to a; tells s that it did, or why it did not. */
void mail_keep(struct chat *c, struct session *s, struct account *a, const char *text);

/* Deletes a's messages up to that number. */
void mail_read(struct chat *c, struct account *a, uint64_t number);

/* Shows s, which has just signed in to a, the messages for a. They are kept until they have
 * arrived. */
void mail_deliver(struct chat *c, struct session *s, struct account *a);
/* s is signed out: the messages that it was shown stay kept. */
void mail_forget_shown(struct chat *c, struct session *s);
/* Whether s has sent its last byte, and has waited long enough for its messages to arrive. */
bool mail_is_late(const struct chat *c, const struct session *s);
/* Deletes the messages that the peer has received, according to `arrived`. */
void mail_arrived(struct chat *c, struct session *s, const struct arrival *arrived);

/* Loads a message as it was saved. Call it at the start, after all accounts are loaded. */
void mail_load(struct chat *c, const char *key, const char *value);

/* The number of unread messages sent by the principal `who` (NULL: by anyone within the block);
 * `forget`: deletes them. */
uint32_t mail_by(struct chat *c, const char *who, const struct address *block, bool forget);

/* Deletes the messages for an account that is being removed, in the store too. */
void mail_drop(struct chat *c, struct account *a);
/* Frees them, but leaves them in the store. */
void mail_free(struct chat *c, struct account *a);

#endif
