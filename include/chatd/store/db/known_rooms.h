/*
 * What the writing connection knows about rooms without asking the database: which have a row,
 * which were removed, and the number of lines of those once counted.
 *
 * Only a table in memory; a rollback forgets all of it, and it is looked up again when needed.
 */
#ifndef CHATD_STORE_DB_KNOWN_ROOMS_H
#define CHATD_STORE_DB_KNOWN_ROOMS_H

#include "chatd/base/hash.h"

#include <stdbool.h>
#include <stdint.h>

struct known_room {
	uint32_t room;      /* its number, the key */
	int64_t lines;      /* lines saved; -1: not counted yet */
	int64_t counted;    /* while they are being counted: the lines up to counted_id */
	uint64_t counted_id; /* id of a line; later ones, including future ones, are not counted
	                      * yet */
	bool removed;       /* nothing of the room is saved any more */
	UT_hash_handle hh;  /* uthash's own */
};

/* All zero: none. */
struct known_rooms {
	struct known_room *table; /* hash by number, owned */
	uint32_t count_from;      /* rooms below this number are counted */
};

void known_rooms_forget(struct known_rooms *rooms);
/* NULL: not known. Valid until known_rooms_forget. */
struct known_room *known_rooms_find(struct known_rooms *rooms, uint32_t number);
/* Adds a room that is not known yet, with its number of lines, or -1. */
struct known_room *known_rooms_add(struct known_rooms *rooms, uint32_t number, int64_t lines);
/* The number of lines of a room; -1: not counted. */
int64_t known_rooms_lines(struct known_rooms *rooms, uint32_t number);
/* Notes that one of its lines was deleted. */
void known_rooms_lose_line(struct known_rooms *rooms, uint32_t number);
/* Notes that it is removed, so that no record of it is saved any more. */
void known_rooms_remove(struct known_rooms *rooms, uint32_t number);

#endif
