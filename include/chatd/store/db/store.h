/*
 * The history in one SQLite file: schema, migrations, statements.
 *
 * Synchronous and without threads; writer.h puts threads around it. Each
 * `struct store` is one database connection and belongs to one thread at a
 * time. A store opened to write and any number opened to read may exist for
 * one file (WAL). Only store_db.h includes sqlite3.h.
 */
#ifndef CHATD_STORE_DB_STORE_H
#define CHATD_STORE_DB_STORE_H

#include "chatd/core/event.h"
#include "chatd/store/db/error.h"
#include "chatd/store/db/transaction.h"

struct store;

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
 * another user's, a folder that does not exist, a WAL that is another's. Files that others could read are made chatd's
 * alone, with a word in the log. ":memory:" is a private one, for tests.
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
 * The database, or its WAL, may be removed or moved while it is open; SQLite would go on with
 * what has no name any more. Or the disk may have failed to keep what it was given (fsync(2)).
 * store_in_place looks, for three stat(2). Where it is false,
 * store_restore writes all that was saved into a new file at the old path, unless something else
 * is there, and goes on with that: in no transaction, and it takes as long as a backup. True: err
 * says, for administrators, what was done. False: why it could not be; what was saved is in the
 * old file and its WAL, or in a new one that the next start takes.
 */
bool store_in_place(const struct store *s);
/* Another connection's sync has failed: store_in_place is false until it is written anew, for
 * the system may have forgotten what it could not write, and say nothing of it again. */
void store_doubt(struct store *s);
/* Something else lies where the database was; it is not written over. */
bool store_replaced(const struct store *s);
bool store_restore(struct store *s, struct store_error *err);
/* A connection that reads goes on with the file that is at its path now. False: with the old. */
bool store_reopen(struct store *s, struct store_error *err);
/* The size of the database. */
int64_t store_bytes(struct store *s);
/* Bytes that may still be saved: free on its disk, and in the database itself. UINT64_MAX: not
 * known. */
uint64_t store_free_bytes(struct store *s);

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

/*
 * Saves n records in order within the transaction that is open (transaction.h). False: as there.
 * A record that the database will never take (one of its rules forbids it, or it is too big) is
 * left out, with a word in the log; it returns true then, so that it holds up no other. The
 * records' strings are borrowed for the call.
 */
bool store_save(struct store *s, const struct record *r, size_t n, struct store_error *err);

/*
 * The full-text index follows the lines in transactions of its own. Takes up to
 * rows lines into it. Returns how many it took, -1 on error. store_indexed is
 * the id up to which it is complete; lines beyond it are not found by a search.
 */
int store_index(struct store *s, int rows, struct store_error *err);
uint64_t store_indexed(struct store *s);
/* The index is being made again: searches do not wait for it. */
bool store_reindexes(const struct store *s);

/*
 * Counts the lines of rooms which nobody has counted since the start, at most so
 * many of them; reads only, in no transaction. Lines may be saved between two
 * calls. Returns 1 where there is more to count, 0 where all is counted, -1 on error.
 */
int store_count(struct store *s, int lines, struct store_error *err);

/* Some room may say itself how long its lines are kept (RECORD_KEEP). */
bool store_keeps(const struct store *s);

/* What two clocks say, in ms: the host's, which is set; and one that goes on also while the machine
 * sleeps (CLOCK_BOOTTIME). */
struct clocks {
	int64_t wall_ms, boot_ms;
};

/* Why what is old does not go at present. In databases: the numbers are never changed. */
enum retention_why {
	RETENTION_GOES = 0,     /* it goes */
	RETENTION_CLOCK = 1,    /* the host's clock is more than CLOCK_AHEAD_DAYS past the last time that
	                         * was noted, once an hour */
	RETENTION_MUCH = 2,     /* over OLD_LINES_MUCH lines of a room would go, and over a part in
	                         * OLD_PARTS */
};

enum retention_look {
	RETENTION_FAILS,        /* nothing can be read or saved, err says why */
	RETENTION_LOOKS,        /* it is not through; the same question is to be put again */
	RETENTION_MAY,
	RETENTION_MAY_NOT,      /* store_retention_why says why */
};

/*
 * May lines go that are older than days (0: those of rooms that say so themselves)? To be asked
 * once a minute, with `begins` where a pass would begin that deletes. It waits until the clock is
 * put right, RECORD_PRUNE is saved, or the two clocks have gone on together for a day, in one run
 * or in several.
 */
