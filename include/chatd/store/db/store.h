/*
 * The history in one SQLite file.
 *
 * Synchronous and without threads; writer.h puts threads around it. Each
 * `struct store` is one database connection and belongs to one thread at a
 * time. A store opened to write and any number opened to read may exist for
 * one file (WAL).
 *
 * Declares how it is opened, closed and read at the start, and includes the headers of the modules
 * that the threads and the floors above call. state.h shows their order.
 */
#ifndef CHATD_STORE_DB_STORE_H
#define CHATD_STORE_DB_STORE_H

#include "chatd/core/event.h"
#include "chatd/store/db/answer.h"
#include "chatd/store/db/checkpoint.h"
#include "chatd/store/db/cluster.h"
#include "chatd/store/db/connect.h"
#include "chatd/store/db/erase_sender.h"
#include "chatd/store/db/error.h"
#include "chatd/store/db/index.h"
#include "chatd/store/db/prune.h"
#include "chatd/store/db/query.h"
#include "chatd/store/db/recovery.h"
#include "chatd/store/db/remove_room.h"
#include "chatd/store/db/retention.h"
#include "chatd/store/db/room_retention.h"
#include "chatd/store/db/save.h"
#include "chatd/store/db/transaction.h"
#include "chatd/store/db/wipe.h"

enum durability {
	DURABILITY_RELAXED, /* lines are shown at once and saved soon after */
	DURABILITY_COMMIT,  /* lines are shown once committed: kill -9 loses none that anybody
	                     * saw */
	DURABILITY_SYNC,    /* lines are shown once fsynced: a power cut loses none */
};

/*
 * Opens the file, creates it if it does not exist, brings an older schema up to date (one
 * transaction per version), and takes the writer's lock, so that a second chatd on the same file is
 * refused. A command that has the lock for a moment, to read (outside.h), is waited for, about a second
 * at most. NULL: err says why, and the file is unchanged: a newer chatd's database, no database at
 * all, locked, unwritable, another user's, in a folder that does not exist, or with the WAL of
 * another database. Files that other users could read are made private to chatd, and that is
 * logged. ":memory:" is a private database, for tests.
 */
struct store *store_open(const char *path, enum durability durability, struct store_error *err);

/*
 * Looks at a file without opening it as a database, and changes nothing: would store_open take it
 * for a database of chatd's that belongs to this user? False: err says why not. True if there is no
 * file.
 */
bool store_look(const char *path, struct store_error *err);

/* Another connection, to read what `path`'s writer commits. */
struct store *store_open_reader(const char *path, struct store_error *err);

/* Closes it; closing the writer's checkpoints and removes the WAL. NULL is fine. */
void store_close(struct store *s);

/* store_open has created the file, and nobody had used it before. */
bool store_is_new(const struct store *s);
/* Closes it. If its store_open has created the file, the database is deleted, while it is still locked;
 * otherwise it stays. */
void store_discard(struct store *s);

/*
 * The highest seq ever saved, even if its line was deleted since. After a crash it may be lower, by
 * records at the end that were neither lines nor facts nor deletions; their numbers are then used
 * again, and nothing in the database names them. If positions are saved (cluster.h), it is exactly
 * that of the last record before the position.
 */
uint64_t store_last_seq(struct store *s);
/* The highest room number ever used. */
uint32_t store_last_room(struct store *s);

/* Calls back for each room that has lines, in order of number. False: error. */
bool store_rooms(struct store *s, void (*each)(void *ctx, const struct saved_room *r), void *ctx,
                 struct store_error *err);

/* Calls back for each fact, in order of kind and key (byte by byte); those of a kind that this
 * chatd does not know are kept but left out. False: error. */
bool store_facts(struct store *s, void (*each)(void *ctx, const struct saved_fact *f), void *ctx,
                 struct store_error *err);

#endif
