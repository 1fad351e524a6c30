/*
 * Watched rooms: rooms whose lines a person reads while being in another room.
 *
 * Somebody who watches a room is no member of it. They may watch what they may come into; who may not any
 * more is found out before the next line (watch_verify). In the room that they are in, their watch rests.
 */
#ifndef CHATD_CORE_ROOMS_WATCH_H
#define CHATD_CORE_ROOMS_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/rooms/seen.h"

struct chat;
struct room;
struct session;

struct watch {
	struct room *room;          /* what is watched */
	struct session *session;    /* by whom */
	struct reading reading;     /* how far they have read it, while it does not rest */
	bool rests;                 /* they are in the room: its lines come anyway */
	bool ignores;               /* true exactly while in watchers.ignorers */
	struct watch *prev, *next;  /* in watchers.list */
	struct watch *iprev, *inext; /* in watchers.ignorers */
};

/* Part of struct room: who watches it. */
struct watchers {
	struct watch *list;         /* all of them */
	struct watch *ignorers;     /* those of them who ignore anyone, and whose watch does not rest */
	uint32_t n;                 /* how many there are */
	uint32_t nreading;          /* how many of them do not rest */
	bool left;                  /* the last one has left, while nobody was in the room: it may be over,
	                             * which the end of the step looks at (rooms_release_left) */
	bool unverified;            /* who may come in has changed since they were verified; set by
	                             * whatever changes that */
};

/* The watch of s over r; NULL: none. */
struct watch *watch_find(const struct session *s, const struct room *r);

/* s, which has fewer than WATCHED_MAX, may come into r and does not watch it, does from now on. Its lines
 * are held back until watch_release. */
struct watch *watch_begin(struct chat *c, struct session *s, struct room *r);
void watch_release(struct chat *c, struct watch *w);
/* Ends it, and saves how far the person has read. */
void watch_end(struct chat *c, struct watch *w);
/* The same for all of s, and for all who watch r, who are told why. */
void watch_end_all(struct chat *c, struct session *s);
void watch_end_room(struct chat *c, struct room *r, const char *told);

/* s is about to come into r: its watch rests. */
void watch_rest(struct chat *c, struct session *s, struct room *r);
/* s has just left r, of which it had read that much: its watch goes on. */
void watch_resume(struct chat *c, struct session *s, struct room *r, const struct reading *reading);

/* s may read r without being in it. */
bool watch_may(const struct chat *c, const struct session *s, const struct room *r);

/* Ends the watches of those who may not come into r any more, and tells them. To be called before anything is
 * published there. */
void watch_verify(struct chat *c, struct room *r);
/* The name, account or role of s has changed, so it may be that it may not watch any more what it
 * watches. */
void watch_doubt_session(const struct session *s);

/* s ignores somebody now, or nobody any more. */
void watch_ignores(struct session *s);

#endif
