/*
 * The table of rooms that are known.
 */
#include "chatd/store/db/known_rooms.h"

#include <stdlib.h>

void known_rooms_forget(struct known_rooms *rooms)
{
	struct known_room *r, *next;
	HASH_ITER(hh, rooms->table, r, next) {
		HASH_DEL(rooms->table, r); /* NOLINT(clang-analyzer-unix.Malloc): not freed yet */
		free(r);
	}
	rooms->count_from = 0;
}

struct known_room *known_rooms_find(struct known_rooms *rooms, uint32_t number)
{
	struct known_room *room;
	HASH_FIND(hh, rooms->table, &number, sizeof(number), room);
	return room;
}

struct known_room *known_rooms_add(struct known_rooms *rooms, uint32_t number, int64_t lines)
{
	struct known_room *room = mem_zero(1, sizeof(*room));
	room->room = number;
	room->lines = lines;
	HASH_ADD(hh, rooms->table, room, sizeof(room->room), room);
	return room;
}

int64_t known_rooms_lines(struct known_rooms *rooms, uint32_t number)
{
	struct known_room *room = known_rooms_find(rooms, number);
	return room ? room->lines : -1;
}

void known_rooms_lose_line(struct known_rooms *rooms, uint32_t number)
{
	struct known_room *room = known_rooms_find(rooms, number);
	if (!room || room->removed)
		return;
	if (room->lines >= 0) {
		room->lines--;
	} else {
		room->counted = 0; /* the line may have been among these: start again */
		room->counted_id = 0;
		rooms->count_from = 0;
	}
}

void known_rooms_remove(struct known_rooms *rooms, uint32_t number)
{
	struct known_room *room = known_rooms_find(rooms, number);
	if (!room)
		room = known_rooms_add(rooms, number, -1);
	room->removed = true;
}
