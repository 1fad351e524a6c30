/*
 * Coming into a room and leaving it, and what the others read of that.
 */
#ifndef CHATD_CORE_ROOMS_JOIN_H
#define CHATD_CORE_ROOMS_JOIN_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/token_bucket.h"

struct chat;
struct session;
struct room;

/* Part of struct session: its being in a room. */
struct member {
	uint32_t pos;               /* index in members.list */
	bool crlf;                  /* lines to it end with CR LF: it was a telnet client when it came
	                             * into its room */
	bool voiced;                /* a guest who has a voice while in its room */
	int64_t slow_ms;            /* said something last in a room that is slow; 0: never */
	uint64_t said_id;           /* of what it said last in its room; 0: nothing */
};

/* Part of struct room: who is in it. */
struct members {
	struct session **list;      /* owned array; n of cap */
	uint32_t n, cap;
	uint32_t ncrlf;             /* members whose lines end with CR LF */
	struct session *ignorers;   /* members who ignore somebody */
};

/* Part of struct room: joins and leaves, one by one or summed up. */
struct join_sum {
	struct bucket notices;      /* rate of those that are read one by one */
	uint32_t joined, left;      /* waiting to be summed up */
	char *nick;                 /* owned; of the first of them */
	int64_t due_ms;             /* when; 0 exactly while not in chat.rooms.sums */
	struct room *prev, *next;   /* there */
};

enum { COMPANY_NAMED = 5 };  /* people who are named to a newcomer */

/* Called once the replay has been shown. */
typedef void room_settled(struct chat *c, struct session *s);

/* Brings s, which is in no room, in: a notice to the others, the history to s, and then `settled`, if
 * it is not NULL. */
enum room_joining {
	ROOM_CAME,
	ROOM_CAME_BACK, /* in place of its own dead connection: no notice */
};
void room_join(struct chat *c, struct room *r, struct session *s, enum room_joining how,
               room_settled *settled);

/* s leaves its room; why, if not NULL or empty, follows the notice to the others. A room without a
 * history ends when its last member leaves. */
enum room_leaving {
	ROOM_QUIT,   /* "bob has left our chat" */
	ROOM_MOVED,  /* "bob has left this room" */
	ROOM_PUT_OUT, /* "bob was removed from ops", followed by why: "by alice" */
};
void room_leave(struct chat *c, struct session *s, enum room_leaving how, const char *why);

/* Moves s from its room into r, and tells it where it is now; made: r is new. */
void room_go(struct chat *c, struct session *s, struct room *r, bool made);

/* The second half of that: s is in no room. */
void room_arrive(struct chat *c, struct session *s, struct room *r, bool made);

/* "bob and carol", "bob, carol, dave and 9 others": the members but s, at most
 * max + 1 names; in c->scratch. "" if there is nobody else. */
const char *room_company(struct chat *c, const struct room *r, const struct session *s,
                         uint32_t max);

/* Sums of joins and leaves that are due. */
void room_tick(struct chat *c);
int64_t room_due_ms(const struct chat *c);

#endif
