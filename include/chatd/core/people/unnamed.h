/*
 * Connections that have no name yet: in the order in which they came, and in an array, from which
 * one can be drawn at random.
 */
#ifndef CHATD_CORE_PEOPLE_UNNAMED_H
#define CHATD_CORE_PEOPLE_UNNAMED_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/people/account.h"

struct chat;
struct session;

/* Part of struct unnamed, in a cluster: what it waits for at the prompt. */
struct prompt_wait {
	bool on;                    /* its input waits until this node reaches the others */
	bool again;                 /* it has given a name in vain */
	bool returns;               /* it was in the chat when this node was cut off, and comes in by itself, */
	struct account_ref account; /* with this account, or as a guest, */
	uint32_t room;              /* to the room with this number, if it may */
};

/* Part of struct session: its time at the name prompt. */
struct unnamed {
	uint8_t tries;              /* empty names that it has given so far */
	uint8_t wrong;              /* lines it has given that are no name, and names it may not use */
	bool greeted;               /* it was shown the banner */
	bool asking;                /* its client was asked what it can do: it is greeted after that */
	uint32_t pos;               /* while LOGIN: index in unnamed_sessions.list */
	struct prompt_wait waiting;     /* for the other nodes of a cluster */
};

/* Part of struct chat: the sessions at the name prompt. */
struct unnamed_sessions {
	struct session *login;      /* oldest first */
	struct session **list;      /* owned array of the same sessions, in any order, to draw one at
	                             * random; it has chat.people.nslots elements, n of them in use */
	uint32_t n;                 /* how many sessions, */
	uint32_t nwaiting;          /* and how many of them wait for the other nodes of a cluster */
	struct session *asked;      /* the first in login that is asking; NULL: none */
	struct session *ungreeted;  /* the first in login that is still to be greeted; NULL: none */
};

/* Adds s, which is at the prompt and already counted at its address. */
void unnamed_add(struct chat *c, struct session *s);
/* s was shown the banner. */
void unnamed_greeted(struct chat *c, struct session *s);
/* s, which is in the list, is asked what its client can do; and that is over. */
void unnamed_ask(struct chat *c, struct session *s);
void unnamed_answered(struct chat *c, struct session *s);
/* Its time at the prompt begins anew. */
void unnamed_again(struct chat *c, struct session *s);
/* Removes s, which gets a name or ends without one. Does nothing if it already has a name. */
void unnamed_remove(struct chat *c, struct session *s);

#endif
