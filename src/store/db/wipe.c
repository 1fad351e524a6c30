/*
 * Wiping deleted lines from the file.
 *
 * SQLite overwrites what it frees (secure_delete), but the full-text index only notes that a line
 * is gone, and the WAL still has older pages. So all parts of the index are merged into one, in steps,
 * and then the WAL is checkpointed and truncated. FTS5 limits what a step writes: one that meets
 * only deleted lines takes time in proportion to them (282 ms for a million deleted lines). meta
 * ("wipe") records that this is still to be done.
 */
#include "chatd/store/db/wipe.h"

#include "chatd/store/db/checkpoint.h"
#include "chatd/store/db/index_parts.h"
#include "chatd/store/db/state.h"

void store_wipe_want(struct store *s)
{
	/* A merge under way is finished first: otherwise somebody who goes on deleting could keep
	 * other people's deleted lines in the file. */
	s->wipe.again = s->wipe.running;
	s->wipe.wanted = true;
}

bool wipe_note(struct store *s)
{
	store_wipe_want(s);
	return db_meta_set(&s->db, "wipe", 1);
}

bool wipe_note_pruned(struct store *s)
{
	s->wipe.pruned = s->wipe.running;
	return db_meta_set(&s->db, "wipe", 1);
}

bool store_wipes(const struct store *s)
{
	return s->wipe.wanted;
}

/* 1: there may be more to merge; 0: there is not; -1: error. */
static int merge(struct store *s, int pages)
{
	int more = 1;
	if (!db_begin(&s->db, SQL_BEGIN))
		return -1;
	if (s->wipe.running)
		more = index_merge_on(s, pages);
	else if (!index_merge_all(s, pages) || !db_meta_set(&s->db, "wipe", 1))
		return -1;
	if (more < 0 || !db_run(db_stmt(&s->db, SQL_COMMIT)))
		return -1;
	s->wipe.running = true;
	return more;
}

enum wipe_step store_wipe(struct store *s, int pages, struct store_error *err)
{
	if (!transaction_set_synced(s, false)) {
		store_fail(s, err);
		return WIPE_FAILS;
	}
	int more = merge(s, pages);
	if (more < 0) {
		store_fail(s, err);
		return WIPE_FAILS;
	}
	if (more)
		return WIPE_GOES_ON;
	enum wal_emptied emptied = store_wal_empty(s);
	if (emptied == WAL_IN_USE)
		return WIPE_WAITS;
	bool left = s->wipe.again || s->wipe.pruned;
	if (emptied != WAL_EMPTIED || !db_begin(&s->db, SQL_BEGIN) || !index_merged_all(s) ||
	    !db_meta_set(&s->db, "wipe", left) || !db_run(db_stmt(&s->db, SQL_COMMIT))) {
		store_fail(s, err);
		return WIPE_FAILS;
	}
	s->wipe.wanted = s->wipe.again;
	s->wipe.running = s->wipe.again = s->wipe.pruned = false;
	return WIPE_DONE;
}
