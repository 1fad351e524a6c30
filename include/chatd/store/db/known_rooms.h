/*
 * What the connection that writes knows of rooms without asking the database: which have
 * their row, which were removed, and how many lines those have whose lines were once counted.
 *
 * A table in memory and nothing else; a rollback forgets all of it, and it is found out again
 * when it is needed.
 */
#ifndef CHATD_STORE_DB_KNOWN_ROOMS_H
#define CHATD_STORE_DB_KNOWN_ROOMS_H

#include "chatd/base/hash.h"

#include <stdbool.h>
#include <stdint.h>

struct known_room {
	uint32_t room;      /* its number, the key */
	int64_t lines;      /* lines saved; -1: not counted yet */
	int64_t counted;    /* while they are being counted: how many there are up to counted_id */
	uint64_t counted_id; /* id of a line; later ones, also those to come, are not counted yet */
	bool removed;       /* nothing of it is saved any more */
	UT_hash_handle hh;  /* the hash's own */
};

/* All zero: none. */
struct known_rooms {
	struct known_room *table; /* hash by number, owned */
	uint32_t count_from;      /* rooms below this number are counted */
};

void known_rooms_forget(struct known_rooms *rooms);
/* NULL: not known. Lives until known_rooms_forget. */
struct known_room *known_rooms_find(struct known_rooms *rooms, uint32_t number);
/* One that is not known yet, with so many lines, or -1. */
struct known_room *known_rooms_add(struct known_rooms *rooms, uint32_t number, int64_t lines);
/* Number of lines of a room; -1: not counted. */
int64_t known_rooms_lines(struct known_rooms *rooms, uint32_t number);
/* One of its lines was deleted. */
void known_rooms_lose_line(struct known_rooms *rooms, uint32_t number);
/* It is removed: no record of it is saved any more. */
void known_rooms_remove(struct known_rooms *rooms, uint32_t number);

#endif
