/*
 * The thread that writes, when the disk fails, with its chat log, and pruning.
 */
#include "writer_help.h"

#include "chatd/base/clock.h"

#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <time.h>

/* -- failing ---------------------------------------------------------------------------- */

static struct rlimit all;

/* No file may be written to any more, as on a full disk. */
static void disk_fill(void)
{
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &all);
	struct rlimit none = { 0, all.rlim_max };
	setrlimit(RLIMIT_FSIZE, &none);
}

static void disk_free(void)
{
	setrlimit(RLIMIT_FSIZE, &all);
}

static void a_failure_is_told_once_and_all_is_saved_later(void **state)
{
	(void)state;
	append("before");
	until_stored();
	size_t from = loop.heard_n;
	disk_fill();
	append("while it fails");
	until_heard('F', from);
	append("another");
	ask(QUERY_LAST, ""); /* cannot be answered as asked, and is not held up */
	until_heard('R', from);
	uint64_t stored = loop.stored;
	disk_free();
	until_stored();
	assert_int_equal(stored, 1);
	assert_non_null(strstr(loop.reason, "File too large"));
	assert_string_equal(loop.rows, "The history cannot be read while nothing can be saved.");
	loop.heard[loop.heard_n] = '\0';
	assert_string_equal(loop.heard + from, "FRBS");
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 3);
}

static void stop_gives_up_after_its_time(void **state)
{
	(void)state;
	append("before");
	until_stored();
	disk_fill();
	append("lost");
	until_heard('F', loop.heard_n);
	bool ok = stop(150);
	disk_free();
	assert_false(ok);
	assert_int_equal(lines_saved(), 1);
}

/* Everything is saved, but not where the next chatd will find it. */
static void stop_does_not_wait_for_a_folder_for_ever(void **state)
{
	int64_t start_ms;
	char away[600];

	(void)state;
	append("before");
	until_stored();
	/* Then it is indexed, too, and nothing is left to do. */
	ask(QUERY_SEARCH, "before");
	until_heard('R', 0);
	snprintf(away, sizeof(away), "%s-away", loop.folder->path);
	assert_int_equal(rename(loop.folder->path, away), 0);
	start_ms = clock_ms(CLOCK_MONOTONIC);
	assert_false(stop(150));
	assert_true(clock_ms(CLOCK_MONOTONIC) - start_ms < 3000);
	assert_int_equal(rename(away, loop.folder->path), 0);
	assert_int_equal(lines_saved(), 1);
}

static void stop_waits_for_a_disk_that_comes_back(void **state)
{
	(void)state;
	disk_fill();
	append("not lost");
	until_heard('F', loop.heard_n);
	disk_free();
	assert_true(stop(2000));
	assert_int_equal(lines_saved(), 1);
}

static void a_stop_in_steps(void **state)
{
	(void)state;
	disk_fill();
	append("not lost");
	until_heard('F', loop.heard_n);
	writer_stop_begin(loop.w, 60000);
	assert_false(writer_stop_wait(loop.w, 0));
	assert_false(writer_stop_wait(loop.w, 20));
	disk_free();
	while (!writer_stop_wait(loop.w, 1000)) {
	}
	assert_true(writer_stop_wait(loop.w, 0));
	assert_true(stop(0)); /* the time was set at the beginning */
	assert_int_equal(lines_saved(), 1);
}

