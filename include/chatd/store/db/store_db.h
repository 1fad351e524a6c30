/*
 * What the store's own files share: the connection and its statements.
 *
 * Private to src/store/{store,fail,mark,place,reconnect,schema,save,lines_table,keep,upkeep,remove,
 * erase,query,search,figures,backup}.c.
 * This is the only file of chatd that includes sqlite3.h.
 */
#ifndef CHATD_STORE_DB_STORE_DB_H
#define CHATD_STORE_DB_STORE_DB_H

#include "chatd/store/db/db.h"
#include "chatd/store/db/known_rooms.h"
#include "chatd/store/db/store.h"
#include "chatd/store/db/tokenizer.h"
#include "chatd/store/db/transaction.h"

#include <sys/stat.h>
#include <sys/types.h>

/* What a file is, whatever it is called. */
struct file_id {
	dev_t dev;
	ino_t ino;               /* 0: not known */
};

/* Where a connection's database lay when it was opened. All zero: nowhere. */
struct place {
	char *path, *wal_path, *shm_path; /* owned, like the next */
	char *folder;            /* with its slash */
	struct file_id file, wal, shm, in; /* the four */
};

enum { WAL_SALTS_BYTES = 8 };

/* What tells whether a WAL belongs to a database; see wal_mark.c. */
struct wal_mark {
	unsigned char salts[WAL_SALTS_BYTES]; /* of the WAL that has the last mark; 0: none has */
	int pages;               /* in it, when that was written */
	bool moves;              /* it is being written */
};

/* What is known of the clock, and whether lines may go because they are old; see store_retention. */
struct retention {
	bool loaded;             /* false: the rest is to be read from meta */
	int64_t good_ms;         /* meta: the last time that is believed; 0: none is known */
	int64_t seen_ms;         /* meta: and the last that was noted, believed or not */
	int64_t agreed_ms;       /* meta: for how long the clocks have gone on together while it waits */
	enum retention_why waits; /* meta */
	uint32_t room;           /* meta: MUCH: of this room */
	bool granted;            /* meta: the pass that is under way, or is next, may take whatever is old */
	bool looked;             /* there was a look, at these times */
	int64_t wall_ms, boot_ms;
	int64_t noted_ms;        /* of boot_ms, when meta was written last */
	uint32_t from_room;      /* rooms below this number are looked at */
};

struct store {
	struct db db;             /* the connection */
	int lock_fd;              /* the database file under flock(2); -1: none. Closing it would
	                           * drop SQLite's own locks, so it is closed after the database */
	struct place place;       /* where that file belongs */
	bool writer;              /* true for the connection that writes */
	struct transaction transaction; /* of the connection that writes */
	uint64_t indexed;         /* lines up to this id are in the full-text index */
	uint64_t reindex_to;      /* and up to this one while that is made again; 0: it is not */
	const struct record *lines; /* nlines of them: what the table `lines` shows; borrowed */
	size_t nlines;            /* more than 0 only within store_save */
	struct known_rooms rooms; /* those that need no question */
	bool keeps;               /* true where some room may say itself how long its lines are kept */
	struct retention retention; /* for the connection that writes */
	bool wipes;              /* words of what was deleted may be in the file; for the connection that
	                           * writes, like the next */
	bool wiping;              /* and the index is being merged because of that */
	bool wipe_again;          /* more was deleted since that began */
	bool going;               /* true where some room may be going */
	char *going_key;          /* owned, with the next: marks of what was seen, up to the one with
	                           * this key and room, were looked at; NULL: none yet */
	int64_t going_room;
	bool erases;              /* true where some lines may be erasing (erase.c) */
	uint64_t kept_id;         /* lines up to this id are of rooms that say so in days: what is too
	                           * old for the others begins behind it */
	int wal_pages;            /* as of the last commit */
	struct wal_mark wal_mark; /* for the connection that writes */
	int64_t deadline_ms;      /* monotonic: when the query that runs is interrupted */
	int64_t cpu_deadline_ms;  /* the same by the thread's own time; 0: it has no such bound */
	int64_t quick_until_ms;   /* monotonic: it cannot have come to that before */
	bool interrupted;         /* true once store_interrupt was called; atomic access */
};

/* schema.c */

/* Refuses what is no database of chatd's, by its first bytes and before SQLite touches it. */
bool schema_check_file(int fd, const char *path, bool *fresh, struct store_error *err);
/* Brings the schema up to date and switches to WAL. */
bool schema_migrate(struct store *s, const char *path, bool fresh, struct store_error *err);

/* store.c */

/* What a connection needs before it is used: one that writes, to a file whose schema is up to
 * date, and one that reads. */
bool store_settle_writer(struct store *s, struct store_error *err);
bool store_settle_reader(struct store *s, struct store_error *err);

/* reconnect.c */

/* Takes s to the file at its path, by `settle` for what its connection needs. False: it stays
 * with the one that it had. */
bool store_reconnect(struct store *s, bool (*settle)(struct store *s, struct store_error *err),
                     struct store_error *err);

/* recovery.c */

/* Takes note of where s->db.sqlite lies. */
void place_note(struct store *s);
void place_release(struct store *s);
/* Before a database is opened to write: where chatd ended while it was written anew, that is
 * finished. False: err says why it cannot be. */
