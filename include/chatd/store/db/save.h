/*
 * Saving the records of a transaction.
 */
#ifndef CHATD_STORE_DB_SAVE_H
#define CHATD_STORE_DB_SAVE_H

#include "chatd/core/event.h"
#include "chatd/store/db/error.h"

struct store;

/*
 * Saves n records in order within the open transaction. False: as for store_begin (transaction.h).
 * A record that the database will never take (because it violates a constraint, or is too big) is
 * left out and logged, and this still returns true, so that it does not hold up the others. The
 * records' strings are borrowed for the call.
 */
bool store_save(struct store *s, const struct record *r, size_t n, struct store_error *err);

#endif
