/*
 * The WAL is copied, starts again and is given back, and searches are held for that.
 */
#include "writer_help.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include "chatd/base/clock.h"
#include "chatd/store/threads/writer_state.h"

enum { LOOK_US = 1000 };

void __real_sleeper_sleep(struct sleeper *s, int timeout_ms, bool (*ready)(void *ctx), void *ctx);
void __wrap_sleeper_sleep(struct sleeper *s, int timeout_ms, bool (*ready)(void *ctx), void *ctx);

/* Of this thread: it has decided how long to sleep, and stays there until it is let. NULL: none. */
static _Atomic(struct sleeper *) stopped;
static _Atomic bool has_stopped;

void __wrap_sleeper_sleep(struct sleeper *s, int timeout_ms, bool (*ready)(void *ctx), void *ctx)
{
	if (s == atomic_load(&stopped)) {
		atomic_store(&has_stopped, true);
		while (s == atomic_load(&stopped))
			usleep(LOOK_US);
	}
	__real_sleeper_sleep(s, timeout_ms, ready, ctx);
}

/* -- the loop's threads -------------------------------------------------------------- */

static void the_wal_is_copied_between_queries(void **state)
{
	(void)state;
	struct stat st;
	char body[4001];
	memset(body, 'x', 4000);
	body[4000] = '\0';
	for (int i = 0; i < 1500; i++)
		append(body);
	until_stored();
	do { /* it comes when the reader is told, at the latest after an answer */
		size_t from = loop.heard_n;
		ask(QUERY_LAST, "");
		until_heard('R', from);
		assert_int_equal(stat(folder_file(loop.folder, "chat.db"), &st), 0);
	} while (st.st_size < 200 * 4096);
}

static void until_indexed(void)
{
	struct progress *p = &loop.w->progress;
	for (uint64_t indexed = 0; indexed < loop.seq; usleep(LOOK_US)) {
		pthread_mutex_lock(&p->mutex);
		indexed = p->indexed;
		pthread_mutex_unlock(&p->mutex);
	}
}

static void append_much(void)
{
	char body[4001];
	memset(body, 'x', 4000);
	body[4000] = '\0';
	for (int i = 0; i < 100; i++)
		append(body);
	while (loop.seq - loop.stored > 200)
		loop_turn();
}

static void until_the_wal_starts_again(void)
{
	int pages = 0, before;
	do {
		before = pages;
		append_much();
		pages = atomic_load(&loop.w->files.wal.pages);
	} while (pages >= before);
}

/* Which it only does where nothing was written since all of it was copied. */
static void the_wal_starts_again_amid_talk(void **state)
{
	(void)state;
	until_the_wal_starts_again();
}

/* Somebody who reads keeps the WAL from starting again, so no search begins for a while. */
static void a_wal_that_grows_holds_searches(void **state)
{
	struct wal_copy *wal = &loop.w->files.wal;
	sqlite3 *db;
	(void)state;
	append("one");
	until_stored();
	db = somebody_reads(loop.folder);
	while (atomic_load(&wal->search_at_ms) == 0) {
		assert_true(atomic_load(&wal->pages) < 2 * WAL_PAGES_HOLD);
		append_much();
	}
	assert_true(atomic_load(&wal->pages) > WAL_PAGES_MAX);
	until_stored();
	until_indexed();
	/* Nothing more is written. (And they are held for as long as this takes.) */
	atomic_store(&wal->search_at_ms, clock_ms(CLOCK_MONOTONIC) + HANGING_S * 1000);
	sleeper_wake(&loop.w->sleeper);
	sqlite3_close(db);
	while (atomic_load(&wal->search_at_ms) != 0)
		usleep(LOOK_US);
	append("two");
	until_stored();
	/* Which is told before that is seen. */
	while (atomic_load(&wal->pages) > WAL_PAGES_MAX)
		usleep(LOOK_US);
}

