/*
 * Rooms: their life from first to last, and the System's notices in them.
 */
#ifndef CHATD_CORE_ROOMS_ROOM_H
#define CHATD_CORE_ROOMS_ROOM_H

#include <stdint.h>

struct chat;
struct session;
struct room;

/* The room of that name in any spelling, also as on IRC: #ops. */
struct room *room_typed(const struct chat *c, const char *name);

/* Another number, of one that was saved. */
void room_renumber(struct chat *c, struct room *r, uint32_t number);

/* A new room without a maker; NULL: there are ROOMS_MAX already. number 0: the next free one. */
struct room *room_new(struct chat *c, const char *name, const char *key, uint32_t number);

/* No name and no number leads to r any more; it is freed (room_release) when nobody is in it. */
void room_unlist(struct chat *c, struct room *r);

/* r goes if nobody is in it and nothing else keeps it. */
void room_release(struct chat *c, struct room *r);

/* A notice from the System to all in the room but `except` (may be NULL). */
void room_notice(struct chat *c, struct room *r, const struct session *except, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same to all but s, with words that s has chosen: people who ignore s do not read it. */
void room_notice_words(struct chat *c, struct room *r, const struct session *s, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The last line of the room was pruned (true as of up_to_seq). */
void room_emptied(struct chat *c, uint32_t number, uint64_t up_to_seq);

/* At the end of the chat, when nobody is in any of them. */
void rooms_free(struct chat *c);

#endif
