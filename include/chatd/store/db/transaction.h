/*
 * Transactions of the connection that writes, and the marks that they move.
 */
#ifndef CHATD_STORE_DB_TRANSACTION_H
#define CHATD_STORE_DB_TRANSACTION_H

#include "chatd/store/db/error.h"

#include <stdint.h>

struct store;

/* Marks that a transaction moves; a rollback moves them back. */
struct store_marks {
	uint64_t seq;          /* highest seq saved */
	uint64_t line_id;      /* highest id of a line saved */
	uint32_t room;         /* highest room number used */
	int64_t time_max_ms;   /* no saved line is later than this */
	int64_t time_back_ms;  /* the most by which a line's time precedes an earlier line's; more
	                        * than 0 only if the clock was set back between two runs */
	bool of_cluster;       /* the database is known to belong to the cluster whose positions are
	                        * saved */
};

struct transaction {
	struct store_marks saved; /* as of the last commit */
	struct store_marks batch; /* as of the open transaction */
	uint64_t meta_seq;        /* the value of saved.seq in meta */
	bool seq_binds;           /* true if the open transaction must write its last seq to meta,
	                           * because no line records it, or a position is saved with it */
	bool sync;                /* true if each commit of lines is fsynced */
	bool synced;              /* true exactly while synchronous is FULL */
};

/*
 * One transaction: store_begin, any number of calls of store_save (save.h), each for n records in
 * order (many at once cost less each), store_commit. On false the transaction has been rolled back
 * and err says why ("the disk is full"); the caller keeps the records and tries again later.
 */
bool store_begin(struct store *s, struct store_error *err);
bool store_commit(struct store *s, struct store_error *err);

/* Rolls back what is open and describes in err what SQLite last reported. Returns false. */
bool store_fail(struct store *s, struct store_error *err);

/* Turns `synchronous = FULL` on or off for the transactions that follow. False: error. */
bool transaction_set_synced(struct store *s, bool synced);
/* Begins a transaction of the store's own, which does no harm if it is lost, and so is not fsynced.
 * False: error. */
bool transaction_begin_unsynced(struct store *s);

#endif
