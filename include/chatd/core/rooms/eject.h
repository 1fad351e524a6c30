/*
 * Removing people from a room or from the chat.
 */
#ifndef CHATD_CORE_ROOMS_EJECT_H
#define CHATD_CORE_ROOMS_EJECT_H

#include <stdbool.h>
#include <stdint.h>

struct chat;
struct session;
struct room;

/* A person to be removed, in this step or in the next whose effects have room for it. */
struct ejection {
	struct session *session; /* the person's */
	uint32_t room;           /* number of the room they are moved from, to the lobby; 0: they are
	                          * disconnected from the chat */
	char *told;              /* owned; the sentence that the person reads */
	char *why;               /* owned; what the room reads after "bob was removed from ops " or
	                          * "bob has left our chat: " */
	struct ejection *prev, *next; /* in ejections.first */
};

/* Part of struct chat: the people who are about to be removed. */
struct ejections {
	struct ejection *first;     /* in the order in which they were marked; in a cluster, of names */
	bool unsorted;              /* in a cluster: some are not in the order in which they are removed */
	bool due;                   /* some were left over because the effects had no more room */
};

/* Marks s to be removed from r (NULL: from the chat). Removal from the chat replaces removal from a
 * room, not the other way round. told and why are as in struct ejection, and are copied. */
void eject_mark(struct chat *c, struct session *s, const struct room *r, const char *told,
                const char *why);
/* Removes the people who are marked, as far as the effects have room. Sessions may end. */
void eject_run(struct chat *c);
int64_t eject_due_ms(const struct chat *c);
/* Unmarks s: it has ended, or left the room from which it was to be removed. */
void eject_forget(struct chat *c, struct session *s);

#endif
