/*
 * Rooms: who is in which, and what is said there.
 */
#ifndef CHATD_CORE_ROOMS_ROOM_H
#define CHATD_CORE_ROOMS_ROOM_H

#include "chatd/core/state.h"

/* A room by its key; NULL: there is none. */
struct room *room_by_key(const struct chat *c, const char *key);
/* By its name in any spelling, also as people write it who know IRC: #ops. */
struct room *room_typed(const struct chat *c, const char *name);
struct room *room_by_number(const struct chat *c, uint32_t number);

/* Another number, of one that was saved. */
void room_renumber(struct chat *c, struct room *r, uint32_t number);

/* A new room, which nobody has made; NULL where there are ROOMS_MAX already. number 0: the next
 * one. */
struct room *room_new(struct chat *c, const char *name, const char *key, uint32_t number);

/* A room that s makes now would be its own. */
bool room_would_own(const struct chat *c, const struct session *s);
/* The same, made by s and counted for it. NULL: it may make no more, and was told. */
struct room *room_make(struct chat *c, struct session *s, const char *name, const char *key);
/* The same for the principal who (share.h), in whose place s comes back: it may have no name yet. */
struct room *room_make_again(struct chat *c, struct session *s, const char *who, const char *name,
                             const char *key);

/* More than one has spoken in a room (room->alone), or it is not known. No principal is called so. */
#define ROOM_SEVERAL "several"

/* No name and no number leads to r any more; it is freed (room_release) when nobody is in it. */
void room_unlist(struct chat *c, struct room *r);

/* r goes if nobody is in it and nothing else keeps it. */
void room_release(struct chat *c, struct room *r);

enum { COMPANY_NAMED = 5 };  /* people who are named to somebody who comes in */

/* What somebody is told when the replay is there. */
typedef void room_settled(struct chat *c, struct session *s);

/* s, which is in no room, comes in: notice to the others, the history to s, and then what `settled`
 * says, if it is not NULL. */
enum room_joining {
	ROOM_CAME,
	ROOM_CAME_BACK, /* in the place of its own dead connection: no notice */
};
void room_join(struct chat *c, struct room *r, struct session *s, enum room_joining how,
               room_settled *settled);

/* s leaves its room; why, if not NULL or empty, follows the notice to the others.
 * The room is gone with its last member if it has no history. */
enum room_leaving {
	ROOM_QUIT,   /* "bob has left our chat" */
	ROOM_MOVED,  /* "bob has left this room" */
	ROOM_PUT_OUT, /* "bob was put out of ops", and why as it is: "by alice" */
};
void room_leave(struct chat *c, struct session *s, enum room_leaving how, const char *why);

/* s comes into r from the room where it is, and reads where it is now; made: r is new. */
void room_go(struct chat *c, struct session *s, struct room *r, bool made);

/* The second half of that: s is in no room. */
void room_arrive(struct chat *c, struct session *s, struct room *r, bool made);

/* s says something in its room: saved, and to be shown to the others. Tells s
 * if nothing can be saved at present. */
void room_say(struct chat *c, struct session *s, enum record_kind kind, const char *body);

/* A notice from the System to all in the room but `except` (may be NULL). */
void room_notice(struct chat *c, struct room *r, const struct session *except, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same to all but s, with words that s has chosen: whoever ignores s does not read it. */
void room_notice_words(struct chat *c, struct room *r, const struct session *s, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Saves a new topic ("": none). False: nothing can be saved at present; s was told. */
bool room_set_topic(struct chat *c, struct session *s, const char *topic);

/* The last line of the room was pruned (true as of up_to_seq). */
void room_emptied(struct chat *c, uint32_t number, uint64_t up_to_seq);

/* "bob and carol", "bob, carol, dave and 9 others": the members but s, at most
 * max + 1 names; in c->scratch. "" if there is nobody else. */
const char *room_company(struct chat *c, const struct room *r, const struct session *s,
                         uint32_t max);

/* At the end of the chat, when nobody is in any of them. */
void rooms_free(struct chat *c);

/* Sums of joins and leaves that are due. */
void room_tick(struct chat *c);
int64_t room_due_ms(const struct chat *c);

#endif