static void searches_that_are_held_wait(void **state)
{
	enum { TIMES = 50 };
	struct wal_copy *wal = &loop.w->files.wal;
	size_t from = 0;
	(void)state;
	append("hello");
	ask(QUERY_SEARCH, "hello");
	until_heard('R', from);
	atomic_store(&wal->search_at_ms, clock_ms(CLOCK_MONOTONIC) + HANGING_S * 1000);
	ask(QUERY_SEARCH, "hello");
	for (int i = 0; i < TIMES; i++) {
		from = loop.heard_n;
		ask(QUERY_LAST, "");
		until_heard('R', from);
		assert_string_equal(loop.rows, "1");
	}
	from = loop.heard_n;
	/* They end by themselves. */
	atomic_store(&wal->search_at_ms, clock_ms(CLOCK_MONOTONIC) + 100);
	sleeper_wake(&loop.w->readers[READER_SEARCHES].sleeper);
	until_heard('R', from);
	assert_string_equal(loop.rows, "1*");
}

/* It has looked whether there is work, and nobody will wake it when they are held no longer. */
static void a_search_that_comes_as_they_are_held_is_answered(void **state)
{
	struct sleeper *searches = &loop.w->readers[READER_SEARCHES].sleeper;
	(void)state;
	append("hello");
	until_stored();
	atomic_store(&has_stopped, false);
	atomic_store(&stopped, searches);
	while (!atomic_load(&has_stopped)) {
		sleeper_wake(searches);
		usleep(LOOK_US);
	}
	atomic_store(&loop.w->files.wal.search_at_ms, clock_ms(CLOCK_MONOTONIC) + 200);
	size_t from = loop.heard_n;
	ask(QUERY_SEARCH, "hello");
	loop_wake();
	atomic_store(&stopped, NULL);
	until_heard('R', from);
	assert_string_equal(loop.rows, "1*");
}

/* -- without threads ------------------------------------------------------------------- */

static struct writer writer;

static int writer_setup(void **state)
{
	int rc = folder_setup(state);
	loop.folder = *state;
	memset(&writer, 0, sizeof(writer));
	loop.seq = 0;
	if (rc == 0)
		writer.store = store_in(folder_file(loop.folder, "chat.db"));
	return rc;
}

static int writer_teardown(void **state)
{
	store_close(writer.store);
	return folder_teardown(state);
}

static void save_pages(int pages)
{
	char body[4001];
	struct store_error err;
	memset(body, 'x', 4000);
	body[4000] = '\0';
	assert_true(store_begin(writer.store, &err));
	for (int i = 0; i < pages; i++) {
		struct record r = line_of(++loop.seq, 1, "alice", body);
		assert_true(store_save(writer.store, &r, 1, &err));
	}
	assert_true(store_commit(writer.store, &err));
}

/* Otherwise the writer would take what is left of it for the last part, and copy all of it between two commits. */
static void a_wal_that_starts_again_is_not_copied_yet(void **state)
{
	enum { PAGES = WAL_PAGES_MAX + 1 };
	struct wal_copy *wal = &writer.files.wal;
	(void)state;
	save_pages(1);
	wal_grown(&writer);
	/* As if the WAL had grown this long. */
	atomic_store(&wal->seen, PAGES);
	atomic_store(&wal->copied, PAGES - WAL_PAGES_LAST);
	atomic_store(&wal->pages, PAGES);
	assert_int_equal(wal_left(&writer), WAL_PAGES_LAST);
	save_pages(1);
	wal_grown(&writer);
	assert_true(atomic_load(&wal->pages) < PAGES);
	/* And the new one grows as long before the reader copies it. */
	atomic_store(&wal->pages, PAGES);
	assert_int_equal(wal_left(&writer), PAGES);
}

