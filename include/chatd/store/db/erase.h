/*
 * What somebody has said goes, because their account does.
 */
#ifndef CHATD_STORE_DB_ERASE_H
#define CHATD_STORE_DB_ERASE_H

#include "chatd/core/event.h"
#include "chatd/store/db/error.h"

struct store;

struct erasure {
	bool some;               /* true where some lines may be going */
};

/* sender, as it was shown, is a spelling of the name with this key. */
typedef bool store_same(const char *sender, const char *key);

/*
 * What somebody has said (RECORD_ERASE) goes in steps too: up to rows lines, and their entries in the
 * index. emptied is told of rooms that have no line any more. Returns as store_remove does.
 */
bool store_erases(const struct store *s);
int store_erase(struct store *s, int rows, store_same *same, void (*emptied)(void *ctx, uint32_t room),
                void *ctx, struct store_error *err);

/* RECORD_ERASE: what somebody has said is going, within the transaction that is open. */
bool erase_save(struct store *s, const struct record *r);

#endif
