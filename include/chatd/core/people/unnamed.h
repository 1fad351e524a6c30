/*
 * Connections that have no name yet, in the order in which they came; and in an array, to draw one at
 * random.
 */
#ifndef CHATD_CORE_PEOPLE_UNNAMED_H
#define CHATD_CORE_PEOPLE_UNNAMED_H

#include <stdbool.h>
#include <stdint.h>

struct chat;
struct session;

/* Part of struct session: how it comes by a name. */
struct unnamed {
	uint8_t tries;              /* empty names given so far */
	uint8_t wrong;              /* lines given in place of a name, and names it may not use */
	bool greeted;               /* has read the banner */
	uint32_t pos;               /* while LOGIN: index in unnamed_sessions.list */
};

/* Part of struct chat: those at the prompt. */
struct unnamed_sessions {
	struct session *login;      /* oldest first */
	struct session **list;      /* owned; the same, n of chat.people.nslots, in any order: to draw
	                             * from */
	uint32_t n;
	struct session *ungreeted;  /* the first of them that may not be greeted yet; NULL: none */
};

/* s, at the prompt and already counted at its address, has no name. */
void unnamed_add(struct chat *c, struct session *s);
/* It has read the banner. */
void unnamed_greeted(struct chat *c, struct session *s);
/* s gets a name, or ends without one. Does nothing if it already has a name. */
void unnamed_remove(struct chat *c, struct session *s);

#endif
