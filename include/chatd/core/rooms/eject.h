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

/* A person to be removed: in this step, or in the next that has room for it. */
struct ejection {
	struct session *session;
	uint32_t room;           /* from this room, to the lobby; 0: from the chat */
	char *told;              /* owned; what the person is told */
	char *why;               /* owned; what the room reads after "bob was removed from ops " or
	                          * "bob has left our chat: " */
	struct ejection *prev, *next; /* in ejections.first */
};

/* Part of struct chat: those who are about to be. */
struct ejections {
	struct ejection *first;     /* in that order */
	bool due;                   /* some could not be put out for want of room in the effects */
};

/* Marks s to be removed from r (NULL: from the chat). */
void eject_mark(struct chat *c, struct session *s, const struct room *r, const char *told,
              const char *why);
/* Removes those who are marked, as far as there is room. Sessions may end. */
void eject_run(struct chat *c);
int64_t eject_due_ms(const struct chat *c);
/* s has ended, or left the room from which it was to be removed. */
void eject_forget(struct chat *c, struct session *s);

#endif
