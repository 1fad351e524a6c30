/*
 * When the WAL is copied into the database, and by which thread.
 */
#include "chatd/store/threads/wal_copy.h"

#include "chatd/base/clock.h"
#include "chatd/store/threads/writer_state.h"

enum {
	PAGE_BYTES = 4096,      /* of a page of the database */
	WAL_TRY_MS = 100,       /* between two tries while searches are held */
	WAL_EMPTY_BYTES = WAL_PAGES_LAST * PAGE_BYTES, /* a smaller WAL is not emptied */
	WAL_EMPTY_MS = 500,     /* between two tries while somebody reads, and after a first failure */
	WAL_EMPTY_MS_MAX = 60000, /* after failures, each of which may write much in vain: twice as long after each, up
	                         * to this */
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
	return pages > WAL_PAGES_MAX ? wal_left(w) > WAL_PAGES_LAST && new >= WAL_PAGES_LAST / 2 : new >= WAL_PAGES_COPY;
}

bool wal_copy_most(struct writer *w, struct store *s)
{
	int pages = atomic_load(&w->files.wal.pages);
	bool synced = store_checkpoint(s);
	atomic_store(&w->files.wal.copied, store_wal_copied(s));
	atomic_store(&w->files.wal.seen, pages);
	return synced;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void wal_hold_searches(struct writer *w)
{
	struct wal_copy *wal = &w->files.wal;
	int64_t now = clock_ms(CLOCK_MONOTONIC), rest_ms = wal->rest_ms > 0 ? wal->rest_ms : SEARCH_REST_MS;
	if (now < wal->hold_at_ms)
		return;
	wal->hold_at_ms = now + SEARCH_HOLD_MS + rest_ms;
	wal->rest_ms = least(2 * rest_ms, SEARCH_REST_MS_MAX);
	wal->try_at_ms = now;
	atomic_store(&wal->search_at_ms, now + SEARCH_HOLD_MS);
}

void wal_let_searches(struct writer *w)
{
	struct wal_copy *wal = &w->files.wal;
	wal->rest_ms = 0;
	wal->hold_at_ms = least(wal->hold_at_ms, clock_ms(CLOCK_MONOTONIC) + SEARCH_REST_MS);
	if (atomic_exchange(&w->files.wal.search_at_ms, 0) == 0)
		return;
	sleeper_wake(&w->readers[READER_SEARCHES].sleeper);
	sleeper_wake(&w->readers[READER_LONG].sleeper);
}

bool wal_start_again(struct writer *w)
{
	int pages = store_wal_pages(w->store);
	if (pages <= WAL_PAGES_LATE && wal_left(w) > WAL_PAGES_LAST) {
		atomic_store(&w->files.wal.seen, 0); /* it may look again, although nothing is new */
		sleeper_wake(&w->readers[READER_RANGES].sleeper);
		return false;
	}
	w->files.wal.tried = pages;
	if (!store_checkpoint_last(w->store))
		return false;
	wal_let_searches(w);
	return true;
}

int64_t wal_next_ms(const struct writer *w)
{
	return wal_searches_held_ms(w) > 0 && store_wal_pages(w->store) > WAL_PAGES_HOLD ? w->files.wal.try_at_ms : INT64_MAX;
}

void wal_work(struct writer *w)
{
	if (clock_ms(CLOCK_MONOTONIC) < wal_next_ms(w))
		return;
	wal_start_again(w);
	w->files.wal.try_at_ms = clock_ms(CLOCK_MONOTONIC) + WAL_TRY_MS; /* after it, as it may take long */
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
	if (last && (pages < tried || pages - tried >= WAL_PAGES_TRY))
		wal_start_again(w);
	else if (wal_copy_due(w))
		sleeper_wake(&w->readers[READER_RANGES].sleeper);
}

bool wal_give_back(struct writer *w)
{
	struct wal_copy *wal = &w->files.wal;
	int64_t now = clock_ms(CLOCK_MONOTONIC), wait_ms = WAL_EMPTY_MS;
	if (now < wal->empty_at_ms || store_wal_bytes(w->store) < WAL_EMPTY_BYTES || atomic_load(&w->files.doubted) ||
	    !store_is_intact(w->store))
		return false;
	enum wal_emptied emptied = store_wal_empty(w->store);
	if (emptied == WAL_EMPTY_FAILS) {
		wait_ms = wal->empty_wait_ms > 0 ? wal->empty_wait_ms : WAL_EMPTY_MS;
		wal->empty_wait_ms = least(2 * wait_ms, WAL_EMPTY_MS_MAX);
	} else {
		wal->empty_wait_ms = 0;
	}
	wal->empty_at_ms = clock_ms(CLOCK_MONOTONIC) + wait_ms;
	if (emptied == WAL_IN_USE)
		wal_hold_searches(w);
	if (emptied != WAL_EMPTIED)
		return false;
	wal->tried = 0;
	atomic_store(&wal->pages, 0);
	atomic_store(&wal->copied, 0);
	atomic_store(&wal->seen, 0);
	wal_let_searches(w);
	return true;
}
