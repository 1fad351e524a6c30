/*
 * Rooms that go with all their lines.
 */
#ifndef CHATD_STORE_DB_REMOVE_H
#define CHATD_STORE_DB_REMOVE_H

#include "chatd/core/event.h"
#include "chatd/store/db/error.h"

struct store;

struct removal {
	bool some;               /* true where some room may be going */
	char *key;               /* owned, with the next: marks of what was seen, up to the one with
	                          * this key and room, were looked at; NULL: none yet */
	int64_t room;
};

/*
 * Rooms that a record has removed (RECORD_REMOVE) go in steps, each a transaction: up to rows
 * lines with their entries in the index or, where none is left, a few times as many marks of
 * what people have seen, which are looked through. Returns more than 0 where there is more to
 * do, 0 where all is done, -1 on error. store_removes: there may be such a room.
 */
bool store_removes(const struct store *s);
int store_remove(struct store *s, int rows, struct store_error *err);

/* RECORD_REMOVE: the room is going, within the transaction that is open. */
bool remove_save(struct store *s, const struct record *r);
/* The room is going; of such a one nothing is shown and nothing saved. */
bool remove_has(struct store *s, uint32_t room);
/* Forgets how far it has looked: it begins again. */
void remove_release(struct store *s);

#endif
