/*
 * Between commits: what is deleted, and wiped, and what waits for what.
 */
#include "store_help.h"

#include <sqlite3.h>

#include "chatd/base/clock.h"
#include "chatd/core/people/name.h"
#include "chatd/store/db/state.h"
#include "chatd/store/threads/deletion.h"
#include "chatd/store/threads/writer_state.h"

static struct folder *folder;
static struct writer writer;
static struct deletion deletion;
static uint64_t seq;

static int writer_setup(void **state)
{
	int rc = folder_setup(state);
	folder = *state;
	seq = 0;
	memset(&writer, 0, sizeof(writer));
	if (rc)
		return rc;
	writer.store = store_in(folder_file(folder, "chat.db"));
	writer.queue = queue_new(1 << 16, 100, false);
	writer.notifications.inbox.event_fd = -1;
	deletion_start(&deletion, &writer);
	deletion.pruning.at_ms = INT64_MAX;
	return 0;
}

static int writer_teardown(void **state)
{
	struct notification n;
	while (notifications_next(&writer.notifications, &n))
		writer_event_release(&n.event);
	queue_free(writer.queue);
	store_close(writer.store);
	return folder_teardown(state);
}

static int64_t now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

static void delete_line(uint64_t id)
{
	struct record r = record_as(++seq, 1, RECORD_DELETE, "", id, "");
	save_all(writer.store, &r, 1);
}

/* Lines, of which one was deleted, so that a wipe has several steps. */
static void a_line_is_deleted(void)
{
	for (int i = 0; i < 40; i++) {
		save_lines(writer.store, 1, seq + 1, seq + 50);
		seq += 50;
		index_all(writer.store);
	}
	delete_line(seq - 100);
	assert_true(store_wipes(writer.store));
}

static void wiping_is_due(void)
{
	deletion.wiping.at_ms = now_ms();
	deletion.wiping.held_ms = 0;
}

static void until_wiped(bool busy)
{
	enum { WAIT_MS = 20000 };
	int64_t until = now_ms() + WAIT_MS;
	while (store_wipes(writer.store)) {
		deletion_wipe(&deletion, busy);
		assert_true(now_ms() < until);
	}
}

/* -- wiping --------------------------------------------------------------------- */

static void wiping_waits_for_more(void **state)
{
	(void)state;
	assert_false(deletion_wipe(&deletion, false));
	a_line_is_deleted();
	assert_false(deletion_wipe(&deletion, false));
	assert_true(deletion.wiping.at_ms > now_ms() + 20000);
	wiping_is_due();
	assert_true(deletion_next_ms(&deletion) <= now_ms());
	assert_true(deletion_wipe(&deletion, false));
	until_wiped(false);
	assert_false(deletion_wipe(&deletion, false));
	assert_true(deletion_next_ms(&deletion) > now_ms());
}

static void wiping_gives_way(void **state)
{
	struct record r = line_of(1, 1, "alice", "hello");
	struct queue_mark end;
	(void)state;
	a_line_is_deleted();
	wiping_is_due();
	assert_false(deletion_wipe(&deletion, true));
	assert_true(queue_push(writer.queue, &r));
	assert_false(deletion_wipe(&deletion, false));
	end = queue_first(writer.queue);
	assert_true(queue_next(writer.queue, &end, &r));
	queue_drop(writer.queue, &end);
	assert_true(deletion_wipe(&deletion, false));
}

/* People talk without a pause. */
static void wiping_that_is_late_does_not(void **state)
{
	enum { LATE_MS = 10001 };
	(void)state;
	a_line_is_deleted();
	wiping_is_due();
	deletion.wiping.at_ms -= LATE_MS;
	int64_t due_ms = deletion.wiping.at_ms;
	assert_true(deletion_wipe(&deletion, true));
	/* But rests between two steps, for a multiple of what one took. */
	assert_true(deletion.wiping.at_ms > due_ms);
	until_wiped(true);
}

static void the_wal_grows(void)
{
	char body[4001];
	struct store_error err;
	memset(body, 'x', sizeof(body) - 1);
	body[sizeof(body) - 1] = '\0';
	while (store_wal_pages(writer.store) <= WAL_PAGES_HOLD) {
		assert_true(store_begin(writer.store, &err));
		for (int i = 0; i < 1000; i++) {
			struct record r = line_of(++seq, 1, "alice", body);
			assert_true(store_save(writer.store, &r, 1, &err));
		}
		assert_true(store_commit(writer.store, &err));
	}
}

