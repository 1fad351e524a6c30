/*
 * Rebuilding the database when it is removed, replaced, or in doubt while it is open.
 */
#ifndef CHATD_STORE_DB_RECOVERY_H
#define CHATD_STORE_DB_RECOVERY_H

#include "chatd/store/db/error.h"

struct store;

/*
 * The database, or its WAL, may be removed or moved while it is open; SQLite would go on using a
 * file that no name leads to. Or the disk may have lost writes (fsync(2) failed). store_is_intact
 * checks that (location_is_kept). If it returns false, store_rebuild writes everything
 * saved to a new file at the old path, unless another file is there, and switches to it. It must be
 * called outside of a transaction, and takes as long as a backup. True: err says, for
 * administrators, what was done. False: err says why it could not; what was saved is in the old
 * file and its WAL, or in a new file that the next start uses.
 */
bool store_is_intact(struct store *s);
/* The next store_is_intact looks for itself: a file system can hide a folder under another without telling. */
void store_check_again(struct store *s);
/* Notes that another connection's sync has failed. store_is_intact is false until the database is
 * rebuilt, because the system may have forgotten what it could not write, and will not report it
 * again. */
void store_doubt(struct store *s);
/* Another file is where the database was; it is not overwritten. */
bool store_replaced(const struct store *s);
bool store_rebuild(struct store *s, struct store_error *err);

/* Before a database is opened to write: finishes a rebuild during which chatd ended. False: err
 * says why it cannot. */
bool recovery_finish(const char *path, struct store_error *err);

#endif
