/*
 * The records of a transaction.
 */
#ifndef CHATD_STORE_DB_SAVE_H
#define CHATD_STORE_DB_SAVE_H

#include "chatd/core/event.h"
#include "chatd/store/db/error.h"

struct store;

/*
 * Saves n records in order within the transaction that is open (transaction.h). False: as there.
 * A record that the database will never take (one of its rules forbids it, or it is too big) is
 * left out, with a word in the log; it returns true then, so that it holds up no other. The
 * records' strings are borrowed for the call.
 */
bool store_save(struct store *s, const struct record *r, size_t n, struct store_error *err);

#endif
