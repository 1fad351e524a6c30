/*
 * Deleting all lines of a person, because their account is deleted.
 */
#ifndef CHATD_STORE_DB_ERASE_SENDER_H
#define CHATD_STORE_DB_ERASE_SENDER_H

#include "chatd/core/event.h"
#include "chatd/store/db/error.h"

struct store;

struct erasure {
	bool some;               /* true if there may be lines to delete */
};

/* True if sender, as it was shown, is a spelling of the name with this key. */
typedef bool store_same(const char *sender, const char *key);

/*
 * All lines of a person (RECORD_ERASE) are deleted in steps too: up to rows lines each, with their
 * index entries. emptied is called for rooms that have no lines left. Returns the same as
 * store_remove. store_erases: there may be lines to delete.
 */
bool store_erases(const struct store *s);
int store_erase(struct store *s, int rows, store_same *same, void (*emptied)(void *ctx, uint32_t room),
                void *ctx, struct store_error *err);

/* RECORD_ERASE: notes, within the open transaction, that a person's lines are to be deleted. */
bool erase_save(struct store *s, const struct record *r);

#endif
