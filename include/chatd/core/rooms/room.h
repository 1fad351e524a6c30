/*
 * Rooms: how they begin and end, and the System's notices in them.
 */
#ifndef CHATD_CORE_ROOMS_ROOM_H
#define CHATD_CORE_ROOMS_ROOM_H

#include <stdbool.h>
#include <stdint.h>

struct chat;
struct session;
struct room;

/* The room with that name, in any spelling, also with a # as on IRC (#ops); NULL: there is none. */
struct room *room_typed(const struct chat *c, const char *name);

/* Gives r the number under which it was saved. */
void room_renumber(struct chat *c, struct room *r, uint32_t number);

/* There is a number for another room; for the lobby, the first room, always. */
bool rooms_can_count(const struct chat *c);

/* A new room without a maker; NULL: there are ROOMS_MAX already, or no number is left. number 0: the next
 * free one. */
struct room *room_new(struct chat *c, const char *name, const char *key, uint32_t number);

/* The first of the rooms that are not gone, linked by hh_number, in the order of their numbers. That is the same on all
 * nodes of a cluster; in which slots rooms are depends on when a node has started. */
struct room *rooms_in_order(struct chat *c);

/* r is no longer found by name or number; room_release frees it when nobody is in it. */
void room_unlist(struct chat *c, struct room *r);

/* Ends and frees r, if nobody is in it and nothing else keeps it. */
void room_release(struct chat *c, struct room *r);
/* The same, at the end of a step, for rooms that the last watcher has left. */
void rooms_release_left(struct chat *c);

/* Shows a notice from the System to everyone in the room except `except` (may be NULL). */
void room_notice(struct chat *c, struct room *r, const struct session *except, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same to everyone except s, for text that s has chosen: people who ignore s do not get it. */
void room_notice_words(struct chat *c, struct room *r, const struct session *s, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The same for somebody who comes or goes, which not everyone wants to see; farewell: the person who goes,
 * with words of their own, or NULL. */
void room_passage(struct chat *c, struct room *r, const struct session *farewell, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The store has pruned the last line of the room, as of the record up_to_seq. */
void room_emptied(struct chat *c, uint32_t number, uint64_t up_to_seq);

/* Frees all rooms at the end of the chat, when nobody is in any of them. */
void rooms_free(struct chat *c);

#endif
