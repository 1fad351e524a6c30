/*
 * Putting people out, of a room or of the chat.
 */
#ifndef CHATD_CORE_ROOMS_EJECT_H
#define CHATD_CORE_ROOMS_EJECT_H

#include <stdbool.h>
#include <stdint.h>

struct chat;
struct session;
struct room;

/* One who is about to be: in this step, or in the next that has room for it. */
struct ejection {
	struct session *session;
	uint32_t room;           /* out of this one, to the lobby; 0: out of the chat */
	char *told;              /* owned; what it reads */
	char *why;               /* owned; what the room reads behind "bob was put out of ops" or
	                          * "bob has left our chat: " */
	struct ejection *prev, *next; /* in ejections.first */
};

/* Part of struct chat: those who are about to be. */
struct ejections {
	struct ejection *first;     /* in that order */
	bool due;                   /* some could not be put out for want of room in the effects */
};

/* s is to be put out of r (NULL: of the chat). */
void eject_mark(struct chat *c, struct session *s, const struct room *r, const char *told,
              const char *why);
/* Puts out who can be. Sessions may end. */
void eject_run(struct chat *c);
int64_t eject_due_ms(const struct chat *c);
/* s has ended; or leaves the room that it was to be put out of. */
void eject_forget(struct chat *c, struct session *s);

#endif
