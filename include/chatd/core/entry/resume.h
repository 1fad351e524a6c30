/*
 * Resuming: how guests whose connection broke come back, with the code that they were given.
 *
 * People with an account need no code: they sign in.
 */
#ifndef CHATD_CORE_ENTRY_RESUME_H
#define CHATD_CORE_ENTRY_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/core/people/session.h"

struct chat;
struct session;
struct room;

/* Part of struct session: how it comes back. */
struct resume {
	uint64_t token;             /* random; its /resume code is made from it */
	uint64_t named_seq;         /* the newest record when it got its name */
	uint64_t back_seq;          /* read marks of its name that are newer than this record are its
	                             * own: it was in those rooms before */
};

/* Part of struct chat: guests who were cut off. */
struct resumables {
	struct resumable *first;    /* owned; oldest first */
	uint32_t n;                 /* how many */
};

/* What is kept of a guest who was cut off. */
struct resumable {
	char code[RESUME_CODE_BYTES]; /* from resume_code */
	char *nick, *key;        /* owned; the guest's name and the key of it */
	char *room;              /* owned; name of the room they were in, which may have to be made
	                          * again */
	struct invite *invited;  /* owned; their invitations; NULL while 0 */
	uint32_t ninvited;       /* how many invitations */
	char *highlights;        /* owned; their words, as highlight_text writes them */
	uint64_t back_seq;       /* see struct resume */
	int64_t until_ms;        /* when this is forgotten, by the clock of now_ms */
	struct share *share;     /* the share that it is counted in */
	struct resumable *prev, *next; /* in resumables.first */
};

/* Keeps what is needed to resume s, which ends without having asked to, for RESUME_MS. Does nothing
 * unless s is a guest. */
void resume_keep(struct chat *c, struct session *s);

/* The number of kept guests that came from within the block; `forget`: forgets them. */
uint32_t resume_from(struct chat *c, const struct address *block, bool forget);

/* Withdraws the invitations to r of kept guests with that name's key. False: none of them had
 * one. */
bool resume_uninvite(struct chat *c, const char *key, const struct room *r);

/* Forgets the guests whose time is over. resume_free: forgets all of them, at the end. */
void resume_tick(struct chat *c);
int64_t resume_due_ms(const struct chat *c);
void resume_free(struct chat *c);

/* Gives s the name and room of the guest with this code, who was cut off or whose session is still
 * open; tells s if there is no such guest. If the session is still open, s waits until it is known
 * what has arrived there, and that session ends. */
void resume_take(struct chat *c, struct session *s, const char *code);

/* s is a guest whom its node, which was cut off, has kept: comes back in. */
void resume_return(struct chat *c, struct session *s);
/* ACT_RESUME. */
void resume_apply(struct chat *c, struct session *s, const char *fields);

/* Loads a guest who may come back, in a cluster. */
void resume_load(struct chat *c, const char *code, const char *value);

#endif
