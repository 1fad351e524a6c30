/*
 * The database is removed, replaced, or in doubt while it is open; it is written anew.
 */
#ifndef CHATD_STORE_DB_RECOVERY_H
#define CHATD_STORE_DB_RECOVERY_H

#include "chatd/store/db/error.h"

struct store;

/*
 * The database, or its WAL, may be removed or moved while it is open; SQLite would go on with
 * what has no name any more. Or the disk may have failed to keep what it was given (fsync(2)).
 * store_is_intact looks, for three stat(2). Where it is false,
 * store_rebuild writes all that was saved into a new file at the old path, unless something else
 * is there, and goes on with that: in no transaction, and it takes as long as a backup. True: err
 * says, for administrators, what was done. False: why it could not be; what was saved is in the
 * old file and its WAL, or in a new one that the next start takes.
 */
bool store_is_intact(const struct store *s);
/* Another connection's sync has failed: store_is_intact is false until it is written anew, for
 * the system may have forgotten what it could not write, and say nothing of it again. */
void store_doubt(struct store *s);
/* Something else lies where the database was; it is not written over. */
bool store_replaced(const struct store *s);
bool store_rebuild(struct store *s, struct store_error *err);

/* Before a database is opened to write: where chatd ended while it was written anew, that is
 * finished. False: err says why it cannot be. */
bool recovery_finish(const char *path, struct store_error *err);

#endif