/* Whoever reads for long keeps others from searching ever more rarely. */
static void holds_in_vain_become_rare(void **state)
{
	struct wal_copy *wal = &writer.files.wal;
	int64_t rest_ms = SEARCH_REST_MS;
	(void)state;
	for (int i = 0; i < 6; i++) {
		wal->hold_at_ms = 0;
		wal_hold_searches(&writer);
		assert_int_equal(wal->hold_at_ms - atomic_load(&wal->search_at_ms), rest_ms);
		assert_in_range(wal_searches_held_ms(&writer), 1, SEARCH_HOLD_MS);
		/* Not before that. */
		int64_t again_ms = wal->hold_at_ms;
		wal_hold_searches(&writer);
		assert_int_equal(wal->hold_at_ms, again_ms);
		rest_ms = 2 * rest_ms < SEARCH_REST_MS_MAX ? 2 * rest_ms : SEARCH_REST_MS_MAX;
	}
	/* Until one was not. */
	wal_let_searches(&writer);
	assert_int_equal(wal_searches_held_ms(&writer), 0);
	assert_true(wal->hold_at_ms <= clock_ms(CLOCK_MONOTONIC) + SEARCH_REST_MS);
	wal->hold_at_ms = 0;
	wal_hold_searches(&writer);
	assert_int_equal(wal->hold_at_ms - atomic_load(&wal->search_at_ms), SEARCH_REST_MS);
}

static int64_t wal_file_bytes(void)
{
	struct stat st;
	assert_int_equal(stat(folder_file(loop.folder, "chat.db-wal"), &st), 0);
	return st.st_size;
}

static void a_long_wal_is_given_back(void **state)
{
	sqlite3 *db;
	(void)state;
	save_pages(10);
	assert_false(wal_give_back(&writer)); /* too little of it */
	db = somebody_reads(loop.folder);
	save_pages(WAL_PAGES_LAST);
	int64_t before_ms = clock_ms(CLOCK_MONOTONIC);
	assert_false(wal_give_back(&writer)); /* somebody reads it */
	assert_true(wal_searches_held_ms(&writer) > 0);
	sqlite3_close(db);
	assert_true(writer.files.wal.empty_at_ms > before_ms); /* not again at once */
	writer.files.wal.empty_at_ms = INT64_MAX;
	assert_false(wal_give_back(&writer));
	writer.files.wal.empty_at_ms = 0;
	wal_grown(&writer);
	assert_true(wal_left(&writer) > WAL_PAGES_LAST);
	assert_true(wal_give_back(&writer));
	assert_int_equal(wal_file_bytes(), 0);
	assert_int_equal(wal_left(&writer), 0);
	assert_int_equal(store_wal_pages(writer.store), 0);
	assert_int_equal(wal_searches_held_ms(&writer), 0);
	/* Also one that an earlier chatd has left: whoever else has it open keeps it from being copied. */
	save_pages(WAL_PAGES_LAST);
	db = somebody_reads(loop.folder);
	store_close(writer.store);
	writer.store = store_in(folder_file(loop.folder, "chat.db"));
	sqlite3_close(db);
	writer.files.wal.empty_at_ms = 0;
	assert_true(wal_file_bytes() > WAL_PAGES_LAST * 4096);
	assert_true(wal_give_back(&writer));
	assert_int_equal(wal_file_bytes(), 0);
}

#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, loop_setup, loop_teardown)
/* What a failed sync has lost may still be in the WAL. */
static void the_wal_of_a_doubted_file_is_kept(void **state)
{
	(void)state;
	save_pages(WAL_PAGES_LAST + 1);
	atomic_store(&writer.files.doubted, true);
	assert_false(wal_give_back(&writer));
	atomic_store(&writer.files.doubted, false);
	store_doubt(writer.store);
	assert_false(wal_give_back(&writer));
	assert_false(wal_start_again(&writer));
	assert_int_equal(store_wal_empty(writer.store), WAL_EMPTY_FAILS);
	assert_true(wal_file_bytes() > WAL_PAGES_LAST * 4096);
}

#define WITH_WRITER(test) cmocka_unit_test_setup_teardown(test, writer_setup, writer_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOOP(the_wal_is_copied_between_queries),
		WITH_LOOP(the_wal_starts_again_amid_talk),
		WITH_LOOP(a_wal_that_grows_holds_searches),
		WITH_LOOP(searches_that_are_held_wait),
		WITH_LOOP(a_search_that_comes_as_they_are_held_is_answered),
		WITH_WRITER(a_wal_that_starts_again_is_not_copied_yet),
		WITH_WRITER(holds_in_vain_become_rare),
		WITH_WRITER(a_long_wal_is_given_back),
		WITH_WRITER(the_wal_of_a_doubted_file_is_kept),
	};
	return cmocka_run_group_tests(tests, group_setup, NULL);
}
