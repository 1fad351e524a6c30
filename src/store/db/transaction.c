/*
 * Begin, commit, and the way back from an error.
 */
#include "chatd/store/db/transaction.h"

#include "chatd/store/db/state.h"

bool transaction_set_synced(struct store *s, bool synced)
{
	struct transaction *t = &s->transaction;
	if (t->synced != synced &&
	    sqlite3_exec(s->db.sqlite,
	                 synced ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
	                 NULL, NULL, NULL) == SQLITE_OK)
		t->synced = synced;
	return t->synced == synced;
}

bool transaction_begin_unsynced(struct store *s)
{
	return transaction_set_synced(s, false) && db_begin(&s->db, SQL_BEGIN);
}

bool store_fail(struct store *s, struct store_error *err)
{
	db_explain(&s->db, err);
	db_rollback(&s->db);
	/* What is remembered may include rows and counts of the batch. */
	known_rooms_forget(&s->rooms);
	s->transaction.batch = s->transaction.saved;
	return false;
}

bool store_begin(struct store *s, struct store_error *err)
{
	struct transaction *t = &s->transaction;
	t->batch = t->saved;
	t->seq_binds = false;
	return (transaction_set_synced(s, t->sync) && db_begin(&s->db, SQL_BEGIN)) ||
	       store_fail(s, err);
}

bool store_commit(struct store *s, struct store_error *err)
{
	struct transaction *t = &s->transaction;
	if (t->seq_binds && !db_meta_set(&s->db, "last_seq", (int64_t)t->batch.seq))
		return store_fail(s, err);
	if (!db_run(db_stmt(&s->db, SQL_COMMIT)))
		return store_fail(s, err);
	t->saved = t->batch;
	if (t->seq_binds)
		t->meta_seq = t->saved.seq;
	return true;
}
