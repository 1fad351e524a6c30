/*
 * Transactions of the connection that writes: what one moves, and a rollback moves back.
 */
#ifndef CHATD_STORE_DB_TRANSACTION_H
#define CHATD_STORE_DB_TRANSACTION_H

#include "chatd/store/db/error.h"

#include <stdint.h>

struct store;

/* The marks that a transaction moves; a rollback moves them back. */
struct store_marks {
	uint64_t seq;          /* highest seq saved */
	uint64_t line_id;      /* highest id of a line saved */
	uint32_t room;         /* highest room number used */
	int64_t time_max_ms;   /* no line saved is later than this */
	int64_t time_back_ms;  /* the most that a line's time lies before an earlier line's; more
	                        * than 0 only where the clock was set back between two runs */
};

struct transaction {
	struct store_marks saved; /* as of the last commit */
	struct store_marks batch; /* as of the transaction that is open */
	uint64_t meta_seq;        /* what meta says about saved.seq */
	bool seq_binds;           /* true where the open transaction must write its last seq to meta,
	                           * because no line will tell it */
	bool sync;                /* true where each commit of lines is fsynced */
	bool synced;              /* true exactly while synchronous is FULL */
};

/*
 * One transaction: store_begin, store_save (save.h) for n records in order, as often as one
 * likes (many at once cost less each), store_commit. On
 * false the transaction has been rolled back and err says why ("disk is full");
 * the caller keeps the records and tries again later.
 */
bool store_begin(struct store *s, struct store_error *err);
bool store_commit(struct store *s, struct store_error *err);

/* Rolls back what is open, writes a sentence for what SQLite last reported; false. */
bool store_fail(struct store *s, struct store_error *err);

/* Takes or leaves FULL synchronous for the transactions that follow. False: error. */
bool transaction_set_synced(struct store *s, bool synced);
/* A transaction of the store's own, which loses nothing where it is lost: not fsynced. False:
 * error. */
bool transaction_begin_unsynced(struct store *s);

#endif
