/*
 * Joining and leaving rooms, and the notices that the others read.
 */
#ifndef CHATD_CORE_ROOMS_JOIN_H
#define CHATD_CORE_ROOMS_JOIN_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/token_bucket.h"

struct chat;
struct session;
struct room;
struct watch;

/* The rooms that somebody watches (watch.h). */
struct watching {
	struct watch **list;        /* owned array of WATCHED_MAX, n in use, each owned; NULL while n is 0 */
	uint32_t n;
};

/* Part of struct session: its place in its room, and what it reads besides. */
struct member {
	struct watching watching;   /* the rooms that it watches */
	uint32_t pos;               /* index in members.list */
	bool crlf;                  /* lines to it end with CR LF, because it was a telnet client when
	                             * it joined the room */
	bool voiced;                /* it is a guest with a voice, for as long as it is in the room */
	int64_t slow_ms;            /* when it last said something in a room with slow mode; 0: never */
	uint64_t said_id;           /* id of the line that it last said in the room; 0: none */
};

/* Part of struct room: who is in it. */
struct members {
	struct session **list;      /* owned array of the members, in any order */
	uint32_t n, cap;            /* how many there are, and how many there is space for */
	uint32_t ncrlf;             /* how many members' lines end with CR LF */
	struct session *ignorers;   /* the members who ignore anyone */
};

/* Part of struct room: joins and leaves, one by one or summed up. */
struct join_sum {
	struct bucket notices;      /* rate of the notices that are shown one by one */
	uint32_t joined, left;      /* joins and leaves that wait to be summed up */
	char *nick;                 /* owned; the nick of the first of these people */
	int64_t due_ms;             /* when the sum is due; 0 exactly while not in chat.rooms.sums */
	struct room *prev, *next;   /* in chat.rooms.sums */
};

enum { COMPANY_NAMED = 5 };  /* the most people whose names a newcomer is given */

/* Called once the replay has been shown. */
typedef void room_settled(struct chat *c, struct session *s);

/* Adds s, which is in no room, to r: shows a notice to the others and the history to s, and then
 * calls `settled`, if it is not NULL. */
enum room_joining {
	ROOM_CAME,
	ROOM_CAME_BACK, /* it replaces its own dead connection: no notice */
};
void room_join(struct chat *c, struct room *r, struct session *s, enum room_joining how,
               room_settled *settled);

/* Removes s from its room; why, if not NULL or empty, follows the notice to the others. A room
 * without history ends when its last member leaves. */
enum room_leaving {
	ROOM_QUIT,   /* "bob has left our chat" */
	ROOM_MOVED,  /* "bob has left this room" */
	ROOM_PUT_OUT, /* "bob was removed from ops", followed by why: "by alice" */
};
void room_leave(struct chat *c, struct session *s, enum room_leaving how, const char *why);

/* Moves s from its room to r and tells it where it is now; made: r is new. */
void room_go(struct chat *c, struct session *s, struct room *r, bool made);

/* The second half of room_go, for an s that is in no room. */
void room_arrive(struct chat *c, struct session *s, struct room *r, bool made);

/* "bob and carol", "bob, carol, dave and 9 others": the members except s, at most max + 1 names.
 * "" if there is nobody else. The text is in c->scratch, until that is used again. */
const char *room_company(struct chat *c, const struct room *r, const struct session *s,
                         uint32_t max);

/* Shows the sums of joins and leaves that are due. */
void room_tick(struct chat *c);
int64_t room_due_ms(const struct chat *c);

/* Puts s, which was loaded and has no connection, into r; nobody is told. */
void room_put(struct room *r, struct session *s);

#endif