/* Each step would make it longer, and all of them longer than the index. */
static void wiping_waits_for_the_wal(void **state)
{
	(void)state;
	a_line_is_deleted();
	sqlite3 *reader = somebody_reads(folder);
	the_wal_grows();
	int pages = store_wal_pages(writer.store);
	wiping_is_due();
	int64_t before_ms = now_ms();
	assert_false(deletion_wipe(&deletion, false));
	assert_true(deletion.wiping.held_ms > before_ms);
	assert_int_equal(deletion_next_ms(&deletion), deletion.wiping.held_ms);
	assert_true(wal_searches_held_ms(&writer) > 0);
	wiping_is_due();
	assert_false(deletion_wipe(&deletion, false));
	assert_int_equal(store_wal_pages(writer.store), pages);
	sqlite3_close(reader);
	wiping_is_due();
	assert_true(deletion_wipe(&deletion, false));
	assert_int_equal(wal_searches_held_ms(&writer), 0);
	until_wiped(false);
}

static void the_end_of_wiping_waits_for_readers(void **state)
{
	enum { STEPS = 1000 };
	(void)state;
	a_line_is_deleted();
	sqlite3 *reader = somebody_reads(folder);
	wiping_is_due();
	int64_t before_ms = now_ms();
	for (int i = 0; deletion_wipe(&deletion, false); i++)
		assert_true(i < STEPS);
	assert_true(store_wipes(writer.store));
	assert_true(deletion.wiping.held_ms > before_ms);
	assert_true(wal_searches_held_ms(&writer) > 0);
	sqlite3_close(reader);
	wiping_is_due();
	assert_false(deletion_wipe(&deletion, false));
	assert_false(store_wipes(writer.store));
	assert_int_equal(wal_searches_held_ms(&writer), 0);
}

static int refuse(void *ctx)
{
	(void)ctx;
	return 1;
}

static void a_step_that_fails_is_tried_again(void **state)
{
	(void)state;
	a_line_is_deleted();
	wiping_is_due();
	sqlite3_commit_hook(writer.store->db.sqlite, refuse, NULL);
	assert_false(deletion_wipe(&deletion, false));
	sqlite3_commit_hook(writer.store->db.sqlite, NULL, NULL);
	assert_true(deletion.failing);
	assert_true(deletion.wiping.at_ms > now_ms());
	assert_true(store_wipes(writer.store));
	wiping_is_due();
	assert_true(deletion_wipe(&deletion, false));
	assert_false(deletion.failing);
	until_wiped(false);
}

/* -- deleting --------------------------------------------------------------------- */

static int64_t lines(void)
{
	return number_in(folder_file(folder, "chat.db"), "SELECT count(*) FROM messages");
}

static void until_deleted(void)
{
	enum { STEPS = 1000 };
	deletion_wanted(&deletion);
	assert_true(deletion_due(&deletion));
	for (int i = 0; deletion_step(&deletion); i++) {
		assert_true(deletion_due(&deletion));
		assert_true(i < STEPS);
	}
	assert_false(deletion_due(&deletion));
}

static void lines_over_the_limit_go(void **state)
{
	(void)state;
	assert_false(deletion_due(&deletion));
	save_lines(writer.store, 1, 1, 3000);
	until_deleted();
	assert_int_equal(lines(), 3000);
	writer.limits.history_lines = 10;
	until_deleted();
	assert_int_equal(lines(), 10);
}

static void a_removed_room_goes_and_the_loop_hears_of_an_emptied_one(void **state)
{
	struct record r = record_as(5001, 1, RECORD_REMOVE, "", 0, "");
	struct notification n;
	bool emptied = false;
	(void)state;
	save_lines(writer.store, 1, 1, 3000);
	save_lines(writer.store, 2, 3001, 5000);
	save_all(writer.store, &r, 1);
	until_deleted();
	assert_int_equal(lines(), 2000);
	r = record_as(5002, 2, RECORD_ERASE, "alice", 0, "0");
	writer.same = name_is;
	save_all(writer.store, &r, 1);
	until_deleted();
	assert_int_equal(lines(), 0);
	while (notifications_next(&writer.notifications, &n)) {
		emptied |= n.event.kind == WRITER_ROOM_EMPTY && n.event.room == 2;
		writer_event_release(&n.event);
	}
	assert_true(emptied);
}

#define WITH_WRITER(test) cmocka_unit_test_setup_teardown(test, writer_setup, writer_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WRITER(wiping_waits_for_more),
		WITH_WRITER(wiping_gives_way),
		WITH_WRITER(wiping_that_is_late_does_not),
		WITH_WRITER(wiping_waits_for_the_wal),
		WITH_WRITER(the_end_of_wiping_waits_for_readers),
		WITH_WRITER(a_step_that_fails_is_tried_again),
		WITH_WRITER(lines_over_the_limit_go),
		WITH_WRITER(a_removed_room_goes_and_the_loop_hears_of_an_emptied_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
