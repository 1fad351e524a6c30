/*
 * When the WAL is copied into the database, and by which thread.
 */
#include "chatd/store/threads/wal_copy.h"

#include "chatd/base/clock.h"
#include "chatd/store/threads/writer_state.h"

enum {
	PAGE_BYTES = 4096,      /* of a page of the database */
};

int wal_left(const struct writer *w)
{
	int pages = atomic_load(&w->files.wal.pages), copied = atomic_load(&w->files.wal.copied);
	return pages - (pages < copied ? 0 : copied);
}

int wal_searches_held_ms(const struct writer *w)
{
	int64_t at = atomic_load(&w->files.wal.search_at_ms), now = at != 0 ? clock_ms(CLOCK_MONOTONIC) : 0;
	return at > now ? (int)(at - now) : 0;
}

bool wal_copy_due(const struct writer *w)
{
	int pages = atomic_load(&w->files.wal.pages), seen = atomic_load(&w->files.wal.seen);
	int new = pages - (pages < seen ? 0 : seen);
	/* The last part is the writer's. While somebody reads for long, more looks would be in vain. */
	int least = wal_searches_held_ms(w) > 0 ? WAL_PAGES_HELD : WAL_PAGES_LAST / 2;
	return pages > WAL_PAGES_MAX ? wal_left(w) > WAL_PAGES_LAST && new >= least : new >= WAL_PAGES_COPY;
}

bool wal_copy_most(struct writer *w, struct store *s)
{
	int pages = atomic_load(&w->files.wal.pages);
	bool synced = store_checkpoint(s);
	atomic_store(&w->files.wal.copied, store_wal_copied(s));
	atomic_store(&w->files.wal.seen, pages);
	return synced;
}

void wal_hold_searches(struct writer *w)
{
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	if (now < w->files.wal.hold_at_ms)
		return;
	w->files.wal.hold_at_ms = now + SEARCH_HOLD_MS + SEARCH_REST_MS;
	atomic_store(&w->files.wal.search_at_ms, now + SEARCH_HOLD_MS);
}

void wal_let_searches(struct writer *w)
{
	if (atomic_exchange(&w->files.wal.search_at_ms, 0) == 0)
		return;
	sleeper_wake(&w->readers[READER_SEARCHES].sleeper);
	sleeper_wake(&w->readers[READER_LONG].sleeper);
}

bool wal_copy_last(struct writer *w)
{
	w->files.wal.tried = store_wal_pages(w->store);
	if (!store_checkpoint_last(w->store))
		return false;
	wal_let_searches(w);
	return true;
}

void wal_grown(struct writer *w)
{
	int pages = store_wal_pages(w->store), before = atomic_load(&w->files.wal.pages), tried = w->files.wal.tried;
	/* It has started again. */
	if (pages < before) {
		atomic_store(&w->files.wal.copied, 0);
		atomic_store(&w->files.wal.seen, 0);
		before = 0;
		wal_let_searches(w);
	}
	if (pages > WAL_PAGES_HOLD)
		wal_hold_searches(w);
	w->files.wal.written += (uint64_t)(pages - before) * PAGE_BYTES;
	atomic_store(&w->files.wal.pages, pages);
	bool last = pages > WAL_PAGES_LATE || (pages > WAL_PAGES_MAX && wal_left(w) <= WAL_PAGES_LAST);
	/* While somebody reads for long, more tries would be in vain, and each takes milliseconds. */
	if (last && (pages < tried ||
	             pages - tried >= (wal_searches_held_ms(w) > 0 ? WAL_PAGES_HELD : WAL_PAGES_TRY))) {
		wal_copy_last(w);
	} else if (wal_copy_due(w)) {
		sleeper_wake(&w->readers[READER_RANGES].sleeper);
	}
}
