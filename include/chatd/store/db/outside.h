/*
 * Reading a database from outside: by a program that is not the chatd which may be running on it.
 */
#ifndef CHATD_STORE_DB_OUTSIDE_H
#define CHATD_STORE_DB_OUTSIDE_H

#include <stdbool.h>

#include "chatd/store/db/error.h"

struct store;

/*
 * Opens an existing database to read it, and nothing else, as its owner. *running says whether a
 * chatd has it open. NULL: err says why: it is not chatd's, another user's, of another version (only
 * chatd itself changes the schema), or a chatd that was interrupted has left something to be
 * finished. Closed with store_close.
 */
struct store *outside_open(const char *path, bool *running, struct store_error *err);

#endif
