/*
 * The history in one SQLite file.
 *
 * Synchronous and without threads; writer.h puts threads around it. Each
 * `struct store` is one database connection and belongs to one thread at a
 * time. A store opened to write and any number opened to read may exist for
 * one file (WAL).
 *
 * Declares how it is opened, closed and read at a start, and includes what else the floors
 * above and the threads call: the modules' own headers. state.h has their order.
 */
#ifndef CHATD_STORE_DB_STORE_H
#define CHATD_STORE_DB_STORE_H

#include "chatd/core/event.h"
#include "chatd/store/db/answer.h"
#include "chatd/store/db/connect.h"
#include "chatd/store/db/erase.h"
#include "chatd/store/db/error.h"
#include "chatd/store/db/index.h"
#include "chatd/store/db/prune.h"
#include "chatd/store/db/query.h"
#include "chatd/store/db/recovery.h"
#include "chatd/store/db/remove.h"
#include "chatd/store/db/retention.h"
#include "chatd/store/db/room_retention.h"
#include "chatd/store/db/save.h"
#include "chatd/store/db/transaction.h"
#include "chatd/store/db/wipe.h"

enum durability {
	DURABILITY_RELAXED, /* lines are shown at once and saved soon after */
	DURABILITY_COMMIT,  /* lines are shown once committed: kill -9 loses none that was seen */
	DURABILITY_SYNC,    /* lines are shown once fsynced: a power cut loses none */
};

/*
 * Opens the file, makes it if it is not there, brings an older schema up to
 * date (one transaction a version), and takes the writer's lock so that a
 * second chatd on the same file is told so. NULL: err says why, and the file is
 * as it was: a newer chatd's database, no database at all, locked, unwritable,
 * another user's, a folder that does not exist, a WAL that is another's. Files that others could
 * read are made chatd's alone, with a word in the log. ":memory:" is a private one, for tests.
 */
struct store *store_open(const char *path, enum durability durability, struct store_error *err);

/*
 * Looks at a file without opening it as a database, and changes nothing: would store_open take it
 * for one of chatd's, and of this user? False: err says why not. Where there is no file it is true.
 */
bool store_look(const char *path, struct store_error *err);

/* A second connection to read what `path`'s writer commits. */
struct store *store_open_reader(const char *path, struct store_error *err);

/* Ends it; the writer's checkpoints and removes the WAL. NULL is fine. */
void store_close(struct store *s);

/*
 * Highest seq that was ever saved, also where its line has gone since. After a crash
 * it may be lower by records at the end that were neither lines nor facts nor
 * deletions, whose numbers then come again: nothing in the database names those.
 */
uint64_t store_last_seq(struct store *s);
/* Highest room number ever used. */
uint32_t store_last_room(struct store *s);

/* Calls back for each room that has lines, in order of number. False: error. */
bool store_rooms(struct store *s, void (*each)(void *ctx, const struct saved_room *r), void *ctx,
                 struct store_error *err);

/* Calls back for each fact, in order of kind and key (byte by byte); those of a kind
 * that this chatd does not know are kept and not told. False: error. */
bool store_facts(struct store *s, void (*each)(void *ctx, const struct saved_fact *f), void *ctx,
                 struct store_error *err);

#endif
