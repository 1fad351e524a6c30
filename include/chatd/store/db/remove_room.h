/*
 * Deleting rooms with all their lines.
 */
#ifndef CHATD_STORE_DB_REMOVE_ROOM_H
#define CHATD_STORE_DB_REMOVE_ROOM_H

#include "chatd/core/event.h"
#include "chatd/store/db/error.h"

struct store;

struct removal {
	bool some;               /* true if there may be rooms to delete */
	char *key;               /* owned; with the next field, how far the marks of what people
	                          * have seen were looked through; NULL: not begun */
	int64_t room;
};

/*
 * Rooms removed by a record (RECORD_REMOVE) are deleted in steps, each a transaction: up to rows
 * lines with their index entries or, when no lines are left, a look through a few times as many
 * marks of what people have seen. Returns more than 0 if there is more to do, 0 if all is done, -1
 * on error. store_removes: there may be such a room.
 */
bool store_removes(const struct store *s);
int store_remove(struct store *s, int rows, struct store_error *err);

/* RECORD_REMOVE: notes, within the open transaction, that the room is to be deleted. */
bool remove_save(struct store *s, const struct record *r);
/* The room is being deleted: nothing of it is shown or saved. */
bool remove_has(struct store *s, uint32_t room);
/* Forgets how far it has looked, so that it begins again. */
void remove_release(struct store *s);

#endif
