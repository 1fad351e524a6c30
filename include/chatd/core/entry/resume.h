/*
 * Guests whose connection breaks, and who come back with the code that they were given.
 *
 * Accounts need none: they sign in.
 */
#ifndef CHATD_CORE_ENTRY_RESUME_H
#define CHATD_CORE_ENTRY_RESUME_H

#include "chatd/core/people/session.h"
#include "chatd/core/state/state.h"

/* What is kept of one who has gone. */
struct resumable {
	char code[RESUME_CODE_BYTES]; /* as of resume_code */
	char *nick, *key;        /* owned */
	char *room;              /* owned; its room's name: it may have to be made again */
	struct invite *invited;  /* owned, ninvited of them; NULL while 0 */
	uint32_t ninvited;
	uint64_t back_seq;       /* see struct session */
	int64_t until_ms;        /* then it is forgotten */
	struct share *share;     /* that it is counted in */
	struct resumable *prev, *next; /* in chat.resumables, oldest first */
};

/* The session ends without having wished to: it may be resumed for a while. */
void resume_keep(struct chat *c, const struct session *s);

/* How many came from within the block; `forget`: they are forgotten. */
uint32_t resume_from(struct chat *c, const struct address *block, bool forget);

/* Whoever of that name comes back is no longer invited to r; false: nobody who could was. */
bool resume_uninvite(struct chat *c, const char *key, const struct room *r);

/* Forgets those whose time is over; all of them at the end. */
void resume_tick(struct chat *c);
int64_t resume_due_ms(const struct chat *c);
void resume_free(struct chat *c);

/* The ghost, or a session that is still there, with this code: s gets its name and room, or is told
 * that there is none. For one that is there s waits. */
void resume_take(struct chat *c, struct session *s, const char *code);

#endif
