/*
 * Guests whose connection breaks, and who come back with the code that they were given.
 *
 * Accounts need none: they sign in.
 */
#ifndef CHATD_CORE_ENTRY_RESUME_H
#define CHATD_CORE_ENTRY_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/base/bounds.h"
#include "chatd/core/people/session.h"

struct chat;
struct session;
struct room;

/* Part of struct session: how it comes back. */
struct resume {
	uint64_t token;             /* what its /resume code is made of */
	uint64_t named_seq;         /* the newest record when it got its name */
	uint64_t back_seq;          /* it comes back to a room that it was marked in after this record */
};

/* Part of struct chat: guests who were cut off. */
struct resumables {
	struct resumable *first;    /* owned; n of them, oldest first */
	uint32_t n;
};

/* What is kept of one who has gone. */
struct resumable {
	char code[RESUME_CODE_BYTES]; /* as of resume_code */
	char *nick, *key;        /* owned */
	char *room;              /* owned; its room's name: it may have to be made again */
	struct invite *invited;  /* owned, ninvited of them; NULL while 0 */
	uint32_t ninvited;
	uint64_t back_seq;       /* see struct resume */
	int64_t until_ms;        /* then it is forgotten */
	struct share *share;     /* that it is counted in */
	struct resumable *prev, *next; /* in resumables.first */
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