/* Another program's rule, of which chatd knows nothing. */
static void rule_add(const char *sql)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(folder_file(loop.folder, "chat.db"), &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void a_record_that_is_refused_holds_up_no_other(void **state)
{
	(void)state;
	rule_add("CREATE TRIGGER rule BEFORE INSERT ON messages WHEN new.body = 'bad'"
	         " BEGIN SELECT RAISE(ABORT, 'not this'); END");
	append("one");
	append("bad");
	append("three");
	until_stored();
	append("bad"); /* and where it is the last, or alone, it is done with too */
	until_stored();
	assert_int_equal(loop.stored, 4);
	assert_null(memchr(loop.heard, 'F', loop.heard_n));
	ask(QUERY_LAST, "");
	until_heard('R', 0);
	assert_string_equal(loop.rows, "1 3");
	ask(QUERY_SEARCH, "three");
	size_t from = loop.heard_n;
	until_heard('R', from);
	assert_string_equal(loop.rows, "1 3*");
	assert_true(stop(1000));
	struct store *s = store_in(folder_file(loop.folder, "chat.db"));
	assert_int_equal(store_last_seq(s), 4);
	store_close(s);
}

/* -- the chat log, reload, start --------------------------------------------------------- */

static char *text_of(const char *name)
{
	static char text[4096];
	FILE *f = fopen(folder_file(loop.folder, name), "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

static void the_chat_log_has_what_is_stored(void **state)
{
	(void)state;
	char path[512];
	strcpy(path, folder_file(loop.folder, "second.log"));
	append("one");
	append("two");
	until_stored();
	until_logged();
	assert_string_equal(text_of("chat.log"), "[2023-11-14 23:13:21][alice][lobby]:one\n"
	                    "[2023-11-14 23:13:22][alice][lobby]:two\n");
	struct writer_limits limits = { 0 };
	writer_reload(loop.w, &limits, path);
	until_logged();
	append("three");
	until_stored();
	until_logged();
	assert_string_equal(text_of("second.log"), "[2023-11-14 23:13:25][alice][lobby]:three\n");
	writer_reload(loop.w, &limits, NULL);
	until_logged();
	append("four");
	until_stored();
	until_logged();
	assert_string_equal(text_of("second.log"), "[2023-11-14 23:13:25][alice][lobby]:three\n");
	assert_true(stop(1000));
}

/* As /prune has it. */
static void allow_old(void)
{
	struct record r = line_of(++loop.seq, 0, "", "");
	r.kind = RECORD_PRUNE;
	r.time_ms = clock_ms(CLOCK_REALTIME);
	assert_true(writer_append(loop.w, &r));
}

static void new_limits_prune(void **state)
{
	(void)state;
	for (int i = 0; i < 1200; i++)
		append("from years ago");
	until_stored();
	struct writer_limits limits = { .history_days = 30 };
	writer_reload(loop.w, &limits, NULL);
	/* No line since then: it may as well be the clock that is wrong. */
	until_heard('N', 0);
	assert_non_null(memchr(loop.heard, 'C', loop.heard_n));
	assert_non_null(strstr(loop.reason, "nothing is deleted for its age"));
	ask(QUERY_STATS, "");
	until_heard('R', 0);
	assert_int_equal(loop.waits, OLD_LINES_WAIT_CLOCK);
	allow_old();
	until_heard('E', 0);
	assert_int_equal(loop.empty_room, 1);
	assert_int_equal(loop.empty_seq, 1201);
	size_t from = loop.heard_n;
	ask(QUERY_LAST, "");
	until_heard('R', from);
	assert_string_equal(loop.rows, "");
	append("the numbers go on");
	until_stored();
	assert_int_equal(loop.stored, 1202);
}

/* Rooms of an earlier start have to be counted first. */
static void a_room_of_before_is_cut_to_its_lines(void **state)
{
	(void)state;
	struct store_error err;
	struct writer_limits limits = { .history_lines = 100 };
	for (int i = 0; i < 300; i++)
		append("x");
	assert_true(stop(1000));
	assert_non_null(start(NULL, &err));
	writer_reload(loop.w, &limits, NULL);
	do {
		struct query q = query_of(QUERY_FIRST, 1, 1);
		size_t from = loop.heard_n;
		assert_true(writer_query(loop.w, &q));
		until_heard('R', from);
	} while (strcmp(loop.rows, "201 more") != 0);
}

static void a_start_that_fails_leaves_nothing_behind(void **state)
{
	(void)state;
	struct store_error err = { .text = "" };
	assert_true(stop(1000));
	assert_null(start("none/chat.log", &err));
	assert_non_null(strstr(err.text, "none/chat.log"));
	assert_non_null(start("chat.log", &err));
}

static bool blocks_all_signals(const char *task)
{
	char path[300], line[256];
	unsigned long long blocked = 0;
	snprintf(path, sizeof(path), "/proc/self/task/%s/status", task);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "SigBlk: %llx", &blocked) == 1)
			break;
	if (f)
		fclose(f);
	return (blocked & (1ULL << (SIGTERM - 1))) && (blocked & (1ULL << (SIGHUP - 1)));
}

static int threads_found(void)
{
	int found = 0;
	DIR *d = opendir("/proc/self/task");
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)); ) {
		char path[300], name[64] = "";
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		FILE *f = fopen(path, "r");
		if (f && fgets(name, sizeof(name), f) && strncmp(name, "chatd-", 6) == 0)
			found += blocks_all_signals(e->d_name);
		if (f)
			fclose(f);
	}
	closedir(d);
	return found;
}

