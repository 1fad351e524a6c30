/*
 * Preparing connections: pragmas, SQLite's hooks, and what interrupts a query.
 */
#include "chatd/store/db/connect.h"

#include "chatd/base/bounds.h"
#include "chatd/base/clock.h"
#include "chatd/store/db/state.h"

#include <stdio.h>

enum {
	PROGRESS_STEPS = 100,        /* virtual machine steps between two looks at the clock: a few
	                              * steps of the full-text index take a millisecond together */
	WAL_BYTES_KEPT = 64 << 20,   /* a longer WAL file is truncated when it starts again;
	                              * truncating takes time, so only a WAL grown by a long read
	                              * is */
};

static int on_wal(void *ctx, sqlite3 *db, const char *name, int pages)
{
	(void)db;
	(void)name;
	struct store *s = ctx;
	s->wal_pages = pages;
	wal_mark_committed(s, pages);
	return SQLITE_OK;
}

static int on_progress(void *ctx)
{
	struct store *s = ctx;
	int64_t now_ms = s->bounds.deadline_ms ? clock_ms(CLOCK_MONOTONIC) : 0;
	return __atomic_load_n(&s->bounds.interrupted, __ATOMIC_RELAXED) || now_ms > s->bounds.deadline_ms ||
	       /* Reading the thread's own time costs a system call, and it is never more than
	        * this. */
	       (s->bounds.cpu_deadline_ms && now_ms > s->bounds.quick_until_ms &&
	        clock_ms(CLOCK_THREAD_CPUTIME_ID) > s->bounds.cpu_deadline_ms);
}

bool connect_writer(struct store *s, struct store_error *err)
{
	char pragmas[200];
	if (!lines_table_make(s))
		return store_fail(s, err);
	snprintf(pragmas, sizeof(pragmas), "PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;"
	         "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -%d;"
	         "PRAGMA journal_size_limit = %d", STORE_CACHE_KIB, WAL_BYTES_KEPT);
	if (sqlite3_exec(s->db.sqlite, pragmas, NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(s, err);
	sqlite3_wal_hook(s->db.sqlite, on_wal, s); /* also turns automatic checkpoints off */
	return true;
}

bool connect_reader(struct store *s, struct store_error *err)
{
	char pragmas[160];
	snprintf(pragmas, sizeof(pragmas), "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;"
	         "PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = NORMAL;"
	         "PRAGMA cache_size = -%d", READER_CACHE_KIB);
	sqlite3_exec(s->db.sqlite, pragmas, NULL, NULL, NULL);
	if (sqlite3_exec(s->db.sqlite, "SELECT count(*) FROM meta", NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(s, err);
	sqlite3_progress_handler(s->db.sqlite, PROGRESS_STEPS, on_progress, s);
	return true;
}

bool connect_again(struct store *s, bool (*settle)(struct store *s, struct store_error *err),
                   struct store_error *err)
{
	struct db old = s->db;
	s->db = (struct db){ .sqlite = NULL };
	if (db_open(&s->db, s->location.path, s->writer, err) && settle(s, err)) {
		db_close(&old);
		return true;
	}
	db_close(&s->db);
	s->db = old;
	return false;
}

bool store_reopen(struct store *s, struct store_error *err)
{
	return connect_again(s, connect_reader, err);
}

void store_interrupt(struct store *s)
{
	__atomic_store_n(&s->bounds.interrupted, true, __ATOMIC_RELAXED);
}