bool place_finish(const char *path, struct store_error *err);

/* wal_mark.c */

/* s->db.sqlite is to be written to, and nothing was yet: false if the WAL that lies beside its file does
 * not belong to it, and err says what to do. Neither is changed. */
bool mark_check(struct store *s, struct store_error *err);
/* After each commit of the connection that writes, within its hook. That a mark could not be
 * written is no error: the next commit tries again. */
void mark_committed(struct store *s, int pages);
/* The copy of a database at path is another from here on, to which no WAL of the first belongs. It is
 * not brought to the disk. False: that could not be done. */
bool mark_copy(const char *path);

/* files.c */

enum { STORE_FILE_MODE = 0600 }; /* of each file that is made: for chatd's own user alone */

/* fd is the database at path, locked and not yet opened by SQLite. Narrows it and what lies beside
 * it to STORE_FILE_MODE. False: one of them is another user's, or stays open to others; err says
 * so. */
bool files_check(int fd, const char *path, struct store_error *err);
/* False: what was found at path is another user's, and err says so. */
bool files_owned(const char *path, const struct stat *st, struct store_error *err);

/* lines_table.c */

/* Lets SQL read s->lines as a table of that name. */
bool lines_table_make(struct store *s);

/* room_retention.c */

/* How long one room's lines are kept, where it says so itself; 0: as for all rooms. */
struct keep {
	uint32_t room;   /* its number */
	uint32_t days;   /* lines older than so many days go */
	uint32_t lines;  /* and those beyond the newest so many */
};

/* RECORD_KEEP: saves it, within the transaction that is open. */
bool keep_save(struct store *s, const struct record *r);
/* All of them, in order of room, as an array that the caller frees, *n is how many. False:
 * error. */
bool keep_load(struct store *s, struct keep **keeps, size_t *n);
/* The room's among them; NULL: it has none. */
const struct keep *keep_of(const struct keep *keeps, size_t n, uint32_t room);

/* remove.c */

/* RECORD_REMOVE: the room is going, within the transaction that is open. */
bool remove_save(struct store *s, const struct record *r);
/* The room is going; of such a one nothing is shown and nothing saved. */
bool remove_has(struct store *s, uint32_t room);
/* Forgets how far it has looked: it begins again. */
void remove_release(struct store *s);

/* erase.c */

/* RECORD_ERASE: what somebody has said is going, within the transaction that is open. */
bool erase_save(struct store *s, const struct record *r);

/* wipe.c */

/* A line is deleted, within the transaction that is open: it is to leave the file too. */
bool wipe_note(struct store *s);

/* retention.c */

/* RECORD_PRUNE: what is old may go, within the transaction that is open. */
bool retention_record(struct store *s, const struct record *r);
/* That time is too far ahead to be believed. */
bool retention_doubts(const struct store *s, int64_t wall_ms);

/* maintenance.c */

/* Rooms that lost lines, each once, *n of them; and of these those that have none left. */
void rooms_note(uint32_t *room, int *n, uint32_t one);
bool rooms_keep_emptied(struct store *s, uint32_t *room, int *n);

/* Empties the index where it was made by another form of words than the present one: it is made again,
 * in the steps of store_index. */
bool store_index_check(struct store *s, struct store_error *err);

/* Deletes a line and its entry in the index, within the transaction that is open. Returns
 * its room; 0: there is no such line, or not in `room` (0: in any); -1: error. */
int64_t store_line_delete(struct store *s, uint64_t id, uint32_t room);

/* query.c */

/* The answer under construction. */
struct answer;

/* Copies the line that st's row shows (columns as in SQL_LINES_FIRST). False: the
 * answer is full, nothing was taken, and rows.more is set. */
bool answer_add(struct answer *a, struct store *s, sqlite3_stmt *st, bool hit);
void answer_set_more(struct answer *a);
/* So many percent of all lines were not searched (rows.unindexed). */
void answer_set_unindexed(struct answer *a, uint8_t percent);
/* What the row added last says of unread lines. */
void answer_set_unread(struct answer *a, uint32_t lines, uint32_t mentions);
/* Binds a range of a room's lines to SQL_LINES_FIRST or SQL_LINES_LAST, unbounded in time. */
void range_bind(sqlite3_stmt *st, uint32_t room, uint64_t after_id, uint64_t before_id,
                uint32_t limit);
void answer_fail(struct answer *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* For a step that ended with an error: says so, as the person who asked should read it. */
void answer_broken(struct answer *a, struct store *s, const char *too_long);
/* Lines in the ranges, as far as MISSED_MAX, without those of nick, which ends at a line end too; and
 * the same by a statement that takes from, to and a bound as its parameters 2 to 4. -1: error. */
int64_t count_lines(struct store *s, uint32_t room, const char *nick, const struct ranges *in);
int64_t count_in(struct store *s, sqlite3_stmt *st, const struct ranges *in);

/* figures.c */
struct rows *store_figures(struct store *s, const struct query *q);

/* backup.c */
struct rows *store_backup(struct store *s, const struct query *q);

/* search.c */

void search_answer(struct store *s, const struct query *q, struct answer *a);
void unread_answer(struct store *s, const struct query *q, struct answer *a);

#endif
