/*
 * How long a room's lines are kept, where it says so itself.
 */
#ifndef CHATD_STORE_DB_ROOM_RETENTION_H
#define CHATD_STORE_DB_ROOM_RETENTION_H

#include "chatd/core/event.h"

struct store;

struct room_retentions {
	bool some;               /* true where some room may say so itself */
	uint64_t passed_id;      /* lines up to this id are of rooms that say so in days: what is too
	                          * old for the others begins behind it */
};

/* Some room may say itself how long its lines are kept (RECORD_KEEP). */
bool store_has_room_retention(const struct store *s);

/* How long one room's lines are kept, where it says so itself; 0: as for all rooms. */
struct room_retention {
	uint32_t room;   /* its number */
	uint32_t days;   /* lines older than so many days go */
	uint32_t lines;  /* and those beyond the newest so many */
};

/* RECORD_KEEP: saves it, within the transaction that is open. */
bool room_retention_save(struct store *s, const struct record *r);
/* All of them, in order of room, as an array that the caller frees, *n is how many. False:
 * error. */
bool room_retention_load(struct store *s, struct room_retention **rooms, size_t *n);
/* The room's among them; NULL: it has none. */
const struct room_retention *room_retention_find(const struct room_retention *rooms, size_t n,
                                                 uint32_t room);

#endif