/* They name themselves, when they come to it. */
static void the_threads_have_names_and_no_signals(void **state)
{
	(void)state;
	int64_t until_ms = clock_ms(CLOCK_MONOTONIC) + 5000;
	while (threads_found() < 7 && clock_ms(CLOCK_MONOTONIC) < until_ms)
		sched_yield();
	assert_int_equal(threads_found(), 7);
}

/* Of what is saved by then; it is on its way while others are answered. */
static void a_backup_is_made_beside_all_else(void **state)
{
	(void)state;
	append("one");
	until_stored();
	size_t from = loop.heard_n;
	ask(QUERY_BACKUP, "copy.db");
	append("two");
	ask(QUERY_LAST, "");
	until_heard('R', from);
	until_heard('R', (size_t)((char *)memchr(loop.heard + from, 'R', loop.heard_n - from) -
	                          loop.heard) + 1);
	until_stored();
	assert_int_equal(loop.ok, 1);
	assert_true(folder_has(loop.folder, "copy.db"));
}

/* Threads that hash, and have put themselves behind the others. */
static int low_secret_threads(void)
{
	int found = 0;
	DIR *d = opendir("/proc/self/task");
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)); ) {
		char path[300], name[64] = "";
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		FILE *f = fopen(path, "r");
		if (f && fgets(name, sizeof(name), f) && strcmp(name, "chatd-secret\n") == 0)
			found += getpriority(PRIO_PROCESS, (id_t)atoi(e->d_name)) >= 10;
		if (f)
			fclose(f);
	}
	closedir(d);
	return found;
}

static void those_that_hash_give_way(void **state)
{
	(void)state;
	int found = 0;
	for (uint32_t slot = 0; slot < SECRET_THREADS; slot++) {
		struct query q = query_of(QUERY_TOTP, 0, 0);
		size_t from = loop.heard_n;
		q.conn.slot = slot;
		assert_true(writer_query(loop.w, &q));
		until_heard('R', from);
	}
	/* One thread may have answered all of them while another has only begun. */
	for (int i = 0; i < 1000000 && found < SECRET_THREADS; i++) {
		found = low_secret_threads();
		sched_yield();
	}
	assert_int_equal(found, SECRET_THREADS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOOP(a_failure_is_told_once_and_all_is_saved_later),
		WITH_LOOP(stop_gives_up_after_its_time),
		WITH_LOOP(stop_does_not_wait_for_a_folder_for_ever),
		WITH_LOOP(stop_waits_for_a_disk_that_comes_back),
		WITH_LOOP(a_stop_in_steps),
		WITH_LOOP(a_record_that_is_refused_holds_up_no_other),
		WITH_LOOP(the_chat_log_has_what_is_stored),
		WITH_LOOP(new_limits_prune),
		WITH_LOOP(a_room_of_before_is_cut_to_its_lines),
		WITH_LOOP(a_start_that_fails_leaves_nothing_behind),
		WITH_LOOP(the_threads_have_names_and_no_signals),
		WITH_LOOP(a_backup_is_made_beside_all_else),
		WITH_LOOP(those_that_hash_give_way),
	};
	return cmocka_run_group_tests_name("writer thread", tests, group_setup, NULL);
}