enum retention_look store_retention(struct store *s, const struct clocks *now, uint32_t days,
                                    bool begins, struct store_error *err);
/* room: the number of the one that would lose much, where that is why. */
enum retention_why store_retention_why(const struct store *s, uint32_t *room);
/* A pass is through: what was allowed is done. */
bool store_retention_over(struct store *s, const struct clocks *now, struct store_error *err);

/*
 * Deletes, in one transaction, up to rows lines that are older than before_ms
 * or beyond the newest lines_per_room of their room (0: no such limit; a room
 * that store_count has not counted is left as it is), and calls emptied for each
 * room that has no line left. For a room that says so itself, its own days and
 * lines count in place of these. Returns how many lines went, -1 on error; fewer
 * than rows means that nothing is left to do. (Where it had to look at very many
 * lines that are kept it returns rows, so that it is called again.)
 */
int store_prune(struct store *s, int64_t before_ms, uint64_t lines_per_room, int rows,
                void (*emptied)(void *ctx, uint32_t room), void *ctx, struct store_error *err);

/*
 * What is deleted by RECORD_DELETE or RECORD_REMOVE, or by pruning once store_wipe_want was called, is
 * to leave the file and its WAL. store_wipes: something is. A step merges about so many pages of the
 * index in a transaction of its own, or is the last, in which the WAL is cut off: that WAITS where
 * somebody reads, and is to be tried again.
 */
enum wipe_step { WIPE_FAILS, WIPE_GOES_ON, WIPE_WAITS, WIPE_DONE };
bool store_wipes(const struct store *s);
void store_wipe_want(struct store *s);
enum wipe_step store_wipe(struct store *s, int pages, struct store_error *err);

/*
 * Rooms that a record has removed (RECORD_REMOVE) go in steps, each a transaction: up to rows
 * lines with their entries in the index or, where none is left, a few times as many marks of
 * what people have seen, which are looked through. Returns more than 0 where there is more to
 * do, 0 where all is done, -1 on error. store_removes: there may be such a room.
 */
bool store_removes(const struct store *s);
int store_remove(struct store *s, int rows, struct store_error *err);

/* sender, as it was shown, is a spelling of the name with this key. */
typedef bool store_same(const char *sender, const char *key);

/*
 * What somebody has said (RECORD_ERASE) goes in steps too: up to rows lines, and their entries in the
 * index. emptied is told of rooms that have no line any more. Returns as store_remove does.
 */
bool store_erases(const struct store *s);
int store_erase(struct store *s, int rows, store_same *same, void (*emptied)(void *ctx, uint32_t room),
                void *ctx, struct store_error *err);

/* True for the kinds that read the full-text index. */
static inline bool query_needs_index(enum query_kind kind)
{
	return kind == QUERY_SEARCH || kind == QUERY_UNREAD;
}

/* And for those that may look at very much, and take longer than others. */
static inline bool query_is_search(enum query_kind kind)
{
	return query_needs_index(kind) || kind == QUERY_AUDIT;
}

/*
 * Answers q, which is about the history. NULL never: an error is in rows->error as a
 * sentence for the person who asked. The caller owns the answer and releases it,
 * which clears its texts: they may be secrets.
 */
struct rows *store_query(struct store *s, const struct query *q);
/* The same for kinds that read lines, but NULL where it takes more than so much of the
 * processor's time, or too long for that because it waits for the disk. */
struct rows *store_query_within(struct store *s, const struct query *q, int cpu_ms);
void rows_release(struct rows *rows);

/* An answer to q that says only that there is none, and why. */
struct rows *rows_sorry(const struct query *q, const char *sentence);
/* An answer to q that has no lines. Copies text and text2, which may be NULL. */
struct rows *rows_of_secret(const struct query *q, bool ok, uint64_t which, const char *text,
                            const char *text2);

/* Ends the query that runs, and every later one, with an error. From any thread. */
void store_interrupt(struct store *s);

/* Copies what the WAL holds into the database without waiting for anybody
 * (SQLITE_CHECKPOINT_PASSIVE). False: a sync failed, which the writer is to be told
 * (store_doubt). */
bool store_checkpoint(struct store *s);
/* Pages in the WAL after the last commit of this connection. */
int store_wal_pages(struct store *s);

#endif
