/*
 * How long a room's lines are kept, if it has a setting of its own.
 */
#ifndef CHATD_STORE_DB_ROOM_RETENTION_H
#define CHATD_STORE_DB_ROOM_RETENTION_H

#include "chatd/core/event.h"

struct store;

struct room_retentions {
	bool some;               /* true if some room may have a setting of its own */
	uint64_t passed_id;      /* lines up to this id belong to rooms with days of their own:
	                          * lines of other rooms that are too old begin after it */
};

/* Some room may have a setting of its own (RECORD_RETENTION). */
bool store_has_room_retention(const struct store *s);

/* How long one room's lines are kept, if it has a setting of its own; 0: as for all rooms. */
struct room_retention {
	uint32_t room;   /* its number */
	uint32_t days;   /* lines older than this are deleted */
	uint32_t lines;  /* so many of the newest lines are kept */
};

/* RECORD_RETENTION: saves the setting, within the open transaction. */
bool room_retention_save(struct store *s, const struct record *r);
/* All of them, in order of room, as an array of *n that the caller frees. False: error. */
bool room_retention_load(struct store *s, struct room_retention **rooms, size_t *n);
/* The room's setting among them; NULL: it has none. */
const struct room_retention *room_retention_find(const struct room_retention *rooms, size_t n,
                                                 uint32_t room);

#endif
