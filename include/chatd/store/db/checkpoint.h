/*
 * Copying the WAL into the database (SQLite's checkpoints).
 */
#ifndef CHATD_STORE_DB_CHECKPOINT_H
#define CHATD_STORE_DB_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

struct store;

/* Copies the WAL into the database without waiting for anybody (SQLITE_CHECKPOINT_PASSIVE). False:
 * a sync failed, and the writer must be told (store_doubt). */
bool store_checkpoint(struct store *s);
/* The same by the connection that writes, which makes the WAL start again with the next transaction. False: not yet,
 * because somebody reads or writes, or it failed, or a sync has failed before (store_doubt). Waits for nobody. */
bool store_checkpoint_last(struct store *s);

enum wal_emptied {
	WAL_EMPTIED,
	WAL_IN_USE,              /* not yet, because somebody reads or writes */
	WAL_EMPTY_FAILS,
};
/* The same, but the file of the WAL is empty at once, and its space free. Waits for nobody either. */
enum wal_emptied store_wal_empty(struct store *s);
/* The size of that file, which may be more than what is in it. 0: there is none. */
int64_t store_wal_bytes(struct store *s);
/* Pages of the WAL that were copied after this connection's last checkpoint, by any connection. 0 if it failed. */
int store_wal_copied(struct store *s);
/* The pages in the WAL after this connection's last commit; 0 once it was emptied. */
int store_wal_pages(struct store *s);

#endif
